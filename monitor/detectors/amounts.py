"""What a batch of series counted between edges of time, as one array: a row a series."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter

from monitor.detectors.arrays import Floats, np
from monitor.series import Interval, Series
from monitor.times import MINUTE

LEAST_COVERED = 0.5
AMOUNTS = {"count": "n", "ratio": "n", "share": "n", "stories": "stories", "reach": "sum", "sum": "sum"}
"""The measures that add up, and of what."""
_of = {measure: attrgetter(name) for measure, name in AMOUNTS.items()}


def amounts(batch: Sequence[Series], at: Floats) -> Floats:
    """What each series counted in each equal step between the edges, scaled up for what was not covered.

    One row a series; NaN under half covered. Minutes count as wholes, longer spans evenly over their time.
    """
    told: dict[tuple[Interval, ...], Floats] = {}
    for covered in {id(series.covered): series.covered for series in batch}.values():
        if covered not in told:
            share = shares_covered(covered, at)
            told[covered] = np.where(share < LEAST_COVERED, np.nan, 1 / np.clip(share, LEAST_COVERED, 1.0))
    out = np.array([told[series.covered] for series in batch]).reshape(len(batch), len(at) - 1)
    adding = [i for i, series in enumerate(batch) if series.measure in AMOUNTS]
    out[adding] *= counted([batch[i] for i in adding], at)
    for i, series in enumerate(batch):
        if series.measure not in AMOUNTS:
            readings = [series.reading(a, b) for a, b in pairwise(at.tolist())]
            out[i] = [r.value if r.value is not None and r.covered >= LEAST_COVERED else np.nan for r in readings]
    return out


def counted(batch: Sequence[Series], at: Floats) -> Floats:
    """What was counted between the edges, one row a series, of measures that add up."""
    edges = at.tolist()
    n, start, end = len(edges) - 1, edges[0], edges[-1]
    places: list[int] = []
    found: list[float] = []
    for i, series in enumerate(batch):
        amount, base, earliest = _of[series.measure], i * n, start - max(series.longest, MINUTE)
        for b in reversed(series.buckets):
            begun = b.start
            if begun <= earliest:
                break
            if begun >= end:
                continue
            if b.span <= MINUTE:
                if begun >= start:
                    places.append(base + bisect_right(edges, begun) - 1)
                    found.append(amount(b))
            elif begun + b.span > start:
                for k in range(max(0, bisect_right(edges, begun) - 1), min(n, bisect_left(edges, begun + b.span))):
                    places.append(base + k)
                    found.append(amount(b) * (min(begun + b.span, edges[k + 1]) - max(begun, edges[k])) / b.span)
    sums = np.bincount(np.array(places, dtype=int), weights=np.array(found), minlength=len(batch) * n)
    return np.asarray(sums.reshape(len(batch), n))


def shares_covered(intervals: tuple[Interval, ...], at: Floats) -> Floats:
    """The share of each step that the intervals cover."""
    if not intervals:
        return np.zeros(len(at) - 1)
    ends = np.array(intervals, dtype=float)
    known = np.concatenate([[0.0], np.cumsum(ends[:, 1] - ends[:, 0])])
    seconds = np.interp(at, ends.ravel(), np.repeat(known, 2)[1:-1])
    return np.asarray(np.diff(seconds) / np.maximum(np.diff(at), 1e-9))
