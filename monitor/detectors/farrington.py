"""Kind `farrington`: the newest week or day against the same season of the years before, as public health does it.

Farrington, C. P. et al. (1996), A statistical algorithm for the early detection of outbreaks of infectious disease,
JRSS A 159, 547–563; Noufaily, A. et al. (2013), An improved algorithm for outbreak detection in multiple surveillance
systems, Stat Med 32, 1206–1222. Option names are those of R's `surveillance::farringtonFlexible`, in snake case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, ClassVar, Literal, NamedTuple

from monitor.detectors.arrays import Floats, Truths, np
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.glm import Design, Fit, fit
from monitor.detectors.steps import edges, step, values
from monitor.detectors.tails import count_quantile, count_tail, normal_quantile, normal_tail, student_two_sided
from monitor.model import Score
from monitor.series import Series
from monitor.times import DAY, MINUTE

LIMIT = 1e6
LEAST_YEARS = 2
FAR = 1e7
"""A mean beyond this is no answer but a regression that came to nothing (whole seasons of zeros)."""
POWERS = {"none": 1.0, "1/2": 0.5, "2/3": 2 / 3}


class Judged(NamedTuple):
    """Of each series: what is normal, the bound, how likely as many or more are, dispersion, whether a trend stayed.

    NaN where the regression came to nothing. `enough` = at least limit54 cases of late.
    """

    expected: Floats
    upper: Floats
    p_value: Floats
    phi: Floats
    trend: Truths
    enough: Truths


class Farrington(Detector, frozen=True, kw_only=True, tag="farrington", tag_field="kind"):
    """`b` years back (as many as there are, at least two), `w` steps around the same week, `no_periods` of the year.

    A step is the window, or `align`. The level is (value − expected) ÷ (bound − expected): above 1 is the method's own
    alarm. Fewer than `limit54[0]` cases in the last `limit54[1]` steps raise nothing. `population_offset` counts per
    the rule's `per`.
    """

    unit: ClassVar[Unit] = "factor"
    alarms: ClassVar[float | None] = 1.0

    b: int = 5
    w: int = 3
    no_periods: int = 10
    reweight: bool = True
    weights_threshold: float = 2.58
    alpha: float = 0.01
    trend: bool = True
    p_threshold_trend: float = 1.0
    limit54: tuple[float, int] = (5, 4)
    powertrans: Literal["2/3", "1/2", "none"] = "2/3"
    population_offset: bool = False
    past_weeks_not_included: int = 26
    threshold_method: Literal["delta", "nbPlugin", "muan"] = "nbPlugin"
    epoch_as_date: bool = True
    frequency: int | None = None
    """Steps a year; by default 52 for weeks, 364 for days (whole weeks)."""

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The bound as upper, the regression's mean as expected."""
        at = edges(now, asked, self._depth(asked))
        told = [values(series, at) for series in batch]
        x = np.array([v for v, _ in told])
        population = None
        if self.population_offset:
            wholes = [series.denominator or series for series in batch]
            population = np.array([values(whole, at)[0] for whole in wholes])
        partial = np.array([p[-1] for _, p in told])
        return self._scores(x, population, partial, at, asked)

    def reads_both(self) -> bool:
        """The population is the other side."""
        return self.population_offset

    def lookback(self, asked: Asked) -> float:
        """The years asked, and half a window more."""
        return (self._depth(asked) + 1) * step(asked) + MINUTE

    def _depth(self, asked: Asked) -> int:
        return self.b * self._frequency(asked) + 2 * self.w + 4

    def _frequency(self, asked: Asked) -> int:
        weeks = max(1.0, 7 * DAY / step(asked))
        return self.frequency or round(52 * weeks)

    def _scores(self, x: Floats, population: Floats | None, partial: Truths, at: Floats, asked: Asked) -> list[Score]:
        """Series with as many years of history are judged together."""
        frequency = self._frequency(asked)
        first = np.array([np.argmax(np.isfinite(row)) if np.isfinite(row).any() else len(row) for row in x])
        years = np.minimum(self.b, (x.shape[1] - 1 - self.w - first) // frequency)
        out: list[Score] = []
        found: dict[int, Score] = {}
        for b in sorted(set(years.tolist())):
            rows = np.flatnonzero(years == b)
            if b < LEAST_YEARS:
                seen = (x.shape[1] - first[rows]) * step(asked)
                need = (LEAST_YEARS * frequency + self.w + 1) * step(asked)
                for i, seconds in zip(rows.tolist(), seen.tolist(), strict=True):
                    found[i] = Score(value=_number(x[i, -1]), partial=bool(partial[i]), learning=(seconds, need))
                continue
            references = self.references(x.shape[1] - 1, b, frequency, self._date(at, asked))
            judged = self.judge(x[rows], references, None if population is None else population[rows])
            for j, i in enumerate(rows.tolist()):
                found[i] = _score(x[i, -1], judged, j, bool(partial[i]))
        out.extend(found[i] for i in range(len(x)))
        return out

    def _date(self, at: Floats, asked: Asked) -> date | None:
        """The day the newest step begins, where references go by the calendar."""
        weekly = abs(step(asked) - 7 * DAY) < 1
        return (
            datetime.fromtimestamp(float(at[-2]), asked.zone or UTC).date() if self.epoch_as_date and weekly else None
        )

    @staticmethod
    def references(k: int, b: int, frequency: int, newest: date | None = None) -> list[int]:
        """Where the same time of the b years before stands, newest first; with a date the nearest same weekday."""
        if newest is None:
            return [k - i * frequency for i in range(b + 1)]
        days = [(newest - _years_before(newest, i)).days for i in range(b + 1)]
        return [k - round(n / 7) for n in days]

    def judge(self, x: Floats, references: Sequence[int], population: Floats | None = None) -> Judged:
        """Judges the newest column of x (series × steps, NaN for gaps) by the steps around the references."""
        chosen, groups = self._blocks(x.shape[1], references)
        offset = np.zeros(x.shape) if population is None else np.log(np.maximum(population, 1e-9))
        offset = np.nan_to_num(offset)
        y, known = np.nan_to_num(x[:, chosen]), np.isfinite(x[:, chosen])
        ages = (chosen - references[0]) / max(1, references[0] - references[-1])
        regression = _Regression(self, y, known, groups, ages, offset[:, chosen], offset[:, references[0]])
        now = np.nan_to_num(x[:, -1])
        enough = np.nansum(x[:, -self.limit54[1] :], axis=1) >= self.limit54[0]
        expected, upper, p_value = self._threshold(regression, now)
        return Judged(expected, upper, p_value, regression.phi, regression.with_trend, enough)

    def _blocks(self, n: int, references: Sequence[int]) -> tuple[Any, Any]:
        """Which steps are taken, and the period of the year of each: 0 around the references, then on through the year.

        The newest `past_weeks_not_included` steps are never taken.
        """
        group = np.full(n, -1)
        k = references[0]
        group[max(0, k - self.w) : k + 1] = 0
        for later, reference in pairwise(references):
            group[max(0, reference - self.w) : reference + self.w + 1] = 0
            if self.no_periods > 1:
                between = np.arange(reference + self.w + 1, later - self.w)
                for j, part in enumerate(np.array_split(between, self.no_periods - 1), 1):
                    group[part] = j
        group[k - self.past_weeks_not_included :] = -1
        order = np.argsort(np.where(group < 0, n, group), kind="stable")
        chosen = order[: (group >= 0).sum()]
        return chosen, group[chosen]

    def _threshold(self, found: _Regression, y: Floats) -> tuple[Floats, Floats, Floats]:
        """Expected count, bound and p-value by the chosen method."""
        z = normal_quantile(1 - self.alpha)
        expected = np.exp(np.clip(found.eta, -700, 700))
        if self.threshold_method != "delta":
            mean = (
                expected if self.threshold_method == "nbPlugin" else np.exp(np.clip(found.eta + z * found.se, -700, 25))
            )
            mean = np.where(found.fitted & (mean < FAR), mean, np.nan)
            safe = np.nan_to_num(mean)
            upper = np.where(np.isnan(mean), np.nan, count_quantile(1 - self.alpha, safe, found.phi))
            return expected, upper, np.where(np.isnan(mean), np.nan, count_tail(y, safe, found.phi))
        power = POWERS[self.powertrans]
        spread = np.sqrt(power**2 * expected ** (2 * power - 1) * (found.phi + found.se**2 * expected))
        with np.errstate(invalid="ignore"):
            upper = np.maximum(0.0, expected**power + z * spread) ** (1 / power)
            tail = normal_tail((y**power - expected**power) / np.maximum(spread, 1e-300))
        return expected, np.where(found.fitted, upper, np.nan), np.where(found.fitted, tail, np.nan)


class _Regression:
    """The regression of one batch: with trend where it holds, else without; each fitted again with outbreaks weighed
    down."""

    def __init__(
        self,
        asked: Farrington,
        y: Floats,
        known: Truths,
        groups: Any,
        ages: Floats,
        offset: Floats,
        offset_now: Floats,
    ) -> None:
        self.asked, self.y, self.known, self.offset, self.offset_now = asked, y, known, offset, offset_now
        _, starts, lengths = np.unique(groups, return_index=True, return_counts=True)
        self.design = Design(starts, lengths, ages, asked.trend)
        self.eta, self.se, self.phi = (np.full(len(y), np.nan) for _ in range(3))
        self.fitted, self.with_trend = np.zeros(len(y), dtype=bool), np.zeros(len(y), dtype=bool)
        every = np.arange(len(y))
        if asked.trend:
            holds = self._try(self.design, every)
            self.with_trend[every[holds]] = True
            every = every[~holds]
        if len(every):
            self._try(self.design._replace(trend=False), every)

    def _try(self, design: Design, rows: Any) -> Truths:
        """Fits some series and keeps what holds: with a trend where it converged and is worth keeping, else all."""
        found, weights, phi = self._fit(design, rows)
        y = self.y[rows]
        dispersion = found.working(y, weights) if self.asked.reweight else found.pearson(y, weights)
        eta = found.season[:, 0] + self.offset_now[rows]
        se = np.sqrt(np.maximum(0.0, found.variance(0, 0.0) * dispersion))
        kept = found.converged
        if design.trend:
            kept = kept & self._trend_holds(found, dispersion, eta, rows)
        take = kept if design.trend else np.ones(len(rows), dtype=bool)
        self.eta[rows[take]], self.se[rows[take]], self.phi[rows[take]] = eta[take], se[take], phi[take]
        self.fitted[rows[take]] = found.converged[take]
        return np.asarray(kept)

    def _fit(self, design: Design, rows: Any) -> tuple[Fit, Floats, Floats]:
        """The fit, reweighted where asked, its weights, and the dispersion (at least 1)."""
        y, weights, offset = self.y[rows], self.known[rows].astype(float), self.offset[rows]
        first = fit(design, y, weights, offset)
        phi = np.maximum(first.pearson(y, weights), 1.0)
        if not self.asked.reweight:
            return first, weights, phi
        hat = np.clip(first.leverage(design, weights), 0.0, 1 - 1e-12)
        residual = (
            1.5 * (np.cbrt(y) ** 2 * first.mu ** (-1 / 6) - np.sqrt(first.mu)) / np.sqrt(phi[:, None] * (1 - hat))
        )
        high = residual > self.asked.weights_threshold
        down = np.where(high, np.maximum(residual, 1e-9) ** -2.0, 1.0) * weights
        weights = down * (weights.sum(axis=1) / down.sum(axis=1))[:, None]
        again = fit(design, y, weights, offset)
        return again._replace(converged=first.converged), weights, np.maximum(again.pearson(y, weights), 1.0)

    def _trend_holds(self, found: Fit, dispersion: Floats, eta: Floats, rows: Any) -> Truths:
        """Significant, over three years or more, and not beyond anything seen."""
        if self.asked.b < 3:
            return np.zeros(len(rows), dtype=bool)
        error = np.sqrt(np.maximum(dispersion / found.moment, 1e-300))
        p = student_two_sided(found.slope / error, found.df)
        within = np.exp(np.clip(eta, -700, 700)) <= np.where(self.known[rows], self.y[rows], 0.0).max(axis=1)
        return np.asarray((p < self.asked.p_threshold_trend) & within)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 3, 1)


def _number(x: Any) -> float | None:
    return None if np.isnan(x) else float(x)


def _score(x: Any, judged: Judged, i: int, partial: bool) -> Score:
    """The newest step of one series as a score."""
    value, expected, upper = _number(x), _number(judged.expected[i]), _number(judged.upper[i])
    if value is None or expected is None or upper is None:
        return Score(value=value, partial=partial)
    width = upper - expected
    ratio = (value - expected) / width if width > 0 else LIMIT if value > upper else 0.0
    return Score(
        value=value,
        level=max(-LIMIT, min(LIMIT if judged.enough[i] and value > 0 else 0.0, ratio)),
        expected=expected,
        upper=upper,
        p_value=_number(judged.p_value[i]),
        partial=partial,
    )
