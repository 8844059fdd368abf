"""What a player of mosaic-multigrid's ball games remembers, and how it finds out where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from experts.grid_memory import STEPS, UNSEEN, Place, Pose

NOOP, LEFT, RIGHT, FORWARD, PICKUP, DROP = range(6)
WALL, BALL, AGENT, GOAL, ENDZONE = 2, 6, 10, 11, 13
HOLDS_BALL = 100
"""Added to an agent's heading in its cell's state while it carries a ball."""
_GOAL_REWARD = 0.5
"""A goal pays 1 or more, everything else less than this."""


class Pitch(NamedTuple):
    """The field of a game, as its rules give it: the same in every episode. Walls stand all around.

    Attributes:
        width, height: cells, the walls included.
        rows: the rows of the goals, which lie in the first and in the last column inside the walls.
        colour: of the first team's players; the second team's is the next one.
    """

    width: int
    height: int
    rows: range
    colour: int

    def inside(self) -> list[Place]:
        """Return every place within the walls."""
        return [(x, y) for x in range(1, self.width - 1) for y in range(1, self.height - 1)]

    def holds(self, place: Place) -> int:
        """Return what stands at a place for good: WALL, GOAL or UNSEEN for nothing."""
        x, y = place
        if not (0 < x < self.width - 1 and 0 < y < self.height - 1):
            return WALL
        return GOAL if x in (1, self.width - 2) and y in self.rows else UNSEEN


PITCHES = {
    "S": Pitch(16, 11, range(4, 7), 1),
    "BB": Pitch(19, 11, range(5, 6), 1),
    "AF": Pitch(16, 11, range(1, 10), 0),
}


class Side(NamedTuple):
    """An agent's place in its game.

    Attributes:
        pitch: of the game.
        second: whether it plays for the second team, which attacks the first column.
        rank: its number within its team; ``size``: how many they are.
    """

    pitch: Pitch
    second: bool
    rank: int
    size: int

    @classmethod
    def of(cls, environment: str, agent: str) -> Side | None:
        """Return the side that an agent is on, by the environment's id and the agent's number, or None."""
        game = re.search(r"MosaicMultiGrid-(S|BB|AF)-(?:[GB]-)?(\d)v(\d)-", environment)
        number = re.search(r"(\d*)$", agent)
        if game is None or number is None:
            return None
        first, second = int(game[2]), int(game[3])
        index = int(number[1] or 0)
        if index < first:
            return cls(PITCHES[game[1]], False, index, first)
        return cls(PITCHES[game[1]], True, index - first, second)

    @property
    def opponents(self) -> int:
        """The colour of the others' players."""
        return self.pitch.colour + (not self.second)

    def goal(self, *, own: bool) -> list[Place]:
        """Return the cells of a goal: where the ball must not go, or where it must."""
        x = 1 if own != self.second else self.pitch.width - 2
        return [(x, y) for y in self.pitch.rows]


class Player(NamedTuple):
    """Another agent, as it was last seen."""

    pose: Pose
    theirs: bool
    has_ball: bool
    step: int


