"""The floor under every worker: a process that echoes 64 bytes over a socket pair, and nothing else."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SIZE = 64
_ECHO = f"""
import socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
while data := s.recv({SIZE}):
    s.sendall(data)
"""


@contextmanager
def echo() -> Iterator[socket.socket]:
    """Give our end of a socket pair whose other end echoes."""
    ours, theirs = socket.socketpair()
    with theirs:
        child = subprocess.Popen(
            [sys.executable, "-c", _ECHO, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
    round_trip(ours)
    try:
        yield ours
    finally:
        ours.close()
        child.wait()


def round_trip(ours: socket.socket) -> None:
    """Send 64 bytes and read them back."""
    ours.sendall(bytes(SIZE))
    ours.recv(SIZE)
