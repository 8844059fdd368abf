"""Reading a run that was never closed: journaled and sealed rows, whatever state a crash left them in.

The rule: where the journal of a segment exists it is the truth, and Arrow files of that segment are ignored; else
the Arrow files that ``sealed.bin`` names are. That holds at every moment of a sealing, because the journal is
deleted last. Nothing here writes, and a run may be read while it is being recorded.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from mosaic_nb.recording import arrow, journal, parts
from mosaic_nb.recording.folder import PARTS, SEALED, journal_path, segment_path
from mosaic_nb.recording.tables import TABLES, Table

_SEGMENT = re.compile(r"journal-(\d{6,})\.bin|segment-(\d{6,})\.(\w+)\.arrow")

Files = dict[str, list[int] | None]
"""The files of a sealed segment: table -> [rows, CRC-32], or None where these are not known."""
Pieces = dict[str, list[pa.Table | pa.RecordBatch]]


def read_unclosed(folder: Path, run: str) -> tuple[dict[str, pa.Table], list[str]]:
    """Return every table of a run that was not closed, and what was found torn or damaged, in words."""
    problems: list[str] = []
    journals, sealed = segments(folder, problems)
    pieces: Pieces = {table.name: [] for table in TABLES}
    for number in sorted(journals.keys() | sealed.keys()):
        if number in journals:
            _add_journaled(pieces, journals[number], journal_path(folder, number).name, problems)
        else:
            _add_sealed(pieces, folder, number, sealed[number], problems)
    found, damaged = parts.read_all(folder / PARTS)
    for tables in found:
        for name, rows in tables.items():
            pieces[name].append(rows)
    problems += damaged
    return {table.name: arrow.assemble(table, run, pieces[table.name]) for table in TABLES}, problems


def segments(folder: Path, problems: list[str]) -> tuple[dict[int, journal.Scan], dict[int, Files]]:
    """Return the journals that are the truth, and the files of the segments that are sealed, by number."""
    sealed = sealed_files(folder, problems)
    journals: dict[int, journal.Scan] = {}
    for number in list(sealed):  # a journal that a kill kept from being deleted
        _add_journal(journals, folder, number)
    number = max(sealed, default=-1) + 1
    while not _add_journal(journals, folder, number):
        # Either nothing was written after the last sealing, or this journal was sealed since sealed.bin was read.
        sealed = sealed_files(folder, [])
        if number not in sealed:
            break
        number += 1
    _add_strays(folder, journals, sealed, problems)
    found = journals.keys() | sealed.keys()
    problems += [f"segment {lost} is missing" for lost in sorted(set(range(max(found, default=0))) - found)]
    for scan in journals.values():
        problems += scan.problems
    return journals, {number: tables for number, tables in sealed.items() if number not in journals}


def sealed_files(folder: Path, problems: list[str]) -> dict[int, Files]:
    """Return the files of every segment that ``sealed.bin`` names."""
    try:
        found = journal.read(folder / SEALED)
    except FileNotFoundError:
        return {}
    problems += found.problems
    return {number: dict(files) for number, files in found.bodies}


def _add_journal(journals: dict[int, journal.Scan], folder: Path, number: int) -> bool:
    try:
        journals[number] = journal.read(journal_path(folder, number))
    except FileNotFoundError:
        return False
    return True


def _add_strays(
    folder: Path, journals: dict[int, journal.Scan], sealed: dict[int, Files], problems: list[str]
) -> None:
    """Add what lies there without a line in ``sealed.bin``: damage or a power cut took the line."""
    known = journals.keys() | sealed.keys()
    matches = [match for path in sorted(folder.iterdir()) if (match := _SEGMENT.fullmatch(path.name))]
    strays = [match for match in matches if int(match[1] or match[2]) not in known]
    # Read after the files were looked for: a live run lists a segment before it deletes its journal or begins another.
    listed = sealed_files(folder, [])
    for match in strays:
        if match[1] and not listed.keys() - known:
            _add_journal(journals, folder, int(match[1]))
    for match in strays:
        if match[2] and (number := int(match[2])) not in listed | journals:
            if number not in sealed:
                problems.append(f"{SEALED} does not name segment {number}; it was read unchecked")
            sealed.setdefault(number, {})[match[3]] = None


def _add_journaled(pieces: Pieces, found: journal.Scan, name: str, problems: list[str]) -> None:
    rows: list[list[Sequence[Any]]] = [[] for _ in TABLES]
    for body in found.bodies:
        for index, some in body:
            rows[index] += some
    for table, some in zip(TABLES, rows, strict=True):
        if some:
            pieces[table.name].append(_batch(table, some, name, problems))


def _batch(table: Table, rows: list[Sequence[Any]], name: str, problems: list[str]) -> pa.RecordBatch:
    try:
        return arrow.batch(table, rows)
    except TypeError as error:
        fitting = [row for row in rows if _fits(table, row)]
        problems.append(f"{name}: {len(rows) - len(fitting)} rows were left out: {error}")
        return arrow.batch(table, fitting)


def _fits(table: Table, row: Sequence[Any]) -> bool:
    try:
        return bool(arrow.batch(table, [row]))
    except TypeError:
        return False


def _add_sealed(pieces: Pieces, folder: Path, number: int, files: Files, problems: list[str]) -> None:
    for table, known in files.items():
        path = segment_path(folder, number, table)
        try:
            data = path.read_bytes()
            if known is not None and zlib.crc32(data) != known[1]:
                raise pa.ArrowInvalid("its checksum is wrong")
            pieces[table].append(arrow.read_segment(data))
        except (OSError, pa.ArrowInvalid) as error:
            lost = f"its {known[0]:,} rows" if known else "its rows"
            problems.append(f"{path.name}: {lost} of {table} are lost, the rest was read: {error}")
