"""A spec says which file and which field is wrong, and what stands in an operator's way."""

from __future__ import annotations

import json
import sys

import pytest

from mosaic_nb.operators import SpecError, read

GOOD = {"argv": ["{python}", "{folder}/worker.py"], "display_name": "Mine", "kind": "script"}


@pytest.fixture
def write(tmp_path):
    """Write an operator's folder and return it."""

    def write(text=None, name="mine", **changes):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "worker.py").touch()
        (folder / "operator.json").write_text(json.dumps({**GOOD, **changes}) if text is None else text)
        return folder

    return write


def obstacle(write, **environment):
    return read(write(environment=environment)).obstacle()


def test_the_least_spec_is_enough(write):
    folder = write()
    spec = read(folder)
    assert (spec.name, spec.folder, spec.kind) == ("mine", folder, "script")
    assert spec.command() == [sys.executable, str(folder / "worker.py")]
    assert spec.command("/other/python")[0] == "/other/python"
    assert spec.obstacle() is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "wizard"}, "operator.json: kind: Invalid enum value 'wizard'"),
        ({"argv": "python"}, "operator.json: argv: Expected `array`, got `str`"),
        ({"argv": []}, "operator.json: argv: empty"),
        ({"argv": ["{python}", "{folder}/main.py"]}, "argv: {folder}/main.py does not exist"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"needs": ["smell"]}, "needs[0]: Invalid enum value 'smell'"),
        ({"options": {"size": {"type": "float"}}}, "options[...].type: "),
        ({"environment": {"python": "three"}}, "environment.python: Invalid specifier"),
        ({"environment": {"requirements": ["no such thing"]}}, "environment.requirements: 'no such thing'"),
        ({"environment": {"requirments": []}}, "environment: Object contains unknown field `requirments`"),
    ],
)
def test_a_wrong_field_is_named(write, changes, message):
    with pytest.raises(SpecError) as caught:
        read(write(**changes))
    assert message in str(caught.value)


def test_a_missing_field_is_named(write):
    with pytest.raises(SpecError, match="missing required field `argv`"):
        read(write(text="{}"))


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_what_is_no_spec_at_all_is_named(write, text):
    with pytest.raises(SpecError, match=r"operator\.json: "):
        read(write(text=text))


def test_bytes_that_are_no_text_are_named(write):
    folder = write()
    (folder / "operator.json").write_bytes(b'{"display_name": "\xff"}')
    with pytest.raises(SpecError, match=r"operator\.json: not JSON"):
        read(folder)


def test_a_folder_without_a_spec_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"no operator\.json"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["Mine", "my operator", "-x", "ünal"])
def test_a_folder_with_an_impossible_name_is_named(write, name):
    with pytest.raises(SpecError, match="the folder's name"):
        read(write(name=name))


def test_another_python_is_an_obstacle(write):
    assert "needs Python <3" in obstacle(write, python="<3")


def test_a_missing_requirement_is_an_obstacle_with_its_cure(write):
    text = obstacle(write, requirements=["numpy>=1", "no-such-thing-xyz>=2"])
    assert text.startswith("needs no-such-thing-xyz>=2 (not installed): python -m pip install ")
    assert "'no-such-thing-xyz>=2'" in text


def test_an_old_requirement_is_an_obstacle_with_its_version(write):
    import numpy as np

    assert f"numpy>=99 ({np.__version__} is installed)" in obstacle(write, requirements=["numpy>=99"])


def test_a_missing_extra_is_an_obstacle(write):
    """pytest-timeout is installed and its extras do not exist; Gymnasium's `jax` extra asks for jax."""
    text = obstacle(write, requirements=["gymnasium[jax]"])
    assert "gymnasium[jax] (" in text
    assert "not installed" in text


def test_overrides_are_part_of_the_cure(write):
    text = obstacle(write, requirements=["no-such-thing-xyz"], overrides=["nle>=1.1"])
    assert "uv pip install --override overrides.txt no-such-thing-xyz" in text
    assert "'nle>=1.1' > overrides.txt" in text


def test_a_requirement_of_another_platform_is_none(write):
    assert obstacle(write, requirements=['no-such-thing-xyz; sys_platform == "amiga"']) is None


def test_a_missing_program_is_an_obstacle(write):
    spec = read(write(argv=["no-such-program", "{folder}/worker.py"]))
    assert "needs the program 'no-such-program'" in spec.obstacle()


def test_a_program_in_the_folder_itself_is_started_there(write, tmp_path):
    folder = write(argv=["{folder}/worker.py"])
    assert "needs the program" in read(folder).obstacle()
    (folder / "worker.py").chmod(0o755)
    assert read(folder).obstacle() is None


def test_another_protocol_is_an_obstacle(write):
    assert "speaks version 2, 3 of the worker protocol and this mosaic_nb 1" in str(
        read(write(protocol=[2, 3])).obstacle()
    )
