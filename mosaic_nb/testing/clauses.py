"""The clauses that `check_environment` holds an environment to. A violation names one and says where it happened."""

from __future__ import annotations

from typing import Any

RAISED = (
    "No call may raise: the constructor, reset, step, render and close work whenever Gymnasium allows them."
)
DIED = "The environment's process must live: no crash, no exit, no endless loop."
ENCODABLE = "Spaces and observations are made of what can be sent to another process: numbers, texts, arrays."
RESET_RETURNS = "reset returns (observation, info), info a dict."
STEP_RETURNS = "step returns (observation, reward, terminated, truncated, info), info a dict."
OBSERVATION_IN_SPACE = (
    "Every observation is a member of the observation space: its shape, dtype and bounds, no NaN."
)
REWARD_IS_NUMBER = "A reward is one finite number."
FLAGS_ARE_BOOLS = "terminated and truncated are bools."
MASK_IS_WELL_FORMED = (
    "An action mask holds a 0 or 1 for each action, and leaves one legal while the episode goes on."
)
SPACES_ARE_CONSTANT = "Observation space and action space never change."
OBSERVATIONS_ARE_KEPT = "A returned observation never changes: the environment does not write into it later."
TIME_LIMIT_HOLDS = "An episode is over when the declared number of steps is reached."
DETERMINISTIC = (
    "The same seed and actions give the same episode in every process, whatever the global random state and "
    "PYTHONHASHSEED are."
)
SEED_DECIDES = (
    "An episode follows from reset's seed and the actions alone, not from the episodes played before."
)
RESET_BEGINS_ANEW = "reset in the middle of an episode begins a new one."
RENDER_SHOWS = "render gives a uint8 array (height, width, 3), or a text where the render mode is a text's."
RENDER_CHANGES_NOTHING = "Looking changes nothing: an episode is the same with and without rendering."

CLAUSES: dict[str, str] = {name: text for name, text in vars().copy().items() if name.isupper()}
"""Every clause by its name."""


class Broken(Exception):
    """A clause is broken.

    Args:
        clause: its name, a key of `CLAUSES`.
        detail: where and how.
    """

    def __init__(self, clause: str, detail: str) -> None:
        super().__init__(clause, detail)
        self.clause = clause
        self.detail = detail


def name_of(text: str) -> str:
    """Return the name of a clause by its text."""
    return next(name for name, known in CLAUSES.items() if known == text)


def broken(text: str, detail: Any) -> Broken:
    """Return the exception for a clause, given by its text."""
    return Broken(name_of(text), str(detail))
