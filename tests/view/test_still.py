from __future__ import annotations

import io
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot
from mosaic_nb.testing.controls import FakeControls, FakeLane, four_lanes
from mosaic_nb.view.still import line, picture, table

HOSTILE = "<script>alert(1)</script>\"'&\ud800\x00\u202e\n<img src=x onerror=alert(1)>"


def snapshot_of(*lanes: LaneView) -> Snapshot:
    return Snapshot("Env-v0", 7, 0, "idle", 8.0, "Ready.", lanes)


def lane(name: str, **values: object) -> LaneView:
    return replace(LaneView(name, (SeatView("agent", name, "rl"),)), **values)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 12])
def test_the_still_has_every_lanes_picture(count: int) -> None:
    controls = FakeControls([FakeLane(f"lane {number}", size=(80, 80)) for number in range(count)])
    pictures = controls.pictures_now()
    still = Image.open(io.BytesIO(picture(controls.snapshot, pictures))).convert("RGB")
    green = sum(count for count, colour in still.getcolors(1 << 24) if colour == (60, 190, 110))
    one = picture(snapshot_of(lane("lane 0")), {})
    assert green >= count * 50 * 50
    assert len(one) < len(picture(controls.snapshot, pictures))
    controls.close()


def test_the_same_arena_gives_the_same_bytes() -> None:
    controls = FakeControls(four_lanes())
    pictures = controls.pictures_now()
    assert picture(controls.snapshot, pictures) == picture(controls.snapshot, pictures)
    controls.close()


@pytest.mark.parametrize("size", [(1, 1), (7, 700), (2000, 3)])
def test_pictures_of_any_shape_fit(size: tuple[int, int]) -> None:
    controls = FakeControls([FakeLane("odd", size=size)])
    Image.open(io.BytesIO(picture(controls.snapshot, controls.pictures_now()))).load()
    controls.close()


def test_hostile_and_missing_things_are_drawn() -> None:
    failed = lane(HOSTILE * 50, status="failed", message=HOSTILE, episode_return=float("nan"))
    words = Picture(id=0, format="text", text=HOSTILE * 50)
    still = picture(snapshot_of(failed, lane("no picture")), {failed.name: words})
    assert Image.open(io.BytesIO(still)).size[0] > 400


class Tags(HTMLParser):
    """Collects tags and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert attrs == []
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_table_escapes_every_text() -> None:
    hostile = LaneView(HOSTILE, (SeatView("agent", HOSTILE, HOSTILE),), message=HOSTILE)
    tags = Tags()
    tags.feed(table(replace(snapshot_of(hostile), title=HOSTILE)))
    assert set(tags.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert any(text.startswith("<script>alert(1)</script>") for text in tags.texts)


def test_the_line_is_the_same_at_every_step() -> None:
    controls = FakeControls(four_lanes())
    first = line(controls.snapshot)
    controls.choose("me", "agent", 0, None)
    controls.settle()
    assert controls.snapshot.tick == 1
    assert line(controls.snapshot) == first == "Arena(MiniGrid-DoorKey-5x5-v0, 4 lanes: PPO, LLM, me, random)"
    assert "\n" not in line(snapshot_of(lane(HOSTILE)))
    line(snapshot_of(lane(HOSTILE))).encode()
    controls.close()
