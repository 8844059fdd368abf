"""`check_environment` refuses every environment that breaks a clause, by that clause's name, and passes real ones."""

import os
import random
import time
from typing import ClassVar

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from mosaic_nb.testing import clauses
from mosaic_nb.testing.environments import EnvironmentViolation, check_environment

LENGTH = 6


class Sound(gymnasium.Env):
    """Breaks no clause: a walk whose chance comes from reset's seed. The others break one thing each."""

    metadata: ClassVar = {"render_modes": ["rgb_array"]}

    def __init__(self, render_mode=None):
        self.render_mode = render_mode
        self.observation_space = spaces.Box(-100, 100, (2,), np.float32)
        self.action_space = spaces.Discrete(3)
        self.steps = 0
        self.place = 0.0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps, self.place = 0, float(self.np_random.random())
        return self.observe(), self.info()

    def step(self, action):
        self.steps += 1
        self.place += action - 1 + float(self.np_random.random())
        return self.observe(), self.place / 10, self.steps >= LENGTH, False, self.info()

    def observe(self):
        return np.array([self.place, self.steps], np.float32)

    def info(self):
        return {}

    def render(self):
        return np.full((4, 4, 3), self.steps, np.uint8)


class TurnsRandomAtStep2(Sound):
    def step(self, action):
        if self.steps == 2:
            self.place = float(np.random.default_rng().random())
        return super().step(action)


class UsesNumpysGlobalSeed(Sound):
    def observe(self):
        return super().observe() + np.float32(np.random.random() / 8)  # noqa: NPY002 - that is what it breaks


class UsesPythonsGlobalSeed(Sound):
    def step(self, action):
        observation, reward, *rest = super().step(action)
        return observation, reward + random.random(), *rest


class SeedsPythonsGlobalState(Sound):
    """Looks deterministic, until somebody else in its process draws or seeds too."""

    def reset(self, *, seed=None, options=None):
        random.seed(seed)
        return super().reset(seed=seed)

    def step(self, action):
        self.place = random.random()
        return super().step(action)


class SeedsNumpysGlobalState(Sound):
    def reset(self, *, seed=None, options=None):
        np.random.seed(seed)  # noqa: NPY002 - that is what it breaks
        return super().reset(seed=seed)

    def step(self, action):
        self.place = np.random.random()  # noqa: NPY002
        return super().step(action)


class DependsOnHash(Sound):
    def observe(self):
        return np.array([hash("place") % 97, self.steps], np.float32)


class DependsOnTheClock(Sound):
    def observe(self):
        return np.array([time.perf_counter() % 1, self.steps], np.float32)


class EndsAsTheProcessSays(Sound):
    def step(self, action):
        observation, reward, _, _, info = super().step(action)
        return observation, reward, self.steps > int(os.environ["PYTHONHASHSEED"]), False, info


class DrawsInTheConstructor(Sound):
    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.own = np.random.default_rng(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = float(self.own.random())
        return self.observe(), {}


class IgnoresTheSeed(Sound):
    def reset(self, *, seed=None, options=None):
        return super().reset(seed=None)


class RemembersTheEpisodeBefore(Sound):
    def reset(self, *, seed=None, options=None):
        before = self.steps
        _, info = super().reset(seed=seed)
        self.place += 0 if before in (0, LENGTH) else 1
        return self.observe(), info


class WrongDtype(Sound):
    def observe(self):
        return super().observe().astype(np.float64)


class NarrowDtype(Sound):
    def observe(self):
        return super().observe().astype(np.float16)


class WrongShape(Sound):
    def observe(self):
        return super().observe()[:, None]


class OutOfBounds(Sound):
    def observe(self):
        return super().observe() + (1000 if self.steps == 3 else 0)


class NotANumberSeen(Sound):
    def observe(self):
        return super().observe() * (np.nan if self.steps == 3 else 1)


class NotANumberPaid(Sound):
    def step(self, action):
        observation, _, *rest = super().step(action)
        return observation, float("nan"), *rest


class PaysAnArray(Sound):
    def step(self, action):
        observation, reward, *rest = super().step(action)
        return observation, np.array([reward]), *rest


class TerminatedIsAnInt(Sound):
    def step(self, action):
        observation, reward, terminated, *rest = super().step(action)
        return observation, reward, int(terminated), *rest


class OldStep(Sound):
    def step(self, action):
        return super().step(action)[:4]


class OldReset(Sound):
    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed)[0]


