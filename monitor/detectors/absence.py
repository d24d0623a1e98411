"""Kind `absence`: how long nothing came."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter
from typing import ClassVar

from monitor.detectors.detector import Asked, Detector, Unit
from monitor.model import Score
from monitor.series import Bucket, Series
from monitor.times import DAY, MINUTE

LONGEST = 8 * DAY
"""How long a silence is looked for before a step whose silence is counted."""


class Absence(Detector, frozen=True, kw_only=True, tag="absence", tag_field="kind"):
    """Seconds since the last record; of a series that never spoke, since it was first covered.

    An outage counts as silence: that nothing can be read is what this detector is to tell.
    """

    unit: ClassVar[Unit] = "seconds"
    grows: ClassVar[bool] = True

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """Seconds of silence, as value and level."""
        return [_score(series, series.last_at, now) for series in batch]

    def reached(self, batch: Sequence[Series], begun: float, end: float, asked: Asked) -> list[Score]:
        """The longest silence of the step: the one that stands as it ends may have just begun."""
        return [_longest(series, begun, end) for series in batch]

    def lookback(self, asked: Asked) -> float:
        """Nothing is read to tell a silence; to count them, what came before a step."""
        return asked.window + MINUTE + (LONGEST if asked.rarities else 0.0)

    def value_at(self, level: float, score: Score) -> float | None:
        """Both are seconds of silence."""
        return level


def _longest(series: Series, begun: float, end: float) -> Score:
    buckets, found = series.buckets, Score(value=None)
    first, beyond = (bisect_left(buckets, at, key=attrgetter("start")) for at in (begun, end))
    last = next((_last(buckets[i]) for i in range(first - 1, -1, -1) if buckets[i].n > 0), None)
    for bucket in buckets[first:beyond]:
        if bucket.n > 0:
            found = max(found, _score(series, last, bucket.start), key=_seconds)
            last = max(last or 0.0, _last(bucket))
    return max(found, _score(series, last, end), key=_seconds)


def _last(bucket: Bucket) -> float:
    return max(bucket.start, bucket.last_at)


def _seconds(score: Score) -> float:
    return -1.0 if score.value is None else score.value


def _score(series: Series, last: float | None, now: float) -> Score:
    since = last if last is not None else series.covered[0][0] if series.covered else None
    if since is None:
        return Score(value=None)
    seconds = max(0.0, now - since)
    return Score(value=seconds, level=seconds)
