"""The self-audit: is the monitor itself well? Pure; what is wrong has a kind and, for people, a few words of fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

OUTBOX_LATE = 600.0
"""A notice that is due and has not gone out for so long."""
TIMER_LATE = 120.0
DISK_LEFT = 100e6
CLOCK_OFF = 60.0
PASSING = ("clock", "channel")
"""Wrong, but no reason to call the monitor down: it sends and judges."""


class Looked(Struct, frozen=True, kw_only=True):
    """What the audit is told. Ages and spans are seconds; None = there is none, or it is not known."""

    stuck: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    store: str = ""
    outbox_age: float | None = None
    timer_age: float | None = None
    sources: int = 0
    sources_failing: int = 0
    channels: int = 0
    channels_failing: tuple[str, ...] = ()
    reload_refused: bool = False
    disk_left: float | None = None
    clock_off: float | None = None


class Unwell(Struct, frozen=True):
    """One thing that is wrong with the monitor."""

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def down(self) -> bool:
        """The heartbeat must say so."""
        return self.kind not in PASSING


def audit(looked: Looked) -> list[Unwell]:
    """Everything that is wrong."""
    out = [Unwell("loop", {"loops": ", ".join((*looked.stuck, *looked.broken))})] * bool(looked.stuck or looked.broken)
    if looked.store:
        out.append(Unwell("store", {"fault": looked.store}))
    if looked.outbox_age is not None and looked.outbox_age > OUTBOX_LATE:
        out.append(Unwell("outbox", {"minutes": round(looked.outbox_age / 60)}))
    if looked.timer_age is not None and looked.timer_age > TIMER_LATE:
        out.append(Unwell("timer", {"minutes": round(looked.timer_age / 60)}))
    if looked.sources and looked.sources == looked.sources_failing:
        out.append(Unwell("sources", {"count": looked.sources}))
    if looked.channels_failing:
        kind = "channels" if len(looked.channels_failing) == looked.channels else "channel"
        out.append(Unwell(kind, {"names": ", ".join(looked.channels_failing)}))
    if looked.reload_refused:
        out.append(Unwell("config"))
    if looked.disk_left is not None and looked.disk_left < DISK_LEFT:
        out.append(Unwell("disk", {"megabytes": round(looked.disk_left / 1e6)}))
    if looked.clock_off is not None and abs(looked.clock_off) > CLOCK_OFF:
        out.append(Unwell("clock", {"seconds": round(looked.clock_off)}))
    return out
