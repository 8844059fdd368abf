"""Workers without processes: what the scheduler drives as an environment or an operator, in this very interpreter.

Everything that is said still goes through the wire's encoding and back. So a seat gets copies it may keep or change, in
the types that it would get in a process of its own, and what cannot be sent is refused here too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from mosaic_nb.experiment.blocks.programs import load
from mosaic_nb.operators import Declared
from mosaic_nb.operators.spec import Environment, Spec
from mosaic_nb.protocol import Decoder, Encoder, ProtocolError, Reply, Request, messages
from mosaic_nb.protocol.blocks import BlockOperator
from mosaic_nb.scheduler.link import Link, Pending
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker, Worker
from mosaic_nb.worker.environment import EnvironmentHost
from mosaic_nb.worker.operator_host import OperatorHost
from mosaic_nb.worker.serve import Handler, Host, answer, handlers_of

_NO_LOG = Path("/dev/null")


class InsideLink(Link):
    """A link to hosts in this process: a request has been answered when it has been sent.

    Args:
        hosts: what answers.
        name: what they are called in errors.
    """

    def __init__(self, hosts: Sequence[Host], name: str) -> None:  # there is neither a socket nor a loop
        self.name = name
        self.broken = None
        self._hosts = hosts
        self._handlers = handlers_of(hosts)
        self._requests: Decoder[Any] = Decoder(Request)
        self._replies: Decoder[Any] = Decoder(Reply)
        self._encoder, self._outlet = Encoder(), _Outlet()
        self._pending, self._expired, self._last = {}, deque(maxlen=0), 0

    def request(self, request: Any, timeout: float | None = None) -> Pending:
        """Have a request answered. Nothing can interrupt it: whoever watches this process keeps the time.

        Raises:
            UnsupportedValue: the request holds something that has no form on the wire.
        """
        self._last = request.id = self._last + 1
        pending = Pending(request, self)
        if self.broken is not None:
            pending.resolve(None, self.broken)
            return pending
        (received,) = self._requests.feed(self._encoder.encode(request))
        self._pending[request.id] = pending
        answer(self._outlet, self._handlers, received)
        try:
            (reply,) = self._replies.feed(self._outlet.frame)
            self._take(reply)
        except ProtocolError as error:
            self.fail(error)
        return pending

    def answer_next(self, kind: type[Any], handler: Handler) -> None:
        """Have the next request of a kind answered by this, once."""
        usual = self._handlers[kind]

        def once(request: Any) -> Any:
            self._handlers[kind] = usual
            return handler(request)

        self._handlers[kind] = once

    def fail(self, error: Exception) -> None:
        """Break the link: nothing is asked here any more."""
        if self.broken is not None:
            return
        self.broken = error
        for pending in self._pending.values():
            pending.resolve(None, error)
        self._pending.clear()
        for host in self._hosts:
            host.close()


class _Outlet:
    def __init__(self) -> None:
        self._encoder = Encoder()
        self.frame = b""

    def send(self, reply: Any) -> None:
        self.frame = self._encoder.encode(reply)


class _Inside(Worker):
    """What both kinds of worker do otherwise than where they have a process."""

    host: Any
    _link: InsideLink | None

    def new_host(self) -> Host:
        """Return what is to be hosted, new."""
        raise NotImplementedError

    async def connect(self) -> Link:
        """Take in what is hosted."""
        self.host = self.new_host()
        return InsideLink([self.host], self.name)

    def log_tail(self) -> str:
        """Nothing: what is printed goes to the log of this process."""
        return ""

    async def close(self) -> None:
        """Give back what is hosted."""
        link, self._link = self._link, None
        if link is not None:
            link.fail(RuntimeError("it was closed"))


class InsideEnvironment(_Inside, EnvironmentWorker):
    """A lane's environment.

    Args:
        lane: the lane's name.
        environment: how it is made.
        sides: puts the agents on the sides that the user gives.
    """

    def __init__(
        self,
        lane: str,
        environment: messages.Environment,
        sides: Callable[[dict[str, messages.Agent]], dict[str, messages.Agent]],
    ) -> None:
        super().__init__(lane, environment, _NO_LOG, sides)

    def new_host(self) -> Host:
        """Return a host without an environment yet."""
        return EnvironmentHost()


class InsideOperator(_Inside, OperatorWorker):
    """An operator.

    Args:
        operator: which.
    """

    def __init__(self, operator: BlockOperator) -> None:
        spec = Spec(
            name=operator.label,
            argv=["{python}", *operator.program],
            display_name=operator.label,
            kind=cast(Any, operator.kind),  # it was a kind where it was declared
            environment=Environment(variables=operator.variables),
        )
        declared = Declared(
            operator.label, spec, operator.options, operator.callable, function=operator.label
        )
        super().__init__(declared, _NO_LOG)

    def new_host(self) -> Host:
        """Run the program, and return a host for what it serves."""
        return OperatorHost(load(self.program.argv))
