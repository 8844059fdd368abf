"""Parts: whole or not at all, merged in any order, every episode once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from mosaic_nb.recording import arrow, parts
from mosaic_nb.recording.errors import CorruptPart
from mosaic_nb.recording.tables import EPISODES, STEPS

_STEP = (
    "agent",
    "",
    "",
    "random",
    "baseline",
    "1",
    "1",
    "left",
    1.0,
    False,
    False,
    0.1,
    0.2,
    "00",
    False,
    "",
)


def steps(lane: str, episode: int, count: int) -> list[tuple[object, ...]]:
    return [(lane, 0, episode, episode, 7 + episode, step, *_STEP, None, None) for step in range(count)]


def tables(lane: str, numbers: list[int], length: int = 3) -> dict[str, pa.RecordBatch]:
    rows = [row for number in numbers for row in steps(lane, number, length)]
    ends = [
        (lane, 0, n, n, 7 + n, None, length, 3.0, "{}", "{}", "terminated", None, 0.5, "ab", None)
        for n in numbers
    ]
    return {"steps": arrow.batch(STEPS, rows), "episodes": arrow.batch(EPISODES, ends)}


def written(folder: Path, lane: str, numbers: list[int], length: int = 3) -> Path:
    path = parts.part_path(folder, 0 if lane == "a" else 1, numbers[0], len(numbers))
    parts.write_part(path, tables(lane, numbers, length))
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "a", [0, 1])
    read = parts.read_part(path)
    assert {name: len(rows) for name, rows in read.items()} == {"steps": 6, "episodes": 2}
    assert read["steps"].to_pylist() == pa.Table.from_batches([tables("a", [0, 1])["steps"]]).to_pylist()
    assert parts.episodes(read) == [("a", 0), ("a", 1)]


def test_a_part_cut_anywhere_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a", [0])
    whole = path.read_bytes()
    for length in (0, 1, 20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CorruptPart, match=r"000-00000000-000001\.part"):
            parts.read_part(path)


def test_a_part_cut_between_records_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a", [0])
    whole = path.read_bytes()
    first = 8 + int.from_bytes(whole[:4], "little")
    second = first + 8 + int.from_bytes(whole[first : first + 4], "little")
    for cut in (first, second):
        path.write_bytes(whole[:cut])
        with pytest.raises(CorruptPart):
            parts.read_part(path)


def test_any_flipped_byte_is_found(tmp_path: Path) -> None:
    path = written(tmp_path, "a", [0])
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        with pytest.raises(CorruptPart):
            parts.read_part(path)


def test_parts_merge_in_the_order_asked_for_and_each_episode_once(tmp_path: Path) -> None:
    late = written(tmp_path, "b", [0, 1])
    wide = written(tmp_path, "a", [0, 1, 2])
    again = written(tmp_path, "a", [1], length=5)
    order = [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1)]
    merged = list(parts.merge(parts.find([late, wide, again]).places, order))
    found = [
        (row["lane"], row["episode"], row["step"]) for piece in merged for row in piece["steps"].to_pylist()
    ]
    assert found == [(lane, number, step) for lane, number in order for step in range(3)]


def test_episodes_that_nobody_asks_for_are_left_out(tmp_path: Path) -> None:
    wide = written(tmp_path, "a", [0, 1, 2])
    (piece,) = parts.merge(parts.find([wide]).places, [("a", 2)])
    assert [row["episode"] for row in piece["steps"].to_pylist()] == [2, 2, 2]
    assert parts.episodes(piece) == [("a", 2)]


def test_a_disk_that_refuses_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        written(tmp_path / "missing", "a", [0])
    assert parts.paths(tmp_path) == []


def test_a_folder_of_parts_is_read_in_order_without_the_damaged(tmp_path: Path) -> None:
    written(tmp_path, "b", [0])
    written(tmp_path, "a", [2])
    broken = written(tmp_path, "a", [1])
    written(tmp_path, "a", [0])
    broken.write_bytes(broken.read_bytes()[:-9])
    pieces, problems = parts.read_all(tmp_path)
    assert [key for piece in pieces for key in parts.episodes(piece)] == [("a", 0), ("a", 2), ("b", 0)]
    (problem,) = problems
    assert broken.name in problem
