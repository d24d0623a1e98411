"""Kind `serfling`: the newest day or week against a regression on the year's waves, the days of the week and a trend.

Serfling, R. E. (1963), Methods for current statistical analysis of excess pneumonia-influenza deaths, Public Health
Rep 78, 494–506; here a quasi-Poisson regression whose past outbreaks weigh less (the residuals and weights of
Noufaily, A. et al. (2013), Stat Med 32, 1206–1222), judged by the tail of the negative binomial with the regression's
own uncertainty added. It uses all the past at once where `farrington` looks at the same weeks of the years before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from msgspec import structs

from monitor.detectors.arrays import Floats, Truths, np
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.loglinear import FARTHEST, WEEK, Columns, Fitted, fit, rhythm
from monitor.detectors.steps import edges, step, values
from monitor.detectors.tails import count_quantile, count_tail
from monitor.model import Score
from monitor.series import Series
from monitor.times import DAY, MINUTE

LIMIT = 1e6
SHUT = 0.02
"""A weekday that has counts on no more than this part of its days is one that is never worked."""
CLOSED = 1e-3
"""Nothing at all on a day on which that is less likely than this: the doors were closed."""
LEAST_MEAN = 0.05
SOME = 0.5
"""Less is nothing, told with rounding."""


class Judged(NamedTuple):
    """Of each series at the newest step: what is normal, the bound, how likely as many or more are."""

    expected: Floats
    upper: Floats
    p_value: Floats


class Serfling(Detector, frozen=True, kw_only=True, tag="serfling", tag_field="kind"):
    """`years` back, `harmonics` of the year, a `trend`; `lag` newest steps stay out of the baseline.

    A step is the window, or `align`: a day (then each weekday has its level) or longer. The level is (value −
    expected) ÷ (bound − expected): above 1 is its own alarm, wrong once in 1 ÷ `alpha` quiet steps. `catch_up`: the
    first day after one that was closed against its habit takes in what was left; how much is learned.
    """

    unit: ClassVar[Unit] = "factor"
    alarms: ClassVar[float | None] = 1.0

    years: int = 8
    harmonics: int = 2
    trend: bool = True
    lag: int = 10
    alpha: float = 0.01
    weights_threshold: float = 2.58
    catch_up: bool = True
    frequency: float | None = None
    """Steps a year; by default 52 for weeks, 364 for days (whole weeks)."""

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The bound as upper, the regression's mean as expected."""
        at = edges(now, asked, self._depth(asked))
        told = [values(series, at) for series in batch]
        x = np.array([v for v, _ in told]).reshape(len(batch), len(at) - 1)
        first = np.array([np.argmax(np.isfinite(row)) if np.isfinite(row).any() else len(row) for row in x], dtype=int)
        out: list[Score] = [Score(value=None)] * len(batch)
        for start in sorted(set(first.tolist())):  # series with as much history are judged together
            rows = np.flatnonzero(first == start)
            for i, score in zip(rows.tolist(), self._scores(x[rows, start:], asked), strict=True):
                out[i] = structs.replace(score, partial=bool(told[i][1][-1]))
        return out

    def lookback(self, asked: Asked) -> float:
        """The years asked."""
        return (self._depth(asked) + 1) * step(asked) + MINUTE

    def _depth(self, asked: Asked) -> int:
        return round(self.years * self._frequency(step(asked))) + self.lag + 1

    def _frequency(self, seconds: float) -> float:
        return self.frequency or round(52 * max(1.0, 7 * DAY / seconds))

    def _scores(self, x: Floats, asked: Asked) -> list[Score]:
        seconds = step(asked)
        need, seen = self._frequency(seconds) + self.lag, x.shape[1] - 1
        numbers = [_number(v) for v in x[:, -1].tolist()] if seen >= 0 else [None] * len(x)
        if seen < need:
            learning = (seen * seconds, need * seconds)
            return [Score(value=v, learning=None if v is None else learning) for v in numbers]
        judged = self.judge(x, self._frequency(seconds), weekdays=abs(seconds - DAY) < 1)
        return [_score(value, judged, i) for i, value in enumerate(numbers)]

    def judge(self, x: Floats, frequency: float, *, weekdays: bool) -> Judged:
        """Judges the newest column of x (series × steps, NaN for gaps) by all before it."""
        n = x.shape[1] - 1
        columns = rhythm(n, frequency, self.harmonics, weekdays, self.trend and n >= 2 * frequency)
        y, known = np.maximum(0.0, np.nan_to_num(x[:, :-1])), np.isfinite(x[:, :-1])
        shut = _shut(y, known) if weekdays else np.zeros((len(x), 1), dtype=bool)
        open_ = known & ~np.take(shut, _phase(n, shut), axis=1)
        weights = open_.astype(float)
        weights[:, n - self.lag :] = 0.0
        first = fit(columns, y, weights)
        phi = first.dispersion(y, weights)
        closed, after = _closures(y, open_, _none(first.mu, phi))
        weights = np.where(closed | after[:, :-1], 0.0, weights)
        found, phi = self._again(columns, y, weights, first)
        mean = np.exp(np.clip(found.beta @ columns.now, -FARTHEST, FARTHEST))
        error = np.matmul(found.covariance, columns.now) @ columns.now
        if self.catch_up:
            learned = after[:, :-1] & open_
            learned[:, n - self.lag :] = False
            more = _catch_up(y, found.mu, learned, phi)
            mean = np.where(after[:, -1], mean * more, mean)
        mean = np.where(shut[:, 0], LEAST_MEAN, mean)
        wide = phi * (1 + mean * error)
        now = np.nan_to_num(x[:, -1])
        return Judged(mean, count_quantile(1 - self.alpha, mean, wide), count_tail(now, mean, wide))

    def _again(self, columns: Columns, y: Floats, weights: Floats, first: Fitted) -> tuple[Fitted, Floats]:
        """Fitted without the closed days, then with past outbreaks weighed down; and the dispersion."""
        found = fit(columns, y, weights, first.beta)
        phi = found.dispersion(y, weights)
        hat = np.clip(found.leverage(columns, weights), 0.0, 0.99)
        residual = (
            1.5 * (np.cbrt(y) ** 2 * found.mu ** (-1 / 6) - np.sqrt(found.mu)) / np.sqrt(phi[:, None] * (1 - hat))
        )
        down = np.where(residual > self.weights_threshold, np.maximum(residual, 1e-9) ** -2.0, 1.0) * weights
        total = np.maximum(down.sum(axis=1), 1e-9)
        weights = down * (weights.sum(axis=1) / total)[:, None]
        again = fit(columns, y, weights, found.beta)
        return again, again.dispersion(y, weights)


