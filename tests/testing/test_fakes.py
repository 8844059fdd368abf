"""The public fakes keep the contract, and through an arena they show that what they need, call and learn arrives."""

from __future__ import annotations

import importlib
import json
import os
import signal
from hashlib import blake2b

import numpy as np
import pytest

import mosaic_nb as mnb
from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.operators import find
from mosaic_nb.protocol import messages, spaces
from mosaic_nb.testing import check_operator, fakes, operator_clauses as clauses
from mosaic_nb.worker import Episode, Observation, Outcome

NEEDY = {"reader": "text", "looker": "frame", "historian": "history"}


@pytest.fixture
def found():
    """Let the fakes be found by name."""
    with fakes.use() as folder:
        yield folder


# --- as operators ------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ["CartPole-v1", "Taxi-v4"])
@pytest.mark.parametrize("name", fakes.NAMES)
def test_a_fake_keeps_every_clause(name, environment):
    report = check_operator(fakes.path(name), environment=environment, max_steps=15)
    assert report.clauses == tuple(clauses.CLAUSES)
    assert report.needs == tuple(filter(None, [NEEDY.get(name)]))
    assert report.learns == (name in ("learner", "caller"))
    assert report.context_matters == (name == "learner")
    assert bool(report.calls) == (name == "caller")


def test_every_folder_is_a_fake_with_the_same_files():
    folders = {path.parent.name: path.parent for path in fakes.path("sampler").parent.glob("*/operator.json")}
    assert set(folders) == set(fakes.NAMES)
    for name, folder in folders.items():
        assert {"operator.json", "worker.py", "README.md"} <= {path.name for path in folder.iterdir()}
        assert (folder / "README.md").read_text().startswith(f"# {name}\n")


def test_they_are_found_inside_the_block_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("MOSAIC_NB_PATH", str(tmp_path))
    with fakes.use() as folder:
        assert {spec.folder for name, spec in find().items() if name in fakes.NAMES} == {
            fakes.path(name) for name in fakes.NAMES
        }
        assert os.environ["MOSAIC_NB_PATH"] == f"{folder}{os.pathsep}{tmp_path}"
    assert os.environ["MOSAIC_NB_PATH"] == str(tmp_path)
    assert not set(find()) & set(fakes.NAMES)
    monkeypatch.delenv("MOSAIC_NB_PATH")
    with fakes.use():
        assert "sampler" in find()
    assert "MOSAIC_NB_PATH" not in os.environ


def test_an_unknown_fake_is_named():
    with pytest.raises(KeyError, match="no fake 'sampled'; there are sampler"):
        fakes.path("sampled")


# --- through an arena --------------------------------------------------------------------------------


def seat_of(name, environment):
    """A seat of a fake in this process, and the environment it is for, from the start of an episode."""
    program = importlib.import_module(f"mosaic_nb.testing.fakes.{name}.worker")
    operator = getattr(program, name.capitalize())()
    hosted = HostedEnvironment(messages.Environment(id=environment))
    space = hosted.observe("agent", operator.needs, operator.view).observation_space
    action_space = hosted.describe().agents["agent"].action_space
    seat = operator.seat()
    seat.reset(Episode(messages.Episode(agent="agent", observation_space=space, action_space=action_space)))
    return seat, hosted


def column(frame, name):
    return [json.loads(str(value)) for value in frame[name]]


@pytest.mark.parametrize("environment", ["CartPole-v1", "MiniGrid-DoorKey-5x5-v0"])
@pytest.mark.parametrize("name", NEEDY)
def test_what_a_fake_needs_arrives(found, name, environment):
    """Replay the recorded actions: what is perceived there decides as it did in the arena."""
    with mnb.Arena(environment, {"fake": name}, seed=7) as arena:
        arena.run(12)
        actions = column(arena.steps, "action")
    seat, hosted = seat_of(name, environment)
    turn = hosted.reset(messages.Seed(7))
    replayed = []
    for action in actions:
        observation = turn.observations["agent"]
        assert getattr(observation, NEEDY[name]) is not None
        replayed.append(seat.act(Observation(observation, observation.value, 0)).action)
        turn = hosted.step({"agent": action})
    hosted.close()
    assert replayed == actions
    assert len(set(actions)) > 1 or environment != "CartPole-v1"  # else anything would do


def test_a_picture_is_the_one_a_person_sees(found):
    """CartPole has no point of view of its own: the frame is what the environment renders."""
    with mnb.Arena("CartPole-v1", {"fake": "looker"}, seed=7) as arena:
        arena.run(5)
        actions = column(arena.steps, "action")
    hosted = HostedEnvironment(messages.Environment(id="CartPole-v1"))
    hosted.reset(messages.Seed(7))
    for action in actions:
        pixels = hosted.render("raw").pixels
        assert int.from_bytes(blake2b(pixels.tobytes(), digest_size=8).digest(), "little") % 2 == action
        hosted.step({"agent": action})
    hosted.close()


