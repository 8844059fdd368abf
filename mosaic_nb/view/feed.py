"""Carries an arena's newest snapshot and pictures to the front ends that look, never more than they can take.

What happens at once is only noted; one thread sends, and it lives only as long as there is something to send. So
messages keep their order, the scheduler's thread never waits for a front end, and a snapshot that is overtaken before
it could be sent is never sent at all. Answers to what a front end asked go before snapshots and are all sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import Controls, Snapshot
from mosaic_nb.view.meter import Meter, Stats
from mosaic_nb.view.pace import Pace
from mosaic_nb.view.wire import pack, plain

PICTURE_PATIENCE = 0.25
"""Seconds that a new snapshot waits for its pictures; then it goes alone and they follow."""

PICTURE_LOST = 5.0
"""Seconds after which unanswered pictures may be asked for again."""

LINGER = 2.0
"""Seconds without anything to send after which the thread ends; the next thing to send starts another."""

_Message = tuple[dict[str, Any], list[bytes]]
_Due = tuple[tuple[tuple[int, str], ...], str]
"""Every lane's picture by its number and whose view it is, and the format of all."""


class Feed:
    """The way from an arena to its front ends. Every method may be called from any thread and returns at once."""

    def __init__(self, controls: Controls, send: Callable[[dict[str, Any], list[bytes]], None]) -> None:
        self._controls = controls
        self._send = send
        self._changed = threading.Condition()
        self._pace = Pace()
        self._meter = Meter()
        self._looking: dict[str, bool] = {}
        self._newest: Snapshot | None = None
        self._shown: Snapshot | None = None
        self._owed = False
        self._closed = False
        self._answers: list[_Message] = []
        self._arrived: Mapping[str, Picture] = {}
        self._asked_at: float | None = None
        self._asked_for: Snapshot | None = None
        self._pictured: _Due | None = None
        self._thread: threading.Thread | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Note the newest snapshot."""
        with self._changed:
            if self._newest is not self._shown and any(self._looking.values()):
                self._meter.dropped += 1
            self._newest = snapshot
            self._wake()

    def answer(
        self, content: dict[str, Any], buffers: Sequence[bytes] = (), *, overtakes: bool = False
    ) -> None:
        """Send what a front end asked for.

        Args:
            content: the message; its ``view`` says who asked.
            buffers: its binary parts.
            overtakes: whether an answer of the same type to the same front end need not be sent any more.
        """
        with self._changed:
            if overtakes:
                same = ("type", "view")
                self._answers = [
                    message
                    for message in self._answers
                    if any(message[0].get(k) != content.get(k) for k in same)
                ]
            self._answers.append((content, list(buffers)))
            self._wake()

    def hello(self, view: str, *, looking: bool) -> None:
        """A front end is there and has nothing: it is owed the whole state, seen or not."""
        with self._changed:
            self._owed = True
            self.look(view, looking=looking)

    def look(self, view: str, *, looking: bool) -> None:
        """A front end came into sight, and wants pictures of now, or went out of it."""
        with self._changed:
            self._looking[view] = looking
            if looking:
                self._arrived, self._pictured = {}, None
                self._pace.hear(time.monotonic(), None, view)
            else:
                self._pace.forget(view)
            self._wake()

    def leave(self, view: str) -> None:
        """A front end is gone."""
        with self._changed:
            self._looking.pop(view, None)
            self._pace.forget(view)

    def acknowledge(self, view: str, number: int, drawn: int | None = None) -> None:
        """A front end has drawn message ``number``, and ``drawn`` in all."""
        with self._changed:
            now = time.monotonic()
            self._pace.hear(now, number, view)
            self._meter.hear(now, view, number, number if drawn is None else drawn)
            self._wake()

    def stats(self) -> Stats:
        """Return what was sent so far, and what became of it."""
        with self._changed:
            looking = list(self._looking.values())
            return self._meter.stats(
                time.monotonic(), views=len(looking), looking=sum(looking), late=self._controls.late
            )

    def close(self) -> None:
        """Send nothing more; the thread ends."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    # --- the thread ----------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Have somebody look for what there is to send now."""
        if self._thread is not None:
            self._changed.notify()
        elif not self._closed and self._has_work():
            self._thread = threading.Thread(target=self._run, name="mosaic-nb view", daemon=True)
            self._thread.start()

    def _has_work(self) -> bool:
        return bool(self._answers) or self._delay(time.monotonic()) is not None

    def _run(self) -> None:
        try:
            while (message := self._next()) is not None:
                self._send(*message)
        except (
            BaseException
        ):  # the page's end of the line is gone: whoever says hello next gets another thread
            self._thread = None
            raise

    def _next(self) -> _Message | None:
        """Return what is to be sent next, when it is time to; None where nothing has been for a while."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                delay = self._delay(now)
                if self._answers:
                    return self._answers.pop(0)
                if delay is None:
                    if not self._changed.wait(LINGER) and not self._has_work():
                        break
                elif delay or self._newest is None:
                    self._changed.wait(delay)
                elif not self._ask(self._newest, now):
                    return self._compose(self._newest, now)
            self._thread = None
        return None

    def _delay(self, now: float) -> float | None:
        """Seconds until there is something to do; None if only a change can bring it about."""
        newest = self._newest
        if newest is None or not (self._owed or any(self._looking.values())):
            return None
        if self._owed:
            return 0.0
        wait, fresh = self._pace.wait(now), newest is not self._shown
        if self._arrived:
            return wait
        if self._asked_at is None:
            return wait if fresh or self._stale(newest) else None
        patience = PICTURE_PATIENCE if fresh else PICTURE_LOST
        return max(wait, self._asked_at + patience - now)

    def _stale(self, newest: Snapshot) -> bool:
        """Whether other pictures are due than the last ones: of another moment, or sharp ones now it rests."""
        return newest.phase != "closed" and self._pictured != self._due(newest)

    def _due(self, newest: Snapshot) -> _Due:
        frames = tuple((lane.frame, lane.view) for lane in newest.lanes)
        moving = newest.phase in ("playing", "stepping")
        if moving and self._pictured and self._pictured[0] == frames:
            return self._pictured
        return frames, "jpeg" if moving else "png"

    def _ask(self, newest: Snapshot, now: float) -> bool:
        """Ask for pictures if they are due and not under way; return whether the message waits for them."""
        under_way = self._asked_at is not None and now < self._asked_at + PICTURE_LOST
        if self._owed or self._arrived or under_way or not self._stale(newest):
            return False
        due = self._due(newest)
        self._asked_at, self._asked_for = now, newest
        self._controls.pictures(due[1], lambda pictures: self._arrive(due, pictures))
        return True

    def _arrive(self, due: _Due, pictures: Mapping[str, Picture]) -> None:
        with self._changed:
            self._arrived, self._pictured, self._asked_at = pictures, due, None
            self._wake()

    def _compose(self, newest: Snapshot, now: float) -> _Message:
        described, buffers = pack(self._arrived)
        # Pictures go with the state they were asked for, unless a newer one had to go ahead without them.
        shown = (self._arrived and self._asked_for) or newest
        number = self._pace.send(now)
        content = {"type": "show", "number": number, "snapshot": plain(shown)}
        self._meter.send(now, number, buffers)
        self._shown, self._asked_for, self._arrived, self._owed = shown, None, {}, False
        return content | {"pictures": described}, buffers
