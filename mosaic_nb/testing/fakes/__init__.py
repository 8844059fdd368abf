"""Public fakes: small operators that each exercise a part of the contract, and nothing of the world.

| fake | what it is for |
|---|---|
| ``sampler`` | draws from the act's seed, with probabilities and a value |
| ``learner`` | keeps what it learned throughout a trial; catch-up rebuilds it to the last bit |
| ``reader`` | needs the text, and decides by it |
| ``looker`` | needs the frame, and decides by it |
| ``historian`` | needs the history, and decides by it |
| ``caller`` | brings model calls home from reset, act and learn |

All pass `mosaic_nb.testing.check_operator`, and act in any Discrete action space::

    with fakes.use():
        arena = mnb.Arena("CartPole-v1", {"a": "sampler", "b": "learner"}, trial=3)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mosaic_nb.operators.search import VARIABLE

_FOLDER = Path(__file__).resolve().parent
NAMES: tuple[str, ...] = ("sampler", "learner", "reader", "looker", "historian", "caller")
"""Every fake's name."""


def path(name: str) -> Path:
    """Return the folder of a fake.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in NAMES:
        raise KeyError(f"there is no fake {name!r}; there are {', '.join(NAMES)}")
    return _FOLDER / name


@contextmanager
def use() -> Iterator[Path]:
    """Let the fakes be found by name, before all other operators, as long as the block lasts; gives their folder."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = os.pathsep.join(filter(None, (str(_FOLDER), before)))
    try:
        yield _FOLDER
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
