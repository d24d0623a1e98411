from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.limits import Bucket, hold, take

RATE = (20, 60.0)


def drain(state: Bucket, n: int, red: bool, now: float) -> tuple[Bucket, list[float]]:
    waits = []
    for _ in range(n):
        state, wait = take(state, RATE, 4, red, now)
        waits.append(wait)
    return state, waits


def test_the_last_four_are_kept_for_red() -> None:
    state, waits = drain(Bucket(), 17, red=False, now=100.0)
    assert waits == [0.0] * 16 + [60.0]
    state, waits = drain(state, 5, red=True, now=101.0)
    assert waits == [0.0] * 4 + [59.0]


def test_a_token_comes_back_one_period_after_it_was_taken() -> None:
    state, _ = take(Bucket(), (1, 1.0), 0, False, 10.0)
    assert take(state, (1, 1.0), 0, False, 10.4)[1] == 10.0 + 1.0 - 10.4
    assert take(state, (1, 1.0), 0, False, 11.0)[1] == 0.0


def test_no_rate_means_no_limit() -> None:
    assert take(Bucket(), None, 0, False, 1.0) == (Bucket(), 0.0)


def test_a_reserve_as_large_as_the_rate_still_lets_one_through() -> None:
    assert take(Bucket(), (2, 1.0), 5, False, 1.0)[1] == 0.0


def test_blocked_by_the_other_side_nothing_goes_before_it_said() -> None:
    state = hold(Bucket(), 700.0)
    assert take(state, RATE, 4, True, 100.0)[1] == 600.0
    assert take(state, RATE, 4, True, 700.0)[1] == 0.0


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=120))
def test_never_more_than_the_rate_in_any_period(steps: list[tuple[float, bool]]) -> None:
    state, now, sent = Bucket(), 0.0, []
    for step, red in steps:
        now += step
        state, wait = take(state, (5, 10.0), 2, red, now)
        if wait == 0:
            sent.append(now)
        else:
            assert take(state, (5, 10.0), 2, red, now + wait + 1e-6)[1] == 0.0
    assert all(sum(a - 10.0 < b <= a for b in sent) <= 5 for a in sent)
