"""One live look at a source: what a fetch brings, from what each date was read, what was refused. Nothing is kept."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.http import Http
from monitor.model import Mention, Sample
from monitor.sources.dates import read_date
from monitor.sources.source import DateSeen, Source, SourceFault, Surroundings

_FAR = (ZoneInfo("Etc/GMT+12"), ZoneInfo("Etc/GMT-14"))
"""Zones that no date without one reads the same in."""


class Dated(Struct, frozen=True):
    """From what an event time was read. `zone`: the source's, where the text itself names none; else ""."""

    field: str
    text: str
    zone: str


class Look(Struct, frozen=True, kw_only=True):
    """What a fetch brought. `dates`: by the id of a mention, where its kind tells. `fault`: why there is nothing."""

    mentions: tuple[Mention, ...] = ()
    samples: tuple[Sample, ...] = ()
    refused: tuple[str, ...] = ()
    dates: dict[str, Dated] = {}
    more: bool = False
    fault: str = ""


async def look(source: Source, http: Http, zone: ZoneInfo, now: float) -> Look:
    """A first fetch of a source, as the service would make it."""
    seen: dict[str, DateSeen] = {}
    around = Surroundings(http, zone, now, seen)
    try:
        page = await source.fetch({}, around)
    except SourceFault as fault:
        return Look(fault=fault.text)
    own = source.zone(around)
    return Look(
        mentions=page.mentions,
        samples=page.samples,
        refused=page.faults,
        dates={
            id: Dated(date.field, date.text, "" if _bears_zone(date.text) else own.key) for id, date in seen.items()
        },
        more=page.more,
    )


def _bears_zone(text: str) -> bool:
    """Whether a date means the same instant everywhere: it names its zone, or counts from the epoch."""
    try:
        there, here = (read_date(text, zone) for zone in _FAR)
    except ValueError:
        return True
    return there == here
