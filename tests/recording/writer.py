"""Record until killed: ``python writer.py FOLDER TICKS SEGMENT_ROWS LIMIT``.

Prints the number of each tick once it is acknowledged, then ``closing``, closes, and prints ``closed``. With a LIMIT,
no file may grow beyond so many bytes: an error is printed as ``failed``, the limit lifted, and the tick tried again.
"""

from __future__ import annotations

import importlib.util
import resource
import signal
import sys
from pathlib import Path

from mosaic_nb.recording import frames  # noqa: F401  so that no import stands between the kill and the writing
from mosaic_nb.recording.errors import RecordingFailed
from mosaic_nb.recording.recorder import Recorder

specification = importlib.util.spec_from_file_location("rows", Path(__file__).with_name("conftest.py"))
rows = importlib.util.module_from_spec(specification)
specification.loader.exec_module(rows)


def persistently(call):
    try:
        call()
    except RecordingFailed as error:
        print("failed", error, flush=True)
        sys.stdin.readline()  # somebody looks at the folder, then makes room
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        call()


folder, ticks, segment_rows, limit = Path(sys.argv[1]), *map(int, sys.argv[2:])
recorder = Recorder(folder, name="r", kind="test", provenance={}, segment_rows=segment_rows)
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
for tick in range(ticks):
    some = {"steps": [rows.step_row(2 * tick), rows.step_row(2 * tick + 1)], "events": [rows.event_row(tick)]}
    persistently(lambda some=some: recorder.write(**some))
    print(tick, flush=True)
print("closing", flush=True)
persistently(recorder.close)
print("closed", flush=True)
