"""The errors a user meets, each naming what happened, to whom, and what to do next."""

from __future__ import annotations


class MosaicError(Exception):
    """The base of every error of ours that is not a plain misuse (those are TypeError and ValueError)."""


class Aborted(MosaicError):
    """A tick was given up before any environment moved; nothing has changed."""


_EXPLAINED = frozenset(
    {"UnknownEnvironment", "UnknownOption", "UnsuitableView", "InvalidAction", "ImpossibleStart"}
)
"""Errors of our own that say it all: a traceback into our code would only hide the sentence."""


class WorkerError(MosaicError):
    """Something went wrong in or with a worker, whoever it works for."""


class WorkerDied(WorkerError):
    """A worker's process ended, or broke the protocol and was ended."""


class DeadlineExceeded(WorkerError):
    """A worker did not answer in time and was ended."""


class RemoteError(WorkerError):
    """The worker's own code raised; the worker lives on.

    Attributes:
        error: the class of the exception there; ``traceback``: its traceback as text.
    """

    def __init__(self, error: str, message: str, traceback: str = "") -> None:
        super().__init__(f"{error}: {message}")
        self.error = error
        self.traceback = traceback

    @property
    def explained(self) -> bool:
        """Whether the message says all that a reader needs."""
        return self.error in _EXPLAINED


class LaneFailure(MosaicError):
    """A lane cannot go on.

    Attributes:
        lane, agent, step: where it happened; ``agent`` is empty where the environment failed.
        log: the tail of the worker's log.
    """

    def __init__(self, message: str, *, lane: str, agent: str, step: int, log: str = "") -> None:
        super().__init__(message)
        self.lane = lane
        self.agent = agent
        self.step = step
        self.log = log

    def __str__(self) -> str:
        tail = f"\n--- the end of its log ---\n{self.log}" if self.log else ""
        return super().__str__() + tail


class OperatorError(LaneFailure):
    """An operator died, raised, was too slow, or asked for an action that is none.

    Attributes:
        operator: its name.
    """

    def __init__(
        self, reason: str, *, operator: str, lane: str, agent: str, step: int, log: str = ""
    ) -> None:
        message = f"operator {operator!r} failed as {agent!r} of lane {lane!r} at step {step}: {reason}"
        super().__init__(message, lane=lane, agent=agent, step=step, log=log)
        self.operator = operator


class EnvironmentFailure(LaneFailure):
    """An environment raised or its process ended.

    Attributes:
        environment: its id.
    """

    def __init__(self, reason: str, *, environment: str, lane: str, step: int, log: str = "") -> None:
        message = f"environment {environment!r} failed in lane {lane!r} at step {step}: {reason}"
        super().__init__(message, lane=lane, agent="", step=step, log=log)
        self.environment = environment


class Diverged(MosaicError):
    """An environment that was played again differs from what was recorded.

    Attributes:
        lane, episode: where.
        step: the first step that differs, from 0; None where the reset differs already.
        recorded, replayed: the two digests; ``replayed`` says what went wrong where there is none.
        because: libraries that are not those of the recording, for the message.
    """

    def __init__(
        self, lane: str, episode: int, step: int | None, *, recorded: str, replayed: str, because: str = ""
    ) -> None:
        where = "at its reset" if step is None else f"at step {step}"
        super().__init__(
            f"the environment does not replay: lane {lane!r}, episode {episode} differs first {where}: "
            f"recorded {recorded}, replayed {replayed}{because and '; ' + because}"
        )
        self.lane = lane
        self.episode = episode
        self.step = step
        self.recorded = recorded
        self.replayed = replayed


class CastError(MosaicError, ValueError):
    """Casts that cannot be played; the text lists every misfit, and no step has been made."""


class HumanUnavailable(MosaicError):
    """A person is to move and no front end is there to ask one."""


class HumanToMove(MosaicError):
    """A blocking call met a person's turn: it would block the very kernel that the click must reach."""


class LaneFailureWarning(UserWarning):
    """A lane failed while others went on; ``arena.failures`` holds the errors."""


class AnalysisError(MosaicError):
    """The data do not allow what was asked of them; the message says why, and what they do allow."""


class SmallSampleWarning(UserWarning):
    """A sample is smaller than those whose intervals were measured to cover what they promise."""
