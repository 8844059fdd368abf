"""The messages of blocks: whole episodes, with the environment and every operator of a lane in one worker."""

from __future__ import annotations

from typing import Any

from mosaic_nb.protocol.messages import Answer, Data, Environment, Loaded, Message, Opened


class BlockOperator(Data):
    """An operator that a block worker loads into its own interpreter.

    Attributes:
        program: ``[path]`` or ``["-m", module]`` with its arguments: what follows the interpreter on a command line.
        label: what it is called in tables and errors; ``kind``: its kind.
        options: its keyword arguments.
        callable: the cloudpickle of the user's own function, for the ``callable`` operator alone.
        variables: environment variables, to be set before it is loaded.
    """

    program: list[str]
    label: str
    kind: str
    options: dict[str, Any] = {}  # noqa: RUF012 - msgspec copies it
    callable: bytes | None = None
    variables: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it


class BlockEpisode(Data):
    """An episode to be played.

    Attributes:
        number: how many episodes of the lane come before it; its trial, and its place in that, follow.
        seed: the declared seed of its trial.
        run_seed: what the operators' draws depend on beside it.
    """

    number: int
    seed: int
    run_seed: int = 0


class BlockResult(Data):
    """An episode that was played.

    Attributes:
        number: which; ``seed``: what the environment's reset received.
        length: in steps; ``total``: the sum of all agents' rewards.
        end: ``terminated``, ``truncated``, ``forfeit`` or ``failed``; ``why``: of one that failed, why.
        success: by the family's rule, or None where it has none.
        seconds: what it took.
    """

    number: int
    seed: int
    length: int
    total: float
    end: str
    success: bool | None = None
    seconds: float = 0.0
    why: str = ""


class OpenBlock(Message, tag="open_block"):
    """Make the environment of ``lane``, load its operators and seat them, once.

    Attributes:
        environment: how to make it; ``operators``: what to load.
        cast: by agent, team, role or pattern, the place in ``operators`` of who plays it.
        teams, roles: the members' names or patterns by team and by role; None leaves those of the family.
        trial_length: episodes on one hidden instance.
        on_failure, on_illegal: what becomes of a failure and of an illegal move, as in `mosaic_nb.scheduler.policy`.
        folder: the run's, where texts and pictures of model calls go.
    """

    environment: Environment
    operators: list[BlockOperator]
    cast: dict[str, int]
    folder: str
    teams: dict[str, list[str]] | None = None
    roles: dict[str, list[str]] | None = None
    trial_length: int = 1
    on_failure: str = "stop"
    on_illegal: str | None = None


class BlockOpened(Answer, tag="block_opened"):
    """The reply to ``open_block``: what ``open`` and each ``load`` would have been answered."""

    opened: Opened
    loaded: list[Loaded]


class PlayBlock(Message, tag="play_block"):
    """Play episodes of the open block, in order, and put their rows in a part.

    Attributes:
        path: where the part goes.
        episodes: what is played; a trial is never cut.
        progress: a file of 32 bytes that is told at least twice a second how far it is, or empty.
    """

    path: str
    episodes: list[BlockEpisode]
    progress: str = ""


class BlockPlayed(Answer, tag="block_played"):
    """The reply to ``play_block``: the part is on disk.

    Attributes:
        episodes: as they were played; ``steps``: of all of them together.
    """

    episodes: list[BlockResult] = []  # noqa: RUF012 - msgspec copies it
    steps: int = 0
