"""threshold, ratio, change, absence: what each says of a series, and what all of them must never do."""

from __future__ import annotations

import math
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from monitor.detectors import Absence, Asked, Change, Detector, Ratio, Threshold
from monitor.detectors.ratio import interval
from monitor.model import Score
from monitor.series import Bucket, Series
from monitor.times import DAY, HOUR, MINUTE

NOW = 1_750_000_200.0 - 1_750_000_200.0 % HOUR
BERLIN = ZoneInfo("Europe/Berlin")


def counts(per_minute: dict[float, float], start: float = NOW - 30 * DAY, end: float = NOW, **more: Any) -> Series:
    """A covered series with counts in the minutes given as seconds before NOW."""
    buckets = tuple(
        sorted((Bucket(NOW - ago, MINUTE, n, n, n) for ago, n in per_minute.items()), key=lambda b: b.start)
    )
    given_ = {"key": (), "measure": "count", "buckets": buckets, "covered": ((start, end),), "full": ((start, end),)}
    return Series(**{**given_, **more})


def judged(detector: Detector, series: Series, now: float = NOW, **asked: Any) -> Score:
    return detector.score([series], now, Asked(**{"window": HOUR, **asked}))[0]


def test_threshold_counts_whole_minutes_on_the_grid() -> None:
    series = counts({HOUR + 60: 5, HOUR: 1, 60: 2})
    assert judged(Threshold(), series).level == 3


def test_threshold_counts_the_running_minute_on_arrival() -> None:
    series = counts({HOUR: 1, 60: 2, 0: 4}, end=NOW + 20)
    assert judged(Threshold(), series, NOW + 20).level == 7


def test_no_coverage_is_no_data_and_not_zero() -> None:
    assert judged(Threshold(), counts({}, end=NOW - 2 * HOUR)).value is None
    assert judged(Threshold(), counts({})).value == 0


def test_a_daily_span_is_taken_by_its_share() -> None:
    series = counts({}, buckets=(Bucket(NOW - DAY, DAY, 1, 0, 48.0),), measure="sum")
    assert judged(Threshold(), series, window=12 * HOUR).level == pytest.approx(24)


def test_change_compares_with_the_span_before() -> None:
    score = judged(Change(), counts({30 * 60: 9, 90 * 60: 3}))
    assert (score.level, score.expected, score.added) == (3, 3, 6)


def test_change_on_arrival_compares_as_many_minutes() -> None:
    series = counts({0: 1, 60: 1, 120: 1, 180: 1}, end=NOW + 59)
    assert judged(Change(), series, NOW + 59, window=60).level == 1


@pytest.mark.parametrize(("against", "ago"), [("yesterday", DAY), ("last_week", 7 * DAY)])
def test_change_goes_by_the_clock_on_the_wall(against: Any, ago: float) -> None:
    series = counts({30 * 60: 8, 30 * 60 + ago: 4})
    assert judged(Change(against=against), series).level == 2


def test_yesterday_is_25_hours_ago_where_clocks_were_put_back() -> None:
    noon = 1_729_944_000.0 + 86400 + 3600  # 2024-10-27 12:00 Europe/Berlin + 1 h; clocks went back that night
    buckets = (Bucket(noon - 25 * HOUR - 600, MINUTE, 4), Bucket(noon - 600, MINUTE, 8))
    series = Series(key=(), measure="count", buckets=buckets, covered=((0.0, noon),), full=((0.0, noon),))
    assert Change(against="yesterday").score([series], noon, Asked(window=HOUR, zone=BERLIN))[0].level == 2


def test_over_a_base_of_nothing_add_alone_decides() -> None:
    few, many = counts({60: 5}), counts({60: 25})
    detector = Change(add=20)
    assert not judged(detector, few).enough
    assert judged(detector, many).enough
    assert judged(detector, many).level == 1e6
    assert judged(detector, counts({})).level == 1


def test_a_base_from_before_the_first_data_gives_no_level() -> None:
    score = judged(Change(against="last_week"), counts({60: 50}, start=NOW - 2 * DAY))
    assert score.value == 50 and score.level is None
    assert score.learning is not None and score.learning[0] == pytest.approx(2 * DAY)


def test_a_base_half_hidden_by_an_outage_is_scaled_up() -> None:
    gone = ((NOW - 30 * DAY, NOW - 2 * HOUR + 40 * 60), (NOW - HOUR, NOW))
    score = judged(Change(), counts({60: 30, 110 * 60: 10}, covered=gone, full=gone))
    assert score.expected == pytest.approx(15)


def ratio(part: float, whole: float, **more: Any) -> Series:
    return counts({60: part}, denominator=counts({60: whole}), **more)


def test_the_interval_crosses_not_the_point() -> None:
    score = judged(Ratio(), ratio(6, 100))
    assert score.value == pytest.approx(0.06)
    assert score.level == pytest.approx(0.0278, abs=1e-4)
    assert score.level_low == pytest.approx(0.1248, abs=1e-4)


