"""The processes that a test has started."""

from __future__ import annotations

import os
import re

import psutil

_TOOLS = re.compile("playwright|jupyter|ipykernel")


def started() -> list[psutil.Process]:
    """Return all that this process has started and what they have, but for the tools of other tests.

    A browser, a JupyterLab and the kernels of notebooks stay for a whole session; what they start comes and goes.
    """
    own = [child for child in psutil.Process().children() if not _TOOLS.search(command(child))]
    return [process for child in own for process in [child, *_started_by(child)]]


def workers() -> list[psutil.Process]:
    """Return those that run and were not started by this process itself: what they are forked from stays."""
    return [
        process
        for process in started()
        if process.status() != psutil.STATUS_ZOMBIE and process.ppid() != os.getpid()
    ]


def command(process: psutil.Process) -> str:
    """Return a process's command line, empty where it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _started_by(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
