"""Readers that meet the writer at the worst moment: in the middle of a sealing, and of a close."""

from __future__ import annotations

import threading

import pytest

from mosaic_nb.recording import arrow, copying, reader, run
from mosaic_nb.recording.copying import copy_run
from mosaic_nb.recording.run import open_run

MOMENT = 0.3  # for the other side to go wrong in; where it rightly waits, the test goes on after it


@pytest.fixture
def recorder(record, rows):
    recorder = record(segment_rows=2)
    for number in range(5):
        recorder.write(steps=[rows["steps"](number)])
    return recorder


def test_a_run_that_is_closed_after_its_header_was_read(recorder, numbers, monkeypatch):
    def close_first(*arguments):
        recorder.close()
        return reader.read_unclosed(*arguments)

    monkeypatch.setattr(run, "read_unclosed", close_first)
    opened = open_run(recorder.path)
    assert (numbers(opened), opened.closed, opened.problems) == (list(range(5)), True, [])


def test_a_run_that_is_closed_while_it_is_copied(recorder, numbers, monkeypatch, tmp_path):
    copy_unclosed = copying._copy_unclosed

    def close_first(*arguments):
        recorder.close()
        copy_unclosed(*arguments)

    monkeypatch.setattr(copying, "_copy_unclosed", close_first)
    copy_run(recorder.path, tmp_path / "copy")
    opened = open_run(tmp_path / "copy")
    assert (numbers(opened), opened.closed, opened.problems) == (list(range(5)), True, [])


def test_a_segment_that_is_sealed_after_its_journal_was_looked_for(record, rows, numbers, monkeypatch):
    recorder = record(segment_rows=2)
    recorder.write(steps=[rows["steps"](0), rows["steps"](1)])
    listed = reader.sealed_files

    def seal_after(*arguments):
        found = listed(*arguments)
        if recorder._count == 2:
            recorder.write(steps=[rows["steps"](2)])
        return found

    monkeypatch.setattr(reader, "sealed_files", seal_after)
    opened = open_run(recorder.path)
    assert (numbers(opened), opened.problems) == ([0, 1, 2], [])


def test_a_table_that_is_read_while_the_run_is_closed(recorder, monkeypatch):
    read_segment = arrow.read_segment
    reading = threading.get_ident()
    closer = threading.Thread(target=recorder.close)

    def close_meanwhile(data):
        if threading.get_ident() == reading and closer.ident is None:
            closer.start()
            closer.join(MOMENT)
        return read_segment(data)

    monkeypatch.setattr(arrow, "read_segment", close_meanwhile)
    assert recorder.table("steps")["step"].to_pylist() == list(range(5))
    closer.join()
    assert recorder.table("steps")["step"].to_pylist() == list(range(5))


def test_a_table_that_is_read_between_the_two_halves_of_a_sealing(recorder, rows):
    seen = []
    reading = threading.Thread(target=lambda: seen.append(recorder.table("steps")["step"].to_pylist()))

    class Sealed(list):
        def append(self, segment):
            super().append(segment)
            reading.start()
            reading.join(MOMENT)

    recorder.write(steps=[rows["steps"](5)])
    recorder._sealed = Sealed(recorder._sealed)
    recorder.write(steps=[rows["steps"](6)])
    reading.join()
    assert seen[0][:6] == list(range(6))
    assert seen[0] in (list(range(6)), list(range(7)))
