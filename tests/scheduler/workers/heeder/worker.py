"""Asks for its first action, legal or not; told that it was illegal, it takes the last one it is offered."""

from __future__ import annotations

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Seat, serve


class HeederSeat(Seat):
    """Reads what it is told."""

    def reset(self, episode: Episode) -> None:
        """Take the labels."""
        self._labels = list(episode.action_labels)

    def act(self, observation: Observation) -> Decision:
        """Decide."""
        _, heard, offered = (observation.text or "").partition("Choose again among: ")
        return Decision(self._labels.index(offered.rstrip(".").split(", ")[-1]) if heard else 0)


class Heeder(Operator):
    """No options."""

    needs = ("text",)

    def seat(self) -> Seat:
        """Give a seat."""
        return HeederSeat()


if __name__ == "__main__":
    serve(Heeder)
