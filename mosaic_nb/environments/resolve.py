"""How an environment is made from its description: by id, by ``module:name``, or from the user's own code."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec, find_highest_version, get_env_id, parse_env_id
from gymnasium.wrappers import TimeLimit

from mosaic_nb.environments import family, registries
from mosaic_nb.environments.adapt import is_pettingzoo
from mosaic_nb.environments.joint import is_joint
from mosaic_nb.environments.options import unpack
from mosaic_nb.protocol import messages

_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_MODES = ("rgb_array", "ansi")
"""The render modes that can be watched from afar, best first."""


class UnknownEnvironment(LookupError):
    """Nothing is known by this id or name; the text names the nearest, or what to install."""


class UnknownOption(TypeError):
    """The environment's constructor does not take this keyword argument; the text names the nearest that it takes."""


def make(environment: messages.Environment, *, watched: bool = True) -> Any:
    """Make an environment, with its limit (inside, as `gymnasium.make` puts it) and its wrappers.

    Args:
        environment: how.
        watched: whether to choose the best render mode for watching from afar; else it is as the options say.

    Raises:
        UnknownEnvironment: the id or name leads nowhere.
        UnknownOption: a keyword argument that the constructor does not take.
        TypeError: what was made is neither a `gymnasium.Env` nor one of PettingZoo's, or the render mode cannot be
            watched from afar.
        Whatever the environment's own constructor raises.
    """
    made = _create(environment, watched)
    for what, options in environment.wrappers:
        wrapper = _load(what)
        made = _environment(
            _call(wrapper, (made,), unpack(options), f"wrapper {_name(wrapper)}"), _name(wrapper)
        )
    return made


def _create(environment: messages.Environment, watched: bool) -> Any:
    creator, limit = _creator(environment), environment.max_steps
    if isinstance(creator, EnvSpec):
        return _make(creator, environment, watched)
    options = _options(environment, creator, watched)
    takes = getattr(creator, "takes", creator)
    made = _environment(_call(creator, (), options, environment.id, takes=takes), environment.id)
    if limit is None or not isinstance(made, gymnasium.Env) or is_joint(made):
        return made
    return TimeLimit(made, limit)


def _make(spec: EnvSpec, environment: messages.Environment, watched: bool) -> gymnasium.Env[Any, Any]:
    creator = _entry_point(spec)
    options = _options(environment, creator, watched)
    limit = {} if environment.max_steps is None else {"max_episode_steps": environment.max_steps}

    def make_registered(**keywords: Any) -> gymnasium.Env[Any, Any]:
        return gymnasium.make(spec, disable_env_checker=True, **limit, **keywords)

    made: gymnasium.Env[Any, Any] = _call(make_registered, (), options, environment.id, takes=creator)
    return made


def _creator(environment: messages.Environment) -> Any:
    """Return an `EnvSpec`, or a class or function that returns an environment."""
    if environment.callable is not None:
        return _load(environment.callable)
    module, _, name = environment.id.rpartition(":")
    if module and "/" not in module:
        attribute = getattr(_import(module, environment.id), name, None)
        if callable(attribute):
            return attribute
        return _find(name, f"module {module!r} has no {name!r}, and ")
    return _find(environment.id)


def _import(module: str, wanted: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module + ".").startswith(error.name + "."):
            raise  # the module is there; something that it imports is not
        raise UnknownEnvironment(
            f"{wanted!r} names the module {module!r}, and there is no module {error.name!r} that could be imported "
            "in the environment's process: install its package, or start from the folder that it lies in"
        ) from error


def _load(what: str | bytes) -> Any:
    if isinstance(what, bytes):
        import cloudpickle

        return cloudpickle.loads(what)
    module, _, name = what.partition(":")
    found: Any = _import(module, what)
    for part in name.split("."):
        if not hasattr(found, part):
            raise UnknownEnvironment(f"{what!r}: {_nearest(part, dir(found), f'{module} has no {part!r}')}")
        found = getattr(found, part)
    return found


# --- ids ---------------------------------------------------------------------------------------------


def _find(wanted: str, context: str = "") -> Any:
    _register(wanted)
    spec = gymnasium.registry.get(wanted)
    if spec is None and (kept := registries.find(wanted)) is not None:
        return _loaded(*kept)
    try:
        namespace, name, version = parse_env_id(wanted)
    except gymnasium.error.Error as error:
        raise UnknownEnvironment(f"{context}{wanted!r} is no id: {error}") from error
    if spec is None and version is None:
        newest = find_highest_version(namespace, name)
        spec = gymnasium.registry.get(get_env_id(namespace, name, newest))
    if spec is None:
        raise UnknownEnvironment(context + _explain(wanted, get_env_id(namespace, name, None)))
    return spec


def _loaded(identity: str, creator: Callable[..., Any]) -> Callable[..., Any]:
    """Return what makes a registered environment, once its module and what that asks for are there."""
    known = family.of_id(identity)
    assert known is not None
    try:
        getattr(creator, "takes", None)
    except ModuleNotFoundError as error:
        raise _missing(identity, known, error) from error
    return creator


def _register(wanted: str) -> None:
    """Import the package that registers an id. Gymnasium itself loads no plugins since its version 1.0."""
    known = family.of_id(wanted)
    if known is None or wanted in gymnasium.registry:
        return
    try:
        importlib.import_module(known.registers)
    except ModuleNotFoundError as error:
        raise _missing(wanted, known, error) from error


