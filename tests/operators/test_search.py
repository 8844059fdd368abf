"""A folder dropped in one of the places is an operator; a broken one hides no other."""

from __future__ import annotations

import json
import os

import pytest

from mosaic_nb.operators import SpecError, find, places, survey, user_folder
from mosaic_nb.operators.template import write


@pytest.fixture
def named(tmp_path, monkeypatch):
    """Two folders in MOSAIC_NB_PATH."""
    folders = [tmp_path / "first", tmp_path / "second"]
    monkeypatch.setenv("MOSAIC_NB_PATH", os.pathsep.join(map(str, folders)))
    return folders


def test_the_shipped_ones_are_found(shipped):
    found = find()
    assert set(shipped) | {"human"} <= found.keys()
    assert found["human"].kind == "human"
    assert found["human"].obstacle() is None


def test_a_folder_dropped_in_any_place_is_found(named):
    for number, place in enumerate([*named, user_folder()]):
        write(f"mine-{number}", place, "script")
    assert {"mine-0", "mine-1", "mine-2"} <= find().keys()


def test_the_first_place_wins(named):
    for place in named:
        write("random", place, "script")
    assert find()["random"].folder == named[0] / "random"
    assert places()[:2] == named


def test_a_broken_folder_is_reported_and_hides_no_other(named):
    write("good", named[0], "script")
    broken = write("broken", named[0], "script")
    (broken / "operator.json").write_text("{")
    (named[0] / "empty").mkdir()
    (named[0] / ".hidden").mkdir()
    (named[0] / "__pycache__").mkdir()
    (named[0] / "notes.txt").touch()
    errors = [str(each) for each in survey() if isinstance(each, SpecError)]
    assert sorted(error.partition(":")[0] for error in errors) == [
        str(broken / "operator.json"),
        str(named[0] / "empty"),
    ]
    assert "good" in find()
    assert "broken" not in find()


def test_a_broken_folder_does_not_hide_a_good_namesake(named):
    broken = write("random", named[0], "script")
    (broken / "operator.json").write_text(json.dumps({"kind": "script"}))
    assert find()["random"].kind == "baseline"


def test_nobody_takes_the_humans_name(named):
    folder = write("somebody", named[0], "script")
    folder.rename(named[0] / "human")
    assert find()["human"].folder is None
    assert ["built in" in str(each) for each in survey() if isinstance(each, SpecError)] == [True]


def test_places_that_are_not_there_are_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("MOSAIC_NB_PATH", f"{tmp_path / 'nowhere'}{os.pathsep}")
    assert "random" in find()
