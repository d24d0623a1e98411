"""When each loop last moved, by the machine's monotonic clock: an idle one lives, a slow one too, a stuck one does not.

A loop that waits for work is idle. One that works moves with each step it finishes: a question to the store answered, a
rule judged. What a loop starts on the side (a fetch, a send) moves it as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar

_loop: ContextVar[str] = ContextVar("loop", default="")


class Pulse:
    """The pulse of all loops. `step` may be called from any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at: dict[str, float] = {}

    def enter(self, loop: str) -> None:
        """The task at hand, and every task it will start, belongs to this loop."""
        _loop.set(loop)
        self._at[loop] = self._monotonic()

    def step(self, loop: str = "") -> None:
        """A loop moved: the one named, else the one whose task this is."""
        if name := loop or _loop.get():
            self._at[name] = self._monotonic()

    def since(self, loop: str, began: float | None) -> None:
        """A loop that says itself since when it works on one thing; None = it is idle."""
        self._at[loop] = self._monotonic() if began is None else began

    def ages(self) -> dict[str, float]:
        """loop -> seconds since it last moved."""
        now = self._monotonic()
        return {name: max(0.0, now - at) for name, at in self._at.items()}
