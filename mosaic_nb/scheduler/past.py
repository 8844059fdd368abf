"""What the tables hold of the lanes' past, as it can be played again and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mosaic_nb.protocol import messages
from mosaic_nb.recording.lineage import ancestry, origins
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.lane import Move
from mosaic_nb.scheduler.places import Place
from mosaic_nb.scheduler.replaying import Script, is_missing, scripts

_MOVE = ("step", "agent", "action", "action_asked", "act_ms", "invalid", "fallback", "probabilities", "value")


class Past:
    """Everything that has been recorded up to now, of all branches.

    Args:
        recorder: of the run; what is kept and not yet written is not seen.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._events = recorder.frame("events")
        self._steps = recorder.frame("steps")
        self._origins = origins(self._events)

    def trial(self, lane: str, place: Place, agents: Mapping[str, messages.Agent]) -> list[Script]:
        """Return the episodes of the trial in which a lane was at a place, the last one up to the place.

        Args:
            agents: the environment's, for their action spaces.
        """
        episode = place.standing.episode
        first, last = episode.number - episode.position, episode.number
        found = {
            (script.branch, script.episode): script
            for script in scripts(
                _within(self._events, lane, first, last), _within(self._steps, lane, first, last), agents
            )
        }
        line = self._line(lane, place)

        def on_line(number: int) -> Script:
            return next(found[branch, number] for branch in line if (branch, number) in found)

        trial = [on_line(number) for number in range(first, last)]
        present = Script(lane, line[0], last, episode.seed, episode.digest)
        if place.step:
            whole = on_line(last)
            present.actions, present.digests = whole.actions[: place.step], whole.digests[: place.step]
        return [*trial, present]

    def moves(self, lane: str, place: Place, actions: Mapping[str, Actions]) -> dict[str, Move]:
        """Return what each agent did in the step that led a lane to a place."""
        return self.episode(lane, place, actions).get(place.step - 1, {})

    def episode(self, lane: str, place: Place, actions: Mapping[str, Actions]) -> dict[int, dict[str, Move]]:
        """Return what each agent did in every step of the episode that a lane was in, on the line to that place."""
        number = place.standing.episode.number
        rows = _within(self._steps, lane, number, number)
        found: dict[int, dict[str, Move]] = {}
        for branch in self._line(lane, place):
            found = _moves(rows[rows["branch"] == branch], actions) | found
        return found

    def _line(self, lane: str, place: Place) -> list[int]:
        return ancestry(place.standing.branch, self._origins.get(lane, {}))


def _within(rows: pd.DataFrame, lane: str, first: int, last: int) -> pd.DataFrame:
    """Return the rows of some episodes of a lane, looking at the numbers first: they decide quickest."""
    rows = rows[rows["episode"].between(first, last)]
    return rows[rows["lane"] == lane]


def _moves(steps: pd.DataFrame, actions: Mapping[str, Actions]) -> dict[int, dict[str, Move]]:
    played: dict[int, dict[str, Move]] = {}
    for values in zip(*(steps[name].tolist() for name in _MOVE), strict=True):
        row = dict(zip(_MOVE, values, strict=True))
        if not is_missing(row["action"]):
            played.setdefault(row["step"], {})[row["agent"]] = _move(row, actions[row["agent"]])
    return played


def _move(row: Mapping[str, Any], actions: Actions) -> Move:
    probabilities, value = row["probabilities"], row["value"]
    return Move(
        action=actions.read(row["action"]),
        milliseconds=row["act_ms"],
        invalid=bool(row["invalid"]),
        fallback=row["fallback"],
        probabilities=None if is_missing(probabilities) else list(probabilities),
        value=None if is_missing(value) else value,
        answered=not is_missing(row["action_asked"]),
    )
