"""An environment that breaks in any way breaks in its own lane; the others go on and nothing recorded is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mosaic_nb as mnb
from mosaic_nb.errors import EnvironmentFailure, LaneFailureWarning

AT = 3
TICKS = 8
HERE = Path(__file__).parent

FAILURES = {
    "raises": "RuntimeError: the environment raised",
    "exits": "exit code 0",
    "killed": "SIGKILL",
    "hangs": "did not answer StepEnvironment within",
}


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


def _failing(how: str, **options: object) -> mnb.Arena:
    env_kwargs = {"how": how, "at": AT}
    return mnb.Arena(
        "environments:Failing",
        {"a": "random", "b": "random"},
        env_kwargs=env_kwargs,
        environment_deadline=1.0,
        **options,
    )


@pytest.mark.parametrize("how", FAILURES)
def test_a_broken_environment_fails_by_name(how: str) -> None:
    with _failing(how) as arena:
        with pytest.raises(EnvironmentFailure, match=re.escape(FAILURES[how])):
            arena.run(TICKS)
        assert set(arena.failures) == {"a", "b"}
        error = arena.failures["a"]
        assert (error.lane, error.step) == ("a", AT)
        assert list(arena.steps[arena.steps.lane == "a"].step) == list(range(AT))
        assert list(arena.episodes.end) == ["failed", "failed"]


def test_one_killed_environment_leaves_the_other_lane_alone() -> None:
    with mnb.Arena("environments:Counting", {"a": "random", "b": "random"}) as arena:
        arena.run(AT)
        arena._conductor._company.environments["a"].link.process.kill()
        with pytest.warns(LaneFailureWarning, match="SIGKILL"):
            arena.run(TICKS - AT)
        assert set(arena.failures) == {"a"}
        counts = arena.steps.groupby("lane").size()
        assert (counts["a"], counts["b"]) == (AT, TICKS)
        arena.reset()
        assert not arena.failures
        arena.run(2)


def test_one_killed_between_two_episodes_leaves_one_row_for_the_episode_that_was_over() -> None:
    lanes = {"a": "random", "b": "random"}
    with mnb.Arena("environments:Counting", lanes, env_kwargs={"length": 2}) as arena:
        arena.run(2)
        arena._conductor._company.environments["a"].link.process.kill()
        with pytest.warns(LaneFailureWarning, match="SIGKILL"):
            arena.run(1)
        ends = arena.episodes[["lane", "episode", "end"]].values.tolist()
    assert ends == [["a", 0, "terminated"], ["b", 0, "terminated"]]


def test_raising_in_reset_is_an_error_of_the_constructor() -> None:
    with pytest.raises(EnvironmentFailure, match="no reset today"):
        _failing("raises_in_reset")


def test_raising_in_render_spoils_the_picture_and_nothing_else() -> None:
    with _failing("raises_in_render") as arena:
        arena._ipython_display_()
        failures = arena.events[arena.events.event == "render_failure"]
        assert list(failures.lane) == ["a", "b"]
        assert failures.detail.str.contains("no picture today").all()
        arena.run(2)
        assert not arena.failures
        assert len(arena.steps) == 4


def test_noise_on_stdout_is_the_log() -> None:
    with _failing("prints") as arena:
        arena.run(AT + 1)
        assert not arena.failures
        assert "noise" in (arena.path / "logs" / "environment-0.log").read_text()


def test_forfeit_goes_on_with_the_next_episode() -> None:
    with _failing("raises", on_failure="forfeit") as arena:
        arena.run(2 * AT + 2)
        assert list(arena.episodes.end) == ["forfeit"] * 4
        assert list(arena.episodes.length) == [AT] * 4
        assert not arena.failures
