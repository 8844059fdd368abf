"""A file of a run takes its place whole or not at all."""

from __future__ import annotations

import pytest

from mosaic_nb.recording.folder import beside


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_in_one_move(tmp_path, durable):
    path = tmp_path / "file"
    path.write_text("old")
    with beside(path, durable=durable) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_half_way_leaves_no_trace(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fill_the_disk():
        with beside(path) as unfinished:
            unfinished.write_text("ne")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fill_the_disk()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
