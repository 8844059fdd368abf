"""Rows to Arrow columns, columns to files: what the declared kinds of columns mean to Arrow and Parquet."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mosaic_nb.recording.folder import beside, parquet_path, segment_path
from mosaic_nb.recording.tables import Column, Table

_CATEGORY = pa.dictionary(pa.int32(), pa.string())
TYPES: dict[str, pa.DataType] = {
    "category": _CATEGORY,
    "string": pa.large_string(),  # what pandas holds strings as, and free of the 2 GiB limit
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "floats": pa.list_(pa.field("element", pa.float32())),
    "json": _CATEGORY,  # few distinct texts, as a rule: each is parsed once
}
"""The Arrow type of each kind of column."""

_ROW_GROUP = 1 << 20
_BYTE = 256
_INCOMPRESSIBLE = ("string", "float", "floats")  # hashes, durations, probabilities
Values = Sequence[Any]


def schema(table: Table, *, nullable: frozenset[str] | None = None, run: bool = True) -> pa.Schema:
    """Return the Arrow schema of a table, with the unit and meaning of each column as metadata.

    Args:
        nullable: the columns that have missing values; None where any may.
        run: whether the constant column ``run`` is among them; it is in no segment.
    """
    fields = [
        pa.field(
            column.name,
            TYPES[column.kind],
            nullable=nullable is None or column.name in nullable,
            metadata={"meaning": column.meaning, "unit": column.unit},
        )
        for column in table.columns[0 if run else 1 :]
    ]
    return pa.schema(fields, metadata={"table": table.name, "row": table.row})


def batch(table: Table, rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    """Return rows (tuples in column order, without ``run``) as columns.

    Raises:
        TypeError: a value is not of its column's kind.
    """
    columns = list(zip(*rows, strict=True)) or [()] * (len(table.columns) - 1)
    arrays = [
        _array(table, column, values) for column, values in zip(table.columns[1:], columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(table.names[1:]))


def _array(table: Table, column: Column, values: Values) -> pa.Array:
    try:
        if column.kind in ("category", "json"):
            return _categories(values)
        if column.kind == "int" and values and type(values[0]) is int and _is_constant(values):
            return of_numbers(np.full(len(values), values[0], np.int64))
        return pa.array(values, TYPES[column.kind])
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{table.name}.{column.name} cannot hold a value that was recorded: {error}"
        ) from error


def _categories(values: Values) -> pa.Array:
    # Thousands of rows are sealed within a tick: constant columns and few categories take a third of Arrow's own way.
    if values and type(values[0]) is str and _is_constant(values):
        return of_codes(np.zeros(len(values), np.int32), [values[0]])
    distinct = set(values)
    if None in distinct or not 1 < len(distinct) <= _BYTE:
        return pa.array(values, _CATEGORY)
    texts = sorted(distinct)  # not in the order of a set, which differs from process to process
    codes = bytes(itemgetter(*values)({text: code for code, text in enumerate(texts)}))
    return of_codes(np.frombuffer(codes, np.uint8).astype(np.int32), texts)


def of_numbers(numbers: np.ndarray[Any, Any]) -> pa.Array:
    """Return int64 or float64 numbers as a column; Arrow's own way imports pandas, which no worker should load."""
    kind = pa.int64() if numbers.dtype.kind == "i" else pa.float64()
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])