def _missing(wanted: str, known: family.Family, error: ModuleNotFoundError) -> UnknownEnvironment:
    own = error.name == known.registers.partition(".")[0]
    what = "which is not installed" if own else f"which lacks {error.name!r}"
    return UnknownEnvironment(f"{wanted!r} belongs to {known.title}, {what}: pip install '{known.install}'")


def _explain(wanted: str, without_version: str) -> str:
    missing = _register_all()
    versions = [i for i in gymnasium.registry if re.fullmatch(re.escape(without_version) + r"(-v\d+)?", i)]
    if versions:
        return f"there is no {wanted!r}: this version of its package has {_listed(versions)}"
    hint = f"; not installed: {_listed(missing)}" if missing else ""
    unknown = f"no environment is called {wanted!r}"
    advice = f"{hint}. A package that registers it is imported first if you write 'its_package:{wanted}'"
    return _nearest(wanted, [*gymnasium.registry, *_kept()], unknown) + advice


def _register_all() -> list[str]:
    """Import every known family that is installed, for the sake of their ids; return those that are not."""
    missing = []
    for known in family.families():
        try:
            importlib.import_module(known.registers)
        except ModuleNotFoundError:
            missing.append(f"{known.title} (pip install '{known.install}')")
    return missing


def _kept() -> list[str]:
    """Return the ids that the installed families keep in registries of their own."""
    ids: list[str] = []
    for known in family.families():
        with suppress(ModuleNotFoundError):
            ids += registries.catalogue(known)
    return ids


def _nearest(wanted: str, known: Iterable[str], what: str) -> str:
    lowered = {name.lower(): name for name in known}
    close = [lowered[name] for name in get_close_matches(wanted.lower(), lowered, n=3, cutoff=0.6)]
    return f"{what}; the nearest {'is' if len(close) == 1 else 'are'} {_listed(close)}" if close else what


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


# --- calling what makes it ---------------------------------------------------------------------------


def _options(environment: messages.Environment, creator: Callable[..., Any], watched: bool) -> dict[str, Any]:
    options = unpack(environment.options)
    return _with_render_mode(options, creator) if watched else options


def _with_render_mode(options: dict[str, Any], creator: Callable[..., Any]) -> dict[str, Any]:
    """Add the best render mode that the creator offers, unless the user chose one."""
    chosen = options.get("render_mode")
    if chosen == "human":
        raise TypeError(
            "render_mode='human' would open a window in the environment's own process: leave render_mode out, "
            "pictures are asked for when somebody looks"
        )
    if "render_mode" in options or not _takes_render_mode(creator):
        return options
    offered = getattr(creator, "metadata", {}).get("render_modes", _MODES)
    mode = next((mode for mode in _MODES if mode in offered), None)
    return options if mode is None else {**options, "render_mode": mode}


def _takes_render_mode(creator: Callable[..., Any]) -> bool:
    """Tell whether a class or function takes ``render_mode``; one that only takes ``**kwargs`` must offer modes."""
    try:
        parameters = inspect.signature(creator).parameters
    except (TypeError, ValueError):  # a class written in C: it has no signature to ask
        return False
    passes_on = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    return "render_mode" in parameters or (passes_on and hasattr(creator, "metadata"))


def _entry_point(spec: EnvSpec) -> Callable[..., Any]:
    if spec.entry_point is None:
        raise UnknownEnvironment(
            f"{spec.id!r} is registered for vectors of environments alone, not for a single one"
        )
    entry: Callable[..., Any] = (
        _load(spec.entry_point) if isinstance(spec.entry_point, str) else spec.entry_point
    )
    return entry


def _call(
    creator: Callable[..., Any],
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    name: str,
    takes: Callable[..., Any] | None = None,
) -> Any:
    """Call a creator; if it does not know an option, say which it knows."""
    try:
        return creator(*arguments, **options)
    except TypeError as error:
        unexpected = _UNEXPECTED.search(str(error))
        if unexpected is None or unexpected[1] not in options:
            raise
        known = sorted(_parameters(takes or creator) - {"self", "render_mode"})
        what = f"{name} takes no keyword argument {unexpected[1]!r}"
        nearest = _nearest(unexpected[1], known, what)
        raise UnknownOption(f"{nearest}; it takes {_listed(known) or 'none'}") from error


def _parameters(creator: Callable[..., Any]) -> set[str]:
    """Return every keyword a creator takes, those of a class's bases too, to which it may pass them on."""
    levels = (
        [vars(base).get("__init__") for base in creator.__mro__] if isinstance(creator, type) else [creator]
    )
    names: set[str] = set()
    for level in filter(None, levels):
        parameters = inspect.signature(level).parameters.values()
        names |= {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return names


def _environment(made: Any, name: str) -> Any:
    if isinstance(made, gymnasium.Env) or is_pettingzoo(made):
        return made
    kind = f"{type(made).__module__}.{type(made).__qualname__}"
    raise TypeError(f"{name} made a {kind}, which is neither a gymnasium.Env nor one of PettingZoo's")


def _name(what: Any) -> str:
    return getattr(what, "__qualname__", None) or type(what).__qualname__
