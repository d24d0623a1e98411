"""The one method of a detector: `score(batch, now, asked)`; one series is a batch of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.detectors.kept import Kept
from monitor.model import Score
from monitor.series import Measure, Series
from monitor.times import MINUTE, floor_to

Unit = Literal["measure", "factor", "ratio", "seconds"]
Rarity = Literal["own", "rated"]
UTC = ZoneInfo("UTC")
PARTS = 6
"""A window is looked at in parts: its history is one value every sixth of it."""


class Asked(Struct, frozen=True, kw_only=True):
    """What a rule asks of its detector. Spans are seconds.

    `zone` is where days and weeks begin. `rarities` are the return periods the ladder names: the detector says in
    `Score.bounds` which value each of them stands for. `series`: how many the rule has where the batch holds but some
    of them (0: the batch is all): a rarity counts alarms of all series together.
    """

    window: float
    align: float | None = None
    min_denominator: float = 0.0
    measure: Measure = "count"
    zone: ZoneInfo = UTC
    rarities: tuple[float, ...] = ()
    series: int = 0
    kept: Kept | None = None

    @property
    def part(self) -> float:
        """How long a sixth of the window is, in whole minutes: what a rarity looks at of a window that slides."""
        return max(MINUTE, floor_to(self.window / PARTS, MINUTE))

    def span(self, now: float) -> tuple[float, float]:
        """The current span: on a whole minute the whole minutes before it, else the running one and those before."""
        return floor_to(now, MINUTE) - self.window, now


class Detector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of all kinds. A kind subclasses with tag=<kind>, tag_field="kind", adds its options and `score`.

    `unit`: what `above` and `below` of a tier are compared with. `rarity`: whether it tells a return period of its own,
    or is given one by the past of its levels (`rated`). `alarms`: the level above which it alarms by a rule of its own,
    where it has one. `grows`: whether the level grows by the clock, and falls when something comes.
    """

    unit: ClassVar[Unit] = "measure"
    rarity: ClassVar[Rarity] = "rated"
    alarms: ClassVar[float | None] = None
    grows: ClassVar[bool] = False

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """A score for each series, in order, from what was known at `now`. Never reads later buckets."""
        raise NotImplementedError

    def reached(self, batch: Sequence[Series], begun: float, end: float, asked: Asked) -> list[Score]:
        """What is learned of a step, for the past to be rated on: what the detector says as it ends."""
        return self.score(batch, end, asked)

    def lookback(self, asked: Asked) -> float:
        """How many seconds before `now` the detector needs to see."""
        return asked.window + MINUTE

    def keep(self, asked: Asked) -> Kept | None:
        """What to hold and hand over with each question, None for detectors that remember nothing."""
        return None

    def needs(self, asked: Asked, now: float) -> float:
        """How many seconds before `now` it needs to see, with what is kept."""
        return self.lookback(asked)

    def reads_both(self) -> bool:
        """Whether it reads the other side of a ratio or share too."""
        return False

    def value_at(self, level: float, score: Score) -> float | None:
        """The value that would stand at a level, beside such a score; None where that can't be told."""
        return level if self.unit == "measure" else None

    def height(self, score: Score, asked: Asked) -> float | None:
        """What a rarity is counted in: the level, or what goes on rising where the level does not."""
        return score.level

    def level_at(self, height: float, score: Score, asked: Asked) -> float:
        """The level at a height, beside such a score."""
        return height

    def steady(self, series: Series, now: float, asked: Asked) -> float:
        """Until when (exclusive) the score stays what it is, if nothing arrives and coverage goes on.

        `now` = it may change at any time. A replay leaves out the instants before it.
        """
        return now

    def falls(self, series: Series) -> bool:
        """Whether neither level nor value can rise while nothing arrives."""
        return False
