"""Kind `threshold`: the measure of the window against plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detectors.detector import Asked, Detector
from monitor.model import Score
from monitor.series import Series, share_covered
from monitor.times import MINUTE


class Threshold(Detector, frozen=True, kw_only=True, tag="threshold", tag_field="kind"):
    """No options: `above` and `below` of the tiers are in the measure's own unit."""

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The measure itself is the level."""
        start, end = asked.span(now)
        readings = [series.reading(start, end) for series in batch]
        return [Score(value=r.value, level=r.value, partial=r.partial) for r in readings]

    def steady(self, series: Series, now: float, asked: Asked) -> float:
        """Until the oldest minute in the window leaves it; spans longer than a minute leave it bit by bit."""
        start, end = asked.span(now)
        if share_covered(series.full, start, end) < 0.999 or any(b.span > MINUTE for b in series.buckets):
            return now
        edges = [b.start for b in series.buckets if b.start >= start]
        edges += [minute for marks in series.marks.values() for minute, _ in marks if minute >= start]
        return min((e if e >= end else e + asked.window + MINUTE for e in edges), default=float("inf"))

    def falls(self, series: Series) -> bool:
        """What adds up of parts that are not negative only falls as the window moves on."""
        if series.measure in ("sum", "reach"):
            return all(b.sum >= 0 for b in series.buckets)
        return series.measure in ("count", "stories", "authors", "families", "max")
