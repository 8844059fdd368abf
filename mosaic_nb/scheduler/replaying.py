"""Playing episodes again from their seed and actions: what rewind, catch-up, recall and verify rest on."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mosaic_nb.errors import Diverged
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.link import Pending, gather
from mosaic_nb.scheduler.outcomes import Outcomes
from mosaic_nb.scheduler.workers import EnvironmentWorker

_AHEAD = 16
"""Steps that are sent at once: a replay knows its actions, so it need not wait for one step to ask for the next."""
_DEADLINE = 60.0

Each = Callable[[int | None, messages.Transition], None]


@dataclass
class Script:
    """One episode as it was played, from its beginning.

    Attributes:
        lane, branch, episode: which one.
        seed: what ``reset`` received; ``digest``: that of the reset.
        actions: of each step, agent -> action, members of their spaces.
        digests: of each step.
        inherited: how many of the first steps were played on earlier branches, before a rewind.
        continued: whether the episode began on an earlier branch.
    """

    lane: str
    branch: int
    episode: int
    seed: messages.Seed
    digest: str
    actions: list[dict[str, Any]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    inherited: int = 0
    continued: bool = False

    def __len__(self) -> int:
        return len(self.actions)

    def recorded(self, step: int | None) -> str:
        """Return the digest of a step, or (None) of the reset."""
        return self.digest if step is None else self.digests[step]

    def diverged(self, step: int | None, replayed: str) -> Diverged:
        """Return the error of a replay that differs first at a step."""
        return Diverged(self.lane, self.episode, step, recorded=self.recorded(step), replayed=replayed)


@dataclass
class Played:
    """Where episodes that were played again have come to.

    Attributes:
        transition: what the last step returned, or the reset of an episode without one.
        told: agent -> for each episode, what its seat was told of it.
        outcomes: what is still open.
        returns: agent -> the sum of its rewards in the last episode.
    """

    transition: messages.Transition = field(default_factory=lambda: messages.Transition(id=0))
    told: dict[str, list[list[messages.Outcome]]] = field(default_factory=dict)
    outcomes: Outcomes = field(default_factory=Outcomes)
    returns: dict[str, float] = field(default_factory=dict)


def scripts(events: pd.DataFrame, steps: pd.DataFrame, agents: Mapping[str, messages.Agent]) -> list[Script]:
    """Return every episode that was begun, or continued after a rewind, in the order of the tables.

    Args:
        events, steps: rows of a run, of all branches; of an episode all steps or none.
        agents: the environment's, for their action spaces.
    """
    found: dict[tuple[str, int, int], Script] = {}
    own = _own_steps(steps, agents)
    for script, origin in _beginnings(events):
        if origin is not None:
            branch, step = origin
            parent = found[script.lane, branch, script.episode] if step else script
            script.actions, script.digests = parent.actions[:step], parent.digests[:step]
            script.inherited, script.continued = step, True
        key = (script.lane, script.branch, script.episode)
        played = own.get(key, [])
        script.actions += [actions for actions, _ in played]
        script.digests += [digest for _, digest in played]
        found[key] = script
    return list(found.values())


def _beginnings(events: pd.DataFrame) -> Iterator[tuple[Script, tuple[int, int] | None]]:
    """Yield every script without its steps, and where a rewind found it: branch and step."""
    rows = events[events["event"].isin(("begin", "rewind"))]
    for lane, branch, episode, event, detail in _columns(
        rows, ("lane", "branch", "episode", "event", "detail")
    ):
        told = json.loads(detail)
        script = Script(lane, branch, episode, messages.Seed(told["seed"], told["instance"]), told["digest"])
        if event == "begin":
            yield script, None
        elif script.digest:  # else the lane had failed before its environment was reset
            yield script, (told["from_branch"], told["step"])


def _own_steps(
    steps: pd.DataFrame, agents: Mapping[str, messages.Agent]
) -> dict[tuple[str, int, int], list[tuple[dict[str, Any], str]]]:
    """Return the actions and the digest of each step, by lane, branch and episode."""
    spaces = {agent: Actions(about) for agent, about in agents.items()}
    own: dict[tuple[str, int, int], list[tuple[dict[str, Any], str]]] = {}
    before: Any = None
    names = ("lane", "branch", "episode", "step", "agent", "action", "digest")
    for lane, branch, episode, step, agent, action, digest in _columns(steps, names):
        if not digest:  # a forfeit: nothing was done
            continue
        played = own.setdefault((lane, branch, episode), [])
        if not played or (lane, branch, episode, step) != before:
            played.append(({}, digest))
            before = (lane, branch, episode, step)
        if not is_missing(action):
            played[-1][0][agent] = spaces[agent].read(action)
    return own


def _columns(frame: pd.DataFrame, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[name].tolist() for name in names), strict=True)


def differences(recorded: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Say which libraries are not those of the recording, and the platform: with these a mismatch is not comparable."""
    return [
        f"{name} was {recorded[name]} when this was recorded and is {now.get(name, 'missing')} now"
        for name in recorded
        if recorded[name] != now.get(name)
    ]


