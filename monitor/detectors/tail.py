"""How rare a z is, told from a series' own past rises: how many of them came how high.

Between levels a quarter of a standard deviation apart the logarithm of the return period grows evenly. While rises
are few each slope is drawn towards Gumbel's law of daily highests, and beyond the levels it is that law: one in 1.78
days comes above z = 0, and the return period grows by exp(π/√6 · z) (Gumbel 1958, Statistics of Extremes).
"""

from __future__ import annotations

from typing import NamedTuple

from monitor.detectors.arrays import Floats, np

SLOPE = 1.2825498
"""π/√6."""
USUAL = 1.781
"""Days between highests above z = 0: exp(0.5772)."""
LEVELS, APART = 20, 0.25
WORTH, SLOPE_WORTH = 10.0, 3.0
"""How many rises Gumbel's law is worth against those seen: for how often there are any, and for each slope."""
FARTHEST = 100.0
"""The logarithm of the largest period told, in days."""


class Tail(NamedTuple):
    """Rises above z = 0 come every `between` days; `slopes`: of the logarithm of the period, a row for each level."""

    between: Floats
    slopes: Floats

    def return_period(self, z: Floats) -> Floats:
        """Days between rises that come above this z."""
        out = np.log(self.between)
        for level, slope in enumerate(self.slopes):
            above = np.maximum(z - APART * level, 0.0)
            out = out + slope * (above if level == LEVELS - 1 else np.minimum(above, APART))
        low = np.log(np.minimum(self.between, USUAL)) + SLOPE * z  # at z = 0 nothing has risen yet
        return np.asarray(np.exp(np.clip(np.where(z > 0, out, low), -FARTHEST, FARTHEST)))

    def z_at(self, days: Floats) -> Floats:
        """The z above which rises come once in so many days, at least 0."""
        left, out = np.maximum(np.log(days / self.between), 0.0), np.zeros_like(days)
        for level, slope in enumerate(self.slopes):
            out = out + (left if level == LEVELS - 1 else np.minimum(left, slope * APART)) / slope
            left = np.maximum(left - slope * APART, 0.0)
        return np.asarray(out)


def tail_of(days: Floats, reached: Floats) -> Tail:
    """The tail of so many days in which so many rises reached each level (a row a level)."""
    between = (days + WORTH * USUAL) / (reached[0] + WORTH)
    fewer = reached[1:] + SLOPE_WORTH * np.exp(-SLOPE * APART)
    slopes = np.log((reached[:-1] + SLOPE_WORTH) / fewer) / APART
    return Tail(np.asarray(between), np.concatenate([slopes, np.full_like(reached[:1], SLOPE)]))


def levels_of(z: Floats) -> Floats:
    """Which levels a z reaches: a row a level."""
    return np.asarray(z > APART * np.arange(LEVELS)[:, None])
