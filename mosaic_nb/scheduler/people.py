"""The people of an arena: their moves on the way to their seats. Everything here runs on the scheduler's thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.player import Player
from mosaic_nb.scheduler.seats import HumanSeat


class People:
    """Hands people's moves on.

    Args:
        lockstep: where their seats are.
        player: what a move may set going.
        changed: called when there is something new to see.
        spawn: runs a coroutine that nobody awaits.

    Attributes:
        late: how many moves came too late, or twice, and were ignored.
    """

    def __init__(
        self,
        lockstep: LockStep,
        player: Player,
        changed: Callable[[], None],
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
    ) -> None:
        self.late = 0
        self._lockstep = lockstep
        self._player = player
        self._changed = changed
        self._spawn = spawn

    def _seats(self) -> dict[tuple[str, str], HumanSeat]:
        return {(lane.name, agent): seat for lane, agent, seat in self._lockstep.humans()}

    def offer(self, moves: Mapping[str, Any]) -> None:
        """Take moves given from code: lane -> action, or lane -> {agent: action}; they answer open questions too.

        Raises:
            TypeError, ValueError: they are none; the message names what would be.
        """
        seats = self._seats()
        names = {lane.name for lane in self._lockstep.lanes}
        if not isinstance(moves, Mapping):
            raise TypeError(f"moves are lane -> action, such as {{'me': 'forward'}}, not {moves!r}")
        for name, move in moves.items():
            if name not in names:
                raise ValueError(f"there is no lane {name!r}; the lanes are {', '.join(sorted(names))}")
            own = {agent: seat for (lane, agent), seat in seats.items() if lane == name}
            if not own:
                by_hand = ", ".join(dict.fromkeys(lane for lane, _ in seats)) or "none"
                raise ValueError(f"nobody plays lane {name!r} by hand; lanes with a person: {by_hand}")
            jointly = isinstance(move, Mapping) and set(move) <= set(own)
            by_agent = move if jointly else {self._on_turn(name, own): move}
            for agent, action in by_agent.items():
                if not own[agent].choose(action, None):
                    own[agent].offer(action)

    def _on_turn(self, name: str, own: Mapping[str, HumanSeat]) -> str:
        """Return who of a lane's people is to move, the first of several."""
        lane = next(lane for lane in self._lockstep.lanes if lane.name == name)
        return next((agent for agent in own if agent in lane.observations), next(iter(own)))

    def choose(self, lane: str, agent: str, action: Any, turn: int | None) -> None:
        """Take a click: the answer to the open question, a short press of a key under the clock, or a tick's start.

        Raises:
            ValueError: it is no action, or illegal now.
        """
        seat = self._seats().get((lane, agent))
        if seat is None:
            self.late += 1
        elif seat.choose(action, turn):
            self._changed()
        elif self._player.clocked and turn is None:
            self.hold(lane, agent, action)
            self.hold(lane, agent, None)
        elif turn is None and not self._player.busy and self._is_to_move(lane, agent):
            seat.offer(action)
            self._spawn(self._player.tick(blocking=False))
        else:
            self.late += 1

    def _is_to_move(self, name: str, agent: str) -> bool:
        """Whether a tick would ask an agent: in a game of turns only one of them is, and nobody moves ahead of it."""
        lane = next(each for each in self._lockstep.lanes if each.name == name)
        return agent in lane.observations

    def hold(self, lane: str, agent: str, action: Any) -> None:
        """Take note of a key that went down under the clock, or (None) up; the first one starts the clock.

        Raises:
            ValueError: it is no action.
        """
        seat = self._seats().get((lane, agent))
        if seat is None or not self._player.clocked:
            self.late += seat is None and action is not None
        elif action is None:
            seat.release()
        elif not self._player.resting:
            seat.press(action)
            if self._player.phase == "idle":
                self._player.play()

    def set_clocked(self, on: bool) -> None:
        """Have people play in real time, where open questions are answered at once; or be asked."""
        self._player.clocked = on
        for seat in self._seats().values():
            seat.release()
            if on:
                seat.hurry()
        self._changed()
