"""Whole episodes are the same in two processes whatever their hash seeds and global random states: every family."""

import os
import subprocess
import sys

import pytest

from tests.environments.test_families import IDS
from tests.environments.test_many_agents import LONG, SHORT

EVERY = [env_id for ids in (*IDS.values(), *SHORT.values(), *LONG.values()) for env_id in ids]
HEAVY = {"sisl/pursuit-v5": "sisl/multiwalker-v9"}
"""For a family whose first environment takes minutes, another one of it."""
OF_FAMILIES = [HEAVY.get(ids[0], ids[0]) for ids in (*IDS.values(), *SHORT.values())]
PLAY = """
import random, sys, numpy
from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.environments.spec import declare
from mosaic_nb.protocol import messages, spaces

env_id, hostility, count, longest = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
host = HostedEnvironment(declare(env_id))
agents = {name: spaces.from_data(a.action_space) for name, a in host.describe().agents.items()}
for seed in range(count):
    for number, space in enumerate(agents.values()):
        space.seed(1000 * seed + number)
    random.seed(hostility + seed)
    numpy.random.seed(hostility + seed)
    turn, digests = host.reset(messages.Seed(seed)), []
    while not turn.over and len(digests) < longest:
        digests.append(turn.digest)
        turn = host.step({n: agents[n].sample(o.action_mask) for n, o in turn.observations.items()})
        random.seed(hostility + len(digests))
        numpy.random.seed(hostility + len(digests))
    print("digest", seed, len(digests), "".join(digests + [turn.digest])[-4096:])
"""


def digests(env_id, hash_seed, hostility, seeds, longest):
    done = subprocess.run(
        [sys.executable, "-c", PLAY, env_id, str(hostility), str(seeds), str(longest)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "SDL_VIDEODRIVER": "dummy"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("digest")]
    assert len(found) == seeds
    return found


@pytest.mark.parametrize("env_id", [ids[0] for ids in SHORT.values()])
def test_two_seeds_in_two_processes(env_id):
    assert digests(env_id, "1", 5, 2, 20) == digests(env_id, "2", 77, 2, 20)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("env_id", OF_FAMILIES)
def test_twenty_seeds_in_two_processes(env_id):
    longest = (
        100 if env_id.startswith("Overcooked") else 300
    )  # one of its steps takes as long as ten of the others'
    assert digests(env_id, "1", 5, 20, longest) == digests(env_id, "2", 77, 20, longest)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("env_id", [env_id for env_id in EVERY if env_id not in OF_FAMILIES])
def test_three_seeds_in_two_processes(env_id):
    assert digests(env_id, "1", 5, 3, 100) == digests(env_id, "2", 77, 3, 100)
