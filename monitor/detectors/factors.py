"""What kinds share whose level is a factor: the value so many times what it is held against."""

from __future__ import annotations

from typing import ClassVar

from monitor.detectors.amounts import AMOUNTS
from monitor.detectors.arrays import Floats, np
from monitor.detectors.detector import Asked, Detector, Unit
from monitor.model import Score

LARGEST = 1e6
"""The factor over a base of nothing, and the largest told."""
HALF = 0.5
"""Half a record more on both sides (Haldane 1955, Ann Hum Genet 20, 309-311): else five over nothing would be no rarer
than one over nothing, and a base that is nothing now and then would make no finite factor rare."""


class Factor(Detector, frozen=True, kw_only=True):
    """A kind whose level is value ÷ expected. Amounts are as rare as that is with half a record more on both sides."""

    unit: ClassVar[Unit] = "factor"

    def value_at(self, level: float, score: Score) -> float | None:
        """So many times what is expected; over a base of nothing as many times the value that is."""
        if score.expected == 0 and score.value and score.level:
            return level / score.level * score.value
        return None if score.expected is None else level * score.expected

    def height(self, score: Score, asked: Asked) -> float | None:
        """The factor, of amounts with half a record more on both sides."""
        value, base = score.value, score.expected
        if value is None or base is None or not _is_amount(value, base, asked):
            return score.level
        return (value + HALF) / (base + HALF)

    def level_at(self, height: float, score: Score, asked: Asked) -> float:
        """The factor of the value that stands so high; over a base of nothing as many times the one that is."""
        value, base = score.value, score.expected
        if value is None or base is None or score.level is None or not _is_amount(value, base, asked):
            return height
        wanted = max(0.0, height * (base + HALF) - HALF)
        return score.level / value * wanted if value and not base else factor(wanted, base)


def factor(value: float, base: float) -> float:
    """value ÷ base, kept finite and rising with the value; nothing over nothing is no change."""
    if base <= 0:
        return LARGEST if value > base else 1.0
    return max(-LARGEST, min(LARGEST, value / base))


def times(values: Floats, highest: Floats) -> Floats:
    """Values ÷ the highest so far, kept finite; nothing is no high, even over nothing. NaN where a value is."""
    over = highest > 0
    out = np.where(over, values / np.where(over, highest, 1.0), np.where(values > 0, LARGEST, 0.0))
    return np.asarray(np.where(np.isnan(values), np.nan, np.clip(out, -LARGEST, LARGEST)))


def heights(values: Floats, highest: Floats, asked: Asked) -> Floats:
    """How high many values stand over the highest so far, as `Factor.height` has it."""
    amounts = np.minimum(values, highest) >= 0 if asked.measure in AMOUNTS else np.zeros(len(values), dtype=bool)
    more = (values + HALF) / np.where(amounts, highest + HALF, 1.0)
    return np.asarray(np.where(amounts, more, times(values, highest)))


def _is_amount(value: float, base: float, asked: Asked) -> bool:
    return asked.measure in AMOUNTS and min(value, base) >= 0
