"""The worker's end of its socket: blocking, one request at a time."""

from __future__ import annotations

import os
import select
import socket
import threading

from mosaic_nb.protocol import Decoder, Encoder, Reply, Request, UnexpectedMessage, messages
from mosaic_nb.worker.process import die_with_parent, yield_to_the_scheduler

SOCKET_VARIABLE = "MOSAIC_NB_SOCKET"
"""The environment variable that carries the number of the inherited socket."""

_CHUNK = 1 << 18
_GRACE = 1.0


class Channel:
    """Reads requests and writes replies on the socket this process inherited.

    Args:
        inherited: the socket; `Channel.from_environment` finds it.
    """

    def __init__(self, inherited: socket.socket) -> None:
        inherited.setblocking(True)
        inherited.set_inheritable(False)  # a grandchild that held it would hide this process's end
        self._socket = inherited
        self._chunk = memoryview(bytearray(_CHUNK))
        self._encoder = Encoder()
        self._decoder: Decoder[Request] = Decoder(Request)
        self._waiting: list[Request] = []

    @classmethod
    def from_environment(cls) -> Channel:
        """Take the socket that the scheduler handed over.

        Raises:
            RuntimeError: this program was not started by a scheduler.
        """
        number = os.environ.pop(SOCKET_VARIABLE, None)
        if number is None:
            raise RuntimeError(
                "this is a worker of mosaic_nb and is started by its scheduler, which hands it a socket; "
                "to try it on its own use mosaic_nb.testing.check_operator"
            )
        die_with_parent()
        yield_to_the_scheduler()
        return cls(socket.socket(fileno=int(number)))

    def receive(self) -> Request | None:
        """Wait for the next request; None when the scheduler has gone."""
        while not self._waiting:
            try:
                size = self._socket.recv_into(self._chunk)
            except ConnectionResetError:  # it left replies unread
                return None
            if size == 0:
                return None
            self._take(self._chunk[:size])
        return self._waiting.pop(0)

    def _take(self, data: bytes | memoryview) -> None:
        try:
            self._waiting.extend(self._decoder.feed(data))
        except UnexpectedMessage as unknown:  # of a later version: said so, and no reason to leave
            name = type(unknown).__name__
            self.send(messages.Failure(error=name, message=str(unknown), **unknown.about))
            self._take(b"")

    def send(self, reply: Reply) -> None:
        """Send a reply.

        Raises:
            UnsupportedValue: before anything is sent, the reply holds something that has no form on the wire.
            BrokenPipeError: the scheduler has gone.
        """
        self._socket.sendall(self._encoder.encode(reply))

    def leave_with_the_scheduler(self) -> None:
        """End this process when the scheduler has gone, even in the middle of a long computation."""
        threading.Thread(target=self._watch, name="scheduler-watch", daemon=True).start()

    def _watch(self) -> None:
        poller = select.poll()
        poller.register(self._socket, getattr(select, "POLLRDHUP", select.POLLHUP))
        poller.poll()
        threading.Event().wait(_GRACE)  # the main loop sees the same end and leaves tidily, unless it is busy
        os._exit(0)
