"""Policies of Stable-Baselines3 act as they were trained, and open no pickle unasked."""

from __future__ import annotations

import json
import shutil
import zipfile

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, DQN, PPO

from mosaic_nb.protocol import messages
from mosaic_nb.worker import Observation


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Stable-Baselines3's own files, by algorithm, hardly trained."""
    folder = tmp_path_factory.mktemp("zips")
    models = {
        "PPO": PPO("MlpPolicy", "CartPole-v1", n_steps=32, batch_size=32, seed=3, device="cpu"),
        "DQN": DQN("MlpPolicy", "CartPole-v1", learning_starts=10, seed=3, device="cpu"),
        "A2C": A2C("MlpPolicy", "CartPole-v1", seed=3, device="cpu"),
        "Pendulum": PPO("MlpPolicy", "Pendulum-v1", n_steps=32, batch_size=32, seed=3, device="cpu"),
    }
    for name, model in models.items():
        model.learn(64).save(folder / f"{name}.zip")
    return folder, models


@pytest.fixture
def folder(shipped, tmp_path):
    """A copy of a shipped policy, to damage."""
    return shutil.copytree(shipped["sb3"] / "policies" / "cartpole", tmp_path / "policy")


def asked(value, seed=0):
    return Observation(messages.Observation(value), value, seed)


@pytest.mark.parametrize(
    ("policy", "environment", "episodes", "least"),
    [
        ("cartpole", "CartPole-v1", 3, 475),
        ("cartpole-dqn", "CartPole-v1", 3, 475),
        ("minigrid-doorkey-5x5", "MiniGrid-DoorKey-5x5-v0", 100, 0.95),
    ],
)
@pytest.mark.slow
def test_shipped_policies_are_as_good_as_their_cards_say(lane, load, policy, environment, episodes, least):
    returns = lane(environment, load("sb3", policy=policy)).returns(episodes)
    assert np.mean(returns) >= least


def test_cards_speak_the_truth(shipped):
    for path in (shipped["sb3"] / "policies").glob("*/card.json"):
        card = json.loads(path.read_text())
        assert card["evaluation"]["episodes"] == 100
        assert card["evaluation"]["success_rate"] >= 0.95
        assert (path.parent / "policy.safetensors").stat().st_size < 1e6


@pytest.mark.parametrize(("name", "environment"), [("PPO", "CartPole-v1"), ("DQN", "CartPole-v1")])
def test_a_zip_acts_as_the_library_itself_predicts(lane, load, trained, name, environment):
    zips, models = trained
    operator = load("sb3", policy=str(zips / f"{name}.zip"), trust=True)
    for step in lane(environment, operator).play(0, limit=100):
        expected, _ = models[name].predict(step.observation.value, deterministic=True)
        assert step.decision.action == expected


def test_a_folder_acts_as_the_library_itself_predicts(load, trained, tmp_path):
    """What `save` writes and the operator loads decides as the model that was saved, probabilities and value too."""
    load("sb3", policy="cartpole")
    from policy_card import CARD, load as load_policy, save

    _, models = trained
    for name, shipped_name in (("PPO", "cartpole"), ("DQN", "cartpole-dqn")):
        source = load_policy(_shipped_folder(shipped_name), "cpu")[1]
        source.algorithm, source.policy_kwargs = name, {}
        save(models[name], tmp_path / name, source)
        operator = load("sb3", policy=str(tmp_path / name / CARD))
        space = models[name].observation_space
        space.seed(1)
        for _ in range(50):
            value = np.clip(space.sample(), -3, 3)
            decision = operator.seat().act(asked(value))
            assert decision.action == models[name].predict(value, deterministic=True)[0]
            if name == "PPO":
                tensor, _ = models[name].policy.obs_to_tensor(value)
                with torch.no_grad():
                    wanted = models[name].policy.get_distribution(tensor).distribution.probs[0].numpy()
                    worth = models[name].policy.predict_values(tensor).item()
                assert np.array_equal(decision.probabilities.astype(np.float32), wanted)
                assert decision.value == worth


def _shipped_folder(name):
    from pathlib import Path

    import policy_card

    return Path(policy_card.__file__).parent / "policies" / name


def test_what_is_drawn_is_drawn_from_the_seed_of_the_act(load, trained):
    zips, _ = trained
    operator = load("sb3", policy=str(zips / "PPO.zip"), trust=True, deterministic=False)
    value = np.zeros(4, np.float32)
    seeds = [int(s) for s in np.random.default_rng(0).integers(0, 2**64, 4000, dtype=np.uint64)]
    before = torch.random.get_rng_state()
    decisions = [operator.seat().act(asked(value, seed)) for seed in seeds]
    assert [operator.seat().act(asked(value, s)).action for s in seeds] == [d.action for d in decisions]
    share = np.bincount([d.action for d in decisions], minlength=2) / len(seeds)
    assert np.allclose(share, decisions[0].probabilities, atol=0.03)
    assert torch.equal(before, torch.random.get_rng_state())


