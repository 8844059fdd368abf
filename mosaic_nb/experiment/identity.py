"""What an experiment is known by, so that a folder is continued by the same one and by no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import cloudpickle
import numpy as np

from mosaic_nb.experiment.inspection import Inspection
from mosaic_nb.experiment.job import Job
from mosaic_nb.operators import Declared
from mosaic_nb.recording.provenance import provenance as of_machine
from mosaic_nb.scheduler import headers

Stretches = Sequence[Sequence[int]]
"""Seeds as stretches of neighbours: ``[first, count]`` of each."""


def provenance(job: Job, inspection: Inspection) -> dict[str, Any]:
    """Return what the header of the run keeps: what was played, by whom, on what."""
    machine = of_machine()
    return {
        **machine,
        **headers.of_arena(job.environment, job.casts, job.plan, job.policy),
        "policy": {"on_failure": job.on_failure, "on_illegal": job.policy.on_illegal},
        "operators": inspection.operators,
        "libraries": inspection.libraries,
        "resolved": inspection.opened.spec,
        "agents": {name: {"team": a.team, "role": a.role} for name, a in inspection.opened.agents.items()},
        "versions": _versions(job, inspection, machine),
    }


def of_job(job: Job) -> dict[str, Any]:
    """Return what an experiment is known by: two with the same play the same episodes."""
    plan = job.plan
    return {
        "environment": {**headers.of_environment(job.environment), "code": _code(job.environment.callable)},
        "lanes": {
            lane: {agent: _operator(declared) for agent, declared in cast.items()}
            for lane, cast in job.casts.items()
        },
        "seeds": stretches(plan.declared(trial * job.trial) for trial in range(job.trials)),
        "trial": job.trial,
        "run_seed": job.run_seed,
        "on_failure": job.on_failure,
        "on_illegal": job.policy.on_illegal,
        "deadline": job.deadline,
        "teams": _plain(job.sides.teams),
        "roles": _plain(job.sides.roles),
    }


def stretches(seeds: Iterable[int]) -> list[list[int]]:
    """Return seeds as stretches of neighbours."""
    found: list[list[int]] = []
    for seed in seeds:
        if found and seed == sum(found[-1]):
            found[-1][1] += 1
        else:
            found.append([seed, 1])
    return found


def goes_on(before: Stretches, after: Stretches) -> bool:
    """Whether seeds begin with others."""
    was, now = _seeds(before), _seeds(after)
    return was == now[: len(was)]


def _seeds(found: Stretches) -> list[int]:
    return [seed for first, count in found for seed in range(first, first + count)]


def _operator(declared: Declared) -> dict[str, Any]:
    return {
        "name": declared.function or declared.name,
        "options": _plain(declared.options),
        "deadline": declared.deadline,
        "code": _code(declared.callable),
    }


def _versions(job: Job, inspection: Inspection, machine: Mapping[str, Any]) -> dict[str, str]:
    """Return the code and the libraries that episodes depend on, by name."""
    found = {"mosaic_nb": str(machine["mosaic_nb"]), **inspection.libraries}
    for declared in job.operators():
        if declared.spec.folder is not None:
            found[f"operator {declared.name}"] = _of_folder(declared.spec.folder)
        told = inspection.operators.get(declared.label, {})
        found.update({f"{declared.label}: {name}": text for name, text in told.items() if name != "pid"})
    return found


def _of_folder(folder: Path) -> str:
    """Return a hash of the files of an operator, but for what Python leaves there."""
    state = blake2b(digest_size=8)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            state.update(f"{path.relative_to(folder)}\0".encode())
            state.update(blake2b(path.read_bytes()).digest())
    return state.hexdigest()


def _code(pickled: bytes | None) -> str | None:
    """Return a hash of a function of the notebook: of what it does, not of where it stands or how it was pickled."""
    if pickled is None:
        return None
    return blake2b(repr(_told(cloudpickle.loads(pickled), ())).encode(), digest_size=8).hexdigest()


def _told(value: Any, above: tuple[int, ...]) -> Any:
    """Return a value in a form whose repr is the same in every process."""
    if id(value) in above:
        return "itself"
    for kinds, tell in _TELLERS:
        if isinstance(value, kinds):
            return tell(value, (*above, id(value)))
    if hasattr(value, "__dict__") and not hasattr(value, "__name__"):
        return (_of_class(type(value), above), _of_mapping(vars(value), (*above, id(value))))
    return type(value).__qualname__


def _of_function(value: FunctionType, above: tuple[int, ...]) -> Any:
    cells = [cell.cell_contents for cell in value.__closure__ or ()]
    return [_told(part, above) for part in (value.__code__, value.__defaults__, value.__kwdefaults__, cells)]


def _of_bytecode(value: CodeType, above: tuple[int, ...]) -> Any:
    return (value.co_code.hex(), [_told(each, above) for each in value.co_consts], value.co_names)


def _of_class(value: type, above: tuple[int, ...]) -> Any:
    own = {name: part for name, part in vars(value).items() if isinstance(part, FunctionType)}
    return (value.__qualname__, _of_mapping(own, above))


def _of_mapping(value: Mapping[Any, Any], above: tuple[int, ...]) -> Any:
    return sorted((str(key), repr(_told(each, above))) for key, each in value.items())


def _of_array(value: np.ndarray[Any, Any], _: tuple[int, ...]) -> Any:
    return (value.dtype.str, value.shape, blake2b(np.ascontiguousarray(value).tobytes()).hexdigest())


_TELLERS: tuple[tuple[Any, Callable[[Any, tuple[int, ...]], Any]], ...] = (
    ((str, bytes, int, float, complex, type(None)), lambda value, _: value),
    (FunctionType, _of_function),
    (CodeType, _of_bytecode),
    (type, _of_class),
    (Mapping, _of_mapping),
    ((list, tuple), lambda value, above: [_told(each, above) for each in value]),
    ((set, frozenset), lambda value, above: sorted(repr(_told(each, above)) for each in value)),
    (np.ndarray, _of_array),
)


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=repr))
