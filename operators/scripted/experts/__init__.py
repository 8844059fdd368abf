"""The experts, one module each. To add one: write an `Expert` and name it here."""

from experts.base import Expert
from experts.cartpole import CartPole
from experts.connect_four import ConnectFour
from experts.frozen_lake import FrozenLake
from experts.minigrid import GoalSeeker
from experts.soccer import Soccer
from experts.taxi import Taxi
from experts.tic_tac_toe import TicTacToe
from mosaic_nb.worker import Episode

EXPERTS: dict[str, type[Expert]] = {
    "cartpole": CartPole,
    "minigrid": GoalSeeker,
    "frozen_lake": FrozenLake,
    "taxi": Taxi,
    "soccer": Soccer,
    "connect_four": ConnectFour,
    "tic_tac_toe": TicTacToe,
}


def expert(episode: Episode, name: str | None = None) -> Expert:
    """Return the expert of this name, or whichever knows the environment.

    Raises:
        ValueError: there is none; the text lists what there is.
    """
    for kind in EXPERTS.values() if name is None else (EXPERTS[name],):
        if kind.fits(episode):
            return kind(episode)
    wanted = "no scripted expert" if name is None else f"the scripted expert {name!r} is not made"
    raise ValueError(
        f"{wanted} for {episode.environment} with observations {episode.observation_space}; there are "
        f"experts for {'; '.join(kind.environments for kind in EXPERTS.values())}, without wrappers on the observation"
    )


def known(name: str) -> str:
    """Return the name of an expert.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in EXPERTS:
        raise ValueError(f"there is no expert {name!r}; there are {', '.join(EXPERTS)}")
    return name
