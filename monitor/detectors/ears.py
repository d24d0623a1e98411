"""Kind `ears`: the Early Aberration Reporting System's C1, C2 and C3: the newest step against the few before it.

Hutwagner, L. et al. (2003), The bioterrorism preparedness and response Early Aberration Reporting System, J Urban
Health 80, i89–i96. C1 looks at the steps just before, C2 leaves out two; C3 adds up what C2 exceeded one standard
deviation by, at this step and the two before it (the textbook form).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from monitor.detectors.arrays import Floats, Truths, np
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.steps import edges, step, values
from monitor.detectors.tails import normal_quantile, normal_tail
from monitor.model import Score
from monitor.series import Series
from monitor.times import MINUTE

LAG = 2
LIMIT = 1e6
ROUNDING = 1e-6
"""A baseline that differs by less than this part of itself does not differ."""


class Ears(Detector, frozen=True, kw_only=True, tag="ears", tag_field="kind"):
    """`method` C1 | C2 | C3; `baseline` steps; `min_sigma`; `alpha` sets the bound (C1, C2: .001, C3: .025).

    A step is the window, or `align`. The level is (value − mean) ÷ (bound − mean): above 1 is EARS's own alarm.
    """

    unit: ClassVar[Unit] = "factor"
    alarms: ClassVar[float | None] = 1.0

    method: Literal["C1", "C2", "C3"] = "C1"
    baseline: int = 7
    min_sigma: float = 0.0
    alpha: float | None = None

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The bound as upper, the mean of the baseline as expected."""
        at = edges(now, asked, self.steps)
        return [self._score(*values(series, at), step(asked)) for series in batch]

    def lookback(self, asked: Asked) -> float:
        """The baseline, the lag and, for C3, two steps more."""
        return (self.steps + 1) * step(asked) + MINUTE

    @property
    def steps(self) -> int:
        """How many steps an answer rests on, the judged one among them."""
        return 1 + self.baseline + {"C1": 0, "C2": LAG, "C3": 2 * LAG}[self.method]

    @property
    def level(self) -> float:
        """The alpha in force."""
        return self.alpha if self.alpha is not None else 0.025 if self.method == "C3" else 0.001

    def _score(self, x: Floats, partial: Truths, seconds: float) -> Score:
        value = None if np.isnan(x[-1]) else float(x[-1])
        if value is None:
            return Score(value=None, partial=bool(partial[-1]))
        mean, upper, tail = self.bounds(x)
        if np.isnan(mean[-1]):
            seen = int(np.isfinite(x[:-1]).sum())
            learning = (seen * seconds, (self.steps - 1) * seconds)
            return Score(value=value, partial=bool(partial[-1]), learning=learning)
        width = float(upper[-1] - mean[-1])
        above = value - float(mean[-1])
        beyond = above > ROUNDING * abs(value)
        ratio = above / width if width > 0 else LIMIT if beyond else 0.0
        return Score(
            value=value,
            level=max(-LIMIT, min(LIMIT, ratio)),
            expected=float(mean[-1]),
            upper=float(upper[-1]),
            p_value=float(tail[-1]),
            partial=bool(partial[-1]),
        )

    def bounds(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean, upper bound and p-value at each step of an array; NaN where the baseline is not whole.

        Gaps are left out of a baseline as long as half of it is there.
        """
        lag = 0 if self.method == "C1" else LAG
        mean, sd = self._baseline(x, lag)
        z = normal_quantile(1 - self.level)
        with np.errstate(divide="ignore", invalid="ignore"):
            deviation = np.where(sd > 0, (x - mean) / sd, np.where(x > mean, np.inf, 0.0))
        deviation[np.isnan(mean)] = np.nan
        if self.method != "C3":
            return mean, mean + z * sd, normal_tail(deviation)
        excess = np.maximum(0.0, np.nan_to_num(deviation, posinf=LIMIT) - 1)
        before = np.concatenate([[0.0, 0.0], excess[1:-1]]) + np.concatenate([[0.0, 0.0], excess[:-2]])
        known = np.concatenate([[np.nan, np.nan], mean[:-2]])
        mean = np.where(np.isnan(known), np.nan, mean)
        return mean, mean + sd * (1 + np.maximum(0.0, z - before)), normal_tail(excess + before)

    def _baseline(self, x: Floats, lag: int) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the `baseline` steps that end `lag` steps before each."""
        mean, sd = np.full(len(x), np.nan), np.full(len(x), np.nan)
        n = self.baseline
        if len(x) > n + lag:
            windows = np.lib.stride_tricks.sliding_window_view(x, n)[: len(x) - n - lag]
            seen = np.isfinite(windows).sum(axis=1)
            enough = seen >= max(2, n // 2 + 1)
            with np.errstate(invalid="ignore", divide="ignore"):
                centre = np.nansum(windows, axis=1) / seen
                spread = np.nansum((windows - centre[:, None]) ** 2, axis=1) / (seen - 1)
            mean[n + lag :] = np.where(enough, centre, np.nan)
            sigma = np.where(np.sqrt(spread) > ROUNDING * np.abs(centre), np.sqrt(spread), 0.0)
            sd[n + lag :] = np.where(enough, np.maximum(sigma, self.min_sigma), np.nan)
        return mean, sd