def is_missing(value: Any) -> bool:
    """Return whether a table holds no value there."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


async def replay(
    worker: EnvironmentWorker,
    script: Script,
    upto: int | None = None,
    each: Each | None = None,
    *,
    since: int | None = None,
    deadline: float = _DEADLINE,
) -> messages.Transition:
    """Play an episode again in an environment of its own, and hold every digest against the recorded one.

    Args:
        worker: a scratch environment, which runs; nobody else asks it anything meanwhile.
        script: what to play.
        upto: how many steps of it; all where None.
        each: called with each step (None: the reset) and what it returned, in order.
        since: the step to which this worker has played the script already, less than ``upto``; None resets it.
        deadline: seconds for a step.

    Returns:
        What the last step returned.

    Raises:
        Diverged: something differs, or the environment failed. The worker may have played on some steps.
    """
    steps = range(since or 0, len(script) if upto is None else upto)
    last = messages.Transition(id=0)
    asked: list[tuple[int | None, Pending]] = []
    if since is None:
        request = messages.ResetEnvironment(id=0, seed=script.seed)
        asked.append((None, worker.link.request(request, deadline)))
    for begin in range(steps.start, max(steps.stop, steps.start + 1), _AHEAD):
        coming = _ask(worker, script, steps[begin - steps.start :][:_AHEAD], deadline)
        last = await _check(script, asked, each) or last
        asked = coming
        # The loop serves others too: viewers, and the lanes that are replayed beside this one.
        await asyncio.sleep(0)
    return await _check(script, asked, each) or last


def _ask(
    worker: EnvironmentWorker, script: Script, steps: range, deadline: float
) -> list[tuple[int | None, Pending]]:
    asked: list[tuple[int | None, Pending]] = []
    for place, step in enumerate(steps, 2):
        request = messages.StepEnvironment(id=0, step=step, actions=script.actions[step])
        asked.append((step, worker.link.request(request, deadline * place)))
    return asked


async def _check(
    script: Script, asked: list[tuple[int | None, Pending]], each: Each | None
) -> messages.Transition | None:
    await gather([pending for _, pending in asked])
    last: messages.Transition | None = None
    for step, pending in asked:
        if pending.error is not None:
            raise script.diverged(step, str(pending.error)) from pending.error
        last = pending.reply
        if last.digest != script.recorded(step):
            raise script.diverged(step, last.digest)
        if each is not None:
            each(step, last)
    return last


async def relive(
    worker: EnvironmentWorker,
    past: Sequence[Script],
    agents: Collection[str] = (),
    upto: int | None = None,
    *,
    deadline: float = _DEADLINE,
) -> Played:
    """Play the episodes of a trial again, and collect what the seats of some agents were told of them.

    What a seat is told holds observations as that seat perceives them: call `EnvironmentWorker.observe` first.

    Args:
        worker: as for `replay`.
        past: the episodes, in order; at least one.
        agents: whose outcomes are wanted.
        upto: how many steps of the last episode; all where None.
        deadline: seconds for a step.

    Raises:
        Diverged: something differs, or the environment failed.
    """
    played = Played(told={agent: [] for agent in agents})
    for script in past:
        played.outcomes.begin()
        played.returns = {}
        for told in played.told.values():
            told.append([])

        def take(step: int | None, transition: messages.Transition, script: Script = script) -> None:
            if step is not None:
                _settle(played, script.actions[step], transition)
            played.transition = transition

        await replay(worker, script, upto if script is past[-1] else None, take, deadline=deadline)
    return played


def _settle(played: Played, actions: Mapping[str, Any], transition: messages.Transition) -> None:
    for agent, reward in transition.rewards.items():
        played.returns[agent] = played.returns.get(agent, 0.0) + reward
    wanted = {agent: action for agent, action in actions.items() if agent in played.told}
    for agent, outcome in played.outcomes.settle(played.transition.observations, wanted, transition):
        played.told[agent][-1].append(outcome)


@asynccontextmanager
async def scratch(environment: messages.Environment, logs: Path) -> AsyncIterator[EnvironmentWorker]:
    """Run an environment beside those of the lanes, to replay in; it is closed at the end.

    Args:
        environment: as `EnvironmentWorker.environment` of a lane has it.
        logs: the run's folder of logs, where it gets one of its own.

    Raises:
        MosaicError, ProtocolError: it could not be started.
    """
    worker = EnvironmentWorker("scratch", environment, logs / "scratch.log")
    try:
        await worker.ensure()
        yield worker
    finally:
        await worker.close()
