"""From the call to the first picture: eight lanes, cold and from warm parents."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import Row, show

_PROGRAM = """
import time
import mosaic_nb as mnb
mnb.Arena  # the import is the user's first line, not the call
if __name__ == "__main__":
    for _ in range(4):
        begin = time.perf_counter()
        arena = mnb.Arena("MiniGrid-DoorKey-5x5-v0", {f"lane {n}": "random" for n in range(8)}, seed=7)
        pictures = arena._thread.call(arena._conductor.look("png"))
        print(time.perf_counter() - begin, flush=True)
        assert len(pictures) == 8
        arena.close()
"""


def main() -> None:
    """Measure in a fresh process, where the first arena is cold and the later ones find warm parents."""
    output = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    ).stdout
    cold, *warm = (float(line) for line in output.split())
    show(
        Row(name="eight lanes, from the call to the pictures, cold", unit="s", ours=cold, at_most=3),
        Row(name="eight lanes, from warm parents", unit="s", ours=sorted(warm)[1], at_most=1),
    )