def of_codes(codes: np.ndarray[Any, Any], texts: Sequence[str]) -> pa.Array:
    """Return texts as a column of categories, each row the place of its text as an int32."""
    places = pa.Array.from_buffers(pa.int32(), len(codes), [None, pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(places, pa.array(texts, pa.string()))


def _is_constant(values: Values) -> bool:
    return values.count(values[0]) == len(values)


def write_segment(folder: Path, number: int, table: Table, rows: pa.RecordBatch, *, durable: bool) -> int:
    """Seal rows into their file, and return the file's CRC-32."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_batch(rows)
    data = sink.getvalue()
    with beside(segment_path(folder, number, table.name), durable=durable) as unfinished:
        unfinished.write_bytes(data)
    return zlib.crc32(data)


def read_segment(data: bytes) -> pa.Table:
    """Return what `write_segment` wrote.

    Raises:
        pyarrow.ArrowInvalid: the bytes are none of its.
    """
    return pa.ipc.open_file(pa.py_buffer(data)).read_all()


def assemble(table: Table, run: str, pieces: Iterable[pa.Table | pa.RecordBatch]) -> pa.Table:
    """Put pieces of a table together: with the column ``run``, one dictionary for each category, and metadata."""
    tables = [
        pa.Table.from_batches([piece]) if isinstance(piece, pa.RecordBatch) else piece for piece in pieces
    ]
    whole = pa.concat_tables([batch_table(table), *tables]).unify_dictionaries()
    return with_run(table, run, whole)


def batch_table(table: Table) -> pa.Table:
    """Return a table without rows, as segments have it."""
    return pa.Table.from_batches([batch(table, ())])


def with_run(table: Table, run: str, rows: pa.Table) -> pa.Table:
    """Return a table with the constant column ``run`` in front and the declared metadata."""
    constant = _repeated("category", run, len(rows))
    nullable = frozenset(name for name in rows.column_names if rows[name].null_count)
    return pa.table([constant, *rows.columns], schema=schema(table, nullable=nullable))


def without_run(rows: pa.Table) -> pa.Table:
    """Return a table as segments and parts have it: without the column ``run``, any value may be missing."""
    return pa.table(rows.columns[1:], names=rows.column_names[1:])


class TableWriter:
    """Writes a table of a closed run, see `table_writer`.

    Attributes:
        rows: how many have been written.
    """

    def __init__(self, table: Table, run: str, file: pq.ParquetWriter) -> None:
        self.rows = 0
        self._table = table
        self._run = run
        self._file = file
        self._group: list[pa.Table | pa.RecordBatch] = []
        self._held = 0

    def add(self, piece: pa.Table | pa.RecordBatch) -> None:
        """Add rows: about a row group, not all of a run, is in memory while it is closed."""
        self._group.append(piece)
        self._held += len(piece)
        if self._held >= _ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what has been added."""
        whole = assemble(self._table, self._run, self._group)
        self._file.write_table(pa.table(whole.columns, schema=self._file.schema), row_group_size=_ROW_GROUP)
        self.rows += len(whole)
        self._group, self._held = [], 0


@contextmanager
def table_writer(folder: Path, table: Table, run: str, nullable: frozenset[str]) -> Iterator[TableWriter]:
    """Write a table of a closed run, durably and whole or not at all.

    Columns without missing values are declared so: reading them is a third faster. Hashes, durations and
    probabilities hardly shrink, so they are stored as they are (48 instead of 33 bytes a step, read in 60 % of the
    time); the rest is compressed by zstd. Pages carry checksums.

    Args:
        folder: the run's.
        table: which.
        run: the run's name.
        nullable: the columns that have missing values.
    """
    declared = schema(table, nullable=nullable)
    with (
        beside(parquet_path(folder, table.name), durable=True) as unfinished,
        pq.ParquetWriter(unfinished, declared, **_parquet_options(table)) as file,
    ):
        writer = TableWriter(table, run, file)
        yield writer
        writer.flush()


def _parquet_options(table: Table) -> dict[str, Any]:
    leaf = {"floats": ".list.element"}
    paths = {column.name + leaf.get(column.kind, ""): column for column in table.columns}
    return {
        "compression": {path: "none" if c.kind in _INCOMPRESSIBLE else "zstd" for path, c in paths.items()},
        "use_dictionary": [path for path, c in paths.items() if c.kind not in ("string", "floats")],
        "write_page_checksum": True,
    }


def read_parquet(folder: Path, table: Table, run: str) -> pa.Table:
    """Return a table of a closed run.

    Raises:
        OSError, pyarrow.ArrowInvalid: the file is missing or damaged.
    """
    file = pq.ParquetFile(
        parquet_path(folder, table.name),
        read_dictionary=[column.name for column in table.columns if TYPES[column.kind] is _CATEGORY],
        memory_map=True,
        page_checksum_verification=True,
    )
    with file:
        constant = _constants(table, file.metadata)
        varying = file.read(columns=[name for name in table.names[1:] if name not in constant])
        columns = [constant[name] if name in constant else varying[name] for name in table.names[1:]]
        return with_run(table, run, pa.table(columns, names=list(table.names[1:])).unify_dictionaries())


def _constants(table: Table, metadata: pq.FileMetaData) -> dict[str, pa.Array]:
    """Return the columns that hold one value throughout, made from the file's statistics instead of being read.

    Most runs have eight or so (branch, agent, team, role, ...): a fifth of the time and of the memory.
    """
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    ranges: dict[str, set[Any]] = {}
    for chunk in (group.column(place) for group in groups for place in range(metadata.num_columns)):
        found = chunk.statistics
        known = found is not None and found.has_min_max and found.null_count == 0
        ranges.setdefault(chunk.path_in_schema, set()).update((found.min, found.max) if known else (None, ""))
    exact = {
        column.name: column.kind for column in table.columns[1:] if column.kind in ("int", "bool", "category")
    }
    return {
        name: _repeated(exact[name], next(iter(values)), metadata.num_rows)
        for name, values in ranges.items()
        if name in exact and len(values) == 1
    }


def _repeated(kind: str, value: Any, count: int) -> pa.Array:
    if kind == "category":
        return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([value], pa.string()))
    return pa.array(np.full(count, value)) if value else pa.array(np.zeros(count, type(value)))
