"""Kind `threshold`: the measure of the window against plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detectors.detector import Detector
from monitor.model import Score
from monitor.series import Series
from monitor.times import MINUTE, floor_to


class Threshold(Detector, frozen=True, kw_only=True, tag="threshold", tag_field="kind"):
    """No options: `above` and `below` of the tiers are in the measure's own unit."""

    def score(self, batch: Sequence[Series], now: float, window: float) -> list[Score]:
        """The measure itself is the level."""
        start = floor_to(now, MINUTE) - window
        readings = [series.reading(start, now) for series in batch]
        return [Score(value=r.value, level=r.value, partial=r.partial) for r in readings]
