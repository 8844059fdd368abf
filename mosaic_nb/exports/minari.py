"""A run as a Minari dataset: what offline learners read. The observations come back by playing the run again."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import gymnasium
import numpy as np
import pandas as pd

from mosaic_nb.protocol import messages, spaces
from mosaic_nb.recording.run import Run
from mosaic_nb.rerun import Rerun, bar, run_here
from mosaic_nb.scheduler.asking import open_place
from mosaic_nb.scheduler.chapters import Chapter
from mosaic_nb.scheduler.replaying import replay

_WHOLE = ("terminated", "truncated")
"""How an episode ends that is exported: one that was cut short has no end that a learner could use."""


@dataclass
class Recorded:
    """An episode as Minari has it.

    Attributes:
        observations: of the reset and of every step, one more than there are actions.
        terminations, truncations: whether it ended with a step.
    """

    observations: list[Any] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    terminations: list[bool] = field(default_factory=list)
    truncations: list[bool] = field(default_factory=list)


def export(
    run: Run,
    dataset: str,
    *,
    lanes: Any = None,
    episodes: Any = None,
    environment: Any = None,
    progress: bool = True,
    **about: Any,
) -> Any:
    """Write a run's whole episodes as a Minari dataset; see `mosaic_nb.Run.to_minari`."""
    minari = _library()
    _require_new(dataset)
    rerun = Rerun(run, environment)
    rows = _wanted(run, rerun.chosen("lane", lanes), rerun.chosen("episode", episodes))
    with _Player(rerun) as player, ExitStack() as mend:
        player.require_supported()
        who = dict(run.steps.groupby(["lane", "episode"], observed=True)["operator"].unique())
        total, done = int(rows["length"].sum()), 0
        written: Any = None
        with bar(progress, "exported", total, lambda: done) as show:
            for number, row in enumerate(rows.to_dict("records")):
                chapter = player.chapters[row["lane"], row["episode"]]
                buffer = _buffer(player, chapter, player.play(chapter))
                if written is None:
                    mend.callback(minari.delete_dataset, dataset)
                    written = _begin(minari, dataset, buffer, player, _about(run, rows, about))
                else:
                    written.update_dataset_from_buffer([buffer])
                written.storage.update_episode_metadata(
                    [_told(row, who[row["lane"], row["episode"]])], [number]
                )
                done += row["length"]
                if show is not None:
                    show()
        written.storage.update_metadata(_metadata(rerun, rows))
        mend.pop_all()
    return minari.load_dataset(dataset)


class _Player:
    """Plays episodes again in one environment, as long as the block lasts.

    Args:
        rerun: the run.

    Attributes:
        agent: the environment's one agent.
        chapters: the run's episodes.
    """

    def __init__(self, rerun: Rerun) -> None:
        self._rerun = rerun
        self._folder = tempfile.TemporaryDirectory(prefix="mosaic-nb-minari-")
        self._worker = rerun.host(Path(self._folder.name) / "environment.log")
        self.chapters: dict[tuple[str, int], Chapter] = {}

    def __enter__(self) -> Self:
        try:
            run_here(self._open, None)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        run_here(self._worker.close, None)
        self._folder.cleanup()

    async def _open(self) -> None:
        await open_place(self._worker)
        agents = self._worker.opened.agents
        if len(agents) > 1:
            raise ValueError(
                f"a Minari dataset holds episodes of one agent, and {self._rerun.environment.id!r} has several: "
                f"{', '.join(agents)}"
            )
        (self.agent,) = agents
        observed = await self._look()
        self.observation_space = spaces.from_data(observed.observation_space)
        self.action_space = spaces.from_data(agents[self.agent].action_space)
        self._restore = spaces.restore(self.observation_space)
        trials = self._rerun.trials(agents)
        self.chapters = {chapter.key: chapter for trial in trials for chapter in trial}

    async def _look(self) -> messages.Observed:
        return await self._worker.observe(self.agent, messages.Loaded(id=0))

    def require_supported(self) -> None:
        """Raise ValueError where Minari cannot hold the observations or actions."""
        from minari.serialization import serialize_space

        for what, space in (("observations", self.observation_space), ("actions", self.action_space)):
            try:
                serialize_space(space)
            except NotImplementedError as error:
                raise ValueError(f"Minari cannot hold {what} of {space}: {error}") from error

    def play(self, chapter: Chapter) -> Recorded:
        """Play an episode again, every digest checked."""
        return run_here(lambda: self._play(chapter), None)

    async def _play(self, chapter: Chapter) -> Recorded:
        await open_place(self._worker)
        recorded, agent = Recorded(), self.agent

        def each(step: int | None, transition: messages.Transition) -> None:
            if agent in transition.observations:
                recorded.observations.append(self._restored(transition.observations[agent]))
            if step is not None:
                recorded.rewards.append(transition.rewards.get(agent, 0.0))
                recorded.terminations.append(agent in transition.terminated)
                recorded.truncations.append(agent in transition.truncated)

        with self._rerun.explained(self._worker):
            await replay(self._worker, chapter.script, each=each)
        final = (await self._look()).final
        assert final is not None, f"episode {chapter.key} replayed, and did not end"
        recorded.observations.append(self._restored(final))
        return recorded

    def _restored(self, observation: messages.Observation) -> Any:
        return observation.value if self._restore is None else self._restore(observation.value)


