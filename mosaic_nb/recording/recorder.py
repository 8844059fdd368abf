"""Writing a run: a row is on disk before anybody is shown it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mosaic_nb.recording import folder as files
from mosaic_nb.recording.journal import Journal, pack
from mosaic_nb.recording.tables import TABLES, Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Row = Sequence[Any]
Rows = Sequence[Row]

SEGMENT_ROWS = 4096
"""Rows that are sealed at once, in about 5 ms: a third less time a row than 1,024, and a quarter of the files."""
_WIDTHS = tuple(len(table.columns) - 1 for table in TABLES)


class Recorder:
    """Writes a run, from one thread; its tables may be read from any.

    Args:
        path: the run's folder: a new or an empty one.
        name: what the run is called in its tables.
        kind: what made it, such as ``"arena"`` or ``"experiment"``.
        provenance: what the header keeps, see `provenance.provenance`; JSON.
        segment_rows: how many rows are journaled before they are sealed into Arrow.

    Raises:
        FileExistsError: the folder holds another run, or anything else.
        RecordingFailed: the disk refused.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        kind: str,
        provenance: dict[str, Any],
        segment_rows: int = SEGMENT_ROWS,
    ) -> None:
        self.path = path.absolute()
        self.name = name
        self._segment_rows = segment_rows
        self._header: dict[str, Any] = {
            "format": files.FORMAT,
            "name": name,
            "kind": kind,
            "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "closed": False,
            "provenance": dict(provenance),
        }
        files.claim(self.path)
        with files.naming_disk_errors(self.path, "the start"):
            (self.path / files.LOGS).mkdir(exist_ok=True)
            (self.path / files.BLOBS).mkdir()
            files.write_header(self.path, self._header)
        self._journal: Journal | None = None
        self._manifest: Journal | None = None
        self._rows: tuple[list[Row], ...] = tuple([] for _ in TABLES)  # those of the journal
        self._count = 0
        self._sealed: list[dict[str, tuple[int, int]]] = []  # of each segment: table -> (rows, CRC-32)
        self._nullable: set[tuple[str, str]] = set()
        self._synced = False  # whether rows of the journal have been promised to survive a power cut
        self._unsynced: list[Path] = []
        self._closed = False
        self._snapshot = (
            threading.Lock()
        )  # held for an instant: the rows, the segments and whether it is closed
        self._readers = threading.Lock()  # held while files are read that close() deletes
        # Importing pandas takes 0.24 s: not in the first tick that seals.
        threading.Thread(
            target=import_module, args=("mosaic_nb.recording.frames",), name="mosaic-nb-warm"
        ).start()

    def write(self, *, steps: Rows = (), episodes: Rows = (), calls: Rows = (), events: Rows = ()) -> None:
        """Record rows: tuples in column order, without ``run``, of plain Python values.

        When this returns they are in the operating system's hands and outlive this process. When it raises, none of
        them was recorded, and it may be called again.

        Raises:
            RecordingFailed: the disk refused.
            TypeError, ValueError: a row is too short or too long, or holds a value that its column cannot.
        """
        tick = [(index, rows) for index, rows in enumerate((steps, episodes, calls, events)) if rows]
        if not tick:
            return
        body = self._encode(tick)
        self._check_open()
        try:
            if self._count >= self._segment_rows:
                self._seal()
            if self._journal is None:
                self._journal = Journal(files.journal_path(self.path, len(self._sealed)))
            self._journal.append(body)
        except OSError as error:
            raise files.disk_error(self.path, "recording rows", error) from error
        with self._snapshot:
            for index, rows in tick:
                self._rows[index].extend(rows)
                self._count += len(rows)

    def blob(self, data: bytes | str) -> str:
        """Store a text or an image, once however often it comes, and return its hash (32 hex digits).

        Raises:
            RecordingFailed: the disk refused.
        """
        self._check_open()
        with files.naming_disk_errors(self.path, "storing a blob"):
            digest, unsynced = files.store_blob(self.path, data)
        self._unsynced += unsynced
        return digest

    def update_header(self, **provenance: Any) -> None:
        """Add to what the header keeps; durable when this returns.

        Raises:
            RecordingFailed: the disk refused.
            TypeError: a value has no form in JSON.
        """
        self._check_open()
        header = {**self._header, "provenance": {**self._header["provenance"], **provenance}}
        with files.naming_disk_errors(self.path, "writing the header"):
            files.write_header(self.path, header)
        self._header = header

    def table(self, name: str) -> pa.Table:
        """Return everything recorded so far of a table; from any thread."""
        from mosaic_nb.recording import arrow

        table = _table(name)
        with self._readers:
            with self._snapshot:
                sealed, rows, closed = list(self._sealed), list(self._rows[TABLES.index(table)]), self._closed
            if closed:
                return arrow.read_parquet(self.path, table, self.name)
            return arrow.assemble(table, self.name, self._pieces(table, sealed, rows))

    def frame(self, name: str) -> pd.DataFrame:
        """Return everything recorded so far of a table as a DataFrame of the caller's own; from any thread."""
        from mosaic_nb.recording import frames

        return frames.frame(_table(name), self.table(name)).copy()

    def line(self, name: str) -> pd.DataFrame:
        """Return what of a table lies on the current line: as `frame`, without what a rewind left behind."""
        from mosaic_nb.recording import lineage

        return lineage.current(name, self.frame(name), self.frame("events"))

    def sync(self) -> None:
        """Return when everything recorded so far is on the medium and survives a power cut.

        Raises:
            RecordingFailed: the disk refused.
        """
        self._check_open()
        with files.naming_disk_errors(self.path, "syncing"):
            for log in (self._journal, self._manifest):
                if log is not None:
                    log.sync()
            for path in dict.fromkeys(self._unsynced):
                files.sync(path)
            files.sync(self.path)
        self._unsynced.clear()
        self._synced = True

    def close(self) -> None:
        """Write each table as Parquet, durably, and delete what they were made of. Closing twice is harmless.

        Raises:
            RecordingFailed: the disk refused; the run is as it was, and can be closed again or read as it is.
        """
        if self._closed:
            return
        with files.naming_disk_errors(self.path, "closing"):
            self.sync()
            header = {**self._header, "closed": True, "rows": self._write_parquet()}
            files.sync(self.path)
            files.write_header(self.path, header)
        self._header = header
        with self._readers, self._snapshot:
            self._closed = True
            for rows in self._rows:
                rows.clear()
        with files.naming_disk_errors(self.path, "tidying up after the close"):
            self._delete_segments()

    def _encode(self, tick: list[tuple[int, Rows]]) -> bytes:
        for index, rows in tick:
            for row in rows:
                if len(row) != (width := _WIDTHS[index]):
                    name = TABLES[index].name
                    raise ValueError(
                        f"a row of {name} has {width} values (every column but run), not {len(row)}"
                    )
        try:
            return pack(tick)
        except UnicodeEncodeError:  # a model may well answer with half a surrogate pair
            tick[:] = [(index, [_without_surrogates(row) for row in rows]) for index, rows in tick]
            return pack(tick)
        except (TypeError, OverflowError) as error:
            raise TypeError(
                f"{_culprit(tick)} cannot be recorded, a plain Python value is wanted: {error}"
            ) from error

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError(f"the run {self.name!r} in {self.path} is closed and takes no more rows")

    def _seal(self) -> None:
        """Turn the journal's rows into Arrow files, and only then delete it."""
        from mosaic_nb.recording import arrow

        number, sealed = len(self._sealed), {}
        batches = [
            (table, arrow.batch(table, rows)) for table, rows in zip(TABLES, self._rows, strict=True) if rows
        ]
        for table, batch in batches:
            checksum = arrow.write_segment(self.path, number, table, batch, durable=self._synced)
            sealed[table.name] = (len(batch), checksum)
            self._nullable |= _missing(table, batch)
        self._list_sealed(number, sealed)
        self._retire_journal(number)
        with self._snapshot:
            self._sealed.append(sealed)
            self._rows = tuple([] for _ in TABLES)
            self._count = 0

    def _list_sealed(self, number: int, sealed: dict[str, tuple[int, int]]) -> None:
        if self._manifest is None:
            self._manifest = Journal(self.path / files.SEALED)
        self._manifest.append(pack((number, sealed)))
        if self._synced:
            self._manifest.sync()
            files.sync(self.path)
        else:
            self._unsynced += [files.segment_path(self.path, number, table) for table in sealed]

    def _retire_journal(self, number: int) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        files.journal_path(self.path, number).unlink()
        self._synced = False

    def _pieces(self, table: Table, sealed: list[dict[str, tuple[int, int]]], rows: Rows) -> Iterator[Any]:
        from mosaic_nb.recording import arrow

        for number, tables in enumerate(sealed):
            if table.name in tables:
                yield arrow.read_segment(files.segment_path(self.path, number, table.name).read_bytes())
        if rows:
            yield arrow.batch(table, rows)

    def _write_parquet(self) -> dict[str, int]:
        from mosaic_nb.recording import arrow

        written = {}
        for table, rows in zip(TABLES, self._rows, strict=True):
            missing = self._nullable | (_missing(table, arrow.batch(table, rows)) if rows else set())
            nullable = frozenset(column for name, column in missing if name == table.name)
            with arrow.table_writer(self.path, table, self.name, nullable) as writer:
                for piece in self._pieces(table, self._sealed, rows):
                    writer.add(piece)
            written[table.name] = writer.rows
        return written

    def _delete_segments(self) -> None:
        for log in (self._journal, self._manifest):
            if log is not None:
                log.close()
                log.path.unlink()
        for number, tables in enumerate(self._sealed):
            for table in tables:
                files.segment_path(self.path, number, table).unlink()


def _table(name: str) -> Table:
    for table in TABLES:
        if table.name == name:
            return table
    raise ValueError(f"a run has no table {name!r}; it has {', '.join(table.name for table in TABLES)}")


def _missing(table: Table, batch: pa.RecordBatch) -> set[tuple[str, str]]:
    return {
        (table.name, name)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
        if column.null_count
    }


def _without_surrogates(row: Row) -> Row:
    return tuple(
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for value in row
    )


def _culprit(tick: list[tuple[int, Rows]]) -> str:
    for index, rows in tick:
        for row in rows:
            for name, value in zip(TABLES[index].names[1:], row, strict=True):
                try:
                    pack(value)
                except (TypeError, OverflowError):
                    return f"{TABLES[index].name}.{name} = {value!r:.80}"
    return "a row"
