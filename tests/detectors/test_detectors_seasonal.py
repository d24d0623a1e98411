"""`seasonal`: what is normal for the hour, how rare a height is, gaps and zeros, going on and beginning anew."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.detectors import Asked, Seasonal
from monitor.detectors.heights import Heights, height, unwide, wide
from monitor.detectors.kept import Kept, window_of
from monitor.detectors.rise import Rises, score_of
from monitor.detectors.tail import SLOPE, levels_of, tail_of
from monitor.detectors.track import Tracks, When, even, surprise, uneven
from monitor.model import Score
from monitor.series import Bucket, Series
from monitor.times import DAY, HOUR

START = 1_735_689_600.0 - 3 * DAY  # a Sunday, 2024-12-29 00:00 UTC
ASKED = Asked(window=HOUR, rarities=(7 * DAY, 30 * DAY))
LONG = replace(ASKED, window=6 * HOUR)


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


def last(counts: np.ndarray, asked: Asked | None = None) -> Score:
    return Seasonal().score([hourly(counts)], START + len(counts) * HOUR, asked or LONG)[0]


def judged(series: Series, hour: int, kept: Kept | None = None) -> Score:
    return several([series], hour, kept)[0]


def several(batch: list[Series], hour: int, kept: Kept | None = None) -> list[Score]:
    """As at the end of an hour, from what was there then."""
    now = START + hour * HOUR
    seen = [
        replace(
            s,
            buckets=tuple(b for b in s.buckets if b.start < now),
            covered=tuple((a, min(b, now)) for a, b in s.covered if a < now),
            full=tuple((a, min(b, now)) for a, b in s.full if a < now),
        )
        for s in batch
    ]
    return Seasonal().score(seen, now, replace(LONG, kept=kept))


def test_a_height_never_seen_is_rare_and_a_usual_one_is_not() -> None:
    counts = busy(40)
    calm = last(counts)
    counts[-1] = 400
    loud = last(counts)
    assert calm.return_period is not None and calm.return_period < 3 * DAY
    assert loud.return_period > 60 * DAY
    assert loud.value == counts[-6:].sum() and counts[-30:-24].sum() / 2 < loud.expected < loud.upper < 300


def test_the_same_count_is_normal_by_day_and_rare_by_night() -> None:
    counts = busy(40, least=60)
    day, night = counts[: 39 * 24 + 15].copy(), counts[: 39 * 24 + 3].copy()
    day[-1] = night[-1] = 130
    assert last(night, ASKED).return_period > 5 * last(day, ASKED).return_period
    assert last(night, ASKED).expected < 40 < 80 < last(day, ASKED).expected


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
    series = hourly(busy(30))
    now = START + 720 * HOUR
    for rarity, bound in Seasonal().score([series], now, ASKED)[0].bounds:
        for more, rare in ((1.01, True), (0.99, False)):
            last_minute = Bucket(now - 60, 60, bound * more - series.buckets[-1].n)
            grown = Seasonal().score([replace(series, buckets=(*series.buckets, last_minute))], now, ASKED)[0]
            assert grown.value == pytest.approx(bound * more)
            assert (grown.return_period >= rarity) == rare


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 80), st.integers(0, 80), st.sampled_from([0.1, 4.0, 60.0]), st.integers(0, 3599))
def test_a_higher_value_is_never_less_rare_and_bounds_say_the_same(a: int, b: int, least: float, into: int) -> None:
    """Within a step and at its end, with the same state; beyond what can be claimed too."""
    counts = busy(30, least=least)
    asked = replace(LONG, rarities=tuple(r * DAY for r in (1, 7, 30, 365, 3650)))
    now, series = START + 30 * DAY + into, hourly(counts)
    covered = ((START, now),)
    low, high = (
        Seasonal().score(
            [replace(series, buckets=(*series.buckets, Bucket(START + 30 * DAY, 60, n, n, n)), covered=covered)],
            now,
            asked,
        )[0]
        for n in sorted((a, b))
    )
    assert low.value <= high.value
    assert reached(low) <= reached(high) and low.return_period <= high.return_period and low.p_value >= high.p_value
    for score in (low, high):
        assert [bound for _, bound in score.bounds] == sorted(bound for _, bound in score.bounds)
        for rarity, bound in score.bounds:
            if bound != pytest.approx(score.value, rel=1e-9):
                assert (score.value > bound) == (reached(score) > rarity)


def reached(score: Score) -> float:
    """The return period, beyond what is claimed too."""
    return score.beyond or score.return_period


def test_the_bound_of_what_is_normal_stays_where_it_was_in_a_surge_that_goes_on() -> None:
    counts = busy(40)
    before = last(counts[:950])
    counts[950:] = 40.0 * counts[950:] + 200
    for minutes in (20, 90, 310, 590):  # within a step the window that slides is not the one of whole steps
        now = START + 950 * HOUR + 60 * minutes
        surge = replace(hourly(counts[:961]), covered=((START, now),), full=((START, now),))
        score = Seasonal().score([surge], now, LONG)[0]
        assert score.value > score.upper >= score.expected
        assert before.upper / 2 < score.bounds[0][1] < 2 * before.upper


def test_what_was_rare_stays_so_while_the_next_step_only_begins() -> None:
    counts = busy(40)
    counts[950] = 120
    series = hourly(counts[:951])
    later = replace(series, covered=((START, START + 960 * HOUR),))
    at = [Seasonal().score([later], START + 951 * HOUR + s, LONG)[0].return_period for s in (0, 60, 1800)]
    assert min(at) > 20 * DAY


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
    assert last(counts, ASKED).value is None


def test_zeros_and_silence_are_borne() -> None:
    counts = np.zeros(40 * 24)
    assert last(counts).return_period < 2 * DAY
    counts[-1] = 30
    assert last(counts).return_period > 20 * DAY


def test_a_lasting_shift_is_forgiven() -> None:
    counts = np.concatenate([busy(30), 3 * busy(20, seed=2)])
    assert last(counts[: 30 * 24 + 15]).return_period > last(counts[: 48 * 24 + 15]).return_period
    assert last(counts).expected > 150


def test_going_on_equals_beginning_anew() -> None:
    counts = busy(40)
    counts[700:720] = np.nan
    series = hourly(counts)
    kept = Seasonal().keep(LONG)
    going = [judged(series, hour, kept) for hour in range(700, 960, 17)]
    assert going == [judged(series, hour) for hour in range(700, 960, 17)]


def test_what_was_written_down_goes_on_as_if_nothing_had_happened() -> None:
    series, kept = hourly(busy(40)), Seasonal().keep(LONG)
    judged(series, 700, kept)
    saved = kept.save(START + 700 * HOUR)
    again = Seasonal().keep(LONG)
    again.load(saved)
    assert again.back(START + 700 * HOUR) <= 12 * HOUR
    assert [judged(series, h, again) for h in (700, 705, 960)] == [judged(series, h, kept) for h in (700, 705, 960)]


def test_what_another_method_wrote_down_is_made_anew() -> None:
    series, kept, again = hourly(busy(40)), Seasonal().keep(LONG), Seasonal().keep(LONG)
    judged(series, 700, kept)
    saved = kept.save(START + 700 * HOUR)
    again.load(replace(saved, method=saved.method - 1))
    assert again.back(START + 700 * HOUR) is None
    assert judged(series, 960, again) == judged(series, 960)


def test_what_comes_late_is_learned_as_if_it_had_been_in_time() -> None:
    late, kept = busy(40), Seasonal().keep(LONG)
    late[800] = 500
    without = late.copy()
    without[800] = 3
    for hour, late_by in ((803, 2), (830, 29), (910, 109)):
        judged(hourly(without), hour, kept)
        kept.changed(START + (hour - late_by) * HOUR)
        assert kept.back(START + hour * HOUR) is None or late_by < 100
        assert judged(hourly(late), hour, kept) == judged(hourly(late), hour)
        kept.changed(START + 800 * HOUR)


def test_that_nothing_was_vouched_for_after_all_is_learned_too() -> None:
    counts, kept = busy(40), Seasonal().keep(LONG)
    counts[795:800] = 0
    judged(hourly(counts), 800, kept)
    counts[795:800] = np.nan
    assert judged(hourly(counts), 803, kept) == judged(hourly(counts), 803)


def test_a_new_series_was_silent_before() -> None:
    counts, kept = busy(40), Seasonal().keep(LONG)
    covered = ((START, START + 960 * HOUR),)
    old = Series(key=(("p", "old"),), measure="count", buckets=hourly(counts).buckets, covered=covered, full=covered)
    new = Series(key=(("p", "new"),), measure="count", covered=covered, full=covered)
    several([old], 700, kept)
    new = replace(new, buckets=(Bucket(START + 749 * HOUR, HOUR, 50, 50, 50),))
    assert several([old, new], 750, kept) == several([old, new], 750)
    assert several([old, new], 750, kept)[1].return_period > 20 * DAY


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


@settings(max_examples=12, deadline=None)
@given(st.lists(st.one_of(st.floats(-1e12, 1e12), st.just(math.nan)), min_size=30, max_size=120))
def test_it_is_finite_for_all_inputs(values: list[float]) -> None:
    counts = np.concatenate([busy(3), np.array(values)])
    score = last(counts)
    told = (score.value, score.expected, score.upper, score.return_period, score.p_value)
    assert all(n is None or math.isfinite(n) for n in told)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_rarity_rises_with_the_value(values: list[float]) -> None:
    track, counts = Tracks.fresh(1, HOUR), busy(20)
    for i, n in enumerate(counts.tolist()):
        track.take(np.array([n]), np.array([n]), When(i % 24 + 0.5, i // 24 % 7, i // 24))
    rising = np.array(sorted(values))
    many = track.only([0] * len(rising))
    period = many.tail().return_period(many.look(rising, rising, When(12.5, 3, 20)).z)
    assert (np.diff(period) >= 0).all()


@settings(max_examples=8, deadline=None)
@given(st.integers(300, 900), st.integers(1, 40), st.integers(0, 200))
def test_a_gap_never_raises_what_is_told(start: int, length: int, value: int) -> None:
    """A stretch of usual values that is missing makes the last value no rarer than by chance of the level."""
    counts = busy(40)
    counts[-1] = value
    holed = counts.copy()
    holed[start : min(start + length, len(counts) - 1)] = np.nan
    assert tier(judged(hourly(holed), 960)) <= tier(judged(hourly(counts), 960))


def tier(score: Score) -> int:
    """How many of the rarities 1w, 1mo are reached."""
    return sum(score.return_period >= r for r, _ in score.bounds)


@given(st.floats(-1e9, 1e9))
def test_both_scales_can_be_taken_back(x: float) -> None:
    values = np.array([x])
    assert uneven(even(values))[0] == pytest.approx(max(x, 0.0), rel=1e-6, abs=1e-6)
    assert unwide(wide(values))[0] == pytest.approx(max(x, 0.0), rel=1e-6, abs=1e-6)


def test_a_tail_tells_how_often_rises_came() -> None:
    rises = np.random.default_rng(5).exponential(0.5, 2000)
    tail = tail_of(np.array([8000.0]), levels_of(rises[:, None, None]).sum(axis=0).astype(float))
    once_in_400 = np.array([0.5 * math.log(100)])
    assert tail.return_period(once_in_400)[0] == pytest.approx(400, rel=0.2)
    assert tail.z_at(tail.return_period(once_in_400))[0] == pytest.approx(once_in_400[0])
    assert tail.return_period(np.array([1e-9]))[0] == pytest.approx(4, rel=0.01)
    assert tail.return_period(np.array([0.0]))[0] == pytest.approx(1.781)


def test_heights_that_came_again_and_again_are_not_rare_however_far_off() -> None:
    far = levels_of(np.array([300.0]))[:, 0]
    tail = tail_of(np.array([1000.0]), np.repeat(12.0 * far[:, None], 1, axis=1))
    assert tail.return_period(np.array([299.0]))[0] < 1000 / 12 * 10
    never = tail_of(np.array([1000.0]), 12.0 * levels_of(np.array([1.0])))
    assert never.return_period(np.array([299.0]))[0] > 1e9


def test_the_law_is_less_steep_where_the_highest_rises_went_further_than_it_allows() -> None:
    """What is nothing for weeks and then very much: how much more the next brings is not known from a few."""
    far, usual = levels_of(np.array([60.0])), levels_of(np.array([3.5]))
    days, beyond = np.array([200.0]), np.array([100.0])
    one, four, ten = (tail_of(days, n * far).return_period(beyond)[0] for n in (1.0, 4.0, 10.0))
    assert one > four > ten and four < 20 * 200 / 4
    gumbel = tail_of(days, 1.0 * usual)
    assert gumbel.slopes[-1][0] == pytest.approx(SLOPE, rel=0.05) and gumbel.return_period(beyond)[0] > 1e6


def test_a_small_spread_is_known_before_heights_are_counted_for_long() -> None:
    """Else the rises of the first weeks look low, and the same in later ones as never seen."""
    heights = Heights(HOUR, np.zeros((height(1), 1)), 1)
    heights.begin()
    draws = np.random.default_rng(1).normal(10.0, 0.02, (45, 24))
    spreads = []
    for day in draws:
        for value in day:
            view = np.array([[value]])
            heights.learn(heights.z(view), view)
        heights.turn(0.0)
        spreads.append(float(heights.spread()[0, 0]))
    true = float(draws.max(axis=1).std())
    assert spreads[10] > 5 * true and spreads[40] < 2.5 * true and spreads[44] < 2 * true


def test_a_surprise_is_what_gumbel_says_of_daily_highests() -> None:
    highest = np.random.default_rng(3).gumbel(size=200_000)
    z = (highest - highest.mean()) / highest.std()
    for z_of, days in ((1.0, 1 / (z > 1.0).mean()), (3.0, 1 / (z > 3.0).mean())):
        assert surprise(np.array([z_of]))[0] == pytest.approx(days, rel=0.2)


def test_a_window_needs_half_of_its_parts_and_the_newest() -> None:
    nan = math.nan
    blocks = np.array([[1, 1, 1, 1.0], [nan, nan, 1, 1], [nan, nan, nan, 1], [1, 1, 1, nan]])
    assert np.array_equal(window_of(blocks), [4, 4, nan, nan], equal_nan=True)


def test_a_rise_counts_where_it_begins_and_where_it_enters_a_higher_level() -> None:
    following = Rises(300.0)
    periods = [0, 2 * DAY, 3 * DAY, 2 * DAY, 9 * DAY, 0, 0, 3 * DAY]
    peaks = [following.peak(i * 300.0, p) for i, p in enumerate(periods)]
    assert peaks == [0, 1.25 * DAY, 0, 0, 5 * DAY, 0, 0, 0]
    assert following.peak(3 * DAY, 2 * DAY) == 1.25 * DAY


def test_a_score_runs_from_an_hour_to_a_thousand_years() -> None:
    assert score_of(0) == 0 and score_of(HOUR) == 0 and score_of(1e30) == 1
    assert score_of(DAY) < score_of(2 * DAY)
