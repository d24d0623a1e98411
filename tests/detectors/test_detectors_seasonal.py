"""`seasonal`: what is normal for the hour, how rare a height is, gaps and zeros, going on and beginning anew."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detectors import Asked, Seasonal, seasonal
from monitor.detectors.rise import Rises, score_of
from monitor.detectors.tail import rises, tail_of
from monitor.detectors.track import Track, count, even
from monitor.model import Score
from monitor.series import Bucket, Series
from monitor.times import DAY, HOUR

START = 1_735_689_600.0 - 3 * DAY  # a Sunday, 2024-12-29 00:00 UTC
ASKED = Asked(window=HOUR, rarities=(7 * DAY, 30 * DAY))


def busy(days: int, seed: int = 1, least: float = 20.0) -> np.ndarray:
    """Counts an hour with a rhythm of the day, over-dispersed."""
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    mean = least * (1 + 0.8 * np.sin(2 * np.pi * (hours % 24 - 9) / 24))
    return rng.negative_binomial(mean / 1.0, 0.5).astype(float)


def hourly(counts: np.ndarray) -> Series:
    """A series of hours; NaN is a gap."""
    buckets, covered = [], []
    for i, n in enumerate(counts.tolist()):
        if math.isfinite(n):
            buckets.append(Bucket(START + i * HOUR, HOUR, n, n, n))
            covered.append((START + i * HOUR, START + (i + 1) * HOUR))
    return Series(key=(), measure="count", buckets=tuple(buckets), covered=tuple(covered), full=tuple(covered))


def last(counts: np.ndarray, **options: object) -> Score:
    return Seasonal(**options).score([hourly(counts)], START + len(counts) * HOUR, ASKED)[0]  # type: ignore[arg-type]


def test_a_height_never_seen_is_rare_and_a_usual_one_is_not() -> None:
    counts = busy(40)
    calm = last(counts)
    counts[-1] = 400
    loud = last(counts)
    assert calm.return_period is not None and calm.return_period < 3 * DAY
    assert loud.return_period > 60 * DAY
    assert loud.value == 400 and 8 < loud.expected < 25 < loud.upper < 60


def test_the_same_count_is_normal_by_day_and_rare_by_night() -> None:
    counts = busy(40, least=60)
    day, night = counts[: 39 * 24 + 15].copy(), counts[: 39 * 24 + 3].copy()
    day[-1] = night[-1] = 130
    assert last(night).return_period > 5 * last(day).return_period
    assert last(night).expected < 40 < 80 < last(day).expected


def test_no_more_is_claimed_than_five_times_the_history_seen() -> None:
    counts = busy(20)
    counts[-1] = 1e6
    assert last(counts).return_period <= 5 * 20 * DAY


def test_rarity_counts_alarms_of_all_series_of_the_rule() -> None:
    counts = busy(40)
    counts[-1] = 33
    alone = Seasonal().score([hourly(counts)], START + 960 * HOUR, ASKED)[0]
    among = Seasonal().score([hourly(counts)] * 8, START + 960 * HOUR, ASKED)[0]
    some = Seasonal().score([hourly(counts)], START + 960 * HOUR, Asked(window=HOUR, series=8))[0]
    assert among.return_period == pytest.approx(alone.return_period / 8, rel=0.3)
    assert some.return_period == among.return_period


def test_a_bound_is_where_its_rarity_begins() -> None:
    counts = busy(60)
    for rarity, bound in last(counts).bounds:
        counts[-1] = math.ceil(bound) + 1
        assert last(counts).return_period >= rarity * 0.99
        counts[-1] = math.floor(bound) - 1
        assert last(counts).return_period <= rarity * 1.01


def test_it_learns_for_two_days() -> None:
    first, second = last(busy(1)), last(busy(3))
    assert first.learning is not None and first.return_period is None and first.level == first.value
    assert second.learning is None and second.return_period is not None


def test_a_gap_is_no_zero_and_the_end_of_it_no_surge() -> None:
    counts = busy(40)
    counts[30 * 24 : 31 * 24 + 9] = np.nan
    holed = last(counts[: 31 * 24 + 10])
    assert holed.return_period < 5 * DAY
    counts[-1] = np.nan
    assert last(counts).value is None


def test_zeros_and_silence_are_borne() -> None:
    counts = np.zeros(40 * 24)
    assert last(counts).return_period == 0
    counts[-1] = 30
    assert last(counts).return_period > 20 * DAY


def test_a_lasting_shift_is_forgiven() -> None:
    counts = np.concatenate([busy(30), 3 * busy(20, seed=2)])
    assert last(counts[: 30 * 24 + 15]).return_period > last(counts[: 48 * 24 + 15]).return_period
    assert last(counts).expected > 25


def test_going_on_equals_beginning_anew() -> None:
    counts = busy(40)
    counts[700:720] = np.nan
    series = hourly(counts)
    seasonal._kept.clear()
    fresh = []
    for hour in range(700, 960, 7):
        seasonal._kept.clear()
        fresh.append(Seasonal().score([series], START + hour * HOUR, ASKED)[0])
    seasonal._kept.clear()
    going = [Seasonal().score([series], START + hour * HOUR, ASKED)[0] for hour in range(700, 960, 7)]
    assert going == fresh


def test_a_correction_of_the_past_is_seen() -> None:
    counts = busy(40)
    before = last(counts)
    counts[500:520] = 900
    assert last(counts) != before


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 50))
def test_it_never_reads_the_future(after: int) -> None:
    counts = busy(12)
    changed = counts.copy()
    changed[240 + 1 :] = after
    now = START + 240 * HOUR
    assert Seasonal().score([hourly(counts)], now, ASKED) == Seasonal().score([hourly(changed)], now, ASKED)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.floats(-1e12, 1e12), st.just(math.nan)), min_size=30, max_size=120))
def test_it_is_finite_for_all_inputs(values: list[float]) -> None:
    counts = np.concatenate([busy(3), np.array(values)])
    score = last(counts)
    told = (score.value, score.expected, score.upper, score.return_period, score.p_value)
    assert all(n is None or math.isfinite(n) for n in told)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_rarity_rises_with_the_value(a: float, b: float) -> None:
    track = Track(HOUR)
    for i, n in enumerate(busy(20).tolist()):
        track.take(n, i % 24, i // 24 % 7)
    tail = track.tail()
    assert tail is not None
    low, high = (tail.return_period(track.look(n, 12.0, 3).height) for n in sorted((a, b)))
    assert low <= high


@given(st.floats(0, 1e9))
def test_the_even_scale_can_be_taken_back(x: float) -> None:
    assert count(even(x)) == pytest.approx(x, rel=1e-9, abs=1e-9)


def test_a_tail_tells_how_often_peaks_came() -> None:
    rng = np.random.default_rng(5)
    heights = rng.exponential(1.0, 50_000).tolist()
    tail = tail_of(heights, HOUR, 1, 0.01)
    assert tail is not None
    ninetynine = 9.2  # of an exponential, exceeded once in 10,000
    assert tail.return_period(ninetynine) == pytest.approx(math.exp(9.2) * HOUR, rel=0.5)
    assert tail.height(tail.return_period(ninetynine)) == pytest.approx(ninetynine)
    assert tail.return_period(0.1) == 0 and 0.89 < tail.share_above(0.1) < 0.92


def test_exceedances_close_together_are_one_rise() -> None:
    assert rises([0, 5, 7, 0, 6, 0, 0, 0, 9], 4, 2) == [7, 9]


def test_a_rise_has_one_peak_until_it_goes_far_beyond() -> None:
    following = Rises(300.0)
    periods = [0, 2 * DAY, 3 * DAY, 2 * DAY, 9 * DAY, 0, 0, 3 * DAY]
    peaks = [following.peak(i * 300.0, p) for i, p in enumerate(periods)]
    assert peaks == [0, 2 * DAY, 0, 0, 9 * DAY, 0, 0, 0]
    assert following.peak(3 * DAY, 2 * DAY) == 2 * DAY


def test_a_score_runs_from_an_hour_to_a_thousand_years() -> None:
    assert score_of(0) == 0 and score_of(HOUR) == 0 and score_of(1e30) == 1
    assert score_of(DAY) < score_of(2 * DAY)
