"""On the user's side: turns what the user passes as an environment into the message that describes it.

Imports nothing but numpy's, msgspec's and Python's own modules, above all no environment: those are made in processes
of their own.
"""

from __future__ import annotations

import functools
import importlib.machinery
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mosaic_nb.environments import family, starting
from mosaic_nb.environments.options import pack
from mosaic_nb.protocol import Encoder, UnsupportedValue, messages

Wrapper = Any
"""A wrapper class, ``"module:Class"``, or a pair of one of these and its keyword arguments."""


def declare(
    environment: Any,
    env_kwargs: Mapping[str, Any] | None = None,
    wrappers: Iterable[Wrapper] = (),
    max_steps: int | None = None,
    start: Any = None,
) -> messages.Environment:
    """Return how an environment is made, in a form that travels to another process.

    Args:
        environment: an id that Gymnasium resolves, ``"module:name"``, a `gymnasium.envs.registration.EnvSpec`, or a
            class or function that returns a new environment. What is defined in an importable module travels by
            name; what is defined in a notebook travels by value.
        env_kwargs: keyword arguments for ``gymnasium.make``, the class or the function.
        wrappers: classes (or ``"module:Class"``, or pairs with keyword arguments), innermost first. They change the
            game for every seat.
        max_steps: truncate an episode after this many steps of the environment itself, inside the wrappers; None
            for the environment's own limit.
        start: where episodes begin, as for `Arena`; None for where a reset leaves them.

    Raises:
        TypeError: something of another kind; the text says what to pass instead.
        ValueError: ``max_steps`` is not positive, or an id is empty.
    """
    identity, callable_, options, more, limit = _environment(environment)
    return messages.Environment(
        id=identity,
        options=_options({**options, **(env_kwargs or {})}, "env_kwargs"),
        wrappers=[*more, *(_wrapper(wrapper) for wrapper in _listed(wrappers))],
        callable=callable_,
        max_steps=limit if max_steps is None else _limit(max_steps),
        start=starting.declare(start),
    )


_Described = tuple[str, bytes | None, dict[str, Any], list[tuple[str | bytes, dict[str, Any]]], int | None]


def _environment(environment: Any) -> _Described:
    if isinstance(environment, str):
        return _by_id(environment)
    if _is_a(environment, "gymnasium.envs.registration", "EnvSpec"):
        return _by_spec(environment)
    if hasattr(environment, "step") and not isinstance(environment, type):
        raise TypeError(
            f"this is a {type(environment).__name__} that has been made already; every lane makes its own, in a "
            "process of its own: pass its id, its class, or a function that returns a new one"
        )
    if not callable(environment):
        raise TypeError(
            "an environment is an id such as 'CartPole-v1', 'module:name', an EnvSpec, or a class or function that "
            f"returns a new one, not a {type(environment).__name__}"
        )
    reference, value = _travels(environment)
    return reference, value, {}, [], None


def _by_id(identity: str) -> _Described:
    if not identity.strip():
        raise ValueError("an environment's id is empty")
    registered = getattr(sys.modules.get("gymnasium"), "registry", {}).get(identity)
    if registered is None or _is_known(registered):
        return identity, None, {}, [], None
    return _by_spec(registered)  # the user's own registration, which no other process has


def _by_spec(spec: Any) -> _Described:
    options = {name: value for name, value in spec.kwargs.items() if name != "render_mode"}
    wrappers: list[tuple[str | bytes, dict[str, Any]]] = [
        (wrapper.entry_point, _options(wrapper.kwargs or {}, wrapper.name))
        for wrapper in spec.additional_wrappers
    ]
    if _is_known(spec):
        return spec.id, None, options, wrappers, spec.max_episode_steps
    if isinstance(spec.entry_point, str):
        return spec.entry_point, None, options, wrappers, spec.max_episode_steps
    if spec.entry_point is None:
        raise TypeError(f"the EnvSpec of {spec.id!r} has no entry_point: it cannot be made")
    reference, value = _travels(spec.entry_point)
    return (spec.id if value is not None else reference), value, options, wrappers, spec.max_episode_steps


