"""Plays an environment in a process of its own for `check_environment`: ``python -m mosaic_nb.testing.player``.

The process is hostile on purpose: before every call into the environment the global random generators are seeded
with numbers of this process's own.
"""

from __future__ import annotations

import copy
import random
import sys
import traceback
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import gymnasium
import msgspec
import numpy as np

from mosaic_nb.environments.gymnasium_adapter import action_mask
from mosaic_nb.environments.resolve import make
from mosaic_nb.environments.words import describe
from mosaic_nb.protocol import Decoder, messages
from mosaic_nb.protocol.canonical import digest_bytes
from mosaic_nb.testing import clauses
from mosaic_nb.testing.clauses import Broken, broken
from mosaic_nb.testing.inspection import Inspection

_SHOWN = 160  # characters of a value that a violation quotes


class Assignment(msgspec.Struct):
    """What a player process is told.

    Attributes:
        environment: how to make it.
        episodes, max_steps, seed: how many to play, at most how long, from which seed on.
        first: whether this is the process that inspects; the other one renders.
    """

    environment: messages.Environment
    episodes: int
    max_steps: int
    seed: int
    first: bool


class Moment(msgspec.Struct):
    """What one call of reset or step gave, comparable between processes.

    Attributes:
        seen: digest of the observation; ``shown``: the same in words, shortened.
        mask: the action mask, or None. ``action``: what led here, empty for a reset.
        reward: as text, exact. ``flags``: terminated and truncated.
    """

    seen: str
    shown: str
    mask: list[int] | None
    action: str = ""
    reward: str = ""
    flags: tuple[bool, bool] = (False, False)


Episode = list[Moment]


class Played(msgspec.Struct):
    """What a player process found.

    Attributes:
        episodes: what was played, or None where a clause broke before it was complete.
        clause, detail: of the first clause that broke, or empty.
        renders: whether there was something to see.
    """

    episodes: list[Episode] | None = None
    clause: str = ""
    detail: str = ""
    renders: bool = False


class Player:
    """One environment, played with seeded random legal actions.

    Args:
        assignment: what to play.
        hostility: tells this process's global seeds from the other's.
        inspect: whether to hold every return value against the clauses.
    """

    def __init__(self, assignment: Assignment, hostility: int, *, inspect: bool) -> None:
        self._assignment = assignment
        self._hostility = hostility
        self._calls = 0
        self.environment: gymnasium.Env[Any, Any] = self._call(
            "the constructor", lambda: make(assignment.environment)
        )
        self._inspection = Inspection(self.environment) if inspect else None
        self.shown = 0

    def play(self, number: int, max_steps: int, *, render: bool = False) -> Episode:
        """Play an episode from its seed on, for at most this many steps.

        Raises:
            Broken: a clause broke.
        """
        seed = self._assignment.seed + number
        where = f"episode {number} (seed {seed})"
        chooser = copy.deepcopy(self.environment.action_space)  # the environment may use its own generator
        chooser.seed(seed)
        returned = self._call(f"{where}: reset", lambda: self.environment.reset(seed=seed))
        if self._inspection is not None:
            returned = self._inspection.reset(returned, f"{where}, reset")
        observation, info = returned
        moments = [_moment(observation, self._mask(observation, info))]
        while len(moments) <= max_steps and not any(moments[-1].flags):
            if render:
                self._look(f"{where}, step {len(moments) - 1}")
            moments.append(self._step(chooser, moments, where))
        if render:
            self._look(f"{where}, at its end")
        return moments

    def close(self) -> None:
        """Close the environment, twice."""
        self._call("close", self.environment.close)
        self._call("close, for the second time,", self.environment.close)

    def _step(self, chooser: gymnasium.Space[Any], moments: Episode, where: str) -> Moment:
        steps = len(moments)
        there = f"{where}, step {steps - 1}"
        action = _choose(chooser, moments[-1].mask)
        returned = self._call(f"{there}: step({_short(action)})", lambda: self.environment.step(action))
        if self._inspection is not None:
            returned = self._inspection.step(returned, steps, there)
        observation, reward, terminated, truncated, info = returned
        over = bool(terminated or truncated)
        mask = None if over else self._mask(observation, info)
        moment = _moment(observation, mask)
        moment.action, moment.reward, moment.flags = (
            _short(action),
            repr(float(reward)),
            (bool(terminated), bool(truncated)),
        )
        return moment

    def _mask(self, observation: Any, info: dict[str, Any]) -> list[int] | None:
        mask = action_mask(self.environment.action_space, observation, info)
        return None if mask is None else mask.tolist()

    def _look(self, where: str) -> None:
        if self.environment.render_mode is None:
            return
        self.shown += 1
        shown = self._call(f"{where}: render", self.environment.render)
        picture = isinstance(shown, np.ndarray) and shown.dtype == np.uint8 and shown.ndim == 3
        textual = isinstance(shown, str) and self.environment.render_mode != "rgb_array"
        if not textual and not (picture and shown.shape[2] == 3):
            what = (
                f"{shown.dtype} array {shown.shape}"
                if isinstance(shown, np.ndarray)
                else type(shown).__name__
            )
            raise broken(clauses.RENDER_SHOWS, f"{where}: render returned a {what}")

    def _call(self, what: str, function: Callable[[], Any]) -> Any:
        self._calls += 1
        hostile = (self._hostility * 1_000_003 + self._calls) % (1 << 32)
        random.seed(hostile)
        np.random.seed(hostile)  # noqa: NPY002 - the legacy generator is what a bad environment uses
        try:
            return function()
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            detail = (
                f"{what} raised {type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
            )
            raise broken(clauses.RAISED, detail) from error


