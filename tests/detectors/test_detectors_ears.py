"""`ears` against R's surveillance, its textbook C3, and gaps."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from monitor.detectors import Asked, Ears
from monitor.detectors.tails import count_quantile, count_tail, normal_quantile, poisson_tail, student_two_sided
from monitor.series import Bucket, Series

DAY = 86400.0
NAMES = ["abattoir", "ha", "k1", "m1", "m2", "n1", "s1", "measlesDE", "salmonella.agona", "stsNewport"]
WEEK = 7 * DAY


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["C1", "C2", "C1m", "C2m"])
def test_bounds_and_alarms_are_those_of_r(shared: Path, name: str, method: str) -> None:
    folder = shared / "oracles/surveillance"
    rows = list(csv.DictReader((folder / f"{name}.csv").open(encoding="utf-8")))
    control = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["methods"][method]
    x = np.array([float(row["observed"]) for row in rows])
    ears = Ears(
        method=control["method"],
        baseline=control["baseline"],
        min_sigma=control["minSigma"],
        alpha=control["alpha"],
    )
    _, upper, _ = ears.bounds(x)
    theirs = np.array([float(row[f"{method}_upper"] or "nan") for row in rows])
    known = np.isfinite(theirs)
    assert known.sum() > 20
    np.testing.assert_allclose(upper[known], theirs[known], atol=1e-6, rtol=1e-9)
    alarms = np.array([row[f"{method}_alarm"] in ("1", "TRUE") for row in rows])
    np.testing.assert_array_equal((x > upper)[known], alarms[known])


def weekly(counts: list[float | None]) -> Series:
    """Daily samples summed by week would do; here each step is one bucket of a week, None a gap."""
    spans = [(i * WEEK, c) for i, c in enumerate(counts) if c is not None]
    covered = tuple((start, start + WEEK) for start, _ in spans)
    buckets = tuple(Bucket(start, WEEK, 1, 0, c) for start, c in spans)
    return Series(key=(), measure="sum", buckets=buckets, covered=covered, full=covered)


def test_a_rule_judges_the_newest_step() -> None:
    quiet = [10.0, 12, 9, 11, 10, 8, 12]
    asked = Asked(window=WEEK, measure="sum")
    calm, loud = (Ears().score([weekly([*quiet, n])], 8 * WEEK, asked)[0] for n in (12.0, 30.0))
    assert calm.level is not None and calm.level < 1 and loud.level is not None and loud.level > 1
    assert loud.upper == pytest.approx(np.mean(quiet) + normal_quantile(0.999) * np.std(quiet, ddof=1))
    assert loud.p_value is not None and loud.p_value < 0.001


def test_a_gap_is_left_out_of_the_baseline() -> None:
    holed = [10.0, None, 9, 11, 10, None, 12, 30.0]
    score = Ears().score([weekly(holed)], 8 * WEEK, Asked(window=WEEK, measure="sum"))[0]
    assert score.expected == pytest.approx(10.4) and score.level is not None and score.level > 1


def test_too_short_a_history_is_learning() -> None:
    score = Ears().score([weekly([10.0, 12, 9])], 3 * WEEK, Asked(window=WEEK, measure="sum"))[0]
    assert score.level is None and score.learning == (2 * WEEK, 7 * WEEK)


def test_c3_adds_up_what_two_steps_before_exceeded() -> None:
    quiet = [10.0, 12, 9, 11, 10, 8, 12, 10, 11]
    rising = [*quiet, 13, 14, 14]
    one, three = Ears(method="C2", alpha=0.025), Ears(method="C3")
    x = np.array(rising)
    assert not (x > one.bounds(x)[1])[:-2].any()
    assert (x > three.bounds(x)[1])[-1]


def test_tails_are_right() -> None:
    assert normal_quantile(0.999) == pytest.approx(3.090232306167814, abs=1e-12)
    assert normal_quantile(1e-12) == pytest.approx(-7.034483825301131, abs=1e-9)
    np.testing.assert_allclose(poisson_tail([3, 0, 1], [2.5, 1, 0]), [0.4561868841166703, 1, 0], rtol=1e-12)
    np.testing.assert_allclose(count_tail(10, 4, 2.5), 0.06209808440264786, rtol=1e-10)
    np.testing.assert_allclose(
        student_two_sided([2.0, 2.228138851964939], [10, 10]), [0.07338803477074039, 0.05], rtol=1e-8
    )
    assert count_quantile(0.99, 4.0, 1.0) == 9
    # scipy: nbinom.sf(k - 1, size, 1 / phi), poisson.sf(k - 1, mu)
    np.testing.assert_allclose(
        count_tail([2_000_100, 2_010_000, 3_000_000, 1_500_000], [2e6, 2e6, 1e6, 1.4e6], [1.5, 40.0, 2e6, 5e4]),
        [0.47701842411426126, 0.1318657450651393, 0.08326454851542237, 0.33286993608045995],
        rtol=1e-4,
    )
    np.testing.assert_allclose(poisson_tail(2_001_000, 2e6), 0.23984159141240008, rtol=1e-6)
    np.testing.assert_allclose(count_tail([1e6], [1e6], [50.0]), 0.5, atol=0.01)


@pytest.mark.parametrize("phi", [1.0, 1.5, 20.0])
@pytest.mark.parametrize("mu", [0.01, 3.0, 250.0])
def test_a_quantile_is_where_the_tail_says(mu: float, phi: float) -> None:
    q = float(count_quantile(0.99, mu, phi))
    assert count_tail(q + 1, mu, phi) <= 0.01 < count_tail(q, mu, phi)
