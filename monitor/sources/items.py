"""JSON items into records by paths: what `json_api`, `stream` and `webhook` share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from monitor.model import Labels, Mention, Sample, SampleKind
from monitor.sources import mapping
from monitor.sources.mapping import mention_of, sample_of, written, wrong_targets
from monitor.sources.paths import look, read_find, read_path
from monitor.sources.source import DateSeen
from monitor.sources.told import Told, short, why
from monitor.times import Duration

Wanted = Mapping[str, str | tuple[str, ...]]
"""Path within an item -> the value, or one of the values, that must stand there."""


class Itemised(Protocol):
    """The options of a source that reads items."""

    @property
    def name(self) -> str: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def items(self) -> str: ...
    @property
    def fields(self) -> dict[str, str]: ...
    @property
    def only(self) -> dict[str, str | tuple[str, ...]]: ...
    @property
    def series(self) -> str: ...
    @property
    def sample(self) -> SampleKind: ...
    @property
    def span(self) -> Duration | None: ...


def wrong_items(source: Itemised) -> Iterator[tuple[str, str]]:
    """Targets without a place and paths that are none: (option, text)."""
    yield from wrong_targets(source.fields, source.series)
    paths = [("items", source.items), *(("only", path) for path in source.only)]
    for option, path in (*paths, *((f"fields.{target}", path) for target, path in source.fields.items())):
        try:
            read_find(path) if option.startswith("fields.") else read_path(path)
        except ValueError as error:
            yield option, error.args[0]


class Items:
    """Reads items as a source's options say; `now` is when they came. `dated`: see `Surroundings`."""

    def __init__(self, source: Itemised, zone: ZoneInfo, now: float, dated: dict[str, DateSeen] | None = None) -> None:
        self.mapping = mapping.Mapping(
            source=source.name,
            targets=tuple(source.fields),
            zone=zone,
            now=now,
            labels=source.labels,
            series=source.series,
            sample=source.sample,
            span=float(source.span or 0),
            dated=dated,
            date_field=source.fields.get("published_at", ""),
        )
        self._finds = {target: read_find(path) for target, path in source.fields.items()}
        self._only = [(read_path(path), _values(wanted)) for path, wanted in source.only.items()]

    def read(self, items: Iterable[tuple[str, Any]], id: str = "") -> Iterator[Mention | Sample | str]:
        """A record, or the fault, of each item that is wanted. `id` is for those that bear none of their own."""
        for n, (key, item) in enumerate(items):
            if not self._wanted(item):
                continue
            try:
                record = self._record(key, item, f"{id}/{n}" if id and n else id)
            except (ValueError, OverflowError) as error:
                yield Told("entry", entry=short(key or item), text=why(error))
            else:
                if record is not None:
                    yield record

    def _record(self, key: str, item: Any, id: str) -> Mention | Sample | None:
        def get(target: str) -> Any:
            find = self._finds.get(target)
            return None if find is None else find(item, key)

        return sample_of(get, self.mapping) if self.mapping.makes_samples else mention_of(get, self.mapping, id)

    def _wanted(self, item: Any) -> bool:
        return all(written(look(item, path)) in values for path, values in self._only)


def _values(wanted: str | tuple[str, ...]) -> tuple[str, ...]:
    return (wanted,) if isinstance(wanted, str) else wanted
