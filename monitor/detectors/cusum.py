"""Kind `cusum`: small excesses added up, step after step: a slow burn that no single step would show.

The sum of log likelihood ratios of "raised by `shift` standard deviations" against "as before" (Page, E. S. (1954),
Continuous inspection schemes, Biometrika 41, 100–115), of negative binomial counts as in Höhle, M. and Paul, M.
(2008), Count data regression charts for the monitoring of surveillance time series, CSDA 52, 4357–4368; of other
measures normal. A sum that is stopped at h is reached by chance at most once in e^h steps (Lorden, G. (1971),
Procedures for reacting to a change in distribution, Ann Math Stat 42, 1897–1908), so `once_in` gives h.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import ClassVar, NamedTuple

from monitor.detectors.arrays import Floats, np
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.steps import edges, step, values
from monitor.model import Score
from monitor.series import Series
from monitor.times import MINUTE

COUNTS = ("count", "stories", "reach", "sum")
HIGHEST = 2.0
"""Without `reset` the sum stays under so many times its bound, so that it can be left again."""
LEAST_MEAN = 0.05
"""Nothing ever counted is taken for this mean: the first records prove little."""


class Usual(NamedTuple):
    """Of each step what came before it: mean, and variance ÷ mean of counts, else the standard deviation."""

    mean: Floats
    spread: Floats


class Cusum(Detector, frozen=True, kw_only=True, tag="cusum", tag_field="kind"):
    """`baseline` steps, ending `lag` steps before, say what is usual; `shift` how much more is to be found, in standard
    deviations; `once_in` how many steps go by between false alarms at least; `over` how many steps are added up.

    A step is the window, or `align`. The level is the sum ÷ its bound: above 1 is the method's own alarm. With `reset`
    the sum begins anew after the step that alarmed. A gap counts as a usual step.
    """

    unit: ClassVar[Unit] = "factor"
    alarms: ClassVar[float | None] = 1.0

    baseline: int = 28
    lag: int = 7
    shift: float = 1.0
    once_in: float = 365.0
    over: int = 56
    reset: bool = True

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The measure as value, the mean of the baseline as expected, the value that would alarm now as upper."""
        at = edges(now, asked, self.steps)
        counts = batch[0].measure in COUNTS if batch else True
        told = [values(series, at) for series in batch]
        x = np.array([v for v, _ in told]).reshape(len(batch), self.steps)
        usual = self.usual(x, counts=counts)
        sums = self.sums(x, usual, counts=counts)
        upper = self._upper(sums, Usual(usual.mean[:, -1], usual.spread[:, -1]), counts=counts)
        return [
            self._score(x[i], float(sums[i, -1]), usual, i, float(upper[i]), bool(partial[-1]), step(asked))
            for i, (_, partial) in enumerate(told)
        ]

    def lookback(self, asked: Asked) -> float:
        """What is added up, and the baseline of its first step."""
        return (self.steps + 1) * step(asked) + MINUTE

    @property
    def steps(self) -> int:
        """How many steps an answer rests on, the judged one among them."""
        return self.baseline + self.lag + self.over

    @property
    def bound(self) -> float:
        """What the sum must exceed."""
        return log(max(self.once_in, 2.0))

    def usual(self, x: Floats, *, counts: bool) -> Usual:
        """Of series × steps; NaN where less than half of the baseline is there."""
        mean, spread = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
        first = self.baseline + self.lag
        windows = np.lib.stride_tricks.sliding_window_view(x, self.baseline, axis=1)[:, : x.shape[1] - first]
        seen = np.isfinite(windows).sum(axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            centre = np.nansum(windows, axis=2) / seen
            variance = np.nansum((windows - centre[:, :, None]) ** 2, axis=2) / (seen - 1)
        known = seen >= max(2, (self.baseline + 1) // 2)
        if counts:
            centre = np.maximum(centre, LEAST_MEAN)
            wide = np.maximum(1.0, variance / centre)
        else:
            wide = np.sqrt(variance)
        mean[:, first:], spread[:, first:] = np.where(known, centre, np.nan), np.where(known, wide, np.nan)
        return Usual(mean, spread)

    def sums(self, x: Floats, usual: Usual, *, counts: bool) -> Floats:
        """The sum after each step, 0 where nothing is known yet."""
        filled = np.where(np.isfinite(x), x, usual.mean)
        gains = np.nan_to_num((_of_counts if counts else _of_levels)(filled, *usual, self.shift))
        out = np.zeros(x.shape)
        total = np.zeros(len(x))
        for i in range(x.shape[1]):
            if self.reset:
                total = np.where(total > self.bound, 0.0, total)
            total = np.maximum(0.0, total + gains[:, i])
            if not self.reset:
                total = np.minimum(total, HIGHEST * self.bound)
            out[:, i] = total
        return out

    def _upper(self, sums: Floats, usual: Usual, *, counts: bool) -> Floats:
        """The value above which the newest step brings the sum over its bound."""
        before = sums[:, -2] if self.steps > 1 else np.zeros(len(sums))
        left = self.bound - (np.where(before > self.bound, 0.0, before) if self.reset else before)
        gain = _of_counts if counts else _of_levels
        wide = np.maximum(usual.spread, np.maximum(1e-3 * np.abs(usual.mean), 1e-9))
        at_mean = gain(usual.mean, *usual, self.shift)  # gains grow evenly with the value
        slope = (gain(usual.mean + wide, *usual, self.shift) - at_mean) / wide
        return np.asarray(usual.mean + (left - at_mean) / slope)

    def _score(
        self, x: Floats, total: float, usual: Usual, i: int, upper: float, partial: bool, seconds: float
    ) -> Score:
        value = None if np.isnan(x[-1]) else float(x[-1])
        if value is None:
            return Score(value=None, partial=partial)
        mean = float(usual.mean[i, -1])
        if np.isnan(mean):
            need = (self.baseline + 1) // 2 + self.lag
            seen = int(np.isfinite(x[:-1]).sum())
            return Score(value=value, partial=partial, learning=(min(seen, need) * seconds, need * seconds))
        return Score(value=value, level=total / self.bound, expected=mean, upper=upper, partial=partial)


def _of_counts(x: Floats, mean: Floats, phi: Floats, shift: float) -> Floats:
    """The log likelihood ratio of a count with variance phi × mean, its mean raised by `shift` standard deviations."""
    raised = mean + shift * np.sqrt(phi * mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = mean / (phi - 1)
        wide = x * np.log(raised * (size + mean) / (mean * (size + raised))) - size * np.log(
            (size + raised) / (size + mean)
        )
        plain = x * np.log(raised / mean) - (raised - mean)
    return np.asarray(np.where(phi > 1 + 1e-6, wide, plain))


def _of_levels(x: Floats, mean: Floats, sd: Floats, shift: float) -> Floats:
    """The same of a normal value. What never moved is given a thousandth of itself to move in."""
    sd = np.maximum(sd, np.maximum(1e-3 * np.abs(mean), 1e-9))
    return np.asarray(shift * np.clip((x - mean) / sd, -1e3, 1e3) - shift**2 / 2)
