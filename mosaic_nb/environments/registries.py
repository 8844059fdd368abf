"""Ids that packages keep elsewhere than with Gymnasium: PettingZoo's registry, mpe2's modules, cogrid's, OpenSpiel's.

A family names its registry. Each is a function that returns, after the package was imported, what makes an
environment by id. Ids are told apart loosely: ``connect_four``, ``classic/connect_four_v3`` and
``classic/connect_four-v3`` are one, the newest version is meant where none is said.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium

from mosaic_nb.environments import family

_VERSION = re.compile(r"[-_]v(\d+)$", re.IGNORECASE)

Creator = Callable[..., Any]


class Recipe:
    """Makes one environment; loads its module only when it is asked for something.

    Args:
        reference: ``module:function``.
        options: keyword arguments that the registry adds.
    """

    def __init__(self, reference: str, **options: Any) -> None:
        self._module, _, self._name = reference.partition(":")
        self._options = options

    def __call__(self, **options: Any) -> Any:
        """Make it."""
        return getattr(self._loaded, self._name)(**{**self._options, **options})

    @property
    def takes(self) -> Creator:
        """What the options reach in the end: the class, where the module keeps one of PettingZoo's two names for it."""
        module = self._loaded
        found: Creator = getattr(module, "raw_env", None) or getattr(module, self._name)
        return found

    @property
    def metadata(self) -> dict[str, Any]:
        """What the class says of itself: its render modes above all."""
        found: dict[str, Any] = getattr(self.takes, "metadata", {"render_modes": []})
        return found

    @property
    def _loaded(self) -> Any:
        return importlib.import_module(self._module)


def find(wanted: str) -> tuple[str, Creator] | None:
    """Return the full id and what makes it, or None where no installed registry has it.

    Raises:
        ModuleNotFoundError: its family is named by the id and not installed.
    """
    known = family.of_id(wanted)
    if known is not None:
        return _pick(wanted, catalogue(known)) if known.registry else None
    for each in (f for f in family.families() if f.registry in _BY_BARE_NAME):
        try:
            found = _pick(wanted, catalogue(each))
        except ModuleNotFoundError:
            continue
        if found is not None:
            return found
    return None


def identity(wanted: str) -> str:
    """Return an id in full, or as it is where it is none of these registries'."""
    found = None if ":" in wanted else find(wanted)
    return wanted if found is None else found[0]


@functools.cache
def catalogue(known: family.Family) -> dict[str, Creator]:
    """Return what makes each environment of a family, by its id.

    Raises:
        ModuleNotFoundError: the family's package is not installed.
    """
    if known.registry is None:
        return {}
    importlib.import_module(known.registers)
    return {
        name: create for name, create in _REGISTRIES[known.registry]() if name.startswith(tuple(known.ids))
    }


def ids(known: family.Family) -> list[str]:
    """Return every id of a family, wherever its package keeps them.

    Raises:
        ModuleNotFoundError: the family's package is not installed.
    """
    if known.registry is not None:
        return sorted(catalogue(known))
    importlib.import_module(known.registers)
    return sorted(name for name in gymnasium.registry if name.startswith(tuple(known.ids)))


def _pick(wanted: str, known: dict[str, Creator]) -> tuple[str, Creator] | None:
    if wanted in known:
        return wanted, known[wanted]
    name, version = _parsed(wanted)
    matching = [
        (number, full)
        for full in known
        for parsed, number in [_parsed(full)]
        if name in (parsed, parsed.rpartition("/")[2]) and version in (None, number)
    ]
    return (max(matching)[1], known[max(matching)[1]]) if matching else None


def _parsed(identity: str) -> tuple[str, int | None]:
    """Return an id's name in small letters and its version; one without a version says None."""
    version = _VERSION.search(identity)
    return _VERSION.sub("", identity).lower(), None if version is None else int(version[1])


def _pettingzoo() -> Iterator[tuple[str, Creator]]:
    from pettingzoo import aec_registry, parallel_registry

    for name, spec in {**aec_registry, **parallel_registry}.items():
        yield name, Recipe(spec.entry_point, **spec.kwargs)


def _mpe() -> Iterator[tuple[str, Creator]]:
    import mpe2

    for module in pkgutil.iter_modules(mpe2.__path__):
        if _VERSION.search(module.name):
            name = "mpe2/" + _VERSION.sub(r"-v\1", module.name)
            yield name, Recipe(f"mpe2.{module.name}:parallel_env")


def _cogrid() -> Iterator[tuple[str, Creator]]:
    from cogrid.envs import registry

    for name in registry.ENVIRONMENT_REGISTRY:
        yield name, Recipe("mosaic_nb.environments.families.cogrid:make", environment_id=name)


def _open_spiel() -> Iterator[tuple[str, Creator]]:
    import pyspiel

    for game in pyspiel.registered_games():
        if game.default_loadable:
            wrapper = "shimmy.openspiel_compatibility:OpenSpielCompatibilityV0"
            yield f"openspiel/{game.short_name}", Recipe(wrapper, game_name=game.short_name)


_REGISTRIES: dict[str, Callable[[], Iterator[tuple[str, Creator]]]] = {
    "pettingzoo": _pettingzoo,
    "mpe2": _mpe,
    "cogrid": _cogrid,
    "openspiel": _open_spiel,
}
_BY_BARE_NAME = ("pettingzoo", "mpe2", "cogrid")
"""OpenSpiel has games of the same names as PettingZoo: its ids say whose they are."""
