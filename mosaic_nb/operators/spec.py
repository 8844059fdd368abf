"""An operator's spec: what ``operator.json`` says, checked, and whether the operator can run here."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from mosaic_nb.errors import MosaicError
from mosaic_nb.operators.requirements import install, unmet
from mosaic_nb.protocol.messages import VERSIONS

FILE = "operator.json"
Kind = Literal["rl", "llm", "vlm", "icrl", "tool", "human", "baseline", "script"]
Type = Literal["string", "integer", "number", "boolean", "array", "object"]
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


class SpecError(MosaicError):
    """An operator folder whose spec is missing or wrong; says which file and which field."""


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A keyword argument that the operator takes.

    Attributes:
        type: a JSON type, or several.
        help: what it means and its default, one line.
        required: whether the operator cannot do without it.
    """

    type: Type | list[Type]
    help: str = ""
    required: bool = False


class Environment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the program runs on.

    Attributes:
        python: versions of Python that will do, such as ``">=3.11,<3.14"``; empty where the program is in another
            language.
        requirements: distributions it imports, as pip writes them, beside ``mosaic_nb`` itself.
        overrides: requirements that stand above what those distributions themselves ask for.
        variables: environment variables to start it with. Never a key: those come from the user's own environment.
        keys: names of the user's environment variables that hold keys it needs; this worker alone receives them.
        preload: modules that a warm parent imports before it forks the program, because they take long.
    """

    python: str = ""
    requirements: list[str] = []
    overrides: list[str] = []
    variables: dict[str, str] = {}
    keys: list[str] = []
    preload: list[str] = []


class SpecFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ``operator.json`` says.

    Attributes:
        argv: how to start the program: ``{python}`` stands for the interpreter, ``{folder}`` for the operator's
            folder.
        display_name: what people call it.
        kind: rl, llm, vlm, icrl, tool, human, baseline or script.
        description: one line.
        protocol: the versions of the worker protocol that it speaks.
        needs: what its seats perceive beside the observation. The program itself has the last word when it loads.
        options: the keyword arguments it takes, by name.
    """

    argv: list[str]
    display_name: str
    kind: Kind
    description: str = ""
    protocol: tuple[int, ...] = (1,)
    needs: list[Literal["text", "frame", "history"]] = []
    options: dict[str, Option] = {}
    environment: Environment = Environment()


class Spec(SpecFile, frozen=True, kw_only=True):
    """An operator that was found.

    Attributes:
        name: what ``operator(name)`` calls it: its folder's name.
        folder: where it was found, or None where it is built in.
    """

    name: str
    folder: Path | None = None

    def command(self, python: str = sys.executable) -> list[str]:
        """Return the argument vector that starts the program, with ``python`` as its interpreter."""
        return [part.replace("{python}", python).replace("{folder}", str(self.folder)) for part in self.argv]

    def obstacle(self) -> str | None:
        """Return why the operator cannot run here and what to do about it, or None where it can."""
        if not self.argv:
            return None
        return self._protocol() or self._program() or self._python() or self._requirements()

    def _protocol(self) -> str | None:
        if set(self.protocol) & set(VERSIONS):
            return None
        return (
            f"speaks version {_listed(self.protocol)} of the worker protocol and this mosaic_nb "
            f"{_listed(VERSIONS)}: upgrade the older of the two"
        )

    def _program(self) -> str | None:
        program = self.command()[0]
        return (
            None if shutil.which(program) else f"needs the program {program!r}: install it and put it on PATH"
        )

    def _python(self) -> str | None:
        python = ".".join(map(str, sys.version_info[:3]))
        if SpecifierSet(self.environment.python).contains(python, prereleases=True):
            return None
        return f"needs Python {self.environment.python} and this is {python}: start the kernel with such a Python"

    def _requirements(self) -> str | None:
        missing = list(filter(None, map(unmet, self.environment.requirements)))
        if not missing:
            return None
        return f"needs {', '.join(missing)}: {install(self.environment.requirements, self.environment.overrides)}"


def read(folder: Path) -> Spec:
    """Read a folder's spec.

    Raises:
        SpecError: there is none, or a field is missing, unknown or wrong.
    """
    path = folder / FILE
    try:
        file = msgspec.json.decode(path.read_bytes(), type=SpecFile)
    except FileNotFoundError:
        raise SpecError(f"{folder}: no {FILE}") from None
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise SpecError(f"{path}: {_field_first(str(error))}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: not JSON: {error}") from error
    spec = Spec(name=folder.name, folder=folder, **msgspec.structs.asdict(file))
    _check(spec, path)
    return spec


def _check(spec: Spec, path: Path) -> None:
    """Check what types alone cannot say."""
    if not NAME.fullmatch(spec.name):
        raise SpecError(f"{path}: the folder's name {spec.name!r} is not of the form {NAME.pattern}")
    if not spec.argv:
        raise SpecError(f"{path}: argv: empty; it says how to start the program")
    for part, resolved in zip(spec.argv, spec.command(), strict=True):
        if part.startswith("{folder}") and not Path(resolved).exists():
            raise SpecError(f"{path}: argv: {part} does not exist")
    try:
        SpecifierSet(spec.environment.python)
    except InvalidSpecifier as error:
        raise SpecError(f"{path}: environment.python: {error}") from error
    for requirement in (*spec.environment.requirements, *spec.environment.overrides):
        try:
            Requirement(requirement)
        except InvalidRequirement as error:
            raise SpecError(f"{path}: environment.requirements: {requirement!r}: {error}") from error


def _field_first(message: str) -> str:
    """Turn msgspec's "... - at `$.kind`" round: the field, then what is wrong with it."""
    what, at, where = message.partition(" - at `$")
    return f"{where.rstrip('`').lstrip('.')}: {what}" if at else message


def _listed(versions: Sequence[int]) -> str:
    return ", ".join(map(str, versions))


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


def fits(value: Any, option: Option) -> bool:
    """Return whether a value is of one of the option's types. True and False are booleans and no integers."""
    types = [option.type] if isinstance(option.type, str) else option.type
    if isinstance(value, bool):
        return "boolean" in types
    return any(isinstance(value, _TYPES[name]) for name in types)
