"""An arena's stand-in for whoever builds or tests a view: `FakeControls`."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import History, Inspection, LaneView, Recollection, SeatView, Snapshot
from mosaic_nb.testing.fake_lanes import LABELS, FakeLane, decide, four_lanes, picture, sit, words
from mosaic_nb.testing.memory import FakePast

_APART = 1000
"""From lane to lane, where the seeds are not shared."""


class FakeControls:
    """Implements `mosaic_nb.scheduler.snapshot.Controls` without environments: a token walks over a board.

    Everything happens on a thread of its own, as in an arena, and the same calls give the same snapshots.

    Args:
        lanes: what to play.
        title: the environment's id.
        seed: of the episodes under way.
        legal: the labels that a person may choose.

    Attributes:
        calls: every call that asks for more than a look: its name and arguments, in order.
        asked: how often pictures were asked for, by format.
        late: how many moves came too late, or twice, and were ignored.
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
        self._held: dict[str, int] = {}
        self._taken: set[str] = set()
        self._left = 0
        self._next_tick: float | None = None
        self._frames = 0
        self._past = FakePast()
        self._recalls = 0
        self._viewers: list[Callable[[Snapshot], None]] = []
        self.calls: list[tuple[Any, ...]] = []
        self.asked: list[str] = []
        self.late = 0
        self.snapshot = Snapshot(title, seed, 0, "idle", 8.0, "Ready.", ())
        self._begin(seed, shared=True)
        self._posts: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fake scheduler", daemon=True)
        self._thread.start()

    def step(self, count: int = 1) -> None:
        """See `Controls.step`."""
        self._post(lambda: self._start(count), "step", *(() if count == 1 else (count,)))

    def play(self) -> None:
        """See `Controls.play`."""
        self._post(self._play, "play")

    def pause(self) -> None:
        """See `Controls.pause`."""
        self._post(self._pause, "pause")

    def stop(self) -> None:
        """See `Controls.stop`."""
        self._post(self._stop, "stop")

    def reset(self, seed: int | None = None, shared: bool | None = None) -> None:
        """See `Controls.reset`."""
        self._post(lambda: self._begin(seed, shared), "reset", seed, *(() if shared is None else (shared,)))

    def set_speed(self, ticks_per_second: float) -> None:
        """See `Controls.set_speed`."""
        self._post(lambda: self._show(speed=ticks_per_second), "set_speed", ticks_per_second)

    def set_clocked(self, on: bool) -> None:
        """See `Controls.set_clocked`."""
        self._post(lambda: self._clock(on), "set_clocked", on)

    def hold(self, lane: str, agent: str, action: Any) -> None:
        """See `Controls.hold`."""
        self._post(lambda: self._hold(lane, action), "hold", lane, agent, action)

    def take_over(self, lane: str, agent: str) -> None:
        """See `Controls.take_over`."""
        self._post(lambda: self._seat(lane, taken=True), "take_over", lane, agent)

    def hand_back(self, lane: str, agent: str) -> None:
        """See `Controls.hand_back`."""
        self._post(lambda: self._seat(lane, taken=False), "hand_back", lane, agent)

    def choose(self, lane: str, agent: str, action: Any, turn: int | None) -> None:
        """See `Controls.choose`."""
        self._post(lambda: self._choose(lane, action, turn), "choose", lane, agent, action, turn)

    def look_through(self, lane: str, agent: str) -> None:
        """See `Controls.look_through`; a fake lane's picture stays what it was."""
        self._post(lambda: self._look_through(lane, agent), "look_through", lane, agent)

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

        self._posts.put(answer)

    def history(self, done: Callable[[History], None]) -> None:
        """See `Controls.history`."""
        self._posts.put(lambda: done(self._past.history()))

    def inspect(self, lane: str, moment: int | None, done: Callable[[Inspection], None]) -> None:
        """See `Controls.inspect`."""
        self._posts.put(lambda: done(self._inspect(lane, moment)))

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
        return {lane.name: picture(lane, views[lane.name], format, quality) for lane in self._lanes}

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

    def _begin(self, seed: int | None, shared: bool | None) -> None:
        seed = self.snapshot.seed if seed is None else seed
        shared = self.snapshot.shared if shared is None else shared
        self._moves, self._held, self._next_tick, self._left = {}, {}, None, 0
        self._frames += 1
        seeds = [seed if shared else seed + _APART * at for at in range(len(self._lanes))]
        lanes = tuple(
            LaneView(lane.name, (self._sit(lane, None),), "running", seed=own, frame=self._frames)
            for lane, own in zip(self._lanes, seeds, strict=True)
        )
        for view in lanes:
            self._past.mark("begin", view.name, f"seed {view.seed}")
        rest = {"tick": 0, "phase": "idle", "status": "Ready.", "playing": False}
        self._remember(seed=seed, shared=shared, lanes=lanes, **rest)

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
            pictures[view.name].words = words(view)
        return Recollection(moment, then, pictures)

    def _inspect(self, lane: str, moment: int | None) -> Inspection:
        shown = self.snapshot if moment is None else self._past.snapshots[moment]
        view = next(view for view in shown.lanes if view.name == lane)
        logs = {view.seats[0].operator: f"loaded in 0.2 s\n{view.step} decisions", "environment": ""}
        return Inspection(lane, shown.moment, words(view), logs)

    def _start(self, count: int) -> None:
        if self.snapshot.phase == "idle":
            self._left = count - 1
            self._open()

    def _stop(self) -> None:
        self._next_tick, self._left, self._moves = None, 0, {}
        if self.snapshot.phase != "closed":
            self._show(playing=False, phase="idle", status="Stopped.", lanes=self._views(None))

    def _clock(self, on: bool) -> None:
        self._held = {}
        self._show(clocked=on, status="People play by the clock." if on else "People are asked.")
        if on and self.snapshot.phase == "waiting":
            self._tick()

    def _hold(self, lane: str, action: int | None) -> None:
        if action is None:
            self._held.pop(lane, None)
        elif self.snapshot.clocked:
            self._held[lane] = action
            if self.snapshot.phase == "idle":
                self._play()

    def _seat(self, name: str, *, taken: bool) -> None:
        lane = next(lane for lane in self._lanes if lane.name == name)
        if lane.kind == "human" or taken == (name in self._taken):
            return
        (self._taken.add if taken else self._taken.remove)(name)
        self._past.mark("take-over" if taken else "hand-back", name, f"{name} sat there" if taken else "")
        asked = self._turn if taken and self.snapshot.phase == "waiting" else None
        seat = replace(self._sit(lane, None), turn=asked)
        lanes = tuple(
            replace(view, seats=(seat,)) if view.name == name else view for view in self.snapshot.lanes
        )
        self._show(lanes=lanes, chapter=self._past.chapter, status=f"{seat.operator} sits in {name}.")

    def _look_through(self, name: str, agent: str) -> None:
        lanes = self.snapshot.lanes
        self._show(lanes=tuple(replace(lane, view=agent) if lane.name == name else lane for lane in lanes))

    def _play(self) -> None:
        self._show(playing=True, phase="playing", status="Playing.")
        self._open()

    def _pause(self) -> None:
        self._next_tick, self._left = None, 0
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
        """The lanes where a person is to be asked."""
        running = {view.name for view in self.snapshot.lanes if view.status == "running"}
        if self.snapshot.clocked:
            return []
        return [lane for lane in self._lanes if self._is_person(lane) and lane.name in running]

    def _is_person(self, lane: FakeLane) -> bool:
        return lane.kind == "human" or lane.name in self._taken

    def _choose(self, lane: str, action: int, turn: int | None) -> None:
        waiting = self.snapshot.phase == "waiting"
        if turn != (self._turn if waiting else None) or lane in self._moves:
            self.late += 1
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
        phase = "playing" if self.snapshot.playing else "stepping" if self._left else "idle"
        status = "Playing." if self.snapshot.playing else f"Tick {tick} is done."
        self._past.note_tick(self.snapshot.lanes, lanes)
        self._remember(tick=tick, phase=phase, status=status, lanes=lanes)
        if self._left:
            self._left -= 1
            self._posts.put(self._go_on)

    def _go_on(self) -> None:
        if self.snapshot.phase == "stepping":
            self._open()

    def _advance(self, lane: FakeLane, view: LaneView, tick: int, move: int | None) -> LaneView:
        if view.status != "running":
            return view
        note = ""
        if move is None and self._is_person(lane):
            move = self._held.get(lane.name)
            note = "no key" if move is None else ""
            move = len(lane.labels) - 1 if move is None else move
        action = decide(lane, tick) if move is None else move
        view = replace(view, seats=(self._sit(lane, action, note),), step=tick, frame=self._frames)
        if lane.fails and tick >= lane.fails_at:
            return replace(view, status="failed", message=lane.fails)
        if lane.ends_at is not None and tick >= lane.ends_at:
            return replace(view, status="held", message="goal reached", episode_return=0.93)
        return replace(view, episode_return=round(0.01 * tick, 2))

    def _views(self, turn: int | None) -> tuple[LaneView, ...]:
        asked = {lane.name for lane in self._to_move() if lane.name not in self._moves}
        return tuple(
            replace(view, seats=(replace(view.seats[0], turn=turn if view.name in asked else None),))
            for view in self.snapshot.lanes
        )

    def _sit(self, lane: FakeLane, action: int | None, note: str = "") -> SeatView:
        return sit(lane, action, self._legal, taken=lane.name in self._taken, note=note)
