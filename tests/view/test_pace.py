from itertools import pairwise

from hypothesis import given, strategies as st

from mosaic_nb.view.pace import BLIND_GAP, LONG_SILENCE, PATIENCE, RARE_GAP, SHORTEST_GAP, WINDOW, Pace


def send_all(pace: Pace, now: float, until: float) -> list[float]:
    """Send whenever it may be, without an answer; return when."""
    times = []
    while (now := now + pace.wait(now)) <= until:
        pace.send(now)
        times.append(now)
    return times


def test_unanswered_messages_fill_the_window_wait_and_go_on_blind() -> None:
    times = send_all(Pace(), 0.0, 10.0)
    window, blind = times[:WINDOW], times[WINDOW:]
    assert window[-1] < WINDOW * SHORTEST_GAP
    assert blind[0] - window[-1] >= PATIENCE - 1e-9
    assert all(abs(after - before - BLIND_GAP) < 1e-6 for before, after in pairwise(blind))


def test_a_long_silence_makes_messages_rare() -> None:
    times = [time for time in send_all(Pace(), 0.0, 200.0) if time > LONG_SILENCE + BLIND_GAP + 1]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps
    assert min(gaps) >= RARE_GAP - 1e-6


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 0.4)), max_size=200))
def test_never_more_than_a_window_is_under_way_before_patience_ends(events: list[tuple[bool, float]]) -> None:
    pace, now, sent, acknowledged, heard = Pace(), 0.0, 0, 0, 0.0
    for answer, passed in events:
        now += passed
        if answer:
            pace.hear(now, sent)
            acknowledged, heard = sent, now
        elif pace.wait(now) == 0.0:
            assert sent - acknowledged < WINDOW or now - heard >= PATIENCE
            sent = pace.send(now)


def test_an_answer_opens_the_window_again() -> None:
    pace = Pace()
    last = send_all(pace, 0.0, 0.2)[-1]
    assert pace.wait(last + 0.1) > 0
    pace.hear(last + 0.1, 4)
    assert pace.wait(last + 0.1) == 0.0


def test_an_answer_to_what_was_never_sent_counts_for_nothing() -> None:
    pace = Pace()
    pace.hear(0.0, 10_000)
    assert len(send_all(pace, 0.0, 0.4)) == WINDOW
