"""Hand-written experts that see only what any agent in their place would see."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

from experts import expert, known

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Outcome, Seat, serve


class ExpertSeat(Seat):
    """Plays with the expert that knows the episode's environment.

    Args:
        name: which expert, or None for whichever knows it.
        depth: how many moves to look ahead, or None for the expert's own.
    """

    def __init__(self, name: str | None, depth: int | None) -> None:
        self._name = name
        self._depth = depth

    def reset(self, episode: Episode) -> None:
        """Call in the expert. Raises ValueError where there is none."""
        self._expert = expert(episode, self._name)
        if self._depth is not None:
            self._expert.look_ahead(self._depth)

    def act(self, observation: Observation) -> Decision:
        """Decide as the expert does."""
        return Decision(self._expert.act(observation))

    def learn(self, outcome: Outcome) -> None:
        """Let the expert remember."""
        self._expert.learn(outcome)


class Scripted(Operator):
    """Nothing to load. It needs the text: FrozenLake's and Taxi's maps are in no observation.

    Args:
        expert: its name, or None for whichever knows the environment.
        depth: how many moves a player of board games looks ahead, or None for its own.
    """

    needs = ("text",)
    learns = True

    def __init__(self, expert: str | None = None, depth: int | None = None) -> None:
        self._name = None if expert is None else known(expert)
        if depth is not None and depth < 1:
            raise ValueError(f"depth must be at least 1 move, not {depth}")
        self._depth = depth

    def seat(self) -> Seat:
        """Give a seat."""
        return ExpertSeat(self._name, self._depth)


if __name__ == "__main__":
    serve(Scripted)
