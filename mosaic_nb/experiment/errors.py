"""What can go wrong with an experiment before, and between, its episodes."""

from __future__ import annotations

from mosaic_nb.errors import MosaicError


class PlanError(MosaicError, ValueError):
    """An experiment that cannot be played as it was declared; the text lists every mistake, and nothing has started."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        listed = "\n".join(f"- {mistake}" for mistake in mistakes)
        super().__init__(f"the experiment cannot be played as it is declared:\n{listed}")


class AnotherExperiment(MosaicError, FileExistsError):
    """The folder holds something else than this experiment; the text says what differs."""


class Changed(MosaicError):
    """Code or versions have changed since the experiment was begun; the text names each."""


class Busy(MosaicError):
    """Another process, or another call, is running this experiment."""