def _library() -> Any:
    try:
        import h5py
        import minari
    except ImportError as error:
        raise ImportError(
            f'Minari datasets need {error.name}, which is not installed: pip install "mosaic_nb[minari]"'
        ) from error
    del h5py  # what Minari writes with
    return minari


def _require_new(dataset: str) -> None:
    """Raise ValueError where there is such a dataset already, or it cannot be called so."""
    from minari.dataset.minari_dataset import parse_dataset_id
    from minari.storage.datasets_root_dir import get_dataset_path

    try:
        parse_dataset_id(dataset)
    except TypeError:  # Minari's own, where the version is missing
        raise ValueError(
            f"a dataset's name ends with its version, such as '{dataset}-v0', not {dataset!r}"
        ) from None
    if (path := get_dataset_path(dataset)).exists():
        raise ValueError(
            f"there is a Minari dataset {dataset!r} already, in {path}: choose another name or version"
        )


def _wanted(run: Run, lanes: Sequence[str] | None, episodes: Sequence[int] | None) -> pd.DataFrame:
    """Return the episodes to be exported, in the order of the table.

    Raises:
        ValueError: there are none.
    """
    rows = run.episodes
    for name, wanted in (("lane", lanes), ("episode", episodes)):
        rows = rows if wanted is None else rows[rows[name].isin(wanted)]
    whole = rows[rows["end"].isin(_WHOLE)]
    if whole.empty:
        ends = ", ".join(f"{count} {end}" for end, count in rows["end"].value_counts().items() if count)
        raise ValueError(
            f"no episode came to its end, so there is nothing to export ({ends or 'none at all'})"
        )
    return whole


def _buffer(player: _Player, chapter: Chapter, recorded: Recorded) -> Any:
    from minari.data_collector import EpisodeBuffer

    seed = chapter.script.seed
    actions = [actions[player.agent] for actions in chapter.script.actions]
    return EpisodeBuffer(
        seed=seed.seed,
        options=None if seed.instance is None else {"instance": seed.instance},
        observations=_columns(player.observation_space, recorded.observations),
        actions=_columns(player.action_space, actions),
        rewards=recorded.rewards,
        terminations=recorded.terminations,
        truncations=recorded.truncations,
        infos={},
    )


def _columns(space: gymnasium.Space[Any], values: Sequence[Any]) -> Any:
    """Return members of a space as Minari has them: of a Dict or Tuple a list for each part."""
    match space:
        case gymnasium.spaces.Dict():
            return {key: _columns(part, [value[key] for value in values]) for key, part in space.items()}
        case gymnasium.spaces.Tuple():
            return tuple(
                _columns(part, [value[place] for value in values]) for place, part in enumerate(space)
            )
        case gymnasium.spaces.Text():
            return [str(value) for value in values]
    return [np.asarray(value, dtype=space.dtype) for value in values]


def _begin(minari: Any, dataset: str, first: Any, player: _Player, about: Mapping[str, Any]) -> Any:
    """Make the dataset with its first episode; pictures are kept as they are, not as JPEG."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of what nobody said, such as an author
        return minari.create_dataset_from_buffers(
            dataset,
            [first],
            observation_space=player.observation_space,
            action_space=player.action_space,
            jpeg_encoding=False,
            **about,
        )


def _about(run: Run, rows: pd.DataFrame, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Minari's own fields say, but for what was given."""
    who = sorted(run.steps[run.steps["lane"].isin(rows["lane"].unique())]["operator"].unique())
    environment = run.header["provenance"]["environment"]["id"]
    told = {
        "algorithm_name": ", ".join(who),
        "description": f"{len(rows)} episodes of {environment}, played by {', '.join(who)} in the run {run.name!r}",
    }
    return {**told, **{name: value for name, value in given.items() if value is not None}}


def _told(row: Mapping[str, Any], operators: Sequence[str]) -> dict[str, Any]:
    """Return what is kept of an episode beside its steps; h5py takes numbers and texts."""
    told = {
        "lane": _text(row["lane"]),
        "episode": row["episode"],
        "trial": row["trial"],
        "operator": _text(", ".join(operators)),
        "return": row["return"],
        "end": row["end"],
        "reset_digest": row["reset_digest"],
    }
    return told if pd.isna(row["success"]) else {**told, "success": bool(row["success"])}


def _text(text: str) -> str:
    """Return a text as HDF5 can hold it: no half characters, no NUL."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _metadata(rerun: Rerun, rows: pd.DataFrame) -> dict[str, Any]:
    """Return what is kept of the run, and of the environment where Gymnasium knows how to make it."""
    header = rerun.header
    names = ("environment", "casts", "declared", "plan", "operators", "libraries")
    kept = {name: header[name] for name in names if name in header}
    left_out = len(rerun.run.episodes) - len(rows)
    told: dict[str, Any] = {"mosaic_nb": {"run": rerun.run.name, "left_out": left_out, **kept}}
    spec = _spec(rerun.environment)
    return told if spec is None else {**told, "env_spec": spec}


def _spec(environment: messages.Environment) -> str | None:
    """Return the JSON of the spec that makes the environment, where that is all it takes and it is registered here."""
    if environment.callable is not None or environment.wrappers or environment.start:
        return None
    try:
        spec = gymnasium.spec(environment.id)
    except (gymnasium.error.Error, ImportError):
        return None
    spec.kwargs.update(environment.options)
    spec.max_episode_steps = environment.max_steps or spec.max_episode_steps
    try:
        return str(spec.to_json())
    except (TypeError, ValueError):  # an option or entry point that is no text
        return None