def _moment(observation: Any, mask: list[int] | None) -> Moment:
    digest = blake2b(digest_bytes(observation), digest_size=8).hexdigest()
    return Moment(seen=digest, shown=_short(describe(observation)), mask=mask)


def _choose(chooser: gymnasium.Space[Any], mask: list[int] | None) -> Any:
    if isinstance(chooser, gymnasium.spaces.Discrete):
        return int(chooser.sample(None if mask is None else np.array(mask, np.int8)))
    return chooser.sample()


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def difference(one: Episode, other: Episode) -> str | None:
    """Say where two recordings of an episode first differ, and in what; None where they do not."""
    for step, (a, b) in enumerate(zip(one, other, strict=False)):
        where = f"step {step - 1}" if step else "the reset"
        fields = (
            ("observation", a.seen == b.seen, a.shown, b.shown),
            ("reward", a.reward == b.reward, a.reward, b.reward),
            ("flags (terminated, truncated)", a.flags == b.flags, a.flags, b.flags),
            ("action mask", a.mask == b.mask, a.mask, b.mask),
        )
        for name, same, here, there in fields:
            if not same:
                return f"{where} differs in its {name}: {here} and {there}"
    return None


def main(told: Path, found: Path) -> None:
    """Play what the assignment in ``told`` says, and leave what was found in ``found``."""
    (assignment,) = Decoder[Assignment](Assignment).feed(told.read_bytes())
    played = Played()
    try:
        (_inspect if assignment.first else _render)(assignment, played)
    except Broken as violation:
        played.clause, played.detail = violation.clause, violation.detail
    found.write_bytes(msgspec.msgpack.encode(played))


def _inspect(assignment: Assignment, played: Played) -> None:
    player = Player(assignment, hostility=1, inspect=True)
    episodes = [player.play(number, assignment.max_steps) for number in range(assignment.episodes)]
    played.episodes = episodes
    last = assignment.episodes - 1
    alone = Player(assignment, hostility=2, inspect=False)
    _must_agree(
        episodes[last], alone.play(last, assignment.max_steps), clauses.SEED_DECIDES, last, "played first"
    )
    alone.play(0, 1)
    again = alone.play(0, assignment.max_steps)
    _must_agree(episodes[0], again, clauses.RESET_BEGINS_ANEW, 0, "played after a reset in mid-episode")
    alone.close()
    player.close()


def _render(assignment: Assignment, played: Played) -> None:
    player = Player(assignment, hostility=3, inspect=False)
    episodes = [player.play(number, assignment.max_steps) for number in range(assignment.episodes)]
    played.episodes = episodes
    player.close()
    watched = Player(assignment, hostility=4, inspect=False)
    for number, episode in enumerate(episodes):
        shown = watched.play(number, assignment.max_steps, render=True)
        _must_agree(episode, shown, clauses.RENDER_CHANGES_NOTHING, number, "rendered at every step")
    played.renders = watched.shown > 0
    watched.close()


def _must_agree(one: Episode, other: Episode, clause: str, number: int, how: str) -> None:
    found = difference(one, other)
    if found is not None:
        raise broken(clause, f"episode {number}, {how}, is another: {found}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
