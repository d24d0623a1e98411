"""Kind `share`: a part of a whole against what that share was before: more voices of everything move nothing.

Both sides are taken at the safe end of their 95 % intervals (`ratio` says which), so that a share of few records, or
one against a short past, is no rise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from monitor.detectors.detector import Asked, Detector, Unit
from monitor.detectors.ratio import interval, newest
from monitor.model import Score
from monitor.series import Series
from monitor.times import DAY, MINUTE, Duration

LEAST_COVERED = 0.5


class Share(Detector, frozen=True, kw_only=True, tag="share", tag_field="kind"):
    """`baseline`: how long a span before the judged one says what the share usually is.

    The level is how many times the usual share it surely is: the lower end of the share now ÷ the upper end of the
    share before. Under `min_denominator` the value is shown but not judged.
    """

    unit: ClassVar[Unit] = "factor"

    baseline: Duration = Duration(28 * DAY)

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The share as value, the one before as expected, that many times as the level."""
        return [self._score(series, now, asked) for series in batch]

    def reads_both(self) -> bool:
        """It holds a part against its whole."""
        return True

    def lookback(self, asked: Asked) -> float:
        """The baseline, and the spans in which the newest covered one is looked for."""
        return self.baseline + 9 * max(asked.window, asked.align or 0.0) + MINUTE

    def _score(self, series: Series, now: float, asked: Asked) -> Score:
        whole = series.denominator
        span = None if whole is None else newest(series, whole, now, asked)
        if whole is None or span is None:
            return Score(value=None)
        a, b = series.reading(*span), whole.reading(*span)
        if a.value is None or b.value is None:
            return Score(value=None)
        part, total, partial = a.value, b.value, a.partial or b.partial
        shown = Score(value=part / total if total > 0 else 0.0, added=part, denominator=total, partial=partial)
        if total <= 0 or total < asked.min_denominator or part < 0:
            return shown
        return self._against(shown, part, total, self._usual(series, whole, span[0]))

    def _usual(self, series: Series, whole: Series, end: float) -> tuple[float, float] | None:
        """What was counted of both in the baseline; None where less than half of it is covered."""
        readings = [side.reading(end - self.baseline, end, least=LEAST_COVERED) for side in (series, whole)]
        if any(r.value is None or r.covered < LEAST_COVERED for r in readings) or not readings[1].value:
            return None
        return readings[0].value or 0.0, readings[1].value

    def _against(self, shown: Score, part: float, total: float, usual: tuple[float, float] | None) -> Score:
        if usual is None or usual[1] <= 0 or usual[0] < 0:
            return Score(value=shown.value, added=part, denominator=total, partial=True)
        low = interval(part, total)[0]
        high = interval(*usual)[1]
        return Score(
            value=shown.value,
            level=low / high,
            lower=low,
            expected=usual[0] / usual[1],
            upper=high,
            added=part,
            denominator=total,
            partial=shown.partial,
        )
