"""A series as equal steps back from now: an array of values, NaN where too little was covered."""

from __future__ import annotations

from itertools import pairwise

from monitor.detectors.amounts import shares_covered
from monitor.detectors.arrays import Floats, Truths, np
from monitor.detectors.detector import Asked
from monitor.series import Series
from monitor.times import MINUTE, aligned

LEAST_COVERED = 0.5
EXACT = 6
"""Decimals that are told: a count spread over its span and added up again is whole, or a tail takes it for one more."""


def edges(now: float, asked: Asked, n: int) -> Floats:
    """The n + 1 edges of n steps, oldest first; the last step is the current span.

    Without `align` steps are windows back from now; with it they begin on the zone's grid and the last one is being
    filled: it ends at `now`.
    """
    if asked.align is None:
        start, end = asked.span(now)
        return np.append(start - asked.window * np.arange(n - 1, -1, -1.0), end)
    out = [now, aligned(now - 1e-3, asked.align, asked.zone)]
    while len(out) < n + 1:
        out.append(aligned(out[-1] - 1, asked.align, asked.zone))
    return np.array(out[::-1])


def step(asked: Asked) -> float:
    """How long a step is, in seconds."""
    return asked.window if asked.align is None else float(asked.align)


def values(series: Series, at: Floats, *, current: bool = True) -> tuple[Floats, Truths]:
    """The measure in each step between the edges, scaled up for what was not covered; NaN under half covered.

    The second array says where a step is partial. `current`: the last step is the one judged and stays as counted.
    """
    covered = shares_covered(series.covered, at)
    full = shares_covered(series.full, at)
    if series.measure in ("count", "stories", "reach", "sum"):
        found = np.round(np.diff(_cumulated(series, at)), EXACT)
        known = covered >= LEAST_COVERED
        scaled = np.where(known, found / np.clip(covered, LEAST_COVERED, 1.0), np.nan)
        if current:
            scaled[-1] = found[-1] if known[-1] else np.nan
        return scaled, full < 0.999
    readings = [series.reading(a, b) for a, b in pairwise(at.tolist())]
    told = [r.value if r.value is not None and r.covered >= LEAST_COVERED else np.nan for r in readings]
    return np.array(told, dtype=float), full < 0.999


def _cumulated(series: Series, at: Floats) -> Floats:
    """How much was counted before each edge: minutes as wholes, longer spans evenly over their time."""
    name = {"count": "n", "stories": "stories"}.get(series.measure, "sum")
    origin, at = float(at[0]), at - at[0]  # small numbers keep their last digits
    rows = np.array([(b.start - origin, b.span, getattr(b, name)) for b in series.buckets], dtype=float).reshape(-1, 3)
    short = rows[:, 1] <= MINUTE
    out = _before(rows[short, 0], rows[short, 2], at)
    long = rows[~short]
    if len(long):
        rate = long[:, 2] / long[:, 1]
        begun = _before(long[:, 0], rate, at) * at - _before(long[:, 0], rate * long[:, 0], at)
        ended = long[:, 0] + long[:, 1]
        order = np.argsort(ended, kind="stable")
        over = _before(ended[order], rate[order], at) * at - _before(ended[order], (rate * ended)[order], at)
        out = out + begun - over
    return out


def _before(starts: Floats, amounts: Floats, at: Floats) -> Floats:
    """The sum of the amounts whose start lies before each edge; starts are sorted."""
    total = np.concatenate([[0.0], np.cumsum(amounts)])
    return total[np.searchsorted(starts, at, side="left")]
