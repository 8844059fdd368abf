"""What is done where lanes part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """What the lock-step does where lanes part.

    Attributes:
        on_end: ``"hold"`` keeps a finished lane's last frame until all have finished; ``"next"`` goes on.
        on_failure: ``"stop"`` stops the lane, ``"forfeit"`` ends its episode, ``"substitute"`` acts in the
            operator's place.
        on_illegal: of a move that is an action but illegal now: ``"retry"`` asks once more and then draws a legal one,
            ``"forfeit"`` ends the episode, ``"random"`` draws a legal one; None leaves it to the environment's family.
        environment_deadline: seconds for a reset or step of an environment.
    """

    on_end: str = "hold"
    on_failure: str = "stop"
    on_illegal: str | None = None
    environment_deadline: float = 60.0
