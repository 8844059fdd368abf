"""What is written is what is read: live, unclosed and closed, with the declared dtypes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.recording.run import open_run
from mosaic_nb.recording.tables import STEPS, TABLES

TEXT = st.one_of(
    st.sampled_from(["", "left", "<b>", "\0"]), st.text(st.characters(codec="utf-8"), max_size=5)
)
INTEGER = st.integers(-(2**63), 2**63 - 1)
FLOAT = st.floats()
VALUES = {
    "category": TEXT,
    "string": TEXT,
    "int": st.one_of(st.just(0), INTEGER),
    "float": FLOAT,
    "bool": st.booleans(),
    "floats": st.lists(st.floats(width=32), max_size=4),
    "json": st.one_of(INTEGER.map(str), st.sampled_from(['{"a":[1,NaN]}', '"x"', "[]", "1.5", "true"])),
}


def row_of(table):
    return st.tuples(*(st.none() | VALUES[column.kind] for column in table.columns[1:]))


TICKS = st.lists(
    st.fixed_dictionaries({table.name: st.lists(row_of(table), max_size=3) for table in TABLES}), max_size=6
)


def same(value, other):
    """Equal, where a NaN equals itself and is told from what is missing."""
    return repr(value) == repr(other)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ticks=TICKS)
def test_rows_read_back_as_they_were_written(tmp_path_factory, ticks):
    recorder = Recorder(
        tmp_path_factory.mktemp("runs") / "run", name="r", kind="test", provenance={}, segment_rows=4
    )
    for tick in ticks:
        recorder.write(**tick)
    states = [recorder.table, open_run(recorder.path).table]
    frames = [recorder.frame(table.name) for table in TABLES]
    recorder.close()
    states += [recorder.table, open_run(recorder.path).table]
    for table in TABLES:
        written = [("r", *row) for tick in ticks for row in tick[table.name]]
        for state in states:
            columns = state(table.name).to_pydict()
            assert tuple(columns) == table.names
            assert same(list(zip(*columns.values(), strict=True)), written)
    for table, frame in zip(TABLES, frames, strict=True):
        pd.testing.assert_frame_equal(frame, getattr(open_run(recorder.path), table.name))


DTYPES = {
    "category": "category",
    "string": "str",
    "int": "int64",
    "float": "float64",
    "bool": "bool",
    "floats": "list<element: float>[pyarrow]",
    "json": "int64",
}


def test_empty_tables_have_the_declared_dtypes(record):
    recorder = record()
    for state in (recorder.frame, lambda name: getattr(open_run(recorder.path), name)):
        for table in TABLES:
            frame = state(table.name)
            assert len(frame) == 0
            assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
                column.name: DTYPES[column.kind] for column in table.columns
            }
        recorder.close()


def test_dtypes_where_values_are_missing(record, rows):
    recorder = record()
    recorder.write(
        steps=[
            rows["steps"](0),
            rows["steps"](1, action_asked=None, invalid=None, seed=None, lane=None, digest=None),
        ]
    )
    for state in (recorder.frame("steps"), open_run(recorder.path).steps):
        assert {name: str(state[name].dtype) for name in ("seed", "invalid", "action_asked", "action")} == {
            "seed": "Int64",
            "invalid": "boolean",
            "action_asked": "Int64",
            "action": "int64",
        }
        assert state[["seed", "invalid", "action_asked", "lane", "digest"]].isna().sum().tolist() == [1] * 5
        assert state["action_asked"].tolist() == [0, pd.NA]
        assert state["probabilities"].isna().tolist() == [True, False]
        np.testing.assert_array_equal(np.float32(state["probabilities"][1]), np.float32([0.1, 0.9]))


def test_other_actions_are_parsed_each_once(record, rows):
    actions = ["[0.5,NaN]", '{"move":1}', None, "[0.5,NaN]", "3", '"left"', str(2**70)]
    recorder = record()
    recorder.write(steps=[rows["steps"](number, action=action) for number, action in enumerate(actions)])
    read = recorder.frame("steps")["action"]
    assert read.dtype == object
    assert repr(read.tolist()) == repr([None if action is None else json.loads(action) for action in actions])


def test_the_schema_says_what_columns_mean(record):
    for state in (recorder := record()).table, open_run(recorder.path).table:
        field = state("steps").schema.field("act_ms")
        assert field.metadata[b"unit"] == b"ms"
        assert b"asking the operator" in field.metadata[b"meaning"]
    assert recorder.frame("steps").attrs["row"] == STEPS.row
    assert recorder.frame("steps").attrs["columns"]["act_ms"].endswith("[ms]")


def test_the_parquet_file_stands_on_its_own(record, rows):
    recorder = record()
    recorder.write(steps=[rows["steps"](number) for number in range(5)])
    recorder.close()
    frame = pd.read_parquet(recorder.path / "steps.parquet")
    assert frame["run"].tolist() == ["test"] * 5
    assert frame["action"].tolist() == list("01234")


def test_a_frame_may_be_changed_and_the_run_stays(record, rows):
    recorder = record()
    recorder.write(steps=[rows["steps"](number) for number in range(5)])
    live = recorder.frame("steps")
    live.loc[0, "reward"] = 9.0
    live.loc[live.step > 1, "step"] = 0
    recorder.close()
    run = open_run(recorder.path)
    steps = run.steps
    steps.loc[0, "reward"] = 9.0
    steps.loc[steps.step > 1, ["step", "reward"]] = 0
    assert run.steps["step"].tolist() == list(range(5))
    assert run.steps["reward"][0] == 0.0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("PPO",), "a row of steps has 24 values"),
        ("reward", r"steps\.reward = np.float32.* cannot be recorded"),
        ("seed", r"steps\.seed"),
    ],
)
def test_a_bad_row_is_refused_and_nothing_of_its_tick_is_kept(record, rows, row, message):
    bad = {"reward": {"reward": np.float32(1)}, "seed": {"seed": 2**70}}
    row = rows["steps"](1, **bad[row]) if isinstance(row, str) else row
    recorder = record()
    with pytest.raises((TypeError, ValueError), match=message):
        recorder.write(steps=[rows["steps"](0), row], events=[rows["events"](0)])
    recorder.write(steps=[rows["steps"](5)])
    assert recorder.table("steps")["step"].to_pylist() == [5]
    assert len(open_run(recorder.path).events) == 0


def test_a_value_of_the_wrong_type_is_named_and_costs_its_row_alone(tmp_path, rows):
    recorder = Recorder(tmp_path / "run", name="r", kind="test", provenance={}, segment_rows=3)
    recorder.write(steps=[rows["steps"](0), rows["steps"](1, reward="much"), rows["steps"](2)])
    with pytest.raises(TypeError, match=r"steps\.reward"):
        recorder.write(steps=[rows["steps"](3)])
    run = open_run(tmp_path / "run")
    assert run.steps["step"].tolist() == [0, 2]
    (problem,) = run.problems
    assert "1 rows were left out" in problem
    assert "steps.reward" in problem


def test_half_a_surrogate_pair_is_kept_escaped(record, rows):
    recorder = record(segment_rows=1)
    for _ in range(2):
        recorder.write(events=[(*rows["events"](0)[:-1], "a\ud800b")])
    assert recorder.frame("events")["detail"].tolist() == ["a\\ud800b"] * 2
    text = "a\ud800b"
    assert open_run(recorder.path).text(recorder.blob(text)) == text


def test_a_blob_lies_once_by_its_hash(record):
    recorder = record()
    digest = recorder.blob("prompt")
    assert recorder.blob(b"prompt") == digest
    files = [path for path in (recorder.path / "blobs").rglob("*") if path.is_file()]
    assert [path.relative_to(recorder.path / "blobs").parts for path in files] == [(digest[:2], digest)]
    run = open_run(recorder.path)
    assert (run.text(digest), run.blob(recorder.blob(b"\xff\0"))) == ("prompt", b"\xff\0")
    with pytest.raises(KeyError, match="no blob"):
        run.blob("../run.json")


def test_the_header_holds_provenance_at_once(record):
    recorder = record(provenance={"seed": 7, "weights": np.float32(0.5)})
    recorder.update_header(cast={"PPO": {"agent": "ppo"}})
    with pytest.raises(TypeError):
        recorder.update_header(bad=object())
    header = open_run(recorder.path).header
    assert header["provenance"] == {"seed": 7, "weights": 0.5, "cast": {"PPO": {"agent": "ppo"}}}
    assert (header["name"], header["kind"], header["closed"]) == ("test", "arena", False)
    recorder.close()
    assert open_run(recorder.path).header["rows"] == {table.name: 0 for table in TABLES}


def test_a_folder_that_is_taken_is_refused(record, tmp_path):
    recorder = record("taken")
    with pytest.raises(FileExistsError, match=r"already holds a run.*open_run"):
        record("taken")
    recorder.close()
    with pytest.raises(FileExistsError, match="already holds a run"):
        record("taken")
    with pytest.raises(FileExistsError, match="is not empty"):
        record(".")
    (tmp_path / "logs-only" / "logs").mkdir(parents=True)
    record("logs-only")


def test_a_closed_run_takes_no_more_and_holds_no_segments(record, rows):
    recorder = record(segment_rows=2)
    for number in range(9):
        recorder.write(steps=[rows["steps"](number)], events=[rows["events"](number)])
    recorder.close()
    recorder.close()
    assert sorted(path.name for path in recorder.path.iterdir()) == sorted(
        ["blobs", "logs", "run.json", *(f"{table.name}.parquet" for table in TABLES)]
    )
    for call in (lambda: recorder.write(steps=[rows["steps"](9)]), recorder.sync, recorder.update_header):
        with pytest.raises(ValueError, match="is closed"):
            call()


def test_many_row_groups_make_one_table(record, rows, monkeypatch):
    monkeypatch.setattr("mosaic_nb.recording.arrow._ROW_GROUP", 10)
    recorder = record(segment_rows=4)
    for number in range(101):
        recorder.write(steps=[rows["steps"](number, lane=f"lane {number // 20}")])
    recorder.close()
    run = open_run(recorder.path)
    assert run.steps["step"].tolist() == list(range(101))
    assert run.steps["lane"].tolist() == [f"lane {number // 20}" for number in range(101)]
    assert pa.parquet.ParquetFile(recorder.path / "steps.parquet").num_row_groups > 5


def test_readers_of_a_live_run_see_a_growing_prefix(record, rows):
    recorder = record(segment_rows=8)
    acknowledged, done, failures = [0], threading.Event(), []

    def read(snapshot):
        seen = 0
        while not done.is_set():
            least = acknowledged[0]
            read = snapshot()["step"].to_pylist()
            if read != list(range(len(read))) or len(read) < max(least, seen):
                failures.append((least, seen, read))
                return
            seen = len(read)

    def from_disk():
        run = open_run(recorder.path)
        failures.extend(problem for problem in run.problems if "torn" not in problem)
        return run.table("steps")

    snapshots = (lambda: recorder.table("steps"), from_disk, from_disk)
    readers = [threading.Thread(target=read, args=(snapshot,)) for snapshot in snapshots]
    for reader in readers:
        reader.start()
    for number in range(300):
        recorder.write(steps=[rows["steps"](number)], events=[rows["events"](number)])
        acknowledged[0] = number + 1
    recorder.close()
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert len(open_run(recorder.path).steps) == 300


def test_recording_starts_without_waiting_for_pandas():
    code = (
        "import sys, mosaic_nb.recording.recorder, mosaic_nb.recording.tables; print('pandas' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
