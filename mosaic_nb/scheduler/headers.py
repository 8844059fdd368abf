"""What a run's header says: enough to play every episode again, and who sat where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mosaic_nb.environments.spec import declare
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import messages
from mosaic_nb.recording.provenance import provenance
from mosaic_nb.scheduler.casting import Company
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.policy import Policy


def of_arena(
    environment: messages.Environment, casts: Mapping[str, Mapping[str, Declared]], plan: Plan, policy: Policy
) -> dict[str, Any]:
    """Return what is known before anything has been started."""
    return {
        **provenance(),
        "environment": of_environment(environment),
        "casts": {name: {agent: op.label for agent, op in cast.items()} for name, cast in casts.items()},
        "declared": of_operators(casts),
        "plan": {
            "seed": plan.seed,
            "trial": plan.trial_length,
            "run_seed": plan.run_seed,
            "shared_seeds": plan.shared,
        },
        "policy": {
            "on_end": policy.on_end,
            "on_failure": policy.on_failure,
            "on_illegal": policy.on_illegal,
        },
    }


def of_operators(casts: Mapping[str, Mapping[str, Declared]]) -> dict[str, Any]:
    """Return what it takes to declare the operators again, by label; functions are not kept, nor people."""
    kept = {}
    for declared in (declared for cast in casts.values() for declared in cast.values()):
        try:
            options = json.loads(json.dumps(declared.options))
        except TypeError:
            continue
        if declared.callable is None and declared.kind != "human":
            kept[declared.label] = {
                "name": declared.name,
                "options": options,
                "deadline": declared.deadline,
            }
    return kept


def of_company(company: Company) -> dict[str, Any]:
    """Return what the workers have said of themselves, and the agents' teams and roles."""
    host = next(iter(company.environments.values()))
    return {
        "operators": company.provenance(),
        "libraries": host.libraries,
        "resolved": host.opened.spec,
        "agents": {name: {"team": a.team, "role": a.role} for name, a in host.opened.agents.items()},
    }


def of_environment(declared: messages.Environment) -> dict[str, Any]:
    """Return what the run's header keeps of an environment: enough to make it again, unless it came by value."""
    try:
        options = json.loads(json.dumps(declared.options))
        wrappers = json.loads(json.dumps(declared.wrappers))
        by_value = declared.callable is not None
    except TypeError:  # an object among the options, or a wrapper of the user's own
        options, wrappers, by_value = {}, [], True
    return {
        "id": declared.id,
        "options": options,
        "wrappers": wrappers,
        "max_steps": declared.max_steps,
        "start": declared.start,
        "by_value": by_value,
    }


def environment(header: Mapping[str, Any], given: Any = None) -> messages.Environment:
    """Return the environment that a run was recorded in.

    Args:
        header: the run's.
        given: the environment, where it was made by an object of the notebook.

    Raises:
        ValueError: it cannot be made from the header, and none was given.
    """
    kept = header["environment"]
    if given is not None:
        declared = declare(given)
        declared.max_steps = declared.max_steps or kept["max_steps"]
        declared.start = kept.get("start")
        return declared
    if kept["by_value"]:
        raise ValueError(
            f"this run's environment, {kept['id']!r}, was an object of the notebook, which a run's folder does not "
            f"hold; define it again and give it, as in run.verify(environment=...)"
        )
    wrappers = [(what, options) for what, options in kept["wrappers"]]
    return messages.Environment(
        id=kept["id"],
        options=kept["options"],
        wrappers=wrappers,
        max_steps=kept["max_steps"],
        start=kept.get("start"),
    )
