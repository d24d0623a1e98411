"""How rare a z is, told from a series' own past rises: how many of them came how high.

Between levels, a quarter of a standard deviation apart and wider from 4.75 on, the logarithm of the return period
grows evenly. While rises are few each slope is drawn towards that of the other series of the rule, and theirs, while
few too, towards Gumbel's law of daily highests, which holds beyond the levels: one in 1.78 days comes above z = 0, and
the return period grows by exp(π/√6 · z) (Gumbel 1958, Statistics of Extremes). Where a series has come above z = 3 the
law is as much less steep as those rises went further than it allows. From 4.75 on a height is the logarithm of z: what
is mostly nothing and then very much stands now at the tenfold, now at the hundredfold of what it varies by, and the one
says of the other that it comes again.
"""

from __future__ import annotations

from itertools import pairwise
from math import exp
from typing import NamedTuple

from monitor.detectors.arrays import Floats, np

SLOPE = 1.2825498
"""π/√6."""
USUAL = 1.781
"""Days between highests above z = 0: exp(0.5772)."""
BEND = 4.75
HEIGHTS = (*(0.25 * i for i in range(20)), *(BEND + 1.4 * i for i in range(1, 15)))
LEVELS = len(HEIGHTS)
LEAST = 1e-6
"""The least z that is a rise."""
_AT = [max(LEAST, h) if h <= BEND else BEND * exp(h / BEND - 1) for h in HEIGHTS]
WIDTHS = (*(b - a for a, b in pairwise(HEIGHTS)), float("inf"))
WORTH, SLOPE_WORTH, LAW_WORTH, OTHERS_WORTH = 10.0, 3.0, 12.0, 40.0
"""How many rises Gumbel's law is worth against those seen: for how often there are any; for a quarter's slope, alone;
and against those of other series. And how many these are worth at most."""
STEEP = HEIGHTS.index(3.0)
STEEP_WORTH = 10.0
"""From which level on rises tell how steep the law is, and how many of them Gumbel's slope is worth."""
FARTHEST = 100.0
"""The logarithm of the largest period told, in days."""


class Tail(NamedTuple):
    """Rises above z = 0 come every `between` days; `slopes`: of the logarithm of the period, a row for each level.

    `usual`: days between highests above z = 0 by the law.
    """

    between: Floats
    slopes: Floats
    usual: float = USUAL

    def return_period(self, z: Floats) -> Floats:
        """Days between rises that come above this z."""
        out, height = np.log(self.between), height_of(z)
        for level, width, slope in zip(HEIGHTS, WIDTHS, self.slopes, strict=True):
            out = out + slope * np.clip(height - level, 0.0, width)
        low = np.log(np.minimum(self.between, self.usual)) + SLOPE * z  # at z = 0 nothing has risen yet
        return np.asarray(np.exp(np.clip(np.where(z > 0, out, low), -FARTHEST, FARTHEST)))

    def z_at(self, days: Floats) -> Floats:
        """The z above which rises come once in so many days."""
        below = np.log(days / np.minimum(self.between, self.usual)) / SLOPE
        left, out = np.maximum(np.log(days / self.between), 0.0), np.zeros_like(days)
        for width, slope in zip(WIDTHS, self.slopes, strict=True):
            out = out + np.minimum(left, slope * width) / slope
            left = np.maximum(left - slope * width, 0.0)
        above = np.where(out > BEND, BEND * np.exp(np.maximum(out, BEND) / BEND - 1), out)
        return np.asarray(np.where(below < 0, below, above))


def height_of(z: Floats) -> Floats:
    """z, from 4.75 on on a logarithm that goes on from there as steeply."""
    return np.asarray(np.where(z > BEND, BEND * (1 + np.log(np.maximum(z, BEND) / BEND)), z))


def tail_of(days: Floats, reached: Floats, beside: Floats | float = 0.0, usual: float = USUAL) -> Tail:
    """The tail of so many days in which so many rises reached each level (a row a level).

    `beside`: the rises of the other series of the rule. What comes once in a month of fifty series is once in four
    years of each: of that fifty know more than one.
    """
    between = (days + WORTH * usual) / (reached[0] + WORTH)
    widths = np.array(WIDTHS[:-1])[:, None]
    narrow = widths[0] / widths  # or the law would weigh the more, the farther apart levels are
    others, law, steep = np.zeros_like(reached) + beside, LAW_WORTH * narrow, _steepness(reached, widths)
    share = (others[1:] + law * np.exp(-steep * widths)) / (others[:-1] + law)
    worth = SLOPE_WORTH * narrow + np.minimum(others[:-1], OTHERS_WORTH)
    slopes = np.log((reached[:-1] + worth) / (reached[1:] + worth * share)) / widths
    return Tail(np.asarray(between), np.concatenate([slopes, steep[None]]), usual)


def _steepness(reached: Floats, widths: Floats) -> Floats:
    """The slope of the law, of each series: Gumbel's, or less where its highest rises went further than that allows.

    Heights above a level that is high enough are exponential, and the slope has a gamma prior about Gumbel's.
    """
    beyond = (widths * (reached[:-1] + reached[1:]) / 2)[STEEP:].sum(axis=0)
    return np.asarray(np.minimum((STEEP_WORTH + reached[STEEP]) / (STEEP_WORTH / SLOPE + beyond), SLOPE))


def level_under(z: Floats) -> Floats:
    """The z of the highest level that one comes above; below and beyond the levels as it is.

    Where a series has few heights, many rises lie at one between two levels: that level is what is known of them.
    """
    place = np.searchsorted(HEIGHTS, height_of(z), side="left") - 1
    return np.asarray(np.where((place < 0) | (place == LEVELS - 1), z, np.take(_AT, np.maximum(place, 0))))


def level_over(z: Floats) -> Floats:
    """The z of the lowest level that is not below one; below and beyond the levels as it is."""
    place = np.searchsorted(HEIGHTS, height_of(z), side="left")
    return np.asarray(np.where((z < 0) | (place == LEVELS), z, np.take(_AT, np.minimum(place, LEVELS - 1))))


def levels_of(z: Floats) -> Floats:
    """Which levels a z reaches: a row a level."""
    return np.asarray(height_of(z) > np.array(HEIGHTS)[:, None])
