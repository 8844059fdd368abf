"""An arena's stand-in for whoever builds or tests a view: `FakeControls`."""

from __future__ import annotations

import io
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import (
    Choice,
    History,
    Inspection,
    LaneView,
    Recollection,
    SeatView,
    Snapshot,
)
from mosaic_nb.testing.memory import FakePast

LABELS = ("left", "right", "forward", "pickup", "drop", "toggle")
KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "p", "d", "t")
_SIDE = 5


@dataclass(frozen=True, slots=True)
class FakeLane:
    """A lane as `FakeControls` is told to play it.

    Attributes:
        name: the lane's name.
        kind: of its operator; ``"human"`` makes the lane wait for `FakeControls.choose`.
        fails: why and how it fails, or empty; it fails at tick ``fails_at``.
        ends_at: the tick its episode is over and it is held, or None.
        text: what stands in for its picture, or empty.
        size: its pictures' (width, height) in pixels.
        labels: its actions.
    """

    name: str
    kind: str = "rl"
    fails: str = ""
    fails_at: int = 1
    ends_at: int | None = None
    text: str = ""
    size: tuple[int, int] = (320, 320)
    labels: tuple[str, ...] = LABELS


class FakeControls:
    """Implements `mosaic_nb.scheduler.snapshot.Controls` without environments: a token walks over a board.

    Everything happens on a thread of its own, as in an arena, and the same calls give the same snapshots.

    Args:
        lanes: what to play.
        title: the environment's id.
        seed: of the episodes under way.
        legal: the labels that a person may choose.

    Attributes:
        calls: every call received: its name and arguments, in order.
        asked: how often pictures were asked for, by format.
    """

    def __init__(
        self,
        lanes: Sequence[FakeLane] = (),
        *,
        title: str = "MiniGrid-DoorKey-5x5-v0",
        seed: int = 7,
        legal: Sequence[str] = LABELS,
    ) -> None:
        self._lanes = tuple(lanes) or four_lanes()
        self._legal = frozenset(legal)
        self._turn = 0
        self._moves: dict[str, int] = {}
        self._next_tick: float | None = None
        self._frames = 0
        self._past = FakePast()
        self._recalls = 0
        self._viewers: list[Callable[[Snapshot], None]] = []
        self.calls: list[tuple[Any, ...]] = []
        self.asked: list[str] = []
        self.snapshot = Snapshot(title, seed, 0, "idle", 8.0, "Ready.", ())
        self._begin(seed)
        self._posts: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fake scheduler", daemon=True)
        self._thread.start()

    def step(self) -> None:
        """See `Controls.step`."""
        self._post(self._open, "step")

    def play(self) -> None:
        """See `Controls.play`."""
        self._post(self._play, "play")

    def pause(self) -> None:
        """See `Controls.pause`."""
        self._post(self._pause, "pause")

    def reset(self, seed: int | None = None) -> None:
        """See `Controls.reset`."""
        self._post(lambda: self._begin(self.snapshot.seed if seed is None else seed), "reset", seed)

    def set_speed(self, ticks_per_second: float) -> None:
        """See `Controls.set_speed`."""
        self._post(lambda: self._show(speed=ticks_per_second), "set_speed", ticks_per_second)

    def choose(self, lane: str, agent: str, action: Any, turn: int | None) -> None:
        """See `Controls.choose`."""
        self._post(lambda: self._choose(lane, action, turn), "choose", lane, agent, action, turn)

    def rewind(self, moment: int) -> None:
        """See `Controls.rewind`."""
        self._post(lambda: self._rewind(moment), "rewind", moment)

    def recall(self, moment: int, done: Callable[[Recollection], None]) -> None:
        """See `Controls.recall`."""
        self._recalls += 1
        number = self._recalls

        def answer() -> None:
            if number == self._recalls:
                done(self._recall(moment))

        self._post(answer, "recall", moment)

    def history(self, done: Callable[[History], None]) -> None:
        """See `Controls.history`."""
        self._post(lambda: done(self._past.history()), "history")

    def inspect(self, lane: str, moment: int | None, done: Callable[[Inspection], None]) -> None:
        """See `Controls.inspect`."""
        self._post(lambda: done(self._inspect(lane, moment)), "inspect", lane, moment)

    def pictures(self, format: str, done: Callable[[Mapping[str, Picture]], None], quality: int = 85) -> None:
        """See `Controls.pictures`."""
        self.asked.append(format)
        self._posts.put(lambda: done(self.pictures_now(format, quality)))

    def watch(self, viewer: Callable[[Snapshot], None]) -> Callable[[], None]:
        """See `Controls.watch`."""
        self._posts.put(lambda: self._watch(viewer))
        return lambda: self._posts.put(lambda: self._viewers.remove(viewer))

    def show(self, **changes: Any) -> None:
        """Change the snapshot at will, for a test: ``show(phase="closed")``."""
        self._posts.put(lambda: self._show(**changes))

    def settle(self) -> None:
        """Wait until everything posted before has happened."""
        reached = threading.Event()
        self._posts.put(reached.set)
        reached.wait()

    def close(self) -> None:
        """End the thread."""
        self._posts.put(None)
        self._thread.join()

    def pictures_now(self, format: str = "png", quality: int = 85) -> dict[str, Picture]:
        """Every lane's picture as it stands."""
        return self._pictures(self.snapshot, format, quality)

    def _pictures(self, snapshot: Snapshot, format: str, quality: int) -> dict[str, Picture]:
        views = {lane.name: lane for lane in snapshot.lanes}
        return {lane.name: _picture(lane, views[lane.name], format, quality) for lane in self._lanes}

    def _post(self, action: Callable[[], object], *call: Any) -> None:
        self.calls.append(call)
        self._posts.put(action)

    def _run(self) -> None:
        while True:
            timeout = None if self._next_tick is None else max(0.0, self._next_tick - time.monotonic())
            try:
                action = self._posts.get(timeout=timeout)
            except queue.Empty:
                action = self._open
            if action is None:
                return
            action()

    def _watch(self, viewer: Callable[[Snapshot], None]) -> None:
        self._viewers.append(viewer)
        viewer(self.snapshot)

    def _show(self, **changes: Any) -> None:
        self.snapshot = replace(self.snapshot, **changes)
        for viewer in self._viewers:
            viewer(self.snapshot)

    def _begin(self, seed: int) -> None:
        self._moves, self._next_tick = {}, None
        self._frames += 1
        lanes = tuple(
            LaneView(lane.name, (self._seat(lane, None),), "running", seed=seed, frame=self._frames)
            for lane in self._lanes
        )
        for lane in self._lanes:
            self._past.mark("begin", lane.name, f"seed {seed}")
        self._remember(seed=seed, tick=0, phase="idle", status="Ready.", lanes=lanes, playing=False)

    def _remember(self, **changes: Any) -> None:
        """Show a new moment."""
        self.snapshot = replace(self.snapshot, moment=len(self._past.snapshots), chapter=self._past.chapter)
        self._show(**changes)
        self._past.snapshots.append(self.snapshot)

    def _rewind(self, moment: int) -> None:
        then = self._past.rewind(moment)
        self._moves, self._next_tick = {}, None
        self._frames += 1
        lanes = tuple(replace(lane, frame=self._frames) for lane in then.lanes)
        self.snapshot = replace(then, lanes=lanes, phase="idle", playing=False, chapter=self._past.chapter)
        self._show(status=f"Back at tick {then.tick}.")

    def _recall(self, moment: int) -> Recollection:
        then = replace(self._past.snapshots[moment], phase="idle", playing=False)
        pictures = self._pictures(then, "png", 85)
        for view in then.lanes:
            pictures[view.name].words = _words(view)
        return Recollection(moment, then, pictures)

    def _inspect(self, lane: str, moment: int | None) -> Inspection:
        shown = self.snapshot if moment is None else self._past.snapshots[moment]
        view = next(view for view in shown.lanes if view.name == lane)
        logs = {view.seats[0].operator: f"loaded in 0.2 s\n{view.step} decisions", "environment": ""}
        return Inspection(lane, shown.moment, _words(view), logs)

    def _play(self) -> None:
        self._show(playing=True, phase="playing", status="Playing.")
        self._open()

    def _pause(self) -> None:
        self._next_tick = None
        waiting = self.snapshot.phase == "waiting"
        self._show(playing=False, phase="waiting" if waiting else "idle", status="Paused.")

    def _open(self) -> None:
        if self.snapshot.phase in ("waiting", "closed"):
            return
        self._turn += 1
        self._next_tick = None
        people = [lane.name for lane in self._to_move() if lane.name not in self._moves]
        if people:
            self._show(
                phase="waiting", status=f"Your move: {', '.join(people)}.", lanes=self._views(self._turn)
            )
        else:
            self._tick()

    def _to_move(self) -> list[FakeLane]:
        running = {view.name for view in self.snapshot.lanes if view.status == "running"}
        return [lane for lane in self._lanes if lane.kind == "human" and lane.name in running]

    def _choose(self, lane: str, action: int, turn: int | None) -> None:
        waiting = self.snapshot.phase == "waiting"
        if turn != (self._turn if waiting else None) or lane in self._moves:
            return
        self._moves[lane] = action
        if not waiting:
            self._open()
        elif all(person.name in self._moves for person in self._to_move()):
            self._tick()
        else:
            self._show(lanes=self._views(self._turn))

    def _tick(self) -> None:
        self._frames += 1
        tick, moves, self._moves = self.snapshot.tick + 1, self._moves, {}
        views = zip(self._lanes, self.snapshot.lanes, strict=True)
        lanes = tuple(self._advance(lane, view, tick, moves.get(lane.name)) for lane, view in views)
        if self.snapshot.playing:
            self._next_tick = time.monotonic() + 1 / self.snapshot.speed
        phase, status = (
            ("playing", "Playing.") if self.snapshot.playing else ("idle", f"Tick {tick} is done.")
        )
        self._past.note_tick(self.snapshot.lanes, lanes)
        self._remember(tick=tick, phase=phase, status=status, lanes=lanes)

    def _advance(self, lane: FakeLane, view: LaneView, tick: int, move: int | None) -> LaneView:
        if view.status != "running":
            return view
        action = _decide(lane, tick) if move is None else move
        view = replace(view, seats=(self._seat(lane, action),), step=tick, frame=self._frames)
        if lane.fails and tick >= lane.fails_at:
            return replace(view, status="failed", message=lane.fails)
        if lane.ends_at is not None and tick >= lane.ends_at:
            return replace(view, status="held", message="goal reached", episode_return=0.93)
        return replace(view, episode_return=round(0.01 * tick, 2))

    def _views(self, turn: int) -> tuple[LaneView, ...]:
        asked = {lane.name for lane in self._to_move() if lane.name not in self._moves}
        return tuple(
            replace(view, seats=(replace(view.seats[0], turn=turn if view.name in asked else None),))
            for view in self.snapshot.lanes
        )

    def _seat(self, lane: FakeLane, action: int | None) -> SeatView:
        label = "" if action is None else lane.labels[action]
        if lane.kind == "human":
            keys = dict(zip(LABELS, KEYS, strict=True))
            choices = (
                Choice(n, name, keys.get(name, ""), name in self._legal) for n, name in enumerate(lane.labels)
            )
            return SeatView("agent", lane.name, lane.kind, choices=tuple(choices), action=label)
        if lane.kind in ("baseline", "script") or action is None:
            value = None if lane.kind == "baseline" else 0.5
            return SeatView("agent", lane.name, lane.kind, action=label, value=value)
        return SeatView(
            "agent", lane.name, lane.kind, action=label, probabilities=_probabilities(lane, action)
        )


