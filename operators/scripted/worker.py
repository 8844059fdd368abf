"""Hand-written experts that see only what any agent in their place would see."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

from experts import expert

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Outcome, Seat, serve


class ExpertSeat(Seat):
    """Plays with the expert that knows the episode's environment."""

    def reset(self, episode: Episode) -> None:
        """Call in the expert. Raises ValueError where there is none."""
        self._expert = expert(episode)

    def act(self, observation: Observation) -> Decision:
        """Decide as the expert does."""
        return Decision(self._expert.act(observation))

    def learn(self, outcome: Outcome) -> None:
        """Let the expert remember."""
        self._expert.learn(outcome)


class Scripted(Operator):
    """No options, nothing to load. It needs the text: FrozenLake's and Taxi's maps are in no observation."""

    needs = ("text",)
    learns = True

    def seat(self) -> Seat:
        """Give a seat."""
        return ExpertSeat()


if __name__ == "__main__":
    serve(Scripted)
