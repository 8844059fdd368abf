from __future__ import annotations

import errno
import gc
import os
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from mosaic_nb.recording.reel import Reel


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def test_what_was_kept_is_read_back_and_the_newest_of_a_number_counts(tmp_path: Path) -> None:
    reel = Reel(tmp_path / "frames", 1 << 20)
    assert reel.read("a", 1) is None
    assert reel.keep("a", 1, b"jpeg")
    assert reel.keep("b", 1, b"other")
    assert reel.keep("a", 7, b"seven")
    assert reel.keep("a", 3, b"three, looked at again")
    assert reel.keep("a", 1, b"png, sharper")
    assert [reel.read("a", frame) for frame in (1, 3, 7, 2)] == [
        b"png, sharper",
        b"three, looked at again",
        b"seven",
        None,
    ]
    assert reel.read("b", 1) == b"other"
    assert reel.holds("a", 7)
    assert not reel.holds("c", 7)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(1, 60)), max_size=200))
def test_the_newest_pictures_are_kept_and_the_cap_holds(
    tmp_path_factory: pytest.TempPathFactory, shown: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("run") / "frames"
    cap = 400
    reel = Reel(folder, cap, segment=100)
    newest: dict[tuple[str, int], tuple[int, bytes]] = {}
    total = 0
    for number, (lane, frame, length) in enumerate(shown):
        data = bytes([number % 256]) * length
        assert reel.keep(lane, frame, data)
        total += length
        newest[lane, frame] = (total, data)
        assert size(folder) <= cap
    for (lane, frame), (end, data) in newest.items():
        found = reel.read(lane, frame)
        assert found in (None, data)
        if total - end < cap - 2 * 160:  # a segment and a picture less than the cap, and one more of slack
            assert found == data


def test_a_cap_of_nothing_keeps_nothing_and_makes_no_folder(tmp_path: Path) -> None:
    reel = Reel(tmp_path / "frames", 0)
    assert not reel.keep("a", 1, b"picture")
    assert reel.read("a", 1) is None
    assert not (tmp_path / "frames").exists()


def test_a_full_disk_ends_the_keeping_and_what_was_kept_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reel = Reel(tmp_path / "frames", 1 << 20)
    reel.keep("a", 1, b"before")
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: real(file, data[:2], at))
    assert not reel.keep("a", 2, b"the disk is full")
    assert os.strerror(errno.ENOSPC) in reel.problem
    monkeypatch.undo()
    assert not reel.keep("a", 3, b"and stays so")
    assert (reel.read("a", 1), reel.read("a", 2)) == (b"before", None)


def test_a_folder_that_somebody_tidied_up_is_no_error(tmp_path: Path) -> None:
    reel = Reel(tmp_path / "frames", 400, segment=100)
    for frame in range(20):
        reel.keep("a", frame, b"x" * 50)
    for file in (tmp_path / "frames").iterdir():
        file.unlink()
    assert reel.read("a", 19) is None
    for frame in range(20, 60):
        assert reel.keep("a", frame, b"y" * 50)
    assert reel.read("a", 59) == b"y" * 50


def test_closed_it_still_reads_and_gone_it_takes_its_folder_along(tmp_path: Path) -> None:
    reel = Reel(tmp_path / "frames", 1 << 20)
    reel.keep("a", 1, b"picture")
    reel.close()
    assert not reel.keep("a", 2, b"late")
    assert reel.read("a", 1) == b"picture"
    del reel
    gc.collect()
    assert not (tmp_path / "frames").exists()
