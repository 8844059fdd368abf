"""The folder of an experiment's run: claimed or taken up again, filled with parts, closed as tables."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mosaic_nb.experiment import identity
from mosaic_nb.experiment.errors import AnotherExperiment, Busy, Changed
from mosaic_nb.experiment.job import Job, Played, Unit
from mosaic_nb.recording import arrow, folder as files, parts
from mosaic_nb.recording.tables import TABLES

KIND = "experiment"
_LOCK = "lock"
_ASIDE = ".damaged"


class Store:
    """The folder of one experiment, held by one process at a time.

    Args:
        path: new, empty, or that of the same experiment.
        job: what is played.

    Attributes:
        damaged: parts that were found damaged and put aside, in words; their episodes are played again.
    """

    def __init__(self, path: Path, job: Job) -> None:
        self.path = path.absolute()
        self.parts = self.path / files.PARTS
        self.logs = self.path / files.LOGS
        self.damaged: list[str] = []
        self._job = job
        self._experiment = identity.of_job(job)
        self._header: dict[str, Any] = {}
        self._found = parts.Found()
        self._lock: int | None = None

    def is_complete(self) -> bool:
        """Whether all of this experiment has been played and its tables are written.

        Raises:
            AnotherExperiment: the folder holds something else.
        """
        if not (self.path / files.HEADER).exists():
            return False
        header = self._read()
        return (
            bool(header["closed"])
            and header["provenance"]["experiment"]["seeds"] == self._experiment["seeds"]
        )

    def open(
        self, provenance: Mapping[str, Any], *, accept_changes: bool = False, retry_failed: bool = False
    ) -> None:
        """Claim the folder, or take the experiment in it up again.

        Args:
            provenance: what the header keeps, see `identity.provenance`; ``versions`` in it are the code and libraries
                that a resumed run must share.
            accept_changes: go on although they have changed.
            retry_failed: forget the trials in which an episode failed, so that they are played again.

        Raises:
            AnotherExperiment: it holds something else.
            Changed: code or versions have changed.
            Busy: another process is at it.
            RecordingFailed: the disk refused.
        """
        known = (self.path / files.HEADER).exists()
        if not known:
            self._claim()
        with files.naming_disk_errors(self.path, "the start"):
            self._take_lock()
            self._tidy()
            header = self._read() if known else self._begin(provenance)
            if not accept_changes:
                _refuse_changes(self.path, header["provenance"]["versions"], provenance["versions"])
            if header["closed"]:
                self._reopen(header)
            self._header = self._renewed(header, provenance["versions"])
            self.parts.mkdir(exist_ok=True)
            files.write_header(self.path, self._header)
        self._look()
        if retry_failed:
            with files.naming_disk_errors(self.path, "forgetting what failed"):
                self._forget_failed()
            self._look()

    def done(self) -> set[Unit]:
        """Return the trials that are on disk with all their episodes."""
        return {
            (lane, trial)
            for lane, trial in self._job.units()
            if all((lane, number) in self._found.places for number in self._job.numbers(trial))
        }

    def history(self) -> Iterator[tuple[str, float, str]]:
        """Give lane, return and end of every episode on disk."""
        for path in dict.fromkeys(self._found.places.values()):
            rows = parts.read_part(path)["episodes"].select(["lane", "episode", "return", "end"])
            for lane, number, total, end in zip(
                *(column.to_pylist() for column in rows.columns), strict=True
            ):
                if self._found.places[lane, number] == path:
                    yield lane, total, end

    def note(self, played: Iterable[Played], part: Path) -> None:
        """Note what lies in a part that has been written."""
        for each in played:
            self._found.places.setdefault((each.lane, each.number), part)

    def close(self) -> None:
        """Write each table as Parquet, durably, and delete the parts they were made of.

        Raises:
            RecordingFailed: the disk refused; the run is as it was.
        """
        self._look()
        order = [
            (lane, number)
            for lane, trial in self._job.units()
            for number in self._job.numbers(trial)
            if (lane, number) in self._found.places
        ]
        with files.naming_disk_errors(self.path, "closing"):
            rows = self._merge(order)
            files.sync(self.path)
            files.write_header(self.path, {**self._header, "closed": True, "rows": rows})
            shutil.rmtree(self.parts)

    def release(self) -> None:
        """Let others at the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- inside --------------------------------------------------------------------------------------

    def _claim(self) -> None:
        begun = {_LOCK, files.LOGS, files.BLOBS}  # what a start leaves that was cut off before its header
        entries = list(self.path.iterdir()) if self.path.is_dir() else []
        if entries and all(entry.name in begun or files.is_unfinished(entry) for entry in entries):
            return
        try:
            files.claim(self.path)
        except FileExistsError as error:
            raise AnotherExperiment(str(error)) from None

    def _take_lock(self) -> None:
        descriptor = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Busy(
                f"the experiment in {self.path} is being run already; wait for it, or stop it"
            ) from None
        self._lock = descriptor

    def _tidy(self) -> None:
        """Delete what was still being written when an earlier process was cut off."""
        for folder in (self.path, self.parts):
            for entry in folder.iterdir() if folder.is_dir() else ():
                if files.is_unfinished(entry):
                    entry.unlink()

    def _begin(self, provenance: Mapping[str, Any]) -> dict[str, Any]:
        for name in (files.LOGS, files.BLOBS):
            (self.path / name).mkdir(exist_ok=True)
        return {
            "format": files.FORMAT,
            "name": self.path.name,
            "kind": KIND,
            "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "closed": False,
            "provenance": {**provenance, "experiment": self._experiment},
        }

    def _renewed(self, header: dict[str, Any], versions: Mapping[str, str]) -> dict[str, Any]:
        """Return the header with what is played now, and the versions of every time it was taken up."""
        before = header["provenance"].get("sessions", [])
        session = {"began": datetime.now(UTC).isoformat(timespec="seconds"), "versions": versions}
        provenance = {**header["provenance"], "experiment": self._experiment, "sessions": [*before, session]}
        return {**header, "closed": False, "provenance": provenance}

    def _read(self) -> dict[str, Any]:
        header = files.read_header(self.path)
        kept = header["provenance"].get("experiment")
        if header["kind"] != KIND or kept is None:
            raise AnotherExperiment(
                f"{self.path} holds a run of another kind, {header['kind']!r}; give another folder"
            )
        if differences := _differences(kept, self._experiment):
            listed = "\n".join(f"- {each}" for each in differences)
            raise AnotherExperiment(
                f"{self.path} holds another experiment; give another folder. What differs:\n{listed}"
            )
        return header

    def _look(self) -> None:
        """Find what has been played; parts that are damaged are put aside, to be looked at, and played again."""
        self._found = parts.find(parts.paths(self.parts))
        for path, error in self._found.damaged.items():
            path.rename(path.with_name(path.name + _ASIDE))
            self.damaged.append(
                f"{error}; it was put aside as {path.name}{_ASIDE}, and its episodes are played again"
            )

    def _forget_failed(self) -> None:
        """Write the parts that hold failed trials anew, without them."""
        for path in parts.paths(self.parts):
            tables = parts.read_part(path)
            rows = tables["episodes"].select(["episode", "end"]).to_pylist()
            failed = {row["episode"] // self._job.trial for row in rows if row["end"] == "failed"}
            if not failed:
                continue
            numbers = pa.array(
                [row["episode"] for row in rows if row["episode"] // self._job.trial not in failed]
            )
            kept = {
                name: each.filter(pc.is_in(each["episode"], numbers.cast(pa.int64())))
                for name, each in tables.items()
            }
            if len(kept["episodes"]):
                parts.write_part(path, kept)
            else:
                path.unlink()

    def _merge(self, order: list[parts.Key]) -> dict[str, int]:
        """Write the tables, in one pass through the parts, and return how many rows each has."""
        with ExitStack() as files_open:
            writers = {
                table.name: files_open.enter_context(
                    arrow.table_writer(
                        self.path,
                        table,
                        self._header["name"],
                        frozenset(self._found.nullable.get(table.name, ())),
                    )
                )
                for table in TABLES
            }
            for tables in parts.merge(self._found.places, order):
                for name, rows in tables.items():
                    writers[name].add(rows)
        return {name: writer.rows for name, writer in writers.items()}

    def _reopen(self, header: Mapping[str, Any]) -> None:
        """Turn the tables of a closed run back into parts: it is to be continued with more seeds."""
        with files.naming_disk_errors(self.path, "taking it up again"):
            self.parts.mkdir(exist_ok=True)
            whole = {table.name: arrow.read_parquet(self.path, table, header["name"]) for table in TABLES}
            for number, lane in enumerate(self._job.casts):
                mine = {name: rows.filter(pc.equal(rows["lane"], lane)) for name, rows in whole.items()}
                path = parts.part_path(self.parts, number, 0, len(mine["episodes"]))
                parts.write_part(path, {name: arrow.without_run(rows) for name, rows in mine.items()})


def _refuse_changes(folder: Path, then: Mapping[str, str], now: Mapping[str, str]) -> None:
    changes = [
        f"{name} was {then.get(name, 'not there')} and is {now.get(name, 'not there')}"
        for name in {**then, **now}
        if then.get(name) != now.get(name)
    ]
    if changes:
        listed = "\n".join(f"- {each}" for each in changes)
        raise Changed(
            f"since the experiment in {folder} was begun this has changed, and its episodes might not be "
            f"comparable:\n{listed}\nTo go on all the same: run(..., accept_changes=True)."
        )


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say in words what two experiments differ in; further trials after the same ones are no difference."""
    found = []
    for name in {**then, **now}:
        before, after = then.get(name), now.get(name)
        if before == after or (name == "seeds" and identity.goes_on(before or (), after or ())):
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += [f"{name}: {each}" for each in _differences(before, after)]
        else:
            found.append(f"{name} was {_short(before)} and is {_short(after)}")
    return found


def _short(value: Any) -> str:
    text = "not given" if value is None else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
