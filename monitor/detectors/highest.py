"""Kind `highest`: the window against the highest of the days before: a new high says that this was never seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from monitor.detectors.amounts import AMOUNTS
from monitor.detectors.arrays import Floats, np
from monitor.detectors.detector import Asked, Rarity
from monitor.detectors.factors import Factor, times
from monitor.detectors.highs import Highs, KeptHighs
from monitor.detectors.kept import JUST_BEFORE, Kept, window_of
from monitor.detectors.rated import HISTORY, told
from monitor.detectors.seasonal import Seasonal, readings
from monitor.detectors.steps import EXACT
from monitor.model import Score
from monitor.series import Series
from monitor.times import DAY, MINUTE


class Highest(Factor, frozen=True, kw_only=True, tag="highest", tag_field="kind"):
    """`days` before today are looked at; nothing is called a new high before `learn` of them were seen.

    The level is value ÷ the highest window of those days, looked at every sixth of a window: above 1 is a new high.
    Nothing is no high, even where there was nothing before. The p-value is (k + 1) ÷ (n + 1) of what was reached on k
    of n days (Gumbel, E. J. (1958), Statistics of Extremes, 2.1); a rarity rests on how high windows stood before.
    """

    alarms: ClassVar[float | None] = 1.0
    rarity: ClassVar[Rarity] = "own"
    against: ClassVar[str] = "highest"

    days: int = 90
    learn: int = 7

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The highest of the days before as expected; how many times that as level."""
        kept = asked.kept if asked.kept is not None else self.keep(asked)
        begun = kept.begun(now - JUST_BEFORE)
        followed: Highs = kept.follow(batch, begun, now - self.lookback(asked))
        highs = followed.only([kept.keys[s.key] for s in batch])
        value, part, partial = readings(batch, now, asked, begun)
        scores = self._scores(np.round(value, EXACT), highs, partial)
        if highs.levels is None or followed.levels is None:
            return scores
        levels = highs.levels
        levels.heights.learn_from(followed.levels.heights)
        window = window_of(np.column_stack([kept.before(batch), part])) if asked.measure in AMOUNTS else value
        z = levels.z(highs.height(window, self.learn, asked))
        return told(scores, np.fmax(z, levels.heights.before), levels, asked, self)

    def keep(self, asked: Asked) -> Kept:
        """What is to be kept from one judgement to the next. A window has the parts that `seasonal` gives it."""
        return KeptHighs(*Seasonal().steps(asked), self.days, self.learn, asked)

    def lookback(self, asked: Asked) -> float:
        """The days asked, and today; before them the past that a rarity rests on."""
        return (self.days + 1) * DAY + (HISTORY if asked.rarities else 0.0) + asked.window + MINUTE

    def needs(self, asked: Asked, now: float) -> float:
        """Only what has come since, where something is kept."""
        back = asked.kept.back(now) if asked.kept is not None else None
        return self.lookback(asked) if back is None else max(back, asked.window) + 2 * MINUTE

    def _scores(self, values: Floats, highs: Highs, partial: Sequence[bool]) -> list[Score]:
        bound, seen = highs.before()
        level = times(values, bound)
        p = np.where(values > 0, (highs.reached(values) + 1) / (seen + 1), 1.0)
        out = []
        for i, one in enumerate(partial):
            if np.isnan(values[i]):
                out.append(Score(value=None, partial=one))
            elif seen[i] < self.learn:
                seconds = int(seen[i]) * DAY, self.learn * DAY
                out.append(Score(value=float(values[i]), partial=one, learning=seconds))
            else:
                out.append(
                    Score(
                        value=float(values[i]),
                        level=float(level[i]),
                        expected=float(bound[i]),
                        p_value=float(p[i]),
                        partial=one,
                    )
                )
        return out