def test_under_min_denominator_the_value_is_shown_and_not_judged() -> None:
    score = judged(Ratio(), ratio(3, 20), min_denominator=200)
    assert score.value == pytest.approx(0.15) and score.level is None and score.denominator == 20


def test_nothing_over_nothing_is_not_judged() -> None:
    score = judged(Ratio(), ratio(0, 0))
    assert score.value == 0 and score.level is None


def test_the_newest_day_that_both_sides_cover_is_judged() -> None:
    today = NOW - NOW % DAY
    days = [(today - 2 * DAY, 10.0, 100.0), (today - DAY, 50.0, 100.0)]
    covered, behind = ((today - 9 * DAY, today),), ((today - 9 * DAY, today - DAY),)
    orders = Series(
        key=(), measure="sum", buckets=tuple(Bucket(s, DAY, 1, 0, n) for s, _, n in days[:1]), covered=behind
    )
    returns = Series(
        key=(),
        measure="sum",
        buckets=tuple(Bucket(s, DAY, 1, 0, n) for s, n, _ in days),
        covered=covered,
        full=covered,
        denominator=structs.replace(orders, full=behind),
    )
    score = judged(Ratio(), returns, align=DAY)
    assert (score.added, score.denominator) == (10, 100)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(1e-3, 1e6))
def test_the_interval_rises_with_the_part_and_holds_the_ratio(a: float, b: float, whole: float) -> None:
    (low_a, high_a), (low_b, high_b) = interval(min(a, b), whole), interval(max(a, b), whole)
    assert low_a <= low_b + 1e-9 and high_a <= high_b + 1e-9
    assert low_a <= min(a, b) / whole * (1 + 1e-9) + 1e-12
    assert math.isfinite(high_b)


def test_absence_counts_from_the_last_record_and_through_an_outage() -> None:
    series = counts({}, end=NOW - 5 * HOUR, last_at=NOW - 6 * HOUR)
    assert judged(Absence(), series).level == 6 * HOUR


def test_a_source_that_never_spoke_is_silent_since_it_was_first_covered() -> None:
    assert judged(Absence(), counts({}, start=NOW - 3 * HOUR)).level == 3 * HOUR


DETECTORS: list[Detector] = [Threshold(), Change(), Change(against="yesterday", add=3), Ratio(), Absence()]
BUCKETS = st.dictionaries(st.integers(-600, 4000).map(lambda m: m * MINUTE), st.integers(0, 500).map(float))


@given(BUCKETS, BUCKETS, st.sampled_from(DETECTORS), st.floats(0, 59))
def test_no_detector_reads_the_future(
    past: dict[float, float], future: dict[float, float], detector: Detector, off: float
) -> None:
    known = {ago: n for ago, n in past.items() if ago >= 0}
    later = {ago: n for ago, n in future.items() if ago < 0}
    asked = Asked(window=HOUR)

    def score(more: dict[float, float]) -> Score:
        series = counts({**known, **more}, last_at=NOW - min(known, default=0))
        return detector.score([structs.replace(series, denominator=series)], NOW + off, asked)[0]

    assert score({}) == score(later)


@given(BUCKETS, st.sampled_from(DETECTORS), st.floats(-1.7e308, 1.7e308), st.booleans())
def test_scores_are_finite(past: dict[float, float], detector: Detector, huge: float, gap: bool) -> None:
    series = counts({**past, 120.0: huge, 180.0: huge}, start=NOW - (HOUR if gap else 30 * DAY))
    score = judged(detector, structs.replace(series, denominator=series, last_at=NOW - 60))
    numbers = (score.value, score.level, score.level_low, score.expected, score.added)
    assert all(n is None or math.isfinite(n) for n in numbers)


@given(BUCKETS, st.integers(0, 59), st.integers(1, 60))
def test_adding_a_gap_never_raises_the_level_of_a_count(past: dict[float, float], at: int, length: int) -> None:
    whole = counts(past)
    a, b = NOW - (at + length) * MINUTE, NOW - at * MINUTE
    covered = ((NOW - 30 * DAY, a), (b, NOW)) if at else ((NOW - 30 * DAY, a),)
    kept = tuple(x for x in whole.buckets if not a <= x.start < b)
    holed = structs.replace(whole, buckets=kept, covered=covered, full=covered)
    for detector in (Threshold(), Change(against="yesterday")):
        before, after = judged(detector, whole), judged(detector, holed)
        assert after.level is None or before.level is None or after.level <= before.level


@given(BUCKETS, st.integers(0, 1000))
def test_the_score_stays_while_the_detector_calls_it_steady(past: dict[float, float], step: int) -> None:
    ever = ((NOW - 30 * DAY, NOW + 30 * DAY),)
    series = counts({ago: n for ago, n in past.items() if ago > 0}, covered=ever, full=ever)
    until = Threshold().steady(series, NOW, Asked(window=HOUR))
    later = NOW + step * MINUTE
    if later < until:
        assert judged(Threshold(), series, later) == judged(Threshold(), series)