def test_model_calls_land_in_the_table_and_their_texts_in_the_run(found, tmp_path):
    with mnb.Arena("CartPole-v1", {"fake": "caller"}, seed=7, path=tmp_path / "run") as arena:
        arena.run(4)
        actions = column(arena.steps, "action")
        live = arena.calls
    run = mnb.open_run(tmp_path / "run")
    calls = run.calls
    assert len(calls) == len(live) == 1 + 2 + 4 + 3  # reset; a failure at every third step; acts; outcomes
    assert set(calls.operator) == {"caller"}
    assert set(calls.model) == {"fake/caller"}
    assert run.text(calls.prompt[0]).startswith("episode 0: ")
    assert run.text(calls.reply[0]) == "understood"

    decided = calls[calls.parsed.notna()]
    assert list(decided.step) == [0, 1, 2, 3]
    assert [run.text(digest) for digest in decided.prompt] == [f"step {i}: what to do?" for i in range(4)]
    assert [run.text(digest) for digest in decided.reply] == [f"I choose {action}." for action in actions]
    pictures = [run.blob(digest) for images in decided.images for digest in images]
    assert len({*pictures}) == 4
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert list(decided.input_tokens) == [10, 11, 12, 13]
    assert decided.cost.sum() == pytest.approx(0.004)
    assert list(decided.cached) == [False, True, False, True]

    failed = calls[calls.error.notna()]
    assert list(failed.step) == [0, 3]
    assert list(failed.attempts) == [2, 2]
    told = [run.text(digest) for digest in calls.prompt if "was paid" in run.text(digest)]
    assert told == [
        f"step {i} was paid 1.0" for i in range(3)
    ]  # the last outcome travels with the next request


def decides(seat, row):
    """What the learner decides in a recorded step, given the seed that the scheduler gave: none is needed."""
    observation = messages.Observation(np.zeros(4), step=row.step)
    return seat.act(Observation(observation, observation.value, 0))


def test_a_learner_that_was_killed_goes_on_as_if_it_had_lived(found):
    """Its worker dies in the trial's second episode; whoever comes after has caught up, to the last bit."""
    with mnb.Arena("CartPole-v1", {"dies": "learner"}, seed=7, trial=3, on_failure="substitute") as arena:
        arena.run(episodes=1)
        arena.run(5)
        os.kill(int(arena._conductor._company.operators[0].link.process.pid), signal.SIGKILL)
        arena.run(episodes=2)
        steps, events = arena.steps, arena.events
    assert list(steps.trial.unique()) == [0]
    assert list(steps.episode.unique()) == [0, 1, 2]
    substituted = steps[steps.fallback != ""]
    assert [(row.episode, row.step) for row in substituted.itertuples()] == [(1, 5)]
    assert list(events[events.event == "substitute"].step) == [5]
    assert_as_one_that_lived(steps)


def test_a_learner_that_was_never_killed_decides_as_its_own_code(found):
    """The yardstick of the test above, held against a worker that lives."""
    with mnb.Arena("CartPole-v1", {"lives": "learner"}, seed=7, trial=3) as arena:
        arena.run(episodes=3)
        assert_as_one_that_lived(arena.steps)


def assert_as_one_that_lived(steps):
    """Every decision that a worker made has the probabilities and value of a seat that was told all that was done."""
    program = importlib.import_module("mosaic_nb.testing.fakes.learner.worker")
    seat = program.LearnerSeat()
    two = spaces.to_data(importlib.import_module("gymnasium").spaces.Discrete(2))
    for number, episode in steps.groupby("episode"):
        seat.reset(
            Episode(messages.Episode("agent", two, two, number=number, position=number, trial_length=3))
        )
        for row in episode.itertuples():
            decision = decides(seat, row)
            if not row.fallback:
                recorded = np.float32(decision.probabilities)
                assert list(row.probabilities) == list(recorded), (number, row.step)
                assert row.value == decision.value, (number, row.step)
            observation = messages.Observation(np.zeros(4), step=row.step)
            seat.learn(Outcome(observation, json.loads(str(row.action)), row.reward))


def test_a_learner_forgets_between_trials(found):
    with mnb.Arena("CartPole-v1", {"fake": "learner"}, seed=7, trial=2) as arena:
        arena.run(episodes=4)
        first = arena.steps[arena.steps.step == 0].set_index("episode")
    even = [list(first.probabilities[episode]) for episode in (0, 2)]
    odd = [list(first.probabilities[episode]) for episode in (1, 3)]
    assert even == [[0.5, 0.5]] * 2
    assert all(probabilities != [0.5, 0.5] for probabilities in odd)


def test_what_is_drawn_follows_from_the_seeds_alone(found):
    def drawn(run_seed):
        with mnb.Arena("CartPole-v1", {"a": "sampler", "b": "sampler"}, seed=7, run_seed=run_seed) as arena:
            arena.run(8)
            steps = arena.steps
            assert list(steps[steps.lane == "a"].action) == list(steps[steps.lane == "b"].action)
            return list(steps.action)

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
