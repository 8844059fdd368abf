"""The rows of a block: those of its tight loop as columns from the start, all others row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from mosaic_nb.experiment.sheet import Rows, Sheet
from mosaic_nb.recording import arrow
from mosaic_nb.recording.tables import STEPS

_DIGEST = 8
"""Bytes of a digest: twice as many hex digits."""


class Stretch(NamedTuple):
    """The steps of one episode that follow each other in the columns.

    Attributes:
        trial, number, seed: of the episode.
        length: how many.
        terminated, truncated: whether the last of them ended it so.
    """

    trial: int
    number: int
    seed: int
    length: int
    terminated: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class Whose:
    """What stands in every row of the steps of a lane with one agent."""

    lane: str
    agent: str
    team: str
    role: str
    operator: str
    kind: str


Step = tuple[Any, float, float, float, bytes, list[float] | None, float | None]
"""What changes from step to step.

In order: the action of a Discrete space, of another one the pair of what was asked and what was done as JSON text; the
reward; the seconds that the operator and the environment took; the digest; probabilities and value.
"""


@dataclass
class Columns:
    """The steps of a lane with one agent, from step 0 of each episode.

    Attributes:
        steps: in order.
        stretches: which of them are whose.
    """

    steps: list[Step] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)

    def batch(self, whose: Whose, labels: Sequence[str], start: int) -> pa.RecordBatch:
        """Return the columns as `arrow.batch` would make them of rows.

        Args:
            whose: what stands in every row.
            labels: of the actions of a Discrete space, from ``start`` on; empty where they have none.
        """
        size = len(self.steps)
        actions, rewards, act, step, digests, probabilities, values = zip(*self.steps, strict=True)
        lengths = [stretch.length for stretch in self.stretches]
        constant = {name: _constant(getattr(whose, name), size) for name in whose.__dataclass_fields__}
        asked, done, names = _actions(actions, labels, start)
        columns = {
            **constant,
            "branch": arrow.of_numbers(np.zeros(size, np.int64)),
            "trial": self._repeated([stretch.trial for stretch in self.stretches], lengths),
            "episode": self._repeated([stretch.number for stretch in self.stretches], lengths),
            "seed": self._repeated([stretch.seed for stretch in self.stretches], lengths),
            "step": arrow.of_numbers(_steps(lengths)),
            "action_asked": asked,
            "action": done,
            "action_label": names,
            "reward": arrow.of_numbers(np.array(rewards, np.float64)),
            "terminated": _ends(size, lengths, [stretch.terminated for stretch in self.stretches]),
            "truncated": _ends(size, lengths, [stretch.truncated for stretch in self.stretches]),
            "act_ms": arrow.of_numbers(np.array(act) * 1e3),
            "env_ms": arrow.of_numbers(np.array(step) * 1e3),
            "digest": _digests(digests),
            "invalid": _bools(np.zeros(size, np.bool_)),
            "fallback": _constant("", size),
            "probabilities": _probabilities(probabilities),
            "value": pa.array(values, pa.float64()),
        }
        names_in_order = list(STEPS.names[1:])
        return pa.RecordBatch.from_arrays([columns[name] for name in names_in_order], names=names_in_order)

    @staticmethod
    def _repeated(numbers: list[int], lengths: list[int]) -> pa.Array:
        return arrow.of_numbers(np.repeat(np.array(numbers, np.int64), lengths))


class Pages(Sheet):
    """A sheet that also takes steps as columns.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.columns = Columns()
        self._pieces: list[pa.RecordBatch] = []
        self._about: tuple[Whose, Sequence[str], int] | None = None

    def begin(self, whose: Whose, labels: Sequence[str], start: int) -> Columns:
        """Return the columns for steps that follow, see `Columns.batch`."""
        if self._rows["steps"]:
            self._pieces.append(arrow.batch(STEPS, self._rows["steps"]))
            self._rows["steps"] = []
        self._about = whose, labels, start
        return self.columns

    def write(self, *, steps: Rows = (), episodes: Rows = (), calls: Rows = (), events: Rows = ()) -> None:
        """Take rows: tuples in column order, without ``run``."""
        if steps:
            self._turn()
        super().write(steps=steps, episodes=episodes, calls=calls, events=events)

    def _turn(self) -> None:
        """Make a piece of the columns."""
        if self.columns.steps and self._about is not None:
            self._pieces.append(self.columns.batch(*self._about))
            self.columns = Columns()

    def batch(self, name: str) -> Any:
        """Return the rows of a table."""
        if name != STEPS.name:
            return super().batch(name)
        self._turn()
        if not self._rows[name] and len(self._pieces) == 1:
            return self._pieces[0]
        return (
            pa.Table.from_batches([*self._pieces, super().batch(name)]).unify_dictionaries().combine_chunks()
        )


def _constant(text: str, size: int) -> pa.Array:
    return arrow.of_codes(np.zeros(size, np.int32), [text])


def _steps(lengths: list[int]) -> np.ndarray[Any, Any]:
    """Return 0, 1, 2, ... for each length."""
    firsts = np.cumsum([0, *lengths[:-1]])
    steps: np.ndarray[Any, Any] = np.arange(sum(lengths), dtype=np.int64) - np.repeat(firsts, lengths)
    return steps


def _ends(size: int, lengths: list[int], ended: list[bool]) -> pa.Array:
    """Return whether a step was the last, and ended its episode in this way."""
    flags = np.zeros(size, np.bool_)
    flags[np.cumsum(lengths) - 1] = ended
    return _bools(flags)


def _bools(flags: np.ndarray[Any, Any]) -> pa.Array:
    return pa.Array.from_buffers(
        pa.bool_(), len(flags), [None, pa.py_buffer(np.packbits(flags, bitorder="little"))]
    )


def _actions(
    actions: Sequence[Any], labels: Sequence[str], start: int
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return as JSON text what was asked and what was done, and the labels of that."""
    size = len(actions)
    if not isinstance(actions[0], int):
        asked, done = (pa.array(texts, arrow.TYPES["json"]) for texts in zip(*actions, strict=True))
        return asked, done, _constant("", size)
    numbers = np.array(actions, np.int64)
    distinct, codes = np.unique(numbers, return_inverse=True)
    codes = codes.astype(np.int32)
    texts = arrow.of_codes(codes, [str(number) for number in distinct.tolist()])
    if not labels:
        return texts, texts, _constant("", size)
    return texts, texts, arrow.of_codes(codes, [labels[number - start] for number in distinct.tolist()])


def _digests(digests: Sequence[bytes]) -> pa.Array:
    """Return digests as hex digits."""
    text = b"".join(digests).hex().encode()
    ends = np.arange(len(digests) + 1, dtype=np.int64) * (2 * _DIGEST)
    return pa.Array.from_buffers(
        pa.large_string(), len(digests), [None, pa.py_buffer(ends), pa.py_buffer(text)]
    )


def _probabilities(given: Sequence[list[float] | None]) -> pa.Array:
    """Return probabilities as lists of 32 bits; where all have the same length without a look at each list by Arrow."""
    kind = arrow.TYPES["floats"]
    if None in given or len(set(map(len, given))) != 1:  # type: ignore[arg-type]
        return pa.array(given, kind)
    width = len(given[0] or ())
    flat = np.fromiter(chain.from_iterable(given), np.float32, len(given) * width)  # type: ignore[arg-type]
    values = pa.Array.from_buffers(pa.float32(), len(flat), [None, pa.py_buffer(flat)])
    ends = np.arange(len(given) + 1, dtype=np.int32) * width
    return pa.Array.from_buffers(kind, len(given), [None, pa.py_buffer(ends)], children=[values])
