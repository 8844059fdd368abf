"""A copy is a run of its own, whatever state the original is in."""

from __future__ import annotations

import threading

import pytest

from mosaic_nb.recording.copying import copy_run
from mosaic_nb.recording.errors import RunNotFound
from mosaic_nb.recording.run import open_run


def test_a_copy_of_a_live_and_of_a_closed_run(record, rows, numbers, tmp_path):
    recorder = record(segment_rows=4)
    digest = recorder.blob("prompt")
    (recorder.path / "logs" / "worker.log").write_text("hello")
    for number in range(11):
        recorder.write(steps=[rows["steps"](number)])
    copy_run(recorder.path, tmp_path / "runs" / "live")
    recorder.close()
    copy_run(recorder.path, tmp_path / "runs" / "closed")
    for name in ("live", "closed"):
        copy = open_run(tmp_path / "runs" / name)
        assert (numbers(copy), copy.problems, copy.closed) == (list(range(11)), [], name == "closed")
        assert copy.text(digest) == "prompt"
        assert (copy.path / "logs" / "worker.log").read_text() == "hello"
        assert copy.header["provenance"] == recorder._header["provenance"]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["closed", "live"]


def test_copies_while_it_is_recorded_and_closed_hold_what_was_written_before(record, rows, numbers, tmp_path):
    recorder = record(segment_rows=4)
    acknowledged, done, failures = [0], threading.Event(), []

    def copy():
        count = 0
        while not done.is_set():
            least, target = acknowledged[0], tmp_path / "copies" / str(count)
            copy_run(recorder.path, target)
            run, count = open_run(target), count + 1
            found = numbers(run)
            if run.problems or found != list(range(len(found))) or len(found) < least:
                failures.append((least, found, run.problems))

    copier = threading.Thread(target=copy)
    copier.start()
    for number in range(200):
        recorder.write(steps=[rows["steps"](number)])
        acknowledged[0] = number + 1
    recorder.close()
    done.set()
    copier.join()
    assert not failures


def test_what_is_torn_or_stale_is_not_copied(record, rows, numbers, tmp_path):
    recorder = record()
    recorder.write(steps=[rows["steps"](0)])
    with (recorder.path / "journal-000000.bin").open("ab") as file:
        file.write(b"half a reco")
    copy_run(recorder.path, tmp_path / "copy")
    assert (numbers(open_run(tmp_path / "copy")), open_run(tmp_path / "copy").problems) == ([0], [])


def test_a_copy_never_overwrites(record, tmp_path):
    recorder = record()
    with pytest.raises(FileExistsError, match="already holds a run"):
        copy_run(recorder.path, recorder.path)
    with pytest.raises(RunNotFound, match="no run at"):
        copy_run(tmp_path / "nowhere", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
