"""`[heartbeat]`: which outside URL hears that the monitor is well."""

from __future__ import annotations

from msgspec import Struct

from monitor.times import Duration


class Heartbeat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is told each `every` that all is well; `start` and `fail` default to /start and /fail under it.

    So healthchecks.io and what follows its ways need `url` alone. Each may be a reference.
    """

    url: str = ""
    start: str = ""
    fail: str = ""
    every: Duration = Duration(60)
