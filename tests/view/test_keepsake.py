from __future__ import annotations

import queue
from collections.abc import Iterator

import pytest

from mosaic_nb.testing.controls import FakeControls, FakeLane, four_lanes
from mosaic_nb.view import keepsake
from mosaic_nb.view.keepsake import Keepsake

WAIT = 20.0


class Album:
    """Takes the stills that a keepsake renews."""

    def __init__(self) -> None:
        self.stills: queue.Queue[tuple[object, object]] = queue.Queue()
        self.attended = True

    def renew(self, snapshot: object, pictures: object) -> None:
        self.stills.put((snapshot, pictures))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepsake, "REST", 0.1)


@pytest.fixture
def controls() -> Iterator[FakeControls]:
    controls = FakeControls([FakeLane("a"), FakeLane("b", "llm")])
    yield controls
    controls.close()


def kept(controls: FakeControls, album: Album) -> Keepsake:
    return Keepsake(controls, album.renew, lambda: album.attended, controls.snapshot)


def test_the_last_picture_is_kept_once_the_arena_rests(controls: FakeControls) -> None:
    album = Album()
    still = kept(controls, album)
    for _ in range(3):
        controls.step()
    snapshot, pictures = album.stills.get(timeout=WAIT)
    assert snapshot == controls.snapshot
    assert pictures == controls.pictures_now()
    still.close()
    assert album.stills.empty()


def test_nothing_is_drawn_while_it_plays_and_the_end_is(controls: FakeControls) -> None:
    album = Album()
    still = kept(controls, album)
    controls.set_speed(100)
    controls.play()
    controls.settle()
    while controls.snapshot.tick < 60:
        controls.settle()
    assert album.stills.empty()
    controls.pause()
    snapshot, pictures = album.stills.get(timeout=WAIT)
    assert snapshot == controls.snapshot
    assert pictures == controls.pictures_now()
    still.close()


def test_a_notebook_that_nobody_looks_at_stays_as_it_was_written(controls: FakeControls) -> None:
    album = Album()
    album.attended = False
    still = kept(controls, album)
    controls.step()
    controls.settle()
    still.close()
    assert album.stills.empty()
    assert controls.asked == []


def test_closing_keeps_what_has_not_rested_yet(
    controls: FakeControls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepsake, "REST", 3600.0)
    album = Album()
    still = kept(controls, album)
    controls.step()
    controls.settle()
    still.close()
    still.close()
    snapshot, _ = album.stills.get_nowait()
    assert snapshot == controls.snapshot
    assert album.stills.empty()


def test_a_change_that_a_still_does_not_show_draws_none(controls: FakeControls) -> None:
    album = Album()
    still = kept(controls, album)
    controls.set_speed(3)
    controls.settle()
    still.close()
    assert controls.asked == []


def test_a_person_who_is_waited_for_leaves_a_still() -> None:
    controls = FakeControls(four_lanes())
    album = Album()
    still = kept(controls, album)
    controls.choose("me", "agent", 0, None)
    controls.step()
    snapshot, _ = album.stills.get(timeout=WAIT)
    assert snapshot.phase == "waiting"
    still.close()
    controls.close()
