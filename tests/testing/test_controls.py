from __future__ import annotations

from mosaic_nb.scheduler.snapshot import Snapshot
from mosaic_nb.testing.controls import FakeControls, FakeLane, four_lanes


def test_step_waits_for_the_person_and_one_move_is_one_tick() -> None:
    controls = FakeControls(four_lanes())
    controls.step()
    controls.settle()
    turn = controls.snapshot.lanes[2].seats[0].turn
    assert (controls.snapshot.phase, turn) == ("waiting", 1)
    for late in (None, 0, turn, turn):
        controls.choose("me", "agent", 2, late)
    controls.settle()
    assert controls.snapshot.tick == 1
    assert controls.snapshot.lanes[2].seats[0].action == "forward"
    controls.close()


def test_every_change_is_shown_in_order_until_the_watch_ends() -> None:
    controls = FakeControls([FakeLane("a", ends_at=2), FakeLane("b", fails="broke", fails_at=3)])
    seen: list[Snapshot] = []
    stop = controls.watch(seen.append)
    for _ in range(3):
        controls.step()
    controls.settle()
    stop()
    controls.step()
    controls.settle()
    assert [snapshot.tick for snapshot in seen] == [0, 1, 2, 3]
    assert [lane.status for lane in seen[-1].lanes] == ["held", "failed"]
    assert [lane.step for lane in controls.snapshot.lanes] == [2, 3]
    controls.close()


def test_the_same_calls_give_the_same_pictures() -> None:
    def play() -> list[bytes]:
        controls = FakeControls(four_lanes(), seed=3)
        controls.choose("me", "agent", 1, None)
        controls.settle()
        controls.close()
        return [picture.data for picture in controls.pictures_now().values()]

    assert play() == play()
