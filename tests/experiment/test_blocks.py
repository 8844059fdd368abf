"""Blocks: whole episodes in one process leave what the step path leaves, to the bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import mosaic_nb as mnb
from mosaic_nb.environments.spec import declare as declare_environment
from mosaic_nb.errors import CastError, RemoteError
from mosaic_nb.experiment.blocks import heartbeat
from mosaic_nb.experiment.blocks.block import Block
from mosaic_nb.experiment.blocks.carrying import carry
from mosaic_nb.experiment.blocks.digests import Digests, number
from mosaic_nb.experiment.blocks.eligible import portable, why_not
from mosaic_nb.experiment.blocks.solo import Solo
from mosaic_nb.experiment.blocks.telling import Telling
from mosaic_nb.operators import declare
from mosaic_nb.operators.declare import of_spec
from mosaic_nb.operators.spec import read
from mosaic_nb.protocol import Decoder, Encoder, Reply, messages
from mosaic_nb.protocol.blocks import BlockEpisode, OpenBlock, PlayBlock
from mosaic_nb.protocol.spaces import from_data, to_data
from mosaic_nb.recording import parts
from mosaic_nb.testing import fakes
from mosaic_nb.worker.contract import Decision
from tests.experiment.blocking import LANE, block, by_arena, plain

LANES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "cartpole": ("CartPole-v1", {"agent": "random"}),
    "doorkey": ("MiniGrid-DoorKey-5x5-v0", {"agent": "random"}),
    "taxi": ("Taxi-v4", {"agent": "sampler"}),
    "pendulum": ("Pendulum-v1", {"agent": "random"}),
    "connect four": ("connect_four_v3", {"player_0": "random", "player_1": "sampler"}),
    "2v2": ("MosaicMultiGrid-S-2v2-IndAgObs-v1", {"*": "random", "agent_0": "learner"}),
}


@pytest.fixture(autouse=True)
def _fakes() -> Iterator[None]:
    with fakes.use():
        yield


def same(
    folder: Path, environment: Any, cast: Mapping[str, Any], seeds: range, trial: int = 1, **more: Any
) -> None:
    """Compare all four tables of a block with those of an arena."""
    rules = {name: more[name] for name in ("on_failure", "on_illegal") if name in more}
    limit = more.get("max_steps")
    with block(folder / "block", environment, cast, max_steps=limit, trial_length=trial, **rules) as ours:
        _, mine = ours.play(seeds, trial=trial)
    theirs = by_arena(folder / "arena", environment, cast, seeds[0], len(seeds), trial=trial, **more)
    assert mine.keys() == theirs.keys()
    for name, rows in theirs.items():
        assert mine[name] == rows, name


@pytest.mark.parametrize("lane", LANES)
def test_a_block_leaves_what_an_arena_leaves(tmp_path: Path, lane: str) -> None:
    environment, cast = LANES[lane]
    same(tmp_path, environment, cast, range(7, 10), max_steps=40)


@pytest.mark.slow
@pytest.mark.parametrize("lane", LANES)
def test_twenty_seeds_leave_what_an_arena_leaves(tmp_path: Path, lane: str) -> None:
    environment, cast = LANES[lane]
    same(tmp_path, environment, cast, range(100, 120))


# --- what goes wrong ---------------------------------------------------------------------------------


def sour() -> Any:
    class Sour(gymnasium.Wrapper):  # type: ignore[type-arg]
        """Raises in the third step of the second episode, and returns four values in the fifth of the third."""

        begun = steps = 0

        def reset(self, **more: Any) -> Any:
            Sour.begun, self.steps = Sour.begun + 1, 0
            return super().reset(**more)

        def step(self, action: Any) -> Any:
            self.steps += 1
            if (Sour.begun, self.steps) == (2, 3):
                raise RuntimeError("sour milk")
            answer = super().step(action)
            return answer[:4] if (Sour.begun, self.steps) == (3, 5) else answer

    return Sour(gymnasium.make("CartPole-v1"))


def grumpy(value: Any, observation: Any) -> int:
    if observation.step == 4 and observation.seed % 2:
        raise ValueError("not today")
    return int(observation.seed % 2)


def greedy(value: Any, observation: Any) -> int:
    """Asks for what is none now and then, and often for what Taxi masks."""
    return 17 if observation.step == 5 and observation.seed % 3 == 0 else int(observation.seed % 6)


def odd(value: Any, observation: Any) -> Any:
    """Decides in every form there is."""
    value[:] = 0  # its own copy: nobody else may see it
    action = np.int64(observation.seed % 2) if observation.step % 2 else int(observation.seed % 2)
    chances = {0: None, 1: [0.25, 0.75], 2: np.array([0.5, 0.5], np.float32)}[observation.step % 3]
    return Decision(action, chances, np.float32(0.1) if observation.step % 4 else None)


@pytest.mark.slow
@pytest.mark.parametrize("on_failure", ["forfeit", "substitute"])
@pytest.mark.parametrize("on_illegal", ["retry", "forfeit", "random"])
def test_illegal_moves_leave_what_an_arena_leaves(tmp_path: Path, on_failure: str, on_illegal: str) -> None:
    rules = {"on_failure": on_failure, "on_illegal": on_illegal}
    same(tmp_path, "Taxi-v4", {"agent": greedy}, range(7, 13), max_steps=40, **rules)


@pytest.mark.slow
@pytest.mark.parametrize("on_failure", ["forfeit", "substitute"])
def test_an_operator_that_raises_leaves_what_an_arena_leaves(tmp_path: Path, on_failure: str) -> None:
    same(tmp_path, "CartPole-v1", {"agent": grumpy}, range(7, 17), on_failure=on_failure)


@pytest.mark.slow
def test_an_environment_that_raises_leaves_what_an_arena_leaves(tmp_path: Path) -> None:
    same(tmp_path, sour, {"agent": "random"}, range(7, 9), on_failure="forfeit")


@pytest.mark.slow
@pytest.mark.parametrize("operator", fakes.NAMES)
def test_every_kind_of_operator_leaves_what_an_arena_leaves(tmp_path: Path, operator: str) -> None:
    same(tmp_path, "FrozenLake-v1", {"agent": operator}, range(7, 9), trial=3, max_steps=20)


@pytest.mark.slow
def test_a_policy_behind_its_view_leaves_what_an_arena_leaves(tmp_path: Path) -> None:
    policy = mnb.operator("sb3", policy="minigrid-doorkey-5x5", deterministic=False)
    same(tmp_path, "MiniGrid-DoorKey-5x5-v0", {"agent": policy}, range(7, 12))


# --- the tight loop beside the lock-step, in this process --------------------------------------------


def rows_of(folder: Path, environment: Any, operator: Any, **rules: Any) -> dict[str, list[dict[str, Any]]]:
    folder.mkdir()
    declared = declare(operator)
    request = OpenBlock(
        id=0,
        lane=LANE,
        environment=declare_environment(environment, max_steps=60),
        operators=[portable(declared)],
        cast={"agent": 0},
        folder=str(folder),
        **rules,
    )
    made = Block(request)
    path = folder / "rows.part"
    made.play(PlayBlock(id=0, path=str(path), episodes=[BlockEpisode(each, 7 + each) for each in range(8)]))
    made.close()
    return {name: plain(rows) for name, rows in parts.read_part(path).items()}


@pytest.mark.parametrize(
    ("environment", "operator"),
    [
        ("CartPole-v1", "random"),
        ("CartPole-v1", grumpy),
        ("CartPole-v1", odd),
        ("CartPole-v1", "caller"),
        ("Taxi-v4", greedy),
        ("Pendulum-v1", "random"),
        ("Blackjack-v1", "random"),
        ("MiniGrid-Empty-5x5-v0", "random"),
    ],
)
@pytest.mark.parametrize("on_failure", ["stop", "substitute"])
def test_the_tight_loop_leaves_what_the_lock_step_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str, operator: Any, on_failure: str
) -> None:
    ours = rows_of(tmp_path / "ours", environment, operator, on_failure=on_failure)
    assert len(ours["episodes"]) == 8
    monkeypatch.setattr(Solo, "fit", False)
    assert ours == rows_of(tmp_path / "theirs", environment, operator, on_failure=on_failure)


# --- parts of it -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        np.arange(4, dtype=np.float32),
        np.zeros((3, 0)),
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        {"b": np.arange(3), "a": np.int64(2), "text": "go", "more": {"deep": (1, 2)}},
        7,
        np.int64(7),
        (1, 2, 0),
    ],
    ids=repr,
)
def test_a_digest_put_together_is_the_digest(value: Any) -> None:
    digests = Digests("agent")
    made = digests.parts(value)
    body = value.tobytes() if made.dtype is not None else made.body(value)
    if body is not None:
        state = made.begun()
        state.update(body + made.middle + number(-0.5) + made.tail)
        assert state.digest() == digests.of_step(value, None, -0.5, False, False).digest()
    assert (body is None) == (not isinstance(value, dict | np.ndarray) or value is None or _foreign(value))


def _foreign(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.str.startswith(">")


def test_a_dict_of_another_shape_is_not_taken_for_the_first() -> None:
    body = Digests("agent").parts({"a": np.zeros(2), "b": 1}).body
    assert body({"a": np.zeros(2), "b": 2}) is not None
    assert body({"a": np.zeros(2)}) is None
    assert body({"a": np.zeros(2), "c": 1}) is None
    assert body([1, 2]) is None


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.5,
        True,
        "text",
        None,
        np.float32(2),
        (1, (2, 3)),
        [1, np.zeros(2)],
        {"a": np.ones(3), "b": (1, 2)},
        b"x",
    ],
    ids=repr,
)
def test_what_is_carried_is_what_would_have_arrived(value: Any) -> None:
    (reply,) = Decoder[Any](Reply).feed(Encoder().encode(messages.Decision(id=0, action=value)))
    carried = carry(value)
    assert type(carried) is type(reply.action)
    assert repr(carried) == repr(reply.action)


def program(folder: Path, name: str, sibling: str = "", **spec: Any) -> Any:
    place = folder / name
    place.mkdir()
    (place / "worker.py").write_text(f"import {sibling}\n" if sibling else "")
    if sibling:
        (place / f"{sibling}.py").write_text("")
    argv = spec.pop("argv", ["{python}", "{folder}/worker.py"])
    file = {"argv": argv, "display_name": name, "kind": "baseline", **spec}
    (place / "operator.json").write_bytes(__import__("json").dumps(file).encode())
    return of_spec(read(place), {})


def test_what_cannot_share_an_interpreter_is_named(tmp_path: Path) -> None:
    plain_one = program(tmp_path, "plain")
    assert why_not([plain_one, declare("random"), declare("sampler"), declare(grumpy)]) is None
    assert "kind llm" in (why_not([program(tmp_path, "talker", kind="llm")]) or "")
    assert "no Python program" in (why_not([program(tmp_path, "binary", argv=["/bin/true"])]) or "")
    keyed = program(tmp_path, "keyed", environment={"keys": ["A_KEY"]})
    assert "A_KEY" in (why_not([keyed]) or "")
    assert "deadline of 2 s" in (why_not([mnb.operator("random", deadline=2)]) or "")
    one = program(tmp_path, "one", environment={"variables": {"MODE": "1"}})
    two = program(tmp_path, "two", environment={"variables": {"MODE": "2"}})
    assert "MODE" in (why_not([one, two]) or "")
    mine, theirs = program(tmp_path, "mine", "helper"), program(tmp_path, "theirs", "helper")
    assert why_not([mine, plain_one]) is None
    assert "'helper'" in (why_not([mine, theirs]) or "")


def test_a_block_of_programs_that_clash_is_refused(tmp_path: Path) -> None:
    casts = {
        "player_0": program(tmp_path, "mine", "helper"),
        "player_1": program(tmp_path, "theirs", "helper"),
    }
    request = OpenBlock(
        id=0,
        lane=LANE,
        environment=declare_environment("connect_four_v3"),
        operators=[portable(each) for each in casts.values()],
        cast={"player_0": 0, "player_1": 1},
        folder=str(tmp_path),
    )
    with pytest.raises(CastError, match="helper"):
        Block(request)


def test_a_worker_says_what_it_opened_and_how_far_it_is(tmp_path: Path) -> None:
    progress = tmp_path / "progress"
    with block(tmp_path / "block", "CartPole-v1", {"agent": "sampler"}) as worker:
        assert list(worker.opened.opened.agents) == ["agent"]
        assert "pid" in worker.opened.loaded[0].provenance
        played, tables = worker.play(range(7, 12), progress=str(progress))
        assert played.steps == len(tables["steps"]) == sum(each.length for each in played.episodes)
        assert [each.seed for each in played.episodes] == list(range(7, 12))
        told = heartbeat.read(progress)
        assert told.time > 0
        assert told.steps <= played.steps
        with pytest.raises(RemoteError, match="No such file"):
            worker.ask(PlayBlock(id=0, path=str(tmp_path / "no" / "x.part"), episodes=[BlockEpisode(0, 7)]))


def test_a_program_that_serves_nothing_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(RemoteError, match="ended without serving an operator"),
        block(tmp_path / "block", "CartPole-v1", {"agent": program(tmp_path, "idle")}),
    ):
        pass


def test_a_seat_is_told_of_spaces_as_new_as_from_data() -> None:
    made = gymnasium.make("MiniGrid-Empty-5x5-v0")
    told = messages.Episode("agent", to_data(made.observation_space), to_data(made.action_space))
    telling = Telling(told)
    first, second = telling.episode(0, 0, 0, 5), telling.episode(1, 1, 0, 6)
    assert (second.number, second.trial, second.seed) == (1, 1, 6)
    for name in ("observation_space", "action_space"):
        mine, new = getattr(second, name), from_data(getattr(told, name))
        assert mine == new
        assert mine is not getattr(first, name)
        getattr(first, name).seed(1)
        mine.seed(3)
        new.seed(3)
        assert repr(mine.sample()) == repr(new.sample())
