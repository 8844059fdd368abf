"""A worker's main loop: one request, one reply, until the scheduler has gone."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType, TracebackType
from typing import Any, NoReturn, Protocol

from mosaic_nb.protocol import UnexpectedMessage, UnsupportedValue, handshake, messages
from mosaic_nb.worker.channel import Channel
from mosaic_nb.worker.contract import Operator
from mosaic_nb.worker.operator_host import OperatorHost

Handler = Callable[[Any], Any]
Factory = Callable[..., Operator]
Collected = list[tuple[Factory, ModuleType]]
_OURS = "mosaic_nb."
_collected: ContextVar[Collected | None] = ContextVar("collected", default=None)


class Host(Protocol):
    """Something a worker hosts: handlers by request type, and what the handshake says of it."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What it can do, in the words of the handshake."""

    def handlers(self) -> dict[type[Any], Handler]:
        """Return what answers each type of request; a handler returns the reply, its id not yet set."""

    def libraries(self) -> dict[str, str]:
        """Return the versions of what it runs on."""

    def close(self) -> None:
        """Give back what is held."""


class Outlet(Protocol):
    """Where replies go."""

    def send(self, reply: Any) -> None:
        """Send a reply.

        Raises:
            UnsupportedValue: it holds something that has no form on the wire.
        """


@contextmanager
def collecting() -> Iterator[Collected]:
    """Have `serve` hand over factories, with the module of the program, instead of serving: somebody else will."""
    found: Collected = []
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


def serve(factory: Factory) -> None:
    """Serve an operator until the scheduler has gone. The last line of an operator program.

    Args:
        factory: called once with the operator's options as keyword arguments; usually the `Operator` class.
    """
    collected = _collected.get()
    if collected is None:
        run(Channel.from_environment(), [OperatorHost(factory)])
    else:
        collected.append((factory, sys.modules["__main__"]))


def run(channel: Channel, hosts: Iterable[Host]) -> None:
    """Answer requests with the handlers of these hosts until the scheduler has gone."""
    channel.leave_with_the_scheduler()
    hosts = list(hosts)
    told = _serve(channel, handlers_of(hosts))
    for host in hosts:
        host.close()
    if told is None:
        _vanish()
    channel.send(messages.Done(id=told.id))


def handlers_of(hosts: Sequence[Host]) -> dict[type[Any], Handler]:
    """Return what answers each type of request but the last, `mosaic_nb.protocol.messages.Shutdown`."""
    handlers: dict[type[Any], Handler] = {messages.Ping: lambda _: messages.Done(id=0)}
    for host in hosts:
        handlers.update(host.handlers())
    handlers[messages.Hello] = lambda request: _welcome(request, hosts)
    return handlers


def _serve(channel: Channel, handlers: dict[type[Any], Handler]) -> messages.Shutdown | None:
    """Answer requests; returns the one to leave, or None where the scheduler has gone."""
    while (request := channel.receive()) is not None:
        if type(request) is messages.Shutdown:
            return request
        try:
            answer(channel, handlers, request)
        except (BrokenPipeError, ConnectionResetError):  # ours: those of the user's code have become failures
            return None
    return None


def _vanish() -> NoReturn:
    """Leave at once: taking the interpreter down can take seconds, and nobody is left to wait."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def answer(channel: Outlet, handlers: Mapping[type[Any], Handler], request: Any) -> None:
    """Answer one request, by a failure where its handler raised."""
    reply = _reply(handlers, request)
    try:
        _send(channel, reply, request)
    except UnsupportedValue as error:
        traceback.print_exc()
        _send(channel, _failure(error), request)


def _reply(handlers: Mapping[type[Any], Handler], request: Any) -> Any:
    try:
        handler = handlers.get(type(request))
        if handler is None:
            raise UnexpectedMessage(f"this worker does not answer {type(request).__name__}")
        return handler(request)
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises is the reply, and the worker lives on
        traceback.print_exc()
        return _failure(error)


def _send(channel: Outlet, reply: Any, request: Any) -> None:
    reply.id, reply.lane, reply.agent, reply.step = request.id, request.lane, request.agent, request.step
    try:
        channel.send(reply)
    except UnsupportedValue as error:
        raise UnsupportedValue(f"the reply to {type(request).__name__} cannot be sent: {error}") from error


def _failure(error: Exception) -> messages.Failure:
    return messages.Failure(
        id=0,
        error=type(error).__name__,
        message=str(error),
        traceback="".join(traceback.format_exception(type(error), error, _from_the_users_code(error))),
    )


def _from_the_users_code(error: Exception) -> TracebackType | None:
    """Return an error's traceback from the first line on that is not ours, or all of it where every line is."""
    frames = error.__traceback__
    while frames is not None and _module(frames.tb_frame.f_globals).startswith(_OURS):
        frames = frames.tb_next
    return frames or error.__traceback__


def _module(names: dict[str, Any]) -> str:
    """Return the name of the module that has these names; the program's own, which runs as ``__main__``, too."""
    spec = names.get("__spec__")
    return str(names.get("__name__", "") if spec is None else spec.name)


def _welcome(request: messages.Hello, hosts: Sequence[Host]) -> messages.Welcome:
    os.environ.update(request.variables)
    version = handshake.choose(request.versions, messages.VERSIONS)
    libraries: dict[str, str] = {}
    capabilities: list[str] = []
    for host in hosts:
        libraries.update(host.libraries())
        capabilities.extend(host.capabilities)
    return messages.Welcome(
        id=0, version=version, name=request.name, capabilities=capabilities, libraries=libraries
    )
