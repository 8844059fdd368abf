"""A hosted environment back as an ordinary one: it runs in a process of its own, its API's calls travel there.

`mosaic_nb.environments.connect` is this package's one public name. `connection` is the line to the process, the other
modules give each API its face.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mosaic_nb.connect.connection import Connection
from mosaic_nb.environments.native import AEC, GYMNASIUM
from mosaic_nb.environments.spec import declare

if TYPE_CHECKING:
    import gymnasium
    import pettingzoo


def connect(
    environment: Any,
    *,
    render_mode: str | None = None,
    max_steps: int | None = None,
    env_kwargs: Mapping[str, Any] | None = None,
    wrappers: Iterable[Any] = (),
    environment_deadline: float = 60.0,
) -> gymnasium.Env[Any, Any] | pettingzoo.AECEnv[Any, Any, Any] | pettingzoo.ParallelEnv[Any, Any, Any]:
    """Return an environment as its own API has it, running in a process of its own.

    What is written for Gymnasium or PettingZoo (wrappers, learners, test suites) runs on it as on the original. Its
    methods and what PettingZoo keeps as attributes travel; other attributes stay behind, so a wrapper that reads
    the environment's inside belongs in ``wrappers``.

    Args:
        environment: as for `mosaic_nb.Arena`: an id, an ``EnvSpec``, ``"module:make"``, a class or a function.
        render_mode: as for ``gymnasium.make``; ``"human"`` opens a window of the other process, where it has a screen.
        max_steps: truncates an episode, beside the environment's own limit; Gymnasium's alone.
        env_kwargs: keyword arguments of the environment.
        wrappers: of the environment, innermost first, in its process.
        environment_deadline: seconds for any one call; after that the process is ended.

    Returns:
        A `gymnasium.Env`, `pettingzoo.AECEnv` or `pettingzoo.ParallelEnv`. ``close()`` ends the process, and so does
        dropping the last reference. It can be neither pickled nor copied.

    Raises:
        TypeError, ValueError: an argument makes no sense.
        RemoteError: the environment could not be made.

    What its methods raise:
        RemoteError: the environment's own code raised; ``traceback`` holds where.
        WorkerDied, DeadlineExceeded: its process is gone; the text ends with the end of its log.

    Example:
        >>> env = mnb.environments.connect("CartPole-v1")  # doctest: +SKIP
        >>> observation, info = env.reset(seed=7)  # doctest: +SKIP
        >>> env.close()  # doctest: +SKIP
    """
    options = dict(env_kwargs or {})
    if render_mode is not None:
        options["render_mode"] = render_mode
    declared = declare(environment, options, wrappers, max_steps)
    connection = Connection(declared, environment_deadline)
    if connection.about.api == GYMNASIUM:
        from mosaic_nb.connect.single import ConnectedEnv

        return ConnectedEnv(connection)
    from mosaic_nb.connect.several import ConnectedAEC, ConnectedParallel

    return ConnectedAEC(connection) if connection.about.api == AEC else ConnectedParallel(connection)
