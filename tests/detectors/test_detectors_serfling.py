"""`serfling`: finds what made the counts, knows weekends and closed days, learns for a year, and is wrong as seldom as
it says."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.detectors import Asked, Serfling
from monitor.detectors.loglinear import fit, rhythm
from monitor.series import Bucket, Series
from monitor.times import DAY

WEEK = 7 * DAY


def series(counts: np.ndarray, step: float) -> Series:
    buckets = tuple(Bucket(i * step, step, 1, 0, float(c)) for i, c in enumerate(counts) if np.isfinite(c))
    covered = tuple((b.start, b.start + step) for b in buckets)
    return Series(key=(), measure="sum", buckets=buckets, covered=covered, full=covered)


def weekly(n: int, seed: int, phi: float = 1.0, mean: float = 20.0) -> np.ndarray:
    rng, t = np.random.default_rng(seed), np.arange(n)
    mu = mean * np.exp(0.5 * np.sin(2 * np.pi * t / 52) + 0.0005 * t)
    return (rng.poisson(mu) if phi == 1 else rng.negative_binomial(mu / (phi - 1), 1 / phi)).astype(float)


def daily(days: int, seed: int) -> np.ndarray:
    """Two hundred a working day, nothing on weekends, closed on eight days a year, half as much again after those."""
    rng, t = np.random.default_rng(seed), np.arange(days)
    mu = 200.0 * np.exp(0.3 * np.cos(2 * np.pi * t / 364)) * (t % 7 < 5)
    closed = (t % 364 % 45 == 9) & (t % 7 < 5)
    mu[closed] = 0
    for i in np.flatnonzero(closed):
        later = i + 1 + np.flatnonzero(mu[i + 1 : i + 4] > 0)[:1]
        mu[later] *= 1.5
    return rng.poisson(mu).astype(float)


def test_a_regression_finds_what_made_the_counts() -> None:
    columns = rhythm(2000, 52.0, 1, False, True)
    t = np.arange(-2000, 0)
    mean = np.exp(3 + 0.01 * t / 52 / 2 + 0.4 * np.cos(2 * np.pi * t / 52) - 0.2 * np.sin(2 * np.pi * t / 52))
    y = np.random.default_rng(1).poisson(mean)[None, :].astype(float)
    found = fit(columns, y, np.ones(y.shape))
    np.testing.assert_allclose(found.beta[0], [3, 0.01, 0.4, -0.2], atol=0.02)
    assert found.dispersion(y, np.ones(y.shape))[0] == pytest.approx(1.0, abs=0.1)


def test_a_week_beyond_its_season_alarms_and_a_usual_one_does_not() -> None:
    calm = weekly(260, 1)
    loud = calm.copy()
    loud[-1] = round(loud[-1] * 2.5)
    asked = Asked(window=WEEK, measure="sum")
    usual, high = Serfling().score([series(calm, WEEK), series(loud, WEEK)], 260 * WEEK, asked)
    assert usual.level is not None and high.level is not None and usual.level < 1 < high.level
    assert high.value == loud[-1]  # to the last digit: a tail takes a hair more for one case more
    assert high.p_value is not None and high.p_value < 0.005 and high.expected == usual.expected


def test_false_alarms_come_as_often_as_alpha_says() -> None:
    counts = np.array([weekly(320, seed, phi=2.0) for seed in range(60)])
    detector, alarms = Serfling(), []
    for t in range(290, 320, 2):
        judged = detector.judge(counts[:, : t + 1], 52, weekdays=False)
        alarms.append(counts[:, t] > judged.upper)
    assert 0.003 < np.mean(alarms) < 0.02


def test_closed_days_are_left_out_and_the_day_after_may_bring_more() -> None:
    counts = daily(900, 3)
    after = next(i for i in range(880, 600, -1) if counts[i] > 0 and counts[i - 1] == 0 and i % 7 not in (0, 5, 6))
    asked, now = Asked(window=DAY, measure="sum"), (after + 1) * DAY
    knows, naive = (
        Serfling(catch_up=c).score([series(counts[: after + 1], DAY)], now, asked)[0] for c in (True, False)
    )
    assert knows.level is not None and naive.level is not None and knows.level < 1 < naive.level
    weekend = next(i for i in range(890, 700, -1) if i % 7 == 5)
    score = Serfling().score([series(counts[: weekend + 1], DAY)], (weekend + 1) * DAY, asked)[0]
    assert score.value == 0 and score.level is not None and score.level <= 0


def test_it_learns_for_a_year() -> None:
    score = Serfling().score([series(weekly(40, 1), WEEK)], 40 * WEEK, Asked(window=WEEK, measure="sum"))[0]
    assert score.level is None and score.learning is not None and score.learning[0] < score.learning[1]


def test_gaps_and_past_outbreaks_change_little() -> None:
    counts = weekly(260, 5)
    spoilt = counts.copy()
    spoilt[[50, 51, 120, 200]] = np.nan
    spoilt[[80, 81, 82, 140, 141]] *= 4
    asked = Asked(window=WEEK, measure="sum")
    whole, part = Serfling().score([series(counts, WEEK), series(spoilt, WEEK)], 260 * WEEK, asked)
    assert whole.expected is not None and part.expected == pytest.approx(whole.expected, rel=0.1)
