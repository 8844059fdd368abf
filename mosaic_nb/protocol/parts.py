"""What the messages of the worker protocol are made of."""

from __future__ import annotations

from typing import Any

import msgspec


class Data(msgspec.Struct, omit_defaults=True):
    """A part of a message: a plain map on the wire, without an id of its own."""


class View(Data):
    """A wrapper whose ``observation`` method is applied to one seat's observation.

    Attributes:
        wrapper: ``"module:Class"``, a ``gymnasium.ObservationWrapper``.
        options: keyword arguments of its constructor.
    """

    wrapper: str
    options: dict[str, Any] = {}


class Environment(Data):
    """How to make an environment.

    Attributes:
        id: what Gymnasium resolves, or ``"module:name"``; a readable name where ``callable`` is set.
        options: keyword arguments for ``gymnasium.make`` or the callable.
        wrappers: ``(what, options)`` pairs, innermost first: ``what`` is ``"module:Class"`` or, for a class of
            the user's own, its cloudpickle. They change the game for every seat.
        callable: the cloudpickle of the user's own class or function, else None.
        max_steps: truncate an episode after this many steps, or None for the environment's own limit.
        start: where its episodes begin after a reset: ``{"text": ...}`` for its family to read, or
            ``{"actions": [...], "seed": ...}``; None for where a reset leaves it.
    """

    id: str
    options: dict[str, Any] = {}
    wrappers: list[tuple[Any, dict[str, Any]]] = []
    callable: bytes | None = None
    max_steps: int | None = None
    start: dict[str, Any] | None = None


class Observation(Data):
    """What an agent perceives before it decides.

    Attributes:
        value: the observation, a member of the agent's observation space.
        step: how many steps the episode has had, from 0.
        action_mask: int8 array, 1 where an action is legal, or None where all are.
        text: the observation in words, only for a seat that needs ``text``.
        frame: uint8 array of shape (height, width, 3), RGB, only for a seat that needs ``frame``.
        history: what the agent perceived and did before, oldest first, only for a seat that needs ``history``.
    """

    value: Any
    step: int = 0
    action_mask: Any = None
    text: str | None = None
    frame: Any = None
    history: list[Past] | None = None


class Past(Data):
    """One past step of an agent, in words: an entry of ``Observation.history``."""

    step: int
    text: str
    action: str
    reward: float


class Outcome(Data):
    """One past step of an agent: what a learner learns from, and what catch-up replays.

    Attributes:
        observation: what the agent perceived.
        action: what was done, whoever decided it.
        reward: what the agent was paid from that action until its next turn.
        terminated, truncated: whether the agent's episode ended there.
    """

    observation: Observation
    action: Any
    reward: float
    terminated: bool = False
    truncated: bool = False


class Call(Data):
    """One call of a remote or local model, a row of the ``calls`` table.

    Attributes:
        model: the model's name.
        prompt, reply: the whole texts, as sent and as received.
        images: encoded images (PNG or JPEG) that went along.
        parsed: the decision as it was read from the reply.
        input_tokens, output_tokens: as the provider counted them, or None.
        cost: in US dollars, or None.
        latency: in seconds.
        attempts: how many tries it took, 1 or more.
        cached: whether the answer came from a cache.
        error: why no decision came of it, or None.
    """

    model: str
    prompt: str
    reply: str = ""
    images: list[bytes] = []
    parsed: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    latency: float = 0.0
    attempts: int = 1
    cached: bool = False
    error: str | None = None


class Episode(Data):
    """What a seat is told when an episode begins.

    Attributes:
        agent: the agent it acts for.
        observation_space, action_space: as data, see ``mosaic_nb.protocol.spaces``; the observation space is
            that of the seat's own view.
        action_labels: a name per action, in the action space's order, or empty where actions have no names.
        noop: the index of the action that does nothing, or None.
        rules: the rules of the game in words; ``goal``: what the agent should achieve.
        team, role: where the environment has them.
        environment: the environment's id.
        number: how many episodes the lane has begun before, from 0.
        trial: how many trials the lane has begun before; ``position``: this episode's place in its trial, from
            0, of ``trial_length``. A seat clears its context only where ``position`` is 0.
        seed: 64 bits of this seat's own, for what it draws once an episode. The environment's seed stays hidden.
    """

    agent: str
    observation_space: dict[str, Any]
    action_space: dict[str, Any]
    action_labels: list[str] = []
    noop: int | None = None
    rules: str = ""
    goal: str = ""
    team: str = ""
    role: str = ""
    environment: str = ""
    number: int = 0
    trial: int = 0
    position: int = 0
    trial_length: int = 1
    seed: int = 0


class Seed(Data):
    """What ``reset`` of the environment receives.

    Attributes:
        seed: the environment's seed.
        instance: in a trial of several episodes the hidden instance, passed as ``options={"instance": ...}``.
    """

    seed: int
    instance: int | None = None


class Agent(Data):
    """What an environment says of one agent: its spaces as data, labels and place in the game.

    ``keys`` maps keyboard keys to action indices, ``keymaps`` does so for each person who can share a keyboard;
    ``noop`` is the index of the action that does nothing.
    """

    observation_space: dict[str, Any]
    action_space: dict[str, Any]
    action_labels: list[str] = []
    keys: dict[str, int] = {}
    keymaps: list[dict[str, int]] = []
    noop: int | None = None
    rules: str = ""
    goal: str = ""
    team: str = ""
    role: str = ""


class BoardMove(Data):
    """One legal move on a board.

    Attributes:
        action: what is chosen.
        label: its name.
        to: the cell that it is made on, or None for one beside the board, such as a pass.
        source: the cell that a piece leaves, or None where a new one is put.
        piece: what a pawn becomes, where a person has to say.
    """

    action: int
    label: str
    to: int | None = None
    source: int | None = None
    piece: str = ""


class Board(Data):
    """A position that a person can click, as one agent sees it.

    Attributes:
        kind: ``"grid"``, ``"columns"`` (what is put falls down), ``"chess"`` or ``"go"``.
        rows, columns: how many.
        cells: what lies on each cell, row by row from above, such as ``"white knight"``; empty where nothing does.
        names: what each cell is called.
        own: what the agent's own pieces are called, or how that begins, such as ``"white"``.
        moves: what the agent may do now; empty where it is not to move.
        last: the cells of the last move.
        alert: the cells that are in danger, such as that of a king in check.
        turned: whether the agent sits at the upper end.
    """

    kind: str
    rows: int
    columns: int
    cells: list[str]
    names: list[str]
    own: str = ""
    moves: list[BoardMove] = []
    last: list[int] = []
    alert: list[int] = []
    turned: bool = False
