"""`farrington` against R's farringtonFlexible, and what a rule sees of it."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.detectors import Asked, Farrington
from monitor.detectors.glm import Design, fit
from monitor.series import Bucket, Series

WEEK = 7 * 86400.0
NAMES = ["abattoir", "ha", "k1", "m1", "m2", "n1", "s1", "measlesDE", "salmonella.agona", "stsNewport"]
METHODS = ["FFnb", "FFdelta10", "FFmuan", "FForig", "FFdefault"]
DELTA = ["FFdelta10", "FForig", "FFdefault"]
"""Methods whose score R tells right; of the others it mixes the log scale with counts."""
EVERY = 7
"""Of the long dated series each seventh week is judged: one by one, as its references go by the calendar."""


def made(control: dict[str, Any]) -> Farrington:
    return Farrington(
        b=control["b"],
        w=control["w"],
        no_periods=control["noPeriods"],
        reweight=control["reweight"],
        weights_threshold=control["weightsThreshold"],
        alpha=control["alpha"],
        trend=control["trend"],
        p_threshold_trend=control["pThresholdTrend"],
        limit54=tuple(control["limit54"]),
        powertrans=control["powertrans"],
        past_weeks_not_included=control["pastWeeksNotIncluded"],
        threshold_method=control["thresholdMethod"],
    )


def judged(
    detector: Farrington, x: np.ndarray, told: dict[str, Any], rows: list[dict[str, str]], every: int = EVERY
) -> dict[int, Any]:
    """Week (from 0) -> expected, upper, p-value, alarm; weeks whose references lie alike in one batch."""
    first, last = told["range"][0] - 1, told["range"][1] - 1
    if told["epochAsDate"]:
        found = {}
        for t in range(first, last + 1, every):
            references = detector.references(t, detector.b, told["freq"], date.fromisoformat(rows[t]["date"]))
            found[t] = detector.judge(x[None, : t + 1], references), 0
    else:
        windows = np.lib.stride_tricks.sliding_window_view(x[: last + 1], first + 1)
        all_weeks = detector.judge(windows, detector.references(first, detector.b, told["freq"]))
        found = {first + i: (all_weeks, i) for i in range(len(windows))}
    return {
        t: (j.expected[i], j.upper[i] if j.enough[i] else np.nan, j.p_value[i], j.phi[i], j.trend[i])
        for t, (j, i) in found.items()
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", METHODS)
def test_bounds_alarms_and_p_values_are_those_of_r(shared: Path, name: str, method: str) -> None:
    hold_against_r(shared, name, method, EVERY)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_every_single_week_of_the_dated_series_is_that_of_r(shared: Path, method: str) -> None:
    hold_against_r(shared, "stsNewport", method, 1)


def hold_against_r(shared: Path, name: str, method: str, every: int) -> None:
    """All judged weeks: bound, mean, p-value, dispersion, trend, alarm, and of the delta method the score."""
    folder = shared / "oracles/surveillance"
    rows = list(csv.DictReader((folder / f"{name}.csv").open(encoding="utf-8")))
    told = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    x = np.array([float(row["observed"]) for row in rows])
    exact = method in ("FFnb", "FFmuan")
    compared = 0
    for t, (expected, upper, p_value, phi, trend) in judged(
        made(told["methods"][method]), x, told, rows, every
    ).items():
        theirs = {f: float(rows[t][f"{method}_{f}"] or "nan") for f in ("expected", "upper", "pvalue", "phi", "trend")}
        if theirs["upper"] > 1e6:
            assert np.isnan(upper)  # R answers with 10^13 where the regression came to nothing
            continue
        assert np.isnan(upper) == np.isnan(theirs["upper"]), t
        assert phi == pytest.approx(theirs["phi"], rel=2e-3)
        assert bool(trend) == bool(theirs["trend"])
        assert p_value == pytest.approx(theirs["pvalue"], rel=1e-3, abs=1e-12, nan_ok=True)
        if not np.isnan(upper):
            assert upper == pytest.approx(theirs["upper"], abs=0 if exact else 1e-3, rel=0 if exact else 1.5e-4)
            assert expected == pytest.approx(theirs["expected"], rel=1e-3, abs=1e-3)
            assert (x[t] > upper and x[t] > 0) == (rows[t][f"{method}_alarm"] in ("1", "TRUE"))
            if method in DELTA and rows[t][f"{method}_score"] and x[t] > 0:
                score = float(rows[t][f"{method}_score"])
                assert (x[t] - expected) / (upper - expected) == pytest.approx(score, rel=2e-3, abs=2e-3)
            compared += 1
    assert compared > 5 or name in ("m1", "m2")


def weekly(counts: np.ndarray, start: int = 0) -> Series:
    buckets = tuple(Bucket((start + i) * WEEK, WEEK, 1, 0, float(c)) for i, c in enumerate(counts) if np.isfinite(c))
    covered = tuple((b.start, b.start + WEEK) for b in buckets)
    return Series(key=(), measure="sum", buckets=buckets, covered=covered, full=covered)


def seasonal(n: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(20 + 10 * np.sin(2 * np.pi * np.arange(n) / 52)).astype(float)


ASKED = Asked(window=WEEK, measure="sum")


def test_a_rule_judges_the_newest_week_by_its_season() -> None:
    calm = seasonal(300)
    loud = calm.copy()
    loud[-1] = 70
    scores = Farrington(b=4).score([weekly(calm), weekly(loud)], 300 * WEEK, ASKED)
    assert scores[0].level is not None and scores[0].level < 1
    assert scores[1].level is not None and scores[1].level > 1
    assert scores[1].p_value is not None and scores[1].p_value < 1e-6
    assert scores[1].expected == pytest.approx(scores[0].expected)


def test_gaps_are_left_out_and_change_little() -> None:
    counts = seasonal(300)
    holed = counts.copy()
    holed[[60, 61, 100, 150, 151, 152]] = np.nan
    whole, part = Farrington(b=4).score([weekly(counts), weekly(holed)], 300 * WEEK, ASKED)
    assert part.expected == pytest.approx(whole.expected, rel=0.2)
    assert part.value == whole.value


def test_it_learns_for_two_years_and_then_uses_what_there_is() -> None:
    counts = seasonal(300)
    young, grown = weekly(counts[-80:], 220), weekly(counts[-120:], 180)
    first, second = Farrington(b=4).score([young, grown], 300 * WEEK, ASKED)
    assert first.level is None and first.learning is not None and first.learning[0] < first.learning[1]
    assert second.level is not None


def test_few_cases_raise_nothing() -> None:
    counts = np.zeros(300)
    counts[-1] = 4
    assert Farrington(b=4).score([weekly(counts)], 300 * WEEK, ASKED)[0].level in (0.0, None)


def test_no_data_in_the_newest_week_is_no_data() -> None:
    counts = seasonal(300)
    counts[-1] = np.nan
    assert Farrington(b=4).score([weekly(counts)], 300 * WEEK, ASKED)[0].value is None


def test_counts_per_population() -> None:
    counts, people = seasonal(300), np.where(np.arange(300) < 290, 1000.0, 3000.0)
    counts[-10:] *= 3
    series = weekly(counts)
    with_people = Series(
        key=(), measure="sum", buckets=series.buckets, covered=series.covered, full=series.full,
        denominator=weekly(people),
    )  # fmt: skip
    plain = Farrington(b=4).score([series], 300 * WEEK, ASKED)[0]
    offset = Farrington(b=4, population_offset=True).score([with_people], 300 * WEEK, ASKED)[0]
    assert plain.level is not None and plain.level > 1
    assert offset.level is not None and offset.level < 1


def test_a_regression_finds_what_made_the_counts() -> None:
    rng = np.random.default_rng(3)
    ages = np.tile(np.linspace(-1, 0, 2000), 2)
    y = rng.poisson(np.exp(np.repeat([2.0, 3.0], 2000) + 0.7 * ages)).astype(float)[None, :]
    design = Design(np.array([0, 2000]), np.array([2000, 2000]), ages, True)
    found = fit(design, y, np.ones(y.shape), np.zeros(y.shape))
    np.testing.assert_allclose([*found.season[0], found.slope[0]], [2.0, 3.0, 0.7], atol=0.05)
    assert found.converged.all() and found.pearson(y, np.ones(y.shape))[0] == pytest.approx(1, abs=0.1)
