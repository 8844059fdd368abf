"""The widget: one for all lanes of an arena."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anywidget

from mosaic_nb.scheduler.snapshot import Controls, Recollection, Snapshot
from mosaic_nb.view import requests, wire
from mosaic_nb.view.feed import Feed
from mosaic_nb.view.meter import Stats
from mosaic_nb.view.script import script, style
from mosaic_nb.view.scrubs import Scrubs

Export = Callable[[str, Callable[[str, str, bytes], None], Callable[[str], None]], None]


class Grid(anywidget.AnyWidget):
    """Shows an arena's lanes and hands on what a person does there.

    All state travels in custom messages, none in traits: a notebook saved with the state of its widgets comes
    out of nbconvert blank where their pictures should be.

    Args:
        controls: the arena to show and to steer.
        exporter: makes a file of a kind, ``html``, ``gif`` or ``png``: it is called with the kind, with what takes the
            file (name, MIME type, content), and with what takes the reason where there will be none.
    """

    _esm = script("grid")
    _css = style()
    _unwatch: Callable[[], None] | None = None

    def __init__(self, controls: Controls, exporter: Export | None = None) -> None:
        super().__init__()
        self._controls = controls
        self._exporter = exporter
        self._met = threading.Event()
        self._feed = Feed(controls, self.send)
        self._scrubs = Scrubs(controls, self._show_past)
        self.on_msg(self._hear)
        self._unwatch = controls.watch(self.show)

    @property
    def front_end(self) -> bool:
        """Whether a front end has said hello: somebody may be there to be asked."""
        return self._met.is_set()

    def wait_for_front_end(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds for a front end; return whether there is one.

        Its hello arrives on the kernel's main thread: waiting there blocks what is waited for.
        """
        return self._met.wait(timeout)

    def show(self, snapshot: Snapshot) -> None:
        """Show this snapshot as soon as the front end can take it, unless a newer one comes first."""
        self._feed.show(snapshot)

    def close(self) -> None:
        """Stop watching the arena and take the widget off the page; closing again does nothing."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
            self._feed.close()
        super().close()

    def stats(self) -> Stats:
        """Return what was sent to the front ends, and what became of it."""
        return self._feed.stats()

    def _hear(self, _widget: Any, content: Any, _buffers: Any) -> None:
        try:
            said = requests.read(content)
            if isinstance(said, requests.Hello | requests.Look | requests.Leave | requests.Acknowledge):
                self._note_presence(said)
                return
            self._serve(said)
        except ValueError as error:
            view = content.get("view") if isinstance(content, dict) else None
            self._refuse(view if isinstance(view, str) else "", str(error))
        self.send({"type": "heard"})

    def _note_presence(
        self, said: requests.Hello | requests.Look | requests.Leave | requests.Acknowledge
    ) -> None:
        match said:
            case requests.Hello(view, looking):
                self._met.set()
                self._feed.hello(view, looking=looking)
            case requests.Look(view, looking):
                self._feed.look(view, looking=looking)
            case requests.Leave(view):
                self._feed.leave(view)
                self._scrubs.leave(view)
            case requests.Acknowledge():
                self._feed.acknowledge(said.view, said.number, said.drawn)

    def _serve(self, said: requests.Said) -> None:
        match said:
            case requests.AskHistory(view):
                self._controls.history(lambda found: self._feed.answer(_to(view, wire.history(found))))
            case requests.Scrub(view=view, moment=moment):
                self._scrubs.want(view, moment)
            case requests.Inspect(view=view, lane=lane, moment=moment):
                self._controls.inspect(
                    lane, moment, lambda found: self._feed.answer(_to(view, wire.inspection(found)))
                )
            case requests.Export(view=view, kind=kind):
                self._export(view, kind)
            case requests.Command():
                said.do(self._controls)

    def _show_past(self, view: str, recollection: Recollection) -> None:
        content, buffers = wire.past(recollection)
        self._feed.answer(_to(view, content), buffers, overtakes=True)

    def _export(self, view: str, kind: str) -> None:
        if self._exporter is None:
            self._refuse(view, "there is nothing here to make a file of")
            return

        def done(name: str, mime: str, content: bytes) -> None:
            self._feed.answer(_to(view, {"type": "file", "name": name, "mime": mime}), [content])

        self._exporter(kind, done, lambda words: self._refuse(view, words))

    def _refuse(self, view: str, words: str) -> None:
        self._feed.answer(_to(view, wire.trouble(words)))


def _to(view: str, content: dict[str, Any]) -> dict[str, Any]:
    """Address a message to the front end that asked; without its name it is for all."""
    return content | {"view": view} if view else content
