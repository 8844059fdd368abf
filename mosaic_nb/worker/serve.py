"""A worker's main loop: one request, one reply, until the scheduler has gone."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from mosaic_nb.protocol import UnexpectedMessage, UnsupportedValue, handshake, messages
from mosaic_nb.worker.channel import Channel
from mosaic_nb.worker.contract import Operator
from mosaic_nb.worker.operator_host import OperatorHost

Handler = Callable[[Any], Any]


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


def serve(factory: Callable[..., Operator]) -> None:
    """Serve an operator until the scheduler has gone. The last line of an operator program.

    Args:
        factory: called once with the operator's options as keyword arguments; usually the `Operator` class.
    """
    run(Channel.from_environment(), [OperatorHost(factory)])


def run(channel: Channel, hosts: Iterable[Host]) -> None:
    """Answer requests with the handlers of these hosts until the scheduler has gone."""
    channel.leave_with_the_scheduler()
    hosts = list(hosts)
    handlers: dict[type[Any], Handler] = {messages.Ping: lambda _: messages.Done(id=0)}
    for host in hosts:
        handlers.update(host.handlers())
    handlers[messages.Hello] = lambda request: _welcome(request, hosts)
    while (request := channel.receive()) is not None:
        if isinstance(request, messages.Shutdown):
            break
        _answer(channel, handlers, request)
    for host in hosts:
        host.close()
    if request is not None:
        channel.send(messages.Done(id=request.id))


def _answer(channel: Channel, handlers: dict[type[Any], Handler], request: Any) -> None:
    try:
        handler = handlers.get(type(request))
        if handler is None:
            raise UnexpectedMessage(f"this worker does not answer {type(request).__name__}")
        reply = handler(request)
        _send(channel, reply, request)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # whatever the user's code raises is the reply, and the worker lives on
        traceback.print_exc()
        _send(channel, _failure(error), request)


def _send(channel: Channel, reply: Any, request: Any) -> None:
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
        traceback="".join(traceback.format_exception(error)),
    )


def _welcome(request: messages.Hello, hosts: Iterable[Host]) -> messages.Welcome:
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
