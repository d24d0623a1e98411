"""The one method of a detector: `score(batch, now)`; one series is a batch of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from msgspec import Struct

from monitor.model import Score
from monitor.series import Series

Unit = Literal["measure", "factor", "ratio", "seconds"]


class Detector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of all kinds. A kind subclasses with tag=<kind>, tag_field="kind", adds its options and `score`.

    `unit`: what `above` and `below` of a tier are compared with. `rarity`: it tells p-value and return period.
    """

    unit: ClassVar[Unit] = "measure"
    rarity: ClassVar[bool] = False

    def score(self, batch: Sequence[Series], now: float, window: float) -> list[Score]:
        """A score for each series, in order, from what was known at `now`. Never reads later buckets.

        `window` in seconds; the current span reaches from `window` before the last whole minute to `now`.
        """
        raise NotImplementedError

    def lookback(self, window: float) -> float:
        """How many seconds before `now` the detector needs to see."""
        return window + 60
