"""Rows of foreign tables and APIs into mentions and samples: a value for each target name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.model import Labels, Mention, Sample, SampleKind
from monitor.sources.dates import day_of, not_ahead, read_date
from monitor.sources.feed import hashed
from monitor.sources.markup import text_of
from monitor.sources.records import AHEAD, ID_CAP, clean, clean_labels, web_link
from monitor.sources.source import DateSeen
from monitor.sources.told import Told, short
from monitor.times import day_span

Get = Callable[[str], Any]
"""The raw value of a target name, None where there is none."""

MENTION_TARGETS = ("id", "text", "title", "url", "author", "published_at", "lang", "reach")
SAMPLE_TARGETS = ("at", "value", "series")
_SHOWN = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)\s*(万|亿|[kKmM](?![A-Za-z])|)")
_SCALES = {"万": 1e4, "亿": 1e8, "k": 1e3, "m": 1e6}
_LABEL = re.compile(r"labels\..+")


class Mapping(Struct, frozen=True, kw_only=True):
    """How rows are read: `targets` are the names that have a value, `labels` what every record bears.

    `dated`: where it is given, it takes what stood in `date_field`, by the id of the mention.
    """

    source: str
    targets: tuple[str, ...]
    zone: ZoneInfo
    now: float
    labels: Labels
    series: str = ""
    sample: SampleKind = "gauge"
    span: float = 0.0
    dated: dict[str, DateSeen] | None = None
    date_field: str = ""

    @property
    def makes_samples(self) -> bool:
        """`value` makes samples; all else is a mention."""
        return "value" in self.targets


def wrong_targets(targets: Iterable[str], series: str) -> Iterator[tuple[str, str]]:
    """Targets that are none, and samples without a series or a time: (option, text)."""
    known = MENTION_TARGETS + SAMPLE_TARGETS
    names = list(targets)
    for target in names:
        if target not in known and not _LABEL.fullmatch(target):
            yield f"fields.{target}", Told("bad_target", target=short(target), names=", ".join(known))
    if "value" in names and "series" not in names and not series:
        yield "series", Told("no_series")
    if "value" in names and "at" not in names:
        yield "fields.at", Told("no_at")


def mention_of(get: Get, mapping: Mapping, id: str = "") -> Mention:
    """A row as a mention; `id` where the row bears none of its own. ValueError says what is wrong."""
    at = not_ahead(read_date(get("published_at"), mapping.zone, now=mapping.now), mapping.now)
    words = {name: text_of(written(get(name))) for name in ("text", "title")}
    own = written(get("id")) or id
    if not (words["text"] or words["title"] or written(get("id"))):
        raise ValueError(Told("nothing_mapped"))
    url = written(get("url"))
    if not own:
        own = url or hashed(words["title"], words["text"], written(get("author")), str(at or ""))
    own = clean(own if len(own) <= ID_CAP else hashed(own))
    if mapping.dated is not None and at is not None:
        mapping.dated[own] = DateSeen(mapping.date_field or "published_at", short(get("published_at")))
    return Mention(
        id=own,
        source=mapping.source,
        text=clean(words["text"]),
        title=clean(words["title"], 2000),
        url=web_link(url),
        author=clean(written(get("author")), 200),
        lang=clean(written(get("lang")), 35),
        published_at=at,
        seen_at=mapping.now,
        labels=_labels(get, mapping),
        reach=read_reach(get("reach")),
    )


def sample_of(get: Get, mapping: Mapping) -> Sample | None:
    """A row as a sample; None where the value is left out or its day is not over. ValueError says what is wrong."""
    value = read_number(get("value"))
    if value is None:
        return None
    end, span = _when(get("at"), mapping)
    if end > mapping.now + AHEAD and span:
        return None
    at = not_ahead(end, mapping.now)
    series = written(get("series")) or mapping.series
    if at is None or not series:
        raise ValueError(Told("missing", name="series" if at is not None else "at"))
    return Sample(
        series=clean(series, ID_CAP),
        at=at,
        value=value,
        seen_at=mapping.now,
        source=mapping.source,
        kind=mapping.sample,
        span=span or mapping.span,
        labels=_labels(get, mapping),
    )


def _when(value: Any, mapping: Mapping) -> tuple[float, float]:
    day = day_of(value)
    if day is not None:
        start, end = day_span(day, mapping.zone)
        read_date(start, mapping.zone)
        return end, end - start
    at = read_date(value, mapping.zone, now=mapping.now)
    if at is None:
        raise ValueError(Told("missing", name="at"))
    return at, 0.0


def _labels(get: Get, mapping: Mapping) -> Labels:
    out = dict(mapping.labels)
    for target in mapping.targets:
        if target.startswith("labels.") and (value := written(get(target))):
            out[target.removeprefix("labels.")] = value
    return clean_labels(out)


def read_reach(value: Any) -> int:
    """How far it went, also as pages show it: 12,345 · 3.4万热度 · 1.2亿 · 56k views. What says no number is 0."""
    if value is None or isinstance(value, bool | list | dict):
        return 0
    shown = (
        _SHOWN.search(unicodedata.normalize("NFKC", str(value)).replace(",", "")) if isinstance(value, str) else None
    )
    if isinstance(value, str) and shown is None:
        return 0
    number = float(shown[1]) * _SCALES.get(shown[2].lower(), 1) if shown else float(value)
    if not 0 <= number <= 1e12:
        raise ValueError(Told("bad_reach", value=short(value)))
    return int(number)


def written(value: Any) -> str:
    """A cell or JSON value as text: whole numbers without a point, lists joined, objects not at all."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list):
        return ", ".join(filter(None, map(written, value)))
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value).strip()


def read_number(value: Any) -> float | None:
    """A number as written in exports: 1,234 · 98.5% (a share) · ３．２; None for empty, - and N/A. ValueError else."""
    if value is None or isinstance(value, bool | list | dict):
        if value is None:
            return None
        raise ValueError(Told("no_number", value=short(value)))
    if isinstance(value, int | float):
        number = float(value)
    else:
        text = unicodedata.normalize("NFKC", str(value)).strip().replace(",", "").replace("_", "x")
        if text.lower() in ("", "-", "--", "—", "n/a", "na", "null", "none", "无"):
            return None
        try:
            number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            raise ValueError(Told("no_number", value=short(value))) from None
    if number - number != 0:
        raise ValueError(Told("not_finite", value=str(number)))
    return number
