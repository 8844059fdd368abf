"""One environment behind one shape, whatever its API: what the environment host answers with."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from mosaic_nb.environments import pictures
from mosaic_nb.environments.actions import ActionRule, InvalidAction
from mosaic_nb.environments.adapt import adapt
from mosaic_nb.environments.adapter import Turn
from mosaic_nb.environments.description import Description
from mosaic_nb.environments.gymnasium_adapter import GymnasiumAdapter
from mosaic_nb.environments.perception import MEMORY, Memory, Perception
from mosaic_nb.environments.resolve import make
from mosaic_nb.environments.starting import Start
from mosaic_nb.environments.views import Lens
from mosaic_nb.environments.words import Words
from mosaic_nb.protocol import messages, spaces
from mosaic_nb.protocol.canonical import digest_bytes


class ResetNeeded(RuntimeError):
    """The episode has not begun, is over, or was left undefined by an error: reset comes first."""


@dataclass(frozen=True)
class Alone:
    """What it takes to step a Gymnasium environment in a tight loop.

    Attributes:
        agent: its one agent's name.
        adapter: around it.
        rule: what an action must be.
        lens: shapes what the agent's seat perceives, or None.
        numbers: keys of ``info`` that an episode's row keeps.
    """

    agent: str
    adapter: GymnasiumAdapter
    rule: ActionRule
    lens: Lens | None
    numbers: Sequence[str]


class HostedEnvironment:
    """One environment, agents by name.

    The life of an environment: ``observe`` says what each seat perceives, at any time; ``reset`` begins an episode;
    ``step`` advances it until its transition is ``over``; then ``reset`` comes first again. A step that raised
    `InvalidAction` did not happen: it may be tried again. Any other error from ``step`` leaves the episode
    undefined, and only ``reset`` goes on.

    Every reply has ``id=0``: whoever sends it fills in whose it is.

    Args:
        environment: how to make it.

    Raises:
        UnknownEnvironment, UnknownOption, TypeError: see `mosaic_nb.environments.resolve.make`.
    """

    def __init__(self, environment: messages.Environment) -> None:
        self._adapter = adapter = adapt(make(environment), environment.max_steps)
        self._description = description = Description(environment, adapter)
        draw, values = description.draws("text"), description.game.values
        self._words = {agent: Words(draw, adapter.unwrapped, agent, values) for agent in adapter.agents}
        self._point_of_view = description.draws("frame")
        self._picture = description.draws("picture")
        self._prepare = description.draws("prepare")
        self._board = description.draws("board")
        self._at_boards: set[str] = set()
        self._done: dict[str, Any] = {}
        self._numbers = description.game.numbers
        labels = description.labels
        self._rules = {a: ActionRule(a, adapter.action_space(a), labels(a)) for a in adapter.agents}
        position, moves = description.draws("start"), description.draws("moves")
        start = environment.start
        self._start = None if start is None else Start(start, adapter, self._rules, position, moves)
        self._perceptions: dict[str, Perception] = {}
        self._memories: dict[str, deque[Memory]] = {a: deque(maxlen=MEMORY) for a in adapter.agents}
        self._turn: Turn | None = None
        self._steps = 0

    def describe(self) -> messages.Opened:
        """Return what is known of the environment before it is played."""
        return self._description.opened()

    def observe(
        self, agent: str, needs: Sequence[str], view: Sequence[messages.View], board: bool = False
    ) -> messages.Observed:
        """Say what an agent's seat perceives from now on.

        Args:
            agent: its name.
            needs: of ``text``, ``frame``, ``history``.
            view: `gymnasium.ObservationWrapper` classes that shape this seat's observations alone.
            board: whether it can click a board.

        Raises:
            KeyError: there is no such agent.
            ValueError: a need is unknown.
            UnsuitableView: a wrapper does more than turn an observation into another.
        """
        if agent not in self._rules:
            raise KeyError(f"there is no agent {agent!r}; there are {', '.join(self._rules)}")
        lens = Lens(self._adapter.face(agent), view) if view else None
        label = self._rules[agent].label
        perception = Perception(needs, lens, self._words[agent], label, lambda: self._frame_of(agent))
        for memory in self._memories[agent]:
            perception.remember(memory)
        self._perceptions[agent] = perception
        (self._at_boards.add if board else self._at_boards.discard)(agent)
        space = self._adapter.observation_space(agent) if lens is None else lens.observation_space
        turn = self._turn
        observed = messages.Observed(id=0, observation_space=spaces.to_data(space))
        if turn is not None:
            observed.board = self._boards(turn).get(agent)
            if agent in turn.observations:
                observed.observation = self._perceived(agent, turn)
            if agent in turn.final:
                observed.final = perception.perceive(turn.final[agent], None, self._steps)
        return observed

    def reset(self, seed: messages.Seed) -> messages.Transition:
        """Begin an episode, at the declared start where there is one; an episode under way is dropped.

        Raises:
            ImpossibleStart: it cannot begin there.
        """
        self._turn = None
        self._steps = 0
        self._done = {}
        for agent, memories in self._memories.items():
            memories.clear()
            if agent in self._perceptions:
                self._perceptions[agent].forget()
        start = self._start
        number = seed.seed if start is None or start.seed is None else start.seed
        if self._prepare is not None:
            self._prepare(self._adapter.unwrapped, number)
        options = None if seed.instance is None else {"instance": seed.instance}
        turn = self._adapter.reset(number, options)
        return self._answer(turn if start is None else start.lead(turn))

    def step(self, actions: dict[str, Any]) -> messages.Transition:
        """Advance by one step.

        Args:
            actions: a member of its action space for each agent that is to move.

        Raises:
            ResetNeeded: there is no episode under way.
            InvalidAction: an action is missing, no member of its space, masked, or of an agent not to move. The
                environment has not seen it.
        """
        before = self._turn
        if before is None or before.over:
            raise ResetNeeded(f"no episode is under way at step {self._steps}: reset the environment first")
        legal = self._legal(actions, before)
        self._turn = None
        turn = self._adapter.step(legal)
        self._done = legal
        for agent, action in legal.items():
            memory = (self._steps, before.observations[agent], action, turn.rewards.get(agent, 0.0))
            self._memories[agent].append(memory)
            if agent in self._perceptions:
                self._perceptions[agent].remember(memory)
        self._steps += 1
        return self._answer(turn)

    def alone(self) -> Alone | None:
        """Return how it can be stepped without `step`: with one agent, that needs neither words nor frames."""
        adapter = self._adapter
        if not isinstance(adapter, GymnasiumAdapter):
            return None
        (agent,) = adapter.agents
        perception = self._perceptions.get(agent)
        if perception is not None and not perception.plain:
            return None
        lens = None if perception is None else perception.lens
        return Alone(agent, adapter, self._rules[agent], lens, self._numbers)

    @property
    def turn(self) -> Turn:
        """What the environment answered last; only while an episode is under way."""
        assert self._turn is not None, "no episode is under way"
        return self._turn

    def go_on(self, turn: Turn, steps: int) -> None:
        """Stand where somebody has brought the environment without `step`.

        Args:
            turn: what it answered last.
            steps: how many steps the episode has had.
        """
        self._turn, self._steps = turn, steps

    def render(
        self, format: str = "png", quality: int = 85, words: bool = False, of: str = ""
    ) -> messages.Picture:
        """Return a picture of the environment as it stands, or its text where it has none.

        Args:
            format: ``"jpeg"``, ``"png"``, ``"raw"``, or ``"text"`` where no picture is wanted.
            quality: of a JPEG, 1 to 100.
            words: whether the agents' observations are wanted in words.
            of: the agent whose own view is wanted, or empty for the whole.

        Raises:
            KeyError: there is no such agent.
            RenderFailure: the environment rendered something that is no picture.
            ValueError: the format is unknown.
        """
        if of and of not in self._rules:
            raise KeyError(f"there is no agent {of!r}; there are {', '.join(self._rules)}")
        if not (self._description.renders or of):
            picture = messages.Picture(id=0, format="text", text=self._text())
        elif format == "text":
            picture = messages.Picture(id=0, format=format)
        else:
            picture = pictures.encode(self._frame_of(of) if of else self._whole(), format, quality)
        if words:
            picture.words = self._told()
        return picture

    def close(self) -> None:
        """Close the environment."""
        self._turn = None
        self._adapter.close()

    def _legal(self, actions: dict[str, Any], turn: Turn) -> dict[str, Any]:
        if actions.keys() != turn.observations.keys():
            missing = sorted(turn.observations.keys() - actions.keys())
            if missing:
                raise InvalidAction(missing[0], "it is to move, and no action was given")
            early = min(actions.keys() - turn.observations.keys())
            raise InvalidAction(early, f"it is not to move; to move: {', '.join(sorted(turn.observations))}")
        masks = turn.masks
        return {
            agent: self._rules[agent].check(action, masks.get(agent)) for agent, action in actions.items()
        }

    def _answer(self, turn: Turn) -> messages.Transition:
        digest = blake2b(
            digest_bytes((turn.observations, turn.masks, turn.rewards, turn.terminated, turn.truncated)),
            digest_size=8,
        ).hexdigest()
        self._turn = turn
        info = turn.info
        return messages.Transition(
            id=0,
            observations={agent: self._perceived(agent, turn) for agent in turn.observations},
            rewards=turn.rewards,
            terminated=turn.terminated,
            truncated=turn.truncated,
            over=turn.over,
            digest=digest,
            seconds=turn.seconds,
            numbers={name: float(info[name]) for name in self._numbers if name in info},
            boards=self._boards(turn),
        )

    def _boards(self, turn: Turn) -> dict[str, messages.Board]:
        """Return the board of everybody who can click one; those not to move can only look at it."""
        if self._board is None or not self._at_boards or not self._adapter.plain:
            return {}
        boards = {}
        for agent in self._at_boards:
            board = self._board(self._adapter.unwrapped, agent, self._done)
            if board is not None:
                mask, moves = turn.masks.get(agent), board.moves if agent in turn.observations else []
                board.moves = [move for move in moves if mask is None or mask[move.action]]
                boards[agent] = board
        return boards

    def _perceived(self, agent: str, turn: Turn) -> messages.Observation:
        perception = self._perceptions.get(agent)
        value, mask = turn.observations[agent], turn.masks.get(agent)
        if perception is None:
            return messages.Observation(value, self._steps, mask)
        return perception.perceive(value, mask, self._steps)

    def _frame_of(self, agent: str) -> Any:
        """Return what an agent sees: its own point of view where its family draws one, else what everybody sees."""
        own = None if self._point_of_view is None else self._point_of_view(self._adapter.unwrapped, agent)
        if own is not None:
            return pictures.checked(own)
        if self._description.renders:
            return pictures.checked(self._whole())
        return pictures.of_text(self._text(agent))

    def _whole(self) -> Any:
        """Return what everybody may see: the environment's own picture, else its family's."""
        return self._adapter.render() if self._picture is None else self._picture(self._adapter.unwrapped)

    def _text(self, agent: str | None = None) -> str:
        """Return what stands in for a picture: the environment's own text, else one agent's or all agents' words."""
        rendered = self._adapter.render()
        if isinstance(rendered, str):
            return pictures.plain(rendered)
        told = self._told(agent)
        return "\n".join(
            told.values() if len(told) == 1 else (f"{name}: {words}" for name, words in told.items())
        )

    def _told(self, agent: str | None = None) -> dict[str, str]:
        """Return in words what each agent, or one, saw last; those included whose part is over."""
        if self._turn is None:
            raise ResetNeeded("there is nothing to show before the environment is reset")
        seen = {**self._turn.final, **self._turn.observations}
        if agent is not None:
            seen = {name: value for name, value in seen.items() if name == agent}
        return {name: self._words[name].text(value) for name, value in seen.items()}
