"""An arena's moments as a page and as a GIF, composed without a browser."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import History, LaneView, Mark, Recollection, SeatView, Snapshot
from mosaic_nb.testing.controls import FakeLane
from mosaic_nb.view.export import page
from mosaic_nb.view.film import Film
from mosaic_nb.view.gif import LAST_FRAME, MOST_FRAMES, gif
from mosaic_nb.view.still import Still
from tests.films import filmed, played

NOTHING = History(0, 0, (), (), {})
HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> \ud800 \u2028"


def recollections(count: int, lanes: Sequence[FakeLane] = ()) -> list[Recollection]:
    return played(count, lanes)[0]


class Parts(HTMLParser):
    """The tags of a page, and what stands in each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[int, str] = {}
        self.open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open = True

    def handle_endtag(self, tag: str) -> None:
        self.open = False

    def handle_data(self, data: str) -> None:
        at = len(self.tags) - 1
        if self.open:
            self.inside[at] = self.inside.get(at, "") + data

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [
            (attributes, self.inside.get(at, ""))
            for at, (name, attributes) in enumerate(self.tags)
            if name == tag
        ]


def data_of(text: str) -> dict[str, Any]:
    """What the page plays."""
    found = next(inside for about, inside in Parts(text).all("script") if about.get("id") == "mnb-film")
    data: dict[str, Any] = json.loads(found)
    return data


def test_the_page_holds_every_moment_and_every_picture_byte_for_byte() -> None:
    moments = recollections(12)
    data = data_of(page(filmed(moments), NOTHING))
    assert [each["snapshot"]["moment"] for each in data["moments"]] == list(range(12))
    for each, moment in zip(data["moments"], moments, strict=True):
        for (lane, picture, _), view in zip(each["lanes"], moment.snapshot.lanes, strict=True):
            assert data["lanes"][lane]["name"] == view.name
            assert data["lanes"][lane]["step"] == view.step
            assert base64.b64decode(data["pictures"][picture]["data"]) == moment.pictures[view.name].data


def test_what_is_equal_is_kept_once() -> None:
    moments = recollections(1) * 50
    data = data_of(page(filmed(moments), NOTHING))
    assert (len(data["moments"]), len(data["lanes"])) == (50, 4)
    assert len(data["pictures"]) == len({picture.data for picture in moments[0].pictures.values()})


def test_observations_come_along_and_questions_do_not() -> None:
    (moment,) = recollections(1)
    words = {
        lane: msgspec.structs.replace(one, words={"agent": f"{lane} sees"})
        for lane, one in moment.pictures.items()
    }
    data = data_of(page(filmed([replace(moment, pictures=words)]), NOTHING))
    assert [data["words"][seen]["agent"] for _, _, seen in data["moments"][0]["lanes"]] == [
        f"{lane.name} sees" for lane in moment.snapshot.lanes
    ]
    seats = [seat for lane in data["lanes"] for seat in lane["seats"]]
    assert {(seat["turn"], len(seat["choices"])) for seat in seats} == {(None, 0)}


def test_the_timeline_is_of_the_moments_kept() -> None:
    marks = tuple(Mark(at, "PPO", "part", f"at {at}") for at in (0, 3, 7, 8, 30))
    moments = [each for each in recollections(10) if each.moment in (2, 5, 8)]
    history = data_of(page(filmed(moments), History(0, 30, (), (), {}, marks)))["history"]
    assert (history["first"], history["last"]) == (2, 8)
    assert (history["points"], history["ticks"]) == ([2, 5, 8], [2, 5, 8])
    assert history["returns"]["PPO"] == [0.02, 0.05, 0.08]
    assert [(mark["moment"], mark["words"]) for mark in history["marks"]] == [
        (5, "at 3"),
        (8, "at 7"),
        (8, "at 8"),
    ]


def test_a_long_timeline_is_thinned_out_and_keeps_its_end() -> None:
    (moment,) = recollections(1)
    long = [replace(moment, moment=at) for at in range(1501)]
    history = data_of(page(filmed(long), NOTHING))["history"]
    assert len(history["points"]) <= 601
    assert history["points"][-1] == 1500


def test_only_its_own_script_and_style_may_run() -> None:
    parts = Parts(page(filmed(recollections(2)), NOTHING))
    policy = next(
        str(about["content"])
        for about, _ in parts.all("meta")
        if about.get("http-equiv") == "Content-Security-Policy"
    )

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"

    (sheet,) = (inside for _, inside in parts.all("style"))
    (program,) = (inside for about, inside in parts.all("script") if about.get("type") == "module")
    assert policy.split("; ")[:3] == [
        "default-src 'none'",
        f"script-src {digest(program)}",
        f"style-src {digest(sheet)}",
    ]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", program + sheet)