def four_lanes() -> tuple[FakeLane, ...]:
    """The quickstart's cast: PPO, LLM, me, random."""
    return (FakeLane("PPO"), FakeLane("LLM", "llm"), FakeLane("me", "human"), FakeLane("random", "baseline"))


def _decide(lane: FakeLane, tick: int) -> int:
    return (tick * 7 + len(lane.name)) % len(lane.labels)


def _probabilities(lane: FakeLane, action: int) -> tuple[tuple[str, float], ...]:
    rest = 0.3 / max(1, len(lane.labels) - 1)
    return tuple((label, 0.7 if number == action else rest) for number, label in enumerate(lane.labels))


def _words(view: LaneView) -> dict[str, str]:
    return {seat.agent: f"step {view.step}: a goal far away, a key behind you" for seat in view.seats}


def _picture(lane: FakeLane, view: LaneView, format: str, quality: int) -> Picture:
    if lane.text:
        return Picture(id=0, lane=lane.name, format="text", text=lane.text.replace("{step}", str(view.step)))
    width, height = lane.size
    encoded = io.BytesIO()
    options: dict[str, Any] = {"quality": quality} if format == "jpeg" else {"compress_level": 1}
    Image.fromarray(_board(view, width, height)).save(encoded, format, **options)
    return Picture(id=0, lane=lane.name, format=format, width=width, height=height, data=encoded.getvalue())


def _board(view: LaneView, width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A board of five by five cells, uint8 (height, width, 3): the token's cell follows from seed, step and action."""
    rows, columns = np.arange(height) * _SIDE // height, np.arange(width) * _SIDE // width
    cell = (view.seed * 3 + view.step * 2 + len(view.seats[0].action)) % _SIDE**2
    board = np.full((_SIDE, _SIDE, 3), (38, 42, 48), np.uint8)
    board[::2, ::2] = board[1::2, 1::2] = (52, 57, 64)
    board[1, 1], board[_SIDE - 1, _SIDE - 1] = (240, 200, 60), (60, 190, 110)
    board[divmod(cell, _SIDE)] = (235, 87, 87)
    return board[rows][:, columns]
