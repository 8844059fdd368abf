"""The four tables of a run, declared as data: name, type, unit and meaning of every column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: as it stands in the DataFrame.
        kind: ``"string"``, ``"category"`` (few distinct strings), ``"int"`` (64 bits), ``"float"`` (64 bits),
            ``"bool"``, ``"floats"`` (a list of 32-bit floats), ``"json"`` (a value as JSON text, exact for the
            numbers of an action; read back as a number where every row holds one).
        meaning: one sentence; says when the value is missing.
        unit: of a quantity, else empty.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """A table: its name, what a row stands for, and its columns in order."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)


_RUN = Column("run", "category", "The run's name; the same in every row, so that runs can be concatenated.")
_LANE = Column("lane", "category", "The lane's name.")
_BRANCH = Column("branch", "int", "0, or the number of the rewind that this row came after.")
_TRIAL = Column("trial", "int", "How many trials the lane had begun before.")
_EPISODE = Column("episode", "int", "How many episodes the lane had begun before.")
_SEED = Column("seed", "int", "What env.reset received.")
_AGENT = Column("agent", "category", "Who acts in the environment; `agent` in a single-agent one.")

STEPS = Table(
    "steps",
    "an agent that acted, was rewarded or ended in a step of a lane's environment, or forfeited in its place",
    (
        _RUN,
        _LANE,
        _BRANCH,
        _TRIAL,
        _EPISODE,
        _SEED,
        Column("step", "int", "Which step of the episode, from 0."),
        _AGENT,
        Column("team", "category", "The agent's team, or empty."),
        Column("role", "category", "The agent's role, or empty."),
        Column("operator", "category", "Who decided: the operator's name, `human` for a person."),
        Column("kind", "category", "The operator's kind: rl, llm, vlm, human, baseline, ..."),
        Column("action_asked", "json", "What the operator asked for; missing where it failed to answer."),
        Column("action", "json", "What the environment was given; missing where the agent did not act."),
        Column("action_label", "category", "The action's name, or empty."),
        Column("reward", "float", "What the agent was paid in this step."),
        Column("terminated", "bool", "The agent reached an end of the game."),
        Column("truncated", "bool", "The agent was cut off, by a time limit for example."),
        Column(
            "act_ms",
            "float",
            "From asking the operator to having its decision; a person's thinking too.",
            "ms",
        ),
        Column("env_ms", "float", "What the environment's step itself took.", "ms"),
        Column(
            "digest",
            "string",
            "16 hex digits over the step's observations, masks, rewards and flags; empty where none was made.",
        ),
        Column("invalid", "bool", "The asked action was not a member of the action space, or masked."),
        Column("fallback", "category", "Why something else was done than was asked, or empty."),
        Column(
            "probabilities", "floats", "The operator's probability per action; missing where it gives none."
        ),
        Column("value", "float", "The operator's estimate of the return; missing where it gives none."),
    ),
)

EPISODES = Table(
    "episodes",
    "an episode of a lane that has ended, or was cut short",
    (
        _RUN,
        _LANE,
        _BRANCH,
        _TRIAL,
        _EPISODE,
        _SEED,
        Column("instance", "int", "The trial's hidden instance; missing outside trials."),
        Column("length", "int", "How many steps it had.", "steps"),
        Column("return", "float", "The sum of its rewards, all agents'."),
        Column("returns", "json", "The return of each agent, by name."),
        Column("team_returns", "json", "The return of each team, by name; empty where there are no teams."),
        Column(
            "end",
            "category",
            "terminated, truncated, forfeit, failed, abandoned (a reset came first), or rewound.",
        ),
        Column(
            "success",
            "bool",
            "By the family's rule; missing where it has none, or sides play against each other.",
        ),
        Column("seconds", "float", "Wall time from its reset to its end.", "s"),
        Column("reset_digest", "string", "16 hex digits over what reset returned."),
        Column("numbers", "json", "Numbers from `info` at the end that the family or the user names."),
    ),
)

CALLS = Table(
    "calls",
    "a call of a language model",
    (
        _RUN,
        _LANE,
        _BRANCH,
        _EPISODE,
        Column("step", "int", "The step it was made for; missing for calls at a reset or while learning."),
        _AGENT,
        Column("operator", "category", "Whose call it was."),
        Column("model", "category", "The model's name."),
        Column("prompt", "string", "Hash of the prompt; its text lies in the run's blobs."),
        Column("reply", "string", "Hash of the reply; its text lies in the run's blobs."),
        Column("images", "json", "Hashes of the images that went along."),
        Column(
            "parsed", "string", "The decision as it was read from the reply; missing where none could be."
        ),
        Column("input_tokens", "int", "As the provider counted them; missing where it did not.", "tokens"),
        Column("output_tokens", "int", "As the provider counted them; missing where it did not.", "tokens"),
        Column("cost", "float", "What it cost; missing where unknown.", "USD"),
        Column("latency", "float", "From request to reply.", "s"),
        Column("attempts", "int", "How many tries it took, 1 or more."),
        Column("cached", "bool", "Whether the answer came from a cache."),
        Column("error", "string", "Why no decision came of it; missing where one did."),
    ),
)

EVENTS = Table(
    "events",
    "something that happened to a lane and is no step",
    (
        _RUN,
        _LANE,
        _BRANCH,
        _EPISODE,
        Column("step", "int", "The step it happened at; missing between episodes."),
        _AGENT,
        Column("time", "float", "When, since the epoch.", "s"),
        Column(
            "event",
            "category",
            "failure, substitute, forfeit, illegal, swap, take-over, hand-back, rewind, log, ...",
        ),
        Column("operator", "category", "Whom it concerns, or empty."),
        Column("detail", "string", "What happened, in words."),
    ),
)

TABLES: tuple[Table, ...] = (STEPS, EPISODES, CALLS, EVENTS)