def test_hostile_texts_stay_in_their_place() -> None:
    seat = SeatView(HOSTILE, HOSTILE, HOSTILE, action=HOSTILE, probabilities=((HOSTILE, float("nan")),))
    lane = LaneView(HOSTILE, (seat,), "failed", HOSTILE, episode_return=float("inf"))
    snapshot = Snapshot(HOSTILE, 2**70, 0, "idle", 8.0, HOSTILE, (lane,))
    picture = Picture(id=0, format="text", text=HOSTILE, words={HOSTILE: HOSTILE})
    text = page(
        filmed([Recollection(0, snapshot, {HOSTILE: picture})]),
        replace(NOTHING, marks=(Mark(0, HOSTILE, HOSTILE, HOSTILE),)),
    )
    text.encode()
    parts, harmless = Parts(text), Parts(page(filmed(recollections(1)), NOTHING))
    assert {tag for tag, _ in parts.tags} == {tag for tag, _ in harmless.tags}
    assert len(parts.all("script")) == 2
    data = data_of(text)
    assert data["lanes"][0]["name"] == HOSTILE.encode("utf-8", "replace").decode()
    assert data["words"] == [{HOSTILE: HOSTILE}]
    assert data["moments"][0]["snapshot"]["seed"] == str(2**70)


def test_a_page_too_large_is_refused_with_a_way_out() -> None:
    moments = recollections(30)
    with pytest.raises(ValueError, match=r"more than 0.02 MB from moment \d+ on; take.*every=") as caught:
        filmed(moments, max_bytes=20_000)
    assert int(re.findall(r"moment (\d+)", str(caught.value))[0]) < 30
    whole = filmed(moments)
    assert 0.9 < whole.bytes / len(whole.data(NOTHING)) < 1.1


def test_photographs_become_jpeg_and_drawings_stay() -> None:
    noise = np.random.default_rng(7).normal(128, 30, (320, 320, 3)).clip(0, 255).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(noise).save(encoded, "png")
    (moment,) = recollections(1)
    photograph = Picture(id=0, format="png", width=320, height=320, data=encoded.getvalue())
    film = filmed([replace(moment, pictures={**moment.pictures, "PPO": photograph})])
    data = data_of(page(film, NOTHING))
    assert [each["format"] for each in data["pictures"]].count("jpeg") == 1
    assert [each["format"] for each in data["pictures"]].count("png") >= 1
    assert film.bytes < len(encoded.getvalue()) / 2


def test_no_moments_make_no_file() -> None:
    for make in (lambda: page(Film(), NOTHING), lambda: gif([])):
        with pytest.raises(ValueError, match="no moment to show"):
            make()


def frames_of(data: bytes) -> list[tuple[np.ndarray[Any, Any], int]]:
    image = Image.open(io.BytesIO(data))
    assert image.info["loop"] == 0
    found = []
    for number in range(image.n_frames):
        image.seek(number)
        found.append((np.asarray(image.convert("RGB")), int(image.info["duration"])))
    return found


def test_the_gif_shows_every_moment_as_the_still_does() -> None:
    moments = recollections(8)
    frames = frames_of(gif(moments, speed=8))
    still = Still(4, moments[0].pictures)
    assert len(frames) == 8
    for (shown, _), moment in zip(frames, moments, strict=True):
        drawn = np.asarray(still.draw(moment.snapshot, moment.pictures))
        assert np.abs(shown.astype(int) - drawn.astype(int)).mean() < 2
    durations = [milliseconds for _, milliseconds in frames]
    assert durations[-1] == LAST_FRAME
    assert sum(durations[:-1]) == pytest.approx(7 * 125, abs=10)


def test_nothing_flickers_that_stands_still() -> None:
    moments = recollections(6)
    frames = [shown for shown, _ in frames_of(gif(moments))]
    still = [np.asarray(Still(4, each.pictures).draw(each.snapshot, each.pictures)) for each in moments]
    for (one, other), (drawn, next_drawn) in zip(pairwise(frames), pairwise(still), strict=True):
        same = (drawn == next_drawn).all(axis=2)
        assert (one == other).all(axis=2)[same].all()


def test_the_gif_can_be_small_and_quick() -> None:
    moments = recollections(4, [FakeLane("a"), FakeLane("b", size=(640, 320))])
    frames = frames_of(gif(moments, speed=1000, scale=0.5))
    width, height = Still(2, moments[0].pictures).size
    assert frames[0][0].shape[:2] == (round(height / 2), round(width / 2))
    assert [milliseconds for _, milliseconds in frames[:-1]] == [20] * 3


@pytest.mark.parametrize(
    "options", [{"speed": 0}, {"speed": float("nan")}, {"scale": 0}, {"scale": 50}], ids=str
)
def test_a_gif_that_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        gif(recollections(2), **options)


def test_a_gif_too_long_is_refused_with_a_way_out() -> None:
    with pytest.raises(ValueError, match=r"every=2"):
        gif(recollections(1) * (MOST_FRAMES + 1))
