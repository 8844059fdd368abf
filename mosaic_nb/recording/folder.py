"""The folder of a run: where its files lie, and how a file gets there whole or not at all.

::

    run.json                      the header; `closed` says whether the Parquet files are the truth
    steps.parquet, ...            a table each, once the run is closed
    journal-000003.bin            the rows since the last sealing, see `journal`
    segment-000002.steps.arrow    sealed rows, a file for each table that has some
    sealed.bin                    which segments were sealed, with the rows and checksum of each of their files
    blobs/ab/ab12...              texts and images by their hash
    logs/                         what the workers printed
    parts/                        of an experiment that is not closed: whole episodes, see `parts`
    frames/                       pictures that were shown, as long as the arena is there, see `reel`
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from platformdirs import user_cache_path

from mosaic_nb.recording.errors import CorruptRun, RecordingFailed
from mosaic_nb.recording.jsontext import to_json

FORMAT = 1
"""The version of the folder's layout that this release writes and reads."""

HEADER = "run.json"
SEALED = "sealed.bin"
BLOBS = "blobs"
LOGS = "logs"
FRAMES = "frames"
PARTS = "parts"
_UNFINISHED = ".tmp"


def journal_path(folder: Path, number: int) -> Path:
    """Where the journal of a segment lies."""
    return folder / f"journal-{number:06}.bin"


def segment_path(folder: Path, number: int, table: str) -> Path:
    """Where the sealed rows that a segment has of a table lie."""
    return folder / f"segment-{number:06}.{table}.arrow"


def parquet_path(folder: Path, table: str) -> Path:
    """Where a table of a closed run lies."""
    return folder / f"{table}.parquet"


def blob_path(folder: Path, digest: str) -> Path:
    """Where a blob lies."""
    return folder / BLOBS / digest[:2] / digest


def blob_digest(data: bytes) -> str:
    """Return the 32 hex digits by which a blob is known: BLAKE2b of 128 bits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def store_blob(folder: Path, data: bytes | str) -> tuple[str, list[Path]]:
    """Store a text or an image in a run's folder, once however often it comes.

    Returns:
        Its hash, and what has to be synced before it survives a power cut: nothing where it was there.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    digest = blob_digest(data)
    path = blob_path(folder, digest)
    if path.exists():
        return digest, []
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside(path) as unfinished:
        unfinished.write_bytes(data)
    return digest, [path, path.parent, path.parent.parent]


@contextmanager
def beside(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a path to write to; what was written there then takes its place at ``path`` in one move.

    Args:
        durable: have the bytes on the medium before the move. The move itself is durable after `sync` of the folder.
    """
    unfinished = path.with_name(
        f"{path.name}.{os.getpid()}{_UNFINISHED}"
    )  # several processes may write a blob
    try:
        yield unfinished
        if durable:
            sync(unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Return when a file's bytes, or a folder's entries, have reached the medium."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def naming_disk_errors(folder: Path, doing: str) -> Iterator[None]:
    """Turn what the operating system refuses into a `RecordingFailed` that names the run."""
    try:
        yield
    except OSError as error:
        raise disk_error(folder, doing, error) from error


def disk_error(folder: Path, doing: str, error: OSError) -> RecordingFailed:
    """Return the error that says which run could not be written, why, and what to do."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "make room on the disk" if full else "see to the folder"
    return RecordingFailed(
        f"{doing} of the run in {folder} failed: {error.strerror or error}. What was recorded before is safe; "
        f"{advice} and go on, or read it with open_run({str(folder)!r})."
    )


def write_header(folder: Path, header: dict[str, Any]) -> None:
    """Put a run's header in its place, durably.

    Raises:
        TypeError: it holds something that JSON cannot.
    """
    text = json.dumps(json.loads(to_json(header)), indent=2, ensure_ascii=False)
    with beside(folder / HEADER, durable=True) as unfinished:
        unfinished.write_bytes(text.encode("utf-8", "backslashreplace"))
    sync(folder)


def read_header(folder: Path) -> dict[str, Any]:
    """Return a run's header.

    Raises:
        FileNotFoundError: the folder has none.
        CorruptRun: it is damaged, or written by a later release.
    """
    path = folder / HEADER
    try:
        header = json.loads(path.read_bytes())
        version = header["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptRun(
            f"{path} is damaged ({error}); restore it from a copy, the tables beside it need it"
        ) from error
    if version != FORMAT:
        raise CorruptRun(
            f"{path} has format {version}, this release of mosaic_nb reads {FORMAT}: upgrade mosaic_nb"
        )
    return dict(header)


def claim(folder: Path) -> None:
    """Make the folder of a new run, or take an empty one.

    Raises:
        FileExistsError: it holds something already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / HEADER).exists():
        raise FileExistsError(
            f"{folder} already holds a run: choose another folder, or open it with open_run({str(folder)!r})"
        )
    if strangers := sorted(entry.name for entry in folder.iterdir() if entry.name != LOGS):
        raise FileExistsError(
            f"{folder} is not empty (it holds {strangers[0]!r}): give the run a folder of its own, "
            f"such as {str(folder / 'run')!r}"
        )


def scratch(environment: str) -> Path:
    """Return a new place in the user's cache folder for a run in an environment."""
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in environment)
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return user_cache_path("mosaic_nb") / "runs" / f"{safe}-{stamp}-{token_hex(3)}"


def is_unfinished(path: Path) -> bool:
    """Whether a file was still being written beside its place."""
    return path.name.endswith(_UNFINISHED)
