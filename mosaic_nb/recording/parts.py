"""Parts: the rows of whole episodes, each part a file that is there whole or not at all.

Where many processes play the episodes of one run, each writes parts. They may come in any order and more than once:
`merge` keeps every episode once, in the order that is asked for. A part is a file of records as in `journal`: first
``["part", format, tables]``, then ``[table, rows, Arrow file]`` for each table that has rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from mosaic_nb.recording import arrow, journal
from mosaic_nb.recording.errors import CorruptPart
from mosaic_nb.recording.folder import beside, sync

_FORMAT = 1
_SUFFIX = ".part"

Rows: TypeAlias = pa.RecordBatch | pa.Table
Key = tuple[str, int]
"""An episode of a run: its lane and its number."""


def part_path(folder: Path, lane: int, first: int, count: int) -> Path:
    """Where the part lies that holds so many episodes of a lane, from the first on."""
    return folder / f"{lane:03}-{first:08}-{count:06}{_SUFFIX}"


def write_part(path: Path, tables: Mapping[str, Rows]) -> None:
    """Put a part in its place, durably: columns of each table as `arrow.batch` makes them.

    Raises:
        OSError: the disk refused; nothing is there.
    """
    full = {name: rows for name, rows in tables.items() if len(rows)}
    records = [("part", _FORMAT, len(full))]
    data = b"".join(
        journal.record(journal.pack(body))
        for body in (*records, *((name, len(rows), _arrow_file(rows)) for name, rows in full.items()))
    )
    with beside(path, durable=True) as unfinished:
        unfinished.write_bytes(data)
    sync(path.parent)


def read_part(path: Path) -> dict[str, pa.Table]:
    """Return the tables of a part.

    Raises:
        CorruptPart: it is damaged or cut short.
    """
    found = journal.scan(path.read_bytes(), path.name)
    if found.problems:
        raise CorruptPart("; ".join(found.problems))
    try:
        (kind, version, count), *tables = found.bodies
        if (kind, version, count) != ("part", _FORMAT, len(tables)):
            raise ValueError(f"it has {len(tables)} tables")
        return {name: arrow.read_segment(data) for name, _, data in tables}
    except (ValueError, TypeError, pa.ArrowInvalid) as error:
        raise CorruptPart(f"{path.name} is no whole part: {error}") from error


def paths(folder: Path) -> list[Path]:
    """Return where the parts in a folder lie, by name."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def episodes(tables: Mapping[str, pa.Table]) -> list[Key]:
    """Return the episodes that a part holds."""
    if "episodes" not in tables:
        return []
    rows = tables["episodes"]
    return list(zip(rows["lane"].to_pylist(), rows["episode"].to_pylist(), strict=True))


@dataclass
class Found:
    """What lies in a folder of parts.

    Attributes:
        places: in which part every episode lies, in the first one where it is in several.
        nullable: the columns of each table that have missing values.
        damaged: the parts that cannot be read.
    """

    places: dict[Key, Path] = field(default_factory=dict)
    nullable: dict[str, set[str]] = field(default_factory=dict)
    damaged: dict[Path, CorruptPart] = field(default_factory=dict)


def find(parts: Iterable[Path]) -> Found:
    """Look into parts."""
    found = Found()
    for path in parts:
        try:
            tables = read_part(path)
        except CorruptPart as error:
            found.damaged[path] = error
            continue
        for key in episodes(tables):
            found.places.setdefault(key, path)
        for name, rows in tables.items():
            missing = (column for column in rows.column_names if rows[column].null_count)
            found.nullable.setdefault(name, set()).update(missing)
    return found


def read_all(folder: Path) -> tuple[list[dict[str, pa.Table]], list[str]]:
    """Return the tables of all parts in a folder, lane by lane, every episode once, and what is damaged, in words."""
    found = find(paths(folder))
    lane_numbers = {lane: path.name.partition("-")[0] for (lane, _), path in found.places.items()}
    order = sorted(found.places, key=lambda key: (lane_numbers[key[0]], key[1]))
    problems = [f"{error}; its episodes are lost" for error in found.damaged.values()]
    return list(merge(found.places, order)), problems


def merge(places: Mapping[Key, Path], order: Iterable[Key]) -> Iterator[dict[str, pa.Table]]:
    """Yield the tables of episodes, in the order that is asked for.

    Args:
        places: in which part every episode lies, see `find`.
        order: the episodes.
    """
    last: Path | None = None
    tables: dict[str, pa.Table] = {}
    for path, keys in _stretches(order, places):
        if path != last:
            last, tables = path, read_part(path)
        everything = len(keys) == len(tables["episodes"])
        yield tables if everything else {name: _of(rows, keys) for name, rows in tables.items()}


def _stretches(keys: Iterable[Key], places: Mapping[Key, Path]) -> Iterator[tuple[Path, list[Key]]]:
    """Yield neighbours of one lane that lie in the same part, together."""
    stretch: list[Key] = []
    for key in keys:
        if stretch and (places[key] != places[stretch[-1]] or key[0] != stretch[-1][0]):
            yield places[stretch[-1]], stretch
            stretch = []
        stretch.append(key)
    if stretch:
        yield places[stretch[-1]], stretch


def _of(rows: pa.Table, keys: list[Key]) -> pa.Table:
    """Return the rows of these episodes, which are of one lane, as they stand."""
    numbers = pa.array([number for _, number in keys], pa.int64())
    return rows.filter(pc.and_(pc.equal(rows["lane"], keys[0][0]), pc.is_in(rows["episode"], numbers)))


def _arrow_file(rows: Rows) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write(rows)
    return bytes(sink.getvalue())
