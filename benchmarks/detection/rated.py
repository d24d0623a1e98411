"""Whether a rarity means what it says for every other detector: alarms on quiet series over those claimed.

    python -m benchmarks.detection.rated [SERIES] [YEARS] [KIND ...]     (default 30 series of 10 years a row)

The counts are those of `calibration.py`. Each detector is asked at the end of each step, and its levels are rated on
their own past (`monitor/detectors/rated.py`): by days (`1d`, aligned), or by the hour over windows of six hours (`1h`).
Parts and wholes are counts of two independent models, averages the mean of as many values as were counted. By the hour
it is half as many years. 1.00 = as often as claimed, counted from 90 days after the first answer on, and in the first
year of these, in which no season was seen before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
from msgspec import structs

from benchmarks.detection.calibration import BURN, FIRST_YEAR, RARITIES, Alarms, quiet
from monitor.detectors import (
    Absence,
    Change,
    Cusum,
    Detector,
    Ears,
    Farrington,
    Highest,
    NewTerm,
    Ratio,
    Serfling,
    Share,
    Spread,
    Target,
    Threshold,
    Zscore,
)
from monitor.detectors.detector import Asked
from monitor.detectors.rated import Levels, empties, measures, standings
from monitor.detectors.seasonal import CLAIMED
from monitor.detectors.tail import level_over, level_under
from monitor.series import Bucket, Interval, Measure, Series
from monitor.times import DAY, HOUR, MINUTE

START = 1_735_689_600.0
SOURCES = 5000
MINUTES = 60
"""As many records of an hour tell how long it was silent."""
WHOLE = 4.0
"""The whole is so many times the part."""


class Case(NamedTuple):
    """A detector, over days or over six hours of an hour each, of counts of a model and mean a step."""

    name: str
    detector: Detector
    step: float
    kind: str
    mean: float
    measure: Measure = "count"


def cases(names: Sequence[str]) -> Iterator[Case]:
    """All of them, or those of some names."""
    by_day: list[tuple[str, Detector, Measure]] = [
        ("ears C1", Ears(), "count"),
        ("ears C2", Ears(method="C2"), "count"),
        ("ears C3", Ears(method="C3"), "count"),
        ("cusum", Cusum(), "count"),
        ("cusum, no reset", Cusum(reset=False), "count"),
        ("farrington", Farrington(b=3), "count"),
        ("serfling", Serfling(years=3), "count"),
        ("ratio", Ratio(), "ratio"),
        ("share", Share(), "share"),
        ("target", Target(at_most=1.0), "avg"),
        ("spread", Spread(), "count"),
        ("new_term", NewTerm(), "count"),
        ("highest", Highest(days=500), "count"),
    ]
    by_hour: list[tuple[str, Detector, Measure]] = [
        ("threshold", Threshold(), "count"),
        ("change, yesterday", Change(against="yesterday"), "count"),
        ("zscore", Zscore(), "count"),
        ("threshold of an average", Threshold(), "avg"),
        ("absence", Absence(), "count"),
    ]
    for name, detector, measure in by_day:
        means = (0.3, 30.0, 3000.0) if name != "new_term" else (0.01, 0.01, 0.01)  # what comes daily is never new
        for kind, mean in zip(("cox", "states", "cluster"), means, strict=True):
            if not names or name.split()[0].rstrip(",") in names:
                yield Case(name, detector, DAY, kind, mean, measure)
    for name, detector, measure in by_hour:
        for kind, mean in (("cox", 0.1), ("cox", 10.0), ("cluster", 1.0), ("states", 1000.0)):
            if not names or name.split()[0].rstrip(",") in names:
                yield Case(name, detector, HOUR, kind, mean, measure)


class Lane:
    """One series as it grows; what a detector no longer looks at is let go."""

    def __init__(self, back: float) -> None:
        self.back = back
        self.buckets: list[Bucket] = []
        self.covered: list[Interval] = []
        self.sources: list[tuple[float, str]] = []

    def take(self, at: float, span: float, n: float, total: float, sources: Sequence[int] = ()) -> None:
        """A step that ends at an instant, with who spoke in it; NaN is a gap."""
        self.sources = sorted((at - span, str(source)) for source in set(sources))
        if not np.isnan(n):
            mean = total / n if n else None
            self.buckets.append(Bucket(at - span, span, n, n, total, mean, mean, mean, at))
            if self.covered and self.covered[-1][1] == at - span:
                self.covered[-1] = (self.covered[-1][0], at)
            else:
                self.covered.append((at - span, at))
        while self.buckets and self.buckets[0].start < at - self.back - 2 * span:
            del self.buckets[0]
        while self.covered and self.covered[0][1] < at - self.back - 2 * span:
            del self.covered[0]

    def speak(self, at: float, span: float, times: np.ndarray) -> None:
        """A step that ends at an instant, with records at those shares of it."""
        self.covered = self.covered or [(at - span, at)]
        self.buckets += [Bucket(x - x % MINUTE, MINUTE, 1, last_at=x) for x in (at - span + times * span).tolist()]
        while self.buckets and self.buckets[0].start < at - self.back:
            del self.buckets[0]

    def series(self, i: int, measure: Measure, whole: Series | None = None) -> Series:
        """As a detector sees it."""
        covered = tuple(self.covered)
        longest = self.buckets[0].span if self.buckets else DAY
        return Series(
            key=(("p", str(i)),), measure=measure, buckets=tuple(self.buckets), covered=covered, full=covered,
            marks={"sources": tuple(self.sources)}, denominator=whole, longest=longest,
        )  # fmt: skip


class Found(NamedTuple):
    """Alarms over those claimed, by rarity: from 90 days after the first answer on, in the first year of these, and of
    all of them were each height told as rare as the level over it."""

    later: dict[str, float]
    first: dict[str, float]
    nearest: dict[str, float]


class Periods(NamedTuple):
    """How rare each series is, in days, and were its height that of the level over it; NaN where there is no answer."""

    told: np.ndarray
    nearest: np.ndarray


def run(case: Case, series: int, years: float, seed: int = 0) -> Found:
    """How often a case alarms on so many series."""
    per, days, known = round(DAY / case.step), round(365 * years), -1
    asked = Asked(window=DAY if per == 1 else 6 * HOUR, align=DAY if per == 1 else None, measure=case.measure)
    rng = np.random.default_rng([seed, per])
    mean = np.full(series, case.mean)
    wholes = quiet("cox", np.random.default_rng([seed, per, 1]), WHOLE * mean, days, per)
    levels = Levels(case.step, np.repeat(Levels.fresh(case.step).state, series, axis=1))
    later, first, nearest = (Alarms(series, case.step) for _ in Found._fields)
    rare = structs.replace(asked, rarities=(30 * DAY,))
    asked = rare if case.detector.rarity == "own" else asked
    asked = structs.replace(asked, kept=case.detector.keep(asked))
    back = case.detector.lookback(rare)
    parts, other = [Lane(back) for _ in mean], [Lane(back) for _ in mean]
    for day, (counts, whole) in enumerate(zip(quiet(case.kind, rng, mean, days, per), wholes, strict=True)):
        for k in range(per):
            at = START + day * DAY + (k + 1) * case.step
            _grow(case, parts, other, at, counts[k], whole[k], rng)
            period = _period(case, parts, other, at, asked, levels, day)
            known = day if known < 0 and not np.isnan(period.told).all() else known
            counts_now = 0 <= known <= day - BURN
            told, nearer = map(np.nan_to_num, period)
            later.see(told, counts_now)
            first.see(told, counts_now and day - known < FIRST_YEAR)
            nearest.see(nearer, counts_now)
    after = days - known - BURN
    year = min(after, FIRST_YEAR - BURN)
    return Found(_over_claimed(later, after), _over_claimed(first, year), _over_claimed(nearest, after))


def _over_claimed(alarms: Alarms, days: int) -> dict[str, float]:
    found = alarms.found.mean(axis=1) / days
    return {name: float(f * rarity) for (name, rarity), f in zip(RARITIES.items(), found, strict=True)}


def _grow(
    case: Case,
    parts: list[Lane],
    other: list[Lane],
    at: float,
    n: np.ndarray,
    whole: np.ndarray,
    rng: np.random.Generator,
) -> None:
    if case.measure in ("ratio", "share"):
        n = np.minimum(n, whole) if case.kind != "cluster" else n
    total = n.copy()
    if case.measure == "avg":  # the mean of n gamma values of mean 1
        total = rng.gamma(np.maximum(np.nan_to_num(n), 1e-9) * 2.0) / 2.0
    for i, lane in enumerate(parts):
        if case.name == "absence":
            lane.speak(at, case.step, np.sort(rng.random(min(MINUTES, int(np.nan_to_num(n[i]))))))
            continue
        spoke = rng.integers(0, SOURCES, int(np.nan_to_num(n[i]))).tolist() if case.name == "spread" else ()
        lane.take(at, case.step, float(n[i]), float(total[i]), spoke)
        if case.measure in ("ratio", "share"):
            other[i].take(at, case.step, float(whole[i]), float(whole[i]))


def _period(
    case: Case, parts: list[Lane], other: list[Lane], at: float, asked: Asked, levels: Levels, day: int
) -> Periods:
    """How rare each series is; learned afterwards."""
    sides = case.measure in ("ratio", "share")
    measure: Measure = "count" if sides else case.measure
    batch = [lane.series(i, measure, other[i].series(i, "count") if sides else None) for i, lane in enumerate(parts)]
    scores = case.detector.reached(batch, at - case.step, at, asked)
    if case.detector.rarity == "own":
        own = np.array([np.nan if s.value is None else (s.return_period or 0.0) * len(batch) / DAY for s in scores])
        return Periods(own, own)
    level = standings(case.detector, scores, asked)
    z, tail = levels.z(level), levels.heights.tail()
    most = np.where(np.isnan(z), np.nan, CLAIMED * levels.taken * levels.step / DAY)
    levels.take(level, measures(scores), day, empties(scores, batch, at, asked))
    z = np.where(np.isnan(z), -np.inf, z)
    return Periods(*(np.minimum(tail.return_period(told(z)), most) for told in (level_under, level_over)))


def _told(case: Case, series: int, years: float, found: Found) -> str:
    step = "1d" if case.step == DAY else "1h"
    cells = " | ".join(f"{x:.2f}" for of in (found.later, found.first) for x in of.values())
    below = [f"{name}: {found.nearest[name]:.2f}" for name, x in found.later.items() if x < 0.5]
    return (
        f"| {case.name} | {case.kind} | {case.mean:g} | {step} | {series} × {years:g} | {cells} | {', '.join(below)} |"
    )


def main(series: int, years: float, names: Sequence[str]) -> None:
    """Prints the table."""
    heads = [
        "detector",
        "counts",
        "mean a step",
        "step",
        "series × years",
        *RARITIES,
        "first year: 1w",
        *list(RARITIES)[1:],
        "nearest step",
    ]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    todo = [(case, years if case.step == DAY else years / 2) for case in cases(names)]
    with ProcessPoolExecutor(2) as pool:
        each = [pool.submit(run, case, series, span) for case, span in todo]
        for (case, span), found in zip(todo, each, strict=True):
            print(_told(case, series, span, found.result()), flush=True)


if __name__ == "__main__":
    numbers = [float(a) for a in sys.argv[1:] if a.replace(".", "").isdigit()]
    kinds = [a for a in sys.argv[1:] if not a.replace(".", "").isdigit()]
    main(int((numbers[:1] or [30])[0]), (numbers[1:2] or [10.0])[0], kinds)
