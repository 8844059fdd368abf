"""The measuring tools measure: a benchmark that lies is worse than none."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from benchmarks.measure import Row, Tree, paired, pinned, processes


@pytest.fixture
def spinner():
    """A child that burns CPU and says so once it does."""
    code = "import sys; print(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        yield child.pid
        child.kill()


def test_a_ratio_is_taken_pair_by_pair():
    ticks = iter(range(10_000))

    def clock():
        return float(next(ticks))

    pairs = paired(lambda: [next(ticks) for _ in range(5)], lambda: next(ticks), rounds=7, clock=clock)
    assert pairs.ours.shape == pairs.floor.shape == (7,)
    assert pairs.medians == (6.0, 2.0)
    assert pairs.ratio == 3.0


def test_a_tree_counts_the_cpu_of_children(spinner):
    assert spinner in processes()
    tree = Tree()
    begin, own = tree.seconds(), time.process_time()
    while (spent := tree.seconds() - begin) < 0.05:
        pass
    assert spent > time.process_time() - own


def test_pinning_holds_for_the_whole_tree_and_ends(spinner):
    before = os.sched_getaffinity(0)
    with pinned():
        assert os.sched_getaffinity(0) == os.sched_getaffinity(spinner) == {min(before)}
    assert os.sched_getaffinity(0) == os.sched_getaffinity(spinner) == before


@pytest.mark.parametrize(
    ("row", "goal"),
    [
        (Row(name="", unit="us", ours=3, floor=2, ratio=1.5, at_most=1.5), "<= 1.5, met"),
        (Row(name="", unit="us", ours=3, floor=2, ratio=1.6, at_most=1.5), "<= 1.5, MISSED"),
        (Row(name="", unit="us", ours=3, at_most=2), "<= 2 us, MISSED"),
        (Row(name="", unit="/s", ours=90, floor=1, ratio=90, at_least=90), ">= 90, met"),
        (Row(name="", unit="us", ours=3), ""),
    ],
)
def test_a_goal_says_whether_it_was_met(row, goal):
    assert row.goal == goal