class ResetWithoutSeed(Sound):
    def reset(self):
        return super().reset()


class WritesIntoItsObservation(Sound):
    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.buffer = np.zeros(2, np.float32)

    def observe(self):
        self.buffer[:] = self.place, self.steps
        return self.buffer


class RenderMovesOn(Sound):
    def render(self):
        self.place += 1
        return super().render()


class RenderDrawsFromTheSeed(Sound):
    def render(self):
        self.np_random.random()
        return super().render()


class RendersFloats(Sound):
    def render(self):
        return super().render() / 255


class RendersNothing(Sound):
    def render(self):
        return None


class MaskOfTheWrongShape(Sound):
    def info(self):
        return {"action_mask": np.ones(2, np.int8)}


class MaskOfNothing(Sound):
    def info(self):
        return {"action_mask": np.zeros(3, np.int8) if self.steps == 2 else np.ones(3, np.int8)}


class MaskOfFloats(Sound):
    def info(self):
        return {"action_mask": np.ones(3)}


class CrashesInTheMiddle(Sound):
    def step(self, action):
        return super().step(action) if self.steps < 3 else 1 / 0


class CrashesInTheConstructor(Sound):
    def __init__(self, render_mode=None):
        raise RuntimeError("no display")


class CrashesWhenClosedTwice(Sound):
    def close(self):
        del self.place


class KillsItsProcess(Sound):
    def step(self, action):
        if self.steps == 3:
            os._exit(3)
        return super().step(action)


class ActionsChange(Sound):
    def step(self, action):
        self.action_space = spaces.Discrete(3 + (self.steps > 2))
        return super().step(action)


class ObservationsChange(Sound):
    def reset(self, *, seed=None, options=None):
        self.observation_space = spaces.Box(-100, 100 + (self.steps > 0), (2,), np.float32)
        return super().reset(seed=seed)


class OddSpace(Sound):
    def __init__(self, render_mode=None):
        super().__init__(render_mode)

        class Odd(gymnasium.Space):
            def sample(self, mask=None, probability=None):
                return object()

            def contains(self, x):
                return True

        self.observation_space = Odd()


class NeverTruncates(gymnasium.Wrapper):
    def step(self, action):
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, False, info


BROKEN = [
    (TurnsRandomAtStep2, clauses.DETERMINISTIC, r"episode 0 \(seed 0\).* step 2 differs in its observation"),
    (UsesNumpysGlobalSeed, clauses.DETERMINISTIC, r"episode 0 .*the reset differs in its observation"),
    (UsesPythonsGlobalSeed, clauses.DETERMINISTIC, r"step 0 differs in its reward"),
    (SeedsPythonsGlobalState, clauses.DETERMINISTIC, r"step 0 differs in its observation"),
    (SeedsNumpysGlobalState, clauses.DETERMINISTIC, r"step 0 differs in its observation"),
    (DependsOnHash, clauses.DETERMINISTIC, r"the reset differs in its observation"),
    (DependsOnTheClock, clauses.DETERMINISTIC, r"the reset differs in its observation"),
    (EndsAsTheProcessSays, clauses.DETERMINISTIC, r"differs in its flags"),
    (DrawsInTheConstructor, clauses.SEED_DECIDES, r"episode 2, played first, is another: the reset"),
    (IgnoresTheSeed, clauses.DETERMINISTIC, r"the reset differs"),
    (RemembersTheEpisodeBefore, clauses.RESET_BEGINS_ANEW, r"after a reset in mid-episode"),
    (WrongDtype, clauses.OBSERVATION_IN_SPACE, r"float64"),
    (NarrowDtype, clauses.OBSERVATION_IN_SPACE, r"its dtype is float16, its space's float32"),
    (WrongShape, clauses.OBSERVATION_IN_SPACE, r"shape"),
    (OutOfBounds, clauses.OBSERVATION_IN_SPACE, r"step 2: .*not in -100.0..100.0"),
    (NotANumberSeen, clauses.OBSERVATION_IN_SPACE, r"step 2: .*NaN"),
    (NotANumberPaid, clauses.REWARD_IS_NUMBER, r"step 0: the reward is nan"),
    (PaysAnArray, clauses.REWARD_IS_NUMBER, r"array"),
    (TerminatedIsAnInt, clauses.FLAGS_ARE_BOOLS, r"terminated is 0, a int"),
    (OldStep, clauses.STEP_RETURNS, r"a tuple of ndarray, float, bool, bool"),
    (OldReset, clauses.RESET_RETURNS, r"reset returned a ndarray"),
    (ResetWithoutSeed, clauses.RAISED, r"reset raised TypeError: .*'seed'"),
    (WritesIntoItsObservation, clauses.OBSERVATIONS_ARE_KEPT, r"step 0: this call changed the observation"),
    (RenderMovesOn, clauses.RENDER_CHANGES_NOTHING, r"rendered at every step, is another: step 0"),
    (RenderDrawsFromTheSeed, clauses.RENDER_CHANGES_NOTHING, r"step 0 differs in its observation"),
    (RendersFloats, clauses.RENDER_SHOWS, r"a float64 array"),
    (RendersNothing, clauses.RENDER_SHOWS, r"returned a NoneType"),
    (MaskOfTheWrongShape, clauses.MASK_IS_WELL_FORMED, r"shape \(2,\)"),
    (MaskOfNothing, clauses.MASK_IS_WELL_FORMED, r"step 1: the action_mask is \[0, 0, 0\]"),
    (MaskOfFloats, clauses.MASK_IS_WELL_FORMED, r"dtype float64"),
    (CrashesInTheMiddle, clauses.RAISED, r"episode 0 \(seed 0\), step 3: step\(.\) raised ZeroDivisionError"),
    (CrashesInTheConstructor, clauses.RAISED, r"the constructor raised RuntimeError: no display"),
    (CrashesWhenClosedTwice, clauses.RAISED, r"close, for the second time, raised AttributeError"),
    (KillsItsProcess, clauses.DIED, r"ended with code 3"),
    (ActionsChange, clauses.SPACES_ARE_CONSTANT, r"the action space was .*'n': 3.* and is .*'n': 4"),
    (ObservationsChange, clauses.SPACES_ARE_CONSTANT, r"the observation space"),
    (OddSpace, clauses.ENCODABLE, r"Odd is not one of Gymnasium's spaces"),
]


