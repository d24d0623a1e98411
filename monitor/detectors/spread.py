"""Kind `spread`: how far something has got around: over how many sources, families, authors, or values of a label."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detectors.detector import Asked, Detector
from monitor.model import Score
from monitor.series import Series, share_covered


class Spread(Detector, frozen=True, kw_only=True, tag="spread", tag_field="kind"):
    """`over`: `source`, `family`, `author`, or the name of a label such as `region`.

    The level is how many different ones spoke within the window. Families and sources count with a story of their own:
    a text that goes from one to the other counts where it began.
    """

    over: str = "source"

    def score(self, batch: Sequence[Series], now: float, asked: Asked) -> list[Score]:
        """The number of different ones, as value and level."""
        return [self._score(series, *asked.span(now)) for series in batch]

    @property
    def marks(self) -> str:
        """What the counting keeps for it."""
        return marks_of(self.over)

    def _score(self, series: Series, start: float, end: float) -> Score:
        reading = series.reading(start, end)
        partial = share_covered(series.full, start, end) < 0.999
        if reading.value is None:
            return Score(value=None, partial=partial)
        n = float(len(series.seen(self.marks, start, end)))
        return Score(value=n, level=n, partial=partial)

    def falls(self, series: Series) -> bool:
        """What is in the window only leaves it."""
        return True


def marks_of(over: str) -> str:
    """The kind of mark: families, authors and sources have their own, any other is a label's name."""
    return {"family": "families", "author": "authors", "source": "sources"}.get(over, over)
