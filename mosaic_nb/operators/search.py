"""Find the operators that are installed: a folder dropped in one of `places` is an operator."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from mosaic_nb.operators.spec import FILE, Option, Spec, SpecError, read

VARIABLE = "MOSAIC_NB_PATH"

HUMAN = Spec(
    name="human",
    argv=[],
    display_name="Human",
    kind="human",
    description="You: a click or a key in the notebook decides.",
    options={
        "unattended": Option(
            type="array",
            help="actions or labels to play, over and over, where nobody can click; default: a HumanUnavailable",
        ),
        "default": Option(
            type=["string", "integer", "number", "boolean", "array", "object"],
            help="action or label that is done in real time while no key is down; default: the no-op, where there is "
            "one, else the last action once more",
        ),
        "keys": Option(
            type="object",
            help="label -> KeyboardEvent.key, such as {'forward': 'w'}; default: those of the environment's family",
        ),
    },
)
"""The one operator without a program: the scheduler asks a person."""


def user_folder() -> Path:
    """Return the user's own folder of operators; it may not exist yet."""
    return platformdirs.user_data_path("mosaic_nb") / "operators"


def places() -> list[Path]:
    """Return the folders that are searched, the first first: an operator found earlier hides a later namesake."""
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    root = Path(__file__).resolve().parents[2]
    checkout = [root / "operators"] if (root / "pyproject.toml").is_file() else []
    shared = Path(sys.prefix) / "share" / "mosaic_nb" / "operators"
    return [*(Path(part).expanduser().resolve() for part in named if part), *checkout, shared, user_folder()]


def survey() -> Iterator[Spec | SpecError]:
    """Give every operator folder, readable or not, in the order of `places`; the built-in ones first."""
    yield HUMAN
    for place in places():
        for folder in sorted(place.iterdir()) if place.is_dir() else ():
            if folder.is_dir() and not folder.name.startswith((".", "__")):
                yield _try(folder)


def find() -> dict[str, Spec]:
    """Return every operator by name. A broken folder hides no other; `mosaic-nb operators` reports it."""
    found: dict[str, Spec] = {}
    for each in survey():
        if isinstance(each, Spec):
            found.setdefault(each.name, each)
    return found


def _try(folder: Path) -> Spec | SpecError:
    if folder.name == HUMAN.name:
        return SpecError(f"{folder / FILE}: {HUMAN.name!r} is built in: rename the folder")
    try:
        return read(folder)
    except SpecError as error:
        return error
