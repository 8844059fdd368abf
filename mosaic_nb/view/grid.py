"""The widget: one for all lanes of an arena."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anywidget

from mosaic_nb.scheduler.snapshot import Controls, Snapshot
from mosaic_nb.view.feed import Feed
from mosaic_nb.view.script import script, style


class Grid(anywidget.AnyWidget):
    """Shows an arena's lanes and hands on what a person does there.

    All state travels in custom messages, none in traits: a notebook saved with the state of its widgets comes
    out of nbconvert blank where their pictures should be.

    Args:
        controls: the arena to show and to steer.
    """

    _esm = script("grid")
    _css = style()
    _unwatch: Callable[[], None] | None = None

    def __init__(self, controls: Controls) -> None:
        super().__init__()
        self._controls = controls
        self._met = threading.Event()
        self._feed = Feed(controls, self.send)
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

    def _hear(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        match content:
            case {"type": "hello", "view": view, "looking": looking}:
                self._met.set()
                self._feed.hello(view, looking=looking)
            case {"type": "look", "view": view, "looking": looking}:
                self._feed.look(view, looking=looking)
            case {"type": "leave", "view": view}:
                self._feed.leave(view)
            case {"type": "acknowledge", "number": number}:
                self._feed.acknowledge(number)
            case _:
                self._steer(content)
                self.send({"type": "heard"})

    def _steer(self, content: dict[str, Any]) -> None:
        match content:
            case {"type": "step" | "play" | "pause" as name}:
                getattr(self._controls, name)()
            case {"type": "choose", "lane": lane, "agent": agent, "action": action, "turn": turn}:
                self._controls.choose(lane, agent, action, turn)
            case {"type": "reset", "seed": seed}:
                self._controls.reset(None if seed is None else int(seed))
            case {"type": "speed", "ticks_per_second": speed}:
                self._controls.set_speed(speed)
            case _:
                raise ValueError(f"the front end sent what this version does not know: {content!r:.200}")
