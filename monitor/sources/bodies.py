"""A JSON body that others send, as records: our own form, or whatever `items` and `fields` say stands where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from monitor.model import Mention, Sample
from monitor.sources.items import Itemised, Items
from monitor.sources.json_api import read_json
from monitor.sources.paths import look, no_items, read_path
from monitor.sources.records import Reading, record_of
from monitor.sources.told import Told, short, why


class Bodies:
    """Reads bodies as a source's options say; `now` is when they came."""

    def __init__(self, source: Itemised, zone: ZoneInfo, now: float) -> None:
        self._source = source
        self._items = Items(source, zone, now) if source.fields else None
        self._reading = Reading(source.name, zone, now)

    def read(self, body: bytes, content_type: str = "", id: str = "") -> Iterator[Mention | Sample | str]:
        """A record, or the fault, of each item. `id` is for the first that bears none of its own, `id`/1 for the next.

        Raises SourceFault when it is no JSON, ValueError when no items are where they should be.
        """
        thing = read_json(body, content_type)
        if self._items is None:
            return self._records(thing if isinstance(thing, list) else [thing], id)
        return self._items.read((("", item) for item in self._found(thing)), id)

    def _found(self, thing: Any) -> list[Any]:
        """The list at `items`; an object there is the only item."""
        found = look(thing, read_path(self._source.items))
        if isinstance(found, dict):
            return [found]
        if not isinstance(found, list):
            raise no_items(thing, self._source.items, found)
        return found

    def _records(self, things: list[Any], id: str) -> Iterator[Mention | Sample | str]:
        for n, thing in enumerate(things):
            own = f"{id}/{n}" if id and n else id
            named = {"id": own, **thing} if own and isinstance(thing, dict) else thing
            try:
                yield record_of(named, self._reading)
            except (ValueError, OverflowError) as error:
                yield Told("entry", entry=short(thing), text=why(error))
