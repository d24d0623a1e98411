"""`[heartbeat]`: which outside URL hears that the monitor is well, and who hears that it is not."""

from __future__ import annotations

from msgspec import Struct

from monitor.times import Duration


class Heartbeat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is told each `every` that all is well; `start` and `fail` default to /start and /fail under it.

    So healthchecks.io and what follows its ways need `url` alone. Each may be a reference. `tell`: who hears of a fault
    that lasts for `tell_after`, straight over a channel; empty = the first group channel that takes it.
    """

    url: str = ""
    start: str = ""
    fail: str = ""
    every: Duration = Duration(60)
    tell: tuple[str, ...] = ()
    tell_after: Duration = Duration(300)
