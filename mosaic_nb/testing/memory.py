"""What `FakeControls` remembers: every moment as it was shown, and what happened on the way."""

from __future__ import annotations

from mosaic_nb.scheduler.snapshot import History, LaneView, Mark, Snapshot

_MOST_POINTS = 600


class FakePast:
    """The moments of a fake arena, oldest first.

    Attributes:
        snapshots: a moment each; ``marks``: in order.
        chapter: changes with every mark and every rewind.
    """

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.marks: list[Mark] = []
        self.chapter = 0

    def mark(self, event: str, lane: str = "", words: str = "") -> None:
        """Note that something happens with the next moment."""
        self.chapter += 1
        self.marks.append(Mark(len(self.snapshots), lane, event, words))

    def note_tick(self, before: tuple[LaneView, ...], after: tuple[LaneView, ...]) -> None:
        """Mark what a tick brought: lanes that failed or ended, and operators that part with the first step."""
        for was, now in zip(before, after, strict=True):
            if was.status != now.status:
                self.mark("failure" if now.status == "failed" else "end", now.name, now.message)
        first = [lane for lane in after if lane.step == 1 and lane.status == "running"]
        if len({lane.seats[0].action for lane in first}) > 1:
            self.mark("part", words=", ".join(f"{lane.name}: {lane.seats[0].action}" for lane in first))

    def rewind(self, moment: int) -> Snapshot:
        """Forget what came after a moment, and return how that was."""
        del self.snapshots[moment + 1 :]
        self.marks = [mark for mark in self.marks if mark.moment <= moment]
        self.chapter += 1
        self.marks.append(Mark(moment, "", "rewind", f"back to tick {self.snapshots[-1].tick}"))
        return self.snapshots[-1]

    def history(self) -> History:
        """Return the past as a viewer gets it."""
        last = len(self.snapshots) - 1
        points = sorted({*range(0, last + 1, -(-(last + 1) // _MOST_POINTS)), last})
        shown = [self.snapshots[point] for point in points]
        names = [lane.name for lane in self.snapshots[-1].lanes]
        return History(
            first=0,
            last=last,
            points=tuple(points),
            ticks=tuple(snapshot.tick for snapshot in shown),
            returns={
                name: tuple(snapshot.lanes[at].episode_return for snapshot in shown)
                for at, name in enumerate(names)
            },
            marks=tuple(self.marks),
        )
