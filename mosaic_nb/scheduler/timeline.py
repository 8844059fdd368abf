"""The current line of an arena's past: which moment is which place of every lane, and what happened on the way.

A moment is a state that could be seen: the first reset is moment 0, and every tick and every reset is one more. It
is noted at every tick, so it costs next to nothing there: two numbers per lane, and a longer look only where a lane's
episode or status is another than a moment before.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from mosaic_nb.scheduler.lane import RUNNING, Lane
from mosaic_nb.scheduler.parting import Parting
from mosaic_nb.scheduler.places import Place, Standing, standing
from mosaic_nb.scheduler.snapshot import History, Mark

MOST = 200_000
"""Moments that are remembered; then the older half is forgotten. Twelve bytes each, per lane."""

_MOST_POINTS = 600
_MOST_MARKS = 600
"""Marks of the usual kind, and of the others, that a history tells."""

_USUAL = ("begin", "end")
_SEATING = ("swap", "take-over", "hand-back")

Cast = Mapping[str, tuple[str, str]]
"""Who sits where: agent -> operator and its kind."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Moments in which a lane's standing and cast stay the same.

    Attributes:
        first: the first of them.
        ahead: by how much the number of the picture is ahead of the step: the same within an episode.
    """

    first: int
    standing: Standing
    ahead: int
    cast: Cast


class _Track:
    """What is remembered of one lane."""

    __slots__ = ("episode", "frames", "lane", "returns", "status", "stretches")

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.episode: Any = None
        self.status = ""
        self.frames = array("I")
        self.returns = array("d")
        self.stretches: list[_Stretch] = []

    def turn(self, moment: int) -> None:
        """Begin another stretch."""
        lane = self.lane
        self.episode, self.status = lane.current, lane.status
        cast: Cast = {agent: (seat.operator, seat.kind) for agent, seat in lane.seats.items()}
        if self.stretches and self.stretches[-1].cast == cast:
            cast = self.stretches[-1].cast
        ahead = lane.frame - lane.current.step
        self.stretches.append(_Stretch(moment, standing(lane), ahead, cast))

    def stretch(self, moment: int) -> _Stretch:
        """Return the stretch that a moment lies in."""
        return self.stretches[bisect_right(self.stretches, moment, key=attrgetter("first")) - 1]


class Timeline:
    """Remembers the moments of an arena.

    Args:
        most: how many, at least 2.

    Attributes:
        first: the oldest moment that is remembered.
        chapter: a number that changes with every mark and every rewind.
    """

    def __init__(self, most: int = MOST) -> None:
        self.first = 0
        self.chapter = 0
        self._most = most
        self._ticks = array("q")
        self._tracks: list[_Track] = []
        self._marks: list[Mark] = []
        self._coming: list[tuple[str, str, str]] = []
        self._parting = Parting()

    @property
    def last(self) -> int:
        """The newest moment."""
        return max(self.first + len(self._ticks) - 1, 0)

    # --- what happens --------------------------------------------------------------------------------

    def note(self, lanes: Sequence[Lane], tick: int) -> None:
        """Take in a new moment: the lanes as they stand, all with an episode, always the same lanes."""
        if not self._tracks:
            self._tracks = [_Track(lane) for lane in lanes]
        if len(self._ticks) >= self._most:
            self._forget(self.first + self._most // 2)
        moment = self.first + len(self._ticks)
        self._ticks.append(tick)
        begun: list[Lane] = []
        for track in self._tracks:
            lane = track.lane
            episode = lane.current
            if episode is not track.episode or lane.status != track.status:
                track.turn(moment)
                if not episode.step and lane.status == RUNNING:
                    begun.append(lane)
            track.frames.append(lane.frame)
            track.returns.append(episode.total)
        if self._parting.groups or len(begun) > 1:
            for words in self._parting.note(moment, begun):
                self._coming.append(("", "part", words))
        if self._coming:
            self._put_marks(moment)

    def hear(self, lane: Lane, event: str, detail: str) -> None:
        """Take in something that happened to a lane; it is marked where it is one of the kinds a `Mark` has."""
        if event in _SEATING:
            for track in self._tracks:
                if track.lane is lane:
                    track.episode = None
            self._mark(self.last, lane.name, event, _seating(json.loads(detail)))
        elif event in _WORDS:
            self._coming.append((lane.name, event, _WORDS[event](lane, detail)))

    def truncate(self, moment: int) -> None:
        """Forget what came after a moment: all lanes have gone back to it."""
        kept = moment - self.first + 1
        del self._ticks[kept:]
        for track in self._tracks:
            del track.frames[kept:], track.returns[kept:]
            del track.stretches[bisect_right(track.stretches, moment, key=attrgetter("first")) :]
            track.episode = None
        self._marks = [mark for mark in self._marks if mark.moment <= moment]
        self._parting.truncate(moment)
        self._mark(moment, "", "rewind", f"back to tick {self.tick(moment)}")
        self._put_marks(moment)

    def _put_marks(self, moment: int) -> None:
        for lane, event, words in self._coming:
            self._mark(moment, lane, event, words)
        self._coming.clear()

    def _mark(self, moment: int, lane: str, event: str, words: str) -> None:
        self.chapter += 1
        self._marks.append(Mark(moment, lane, event, words))

    def _forget(self, first: int) -> None:
        """Forget the moments before one."""
        gone = first - self.first
        del self._ticks[:gone]
        for track in self._tracks:
            del track.frames[:gone], track.returns[:gone]
            del track.stretches[: bisect_right(track.stretches, first, key=attrgetter("first")) - 1]
        del self._marks[: bisect_left(self._marks, first, key=attrgetter("moment"))]
        self._parting.forget(first)
        self.first = first
        self.chapter += 1

    # --- what was ------------------------------------------------------------------------------------

    def nearest(self, moment: int) -> int:
        """Return a moment that is remembered: this one, else the oldest or the newest."""
        return min(max(moment, self.first), self.last)

    def tick(self, moment: int) -> int:
        """Return how many ticks there had been at a moment."""
        return self._ticks[moment - self.first]

    def moment(self, tick: int) -> int:
        """Return the newest moment with so many ticks before it.

        Raises:
            ValueError: there is none, or it is no longer remembered.
        """
        place = bisect_right(self._ticks, tick) - 1
        if place < 0 or self._ticks[place] != tick:
            raise ValueError(f"there is no moment after {tick} ticks to go back to")
        return self.first + place

    def place(self, moment: int) -> dict[str, Place]:
        """Return where each lane was at a moment.

        Raises:
            ValueError: it is none, or no longer remembered.
        """
        if not self.first <= moment <= self.last or not self._ticks:
            raise ValueError(f"there is no moment {moment}: they go from {self.first} to {self.last}")
        places = {}
        for track in self._tracks:
            frame, stretch = track.frames[moment - self.first], track.stretch(moment)
            places[track.lane.name] = Place(stretch.standing, frame - stretch.ahead, frame)
        return places

    def returns(self, moment: int) -> dict[str, float]:
        """Return what each lane's episode had been paid up to a moment."""
        return {track.lane.name: track.returns[moment - self.first] for track in self._tracks}

    def casts(self, moment: int) -> dict[str, Cast]:
        """Return who sat where, by lane."""
        return {track.lane.name: track.stretch(moment).cast for track in self._tracks}

    def history(self) -> History:
        """Return the past as viewers get it."""
        count = len(self._ticks)
        places = sorted({*range(0, count, -(-count // (_MOST_POINTS - 1))), count - 1}) if count else []
        return History(
            first=self.first,
            last=self.last,
            points=tuple(self.first + place for place in places),
            ticks=tuple(self._ticks[place] for place in places),
            returns={
                track.lane.name: tuple(track.returns[place] for place in places) for track in self._tracks
            },
            marks=self._some_marks(),
        )

    def _some_marks(self) -> tuple[Mark, ...]:
        usual = [place for place, mark in enumerate(self._marks) if mark.event in _USUAL]
        rare = [place for place, mark in enumerate(self._marks) if mark.event not in _USUAL]
        told = sorted([*usual[:: -(-len(usual) // _MOST_MARKS) or 1], *rare[-_MOST_MARKS:]])
        return tuple(self._marks[place] for place in told)


def _begin(lane: Lane, _: str) -> str:
    return f"episode {lane.current.number}, seed {lane.current.declared}"


def _end(lane: Lane, how: str) -> str:
    return f"{how} after {lane.current.step} steps, return {lane.current.total:g}"


def _failure(_: Lane, detail: str) -> str:
    return detail.partition("\n")[0]


def _seating(told: Mapping[str, Any]) -> str:
    return f"{told['from']} gives way to {told['to']}"


_WORDS = {"begin": _begin, "end": _end, "failure": _failure}
