"""Kind `highest`: the window against the highest of the days before: a new high says that this was never seen."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from monitor.detectors.arrays import Floats, np
from monitor.detectors.change import LARGEST
from monitor.detectors.detector import Asked, Detector, Rarity, Unit
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
    Nothing is no high, even where there was nothing before. What was reached on k of n days seen comes once in
    (n + 1) ÷ (k + 1) days (Gumbel, E. J. (1958), Statistics of Extremes, 2.1), whatever law it follows.
    """

    unit: ClassVar[Unit] = "factor"
    alarms: ClassVar[float | None] = 1.0
    rarity: ClassVar[Rarity] = "own"
    against: ClassVar[str] = "highest"

    days: int = 90
    learn: int = 7

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The highest of the days before as expected; how many times that as level."""
        kept = asked.kept if asked.kept is not None else self.keep(asked)
        highs = kept.follow(batch, floor_to(now, kept.step), now - self.lookback(asked))
        highs = highs.only([kept.keys[s.key] for s in batch])
        bound, seen = highs.before()
        window, _, partial = readings(batch, now, asked, kept.step)
        told = np.round(window, EXACT)
        among, levels = asked.series or len(batch), bound.tolist()
        rows = zip(told.tolist(), levels, seen.tolist(), highs.reached(told), partial, strict=True)
        ranked = highs.ranked().T if asked.rarities else np.empty((len(batch), 0))
        return [self._score(row, past, asked.rarities, among) for row, past in zip(rows, ranked, strict=True)]

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

    def _score(self, row: Row, ranked: Floats, rarities: Sequence[float], among: int) -> Score:
        value, bound, seen, reached, partial = row
        if value != value:
            return Score(value=None, partial=partial)
        if seen < self.learn:
            return Score(value=value, partial=partial, learning=(seen * DAY, self.learn * DAY))
        period = (seen + 1) / (reached + 1) * DAY / among if value > 0 else 0.0
        days = {r: int((seen + 1) * DAY / (r * among)) - 1 for r in rarities}
        at = [(r, float(ranked[k])) for r, k in days.items() if 0 <= k < self.days]
        at = [(r, highest) for r, highest in at if isfinite(highest)]
        return Score(
            value=value,
            level=_times(value, bound),
            expected=bound,
            upper=at[0][1] if at else None,
            p_value=(reached + 1) / (seen + 1) if value > 0 else 1.0,
            return_period=period,
            beyond=period if value > 0 and not reached else None,
            history=seen * DAY,
            bounds=tuple((r, _times(highest, bound)) for r, highest in at),
            partial=partial,
        )


Row = tuple[float, float, int, int, bool]


def _times(value: float, bound: float) -> float:
    level = LARGEST if bound <= 0 < value else value / bound if bound > 0 else 0.0
    return max(-LARGEST, min(LARGEST, level))
