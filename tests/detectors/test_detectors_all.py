"""What no detector of the register may ever do, whatever it is given."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from monitor.detectors import (
    Absence,
    Asked,
    Change,
    Cusum,
    Detector,
    DetectorKind,
    Ears,
    Farrington,
    Highest,
    NewTerm,
    Ratio,
    Seasonal,
    Serfling,
    Share,
    Spread,
    Target,
    Threshold,
    Zscore,
)
from monitor.detectors.detector import UTC
from monitor.detectors.occasions import Almanac, Occasion
from monitor.incidents.workdays import calendar_of
from monitor.model import Score
from monitor.series import Bucket, Measure, Series
from monitor.times import DAY, Duration

NOW = 1_750_032_000.0 - 1_750_032_000.0 % DAY
STEPS = 160
ASKED = Asked(window=DAY, rarities=(30 * DAY,))

EACH: list[Detector] = [
    Threshold(),
    Ratio(),
    Change(),
    Change(against="last_week"),
    Change(against="average", over=Duration(14 * DAY), least=3.0),
    Absence(),
    Ears(),
    Ears(method="C3"),
    Farrington(b=2, w=1, frequency=28, no_periods=3, past_weeks_not_included=3, limit54=(0, 4)),
    Seasonal(days=60),
    Seasonal(days=60).within(
        Almanac(
            UTC, calendar_of("CN"), [Occasion(kind="618", start=NOW - k * DAY, end=NOW - (k - 2) * DAY) for k in (1, 9)]
        )
    ),
    Serfling(years=3, frequency=42, lag=3),
    Cusum(),
    Cusum(reset=False, baseline=14, lag=2, over=21),
    Target(at_most=12.0),
    Target(at_least=4.0, dwell=Duration(2 * DAY)),
    NewTerm(memory=Duration(60 * DAY), seldom=3.0),
    Share(),
    Spread(),
    Zscore(baseline=Duration(28 * DAY)),
    Zscore(baseline=Duration(28 * DAY), inside=True),
    Highest(days=30),
]
NAMES = [f"{type(d).__name__.lower()}{i}" for i, d in enumerate(EACH)]


def daily(counts: list[float | None], *, last: float = NOW, whole: bool = True) -> Series:
    """One bucket a day, the last ending at `last`; None is a gap. Families as many as the day's count, up to five."""
    first = last - len(counts) * DAY
    rows = [(first + i * DAY, c) for i, c in enumerate(counts) if c is not None]
    buckets = tuple(Bucket(start, DAY, c, c, c, c, c, c, start + DAY / 2) for start, c in rows)
    covered = tuple((start, start + DAY) for start, _ in rows)
    marks = {"sources": tuple((start, f"s{k}") for start, c in rows for k in range(min(5, int(max(0.0, min(c, 9))))))}
    more: dict[str, Any] = {}
    if whole:
        more["denominator"] = daily([None if c is None else 50.0 for c in counts], last=last, whole=False)
    return Series(
        key=(), measure="count", buckets=buckets, marks=marks, covered=covered, full=covered,
        last_at=max((b.last_at for b in buckets), default=None), **more,
    )  # fmt: skip


def fitting(detector: Detector, series: Series) -> Series:
    """A series with another side only for those that hold against one."""
    return series if isinstance(detector, Ratio | Share) else structs.replace(series, denominator=None)


def judged(detector: Detector, counts: list[float | None], now: float = NOW, last: float = NOW) -> Score:
    return detector.score([fitting(detector, daily(counts, last=last))], now, ASKED)[0]


def history(seed: int, mean: float = 6.0) -> list[float | None]:
    rng = np.random.default_rng(seed)
    return [None if rng.random() < 0.05 else float(rng.poisson(mean)) for _ in range(STEPS)]


def test_every_kind_is_tried_here() -> None:
    assert {kind for kind in get_args(DetectorKind) for d in EACH if isinstance(d, kind)} == set(get_args(DetectorKind))


@pytest.mark.parametrize("detector", EACH, ids=NAMES)
def test_none_reads_the_future(detector: Detector) -> None:
    counts = history(1)
    rng = np.random.default_rng(2)
    told = []
    for _ in range(3):
        future = [float(c) for c in rng.poisson(40, 20)]
        series = daily([*counts, *future], last=NOW + 20 * DAY)
        told.append(detector.score([fitting(detector, series)], NOW, ASKED)[0])
    known = judged(detector, counts)
    seen = [structs.replace(t, partial=known.partial) for t in told]
    if isinstance(detector, Absence):  # the last record ever is told to it, not looked up
        seen = [detector.score([structs.replace(daily(counts), last_at=NOW - DAY / 2)], NOW, ASKED)[0]] * 3
    assert seen == [known] * 3


