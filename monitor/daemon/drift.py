"""Whether somebody set the clock: the wall clock against the one that only goes forward, and goes on while asleep."""

from __future__ import annotations

JUMP = 60.0
"""Seconds by which the clock must have been set before anything is done about it; less is waited out."""


class Drift:
    """Pure but for what it remembers. Suspend and a stall are no jump: the steady clock went on as well."""

    def __init__(self) -> None:
        self._offset: float | None = None

    def look(self, wall: float, steady: float) -> float | None:
        """Seconds the wall clock was set by since the last look (negative: back); None where it was not."""
        offset = wall - steady
        if self._offset is None or abs(offset - self._offset) > JUMP:
            by = None if self._offset is None else offset - self._offset
            self._offset = offset
            return by
        if abs(offset - self._offset) < 1.0:
            self._offset = offset  # a clock that is slewed is followed, one set by some seconds adds up
        return None

    def again(self, by: float) -> None:
        """What was found could not be dealt with: it is found once more."""
        if self._offset is not None:
            self._offset -= by
