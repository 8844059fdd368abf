"""The command line, as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mosaic_nb import cli
from mosaic_nb.operators import find, read, user_folder


def run(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "mosaic_nb.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


def test_help_imports_nothing_heavy():
    done = run("--help", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    assert "operators" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"numpy", "msgspec", "pandas", "gymnasium", "mosaic_nb.operators"}


def test_help_comes_at_once():
    """The best of three, for the machine may be busy; the process's own CPU time, for the same reason."""
    times = []
    for _ in range(3):
        before = os.times()
        run("--help")
        after = os.times()
        times.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
    assert min(times) < 0.3


def test_operators_lists_what_is_found(capsys, shipped):
    assert cli.main(["operators"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert set(shipped) | {"human", "NAME"} <= lines.keys()
    assert lines["random"].split() == ["random", "baseline", "yes", str(shipped["random"])]


def test_operators_says_why_one_is_not_usable(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("MOSAIC_NB_PATH", str(tmp_path))
    cli.main(["operators", "new", "needy", "--path", str(tmp_path)])
    cli.main(["operators", "new", "random", "--path", str(tmp_path)])
    cli.main(["operators", "new", "broken", "--path", str(tmp_path)])
    (tmp_path / "broken" / "worker.py").unlink()
    spec = tmp_path / "needy" / "operator.json"
    spec.write_text(spec.read_text().replace('"requirements": []', '"requirements": ["no-such-thing-xyz"]'))
    capsys.readouterr()
    assert cli.main(["operators"]) == 0
    out = capsys.readouterr().out
    assert "needs no-such-thing-xyz (not installed): python -m pip install no-such-thing-xyz" in out
    assert f"hidden by {tmp_path / 'random'}" in out
    assert "broken: " in out
    assert "{folder}/worker.py does not exist" in out


@pytest.mark.parametrize("name", ["mine", "2048-player", "a.b_c", "seat", "class", "operator"])
def test_new_writes_a_folder_that_is_found(capsys, tmp_path, monkeypatch, name):
    monkeypatch.setenv("MOSAIC_NB_PATH", str(tmp_path))
    assert cli.main(["operators", "new", name, "--path", str(tmp_path), "--kind", "rl"]) == 0
    assert str(tmp_path / name) in capsys.readouterr().out
    assert {path.name for path in (tmp_path / name).iterdir()} == {"operator.json", "worker.py", "README.md"}
    assert find()[name] == read(tmp_path / name)
    assert find()[name].kind == "rl"
    compile((tmp_path / name / "worker.py").read_text(), "worker.py", "exec")


def test_new_writes_to_the_users_own_folder(capsys):
    assert cli.main(["operators", "new", "my-own"]) == 0
    assert find()["my-own"].folder == user_folder() / "my-own"


def test_new_says_how_to_have_a_folder_found(capsys, tmp_path):
    cli.main(["operators", "new", "elsewhere", "--path", str(tmp_path)])
    assert f"export MOSAIC_NB_PATH={tmp_path}" in capsys.readouterr().out


def test_new_never_overwrites(capsys, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "worker.py").write_text("precious")
    assert cli.main(["operators", "new", "mine", "--path", str(tmp_path)]) == 1
    assert "there already" in capsys.readouterr().err
    assert [path.read_text() for path in (tmp_path / "mine").iterdir()] == ["precious"]


@pytest.mark.parametrize(
    "arguments",
    [["Mine"], ["human"], ["a/b"], ["../x"], ["mine", "--kind", "wizard"], ["mine", "--kind", "human"]],
)
def test_new_refuses_impossible_names_and_kinds(capsys, tmp_path, arguments):
    assert cli.main(["operators", "new", *arguments, "--path", str(tmp_path / "place")]) == 1
    assert "no operator" in capsys.readouterr().err
    assert not (tmp_path / "place").exists()


def test_envs_lists_the_families(capsys):
    assert cli.main(["envs"]) == 0
    out = capsys.readouterr().out
    assert "MiniGrid" in out
    assert "CartPole-..." in out


def test_envs_with_a_word_lists_the_families_and_ids_that_have_it(capsys):
    assert cli.main(["envs", "Frozen"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines if "yes" in line] == ["Toy text"]
    assert "FrozenLake8x8-v1" in lines
    assert cli.main(["envs", "no such thing"]) == 1


def test_verify_of_no_run_fails(capsys, tmp_path):
    assert cli.main(["verify", str(tmp_path / "nothing")]) == 1
    assert "nothing" in capsys.readouterr().err


def test_lab_of_no_path_fails(capsys, tmp_path):
    assert cli.main(["lab", str(tmp_path / "nothing")]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_misuse_exits_with_2():
    with pytest.raises(SystemExit) as caught:
        cli.main(["opertors"])
    assert caught.value.code == 2
