"""Kind `seasonal`: how unusual a count is for its time of day and week, told as a rarity of the series' own past."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

from monitor.detectors.arrays import Floats, np
from monitor.detectors.detector import Asked, Detector
from monitor.detectors.steps import values
from monitor.detectors.tail import Tail
from monitor.detectors.track import Look, Track, count
from monitor.model import Key, Score
from monitor.series import Series
from monitor.times import DAY, MINUTE, Duration, floor_to

PARTS = 4
"""A window is looked at in quarters: its history is one value every quarter of it."""
CLAIMED = 5
"""A return period is claimed up to this many times the history seen."""
USUAL = 30 * DAY
WEEK = 7 * DAY
REMEMBERED = 4096


class Seasonal(Detector, frozen=True, kw_only=True, tag="seasonal", tag_field="kind"):
    """`days` of history are looked at; nothing is called rare before `learn`.

    `smooth`: over how long a span `detect` looks at files of shorter steps (a rule looks at its own window).
    """

    rarity: ClassVar[bool] = True

    days: int = 91
    learn: Duration = Duration(2 * DAY)
    smooth: Duration = Duration(20 * MINUTE)

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The measure as value and level; the return period counts alarms over all series of the rule."""
        grid = self._grid(now, asked)
        return [self._score(series, now, asked, grid, asked.series or len(batch)) for series in batch]

    def lookback(self, asked: Asked) -> float:
        """The days asked, to the Thursday before them (weeks from the epoch), so that history begins alike all week."""
        return self.days * DAY + WEEK + 2 * asked.window + MINUTE

    def _grid(self, now: float, asked: Asked) -> Floats:
        """The edges of history's steps, up to the last whole one."""
        step = max(MINUTE, floor_to(asked.window / PARTS, MINUTE))
        end = floor_to(now, step)
        start = floor_to(end, WEEK) - self.days * DAY
        return np.arange(floor_to(start, step), end + 1, step)

    def _score(self, series: Series, now: float, asked: Asked, grid: Floats, among: int) -> Score:
        reading = series.reading(*asked.span(now))
        if reading.value is None:
            return Score(value=None, partial=reading.partial)
        step = float(grid[1] - grid[0])
        parts = max(1, round(asked.window / step))
        history = smoothed(values(series, grid, current=False)[0], parts)
        track = _followed(Asking(self, asked.window, str(asked.zone), series.key), history, grid, asked)
        seen = track.taken * step
        tail = track.tail() if seen >= self.learn else None
        if tail is None:
            return Score(
                value=reading.value,
                level=reading.value,
                partial=reading.partial,
                learning=(min(seen, self.learn), max(self.learn, seen)),
            )
        hour, weekday = clock(now, asked)
        look = track.look(reading.value / parts, hour, weekday)
        return told(reading.value, look, tail, parts, asked, among, partial=reading.partial)


def told(
    value: float, look: Look, tail: Tail, parts: int, asked: Asked, among: int = 1, *, partial: bool = False
) -> Score:
    """A look as a score. Periods are those of `among` series together."""
    period = min(tail.return_period(look.height), CLAIMED * tail.seen * among) / among
    bounds = tuple((r, parts * look.value_at(tail.height(r * among))) for r in asked.rarities)
    return Score(
        value=value,
        level=value,
        expected=parts * count(look.normal),
        upper=bounds[0][1] if bounds else parts * look.value_at(tail.height(USUAL * among)),
        p_value=tail.share_above(look.height),
        return_period=period,
        bounds=bounds,
        partial=partial,
    )


def clock(at: float, asked: Asked) -> tuple[float, int]:
    """The hour with its fraction, and the weekday, on the wall of the rule's zone."""
    there = datetime.fromtimestamp(at, asked.zone)
    return there.hour + there.minute / 60, there.weekday()


def smoothed(x: Floats, parts: int) -> Floats:
    """The mean of the last `parts` steps where at least half of them are there."""
    if parts == 1:
        return x
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(x))])
    there = np.concatenate([[0.0], np.cumsum(np.isfinite(x))])
    ends = np.arange(1, len(x) + 1)
    starts = np.maximum(ends - parts, 0)
    n = there[ends] - there[starts]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (total[ends] - total[starts]) / n
    return np.where((n >= (parts + 1) // 2) & np.isfinite(x), mean, np.nan)


class Asking(NamedTuple):
    """What a followed series is kept under: the detector, the window, the zone and the series' key."""

    detector: Seasonal
    window: float
    zone: str
    key: Key


_kept: OrderedDict[Asking, tuple[float, Floats, Track]] = OrderedDict()
"""Tracks at their last step with the history they rest on: only a saving, as a track goes on from them just where the
history is the same, and else begins anew."""


def _followed(asking: Asking, history: Floats, grid: Floats, asked: Asked) -> Track:
    """The track after the whole history."""
    start, step = float(grid[0]), float(grid[1] - grid[0])
    kept = _kept.pop(asking, None)
    track, done = Track(step), 0
    if kept is not None and kept[0] == start and len(kept[1]) <= len(history):
        same = np.array_equal(kept[1], history[: len(kept[1])], equal_nan=True)
        track, done = (kept[2], len(kept[1])) if same else (track, 0)
    follow(track, history[done:], grid[1:][done:], asked)
    _kept[asking] = start, history, track
    if len(_kept) > REMEMBERED:
        _kept.popitem(last=False)
    return track


def follow(track: Track, history: Floats, ends: Floats, asked: Asked) -> None:
    """Takes the steps of a history, each ending at `ends`; gaps are left out."""
    for x, end in zip(history.tolist(), ends.tolist(), strict=True):
        if x == x:
            track.take(x, *clock(end, asked))
        else:
            track.miss()
