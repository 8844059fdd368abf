"""Workers without processes: what the scheduler drives as an environment or an operator, in this very interpreter.

Everything that is said still goes through the wire's encoding and back. So a seat gets copies it may keep or change, in
the types that it would get in a process of its own, and what cannot be sent is refused here too.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.experiment.blocks.programs import load
from mosaic_nb.operators import Declared
from mosaic_nb.operators.spec import Environment, Spec
from mosaic_nb.protocol import Decoder, Encoder, ProtocolError, Reply, Request, messages
from mosaic_nb.protocol.blocks import BlockOperator
from mosaic_nb.scheduler.link import Link, Pending
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker, Worker
from mosaic_nb.worker.contract import Seat
from mosaic_nb.worker.environment import EnvironmentHost
from mosaic_nb.worker.operator_host import OperatorHost
from mosaic_nb.worker.serve import Handler, Host, answer, handlers_of

T = TypeVar("T")

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
            try:
                host.close()
            except Exception:  # noqa: BLE001 - it is given up: elsewhere its process would be killed
                traceback.print_exc()


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run what never has to wait, because all its answers are there at once.

    Without a loop, so that an operator or an environment may run one of its own, as it may elsewhere.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError("a block had to wait for something")


class _Outlet:
    def __init__(self) -> None:
        self._encoder = Encoder()
        self.frame = b""

    def send(self, reply: Any) -> None:
        self.frame = self._encoder.encode(reply)


class _Inside(Worker):
    """What both kinds of worker do otherwise than where they have a process."""

    _link: InsideLink | None

    @property
    def inside(self) -> InsideLink:
        """The link to what is hosted."""
        assert self._link is not None, f"{self.name!r} was used before it was started"
        return self._link

    def new_host(self) -> Host:
        """Return what is to be hosted, new."""
        raise NotImplementedError

    async def connect(self) -> Link:
        """Take in what is hosted."""
        return InsideLink([self.new_host()], self.name)

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
        self._host = EnvironmentHost()
        return self._host

    @property
    def hosted(self) -> HostedEnvironment:
        """The environment; only after it has been started."""
        return self._host.hosted


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
        self._host = OperatorHost(load(self.program.argv))
        return self._host

    def find(self, lane: str, agent: str) -> Seat | None:
        """Return one of its seats, or None where it has not been asked for yet."""
        return self._host.find(lane, agent)
