"""The rows that a lane leaves in the tables, their values in the order of `recording.tables`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mosaic_nb.protocol import messages
from mosaic_nb.recording.jsontext import to_json

if TYPE_CHECKING:
    from mosaic_nb.scheduler.lane import Lane

Row = tuple[Any, ...]


def of_step(lane: Lane, transition: messages.Transition) -> list[Row]:
    """Return the rows of the ``steps`` table for a step that a lane is about to take in."""
    environment_ms = transition.seconds * 1e3
    rows = []
    for agent in _concerned(lane, transition):
        actions, move = lane.seats[agent].actions, lane.moves.get(agent)
        rows.append(
            (
                *_whose(lane, agent),
                None if move is None or not move.answered else actions.write(move.asked),
                None if move is None else actions.write(move.action),
                "" if move is None else actions.label(move.action),
                transition.rewards.get(agent, 0.0),
                agent in transition.terminated,
                agent in transition.truncated,
                0.0 if move is None else move.milliseconds,
                environment_ms,
                transition.digest,
                False if move is None else move.invalid,
                "" if move is None else move.fallback,
                None if move is None else move.probabilities,
                None if move is None else move.value,
            )
        )
    return rows


def of_forfeit(lane: Lane, agent: str) -> Row:
    """Return the row of the ``steps`` table for what an agent asked for that ended its episode undone."""
    move = lane.moves[agent]
    return (
        *_whose(lane, agent),
        lane.seats[agent].actions.write(move.asked),
        None,
        "",
        0.0,
        True,
        False,
        move.milliseconds,
        0.0,
        "",
        move.invalid,
        "forfeit",
        move.probabilities,
        move.value,
    )


def _whose(lane: Lane, agent: str) -> Row:
    """Return what every row of the ``steps`` table begins with: where it belongs, and who sits there."""
    episode, seat, about = lane.current, lane.seats[agent], lane.worker.opened.agents[agent]
    return (
        lane.name,
        lane.branch,
        episode.trial,
        episode.number,
        episode.seed.seed,
        episode.step,
        agent,
        about.team,
        about.role,
        seat.operator,
        seat.kind,
    )


def _concerned(lane: Lane, transition: messages.Transition) -> list[str]:
    """Everybody who acted, was rewarded or ended, in the environment's order."""
    if len(lane.seats) == 1:
        return list(lane.seats)
    concerned = {*lane.moves, *transition.terminated, *transition.truncated}
    concerned.update(agent for agent, reward in transition.rewards.items() if reward)
    return [agent for agent in lane.seats if agent in concerned]


def of_episode(lane: Lane, end: str) -> Row:
    """Return the row of the ``episodes`` table for the episode that has come to its end."""
    episode, above = lane.current, lane.worker.opened.success_above
    teams = _of_teams(lane, episode.returns)
    known = above is not None and end in ("terminated", "truncated") and _play_together(lane)
    return (
        lane.name,
        lane.branch,
        episode.trial,
        episode.number,
        episode.seed.seed,
        episode.seed.instance,
        episode.step,
        episode.total,
        to_json(episode.returns),
        to_json(teams) if teams else "{}",
        end,
        episode.total > above if known and above is not None else None,
        time.perf_counter() - episode.began,
        episode.digest,
        to_json(episode.numbers) if episode.numbers else None,
    )


def beginning(lane: Lane) -> str:
    """Return what the event of an episode's beginning says, as JSON: what `verify` holds a replay against."""
    seed, digest = lane.current.seed, json.dumps(lane.current.digest)
    instance = "null" if seed.instance is None else seed.instance
    return f'{{"seed": {seed.seed}, "instance": {instance}, "digest": {digest}}}'


def of_event(lane: Lane, event: str, detail: str, *, agent: str = "", operator: str = "") -> Row:
    """Return a row of the ``events`` table."""
    number = lane.episode.number if lane.episode is not None else 0
    step = lane.episode.step if lane.episode is not None else None
    return (lane.name, lane.branch, number, step, agent, time.time(), event, operator, detail)


def of_call(lane: Lane, call: messages.Call, agent: str, step: int | None, hashes: tuple[Any, ...]) -> Row:
    """Return a row of the ``calls`` table; ``hashes`` are those of prompt, reply and images."""
    prompt, reply, images = hashes
    return (
        lane.name,
        lane.branch,
        lane.current.number,
        step,
        agent,
        lane.seats[agent].operator,
        call.model,
        prompt,
        reply,
        to_json(images),
        call.parsed,
        call.input_tokens,
        call.output_tokens,
        call.cost,
        call.latency,
        call.attempts,
        call.cached,
        call.error,
    )


def _play_together(lane: Lane) -> bool:
    """Whether all agents want the same, so that the sum of their returns says how well they did."""
    teams = [about.team for about in lane.worker.opened.agents.values()]
    return len(teams) == 1 or (bool(teams[0]) and len(set(teams)) == 1)


def _of_teams(lane: Lane, returns: Mapping[str, float]) -> dict[str, float]:
    """Return what each team was paid, all its agents together; agents without a team are in none."""
    paid: dict[str, float] = {}
    for agent, amount in returns.items():
        team = lane.worker.opened.agents[agent].team
        if team:
            paid[team] = paid.get(team, 0.0) + amount
    return paid
