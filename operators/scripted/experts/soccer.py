"""Soccer, basketball and American football as mosaic-multigrid plays them: one player, by its own view and memory."""

from __future__ import annotations

from experts.base import Expert
from experts.grid_memory import STEPS, Place
from experts.pitch import DROP, FORWARD, LEFT, NOOP, PICKUP, RIGHT, PitchMemory, Side
from mosaic_nb.worker import Episode, Observation, Outcome

_COOLDOWN = 10
"""Steps for which neither who took the ball from somebody nor who lost it can take it from somebody again."""
_TRAIL = 8
"""Steps for which it is worth running after a player who had the ball."""
_STALE = 80
"""Steps after which a place may be looked at again."""


class Soccer(Expert):
    """Looks for the ball, carries it into the goal, passes it when it would be taken, and takes it from the others.

    A pass reaches a team mate wherever it is, so a player that sees a mate with the ball runs to the goal. The search
    is shared: each looks first in its own part of the pitch, from the back to the front.
    """

    environments = "mosaic-multigrid's soccer, basketball and American football (MosaicMultiGrid-S, -BB, -AF)"

    @classmethod
    def fits(cls, episode: Episode) -> bool:
        """Return whether it is one of these, by its id."""
        return Side.of(episode.environment, episode.agent) is not None

    def __init__(self, episode: Episode) -> None:
        """Remember nothing yet."""
        side = Side.of(episode.environment, episode.agent)
        assert side is not None
        self._side = side
        self._memory = PitchMemory(side)
        self._took: int | None = None

    def learn(self, outcome: Outcome) -> None:
        """Remember what was seen and done."""
        seen = outcome.observation
        memory = self._memory.with_view(seen.value, seen.step)
        if outcome.action is not None:
            action = int(outcome.action)
            if action == PICKUP and _faces_carrier(memory):
                self._took = seen.step
            memory.do(action, outcome.reward)
        self._memory = memory

    def act(self, observation: Observation) -> int:
        """Return the next action."""
        step = observation.step
        memory = self._memory.with_view(observation.value, step)
        if memory.carrying:
            return self._carry(memory)
        if memory.ball is not None:
            return _reach(memory, memory.ball)
        if memory.carrier is not None and step - memory.carrier.step <= _TRAIL:
            return self._tackle(memory, step)
        if memory.mate is not None and step - memory.mate.step <= _TRAIL:
            return _walk(memory, _nearest(memory, self._side.goal(own=False)))
        return _walk(memory, self._search(memory, step))

    def _carry(self, memory: PitchMemory) -> int:
        """Go on to the goal, or pass the ball if somebody is about to take it."""
        if self._side.size > 1 and any(
            player.theirs and player.pose.front == memory.pose.place for player in memory.players
        ):
            return DROP
        return _walk(memory, _nearest(memory, self._side.goal(own=False)))

    def _tackle(self, memory: PitchMemory, step: int) -> int:
        """Take the ball from an opponent in reach, or run after it; while that is forbidden, wait before the goal."""
        assert memory.carrier is not None
        if self._must_wait(memory, step):
            return _walk(memory, _nearest(memory, self._side.goal(own=True)))
        if _faces_carrier(memory):
            return PICKUP
        carrier = memory.carrier
        goal = min(
            self._side.goal(own=True), key=lambda place: _distance(place, memory.on_pitch(carrier.pose.place))
        )
        place = _towards(memory.on_pitch(carrier.pose.place), goal, step - carrier.step)
        return _reach(memory, memory.on_map(place))

    def _must_wait(self, memory: PitchMemory, step: int) -> bool:
        return any(then is not None and step - then < _COOLDOWN for then in (self._took, memory.robbed))

    def _search(self, memory: PitchMemory, step: int) -> Place:
        """Return the place on the pitch to look at next: near, long not seen, in the own part."""
        here = memory.place

        def cost(place: Place) -> tuple[float, Place]:
            age = min(step - memory.seen.get(memory.on_map(place), -_STALE), _STALE)
            return 4 * _distance(here, place) - age + 12 * (not self._is_mine(place)), place

        return min(self._side.pitch.inside(), key=cost)

    def _is_mine(self, place: Place) -> bool:
        """Return whether a place lies in the part of the pitch that this player searches first."""
        width = self._side.pitch.width - 2
        forward = width - place[0] if self._side.second else place[0] - 1
        return forward * self._side.size // width == self._side.rank


def _faces_carrier(memory: PitchMemory) -> bool:
    front = memory.pose.front
    return any(player.theirs and player.has_ball and player.pose.place == front for player in memory.players)


def _distance(one: Place, other: Place) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _nearest(memory: PitchMemory, places: list[Place]) -> Place:
    return min(places, key=lambda place: (_distance(place, memory.place), place))


def _towards(place: Place, goal: Place, steps: int) -> Place:
    """Return where somebody is who has gone straight to a goal for so many steps, along the pitch first."""
    x, y = place
    for _ in range(steps):
        if x != goal[0]:
            x += 1 if goal[0] > x else -1
        elif y != goal[1]:
            y += 1 if goal[1] > y else -1
    return (x, y)


def _reach(memory: PitchMemory, place: Place) -> int:
    """Pick up what lies at a place of the map, or come nearer to it."""
    return PICKUP if memory.pose.front == place else _walk(memory, memory.on_pitch(place))


def _walk(memory: PitchMemory, goal: Place) -> int:
    """Return a step on a shortest way to a place on the pitch, with the fewest turns."""
    x, y = memory.place
    dx, dy = goal[0] - x, goal[1] - y
    turns = {
        (heading - memory.pose.heading) % 4
        for heading, (a, b) in enumerate(STEPS)
        if a * dx > 0 or b * dy > 0
    }
    if not turns:
        return NOOP
    if 0 in turns and memory.ball != memory.pose.front:
        return FORWARD
    return LEFT if 3 in turns and 1 not in turns else RIGHT
