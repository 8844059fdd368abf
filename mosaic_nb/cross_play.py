"""Cross-play: every operator with and against every other one, under the same seeds, in all seats."""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mosaic_nb.analysis.cross_play import BETWEEN, CrossPlay, Filling, rows
from mosaic_nb.arena import Arena
from mosaic_nb.arguments import at_least
from mosaic_nb.environments.spec import declare as declare_environment
from mosaic_nb.errors import LaneFailureWarning
from mosaic_nb.operators import Declared, declare as declare_operator
from mosaic_nb.protocol import messages
from mosaic_nb.replay import open_run
from mosaic_nb.scheduler import headers
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import EnvironmentWorker

if TYPE_CHECKING:
    import pandas as pd

_VERSUS = " v "
_COMPLETE = ("terminated", "truncated", "forfeit")


def crossplay(
    environment: Any,
    operators: Mapping[str, Any] | Sequence[Any],
    *,
    seeds: Iterable[int] = range(10),
    teams: Mapping[str, Sequence[str]] | None = None,
    focal_counts: Sequence[int] | None = None,
    swap: bool = True,
    max_steps: int | None = None,
    lanes: int = 8,
    path: str | Path | None = None,
    progress: bool | Callable[[int, int], None] = True,
    **options: Any,
) -> CrossPlay:
    """Play every pairing of operators, or every filling of the teams, and return a table of who did how well.

    Each side of the environment (a team, or an agent where there are none) is filled by one operator, in every
    combination: each pair meets with its sides swapped, so that what a seat is worth cancels. With ``focal_counts`` it
    is ad-hoc teamwork as in Melting Pot: so many seats are filled by the focal operator and all others by the
    background one, and only the focal seats' returns count.

    Args:
        environment: as for `Arena`.
        operators: by name, or a list whose names are the operators' own; whatever an arena takes but people.
        seeds: of the episodes, the same for every combination.
        teams: agents, or patterns of agents such as ``"agent_*"``, by team; None for the environment's own, and for a
            side per agent where it has none.
        focal_counts: how many seats are focal, one number or several; None for whole sides.
        swap: whether operators also change sides; with ``focal_counts``, whether the focal seats go round.
        max_steps: truncates an episode, beside the environment's own limit.
        lanes: how many play at a time, side by side.
        path: a folder that keeps the runs. Called again with the same arguments, and perhaps more seeds, what is there
            is not played again. None keeps the table alone.
        progress: whether to write a line to stderr, or a function of the episodes done and the episodes in all.
        options: of the arenas: ``env_kwargs``, ``wrappers``, ``deadline``, ``run_seed``, ...

    Raises:
        TypeError, ValueError: an argument is unknown or makes no sense; the text says which.
        LaneFailure: an operator or an environment failed; what was played before is kept where ``path`` is given.
    """
    at_least("lanes", lanes, 1)
    shared = {**options, "max_steps": max_steps, "teams": teams}
    games = _Games(environment, _operators(operators), _seeds(seeds), shared, _teller(progress))
    with tempfile.TemporaryDirectory(prefix="mosaic-nb-cross-play-") as scratch:
        sides = _sides(_about(games.declared, Path(scratch)), teams)
        fillings = _fillings(sides, list(games.operators), focal_counts, swap=swap)
        frame = games.play(fillings, sides, Path(scratch if path is None else path), lanes)
    return CrossPlay(frame, list(games.operators), games.declared.id, focal=focal_counts is not None)


