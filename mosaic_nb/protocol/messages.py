"""The messages of the worker protocol, version 1.

The scheduler sends requests, a worker answers each with exactly one reply, in the order received. A reply
carries the ``id``, ``lane``, ``agent`` and ``step`` of its request, so that a reply gone astray is an error
with a name and never another agent's decision.
"""

# ruff: noqa: PLC0414 - what the messages are made of is found here too

from __future__ import annotations

from typing import Any

import msgspec

from mosaic_nb.protocol.parts import (
    Agent as Agent,
    Board as Board,
    Call as Call,
    Data as Data,
    Environment as Environment,
    Episode as Episode,
    Observation as Observation,
    Outcome as Outcome,
    Past as Past,
    Seed as Seed,
    View as View,
)

VERSIONS: tuple[int, ...] = (1,)
"""The protocol versions that this release speaks, oldest first."""


class Message(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """What every message carries: which request it is (or answers), and whom it concerns."""

    id: int
    lane: str = ""
    agent: str = ""
    step: int = 0


# --- requests ----------------------------------------------------------------------------------------


class Hello(Message, tag="hello"):
    """The first request: the versions offered, and what only this worker may know.

    Attributes:
        versions: protocol versions the scheduler speaks.
        name: what the worker is called in messages and logs.
        variables: environment variables (keys, endpoints) for this worker alone, to be set before loading.
    """

    versions: list[int]
    name: str = ""
    variables: dict[str, str] = {}


class Load(Message, tag="load"):
    """Load the operator, once.

    Attributes:
        options: its keyword arguments.
        callable: the cloudpickle of the user's own function, for the ``callable`` operator alone.
    """

    options: dict[str, Any] = {}
    callable: bytes | None = None


class ResetSeat(Message, tag="reset_seat"):
    """Begin an episode for a seat; a seat that does not exist yet is made.

    Attributes:
        episode: what the seat is told.
        learn: outcomes of the episode before that the seat has not been told yet.
    """

    episode: Episode
    learn: list[Outcome] = []


class Act(Message, tag="act"):
    """Ask a seat for a decision.

    Attributes:
        observation: what the agent perceives.
        seed: 64 bits; a seat that samples uses them, so the same step asked twice decides the same.
        learn: outcomes since the seat was last addressed.
    """

    observation: Observation
    seed: int = 0
    learn: list[Outcome] = []


class Learn(Message, tag="learn"):
    """Catch-up: bring a seat to a step without a decision."""

    learn: list[Outcome]


class CloseSeat(Message, tag="close_seat"):
    """The seat is not needed any more; its last outcomes come along."""

    learn: list[Outcome] = []


class Open(Message, tag="open"):
    """Make the lane's environment, once."""

    environment: Environment


class Observe(Message, tag="observe"):
    """Say what the seat of an agent perceives from now on.

    Attributes:
        needs: of ``text``, ``frame``, ``history``; ``board``: whether a person can click one. Nothing else is built.
        view: wrappers whose ``observation`` is applied to this seat's observation alone, innermost first.
    """

    needs: list[str] = []
    view: list[View] = []
    board: bool = False


class ResetEnvironment(Message, tag="reset_environment"):
    """Begin an episode of the environment."""

    seed: Seed


class StepEnvironment(Message, tag="step_environment"):
    """Advance the environment by one step, with an action for each agent that is to move."""

    actions: dict[str, Any]


class Render(Message, tag="render"):
    """Ask for a picture of the environment as it stands.

    Attributes:
        format: ``"jpeg"``, ``"png"``, ``"raw"`` for the pixels, or ``"text"`` where no picture is wanted.
        quality: of a JPEG, 1 to 100.
        words: whether the agents' observations are wanted in words.
        of: the agent whose own view is wanted, or empty for the whole.
    """

    format: str = "png"
    quality: int = 85
    words: bool = False
    of: str = ""


class Connect(Message, tag="connect"):
    """Make an environment that is called by its own API's methods, once; instead of ``open``."""

    environment: Environment


class Invoke(Message, tag="invoke"):
    """Call a method of the connected environment.

    Attributes:
        method: ``reset``, ``step``, ``observe``, ``state``, ``render``, ``close``, ``spaces``, ``generator`` or
            ``adopt``.
        arguments: as that method takes them, tuples marked.
    """

    method: str
    arguments: list[Any] = []


class Ping(Message, tag="ping"):
    """Ask for a sign of life."""


class Shutdown(Message, tag="shutdown"):
    """Close every seat and environment, answer, and leave."""


# --- replies -----------------------------------------------------------------------------------------


class Answer(Message, kw_only=True):
    """What every reply may bring home: rows for the ``calls`` table."""

    calls: list[Call] = []


class Welcome(Answer, tag="welcome"):
    """The reply to ``hello``.

    Attributes:
        version: the protocol version chosen, one of those offered.
        capabilities: of ``act``, ``act_many``, ``learn``, ``environment``, ``block``.
        libraries: versions of what the worker runs on, for the run's header.
    """

    version: int
    name: str = ""
    capabilities: list[str] = []
    libraries: dict[str, str] = {}


class Loaded(Answer, tag="loaded"):
    """The reply to ``load``.

    Attributes:
        needs: of ``text``, ``frame``, ``history``: what the operator's seats perceive beside the observation.
        learns: whether its seats want outcomes.
        view: the wrappers its policy was trained behind.
        provenance: what the run's header keeps of it, such as a hash of the weights.
    """

    needs: list[str] = []
    learns: bool = False
    view: list[View] = []
    provenance: dict[str, str] = {}


class Decision(Answer, tag="decision"):
    """The reply to ``act``.

    Attributes:
        action: a member of the action space.
        probabilities: float per action, or None.
        value: the expected return, or None.
    """

    action: Any = None
    probabilities: list[float] | None = None
    value: float | None = None


class Done(Answer, tag="done"):
    """The reply to a request that has nothing to tell but that it was done."""


class Opened(Answer, tag="opened"):
    """The reply to ``open``.

    Attributes:
        agents: every agent that may appear, by name.
        family: the name of the environment's family, or empty.
        spec: the id and version as the registry knows them, for the run's header.
        success_above: an episode is a success if its return is above this, or None where nothing is known.
        numbers: keys of ``info`` that the episode's row keeps.
        max_steps: the episode's limit, or None.
        renders: whether there is a picture, else the text stands in for it; ``views``: whether each agent's own too.
        illegal: what becomes of an illegal move: ``"retry"``, ``"forfeit"`` or ``"random"``.
        clocked: whether people play it in real time; ``speed``: at how many steps a second they can, or None.
    """

    agents: dict[str, Agent]
    family: str = ""
    spec: str = ""
    success_above: float | None = None
    numbers: list[str] = []
    max_steps: int | None = None
    renders: bool = False
    views: bool = False
    illegal: str = "retry"
    clocked: bool = False
    speed: float | None = None
    libraries: dict[str, str] = {}


class Observed(Answer, tag="observed"):
    """The reply to ``observe``: the observation space of the seat's view, and what it perceives now.

    ``observation`` is None before the first reset and where the agent is not to move; ``final`` is what it saw last
    where its episode is over, which stands in no transition; ``board`` as in `transition`.
    """

    observation_space: dict[str, Any]
    observation: Observation | None = None
    final: Observation | None = None
    board: Board | None = None


class Transition(Answer, tag="transition"):
    """The reply to ``reset_environment`` and ``step_environment``.

    Attributes:
        observations: of the agents that are to move next, by agent; empty when the episode is over.
        rewards: by agent, of everybody who acted or was paid.
        terminated, truncated: names of the agents that ended with this step.
        over: whether the episode is over for all.
        digest: 16 hex digits over observations and masks, rewards and flags; see ``docs/determinism.md``.
        seconds: what the environment itself took.
        numbers: values of ``info`` that the episode's row keeps; ``boards``: by agent, of people, to move or not.
    """

    observations: dict[str, Observation] = {}
    rewards: dict[str, float] = {}
    terminated: list[str] = []
    truncated: list[str] = []
    over: bool = False
    digest: str = ""
    seconds: float = 0.0
    numbers: dict[str, float] = {}
    boards: dict[str, Board] = {}


class Picture(Answer, tag="picture"):
    """The reply to ``render``.

    Attributes:
        format: ``"jpeg"``, ``"png"``, ``"raw"`` or ``"text"`` where there is no picture.
        width, height: in pixels.
        data: the encoded picture; ``pixels``: the uint8 array (height, width, 3) of ``raw``.
        text: what stands in for a picture; ``words``: agent -> its observation in words, where they were asked for.
    """

    format: str
    width: int = 0
    height: int = 0
    data: bytes = b""
    pixels: Any = None
    text: str = ""
    words: dict[str, str] = {}


class Connected(Answer, tag="connected"):
    """The reply to ``connect``: what the environment says of itself.

    Attributes:
        api: ``"gymnasium"``, ``"aec"`` or ``"parallel"``.
        possible_agents: as the environment calls them, or None where it does not say.
        spaces: the observation space and the action space of each of them as data; one pair for Gymnasium.
        state_space: as data, or None where there is none.
        attributes: its ``metadata``, ``render_mode``, ``spec`` and what else stands before the first reset.
        left: see ``invoked``.
    """

    api: str
    possible_agents: list[Any] | None = None
    spaces: list[tuple[dict[str, Any], dict[str, Any]]] = []
    state_space: dict[str, Any] | None = None
    attributes: dict[str, Any] = {}
    left: list[str] = []


class Invoked(Answer, tag="invoked"):
    """The reply to ``invoke``.

    Attributes:
        value: what the method returned, tuples marked.
        left: what of it has no form on the wire and stayed behind, such as ``infos.agent_0.board (a Board)``.
    """

    value: Any = None
    left: list[str] = []


class Failure(Answer, tag="failure"):
    """The reply to a request that raised: the worker itself lives on.

    Attributes:
        error: the exception's class; ``message``: its text; ``traceback``: as the worker would print it.
    """

    error: str
    message: str
    traceback: str = ""
