"""What other products' rules ask, and what tells a new high: `change` against an average, `zscore`, `highest`."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from msgspec import structs

from monitor.detectors import Asked, Change, Detector, Highest, Zscore
from monitor.detectors.kept import Kept
from monitor.model import Score
from monitor.series import Bucket, Series
from monitor.times import DAY, HOUR, Duration

NOW = 1_750_032_000.0 - 1_750_032_000.0 % DAY
ASKED = Asked(window=HOUR, measure="sum")
RARE = structs.replace(ASKED, rarities=(7 * DAY,))


def hourly(values: list[float | None], last: float = NOW) -> Series:
    """A value an hour, the last hour ending at `last`; None is a gap."""
    first = last - len(values) * HOUR
    rows = [(first + i * HOUR, v) for i, v in enumerate(values) if v is not None]
    covered = tuple((start, start + HOUR) for start, _ in rows)
    buckets = tuple(Bucket(start, HOUR, 1, 0, v, v, v, v, start) for start, v in rows)
    return Series(key=(), measure="sum", buckets=buckets, covered=covered, full=covered)


def judged(detector: Detector, values: list[float | None], now: float = NOW) -> Score:
    return detector.score([hourly(values, now)], now, ASKED)[0]


def test_an_average_is_told_for_one_window() -> None:
    change = Change(against="average", over=Duration(12 * HOUR))
    score = judged(change, [*[4.0, 8.0] * 6, 30.0])
    assert (score.expected, score.level) == (6, 5)


def test_a_base_below_the_least_is_not_judged() -> None:
    values: list[float | None] = [2.0, 9.0]
    assert judged(Change(least=2), values).enough
    assert not judged(Change(least=3), values).enough


BEFORE = [float(5 + (7 * i) % 11) for i in range(24)]


def test_a_zscore_is_that_of_the_hours_before() -> None:
    score = judged(Zscore(baseline=Duration(DAY)), [*BEFORE, 40.0])
    z = (40 - statistics.fmean(BEFORE)) / statistics.pstdev(BEFORE)
    assert score.level == pytest.approx(z)
    assert score.expected == pytest.approx(statistics.fmean(BEFORE))


def test_inside_the_baseline_the_window_counts_itself() -> None:
    score = judged(Zscore(baseline=Duration(DAY), inside=True), [*BEFORE, 40.0])
    own = [*BEFORE[1:], 40.0]
    assert score.level == pytest.approx((40 - statistics.fmean(own)) / statistics.pstdev(own))


def test_a_longer_window_is_told_for_one_step() -> None:
    values = [*BEFORE * 6, *[20.0] * 24]
    zscore = Zscore(baseline=Duration(7 * DAY), step=Duration(HOUR), inside=True)
    score = zscore.score([hourly(list(values))], NOW, structs.replace(ASKED, window=DAY))[0]
    assert score.value == 480
    assert score.level == pytest.approx((20 - statistics.fmean(values)) / statistics.pstdev(values))


def test_hours_without_data_are_not_zeros_of_the_baseline() -> None:
    holed = [None if i % 3 == 0 else 6.0 + i % 2 for i in range(24)]
    known = [v for v in holed if v is not None]
    score = judged(Zscore(baseline=Duration(DAY)), [*holed, 9.0])
    assert score.expected == pytest.approx(statistics.fmean(known))
    assert judged(Zscore(baseline=Duration(DAY)), [*[None] * 14, *[6.0] * 10, 9.0]).level is None


def days(*highs: float, today: float = 0.0) -> list[float | None]:
    """Quiet days with one high hour each, then an hour of today."""
    out: list[float | None] = []
    for high in highs:
        out += [*[1.0] * 12, high, *[1.0] * 11]
    return [*out, 1.0, today]


def test_an_hour_above_all_days_before_is_a_new_high() -> None:
    highest = Highest(days=5, learn=3)
    now = NOW + 2 * HOUR
    assert judged(highest, days(30, 8, 9, 7, 6, 5, today=9.0), now).level == 1.0
    assert judged(highest, days(8, 9, 7, 6, 5, today=9.5), now).level == pytest.approx(9.5 / 9)
    assert judged(highest, days(8, 9, 30, 6, 5, today=9.5), now).level == pytest.approx(9.5 / 30)


def test_what_today_had_before_does_not_count() -> None:
    values = [*days(8, 9, 7), 25.0, 12.0]
    assert judged(Highest(days=3, learn=3), values, NOW + 4 * HOUR).level == pytest.approx(12 / 9)


def test_a_new_high_waits_until_days_were_seen() -> None:
    score = judged(Highest(days=30, learn=7), days(8, 9, 7, today=50.0), NOW + 2 * HOUR)
    assert score.level is None
    assert score.learning == (3 * DAY, 7 * DAY)


def test_over_silence_anything_is_a_new_high_and_silence_is_none() -> None:
    silent: list[float | None] = [0.0] * (8 * 24)
    assert (judged(Highest(), [*silent, 3.0], NOW + HOUR).level or 0.0) > 1000
    assert judged(Highest(), [*silent, 0.0], NOW + HOUR).level == 0.0


@pytest.mark.parametrize("asked", [ASKED, RARE], ids=["plain", "rare"])
def test_what_is_kept_says_the_same_as_all_the_hours(asked: Asked) -> None:
    highest = Highest(days=6, learn=3)
    values = [float((i * i * 7 + i) % 53) if i % 17 else None for i in range(9 * 24)]
    kept = highest.keep(asked)
    for hours in (*range(70, 216, 13), 216):
        now = NOW - (216 - hours) * HOUR
        series = hourly(values[:hours], now)
        assert kept.back(now) is None or hours > 70
        one = highest.score([series], now, structs.replace(asked, kept=kept))
        assert one == highest.score([series], now, asked)


@pytest.mark.parametrize("asked", [ASKED, RARE], ids=["plain", "rare"])
def test_what_is_kept_outlives_a_restart(asked: Asked) -> None:
    highest = Highest(days=6, learn=3)
    series = hourly([float((i * i * 7 + i) % 53) for i in range(9 * 24)])
    before, after = highest.keep(asked), highest.keep(asked)
    told = highest.score([series], NOW, structs.replace(asked, kept=before))
    saved = before.save(NOW)
    assert saved is not None
    after.load(saved)
    late = structs.replace(series, buckets=series.buckets[-8:])
    assert after.back(NOW) is not None
    assert highest.score([late], NOW, structs.replace(asked, kept=after)) == told
    assert bool(told[0].return_period) == bool(asked.rarities)
    other: Kept = Highest(days=7).keep(asked)
    other.load(saved)
    assert other.back(NOW) is None, "what was kept of other days is not taken up"


def test_a_new_high_is_as_rare_as_it_stands_over_those_before() -> None:
    """Twice the highest of the days before comes more seldom than that highest; both are told as the past has it."""
    highest, past = Highest(days=14), np.random.default_rng(2).poisson(9.0, 40 * 24).astype(float).tolist()
    told = [highest.score([hourly([*past, n])], NOW, RARE)[0] for n in (9.0, 18.0, 20.0, 200.0)]
    periods = [score.return_period or 0.0 for score in told]
    assert periods == sorted(set(periods)) and periods[0] < 2 * DAY and told[-1].beyond is not None
    bounds = [dict(score.bounds)[7 * DAY] for score in told]
    assert len(set(bounds)) == 1 and 0.5 < bounds[0] < 1.5
    for score in told:
        assert score.level is not None and (score.level >= bounds[0]) == ((score.return_period or 0.0) >= 7 * DAY)
        assert score.upper == pytest.approx(bounds[0] * (score.expected or 0.0))
