"""Kind `absence`: how long nothing came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from monitor.detectors.detector import Asked, Detector, Rarity, Unit
from monitor.model import Score
from monitor.series import Series


class Absence(Detector, frozen=True, kw_only=True, tag="absence", tag_field="kind"):
    """Seconds since the last record; of a series that never spoke, since it was first covered.

    An outage counts as silence: that nothing can be read is what this detector is to tell.
    """

    unit: ClassVar[Unit] = "seconds"
    rarity: ClassVar[Rarity] = "none"

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """Seconds of silence, as value and level."""
        return [_silence(series, now) for series in batch]


def _silence(series: Series, now: float) -> Score:
    first = series.covered[0][0] if series.covered else None
    last = series.last_at if series.last_at is not None else first
    if last is None:
        return Score(value=None)
    seconds = max(0.0, now - last)
    return Score(value=seconds, level=seconds)
