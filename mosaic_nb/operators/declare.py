"""Declare an operator: name and options, checked before anything runs."""

from __future__ import annotations

import difflib
import inspect
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from mosaic_nb.errors import MosaicError
from mosaic_nb.operators.search import find
from mosaic_nb.operators.spec import Option, Spec, fits

_CALLABLE = "callable"


class UnknownOperator(MosaicError, LookupError):
    """No operator of this name was found; says the nearest names and where was searched."""


class OperatorUnavailable(MosaicError):
    """An operator that was found but cannot run here; says why and what to install."""


@dataclass(frozen=True)
class Declared:
    """An operator and its options, ready to be seated.

    Two that are equal may share a worker: they would load the same thing.

    Attributes:
        name: the operator's; ``spec``: where its program is and what it needs.
        options: keyword arguments for the program.
        callable: the cloudpickle of the user's own function, else None.
        deadline: seconds a decision may take before it counts as a failure, or None for the scheduler's own.
        unattended: for a person: actions or labels to play over and over where nobody can click, else None.
        function: the name of the user's own function, else empty.
    """

    name: str
    spec: Spec = field(repr=False)
    options: dict[str, Any] = field(default_factory=dict)
    callable: bytes | None = field(default=None, repr=False)
    deadline: float | None = None
    unattended: tuple[Any, ...] | None = None
    function: str = ""

    @property
    def kind(self) -> str:
        """rl, llm, vlm, icrl, tool, human, baseline or script."""
        return self.spec.kind

    @property
    def label(self) -> str:
        """The name with its options, for people and tables: ``sb3(policy='cartpole')``; a person is just ``human``."""
        if self.function:
            return self.function
        if self.kind == "human":
            return self.name
        options = ", ".join(f"{key}={_short(value)}" for key, value in self.options.items())
        return f"{self.name}({options})" if options else self.name

    def __hash__(self) -> int:
        return hash((self.name, self.callable))


def operator(name: str, *, deadline: float | None = None, **options: Any) -> Declared:
    """Declare an operator by name, for an agent's place in a lane.

    Args:
        name: one of those that ``mosaic-nb operators`` lists.
        deadline: seconds a decision may take; default: the scheduler's own limit, and none for a person.
        options: the operator's own; None leaves one at its default.

    Raises:
        UnknownOperator: nothing of this name was found.
        OperatorUnavailable: it was found and lacks something here.
        TypeError: an option is unknown, missing or of the wrong type.
    """
    return of_spec(_find(name), options, deadline)


def of_spec(spec: Spec, options: dict[str, Any], deadline: float | None = None) -> Declared:
    """Declare an operator by its spec, wherever its folder lies.

    Raises:
        OperatorUnavailable: it lacks something here.
        TypeError: an option is unknown, missing or of the wrong type.
    """
    _require_usable(spec)
    _check_options(spec, options)
    options = dict(options)
    if deadline is not None and not deadline > 0:
        raise ValueError(f"operator {spec.name!r}: deadline must be more than 0 seconds, not {deadline!r}")
    unattended = options.pop("unattended", None) if spec.kind == "human" else None
    return Declared(
        name=spec.name,
        spec=spec,
        options={key: _plain(value) for key, value in options.items() if value is not None},
        deadline=deadline,
        unattended=None if unattended is None else tuple(unattended),
    )


def declare(value: Any) -> Declared:
    """Turn what a user puts in an agent's place into a declared operator.

    Args:
        value: what `operator` returned, an operator's name, ``"module:function"``, or a function
            ``observation -> action``, which travels by value.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(value, Declared):
        return value
    if isinstance(value, str):
        return operator(_CALLABLE, function=value) if ":" in value else operator(value)
    if callable(value):
        return _by_value(value)
    raise TypeError(
        f"an operator is a name, what mosaic_nb.operator(...) returns, or a function observation -> action, "
        f"not {type(value).__name__} {_short(value)}"
    )


def _find(name: str) -> Spec:
    found = find()
    if name not in found:
        raise UnknownOperator(
            f"no operator {name!r}{_hint(name, found)}; `mosaic-nb operators` lists what is found and where"
        )
    return found[name]


def _require_usable(spec: Spec) -> None:
    if (obstacle := spec.obstacle()) is not None:
        raise OperatorUnavailable(f"operator {spec.name!r} {obstacle}")


def _by_value(function: Callable[..., Any]) -> Declared:
    title = getattr(function, "__name__", type(function).__name__)
    if inspect.isclass(function) or inspect.iscoroutinefunction(function):
        what = (
            "a class: pass an instance of it" if inspect.isclass(function) else "async: pass a plain function"
        )
        raise TypeError(
            f"{title} is {what}, called with an observation to return an action; or make it an operator of its "
            f"own with `mosaic-nb operators new`"
        )
    spec = _find(_CALLABLE)
    _require_usable(spec)
    return Declared(name=_CALLABLE, spec=spec, callable=_pickled(function), function=title)


def _pickled(function: Callable[..., Any]) -> bytes:
    """Pickle a function with the code of the user's own module, which its worker may be unable to import."""
    import cloudpickle

    module = sys.modules.get(getattr(function, "__module__", "") or "")
    if module is None or not _is_users_own(module):
        return bytes(cloudpickle.dumps(function))
    already = module.__name__ in cloudpickle.list_registry_pickle_by_value()
    cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(function))
    finally:
        if not already:
            cloudpickle.unregister_pickle_by_value(module)


def _is_users_own(module: ModuleType) -> bool:
    """Return whether a module is neither installed nor of the standard library nor ``__main__``."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__":
        return False
    paths = sysconfig.get_paths()
    return not any(
        file.startswith(paths[key] + os.sep) for key in ("stdlib", "platstdlib", "purelib", "platlib")
    )


def _check_options(spec: Spec, options: dict[str, Any]) -> None:
    known = spec.options
    for key, value in options.items():
        if key not in known:
            among = f"; it takes {', '.join((*known, 'deadline'))}"
            raise TypeError(f"operator {spec.name!r} takes no option {key!r}{_hint(key, known)}{among}")
        if value is not None and not fits(_plain(value), known[key]):
            raise TypeError(
                f"operator {spec.name!r}: {key} must be {_types(known[key])}, not {type(value).__name__} "
                f"{_short(value)}"
            )
    for key, option in known.items():
        if option.required and options.get(key) is None:
            raise TypeError(f"operator {spec.name!r} needs the option {key!r}: {option.help}")


def _plain(value: Any) -> Any:
    """Return a path as absolute text and a NumPy scalar as Python's own: options travel as data, to another process."""
    if isinstance(value, os.PathLike):
        return str(Path(value).absolute())
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0 else value


def _types(option: Option) -> str:
    return option.type if isinstance(option.type, str) else " or ".join(option.type)


def _hint(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
