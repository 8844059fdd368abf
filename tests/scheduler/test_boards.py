"""People at boards and at one keyboard: what their seats are shown, and whose move counts when."""

from __future__ import annotations

import threading

import pytest

import mosaic_nb as mnb
from mosaic_nb.scheduler.snapshot import Recollection, SeatView, Snapshot
from tests.scheduler.viewer import Viewer, lane

FOUR = "classic/connect_four_v3"
SOCCER = "MosaicMultiGrid-S-2v2-IndAgObs-v1"
PAIR = {"agent_0": "human", "agent_1": "random", "agent_2": "human", "agent_3": "random"}


def of(snapshot: Snapshot, agent: str, name: str = "game") -> SeatView:
    """The seat of an agent."""
    return next(seat for seat in lane(snapshot, name).seats if seat.agent == agent)


def test_a_persons_board_follows_every_step_and_a_rewind() -> None:
    with mnb.Arena(FOUR, {"game": {"player_0": "human", "player_1": "random"}}, seed=1) as arena:
        first = arena._conductor.snapshot()
        assert len(of(first, "player_0").board.moves) == 7
        assert of(first, "player_1").board is None
        arena.step({"game": "column 4"})
        mine = of(arena._conductor.snapshot(), "player_0")
        assert (mine.board.cells[38], mine.board.moves, mine.to_move) == ("red disc", [], False)
        arena.step()
        assert len([cell for cell in of(arena._conductor.snapshot(), "player_0").board.cells if cell]) == 2
        arena.rewind(0)
        assert of(arena._conductor.snapshot(), "player_0").board == of(first, "player_0").board


def test_who_takes_over_sits_at_the_board_at_once_with_keys_of_their_own() -> None:
    with mnb.Arena(FOUR, {"game": {"player_0": "human", "player_1": "random"}}, seed=1) as arena:
        arena.step({"game": "column 4"})
        arena.swap("game", "human", agent="player_1")
        two = arena._conductor.snapshot()
        assert len(of(two, "player_1").board.moves) == 7
        keys = [[choice.key for choice in of(two, agent).choices] for agent in ("player_0", "player_1")]
        assert keys == [list("1234567"), list("qwertyu")]
        arena.swap("game", "random", agent="player_1")
        assert of(arena._conductor.snapshot(), "player_1").board is None
        arena.swap("game", "random", agent="player_0")
        arena.swap("game", "human", agent="player_1")
        alone = of(arena._conductor.snapshot(), "player_1")
        assert [choice.key for choice in alone.choices] == list("1234567")


def test_of_very_many_actions_a_person_is_shown_the_legal_ones() -> None:
    with mnb.Arena("classic/chess_v6", {"game": {"*": "human"}}, seed=1) as arena:
        shown = of(arena._conductor.snapshot(), "player_0")
        assert len(shown.choices) == 20
        assert {choice.label for choice in shown.choices} == {move.label for move in shown.board.moves}


def test_nobody_moves_ahead_of_their_turn() -> None:
    with mnb.Arena(FOUR, {"game": {"*": "human"}}, seed=1) as arena:
        viewer = Viewer(arena)
        viewer.controls.choose("game", "player_1", 3, None)
        viewer.controls.choose("game", "player_0", 2, None)
        shown = viewer.until(lambda s: s.tick == 1)
        assert arena._conductor.late == 1
        assert (of(shown, "player_0").to_move, of(shown, "player_1").to_move) == (False, True)
        viewer.controls.step()
        asked = viewer.until(lambda s: s.phase == "waiting")
        assert of(asked, "player_1").turn is not None
        assert asked.status == "game (player_1): your move"
        assert not of(asked, "player_0").chosen


def test_a_joint_move_is_collected() -> None:
    with mnb.Arena(SOCCER, {"game": PAIR}, seed=1, clocked=False) as arena:
        viewer = Viewer(arena)
        viewer.controls.step()
        asked = viewer.until(lambda s: s.phase == "waiting")
        viewer.controls.choose("game", "agent_2", 3, of(asked, "agent_2").turn)
        half = viewer.until(lambda s: of(s, "agent_2").chosen)
        assert half.tick == 0
        assert of(half, "agent_2").action == "", "not what was chosen"
        assert not of(half, "agent_0").chosen
        viewer.controls.choose("game", "agent_0", 1, of(half, "agent_0").turn)
        done = viewer.until(lambda s: s.tick == 1)
        assert (of(done, "agent_0").action, of(done, "agent_2").action) == ("left", "forward")
        assert not any(seat.chosen for seat in done.lanes[0].seats)


def test_a_move_made_before_the_tick_counts_as_chosen() -> None:
    with mnb.Arena(SOCCER, {"game": PAIR}, seed=1, clocked=False) as arena:
        viewer = Viewer(arena)
        viewer.controls.choose("game", "agent_0", 3, None)
        half = viewer.until(lambda s: s.phase == "waiting")
        assert of(half, "agent_0").chosen
        assert of(half, "agent_2").turn is not None


def test_a_lane_is_looked_at_through_an_agents_eyes() -> None:
    with mnb.Arena(SOCCER, {"game": {"*": "random"}, "other": {"*": "random"}}, seed=1) as arena:
        viewer = Viewer(arena)
        shown = viewer.until(lambda s: s.lanes)
        assert lane(shown, "game").views == ("agent_0", "agent_1", "agent_2", "agent_3")

        def sizes() -> dict[str, tuple[int, int]]:
            pictures = arena._thread.call(arena._conductor.look("png"), arena._conductor.interrupt)
            return {name: (picture.width, picture.height) for name, picture in pictures.items()}

        whole = sizes()
        viewer.controls.look_through("game", "agent_2")
        viewer.until(lambda s: lane(s, "game").view == "agent_2")
        assert sizes() == whole | {"game": (222, 222)}
        viewer.controls.look_through("game", "")
        viewer.until(lambda s: lane(s, "game").view == "")
        assert sizes() == whole
        viewer.controls.look_through("game", "nobody")
        viewer.until(lambda s: "no view of 'nobody'" in s.status)


@pytest.mark.parametrize("agents", [("agent_0", "agent_2"), ("agent_1", "agent_3")])
def test_the_first_two_people_of_a_lane_share_a_keyboard(agents: tuple[str, str]) -> None:
    cast = dict.fromkeys(agents, "human") | {"*": "random"}
    with mnb.Arena(SOCCER, {"game": cast}, seed=1) as arena:
        shown = arena._conductor.snapshot()
        keys = [{choice.label: choice.key for choice in of(shown, agent).choices} for agent in agents]
        assert [each["forward"] for each in keys] == ["ArrowUp", "w"]


def test_a_game_at_a_board_is_looked_back_at_and_replays() -> None:
    with mnb.Arena(FOUR, {"game": {"*": "human"}}, seed=1) as arena:
        for number, column in enumerate((4, 4, 3)):
            arena.step({"game": {f"player_{number % 2}": f"column {column}"}})
            arena._thread.call(arena._conductor.look("png"), arena._conductor.interrupt)
        found: list[Recollection] = []
        here = threading.Event()
        arena._conductor.recall(2, lambda recollection: (found.append(recollection), here.set()))
        assert here.wait(20)
        board = of(found[0].snapshot, "player_0").board
        assert board is not None
        assert (len([cell for cell in board.cells if cell]), board.moves) == (2, [])
        arena.rewind(1)
        assert of(arena._conductor.snapshot(), "player_1").board.cells.count("red disc") == 1
    assert mnb.open_run(arena.path).verify()
