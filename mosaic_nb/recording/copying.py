"""A copy of a run, also of one that is being recorded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mosaic_nb.recording import folder as files, journal, reader
from mosaic_nb.recording.errors import RunNotFound
from mosaic_nb.recording.tables import TABLES


def copy_run(source: Path, target: Path) -> None:
    """Copy a run to another folder, whole or not at all. The copy of a live run has every row written before the call.

    Raises:
        FileExistsError: the target holds a run, or anything else.
        RunNotFound: the source holds no run.
        RecordingFailed: the disk refused.
    """
    if not (source / files.HEADER).is_file():
        raise RunNotFound(f"there is no run at {source} to copy")
    files.claim(target)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.copying")
    try:
        with files.naming_disk_errors(target, "the copying"):
            unfinished.mkdir()
            _copy_tables(source, unfinished)
            _copy_folders(source, unfinished)  # after the rows: every blob that they name is there by now
            unfinished.replace(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _copy_tables(source: Path, target: Path) -> None:
    header = files.read_header(source)
    if not header["closed"]:
        try:
            _copy_unclosed(source, target)
        except FileNotFoundError:
            if not files.read_header(source)["closed"]:
                raise
        header = files.read_header(source)
    if header[
        "closed"
    ]:  # perhaps only since we began: then these tables are the truth, and the segments are ignored
        for table in TABLES:
            shutil.copy2(files.parquet_path(source, table.name), target)
    files.write_header(target, header)


def _copy_unclosed(source: Path, target: Path) -> None:
    journals, sealed = reader.segments(source, [])
    manifest = journal.Journal(target / files.SEALED)
    for number, tables in sealed.items():
        for table in tables:
            shutil.copy2(files.segment_path(source, number, table), target)
        manifest.append(journal.pack((number, tables)))
    manifest.close()
    for number, found in journals.items():
        copy = journal.Journal(files.journal_path(target, number))
        for body in found.bodies:
            copy.append(journal.pack(body))
        copy.close()


def _copy_folders(source: Path, target: Path) -> None:
    for name in (files.BLOBS, files.LOGS):
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=_unfinished)


def _unfinished(_: str, names: list[str]) -> set[str]:
    return {name for name in names if files.is_unfinished(Path(name))}
