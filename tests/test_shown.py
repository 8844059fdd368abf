"""An arena's files: the page, the GIF and the picture of a real arena, real workers behind it."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mosaic_nb import Arena
from mosaic_nb.protocol.messages import Picture
from mosaic_nb.view import Exporter
from mosaic_nb.view.gif import LAST_FRAME

TICKS = 12


def decoded(data: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def film_of(page: Path) -> dict[str, Any]:
    found = re.search(r'id="mnb-film">(.*?)</script>', page.read_text())
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


class Game:
    """A game that was played, and every moment's own pictures."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.pictures = [self._look()]
        for tick in range(TICKS):
            if tick == 8:
                arena.next()
            else:
                arena.run(1)
            self.pictures.append(self._look())

    def _look(self) -> dict[str, Picture]:
        return self.arena._thread.call(self.arena._conductor.look("png"))


@pytest.fixture(scope="module")
def game() -> Iterator[Game]:
    lanes = {"a": "scripted", "b": "random"}
    with Arena("MiniGrid-DoorKey-5x5-v0", lanes, seed=9) as arena:
        yield Game(arena)


def test_the_page_has_every_moment_as_it_was(game: Game, tmp_path: Path) -> None:
    seen: list[tuple[int, ...]] = []
    page = game.arena.save_html(tmp_path / "a.html", progress=lambda *progress: seen.append(progress))
    assert seen == [(number, TICKS + 1) for number in range(1, TICKS + 2)]
    film = film_of(page)
    assert len(film["moments"]) == TICKS + 1
    for moment, pictures in zip(film["moments"], game.pictures, strict=True):
        for lane, picture, words in moment["lanes"]:
            name = film["lanes"][lane]["name"]
            shown = decoded(base64.b64decode(film["pictures"][picture]["data"]))
            assert np.array_equal(shown, decoded(pictures[name].data))
            assert film["words"][words]["agent"]
    steps = game.arena.steps
    for moment in film["moments"][1:8]:
        lane = film["lanes"][moment["lanes"][1][0]]
        row = steps[(steps.lane == "b") & (steps.episode == 0) & (steps.step == lane["step"] - 1)].iloc[0]
        assert lane["seats"][0]["action"] == row.action_label
    assert {"begin"} <= {mark["event"] for mark in film["history"]["marks"]}


def test_a_part_of_the_past_is_exported(game: Game, tmp_path: Path) -> None:
    film = film_of(game.arena.save_html(tmp_path / "a.html", first=2, last=10, every=3))
    assert [each["snapshot"]["moment"] for each in film["moments"]] == [2, 5, 8, 10]
    gif = Image.open(game.arena.save_gif(tmp_path / "a.gif", first=2, last=10, every=3, scale=0.5))
    assert gif.n_frames == 4


def test_the_gif_and_the_picture_end_alike(game: Game, tmp_path: Path) -> None:
    picture = decoded(game.arena.save_png(tmp_path / "a.png").read_bytes())
    gif = Image.open(game.arena.save_gif(tmp_path / "a.gif"))
    gif.seek(gif.n_frames - 1)
    assert gif.info["duration"] == LAST_FRAME
    assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - picture).mean() < 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"first": 5, "last": 3}, "there are moments from 0 to 12: none from 5 to 3"),
        ({"last": 99}, "none from 0 to 99"),
        ({"every": 0}, "every must be at least 1"),
        ({"max_bytes": 5000}, "more than 0.005 MB"),
    ],
    ids=str,
)
def test_what_cannot_be_exported_is_said_and_leaves_no_file(
    game: Game, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        game.arena.save_html(tmp_path / "a.html", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "mime", "begin"),
    [
        ("html", "text/html", b"<!doctype html>"),
        ("gif", "image/gif", b"GIF89a"),
        ("png", "image/png", b"\x89PNG"),
    ],
)
def test_the_widget_gets_a_file_without_waiting(game: Game, kind: str, mime: str, begin: bytes) -> None:
    made = threading.Event()
    files: list[tuple[str, str, bytes]] = []

    def done(*file: Any) -> None:
        files.append(file)
        made.set()

    Exporter(game.arena._conductor, game.arena._thread)(kind, done, pytest.fail)
    assert made.wait(60)
    ((name, is_mime, content),) = files
    assert (name, is_mime) == (f"MiniGrid-DoorKey-5x5-v0.{kind}", mime)
    assert content.startswith(begin)


def test_a_kind_that_there_is_not_is_refused_in_words(game: Game) -> None:
    refused = threading.Event()
    words: list[str] = []

    def failed(reason: str) -> None:
        words.append(reason)
        refused.set()

    Exporter(game.arena._conductor, game.arena._thread)("<b>exe", pytest.fail, failed)
    assert refused.wait(60)
    assert words == ["no file was made: '<b>exe' is none of html, gif, png"]


def test_a_closed_arena_is_exported_all_the_same(tmp_path: Path) -> None:
    with Arena("MiniGrid-DoorKey-5x5-v0", {"a": "scripted"}, seed=9) as arena:
        arena.run(3)
        before = arena.save_html(tmp_path / "a.html")
        picture = arena.save_png(tmp_path / "a.png")
    film = film_of(arena.save_html(tmp_path / "b.html"))
    assert film == film_of(before)
    assert arena.save_png(tmp_path / "b.png").read_bytes() == picture.read_bytes()
