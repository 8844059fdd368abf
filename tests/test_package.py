"""What a user installs: the wheel, alone, in an environment that has never seen this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path, PurePosixPath

import pytest
import uv

HEAVY = ("anywidget", "ipywidgets", "matplotlib", "pandas", "pyarrow", "torch")
SHARE = "share/mosaic_nb/operators/"


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program away from the checkout; what it printed is the failure's message."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")
    }
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def distributions(checkout, tmp_path_factory):
    """The folder with the sdist, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    isolation = (
        "--no-build-isolation",
        "--python",
        sys.executable,
    )  # hatchling is here: no registry is asked
    run(uv.find_uv_bin(), "build", *isolation, "--out-dir", folder, checkout, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(distributions):
    (path,) = distributions.glob("*.whl")
    return path


def environment(folder: Path, checkout: Path, *what: str | Path) -> Path:
    """Make an empty environment and install into it; return the folder of its programs."""
    run(uv.find_uv_bin(), "venv", "--python", sys.executable, folder, cwd=folder.parent)
    programs = folder / "bin"
    constraints = ("--constraints", checkout / "constraints.txt")
    run(
        uv.find_uv_bin(),
        "pip",
        "install",
        "--python",
        programs / "python",
        *constraints,
        *what,
        cwd=folder.parent,
    )
    return programs


def shipped(checkout: Path, folder: str) -> set[str]:
    files = (
        path for path in (checkout / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    return {path.relative_to(checkout).as_posix() for path in files}


def test_the_wheel_holds_the_package_the_operators_and_nothing_else(wheel, checkout):
    names = set(zipfile.ZipFile(wheel).namelist())
    operators = {name.split(SHARE)[1] for name in names if SHARE in name}
    package = {name for name in names if name.startswith("mosaic_nb/")}
    metadata = {name for name in names if PurePosixPath(name).parts[0].endswith(".dist-info")}

    assert {f"operators/{name}" for name in operators} == shipped(checkout, "operators")
    assert package == shipped(checkout, "mosaic_nb")
    assert "mosaic_nb/py.typed" in package
    assert len(names) == len(operators) + len(package) + len(metadata)
    assert wheel.stat().st_size < 5 << 20, "weights or recordings have slipped in"


def test_the_metadata_names_licence_python_and_extras(wheel):
    archive = zipfile.ZipFile(wheel)
    (path,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = BytesParser().parsebytes(archive.read(path))

    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"all", "lab", "minigrid", "pettingzoo", "sb3"} <= set(metadata.get_all("Provides-Extra"))


def test_the_sdist_holds_what_it_takes_to_build_test_and_read(distributions):
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {PurePosixPath(*PurePosixPath(name).parts[1:]) for name in archive.getnames()}
    tops = {name.parts[0] for name in names if name.parts}

    assert {"LICENSE", "Makefile", "README.md", "constraints.txt", "pyproject.toml"} <= tops
    assert {"benchmarks", "docs", "mosaic_nb", "notebooks", "operators", "tests"} <= tops
    assert not tops & {".venv", ".git", "artifacts", "dist", "runs"}
    assert not [name for name in names if name.suffix == ".pyc"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_wheel_alone_finds_its_operators(wheel, checkout, tmp_path):
    programs = environment(tmp_path / "venv", checkout, wheel)

    where = run(programs / "python", "-c", "import mosaic_nb; print(mosaic_nb.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path / "venv")
    listed = run(programs / "mosaic-nb", "operators", cwd=tmp_path)
    for spec in (checkout / "operators").glob("*/operator.json"):
        assert spec.parent.name in listed
    assert str(checkout) not in listed


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_worker_needs_numpy_msgspec_and_gymnasium_alone(wheel, checkout, tmp_path):
    programs = environment(tmp_path / "venv", checkout, "gymnasium", "msgspec", "numpy")
    run(uv.find_uv_bin(), "pip", "install", "--python", programs / "python", "--no-deps", wheel, cwd=tmp_path)

    code = "import mosaic_nb.worker, mosaic_nb.worker.environment; print(mosaic_nb.worker.serve.__name__)"
    assert run(programs / "python", "-c", code, cwd=tmp_path).strip() == "serve"


@pytest.mark.parametrize("module", ["mosaic_nb", "mosaic_nb.worker", "mosaic_nb.worker.environment"])
def test_importing_loads_nothing_heavy(module, checkout):
    code = f"import sys, {module}; print(*(sys.modules.keys() & {set(HEAVY)}))"
    assert run(sys.executable, "-c", code, cwd=checkout).split() == []


def test_the_front_door_opens_every_public_name():
    import mosaic_nb

    assert dir(mosaic_nb) == sorted(mosaic_nb.__all__)
    for name in mosaic_nb.__all__:
        assert getattr(mosaic_nb, name) is not None


def test_a_misspelt_name_is_answered_with_the_nearest():
    import mosaic_nb

    with pytest.raises(AttributeError, match="did you mean 'open_run'"):
        mosaic_nb.openrun  # noqa: B018
