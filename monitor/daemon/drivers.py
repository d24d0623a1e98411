"""What drives a rise: the slices, by label and value, in which the mentions of a window grew against the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from monitor.model import Driver, Key, Labels

LEAST = 5
"""Mentions of a slice, fewer of which drive nothing."""
MOST = 2
MOSTLY = 0.6
"""A slice drives a rise when at least so much of what came more lies in it."""


def drivers_of(now: Sequence[Labels], before: Sequence[Labels], key: Key) -> tuple[Driver, ...]:
    """The slices that drive a rise, the strongest first; at most one a label. Labels of the series itself say nothing.

    `now`, `before`: the labels of each mention of the window, and of the one before it, as long.
    """
    rise = len(now) - len(before)
    if rise < LEAST:
        return ()
    counts, earlier, total = _counts(now), _counts(before), len(now) + len(before)
    found: dict[str, Driver] = {}
    for (label, value), n in counts.items():
        more = n - earlier[label, value]
        share = more / rise
        idle = label in dict(key) or n < LEAST or share < MOSTLY
        if idle or not _tells(label, counts + earlier, total):
            continue
        made = Driver(label=label, value=value, n=n, before=earlier[label, value], total=len(now))
        found[label] = max(found.get(label, made), made, key=lambda d: d.n - d.before)
    return tuple(sorted(found.values(), key=lambda d: (d.before - d.n, d.label))[:MOST])


def _counts(labels: Sequence[Labels]) -> Counter[tuple[str, str]]:
    return Counter((label, value) for each in labels for label, value in each.items() if value)


def _tells(label: str, counts: Counter[tuple[str, str]], total: int) -> bool:
    """A label of which every mention bears the same value sets nothing apart."""
    values = {value: n for (name, value), n in counts.items() if name == label}
    return len(values) > 1 or sum(values.values()) < total
