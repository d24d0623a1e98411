"""Kind `highest`: the window against the highest of the days before: a new high says that this was never seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from monitor.detectors.arrays import np
from monitor.detectors.change import LARGEST
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.highs import KeptHighs
from monitor.detectors.kept import Kept
from monitor.detectors.occasions import plain
from monitor.detectors.seasonal import Seasonal, readings
from monitor.detectors.steps import EXACT
from monitor.model import Score
from monitor.series import Series
from monitor.times import DAY, MINUTE, floor_to


class Highest(Detector, frozen=True, kw_only=True, tag="highest", tag_field="kind"):
    """`days` before today are looked at; nothing is called a new high before `learn` of them were seen.

    The level is value ÷ the highest window of those days, looked at every sixth of a window: above 1 is a new high.
    Nothing is no high, even where there was nothing before.
    """

    unit: ClassVar[Unit] = "factor"
    alarms: ClassVar[float | None] = 1.0
    against: ClassVar[str] = "highest"

    days: int = 90
    learn: int = 7

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The highest of the days before as expected; how many times that as level."""
        kept = asked.kept if asked.kept is not None else self.keep(asked)
        highs = kept.follow(batch, floor_to(now, kept.step), now - self.lookback(asked))
        bound, seen = highs.only([kept.keys[s.key] for s in batch]).before()
        window, _, partial = readings(batch, now, asked, kept.step)
        told = np.round(window, EXACT).tolist()
        rows = zip(told, bound.tolist(), seen.tolist(), partial, strict=True)
        return [self._score(*row) for row in rows]

    def keep(self, asked: Asked) -> Kept:
        """What is to be kept from one judgement to the next. A window has the parts that `seasonal` gives it."""
        return KeptHighs(*Seasonal().steps(asked), plain(asked.zone), self.days)

    def lookback(self, asked: Asked) -> float:
        """The days asked, and today."""
        return (self.days + 1) * DAY + asked.window + MINUTE

    def needs(self, asked: Asked, now: float) -> float:
        """Only what has come since, where something is kept."""
        back = asked.kept.back(now) if asked.kept is not None else None
        return self.lookback(asked) if back is None else max(back, asked.window) + 2 * MINUTE

    def _score(self, value: float, bound: float, seen: int, partial: bool) -> Score:
        if value != value:
            return Score(value=None, partial=partial)
        if seen < self.learn:
            return Score(value=value, partial=partial, learning=(seen * DAY, self.learn * DAY))
        level = LARGEST if bound <= 0 < value else value / bound if bound > 0 else 0.0
        return Score(
            value=value,
            level=max(-LARGEST, min(LARGEST, level)),
            expected=bound,
            history=seen * DAY,
            partial=partial,
        )