@pytest.mark.parametrize(
    ("broken", "clause", "detail"), BROKEN, ids=[broken.__name__ for broken, _, _ in BROKEN]
)
def test_a_broken_environment_is_refused_by_the_clause_it_breaks(broken, clause, detail):
    with pytest.raises(EnvironmentViolation, match=detail) as caught:
        check_environment(broken)
    assert caught.value.clause == clauses.name_of(clause)
    assert f"{broken.__name__} breaks {caught.value.clause}: " in str(caught.value)
    assert clause in str(caught.value)


def test_a_limit_that_a_wrapper_swallows_is_a_broken_clause():
    with pytest.raises(EnvironmentViolation, match="step 199: the limit is 200 steps") as caught:
        check_environment("MountainCar-v0", wrappers=[NeverTruncates], episodes=1)
    assert caught.value.clause == "TIME_LIMIT_HOLDS"


def test_a_sound_environment_of_a_notebook_passes():
    report = check_environment(Sound)
    assert (report.episodes, report.steps) == (3, 3 * LENGTH)
    assert report.seeds_matter
    assert report.renders


def test_every_clause_is_broken_by_one_of_these():
    broken = {clauses.name_of(clause) for _, clause, _ in BROKEN} | {"TIME_LIMIT_HOLDS"}
    assert broken == set(clauses.CLAUSES)


@pytest.mark.parametrize(
    "env_id",
    [
        "CartPole-v1",
        "MiniGrid-DoorKey-5x5-v0",
        "BabyAI-GoToLocal-v0",
        "FrozenLake-v1",
        "Taxi-v4",
        "Blackjack-v1",
        "LunarLander-v3",
    ],
)
def test_real_environments_pass(env_id):
    report = check_environment(env_id, max_steps=60)
    assert report.episodes == 3
    assert report.seeds_matter
    assert report.renders


def test_a_game_in_which_nothing_happens_passes_and_says_that_seeds_do_not_matter():
    class Still(Sound):
        def observe(self):
            return np.zeros(2, np.float32)

        def step(self, action):
            return self.observe(), 0.0, False, False, {}

    assert not check_environment(Still, max_steps=5).seeds_matter


def test_an_unknown_id_is_named():
    with pytest.raises(EnvironmentViolation, match="Taxi-v4"):
        check_environment("Taxi-v3")
