"""A journal gives back every whole record, whatever became of the rest."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mosaic_nb.recording.journal import Journal, pack, read, scan

BODIES = [[number, ["x" * number] * 3] for number in range(8)]


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal-000000.bin")
    for body in BODIES:
        journal.append(pack(body))
    journal.close()
    return journal.path


def ends(data):
    """Where the records end."""
    return [
        scan(data[:size], "j").whole
        for size in range(1, len(data) + 1)
        if not scan(data[:size], "j").problems
    ]


def test_what_was_appended_is_read(journal):
    found = read(journal)
    assert found.bodies == BODIES
    assert (found.whole, found.torn, found.problems) == (journal.stat().st_size, False, [])


def test_a_file_cut_anywhere_keeps_its_whole_records(journal):
    data = journal.read_bytes()
    whole = ends(data)
    assert len(whole) == len(BODIES)
    for size in range(len(data)):
        found = scan(data[:size], "journal-000000.bin")
        kept = sum(end <= size for end in whole)
        assert found.bodies == BODIES[:kept]
        assert found.torn == (size not in {0, *whole})
        assert found.whole == ([0, *whole])[kept]
        assert len(found.problems) == found.torn
        assert all("journal-000000.bin" in problem and "torn" in problem for problem in found.problems)


def test_a_flipped_bit_anywhere_costs_one_record_and_is_named(journal):
    data = journal.read_bytes()
    whole = [0, *ends(data)]
    for place in range(len(data)):
        for bit in (0, 7):
            broken = bytearray(data)
            broken[place] ^= 1 << bit
            found = scan(bytes(broken), "journal-000000.bin")
            hit = sum(end <= place for end in whole) - 1
            assert found.bodies == BODIES[:hit] + BODIES[hit + 1 :]
            (problem,) = found.problems
            assert f"{whole[hit]:,}" in problem
            assert "journal-000000.bin" in problem


@pytest.mark.parametrize("size", [1, 7, 8, 9, 4096])
def test_zeros_that_a_power_cut_left_are_no_records(journal, size):
    found = scan(journal.read_bytes() + bytes(size), "j")
    assert found.bodies == BODIES
    assert len(found.problems) == 1


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data):
    found = scan(data, "j")
    assert bool(found.problems) == bool(data) or found.bodies


def test_a_journal_is_never_overwritten(journal):
    with pytest.raises(FileExistsError):
        Journal(journal)
