"""A policy on disk: ``policy.safetensors`` with its weights, ``card.json`` with all that is needed to act.

Nothing in the folder can run code: weights are tensors, spaces and keyword arguments are data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import gymnasium
import msgspec
import safetensors.torch
import stable_baselines3
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.preprocessing import is_image_space, is_image_space_channels_first
from stable_baselines3.common.vec_env import VecTransposeImage

from mosaic_nb.worker import View, spaces

WEIGHTS = "policy.safetensors"
CARD = "card.json"
ACTIVATIONS = {"Tanh": torch.nn.Tanh, "ReLU": torch.nn.ReLU, "ELU": torch.nn.ELU}


class CardError(Exception):
    """A policy folder that is incomplete, damaged or of another algorithm; says which file and what to do."""


class Evaluation(msgspec.Struct, forbid_unknown_fields=True):
    """How good the policy was: the mean and standard deviation of the return over fresh seeds.

    Attributes:
        episodes: how many, seeded ``first_seed``, ``first_seed + 1``, ...
        deterministic: whether the most probable action was taken each time.
        success_rate: the part of the episodes with a return above ``success_above``.
        mean_length: in steps.
    """

    episodes: int
    first_seed: int
    deterministic: bool
    mean_return: float
    std_return: float
    mean_length: float
    success_above: float
    success_rate: float


class Card(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What ``card.json`` says.

    Attributes:
        algorithm: ``PPO`` or ``DQN``.
        policy: Stable-Baselines3's alias of the policy class, such as ``MlpPolicy``.
        policy_kwargs: its keyword arguments, as data; ``activation_fn`` by name.
        hyperparameters: the algorithm's, for the record.
        environment: the environment it was trained in; ``views``: the wrappers it perceives it through.
        observation_space, action_space: as data, as the policy perceives them.
        seed, steps, seconds: of the training. ``script`` trained it.
        versions: of the libraries it was trained with.
        sha256: of the weights file.
    """

    format: Literal[1] = 1
    algorithm: Literal["PPO", "DQN"]
    policy: str
    policy_kwargs: dict[str, Any]
    hyperparameters: dict[str, Any]
    environment: str
    views: list[View]
    observation_space: dict[str, Any]
    action_space: dict[str, Any]
    seed: int
    steps: int
    seconds: float
    script: str
    versions: dict[str, str]
    evaluation: Evaluation
    sha256: str = ""


def save(model: BaseAlgorithm, folder: Path, card: Card) -> None:
    """Write a trained model's policy and its card, without the optimizer. Sets the card's ``sha256``."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = safetensors.torch.save(_acting_weights(model.policy))
    card.sha256 = hashlib.sha256(weights).hexdigest()
    (folder / WEIGHTS).write_bytes(weights)
    (folder / CARD).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")


def load(folder: Path, device: str) -> tuple[BasePolicy, Card]:
    """Read a policy back.

    Raises:
        CardError: a file is missing or damaged, or the weights are not those the card speaks of.
    """
    card = _read_card(folder / CARD)
    try:
        weights = (folder / WEIGHTS).read_bytes()
    except FileNotFoundError:
        raise CardError(f"{folder}: no {WEIGHTS} beside {CARD}") from None
    if hashlib.sha256(weights).hexdigest() != card.sha256:
        raise CardError(f"{folder / WEIGHTS}: not the weights that {CARD} speaks of (their SHA-256 differs)")
    policy = _build(card, folder)
    try:
        _put_weights(policy, safetensors.torch.load(weights))
    except RuntimeError as error:
        raise CardError(
            f"{folder}: the weights do not fit the policy that {CARD} describes: {error}"
        ) from error
    return prepare(policy, device), card


def arguments(policy_kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy's keyword arguments as its class wants them: an activation's name becomes its class.

    Raises:
        CardError: an activation that is none of `ACTIVATIONS`.
    """
    name = policy_kwargs.get("activation_fn")
    if name is None:
        return dict(policy_kwargs)
    if name not in ACTIVATIONS:
        raise CardError(f"activation_fn must be one of {', '.join(ACTIVATIONS)}, not {name!r}")
    return {**policy_kwargs, "activation_fn": ACTIVATIONS[name]}


def prepare(policy: BasePolicy, device: str) -> BasePolicy:
    """Move a policy to its device and set it up to act, not to train."""
    policy.to(device)
    policy.set_training_mode(False)
    return policy


def _read_card(path: Path) -> Card:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Card)
    except FileNotFoundError:
        raise CardError(f"{path.parent}: no {CARD}, so nothing says how to build the policy") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise CardError(f"{path}: {error}") from error


def _build(card: Card, folder: Path) -> BasePolicy:
    aliases = getattr(stable_baselines3, card.algorithm).policy_aliases
    if card.policy not in aliases:
        raise CardError(
            f"{folder / CARD}: {card.algorithm} has no policy {card.policy!r}, only {', '.join(sorted(aliases))}"
        )
    policy: BasePolicy = aliases[card.policy](
        inner_space(spaces.from_data(card.observation_space)),
        spaces.from_data(card.action_space),
        lambda _: 0.0,
        **arguments(card.policy_kwargs),
    )
    return policy


def inner_space(space: gymnasium.Space[Any]) -> gymnasium.Space[Any]:
    """Return the space inside the policy: Stable-Baselines3 wants a picture's channels first."""
    if (
        isinstance(space, gymnasium.spaces.Box)
        and is_image_space(space)
        and not is_image_space_channels_first(space)
    ):
        return VecTransposeImage.transpose_space(space)
    return space


def _acting_weights(policy: BasePolicy) -> dict[str, torch.Tensor]:
    state = policy.state_dict()
    return {k: v.detach().cpu().clone().contiguous() for k, v in state.items() if not _is_target(k)}


def _put_weights(policy: BasePolicy, weights: dict[str, torch.Tensor]) -> None:
    """Load the weights; DQN's target network, which only training needs, gets a copy of its Q-network's."""
    targets = [key for key in policy.state_dict() if _is_target(key)]
    twins = {key: weights[key.replace("q_net_target.", "q_net.", 1)] for key in targets}
    policy.load_state_dict({**weights, **twins})


def _is_target(key: str) -> bool:
    return key.startswith("q_net_target.")
