"""The warm parent: imports once, then forks workers in milliseconds.

``python -m mosaic_nb.worker.warm MODULE ...`` imports the modules and then serves fork requests on its inherited
socket: each is one JSON line with two descriptors (the worker's socket, its log), answered by a line with the
process id; a line follows when that process has ended. There are no threads here, no CUDA, no gRPC and no keys.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import runpy
import select
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from mosaic_nb.worker.channel import SOCKET_VARIABLE
from mosaic_nb.worker.process import QUIET, die_with_parent

_LINE = 1 << 20


class WarmParent:
    """Forks workers on request and tells when they end.

    Args:
        control: the socket to the scheduler; its end is this process's end.
    """

    def __init__(self, control: socket.socket) -> None:
        control.set_inheritable(False)
        self._control = control
        self._children: dict[int, int] = {}  # pidfd -> pid
        self._poller = select.poll()
        self._poller.register(control, select.POLLIN)

    def run(self) -> None:
        """Serve until the scheduler has gone."""
        while True:
            for descriptor, _ in self._poller.poll():
                if descriptor in self._children:
                    self._bury(descriptor)
                elif not self._serve_one():
                    return

    def _serve_one(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, _LINE, 2)
        if not data:
            return False
        request = json.loads(data)
        worker, log = descriptors
        pid = os.fork()
        if pid == 0:
            self._become(request, worker, log)
        os.close(worker)
        os.close(log)
        pidfd = os.pidfd_open(pid)
        self._children[pidfd] = pid
        self._poller.register(pidfd, select.POLLIN)
        self._tell({"number": request["number"], "pid": pid})
        return True

    def _bury(self, pidfd: int) -> None:
        pid = self._children.pop(pidfd)
        self._poller.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        self._tell({"ended": pid, "status": os.waitstatus_to_exitcode(status)})

    def _tell(self, message: dict[str, int]) -> None:
        self._control.sendall(json.dumps(message).encode() + b"\n")

    def _become(self, request: dict[str, Any], worker: int, log: int) -> None:
        """Turn this fork into a worker; never returns."""
        code = 1
        try:
            os.setsid()
            die_with_parent()
            self._control.close()
            for pidfd in self._children:
                os.close(pidfd)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            _take_place(request, worker)
            run_program(request["program"])
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except BaseException:  # noqa: BLE001 - the last stop before _exit: all that is left is to say why, in the log
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _take_place(request: dict[str, Any], worker: int) -> None:
    os.chdir(request["folder"])
    sys.path[:] = request["path"]
    os.environ[SOCKET_VARIABLE] = str(worker)
    random.seed()  # a fork must not share its parent's dice, though nothing of ours rolls them
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def run_program(program: list[str]) -> None:
    """Run ``["-m", module, ...]`` or ``[path, ...]`` as Python's own command line would, with its arguments."""
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        sys.path.insert(0, str(Path(program[0]).parent))
        runpy.run_path(program[0], run_name="__main__")


def main(modules: list[str]) -> None:
    """Import these modules, then serve."""
    die_with_parent()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    control = socket.socket(fileno=int(os.environ.pop(SOCKET_VARIABLE)))
    for module in modules:
        with suppress(ImportError):  # the worker that needs it says what is missing, and how to install it
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # so that no fork's collection copies the shared pages
    WarmParent(control).run()


if __name__ == "__main__":
    main(sys.argv[1:])
