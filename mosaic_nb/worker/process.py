"""What a worker process does to itself at birth, whether started cold or forked from a warm parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

QUIET = {"SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1", "MUJOCO_GL": "egl"}
"""Variables that keep graphics libraries from looking for a screen; the user's own settings win."""


def die_with_parent() -> None:
    """Ask Linux to kill this process when the one that started it dies; elsewhere the end of the socket does."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died between the two lines
            os._exit(0)


def yield_to_the_scheduler() -> None:
    """Ask Linux not to put this process in the scheduler's place the moment it is sent something.

    A tick sends to every lane and then waits. A worker that took over at once would make that a switch of processes
    for each lane; eight lanes on one core cost a tenth less without.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
