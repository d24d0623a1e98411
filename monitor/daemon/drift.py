"""Whether somebody set the clock: the wall clock against the steady one, which goes on while the machine sleeps.

A clock that was set is believed only once what waits for spans of time has been shifted: until then time goes on as if
nothing had happened, so that no loop sees an hour pass in an instant.
"""

from __future__ import annotations

JUMP = 60.0
"""Seconds by which the clock must have been set before anything is done about it; less is simply followed."""


class Drift:
    """Pure but for what it remembers. Suspend and a stall are no jump: the steady clock went on as well."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._new = 0.0

    def now(self, wall: float, steady: float) -> float:
        """The instant to go by."""
        offset = wall - steady
        if self._offset is not None and abs(offset - self._offset) > JUMP:
            self._new = offset
            return steady + self._offset
        self._offset = self._new = offset
        return wall

    @property
    def set_by(self) -> float:
        """Seconds by which the clock was set and that are not believed yet; negative = set back, 0 = it was not."""
        return self._new - self._offset if self._offset is not None else 0.0

    def believe(self) -> None:
        """From now on the clock as it was set."""
        self._offset = self._new
