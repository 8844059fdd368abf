"""A run says where it comes from, and nothing that is nobody's business."""

from __future__ import annotations

import json
import os
import platform
import subprocess

from mosaic_nb.recording.provenance import provenance


def git(folder, *command):
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True)


def test_versions_and_time():
    found = provenance()
    assert found["python"] == platform.python_version()
    assert {"numpy", "gymnasium", "pandas", "pyarrow"} <= found["libraries"].keys()
    assert found["created"].endswith("+00:00")
    json.dumps(found)


def test_the_state_of_the_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance()["git"] is None
    git(tmp_path, "init")
    (tmp_path / "file").write_text("a")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-m", "a")
    clean = provenance()["git"]
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    (tmp_path / "file").write_text("b")
    assert provenance()["git"] == {**clean, "dirty": True}


def test_a_machine_without_git(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance()["git"] is None


def test_no_secret_and_no_name(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    text = json.dumps(provenance())
    assert "sk-very-secret" not in text
    assert platform.node() not in text
    assert os.path.expanduser("~") not in text  # noqa: PTH111