class PitchMemory:
    """What was seen in an episode, on a map whose origin is where the agent began, wherever that is.

    The partial view says which way the agent looks and never where it stands. So every place it may have begun at is
    kept, until a wall or a goal, seen or missed, rules it out.

    Attributes:
        pose: the agent's, on its map.
        origins: where on the pitch the map's origin may lie; ``origin``: the middle one of these, which is believed.
        seen: the step at which each place was last seen.
        ball: where a loose ball was last seen and is not known to have gone, or None.
        players: the other agents in the newest view.
        carrier: the last opponent seen with the ball; ``mate``: the last team mate seen with it.
        carrying: whether the agent has the ball; ``robbed``: the step at which it was last taken from it.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        self.pose = Pose((0, 0), 0)
        self._believe(side.pitch.inside())
        self.seen: dict[Place, int] = {}
        self.ball: Place | None = None
        self.players: list[Player] = []
        self.carrier: Player | None = None
        self.mate: Player | None = None
        self.carrying = False
        self.robbed: int | None = None
        self._keeps_ball = False
        self._walls: frozenset[Place] = frozenset()

    def with_view(self, value: Any, step: int) -> PitchMemory:
        """Return a memory that also holds what this view shows, and leave this one as it is.

        Args:
            value: the observation: ``image``, int array (n, n, 3) as in MiniGrid, and ``direction``.
            step: which step of the episode it is.
        """
        memory = PitchMemory(self.side)
        memory.__dict__.update(self.__dict__)
        memory.seen = dict(self.seen)
        memory.pose = Pose(self.pose.place, int(value["direction"]))
        image = value["image"].tolist()
        memory._feel(image[len(image) // 2][-1][0] == BALL, step)
        view = memory._places(image)
        memory._rule_out(view)
        memory._note(view, step)
        return memory

    def do(self, action: int, reward: float) -> None:
        """Follow what an action did; what else it changed shows in the next view."""
        self._keeps_ball = self.carrying and action != DROP and reward < _GOAL_REWARD
        if action != FORWARD:
            return
        if self.ball == self.pose.front:  # it stops the agent, unless somebody took it just before
            x, y = STEPS[self.pose.heading]
            self._believe([*self.origins, *((a + x, b + y) for a, b in self.origins)])
        elif self.pose.front not in self._walls:
            self.pose = Pose(self.pose.front, self.pose.heading)

    @property
    def place(self) -> Place:
        """Where on the pitch the agent is believed to stand."""
        return self.on_pitch(self.pose.place)

    def on_pitch(self, place: Place) -> Place:
        """Return where on the pitch a place of the map is believed to lie."""
        x, y = self.origin
        return (place[0] + x, place[1] + y)

    def on_map(self, place: Place) -> Place:
        """Return the place of the map that is believed to be this one of the pitch."""
        x, y = self.origin
        return (place[0] - x, place[1] - y)

    def _places(self, image: list[list[list[int]]]) -> dict[Place, list[int]]:
        """Return the encoding of every cell in view by its place on the map, without the agent's own."""
        n = len(image)
        ahead, aside = STEPS[self.pose.heading], STEPS[(self.pose.heading + 1) % 4]
        x, y = self.pose.place
        view = {}
        for i, column in enumerate(image):
            for j, cell in enumerate(column):
                forward, right = n - 1 - j, i - n // 2
                if cell[0] != UNSEEN and (forward, right) != (0, 0):
                    place = (
                        x + forward * ahead[0] + right * aside[0],
                        y + forward * ahead[1] + right * aside[1],
                    )
                    view[place] = cell
        return view

    def _feel(self, carrying: bool, step: int) -> None:
        if self._keeps_ball and not carrying:
            self.robbed = step
        self.carrying, self._keeps_ball = carrying, carrying

    def _rule_out(self, view: dict[Place, list[int]]) -> None:
        """Keep the origins under which the pitch would look like this; where a step misled, begin anew."""
        origins = self._fitting(self.origins, view)
        if not origins:
            x, y = self.pose.place
            anywhere = [(a - x, b - y) for a, b in self.side.pitch.inside()]
            origins = self._fitting(anywhere, view) or anywhere
            self.seen, self.ball = {}, None
        self._believe(origins)

    def _fitting(self, origins: Iterable[Place], view: dict[Place, list[int]]) -> list[Place]:
        fixed = [(place, _fixed(cell)) for place, cell in view.items() if cell[0] != AGENT]
        players = [place for place, cell in view.items() if cell[0] == AGENT]
        holds = self.side.pitch.holds
        return [
            (x, y)
            for x, y in origins
            if all(holds((a + x, b + y)) == kind for (a, b), kind in fixed)
            and all(holds((a + x, b + y)) != WALL for a, b in players)
        ]

    def _believe(self, origins: Iterable[Place]) -> None:
        self.origins = frozenset(origins)
        self.origin = sorted(self.origins)[len(self.origins) // 2]

    def _note(self, view: dict[Place, list[int]], step: int) -> None:
        """Note what is in view, and what is gone from where it was."""
        self._walls = frozenset(place for place, cell in view.items() if cell[0] == WALL)
        self.seen.update(dict.fromkeys((*view, self.pose.place), step))
        if self.ball in (*view, self.pose.place):
            self.ball = None
        self.players = []
        for place, (kind, colour, state) in view.items():
            if kind == BALL:
                self.ball = place
            elif kind == AGENT:
                pose = Pose(place, state % HOLDS_BALL)
                theirs = colour == self.side.opponents
                self.players.append(Player(pose, theirs, state >= HOLDS_BALL, step))
        self._note_carriers()

    def _note_carriers(self) -> None:
        holders = [player for player in self.players if player.has_ball]
        if holders or self.carrying or self.ball is not None:
            self.carrier = next((player for player in holders if player.theirs), None)
            self.mate = next((player for player in holders if not player.theirs), None)


def _fixed(cell: list[int]) -> int:
    """Return what of an encoding stands there for good."""
    if cell[0] in (GOAL, ENDZONE):
        return GOAL
    return WALL if cell[0] == WALL else UNSEEN
