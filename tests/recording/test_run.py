"""Opening what is there, and saying what is not."""

from __future__ import annotations

import json

import pytest

from mosaic_nb.recording.errors import CorruptRun, NotARun, RunNotFound
from mosaic_nb.recording.run import Run, open_run


def test_a_missing_folder_names_the_nearest(record, tmp_path):
    record("runs/doorkey").close()
    with pytest.raises(RunNotFound, match=r"did you mean .*/runs/doorkey\?"):
        open_run(tmp_path / "runs" / "dorkey")
    with pytest.raises(FileNotFoundError, match=r"did you mean .*/runs/doorkey\?"):
        open_run(tmp_path / "run" / "doorkey")
    with pytest.raises(RunNotFound, match="has no 'unlike'"):
        open_run(tmp_path / "unlike" / "anything")


def test_a_folder_that_is_no_run_says_so_and_names_those_below(record, tmp_path):
    record("runs/doorkey")
    with pytest.raises(NotARun, match=r"no run\.json; there are runs in .*runs/doorkey"):
        open_run(tmp_path / "runs")
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="is not the folder of a run"):
        open_run(tmp_path / "file")


@pytest.mark.parametrize("header", ["", "{}", "[]", "{", '{"format": 99}'])
def test_a_header_that_cannot_be_read_is_named(tmp_path, header):
    (tmp_path / "run.json").write_text(header)
    with pytest.raises(CorruptRun, match=r"run\.json"):
        open_run(tmp_path)


def test_opening_changes_nothing(record, rows):
    recorder = record(segment_rows=2)
    for number in range(5):
        recorder.write(steps=[rows["steps"](number)])
    before = {path: path.stat().st_mtime_ns for path in recorder.path.rglob("*")}
    assert len(open_run(recorder.path).steps) == 5
    assert {path: path.stat().st_mtime_ns for path in recorder.path.rglob("*")} == before


def test_what_it_shows_is_escaped(record, rows):
    recorder = record("<img src=x>", name="<script>alert(1)</script>", kind="<b>")
    recorder.write(steps=[rows["steps"](0)])
    run = open_run(recorder.path)
    assert "<script>" not in run._repr_html_()
    assert "<img" not in run._repr_html_()
    assert "<b>" not in run._repr_html_()
    assert "&lt;script&gt;" in run._repr_html_()
    assert "1 steps" in repr(run)
    assert "not closed" in repr(run)
    recorder.close()
    assert "not closed" not in repr(Run(recorder.path))


def test_a_run_of_several_ticks_has_all_four_tables(record, rows):
    recorder = record()
    prompt, reply = recorder.blob("what now?"), recorder.blob("left")
    recorder.write(
        episodes=[rows["episodes"](0), rows["episodes"](1, success=True, instance=3, numbers='{"wins":1}')],
        calls=[rows["calls"](prompt, reply)],
        events=[rows["events"](0)],
    )
    recorder.close()
    run = open_run(recorder.path)
    assert run.rows == {"steps": 0, "episodes": 2, "calls": 1, "events": 1}
    assert run.episodes["returns"].tolist() == [{"agent": 0.5}] * 2
    assert run.episodes["numbers"].tolist() == [None, {"wins": 1}]
    assert [str(run.episodes[name].dtype) for name in ("success", "instance")] == ["boolean", "Int64"]
    assert run.text(run.calls["prompt"][0]) == "what now?"
    assert run.events["step"].isna().all()
    with pytest.raises(ValueError, match="no table 'frames'"):
        run.table("frames")


@pytest.mark.parametrize("damage", ["missing", "flipped", "cut"])
def test_a_damaged_parquet_file_is_named_and_the_others_read(record, rows, damage):
    recorder = record()
    recorder.write(steps=[rows["steps"](number) for number in range(500)], events=[rows["events"](0)])
    recorder.close()
    path = recorder.path / "steps.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink() if damage == "missing" else path.write_bytes(data if damage == "flipped" else data[:1000])
    run = open_run(recorder.path)
    with pytest.raises(CorruptRun, match=r"steps\.parquet cannot be read"):
        _ = run.steps
    assert len(run.events) == 1
    assert run.problems == (["steps.parquet is missing"] if damage == "missing" else [])
    assert "500 steps" in repr(run)


def test_a_damaged_blob_is_named(record):
    recorder = record()
    digest = recorder.blob("prompt")
    (recorder.path / "blobs" / digest[:2] / digest).write_text("promise")
    with pytest.raises(CorruptRun, match=digest):
        open_run(recorder.path).text(digest)


def test_the_header_is_plain_json(record):
    recorder = record(provenance={"nan": float("nan"), "half": "\ud800"})
    assert json.loads((recorder.path / "run.json").read_text())["format"] == 1
