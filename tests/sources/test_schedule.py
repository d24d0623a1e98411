"""When sources are polled: spread, steady over restarts, patient with the failing, at once only when it helps."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Mention, Page
from monitor.sources.rss import Rss
from monitor.sources.schedule import (
    Outcome,
    Turns,
    advance,
    fault_outcome,
    first_due,
    interval,
    next_due,
    outcome_of,
)
from monitor.sources.source import SourceFault, SourceGone

NOW = 1_770_000_000.0


def source(name: str = "news", every: float = 300, **options: Any) -> Rss:
    return Rss(name=name, url="https://e.com", every=every, **options)


def page(n: int, **options: Any) -> Page:
    return Page(mentions=tuple(Mention(id=str(i), text="x", seen_at=NOW) for i in range(n)), **options)


@given(st.text(min_size=1, max_size=8), st.floats(1, 86400), st.floats(1e9, 2e9))
def test_good_turns_lie_on_one_grid_whatever_the_hour(name: str, every: float, now: float) -> None:
    first = first_due(source(name, every), now)
    second = next_due(source(name, every), Turns(), first, Outcome("fresh"))
    assert now < first <= now + every * 1.001 and second - first == pytest.approx(every, rel=1e-3)


def test_many_sources_spread_over_their_interval() -> None:
    dues = sorted(first_due(source(f"s{n}"), NOW) - NOW for n in range(300))
    assert max(later - earlier for earlier, later in itertools.pairwise(dues)) < 15


def test_failures_back_off_to_half_an_hour_for_a_day_and_then_to_a_day() -> None:
    waits = [next_due(source(), Turns(failures=n), NOW, Outcome("failed")) - NOW for n in range(1, 80)]
    assert 240 <= waits[0] <= 360 and 480 <= waits[1] <= 720
    assert all(1440 <= wait <= 2160 for wait in waits[4:48])
    assert 0.8 * 86400 <= waits[-1] <= 1.2 * 86400
    assert waits == [next_due(source(), Turns(failures=n), NOW, Outcome("failed")) - NOW for n in range(1, 80)]


def test_the_other_side_is_given_the_time_it_asks_for() -> None:
    busy = fault_outcome(SourceFault("busy", retry_after=7200))
    assert next_due(source(), Turns(failures=1), NOW, busy) == NOW + 7200
    assert next_due(source(), Turns(failures=1), NOW, Outcome("failed", 1)) >= NOW + 240
    assert next_due(source(), Turns(failures=1), NOW, Outcome("failed", 1e12)) <= NOW + 26 * 3600


def test_a_gone_source_is_never_asked_again() -> None:
    assert next_due(source(), Turns(failures=1), NOW, fault_outcome(SourceGone("gone"))) == math.inf


def test_a_saturated_list_is_asked_again_at_once_a_single_time() -> None:
    full = outcome_of(page(10), known=0, first=False, source=source())
    assert full.result == "saturated"
    once = advance(Turns(), full)
    twice = advance(once, full)
    assert next_due(source(), once, NOW, full) == NOW and next_due(source(), twice, NOW, full) > NOW
    assert outcome_of(page(10), known=0, first=True, source=source()).result == "fresh"
    assert outcome_of(page(9), known=0, first=False, source=source()).result == "fresh"
    assert outcome_of(page(10), known=1, first=False, source=source()).result == "fresh"
    assert outcome_of(page(3), known=3, first=False, source=source()).result == "unchanged"


def test_more_is_fetched_at_once() -> None:
    more = outcome_of(page(3, more=True), known=0, first=True, source=source())
    assert next_due(source(), advance(Turns(failures=4), more), NOW, more) == NOW


def test_only_an_adaptive_source_that_was_quiet_for_long_is_asked_less_often() -> None:
    state = Turns()
    for _ in range(200):
        state = advance(state, Outcome("unchanged"))
    assert interval(source(), state) == 300
    assert interval(source(adaptive=True), state) == 1800
    assert interval(source(every=7200, adaptive=True), state) == 7200
    assert interval(source(adaptive=True), advance(state, Outcome("fresh"))) == 300
