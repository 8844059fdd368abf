"""Train the policies that ship with this operator, and any that you add to `RECIPES`.

    python train.py                      # all of them
    python train.py cartpole             # one; --out says where, default: policies/ beside this file

Everything is seeded: the same versions on the same machine give the same weights. Each card keeps the mean return
over 100 episodes whose seeds training never saw.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb", "stable-baselines3>=2.4", "torch>=2.4", "safetensors>=0.4", "minigrid>=3"]
# ///

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import stable_baselines3
import torch
from policy_card import Card, Evaluation, arguments, save
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

from mosaic_nb.worker import View, spaces

EPISODES = 100
FIRST_EVALUATION_SEED = 1_000_000
"""Far from what training draws its seeds from: `DummyVecEnv` seeds with the recipe's seed and the next few."""


@dataclass(frozen=True)
class Recipe:
    """How to train one policy.

    Attributes:
        success_above: an evaluated episode with a return above this is a success.
        hyperparameters: of the algorithm; those that fall linearly to 0 during training are named in ``falling``.
    """

    algorithm: str
    environment: str
    steps: int
    success_above: float
    hyperparameters: dict[str, Any]
    policy_kwargs: dict[str, Any] = field(default_factory=dict)
    falling: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    environments: int = 1
    seed: int = 1


RECIPES = {
    "cartpole": Recipe(
        algorithm="PPO",
        environment="CartPole-v1",
        steps=100_000,
        success_above=474.0,
        environments=8,
        hyperparameters={
            "n_steps": 32,
            "batch_size": 256,
            "n_epochs": 20,
            "gamma": 0.98,
            "gae_lambda": 0.8,
            "learning_rate": 0.001,
            "clip_range": 0.2,
        },
        falling=("learning_rate", "clip_range"),
        policy_kwargs={"net_arch": [64, 64]},
    ),
    "cartpole-dqn": Recipe(
        algorithm="DQN",
        environment="CartPole-v1",
        steps=50_000,
        success_above=474.0,
        hyperparameters={
            "learning_rate": 0.0023,
            "batch_size": 64,
            "buffer_size": 100_000,
            "learning_starts": 1_000,
            "gamma": 0.99,
            "target_update_interval": 10,
            "train_freq": 256,
            "gradient_steps": 128,
            "exploration_fraction": 0.16,
            "exploration_final_eps": 0.04,
        },
        policy_kwargs={"net_arch": [256, 256]},
    ),
    "minigrid-doorkey-5x5": Recipe(
        algorithm="PPO",
        environment="MiniGrid-DoorKey-5x5-v0",
        steps=200_000,
        success_above=0.0,
        environments=8,
        hyperparameters={
            "n_steps": 256,
            "batch_size": 256,
            "n_epochs": 4,
            "gamma": 0.99,
            "gae_lambda": 0.95,
            "ent_coef": 0.01,
            "learning_rate": 0.0007,
        },
        policy_kwargs={"net_arch": [64, 64], "normalize_images": False},
        views=(View("minigrid.wrappers:ImgObsWrapper"),),
    ),
}


def train(recipe: Recipe) -> tuple[BaseAlgorithm, Card]:
    """Train one policy, evaluate it, and describe it."""
    began = time.monotonic()
    environments = DummyVecEnv([lambda: Monitor(_make(recipe))] * recipe.environments)
    model: BaseAlgorithm = getattr(stable_baselines3, recipe.algorithm)(
        "MlpPolicy",
        environments,
        seed=recipe.seed,
        device="cpu",
        policy_kwargs=arguments(recipe.policy_kwargs),
        **{k: _falling(v) if k in recipe.falling else v for k, v in recipe.hyperparameters.items()},
    )
    model.learn(recipe.steps)
    seconds = time.monotonic() - began
    environment = _make(recipe)
    card = Card(
        algorithm=recipe.algorithm,  # type: ignore[arg-type]
        policy="MlpPolicy",
        policy_kwargs=recipe.policy_kwargs,
        hyperparameters={
            **recipe.hyperparameters,
            "falling_linearly": list(recipe.falling),
            "environments": recipe.environments,
        },
        environment=recipe.environment,
        views=list(recipe.views),
        observation_space=spaces.to_data(environment.observation_space),
        action_space=spaces.to_data(environment.action_space),
        seed=recipe.seed,
        steps=recipe.steps,
        seconds=round(seconds, 1),
        script="operators/sb3/train.py",
        versions={n: version(n) for n in ("stable-baselines3", "torch", "gymnasium", "numpy", "minigrid")},
        evaluation=evaluate(model, environment, recipe.success_above),
    )
    return model, card


def evaluate(model: BaseAlgorithm, environment: gymnasium.Env[Any, Any], success_above: float) -> Evaluation:
    """Play `EPISODES` episodes with seeds that training never saw, taking the most probable action."""
    played = [_episode(model, environment, FIRST_EVALUATION_SEED + i) for i in range(EPISODES)]
    returns, lengths = np.array(played).T
    return Evaluation(
        episodes=EPISODES,
        first_seed=FIRST_EVALUATION_SEED,
        deterministic=True,
        mean_return=round(float(returns.mean()), 4),
        std_return=round(float(returns.std()), 4),
        mean_length=float(lengths.mean()),
        success_above=success_above,
        success_rate=float((returns > success_above).mean()),
    )


def _episode(model: BaseAlgorithm, environment: gymnasium.Env[Any, Any], seed: int) -> tuple[float, int]:
    observation, _ = environment.reset(seed=seed)
    total, length, over = 0.0, 0, False
    while not over:
        action, _ = model.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, _ = environment.step(int(action))
        total, length, over = total + float(reward), length + 1, terminated or truncated
    return total, length


def _make(recipe: Recipe) -> gymnasium.Env[Any, Any]:
    if recipe.environment.startswith("MiniGrid-"):
        importlib.import_module("minigrid")
    environment: gymnasium.Env[Any, Any] = gymnasium.make(recipe.environment)
    for view in recipe.views:
        module, _, name = view.wrapper.partition(":")
        environment = getattr(importlib.import_module(module), name)(environment, **view.options)
    return environment


def _falling(initial: float) -> Callable[[float], float]:
    return lambda remaining: remaining * initial


def main() -> None:
    """Train what the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}; default: all")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "policies")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(RECIPES):
        parser.error(f"no recipe is called {', '.join(sorted(unknown))}; there are {', '.join(RECIPES)}")
    torch.set_num_threads(1)
    for name in arguments.names or RECIPES:
        model, card = train(RECIPES[name])
        save(model, arguments.out / name, card)
        result = card.evaluation
        print(
            f"{name}: {card.steps} steps in {card.seconds:.0f} s; over {result.episodes} fresh seeds "
            f"return {result.mean_return:.2f} (sd {result.std_return:.2f}), success {result.success_rate:.0%}"
        )


if __name__ == "__main__":
    main()
