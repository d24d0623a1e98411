"""What every source has, and how its faults are told apart.

SourceFault          the other side could not be read this time; `retry_after` seconds where it said so
  SourceGone         it said it will never answer again (410)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from monitor.http import Http
from monitor.model import Cursor, Labels, Page
from monitor.secret import Secret
from monitor.times import Duration


class SourceFault(Exception):
    """This fetch failed; the cursor stays. The text says what, where, and what would be right."""

    def __init__(self, text: str, *, retry_after: float | None = None, status: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.retry_after = retry_after
        self.status = status


class SourceGone(SourceFault):
    """The other side says it is gone for good."""


class DateSeen(Struct, frozen=True):
    """A date as it stood there: the field that bore it, and what was written in it."""

    field: str
    text: str


class Surroundings(Struct, frozen=True):
    """What a fetch may use: the web, the zone that dates without one are read in, and the hour.

    `dated`: where it is given, a fetch notes in it, by the id of a mention, from what its event time was read.
    """

    http: Http
    zone: ZoneInfo
    now: float
    dated: dict[str, DateSeen] | None = None


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of all kinds. A kind subclasses with tag=<kind>, tag_field="kind", adds its options and `fetch`.

    `polled` = the daemon calls `fetch` every `every` seconds; a push source is never fetched.
    `a_list` = each fetch shows the newest records of a list, so that a page without a known one may hide a gap.
    `least_every` = seconds; a shorter `every` is taken as this.
    """

    polled: ClassVar[bool] = True
    a_list: ClassVar[bool] = False
    least_every: ClassVar[float] = 0.1

    name: str
    family: str = "social"
    every: Duration = Duration(300)
    timezone: str = ""
    labels: Labels = field(default_factory=dict)
    silent_after: Duration | None = None
    enabled: bool = True
    adaptive: bool = False
    keep: Duration | None = None

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """One page of records after `cursor`. Raises SourceFault. Parsing that takes long belongs into a thread."""
        raise NotImplementedError

    def shows_a_list(self) -> bool:
        """Whether each fetch shows the newest records of a list; one that goes on from a cursor misses nothing."""
        return self.a_list

    def wrong(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the options beyond their types: (option, text for people)."""
        yield from ()

    def secrets(self) -> Iterator[Secret]:
        """The secrets the options name inside their texts."""
        yield from ()

    def zone(self, around: Surroundings) -> ZoneInfo:
        """The zone this source's dates are read in."""
        return ZoneInfo(self.timezone) if self.timezone else around.zone
