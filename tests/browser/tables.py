"""Board games on a stage: a hosted environment says the position, the page draws it, and its moves are played."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator

from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot


class Table:
    """A board game where people sit at some places.

    Args:
        stage: where it is drawn.
        environment: a board game's id, in turns.
        people: who is a person; everybody else is an operator that `play` moves.

    Attributes:
        card: the lane's card; ``grid``: the board on it.
    """

    def __init__(self, stage: Any, environment: str, *people: str, **options: Any) -> None:
        self.stage = stage
        self._people = people
        self._hosted = HostedEnvironment(messages.Environment(id=environment, options=options))
        self._agents = self._hosted.describe().agents
        for agent in people:
            self._hosted.observe(agent, [], [], True)
        order = enumerate(self._agents.items())
        self._actions = {agent: Actions(about, number) for number, (agent, about) in order}
        self._transition = self._hosted.reset(messages.Seed(seed=1))
        self._done: dict[str, str] = {}
        self.card: Locator = stage.page.locator(".mnb-card")
        self.grid: Locator = stage.page.get_by_role("grid")

    def open(self, **options: Any) -> Table:
        """Put the page up."""
        self.stage.render(**options)
        self.show()
        return self

    @property
    def mover(self) -> str:
        """Who is to move."""
        return next(iter(self._transition.observations), "")

    def play(self, *labels: str) -> None:
        """Make these moves, whoever is to make them, and show what came of them."""
        for label in labels:
            action = self._actions[self.mover].parse(label, None)
            self._done[self.mover] = label
            self._transition = self._hosted.step({self.mover: action})
        self.show()

    def take(self) -> str:
        """Make the move that the page sent last; returns its label."""
        sent = self.stage.sent("choose")[-1]
        label = self._actions[sent["agent"]].label(sent["action"])
        assert sent["agent"] == self.mover
        self.play(label)
        return label

    def cell(self, name: str) -> Locator:
        """A cell of the board, by its name."""
        return self.grid.locator(f'.mnb-square[data-name="{name}"]')

    def show(self, **changes: Any) -> None:
        """Show how it stands."""
        steps = sum(1 for _ in self._done)
        lane = LaneView("game", tuple(map(self._seat, self._agents)), "running", step=steps)
        phase = changes.pop("phase", "waiting")
        self.stage.show(Snapshot("game", 7, steps, phase, 8.0, "Your move.", (lane,), **changes))

    def _seat(self, agent: str) -> SeatView:
        person, moves = agent in self._people, agent == self.mover
        about = self._agents[agent]
        where = {
            "team": about.team,
            "role": about.role,
            "to_move": moves,
            "action": self._done.get(agent, ""),
        }
        if not person:
            return SeatView(agent, "negamax", "script", **where)
        observed = self._transition.observations.get(agent)
        mask = None if observed is None else observed.action_mask
        choices = self._actions[agent].few(mask)
        board = self._transition.boards.get(agent)
        turn = 1 + len(self.stage.sent("choose")) if moves else None
        return SeatView(agent, "human", "human", turn=turn, choices=choices, board=board, **where)
