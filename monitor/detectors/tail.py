"""How rare a height is, told from a series' own past peaks: peaks over a threshold, generalised Pareto.

Pickands, J. (1975), Statistical inference using extreme order statistics, Ann Stat 3, 119–131; the shape by
probability-weighted moments (Hosking & Wallis 1987, Technometrics 29, 339–349), drawn towards a mild heavy tail while
peaks are few.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import exp, log

from msgspec import Struct

SHAPE, WORTH = 0.3, 10
"""The shape of a tail before anything is known of it, and how many peaks that knowledge is worth."""
LIGHTEST, STEEPEST = -0.15, 0.6
FARTHEST = 200.0
"""The logarithm of the largest period told, in units of the time between rises."""


class Tail(Struct, frozen=True):
    """Above `threshold` peaks come every `between` seconds and exceed it by a Pareto of `scale` and `shape`.

    `body`: the sorted heights of the past, for what lies below.
    """

    threshold: float
    between: float
    scale: float
    shape: float
    seen: float
    body: tuple[float, ...] = ()

    def return_period(self, height: float) -> float:
        """Seconds between rises that reach this height; 0 below the threshold."""
        if height <= self.threshold:
            return 0.0
        excess = (height - self.threshold) / self.scale
        if abs(self.shape) < 1e-3:
            return self.between * exp(min(excess, FARTHEST))
        room = 1 + self.shape * excess  # of a tail that ends, nothing is left beyond its end
        return self.between * exp(min(log(room) / self.shape, FARTHEST) if room > 0 else FARTHEST)

    def height(self, period: float) -> float:
        """The height that is reached once in `period` seconds; at least the threshold."""
        times = max(1.0, period / self.between)
        if abs(self.shape) < 1e-3:
            return self.threshold + self.scale * log(times)
        return self.threshold + self.scale * (exp(self.shape * log(times)) - 1) / self.shape

    def share_above(self, height: float) -> float:
        """The share of past steps at least this high, never quite 0."""
        above = len(self.body) - bisect_left(self.body, height)
        return (above + 1) / (len(self.body) + 1)


def tail_of(heights: Sequence[float], step: float, gap: int, share: float) -> Tail | None:
    """The tail of past heights (standard deviations), one a step; None where there are none.

    The threshold is exceeded by `share` of the steps; exceedances at most `gap` steps apart are one rise.
    """
    body = sorted(heights)
    if not body:
        return None
    place = (1 - share) * (len(body) - 1)
    low = int(place)
    threshold = body[low] + (place - low) * (body[min(low + 1, len(body) - 1)] - body[low])
    peaks = rises(heights, threshold, gap)
    shape, scale = _pareto(sorted(p - threshold for p in peaks)) if peaks else (SHAPE, 1.0)
    seen = len(body) * step
    return Tail(threshold, seen / (len(peaks) + 1), scale, shape, seen, tuple(body))


def rises(heights: Sequence[float], threshold: float, gap: int) -> list[float]:
    """The peak of each rise above a threshold."""
    peaks: list[float] = []
    last = -gap - 2
    for i, height in enumerate(heights):
        if height > threshold:
            if i - last > gap:
                peaks.append(height)
            elif height > peaks[-1]:
                peaks[-1] = height
            last = i
    return peaks


def _pareto(excesses: Sequence[float]) -> tuple[float, float]:
    """Shape and scale of sorted excesses."""
    n = len(excesses)
    mean = sum(excesses) / n
    weighted = sum(x * i for i, x in enumerate(excesses)) / (n * max(1, n - 1))
    shape = min(max((_shape(mean, weighted) * n + SHAPE * WORTH) / (n + WORTH), LIGHTEST), STEEPEST)
    return shape, max(mean * (1 - shape), 1e-6)


def _shape(mean: float, weighted: float) -> float:
    """Probability-weighted moments: b0 the mean, b0 − b1 the mean weighted by how many lie above."""
    above = mean - weighted
    return 2 - mean / (mean - 2 * above) if mean > 2 * above else 0.5
