"""cusum, target, new_term, share, spread: what each is there for."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest

from monitor.detectors import Asked, Cusum, Detector, NewTerm, Share, Spread, Target
from monitor.model import Score
from monitor.series import Bucket, Series
from monitor.times import DAY, HOUR, Duration

NOW = 1_750_032_000.0 - 1_750_032_000.0 % DAY


def stepped(values: list[float | None], step: float = DAY, **more: Any) -> Series:
    """A bucket a step up to NOW, None a gap."""
    first = NOW - len(values) * step
    rows = [(first + i * step, v) for i, v in enumerate(values) if v is not None]
    buckets = tuple(Bucket(start, step, v, v, v, v, v, v, start) for start, v in rows)
    covered = tuple((start, start + step) for start, _ in rows)
    return Series(**{"key": (), "measure": "count", "buckets": buckets, "covered": covered, "full": covered, **more})


def judged(detector: Detector, series: Series, **asked: Any) -> Score:
    return detector.score([series], NOW, Asked(**{"window": DAY, **asked}))[0]


def poisson(mean: float, n: int, seed: int) -> list[float | None]:
    return [float(v) for v in np.random.default_rng(seed).poisson(mean, n)]


def level(score: Score) -> float:
    assert score.level is not None
    return score.level


def test_a_slow_burn_adds_up_though_no_day_stands_out() -> None:
    calm = poisson(16, 120, 4)
    burning = [*calm[:-14], *(float(c or 0) + 5 for c in calm[-14:])]
    assert max(c or 0 for c in burning[-14:]) <= max(c or 0 for c in calm) + 4
    levels = [level(judged(Cusum(reset=False), stepped(burning[: 107 + i]))) for i in range(14)]
    assert levels[0] < 1 < max(levels)
    assert level(judged(Cusum(), stepped(calm))) < 1


def test_after_an_alarm_the_sum_begins_anew_or_stands_as_asked() -> None:
    walk = [stepped([10.0] * 60 + [16.0] * n) for n in range(1, 12)]
    again = [level(judged(Cusum(), series)) for series in walk]
    first = next(i for i, a in enumerate(again) if a > 1)
    assert first > 0 and again[:first] == sorted(again[:first]) and again[first + 1] < 1
    standing = [level(judged(Cusum(reset=False), series)) for series in walk]
    assert standing == sorted(standing) and standing[-1] == pytest.approx(2.0)


def test_false_alarms_are_as_seldom_as_once_in_says() -> None:
    counts = np.random.default_rng(5).negative_binomial(6.0, 0.5, (40, 500)).astype(float)
    detector = Cusum(baseline=200, over=200, lag=0, once_in=100)
    usual = detector.usual(counts, counts=True)
    sums = detector.sums(counts, usual, counts=True)[:, 200:]
    alarms = int((sums > log(100)).sum())
    assert 0 < alarms <= sums.size / 100 * 1.3


def test_cusum_learns_until_half_its_baseline_is_there() -> None:
    score = judged(Cusum(), stepped([5.0] * 10))
    assert score.level is None and score.learning is not None and score.learning[0] < score.learning[1]


def test_a_target_is_missed_by_a_part_of_the_goal_and_for_so_long() -> None:
    handling = [170.0] * 20 + [198.0] * 10
    buckets = tuple(Bucket(NOW - (30 - i) * HOUR, HOUR, 20, 0, 20 * v, v, v, v, NOW) for i, v in enumerate(handling))
    ever = ((NOW - 30 * HOUR, NOW),)
    series = Series(key=(), measure="avg", buckets=buckets, covered=ever, full=ever)
    score = judged(Target(at_most=180), series, window=4 * HOUR)
    assert (score.value, score.expected, score.level) == (198, 180, pytest.approx(0.1))
    assert score.lasting == pytest.approx(8 * HOUR, abs=HOUR) and score.enough
    assert not judged(Target(at_most=180, dwell=Duration(DAY)), series, window=4 * HOUR).enough
    assert level(judged(Target(at_least=150), series, window=4 * HOUR)) < 0


def test_a_ratio_misses_its_goal_only_with_chance_allowed_for() -> None:
    def csat(good: float, asked: float) -> Score:
        ever = ((NOW - 10 * DAY, NOW),)
        sides = [
            Series(
                key=(), measure="sum", buckets=(Bucket(NOW - DAY, DAY, 1, 0, n, last_at=NOW),), covered=ever, full=ever
            )
            for n in (good, asked)
        ]
        series = Series(key=(), measure="sum", buckets=sides[0].buckets, covered=ever, full=ever, denominator=sides[1])
        return judged(Target(at_least=0.9, least=20), series)

    assert level(csat(24, 30)) < 0 < level(csat(240, 300))
    assert csat(10, 15).level is None and csat(10, 15).value == pytest.approx(10 / 15)


def test_a_miss_of_an_average_must_stand_out_from_its_own_scatter() -> None:
    def calls(scatter: float) -> Score:
        values = [190 + scatter * (-1) ** i for i in range(24)]
        buckets = tuple(Bucket(NOW - (24 - i) * HOUR, HOUR, 1, 0, v, v, v, v, NOW) for i, v in enumerate(values))
        ever = ((NOW - 3 * DAY, NOW),)
        return judged(Target(at_most=180), Series(key=(), measure="avg", buckets=buckets, covered=ever, full=ever))

    assert level(calls(100)) < 0 < level(calls(5))


def test_what_was_never_there_is_new_for_a_while() -> None:
    quiet: list[float | None] = [0.0] * 95
    assert level(judged(NewTerm(), stepped([*quiet, 7.0]))) == 7
    assert level(judged(NewTerm(), stepped([*quiet, 7.0, 0, 9.0]))) == 9
    assert level(judged(NewTerm(), stepped([*quiet, 7.0, *[0.0] * 8, 9.0]))) == 0
    score = judged(NewTerm(), stepped([*quiet[:-1], 1.0, *[0.0] * 10, 7.0]))
    assert level(score) == 7 and score.p_value is not None and score.p_value < 1e-6


def test_before_half_the_memory_is_covered_nothing_is_called_new() -> None:
    score = judged(NewTerm(), stepped([0.0] * 30 + [7.0]))
    assert score.level is None and score.learning is not None


def test_a_share_rises_only_when_the_part_outgrows_the_whole() -> None:
    def told(part: float, whole: float, days: int = 40) -> Score:
        series = stepped([10.0] * days + [part], denominator=stepped([100.0] * days + [whole]))
        return judged(Share(), series, min_denominator=20)

    assert level(told(30, 300)) < 1
    surely = told(60, 100)
    assert level(surely) > 3 and surely.expected == pytest.approx(0.1)
    assert level(told(7, 25)) < level(told(70, 250))
    assert told(5, 10).level is None and told(60, 100, days=5).level is None


def test_spread_counts_different_ones_in_the_window() -> None:
    marks = {"region": ((NOW - 3 * HOUR, "a"), (NOW - 2 * HOUR, "b"), (NOW - HOUR, "b"))}
    marks["region"] = ((NOW - 30 * HOUR, "c"), *marks["region"])
    series = stepped([1.0, 1.0, 1.0], marks=marks)
    assert judged(Spread(over="region"), series).level == 2
    assert judged(Spread(over="region"), series, window=2 * DAY).level == 3
    assert Spread(over="family").marks == "families"
