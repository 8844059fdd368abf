from __future__ import annotations

from mosaic_nb.scheduler.snapshot import History, Inspection, Recollection, Snapshot
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


def test_the_past_can_be_looked_at_and_gone_back_to() -> None:
    controls = FakeControls([FakeLane("a", ends_at=4), FakeLane("bcd", "baseline")])
    pictures = []
    for _ in range(5):
        controls.settle()
        pictures.append(controls.pictures_now())
        controls.step()
    recalled: list[Recollection] = []
    controls.recall(3, recalled.append)
    controls.settle()
    then = recalled[0]
    assert (then.moment, then.snapshot.moment, then.snapshot.tick) == (3, 3, 3)
    assert {lane: picture.data for lane, picture in then.pictures.items()} == {
        lane: picture.data for lane, picture in pictures[3].items()
    }
    controls.rewind(2)
    controls.step()
    controls.settle()
    told: list[History] = []
    controls.history(told.append)
    controls.settle()
    assert (told[0].points, told[0].ticks) == ((0, 1, 2, 3), (0, 1, 2, 3))
    assert [(mark.event, mark.moment) for mark in told[0].marks] == [
        ("begin", 0),
        ("begin", 0),
        ("part", 1),
        ("rewind", 2),
    ]
    assert controls.snapshot.chapter > then.snapshot.chapter
    controls.close()


def test_of_many_moments_asked_for_at_once_the_newest_is_answered() -> None:
    controls = FakeControls(four_lanes())
    recalled: list[Recollection] = []
    for _ in range(100):
        controls.recall(0, recalled.append)
    controls.settle()
    assert len(recalled) < 100
    controls.close()


def test_a_lane_is_inspected_now_and_then() -> None:
    controls = FakeControls([FakeLane("a")])
    controls.step()
    told: list[Inspection] = []
    controls.inspect("a", None, told.append)
    controls.inspect("a", 0, told.append)
    controls.settle()
    assert [inspection.moment for inspection in told] == [1, 0]
    assert told[0].observations["agent"].startswith("step 1")
    controls.close()


def test_a_person_takes_an_operators_place_and_hands_it_back() -> None:
    controls = FakeControls(four_lanes())
    controls.step()
    controls.take_over("PPO", "agent")
    controls.settle()
    seat = controls.snapshot.lanes[0].seats[0]
    assert (seat.kind, seat.relieves, seat.turn) == ("human", "PPO", 1)
    controls.choose("me", "agent", 0, 1)
    controls.settle()
    assert controls.snapshot.tick == 0
    controls.choose("PPO", "agent", 3, 1)
    controls.hand_back("PPO", "agent")
    controls.hand_back("PPO", "agent")
    told: list[History] = []
    controls.history(told.append)
    controls.settle()
    assert controls.snapshot.tick == 1
    assert controls.snapshot.lanes[0].seats[0].kind == "rl"
    assert [mark.event for mark in told[0].marks] == ["begin"] * 4 + ["take-over", "part", "hand-back"]
    controls.close()


def test_several_steps_are_ticks_one_after_another_until_stopped() -> None:
    controls = FakeControls([FakeLane("a")])
    seen: list[Snapshot] = []
    controls.watch(seen.append)
    controls.step(5)
    while controls.snapshot.phase != "idle" or controls.snapshot.tick == 0:
        controls.settle()
    assert [(snapshot.tick, snapshot.phase) for snapshot in seen[1:]] == [
        *((tick, "stepping") for tick in range(1, 5)),
        (5, "idle"),
    ]
    controls.close()


def test_stop_takes_an_open_question_back() -> None:
    controls = FakeControls(four_lanes())
    controls.play()
    controls.stop()
    controls.settle()
    assert (controls.snapshot.phase, controls.snapshot.playing) == ("idle", False)
    assert controls.snapshot.lanes[2].seats[0].turn is None
    controls.close()


def test_lanes_play_seeds_of_their_own_where_they_are_not_shared() -> None:
    controls = FakeControls(four_lanes(), seed=3)
    controls.reset(None, False)
    controls.reset(5)
    controls.settle()
    assert [lane.seed for lane in controls.snapshot.lanes] == [5, 1005, 2005, 3005]
    controls.reset(None, True)
    controls.settle()
    assert [lane.seed for lane in controls.snapshot.lanes] == [5, 5, 5, 5]
    controls.close()


def test_by_the_clock_what_is_held_is_done_and_else_the_default() -> None:
    controls = FakeControls(four_lanes())
    controls.set_clocked(True)
    controls.step()
    controls.settle()
    idle = controls.snapshot.lanes[2].seats[0]
    assert (idle.action, idle.note) == (idle.default, "no key")
    controls.hold("me", "agent", 0)
    controls.settle()
    held = controls.snapshot.lanes[2].seats[0]
    assert (controls.snapshot.phase, held.action, held.note) == ("playing", "left", "")
    controls.close()