def _is_known(spec: Any) -> bool:
    """Tell whether another process finds this id by itself: Gymnasium's own, or a known family's."""
    own = isinstance(spec.entry_point, str) and spec.entry_point.startswith("gymnasium.")
    return own or family.of_id(spec.id) is not None


def _wrapper(wrapper: Wrapper) -> tuple[str | bytes, dict[str, Any]]:
    options: Mapping[str, Any] = {}
    if isinstance(wrapper, tuple | list):
        if len(wrapper) != 2 or not isinstance(wrapper[1], Mapping):
            raise TypeError("a wrapper with options is a pair: (wrapper, {'keyword': value})")
        wrapper, options = wrapper
    elif isinstance(wrapper, functools.partial) and not wrapper.args:
        wrapper, options = wrapper.func, wrapper.keywords
    if isinstance(wrapper, str):
        if ":" not in wrapper:
            raise TypeError(f"a wrapper by name is 'module:Class', not {wrapper!r}")
        return wrapper, _options(options, wrapper)
    if not callable(wrapper):
        raise TypeError(f"a wrapper is a class or 'module:Class', not a {type(wrapper).__name__}")
    reference, value = _travels(wrapper)
    return (reference if value is None else value), _options(options, reference)


def _listed(wrappers: Any) -> Iterable[Wrapper]:
    if isinstance(wrappers, str | type) or not isinstance(wrappers, Iterable):
        raise TypeError("wrappers is a list, innermost first: wrappers=[MyWrapper]")
    return wrappers


def _options(options: Mapping[str, Any], whose: str) -> dict[str, Any]:
    encoder, packed = Encoder(), {}
    for name, value in options.items():
        if not isinstance(name, str):
            raise TypeError(f"{whose} are keyword arguments: {name!r} is no name")
        try:
            packed[name] = pack(value)
            encoder.encode(packed[name])
        except UnsupportedValue as error:
            raise TypeError(
                f"{name!r} of {whose} cannot travel to the environment's process ({error}); pass a function that "
                f"makes the environment instead: def make(): return MyEnvironment({name}=...)"
            ) from error
    return packed


def _limit(max_steps: Any) -> int:
    if not isinstance(max_steps, int) or isinstance(max_steps, bool):
        raise TypeError(f"max_steps is a number of steps or None, not {max_steps!r}")
    if max_steps < 1:
        raise ValueError(f"max_steps must be 1 or more, not {max_steps}")
    return max_steps


# --- the user's own code -----------------------------------------------------------------------------


def _travels(thing: Callable[..., Any]) -> tuple[str, bytes | None]:
    """Return how another process gets at a class or function: its name, and its cloudpickle if it is not importable."""
    module = getattr(thing, "__module__", None) or ""
    name = getattr(thing, "__qualname__", None) or type(thing).__qualname__
    reference = f"{module}:{name}"
    if _found(module, name) is thing and _importable(module):
        return reference, None
    return name, _pickle(thing, module)


def _found(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _importable(module: str) -> bool:
    """Tell whether a fresh process finds a module by its name, which it need not even if it is imported here."""
    if module in ("", "__main__", "__mp_main__", "builtins"):
        return False
    path = None
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        found = _look_up(".".join(parts[:end]), path)
        if found is None:
            return False
        path = found.submodule_search_locations
    return True


def _look_up(module: str, path: Any) -> importlib.machinery.ModuleSpec | None:
    specs = (finder.find_spec(module, path) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    return next((spec for spec in specs if spec is not None), None)


def _pickle(thing: Any, module: str) -> bytes:
    import cloudpickle

    home = sys.modules.get(module)
    by_value = home is not None and module not in ("__main__", "builtins") and not _importable(module)
    if by_value:
        cloudpickle.register_pickle_by_value(home)
    try:
        data: bytes = cloudpickle.dumps(thing)
    except Exception as error:
        raise TypeError(
            f"{getattr(thing, '__qualname__', thing)!r} cannot travel to the environment's process: {error}; define "
            "it in a module, or leave out what it holds on to (open files, sockets, locks)"
        ) from error
    finally:
        if by_value:
            cloudpickle.unregister_pickle_by_value(home)
    return data


def _is_a(thing: Any, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(thing, kind)