def test_continuous_actions_are_drawn_from_the_seed_too(lane, load, trained):
    zips, models = trained
    operator = load("sb3", policy=str(zips / "Pendulum.zip"), trust=True, deterministic=False)
    before = torch.random.get_rng_state()
    steps = lane("Pendulum-v1", operator).play(0, limit=20)
    again = [operator.seat().act(step.observation).action for step in steps]
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(np.array_equal(a, step.decision.action) for a, step in zip(again, steps, strict=True))
    other = operator.seat().act(asked(steps[0].observation.value, seed=1)).action
    assert not np.array_equal(other, steps[0].decision.action)
    best = load("sb3", policy=str(zips / "Pendulum.zip"), trust=True)
    value = steps[0].observation.value
    assert np.array_equal(
        best.seat().act(asked(value)).action, models["Pendulum"].predict(value, deterministic=True)[0]
    )


class Bomb:
    """A pickle that leaves a file behind when it is opened."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_no_zip_is_opened_without_trust(load, tmp_path):
    import base64
    import pickle

    bomb = base64.b64encode(pickle.dumps(Bomb(tmp_path / "exploded"))).decode()
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("data", json.dumps({"clip_range": {":type:": "x", ":serialized:": bomb}}))
    with pytest.raises(ValueError, match="trust=True"):
        load("sb3", policy=str(tmp_path / "model.zip"))
    assert not (tmp_path / "exploded").exists()
    with pytest.raises(Exception, match=r".*"):  # the bomb is real: trusted, it goes off
        load("sb3", policy=str(tmp_path / "model.zip"), trust=True)
    assert (tmp_path / "exploded").exists()


@pytest.mark.parametrize("name", ["A2C.zip", "missing.zip"])
def test_other_zips_are_refused(load, trained, name):
    with pytest.raises((ValueError, FileNotFoundError), match=name):
        load("sb3", policy=str(trained[0] / name), trust=True)


def test_an_unknown_policy_names_the_nearest(load):
    with pytest.raises(ValueError, match="did you mean 'minigrid-doorkey-5x5'"):
        load("sb3", policy="minigrid-doorkey")


def test_a_policy_of_another_environment_is_refused_at_the_start(lane, load):
    with pytest.raises(ValueError, match=r"trained on observations Box.*Acrobot-v1 has Box"):
        lane("Acrobot-v1", load("sb3", policy="cartpole")).seat()


def test_wrappers_of_a_card_are_not_overruled(load):
    with pytest.raises(ValueError, match="names its own"):
        load("sb3", policy="cartpole", views=["gymnasium.wrappers:FlattenObservation"])


def test_wrappers_of_a_zip_become_the_seats_view(lane, load, tmp_path):
    from minigrid.wrappers import ImgObsWrapper

    environment = ImgObsWrapper(gymnasium.make("MiniGrid-Empty-5x5-v0"))
    model = PPO("MlpPolicy", environment, n_steps=32, batch_size=32, seed=0, device="cpu")
    model.save(tmp_path / "grid.zip")
    views = ["minigrid.wrappers:ImgObsWrapper"]
    operator = load("sb3", policy=str(tmp_path / "grid.zip"), trust=True, views=views)
    for step in lane("MiniGrid-Empty-5x5-v0", operator).play(0, limit=10):
        assert step.decision.action == model.predict(step.observation.value, deterministic=True)[0]


def test_provenance_tells_which_weights_decided(load, shipped):
    card = json.loads((shipped["sb3"] / "policies" / "cartpole" / "card.json").read_text())
    assert load("sb3", policy="cartpole").provenance["sha256"] == card["sha256"]


def test_damaged_weights_are_refused(load, folder):
    path = folder / "policy.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(Exception, match="not the weights"):
        load("sb3", policy=str(folder))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("policy", "NoPolicy", "PPO has no policy 'NoPolicy', only"),
        ("algorithm", "SAC", "algorithm"),
        ("policy_kwargs", {"net_arch": [32]}, "do not fit"),
        ("policy_kwargs", {"activation_fn": "os.system"}, "activation_fn must be one of"),
        ("surprise", 1, "surprise"),
    ],
)
def test_a_wrong_card_is_refused_by_field(load, folder, field, value, message):
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(Exception, match=message) as caught:
        load("sb3", policy=str(folder))
    assert type(caught.value).__name__ == "CardError"


@pytest.mark.parametrize("name", ["card.json", "policy.safetensors"])
def test_a_missing_file_is_named(load, folder, name):
    (folder / name).unlink()
    with pytest.raises(Exception, match=name):
        load("sb3", policy=str(folder))


def test_training_repeats_to_the_last_bit(load, tmp_path):
    load("sb3", policy="cartpole")
    import train

    recipe = train.RECIPES["cartpole"]
    short = train.Recipe(
        algorithm="PPO",
        environment="CartPole-v1",
        steps=256,
        success_above=0,
        environments=2,
        hyperparameters={**recipe.hyperparameters, "n_steps": 128},
        falling=recipe.falling,
    )
    hashes = []
    for name in ("one", "two"):
        np.random.seed(len(hashes))  # noqa: NPY002 - what happens elsewhere must not matter
        model, card = train.train(short)
        train.save(model, tmp_path / name, card)
        hashes.append(card.sha256)
        load("sb3", policy=str(tmp_path / name))
    assert hashes[0] == hashes[1]
