"""What every source has, and how its faults are told apart.

SourceFault          the other side could not be read this time; `retry_after` seconds where it said so
  SourceGone         it said it will never answer again (410)
"""

from __future__ import annotations

from typing import ClassVar
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from monitor.http import Http
from monitor.model import Cursor, Labels, Page
from monitor.times import Duration


class SourceFault(Exception):
    """This fetch failed; the cursor stays. The text says what, where, and what would be right."""

    def __init__(self, text: str, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class SourceGone(SourceFault):
    """The other side says it is gone for good."""


class Surroundings(Struct, frozen=True):
    """What a fetch may use: the web, the zone that dates without one are read in, and the hour."""

    http: Http
    zone: ZoneInfo
    now: float


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of all kinds. A kind subclasses with tag=<kind>, tag_field="kind", adds its options and `fetch`.

    `polled` = the daemon calls `fetch` every `every` seconds; a push source is never fetched.
    """

    polled: ClassVar[bool] = True

    name: str
    family: str = "social"
    every: Duration = Duration(300)
    timezone: str = ""
    labels: Labels = field(default_factory=dict)
    silent_after: Duration | None = None
    enabled: bool = True

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """One page of records after `cursor`. Raises SourceFault. Parsing that takes long belongs into a thread."""
        raise NotImplementedError
