"""Reading a run back."""

from __future__ import annotations

import difflib
import html
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from mosaic_nb.recording import arrow, frames, lineage
from mosaic_nb.recording.access import AllBranches, Tables
from mosaic_nb.recording.errors import CorruptRun, NotARun, RunNotFound
from mosaic_nb.recording.folder import HEADER, blob_digest, blob_path, parquet_path, read_header
from mosaic_nb.recording.reader import read_unclosed
from mosaic_nb.recording.tables import TABLES, Table

_SHOWN = 5


class Run(Tables):
    """A run as it was recorded; `open_run` makes one. Nothing here changes the folder.

    The tables are read when they are first asked for, once. What is handed out is the caller's to change.

    Attributes:
        path: the folder.
        header: its ``run.json``: ``name``, ``kind``, ``created``, ``closed``, ``provenance``, and once closed
            ``rows`` of each table.
        problems: what was found torn, damaged or missing, in words; empty as a rule.

    Raises:
        RunNotFound, NotARun, CorruptRun: as `open_run` does.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        _check_is_run(self.path)
        self.header, self._tables, self.problems = _read(self.path)
        self._frames: dict[str, pd.DataFrame] = {}

    @property
    def name(self) -> str:
        """What the run is called, and the column ``run`` says."""
        return str(self.header["name"])

    @property
    def closed(self) -> bool:
        """Whether the recorder finished; else this is what had been recorded when it was read."""
        return bool(self.header["closed"])

    @property
    def all_branches(self) -> AllBranches:
        """The four tables with every row, also those that a rewind left behind."""
        return AllBranches(self._frame)

    def table(self, name: str) -> pa.Table:
        """Return a table of all branches in Arrow, its schema's metadata saying each column's unit and meaning.

        Raises:
            CorruptRun: its file is missing or damaged.
            ValueError: there is no such table.
        """
        if name not in self._tables:
            self._tables[name] = self._read_parquet(self._declared(name))
        return self._tables[name]

    def text(self, digest: str) -> str:
        """Return a recorded prompt or reply by its hash; raises like `blob`."""
        return self.blob(digest).decode("utf-8", "surrogatepass")

    def blob(self, digest: str) -> bytes:
        """Return a recorded text or image by its hash.

        Raises:
            KeyError: the run has none of that hash.
            CorruptRun: its bytes are not those that were recorded.
        """
        path = blob_path(self.path, digest)
        if not (digest.isalnum() and path.is_file()):
            raise KeyError(f"the run in {self.path} has no blob {digest!r}")
        data = path.read_bytes()
        if blob_digest(data) != digest:
            raise CorruptRun(f"{path} is damaged: its bytes do not have the hash that is its name")
        return data

    @cached_property
    def rows(self) -> dict[str, int]:
        """How many rows each table has, of all branches."""
        if self.closed:
            return dict(self.header["rows"])
        return {table.name: len(self.table(table.name)) for table in TABLES}

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in self.rows.items())
        state = "" if self.closed else ", not closed"
        problems = f", {len(self.problems)} problems (see .problems)" if self.problems else ""
        return f"<Run {self.name!r} in {str(self.path)!r}: {counts}{state}{problems}>"

    def _repr_html_(self) -> str:
        facts = {
            "run": f"{self.name} ({self.header['kind']})",
            "folder": str(self.path),
            "created": str(self.header["created"]) + ("" if self.closed else ", not closed"),
            **{name: f"{count:,} rows" for name, count in self.rows.items()},
            **{f"problem {number}": text for number, text in enumerate(self.problems[:_SHOWN], 1)},
        }
        lines = (
            f'<tr><th style="text-align:left">{html.escape(key)}</th>'
            f'<td style="text-align:left">{html.escape(text)}</td></tr>'
            for key, text in facts.items()
        )
        return f"<table>{''.join(lines)}</table>"

    def _frame(self, name: str) -> pd.DataFrame:
        if name not in self._frames:
            self._frames[name] = frames.frame(self._declared(name), self.table(name))
        return self._frames[name].copy(deep=False)  # copied on write, so the cache stays as it is

    def _current(self, name: str) -> pd.DataFrame:
        return lineage.current(name, self._frame(name), self._frame("events"))

    def _declared(self, name: str) -> Table:
        for table in TABLES:
            if table.name == name:
                return table
        raise ValueError(f"a run has no table {name!r}; it has {', '.join(table.name for table in TABLES)}")

    def _read_parquet(self, table: Table) -> pa.Table:
        try:
            return arrow.read_parquet(self.path, table, self.name)
        except (OSError, pa.ArrowInvalid) as error:
            path = parquet_path(self.path, table.name)
            raise CorruptRun(
                f"{path} cannot be read ({error}); the other tables can. Restore it from a copy."
            ) from error


def open_run(path: Path | str) -> Run:
    """Open a run by its folder. One that was never closed opens with everything that had been recorded.

    Raises:
        RunNotFound: there is no such folder; the error names the nearest one.
        NotARun: the folder holds no run; the error names the runs below it.
        CorruptRun: its header is damaged or of a later release.
    """
    return Run(path)


def _check_is_run(folder: Path) -> None:
    if not folder.exists():
        raise RunNotFound(f"there is no run at {folder}{_nearest(folder)}")
    if not (folder / HEADER).is_file():
        raise NotARun(f"{folder} is not the folder of a run: it has no {HEADER}{_runs_below(folder)}")


def _read(path: Path) -> tuple[dict[str, Any], dict[str, pa.Table], list[str]]:
    """Return the header, the tables that had to be read at once, and the problems."""
    header = read_header(path)
    if not header["closed"]:
        tables, problems = read_unclosed(path, header["name"])
        header = read_header(path)
        if not header["closed"]:
            return header, tables, problems
        # It was closed meanwhile, and may have lost files under our hands: the Parquet files are the truth now.
    lost = [
        parquet_path(path, table.name) for table in TABLES if not parquet_path(path, table.name).is_file()
    ]
    return header, {}, [f"{missing.name} is missing" for missing in lost]


def _nearest(folder: Path) -> str:
    missing = folder
    while not missing.parent.exists():
        missing = missing.parent
    beside = [entry.name for entry in missing.parent.iterdir() if entry.is_dir()]
    near = difflib.get_close_matches(missing.name, beside, n=1, cutoff=0.5)
    rest = folder.relative_to(missing)
    return (
        f"; did you mean {missing.parent / near[0] / rest}?"
        if near
        else f" ({missing.parent} has no {missing.name!r})"
    )


def _runs_below(folder: Path) -> str:
    below = (
        sorted(str(header.parent) for header in folder.glob(f"*/{HEADER}"))[:_SHOWN]
        if folder.is_dir()
        else []
    )
    return f"; there are runs in {', '.join(below)}" if below else ""
