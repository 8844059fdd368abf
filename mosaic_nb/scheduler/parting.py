"""Finds the step at which lanes that had played alike part: the first where their operators act differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mosaic_nb.scheduler.lane import RUNNING, Lane

Group = tuple[tuple[Lane, int], ...]
"""Lanes that have seen and done the same since their episodes began, each with the number of that episode."""


class Parting:
    """Watches lanes that began alike until each has gone its own way; then it costs nothing.

    Attributes:
        groups: the lanes that are still alike, two or more in each.
    """

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self._before: list[tuple[int, list[Group]]] = []

    def note(self, moment: int, begun: Sequence[Lane]) -> list[str]:
        """Take in a new moment; returns a line in words for every group that parted.

        Args:
            begun: the lanes whose episodes have just begun.
        """
        told: list[str] = []
        groups: list[Group] = []
        for group in self.groups:
            alike = _alike(group)
            if len({actions for actions, _ in alike}) > 1:
                told.append(_describe(group))
            groups += alike.values()
        members = [(lane, lane.current.number) for lane in begun]
        groups += _sorted_by(
            members, lambda lane: (lane.current.seed.seed, lane.current.seed.instance)
        ).values()
        groups = [group for group in groups if len(group) > 1]
        if groups != self.groups:
            self._before.append((moment, self.groups))
            self.groups = groups
        return told

    def truncate(self, moment: int) -> None:
        """All lanes have gone back to a moment: whoever was alike then is alike again."""
        while self._before and self._before[-1][0] > moment:
            _, self.groups = self._before.pop()

    def forget(self, first: int) -> None:
        """Nobody will go back to before this moment."""
        self._before = [(moment, groups) for moment, groups in self._before if moment > first]


def _alike(group: Group) -> dict[tuple[Any, str], Group]:
    """Return those of a group whose episodes go on, by what they did and what came of it."""
    going = [
        (lane, number) for lane, number in group if lane.current.number == number and lane.status == RUNNING
    ]
    return _sorted_by(going, lambda lane: (_actions(lane), lane.digest))


def _sorted_by(members: Iterable[tuple[Lane, int]], key: Any) -> dict[Any, Group]:
    found: dict[Any, list[tuple[Lane, int]]] = {}
    for lane, number in members:
        found.setdefault(key(lane), []).append((lane, number))
    return {key: tuple(alike) for key, alike in found.items()}


def _actions(lane: Lane) -> tuple[tuple[str, str], ...]:
    seats = lane.seats
    return tuple((agent, seats[agent].actions.write(move.action)) for agent, move in lane.moves.items())


def _describe(group: Group) -> str:
    lanes = [lane for lane, _ in group]
    done = [_named(lane) for lane in lanes]
    differ = [agent for agent in done[0] if len({names.get(agent) for names in done}) > 1]
    return ", ".join(f"{lane.name}: {_told(names, differ)}" for lane, names in zip(lanes, done, strict=True))


def _named(lane: Lane) -> dict[str, str]:
    return {agent: lane.seats[agent].actions.name(move.action) for agent, move in lane.moves.items()}


def _told(names: dict[str, str], agents: Sequence[str]) -> str:
    if len(agents) == 1:
        return names.get(agents[0], "nothing")
    return " and ".join(f"{agent} {names.get(agent, 'nothing')}" for agent in agents)