class _Games:
    """The episodes of every filling, played or read from a folder.

    Args:
        environment: as for `Arena`; ``options`` are the arenas' own.
        operators: by name.
        seeds: sorted.
        tell: told how many episodes are done, of how many.
    """

    def __init__(
        self,
        environment: Any,
        operators: Mapping[str, Declared],
        seeds: Sequence[int],
        options: Mapping[str, Any],
        tell: Callable[[int, int], None],
    ) -> None:
        self.operators = operators
        self.declared = declare_environment(
            environment,
            env_kwargs=options.get("env_kwargs"),
            wrappers=options.get("wrappers", ()),
            max_steps=options["max_steps"],
            start=options.get("start"),
        )
        self._environment = environment
        self._seeds = seeds
        self._options = options
        self._tell = tell
        self._casts: dict[str, dict[str, Declared]] = {}
        self._folder = Path()

    def play(
        self, fillings: Mapping[str, Filling], sides: Mapping[str, Sequence[str]], folder: Path, lanes: int
    ) -> pd.DataFrame:
        """Play what a folder does not hold yet, so many lanes at a time, and return a row per episode and seat."""
        lane_of: dict[Any, str] = {}
        played_as = {
            name: lane_of.setdefault(tuple(filling.seats.items()), name) for name, filling in fillings.items()
        }
        self._casts = {
            lane: {agent: self.operators[who] for agent, who in fillings[lane].seats.items()}
            for lane in lane_of.values()
        }
        self._folder = folder
        self._agree(sides)
        self._play_missing(lanes)
        return rows(fillings, self._episodes(), played_as)

    def _agree(self, sides: Mapping[str, Sequence[str]]) -> None:
        """Write down what is played in the folder, or refuse to play something else there."""
        plan = {
            "environment": headers.of_environment(self.declared),
            "run_seed": self._options.get("run_seed", 0),
            "operators": {name: operator.label for name, operator in self.operators.items()},
            "sides": sides,
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        note = self._folder / "cross-play.json"
        if not note.exists():
            note.write_text(json.dumps(plan, indent=1))
        elif (before := json.loads(note.read_text())) != json.loads(json.dumps(plan)):
            differs = ", ".join(key for key in plan if before.get(key) != plan[key])
            raise ValueError(f"{self._folder} holds a cross-play with other {differs}; give another path")

    def _episodes(self) -> pd.DataFrame:
        """Return the complete episodes that were asked for, one of each filling and seed."""
        import pandas as pd

        runs = sorted(self._folder.glob("play-*/"))
        tables = [open_run(run).episodes for run in runs]
        if not tables:
            return pd.DataFrame({"lane": [], "seed": [], "end": []})
        table = pd.concat([each.astype({"lane": str, "end": str}) for each in tables], ignore_index=True)
        table = table[
            table["lane"].isin(list(self._casts))
            & table["seed"].isin(self._seeds)
            & table["end"].isin(_COMPLETE)
        ]
        return table.drop_duplicates(["lane", "seed"])

    def _play_missing(self, lanes: int) -> None:
        played = self._episodes()
        done = set(zip(played["lane"], played["seed"], strict=True))
        missing = {name: [seed for seed in self._seeds if (name, seed) not in done] for name in self._casts}
        names = sorted((name for name in missing if missing[name]), key=lambda name: missing[name])
        total = len(self._casts) * len(self._seeds)
        left = sum(map(len, missing.values()))
        for first in range(0, len(names), lanes):
            together = names[first : first + lanes]
            self._tell(total - left, total)
            self._play_together(together, sorted({seed for name in together for seed in missing[name]}))
            left -= sum(len(missing[name]) for name in together)
        self._tell(total - left, total)

    def _play_together(self, names: Sequence[str], seeds: Sequence[int]) -> None:
        casts = {name: self._casts[name] for name in names}
        folder = self._folder / f"play-{len(list(self._folder.glob('play-*/'))):04d}"
        stretches = list(_stretches(seeds))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LaneFailureWarning)  # it is raised below
            options = {"on_end": "next", **self._options}
            with Arena(self._environment, casts, seed=stretches[0][0], path=folder, **options) as arena:
                for start, count in stretches:
                    if start != stretches[0][0]:
                        arena.reset(seed=start)
                    arena.run(episodes=count)
                    for failure in arena.failures.values():
                        raise failure


def _operators(given: Mapping[str, Any] | Sequence[Any]) -> dict[str, Declared]:
    if isinstance(given, str) or not isinstance(given, (Mapping, Sequence)) or not given:
        raise TypeError(
            'operators must be a mapping or a list, such as ["scripted", "random"], and not empty'
        )
    if isinstance(given, Mapping):
        cast = {str(name): declare_operator(operator) for name, operator in given.items()}
    else:
        listed = [declare_operator(operator) for operator in given]
        cast = {operator.label: operator for operator in listed}
        if len(cast) < len(listed):
            raise ValueError("two operators have the same name; give a mapping, name -> operator")
    for name, operator in cast.items():
        if _VERSUS in name or BETWEEN in name:
            raise ValueError(f"operator {name!r}: the name must not contain {_VERSUS!r} or {BETWEEN!r}")
        if operator.kind == "human":
            raise ValueError(f"operator {name!r} is a person; cross-play runs without hands")
    return cast