def _phase(n: int, shut: Truths) -> Any:
    """Which column of `shut` each of the n steps before the judged one stands in."""
    return np.arange(-n, 0) % shut.shape[1]


def _shut(y: Floats, known: Truths) -> Truths:
    """Weekdays that are never worked, B×7; the judged step's is the first."""
    phases = np.arange(-y.shape[1], 0) % WEEK
    days = [phases == k for k in range(WEEK)]
    busy = [((y >= SOME) & known)[:, day].sum(axis=1) / np.maximum(1, known[:, day].sum(axis=1)) for day in days]
    return np.asarray(np.array(busy).T < SHUT)


def _none(mu: Floats, phi: Floats) -> Floats:
    """P(Y = 0) of counts with mean mu and variance phi × mu."""
    over = np.maximum(phi - 1, 1e-9)[:, None]
    return np.asarray(np.exp(-mu * np.log1p(over) / over))


def _closures(y: Floats, open_: Truths, none: Floats) -> tuple[Truths, Truths]:
    """Steps closed against their habit, B×n; and those after them, the judged one too, B×(n+1)."""
    closed = open_ & (y < SOME) & (none < CLOSED)
    after = np.zeros((len(y), y.shape[1] + 1), dtype=bool)
    for i in np.flatnonzero(closed.any(axis=1)).tolist():
        worked = np.flatnonzero(open_[i])
        nexts = np.append(worked[1:], y.shape[1])
        after[i, nexts[closed[i, worked]]] = True
    after[:, :-1] &= ~closed
    return closed, after


def _catch_up(y: Floats, mu: Floats, learned: Truths, phi: Floats) -> Floats:
    """How many times the usual comes on days after a closed one; 1 where none was seen."""
    return np.asarray(((y * learned).sum(axis=1) + 2 * phi) / ((mu * learned).sum(axis=1) + 2 * phi))


def _number(x: float) -> float | None:
    return None if np.isnan(x) else float(x)


def _score(value: float | None, judged: Judged, i: int) -> Score:
    if value is None:
        return Score(value=None)
    expected, upper = float(judged.expected[i]), float(judged.upper[i])
    width = upper - expected
    ratio = (value - expected) / width if width > 0 else LIMIT if value > upper else 0.0
    return Score(
        value=value,
        level=max(-LIMIT, min(LIMIT, ratio)),
        expected=expected,
        upper=upper,
        p_value=float(judged.p_value[i]),
    )
