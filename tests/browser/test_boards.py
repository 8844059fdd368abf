"""Boards to click: a real environment says the position and the legal moves, the page draws them, in Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.jupyterlab import SCREENSHOTS
from tests.browser.tables import Table
from tests.browser.test_access import violations

pytestmark = pytest.mark.browser

CHESS, FOUR, THREE, GO = (
    "classic/chess_v6",
    "classic/connect_four_v3",
    "classic/tictactoe_v3",
    "classic/go_v5",
)
TO_PROMOTE = ("a2a4", "b7b5", "a4b5", "a7a6", "b5a6", "h7h6", "a6a7", "h6h5")


def clickable(table: Table) -> set[str]:
    """The cells that would do something now."""
    open_ = table.grid.locator('.mnb-square[aria-disabled="false"]')
    found: list[str] = open_.evaluate_all("all => all.map(each => each.dataset.name)")
    return set(found)


def targets(table: Table) -> set[str]:
    """The cells that the chosen piece can reach."""
    marked = table.grid.locator(".mnb-square[data-target]")
    found: list[str] = marked.evaluate_all("all => all.map(each => each.dataset.name)")
    return set(found)


def piece(cell: Locator) -> str:
    """What lies on a cell as drawn."""
    return str(cell.locator(".mnb-piece").get_attribute("data-piece"))


# --- cells and columns -------------------------------------------------------------------------------


def test_a_free_cell_is_taken_by_a_click_and_a_taken_one_is_not(stage: Any) -> None:
    table = Table(stage, THREE, "player_1").open()
    table.play("centre", "top left")
    assert len(clickable(table)) == 7
    table.cell("centre").click(force=True)
    assert stage.sent("choose") == []
    table.cell("bottom right").click()
    sent = stage.sent("choose")[-1]
    assert (sent["agent"], sent["action"], sent["turn"]) == ("player_1", 8, 1)
    assert table.take() == "bottom right"
    assert piece(table.cell("bottom right")) == "cross"
    assert clickable(table) == set(), "it is the other's turn"


def test_a_disc_falls_wherever_its_column_is_clicked(stage: Any) -> None:
    table = Table(stage, FOUR, "player_0").open()
    table.play("column 2", "column 2")
    table.cell("column 2, row 6").hover()
    landing = table.cell("column 2, row 3")
    expect(landing).to_have_attribute("data-ghost", "")
    assert piece(landing) == "red disc"
    table.cell("column 2, row 1").click()
    assert table.take() == "column 2"
    expect(landing).to_have_attribute("data-last", "")
    table.play("column 2", "column 1", "column 2", "column 3", "column 2")
    assert not any(name.startswith("column 2,") for name in clickable(table))
    table.cell("column 2, row 6").click(force=True)
    assert len(stage.sent("choose")) == 1


def test_passing_is_a_button_beside_the_board(stage: Any) -> None:
    table = Table(stage, GO, "black_0", board_size=5).open()
    table.cell("C3").click()
    assert table.take() == "C3"
    assert piece(table.cell("C3")) == "black stone"
    table.play("A1")
    table.card.get_by_role("button", name="pass").click()
    assert table.take() == "pass"


# --- chess -------------------------------------------------------------------------------------------


def test_a_piece_shows_where_it_can_go_and_goes_there(stage: Any) -> None:
    table = Table(stage, CHESS, "player_0").open()
    assert clickable(table) == {f"{column}2" for column in "abcdefgh"} | {"b1", "g1"}
    table.cell("g1").click()
    assert targets(table) == {"f3", "h3"}
    table.cell("g1").click()
    assert targets(table) == set(), "a second click lets go"
    table.cell("g1").click()
    stage.page.keyboard.press("Escape")
    assert targets(table) == set()
    table.cell("g1").click()
    table.cell("e2").click()
    assert targets(table) == {"e3", "e4"}, "another piece of mine is chosen instead"
    table.cell("e4").click()
    assert table.take() == "e2e4"
    for name in ("e2", "e4"):
        expect(table.cell(name)).to_have_attribute("data-last", "")


def test_a_pawn_becomes_what_is_chosen(stage: Any) -> None:
    table = Table(stage, CHESS, "player_0").open()
    table.play(*TO_PROMOTE)
    table.cell("a7").click()
    assert targets(table) == {"b8"}
    table.cell("b8").click()
    choices = table.card.get_by_role("group", name="The pawn becomes")
    assert choices.get_by_role("button").evaluate_all("all => all.map(each => each.title)") == [
        "queen",
        "rook",
        "bishop",
        "knight",
    ]
    expect(choices.get_by_role("button", name="queen")).to_be_focused()
    stage.page.keyboard.press("Escape")
    expect(choices).to_be_hidden()
    assert stage.sent("choose") == []
    table.cell("b8").click()
    choices.get_by_role("button", name="knight").click()
    assert table.take() == "a7b8n"
    assert piece(table.cell("b8")) == "white knight"


def test_black_sits_at_the_upper_end_and_a_check_is_marked(stage: Any) -> None:
    table = Table(stage, CHESS, "player_1").open()
    table.play("e2e4", "f7f6", "d2d4", "g7g5", "d1h5")
    squares = table.grid.locator(".mnb-square")
    assert squares.first.get_attribute("data-name") == "h1"
    assert squares.last.get_attribute("data-name") == "a8"
    expect(table.cell("e8")).to_have_attribute("data-alert", "")
    expect(table.cell("e8")).to_have_accessible_name("black king on e8, in check")


def test_the_board_says_what_it_shows(stage: Any) -> None:
    table = Table(stage, CHESS, "player_0").open()
    expect(table.grid).to_have_accessible_name("Board of game, white is yours")
    expect(table.cell("g1")).to_have_accessible_name("white knight on g1, can move")
    expect(table.cell("c1")).to_have_accessible_name("white bishop on c1")
    table.cell("g1").click()
    expect(table.cell("f3")).to_have_accessible_name("f3, empty, can be chosen")


# --- keys, lists, looks ------------------------------------------------------------------------------


def test_a_board_is_played_by_keys_alone(stage: Any) -> None:
    table = Table(stage, CHESS, "player_0").open()
    table.cell("e4").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter", "ArrowUp", "ArrowUp", "Enter"):
        stage.page.keyboard.press(key)
    assert table.take() == "e2e4"
    assert table.grid.locator('[tabindex="0"]').count() == 1


def test_a_games_own_keys_work_beside_the_board(stage: Any) -> None:
    table = Table(stage, FOUR, "player_0", "player_1").open()
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.press("w")  # the other's second column
    assert stage.sent("choose") == []
    stage.page.keyboard.press("4")
    assert table.take() == "column 4"
    stage.page.keyboard.press("w")
    assert table.take() == "column 2"
    assert table.grid.count() == 1, "two people share one board"


@pytest.mark.parametrize("environment", [CHESS, FOUR])
def test_the_moves_stay_at_hand_by_name(stage: Any, environment: str) -> None:
    table = Table(stage, environment, "player_0").open()
    table.card.get_by_text("List of moves").click()
    if environment == CHESS:
        table.card.get_by_role("combobox").last.fill("g1f3")
        stage.page.keyboard.press("Enter")
    else:
        table.card.locator('.mnb-pick[data-label="column 3"]').click()
    assert table.take() == {CHESS: "g1f3", FOUR: "column 3"}[environment]


def test_the_past_and_whoever_prefers_it_see_the_picture(stage: Any) -> None:
    table = Table(stage, FOUR, "player_0").open()
    expect(table.grid).to_be_visible()
    table.show(phase="closed")
    expect(table.grid).to_be_hidden()
    table.show()
    table.card.get_by_role("combobox", name="View of game").select_option("picture")
    expect(table.grid).to_be_hidden()
    table.play("column 1", "column 2")
    expect(table.grid).to_be_hidden()
    table.card.get_by_role("combobox", name="View of game").select_option("board")
    expect(table.grid).to_be_visible()


# --- everybody ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing_on_any_board(stage: Any, theme: str) -> None:
    scenes = {
        "chess": (CHESS, ("e2e4", "e7e5"), "g1"),
        "connect-four": (FOUR, ("column 4", "column 4"), ""),
        "tic-tac-toe": (THREE, ("centre", "top left"), ""),
        "go": (GO, ("C3", "G7"), ""),
        "promotion": (CHESS, TO_PROMOTE, "a7"),
    }
    found = {}
    for name, (environment, moves, chosen) in scenes.items():
        options = {"board_size": 9} if environment == GO else {}
        seat = {THREE: "player_1", GO: "black_0"}.get(environment, "player_0")
        table = Table(stage, environment, seat, **options).open(theme=str(theme == "light").lower())
        stage.page.add_style_tag(content=f"body {{background: {'#fff' if theme == 'light' else '#111'}}}")
        table.play(*moves)
        if chosen:
            table.cell(chosen).click()
        if name == "promotion":
            table.cell("b8").click()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        table.card.screenshot(path=SCREENSHOTS / f"board-{name}-{theme}.png", animations="disabled")
        found[name] = violations(stage.page, ".mnb")
    assert {name: each for name, each in found.items() if each} == {}
    assert stage.errors == []


def test_cells_are_wide_enough_to_touch(phone: Any) -> None:
    for environment, name, least in ((FOUR, "column 1, row 1", 44), (CHESS, "a1", 42)):
        table = Table(phone, environment, "player_0").open()
        box = table.cell(name).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= least
    table.cell("g1").tap()
    assert targets(table) == {"f3", "h3"}