def _seeds(given: Iterable[int]) -> list[int]:
    seeds = sorted({at_least("a seed", seed, 0) for seed in given})
    if not seeds:
        raise ValueError("seeds is empty: give at least one")
    return seeds


def _about(environment: messages.Environment, folder: Path) -> Mapping[str, str]:
    """Return the team of every agent, empty where it has none."""
    worker = EnvironmentWorker("cross-play", environment, folder / "environment.log")

    async def ask() -> Mapping[str, str]:
        try:
            await worker.ensure()
            return {agent: about.team for agent, about in worker.opened.agents.items()}
        finally:
            await worker.close()

    teams: Mapping[str, str] = scheduler_thread().call(ask())
    return teams


def _sides(agents: Mapping[str, str], teams: Mapping[str, Sequence[str]] | None) -> dict[str, list[str]]:
    """Return the agents of every side, in the environment's order."""
    if teams is None:
        names = list(dict.fromkeys(agents.values()))
        if len(names) > 1 and all(names):
            return {name: [agent for agent in agents if agents[agent] == name] for name in names}
        return {agent: [agent] for agent in agents}
    sides = {}
    for name, patterns in teams.items():
        among = [patterns] if isinstance(patterns, str) else list(patterns)
        for pattern in among:
            if not any(fnmatchcase(agent, pattern) for agent in agents):
                raise ValueError(
                    f"team {name!r}: there is no agent {pattern!r}; there are {', '.join(agents)}"
                )
        sides[str(name)] = [agent for agent in agents if any(fnmatchcase(agent, each) for each in among)]
    for agent in agents:
        homes = [name for name, members in sides.items() if agent in members]
        if len(homes) != 1:
            raise ValueError(
                f"agent {agent!r} must be in one team, and is in {' and '.join(homes) if homes else 'none'}"
            )
    return sides


def _fillings(
    sides: Mapping[str, Sequence[str]], names: Sequence[str], counts: Sequence[int] | None, *, swap: bool
) -> dict[str, Filling]:
    return (
        _whole_sides(sides, names, swap=swap) if counts is None else _focal(sides, names, counts, swap=swap)
    )


def _whole_sides(
    sides: Mapping[str, Sequence[str]], names: Sequence[str], *, swap: bool
) -> dict[str, Filling]:
    """Return every filling of the sides, each side by one operator."""
    fillings = {}
    for chosen in product(names, repeat=len(sides)):
        if not swap and list(chosen) != sorted(chosen, key=names.index):
            continue
        who = dict(zip(sides, chosen, strict=True))
        seats = {agent: who[side] for side, members in sides.items() for agent in members}
        fillings[_VERSUS.join(chosen)] = Filling(seats, _teams(sides))
    return fillings


def _focal(
    sides: Mapping[str, Sequence[str]], names: Sequence[str], counts: Sequence[int], *, swap: bool
) -> dict[str, Filling]:
    """Return every filling of the seats by a focal operator and a background operator."""
    agents = [agent for members in sides.values() for agent in members]
    fillings = {}
    for count in [counts] if isinstance(counts, int) else counts:
        if not 1 <= count < len(agents):
            raise ValueError(
                f"focal_counts must be from 1 to {len(agents) - 1}, as there are {len(agents)} agents, not {count!r}"
            )
        for focal, background, first in product(names, names, range(len(agents) if swap else 1)):
            chosen = {agents[(first + place) % len(agents)] for place in range(count)}
            seats = {agent: focal if agent in chosen else background for agent in agents}
            name = f"{focal} in {', '.join(a for a in agents if a in chosen)} with {background}"
            fillings[name] = Filling(seats, _teams(sides), frozenset(chosen), background)
    return fillings


def _teams(sides: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {agent: side for side, members in sides.items() for agent in members}


def _stretches(seeds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Give the beginning and the length of every stretch of seeds that follow each other."""
    start = 0
    for end in range(1, len(seeds) + 1):
        if end == len(seeds) or seeds[end] != seeds[end - 1] + 1:
            yield seeds[start], end - start
            start = end


def _teller(progress: bool | Callable[[int, int], None]) -> Callable[[int, int], None]:
    if callable(progress):
        return progress
    return _write_line if progress else _write_nothing


def _write_line(done: int, total: int) -> None:
    sys.stderr.write(f"\rcross-play: {done} of {total} episodes" + ("\n" if done == total else ""))
    sys.stderr.flush()


def _write_nothing(done: int, total: int) -> None:
    """Stay quiet."""
