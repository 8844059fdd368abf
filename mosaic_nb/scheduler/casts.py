"""Casts and sides as they are written: names, teams, roles and patterns, read against an environment's agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from mosaic_nb.errors import CastError, LaneFailure
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import messages, spaces

EVERY_AGENT = "*"
"""In a cast, the place of every agent that nothing else names."""

Agents = Mapping[str, messages.Agent]


@dataclass(frozen=True)
class Sides:
    """Teams and roles that the user gives instead of the family's.

    Attributes:
        teams, roles: the members' names or patterns, by team and by role; None leaves those of the family.
    """

    teams: Mapping[str, Sequence[str]] | None = None
    roles: Mapping[str, Sequence[str]] | None = None

    def over(self, agents: Agents) -> dict[str, messages.Agent]:
        """Return the agents with these teams and roles; an agent that none names has none."""
        return {
            name: msgspec.structs.replace(
                about,
                team=about.team if self.teams is None else _home(self.teams, name),
                role=about.role if self.roles is None else _home(self.roles, name),
            )
            for name, about in agents.items()
        }

    def misfits(self, agents: Agents) -> list[str]:
        """Return what is wrong with them, in words."""
        found = []
        for kind, groups in (("team", self.teams or {}), ("role", self.roles or {})):
            found += [
                f"{kind} {group!r} names {pattern!r}, and no agent is called so"
                for group, patterns in groups.items()
                for pattern in patterns
                if not any(fnmatchcase(agent, pattern) for agent in agents)
            ]
            for agent in agents:
                homes = [repr(group) for group in groups if agent in _members(groups[group], agents)]
                if len(homes) > 1:
                    found.append(f"agent {agent!r} is in {kind}s {' and '.join(homes)}")
        return found


NO_SIDES = Sides()


def sides(teams: Any = None, roles: Any = None) -> Sides:
    """Return the sides that a user gives: by name, a list of agents or patterns, or one of them.

    Raises:
        TypeError: they are none.
    """
    return Sides(_groups("teams", teams), _groups("roles", roles))


def _groups(name: str, groups: Any) -> dict[str, tuple[str, ...]] | None:
    if groups is None:
        return None
    if not isinstance(groups, Mapping):
        raise TypeError(f'{name} must map names to agents, such as {{"green": ["agent_0"]}}, not {groups!r}')
    members = {
        str(group): (each,) if isinstance(each, str) else tuple(each) for group, each in groups.items()
    }
    for group, patterns in members.items():
        if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
            raise TypeError(f"{name}: {group!r} must name agents or patterns of agents, not {patterns!r}")
    return members


def _home(groups: Mapping[str, Sequence[str]], agent: str) -> str:
    return next((group for group in groups if agent in _members(groups[group], [agent])), "")


def _members(patterns: Sequence[str], agents: Agents | Sequence[str]) -> list[str]:
    return [agent for agent in agents if any(fnmatchcase(agent, pattern) for pattern in patterns)]


@dataclass
class Casting:
    """A cast read against an environment.

    Attributes:
        seats: who plays each agent, in the environment's order.
        misfits: what is wrong, in words; then seats may be missing.
    """

    seats: dict[str, Declared] = field(default_factory=dict)
    misfits: list[str] = field(default_factory=list)


def read(cast: Mapping[str, Declared], agents: Agents) -> Casting:
    """Read a cast: an agent's own name comes first, then teams, roles and patterns in the order given, then ``"*"``.

    Args:
        cast: operators by agent, team, role, or pattern such as ``"player_[01]"``.
        agents: the environment's.
    """
    found = Casting()
    chosen = {agent: cast[agent] for agent in agents if agent in cast}
    for key, declared in cast.items():
        if key in agents or key == EVERY_AGENT:
            continue
        meant = [agent for agent in agents if _means(key, agent, agents[agent])]
        left = [agent for agent in meant if agent not in chosen]
        if not left:
            found.misfits.append(_no_place(key, declared, meant))
        chosen.update(dict.fromkeys(left, declared))
    for agent, about in agents.items():
        declared_or_none = chosen.get(agent, cast.get(EVERY_AGENT))
        if declared_or_none is None:
            found.misfits.append(f"nobody was cast for {agent!r}, whose actions are {actions_of(about)}")
        else:
            found.seats[agent] = declared_or_none
    return found


def _means(key: str, agent: str, about: messages.Agent) -> bool:
    return key in (about.team, about.role) or fnmatchcase(agent, key)


def _no_place(key: str, declared: Declared, meant: Sequence[str]) -> str:
    if meant:
        return f"{key!r} has no agent left for {declared.label!r}: {', '.join(meant)} were cast before"
    if set(key) & set("*?["):
        return f"there is no agent by the pattern {key!r} for {declared.label!r}"
    return f"there is no agent {key!r}, nor a team or role, for {declared.label!r}"


def actions_of(about: messages.Agent) -> str:
    """Say what an agent's actions are."""
    return str(spaces.from_data(about.action_space))


def told(agents: Agents) -> str:
    """Name the agents, with their teams and roles."""
    return ", ".join(
        f"{name} ({', '.join(said)})"
        if (said := [side for side in (about.team, about.role) if side and side != name])
        else name
        for name, about in agents.items()
    )


def raise_together(failures: Sequence[LaneFailure]) -> None:
    """Raise what kept lanes from beginning: the one failure, or all of them as one error."""
    if len(failures) == 1:
        raise failures[0]
    if failures:
        told = "\n- ".join(str(failure) for failure in failures)
        raise CastError(f"{len(failures)} places cannot be filled as they were cast:\n- {told}")