@pytest.mark.parametrize("detector", EACH, ids=NAMES)
def test_all_are_finite(detector: Detector) -> None:
    wild: list[list[float | None]] = [
        [], [None] * STEPS, [0.0] * STEPS, [0.0] * (STEPS - 1) + [1e12], [1e12] * STEPS, [1e-9] * STEPS,
        [1e12, 0.0] * (STEPS // 2), [None] * (STEPS - 1) + [3.0], [5.0] * STEPS,
    ]  # fmt: skip
    for counts in wild:
        score = judged(detector, counts)
        numbers = [score.value, score.level, score.level_low, score.expected, score.lower, score.upper]
        numbers += [score.p_value, score.return_period, score.lasting, *(v for _, v in score.bounds)]
        assert all(n is None or math.isfinite(n) for n in numbers), (counts[-2:], score)


@pytest.mark.parametrize("detector", EACH, ids=NAMES)
def test_two_halves_of_a_batch_are_judged_as_one(detector: Detector) -> None:
    means = (0.2, 3.0, 6.0, 40.0)
    alike = [fitting(detector, daily(history(seed, mean))) for seed, mean in enumerate(means)]
    batch = [structs.replace(series, key=(("mean", str(mean)),)) for series, mean in zip(alike, means, strict=True)]
    asked = structs.replace(ASKED, series=len(batch))
    asked = structs.replace(asked, kept=detector.keep(asked))  # of what a rule remembers, each half is a part
    whole = detector.score(batch, NOW, asked)
    halves = [*detector.score(batch[:2], NOW, asked), *detector.score(batch[2:], NOW, asked)]
    for one, other in zip(whole, halves, strict=True):
        for a, b in zip(structs.astuple(one), structs.astuple(other), strict=True):
            assert a == pytest.approx(b, rel=1e-9) if isinstance(a, float) else a == b


@pytest.mark.parametrize("detector", [d for d in EACH if not isinstance(d, Absence)], ids=str)
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=2), st.integers(0, 20))
def test_levels_are_monotone_in_the_value(detector: Detector, values: list[int], seed: int) -> None:
    counts = history(seed)
    low, high = (judged(detector, [*counts[:-1], float(v)]) for v in sorted(values))
    falls = isinstance(detector, Target) and detector.at_least is not None
    for key in ("level", "return_period") if not isinstance(detector, Seasonal) else ("level",):
        a, b = getattr(low, key), getattr(high, key)
        if a is not None and b is not None:
            assert (a >= b if falls else a <= b) or a == pytest.approx(b)


@pytest.mark.parametrize("detector", [d for d in EACH if not isinstance(d, Absence)], ids=str)
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 20), st.integers(1, 40))
def test_a_gap_never_raises(detector: Detector, mean: int, ago: int) -> None:
    """A gap among steady days, and one that swallows what is judged. Silence is what `absence` is there to tell."""
    steady: list[float | None] = [float(mean)] * STEPS
    holed: list[float | None] = [None if i == STEPS - ago else c for i, c in enumerate(steady)]
    before, after = judged(detector, steady), judged(detector, holed)
    if ago == 1:
        assert after.level is None or after.value is not None
    for key in ("level", "return_period"):
        a, b = getattr(before, key), getattr(after, key)
        if a is not None and b is not None:
            assert b <= a + 1e-6


MEASURES: list[Measure] = ["sum", "avg", "last", "max"]


OF_ANY = [Cusum(), Target(at_most=9.0), Ears(), Change(), Change(against="average"), Zscore(), Highest()]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("detector", OF_ANY, ids=str)
def test_other_measures_are_judged_too(detector: Detector, measure: Measure) -> None:
    def told(last: float) -> Score:
        series = daily([*[c or 6.0 for c in history(3)][:-1], last], whole=False)
        once = tuple(structs.replace(b, n=1.0) for b in series.buckets)
        series = structs.replace(series, buckets=once, measure=measure)
        return detector.score([series], NOW, structs.replace(ASKED, measure=measure))[0]

    calm, loud = told(6.0), told(600.0)
    assert calm.level is not None and loud.level is not None and calm.level < loud.level
