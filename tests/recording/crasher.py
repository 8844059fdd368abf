"""Record runs in child processes that die: ``python crasher.py FOLDER [KILLS]``.

Child number n writes the run FOLDER/n and, once acknowledged, the number of each tick to FOLDER/n.acknowledged, then
``closing`` before it closes. Without KILLS child n leaves without a word at its n-th rename, deletion or opening of a
file, and the last child lives to the end. With KILLS so many children are killed from outside, at random moments of
the writing and of the closing.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import random
import signal
import sys
import time
from pathlib import Path

from mosaic_nb.recording import frames  # noqa: F401  what the recorder would import in its thread: children fork
from mosaic_nb.recording.recorder import Recorder

specification = importlib.util.spec_from_file_location("rows", Path(__file__).with_name("conftest.py"))
rows = importlib.util.module_from_spec(specification)
specification.loader.exec_module(rows)

CRASHED = 9
TOUCHES = {"os.rename", "os.remove", "open"}
FOLDER = Path(sys.argv[1])


def record(number, ticks):
    acknowledged = os.open(FOLDER / f"{number}.acknowledged", os.O_WRONLY | os.O_CREAT)
    # Three rows a segment: most of the time goes into sealing, and closing has many files to delete.
    recorder = Recorder(FOLDER / str(number), name="r", kind="test", provenance={}, segment_rows=3)
    for tick in range(ticks):
        recorder.write(steps=[rows.step_row(tick)], events=[rows.event_row(tick)] if tick % 2 else ())
        os.write(acknowledged, b"%d\n" % tick)
        if tick == 3:
            recorder.blob("a blob")
            recorder.sync()
    os.write(acknowledged, b"closing\n")
    recorder.close()


def fork(body):
    child = os.fork()
    if child == 0:
        body()
        os._exit(0)
    return child


def crash_at_each_touch():
    for touch in itertools.count():
        child = fork(lambda touch=touch: (leave_at(touch), record(touch, 6)))
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != CRASHED:
            return


def leave_at(touch):
    seen = itertools.count()

    def hook(event, arguments):
        if event in TOUCHES and f"{FOLDER}/{touch}/" in f"{arguments[0]}/" and next(seen) == touch:
            os._exit(CRASHED)

    sys.addaudithook(hook)


def kill_at_random(kills):
    chance = random.Random(7)
    for kill in range(kills):
        closing = kill % 2
        child = fork(lambda kill=kill, closing=closing: record(kill, 60 if closing else 10**6))
        wanted = b"closing" if closing else b"%d\n" % chance.randrange(60)
        log = FOLDER / f"{kill}.acknowledged"
        while not (log.exists() and wanted in log.read_bytes()):
            pass
        begin, delay = time.perf_counter(), chance.uniform(0, 0.05 if closing else 0.002)
        while time.perf_counter() - begin < delay:  # a moment, not a meeting: sleep is too coarse for it
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if len(sys.argv) > 2:
    kill_at_random(int(sys.argv[2]))
else:
    crash_at_each_touch()
