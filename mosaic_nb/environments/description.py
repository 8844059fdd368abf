"""What is known of an environment before it is played: spaces, labels, keys, rules, limits, versions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import gymnasium

from mosaic_nb.environments import family, registries
from mosaic_nb.environments.adapter import Adapter
from mosaic_nb.protocol import messages, spaces


class Description:
    """Reads an environment and its family.

    Args:
        environment: how it was made.
        adapter: the environment itself.
    """

    def __init__(self, environment: messages.Environment, adapter: Adapter) -> None:
        kind = type(adapter.unwrapped)
        self._environment = environment
        self._adapter = adapter
        self._family = family.of_class(kind)
        self.game = family.Game() if self._family is None else family.game_of(self._family, kind)

    def draws(self, what: str) -> Any:
        """Return the family's function that draws ``what``, or None."""
        return None if self._family is None else self._family.draws(what)

    @property
    def renders(self) -> bool:
        """Whether there is a picture, the environment's own or its family's."""
        return self._adapter.renders or self.draws("picture") is not None

    def labels(self, agent: str) -> Sequence[str]:
        """Return a label per action of an agent, or nothing where its actions have no names."""
        space = self._adapter.action_space(agent)
        meanings = getattr(self._adapter.unwrapped, "get_action_meanings", None)
        computed = self.draws("labels")
        labels = self.game.actions or (list(meanings()) if meanings is not None else [])
        if computed is not None:
            labels = labels or computed(self._adapter.unwrapped, agent)
        named = isinstance(space, gymnasium.spaces.Discrete) and len(labels) == space.n
        return labels if named and self._adapter.plain else []

    def opened(self) -> messages.Opened:
        """Return all of it as the host tells it."""
        spec = getattr(self._adapter.unwrapped, "spec", None)
        success = self.game.success
        return messages.Opened(
            id=0,
            agents={agent: self._agent(agent) for agent in self._adapter.agents},
            family="" if self._family is None else self._family.name,
            spec=registries.identity(self._environment.id) if spec is None else spec.id,
            success_above=None if success is None else success.return_above,
            numbers=self.game.numbers,
            max_steps=self._adapter.max_steps,
            renders=self.renders,
            views=self.game.views,
            illegal=self.game.illegal,
            clocked=self.game.clocked,
            speed=self.game.speed,
            libraries=self._libraries(),
        )

    def _agent(self, agent: str) -> messages.Agent:
        space = self._adapter.action_space(agent)
        start = int(space.start) if isinstance(space, gymnasium.spaces.Discrete) else 0
        actions = {label: start + index for index, label in enumerate(self.labels(agent))}
        keymaps = [
            {key: actions[label] for label, key in keys.items() if label in actions}
            for keys in self.game.keymaps
        ]
        team, role = self._side(agent)
        noop = self.game.noop if self.game.noop is not None else "NOOP"  # the label that Atari's games use
        return messages.Agent(
            observation_space=spaces.to_data(self._adapter.observation_space(agent)),
            action_space=spaces.to_data(space),
            action_labels=list(actions),
            keys=keymaps[0],
            keymaps=keymaps,
            noop=actions.get(noop),
            rules=self._rules(),
            goal=self._goal(),
            team=team,
            role=role,
        )

    def _side(self, agent: str) -> tuple[str, str]:
        side = self.draws("side")
        drawn: tuple[str, str] = ("", "") if side is None else side(self._adapter.unwrapped, agent)
        named = self.game.side(agent)
        return drawn[0] or named[0], drawn[1] or named[1]

    def _rules(self) -> str:
        details = self.draws("details")
        more = "" if details is None else details(self._adapter.unwrapped)
        return f"{self.game.rules} {more}".strip()

    def _goal(self) -> str:
        goal = self.draws("goal")
        drawn: str | None = None if goal is None else goal(self._adapter.unwrapped)
        return self.game.goal if drawn is None else drawn

    def _libraries(self) -> dict[str, str]:
        package = type(self._adapter.unwrapped).__module__.partition(".")[0]
        names = {package, *(() if self._family is None else self._family.libraries)}
        found = {name: _version(name) for name in sorted(names)}
        return {name: number for name, number in found.items() if number is not None}


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None  # a module of the user's own, or a library by its other name
