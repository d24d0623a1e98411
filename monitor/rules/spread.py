"""Samples of one series into buckets: a delta over its span, a counter by its increases, a gauge as it stands."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.model import Sample
from monitor.series import Bucket
from monitor.times import MINUTE, floor_to


def spread(samples: Sequence[Sample], before: Sample | None = None) -> list[Bucket]:
    """The buckets of samples of one series, labels and source, sorted by `at`; `before` is the one just before them.

    A counter's first value gives none, a fall is a reset and the new value counts. `at` ends the span: a gauge or
    delta without one stands in the minute that ends at `at`.
    """
    out = []
    for sample in samples:
        if sample.kind == "counter":
            if before is not None:
                rise = sample.value - before.value if sample.value >= before.value else sample.value
                out.append(_bucket(sample.at, sample.at - before.at, rise))
        else:
            out.append(_bucket(sample.at, sample.span, sample.value))
        before = sample
    return out


def _bucket(at: float, span: float, value: float) -> Bucket:
    """One record. Spans up to a minute fill the minute that holds their end."""
    if span <= MINUTE:
        minute = floor_to(at, MINUTE)
        start, span = (minute - MINUTE if minute == at else minute), MINUTE
    else:
        start = at - span
    return Bucket(start, span, 1.0, 0.0, value, value, value, value, at)
