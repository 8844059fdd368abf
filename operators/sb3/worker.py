"""PPO and DQN policies of Stable-Baselines3, as they were trained."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb", "stable-baselines3>=2.4", "torch>=2.4", "safetensors>=0.4"]
# ///

from __future__ import annotations

import difflib
import hashlib
import json
import zipfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import stable_baselines3
import torch
from policy_card import CARD, WEIGHTS, inner_space, load, prepare
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.dqn.policies import DQNPolicy

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Seat, View, serve

SHIPPED = Path(__file__).parent / "policies"


class PolicySeat(Seat):
    """Asks the policy; it remembers nothing, so there is nothing to learn."""

    def __init__(self, operator: StableBaselines) -> None:
        self._operator = operator

    def reset(self, episode: Episode) -> None:
        """Check that the policy is for such an environment. Raises ValueError where it is not."""
        self._operator.check(episode)

    def act(self, observation: Observation) -> Decision:
        """Decide."""
        return self._operator.decide(observation)


class StableBaselines(Operator):
    """A policy of Stable-Baselines3.

    Args:
        policy: a shipped policy's name, a folder with its card, or with ``trust`` a zip of Stable-Baselines3.
        deterministic: take the best action instead of drawing one from the act's seed. A DQN policy always does.
        device: where PyTorch computes.
        trust: allow a zip: opening it runs whatever code its pickles hold.
        views: wrappers that a zip's policy was trained behind, ``"module:Class"``, innermost first.
    """

    def __init__(
        self,
        policy: str,
        *,
        deterministic: bool = True,
        device: str = "cpu",
        trust: bool = False,
        views: Sequence[str] | None = None,
    ) -> None:
        torch.set_num_threads(
            1
        )  # one small forward pass at a time: more threads only fight the other workers
        self._deterministic = deterministic
        if policy.endswith(".zip"):
            self._policy, sha256 = _open_zip(Path(policy).expanduser(), device, trust=trust)
            self.view = [View(wrapper) for wrapper in views or ()]
        elif views is not None:
            raise ValueError(f"policy={policy!r}: views= is for a zip; this policy's {CARD} names its own")
        else:
            self._policy, card = load(_folder(policy), device)
            self.view, sha256 = card.views, card.sha256
        libraries = {name: version(name) for name in ("stable-baselines3", "torch")}
        self.provenance = {"policy": policy, "sha256": sha256, **libraries}

    def seat(self) -> Seat:
        """Give a seat. All seats share the policy, which has no state."""
        return PolicySeat(self)

    def check(self, episode: Episode) -> None:
        """Raise ValueError where the episode's spaces are not those that the policy was trained on."""
        pairs = {
            "observations": (self._policy.observation_space, inner_space(episode.observation_space)),
            "actions": (self._policy.action_space, episode.action_space),
        }
        for what, (trained, given) in pairs.items():
            if trained != given:
                raise ValueError(
                    f"the policy was trained on {what} {trained} and {episode.environment} has {given}: choose a "
                    f"policy of this environment, or make the environment as it was in training"
                )

    @torch.no_grad()
    def decide(self, observation: Observation) -> Decision:
        """Return the action, and what the policy thinks of it."""
        policy = self._policy
        tensors, _ = policy.obs_to_tensor(observation.value)
        if isinstance(policy, DQNPolicy):
            worth = policy.q_net(tensors)[0]
            return Decision(int(worth.argmax()), value=float(worth.max()))
        assert isinstance(policy, ActorCriticPolicy)
        value = float(policy.predict_values(tensors)[0, 0])
        if not isinstance(policy.action_space, gymnasium.spaces.Discrete):
            return Decision(_predict(policy, observation, deterministic=self._deterministic), value=value)
        distribution = policy.get_distribution(tensors).distribution
        assert isinstance(distribution, torch.distributions.Categorical)
        probabilities = distribution.probs[0].double().cpu().numpy()
        choice = probabilities.argmax() if self._deterministic else _draw(probabilities, observation.seed)
        return Decision(int(choice), probabilities, value)


def _predict(policy: ActorCriticPolicy, observation: Observation, *, deterministic: bool) -> Any:
    """Return the action of a space that is not Discrete, drawn from the act's seed; the global one stays as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(observation.seed)
        return policy.predict(observation.value, deterministic=deterministic)[0]


def _draw(probabilities: np.ndarray[Any, np.dtype[np.float64]], seed: int) -> int:
    """Draw an action with the seed, itself a uniform 64-bit hash."""
    cumulative = probabilities.cumsum()
    return int(cumulative.searchsorted(seed / 2**64 * cumulative[-1], side="right"))


def _folder(policy: str) -> Path:
    shipped = sorted(path.parent.name for path in SHIPPED.glob(f"*/{CARD}"))
    if policy in shipped:
        return SHIPPED / policy
    path = Path(policy).expanduser()
    if path.name in (CARD, WEIGHTS):
        path = path.parent
    if path.is_dir():
        return path
    near = difflib.get_close_matches(policy, shipped, n=1, cutoff=0.4)
    hint = f"; did you mean {near[0]!r}" if near else ""
    raise ValueError(
        f"no policy {policy!r}{hint}; there are {', '.join(shipped)}, and otherwise it is the path of a folder with "
        f"{CARD} and {WEIGHTS}, or with trust=True of a zip"
    )


def _open_zip(path: Path, device: str, *, trust: bool) -> tuple[BasePolicy, str]:
    """Open Stable-Baselines3's own file, which is made of pickles."""
    if not trust:
        raise ValueError(
            f"{path} is made of pickles, and opening it runs whatever code they hold: pass trust=True if you trust "
            f"whoever made it"
        )
    algorithm = getattr(stable_baselines3, _algorithm(path))
    policy = algorithm.load(path, device=device).policy
    return prepare(policy, device), hashlib.sha256(path.read_bytes()).hexdigest()


def _algorithm(path: Path) -> str:
    """Tell PPO from DQN by the names of the hyperparameters, which the zip keeps as JSON."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = json.loads(archive.read("data"))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ValueError(f"{path} is not a zip of Stable-Baselines3: {error}") from error
    if "clip_range" in names:
        return "PPO"
    if "exploration_fraction" in names:
        return "DQN"
    raise ValueError(f"{path} holds neither a PPO nor a DQN policy")


if __name__ == "__main__":
    serve(StableBaselines)
