"""Kind `promql`: what a Prometheus (or whatever speaks its API) answers to a query over a range, as samples.

Asked are whole steps of a grid that begins at midnight. A step at which a series has no value, or none that is a
number, is a gap, never a zero.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import field

from monitor.http import Answer
from monitor.model import Cursor, Labels, Page, Sample, SampleKind
from monitor.sources.json_api import read_json
from monitor.sources.mapping import wrong_targets
from monitor.sources.records import ID_CAP, clean, clean_labels
from monitor.sources.source import SourceFault, Surroundings
from monitor.sources.told import Told, short
from monitor.sources.web_source import WebSource, judged
from monitor.times import DAY, Duration, aligned

SAMPLES = 20_000
"""Samples of one fetch; what is left is fetched at once."""
POINTS = 10_000
"""Steps of one fetch; Prometheus refuses more than 11,000."""
_ERRORS = (400, 422)
"""Statuses whose body says what is wrong with the query."""


class Promql(WebSource, frozen=True, kw_only=True, tag="promql", tag_field="kind"):
    """`url`: where the server's `/api/v1` begins. `fields`: "labels.NAME" = a label of the answer; others are left out.

    `delay`: how long after a step its value is complete; the newest ones are asked once more for `overlap`.
    """

    query: str
    series: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    sample: SampleKind = "gauge"
    step: Duration = Duration(60)
    delay: Duration = Duration(30)
    overlap: Duration = Duration(300)
    history: Duration = Duration(DAY)
    most_series: int = 200

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Also a query that is none, targets without a place, steps that are too short."""
        yield from super().wrong()
        if not self.query.strip():
            yield "query", Told("no_promql")
        targets = [target for target in self.fields if target != "series"]
        yield from wrong_targets(
            [*targets, *(["series"] if "series" in self.fields else []), "value", "at"], self.series
        )
        for target in targets:
            if not target.startswith("labels."):
                yield f"fields.{target}", Told("promql_target", target=short(target))
        if self.step < 1:
            yield "step", Told("bad_step")
        if not 1 <= self.most_series <= SAMPLES:
            yield "most_series", Told("bad_most_series", most=SAMPLES)

    async def fetch(self, cursor: Cursor, around: Surroundings) -> Page:
        """The steps since the last fetch."""
        of = blake2b(f"{self.url}\0{float(self.step)}".encode(), digest_size=12).hexdigest()
        cursor = cursor if cursor.get("of") == of else {"of": of}
        start, stop, end = self._steps(cursor, around.now, self.zone(around))
        address = self._address(start, stop, around.now)
        answer = await self.answer(around, address, headers={"accept": "application/json"})
        samples, faults = await asyncio.to_thread(self.read, answer, around.now)
        whole = cursor.get("whole", around.now)
        if stop < end:
            after = {**cursor, "whole": whole, "at": stop + self.step}
            return Page(samples=samples, faults=faults, cursor=after, covers_to=whole, more=True)
        after = {"of": of, "until": max(stop, cursor.get("until", stop)), "whole": around.now}
        return Page(samples=samples, faults=faults, cursor=after, covers_from=whole)

    def _steps(self, cursor: Cursor, now: float, zone: ZoneInfo) -> tuple[float, float, float]:
        """The first and last step of this fetch, and the last one there is; the newest is always asked for."""
        step = float(self.step)
        end = aligned(now - self.delay, step, zone)
        back = cursor["until"] + step - self.overlap if "until" in cursor else end - self.history
        start = min(end, cursor["at"] if "at" in cursor else aligned(back, step, zone))
        most = max(1, min(POINTS, SAMPLES // self.most_series))
        return start, min(end, start + (most - 1) * step), end

    def _address(self, start: float, end: float, now: float) -> str:
        asked = {"query": self.query, "start": str(start), "end": str(end), "step": str(float(self.step))}
        return self.address(now, f"{self.url.rstrip('/')}/api/v1/query_range", asked)

    def read(self, answer: Answer, now: float) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
        """The samples of an answer, and what is to be said of it. Raises SourceFault."""
        if answer.status not in _ERRORS:
            judged(answer, self.url, now)
        thing = read_json(answer.body, answer.headers.get("content-type", ""))
        if not isinstance(thing, dict) or thing.get("status") != "success":
            text = thing.get("error") if isinstance(thing, dict) else thing
            raise SourceFault(Told("promql", text=short(text or "?", 300)))
        try:
            return self._taken(thing, now)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise SourceFault(Told("promql", text=short(thing))) from None

    def _taken(self, thing: dict[str, Any], now: float) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
        rows = self._rows(thing.get("data"))
        faults = [Told("promql_warning", text=short(text, 200)) for text in thing.get("warnings") or ()]
        if len(rows) > self.most_series:
            faults.append(Told("many_series", n=len(rows), most=self.most_series))
        if any(not name for name, _, _ in rows):
            faults.append(Told("missing", name=f"series ({self.fields.get('series', '')})"))
        kept = sorted(rows, key=lambda row: sorted(row[1].items()))[: self.most_series]
        return tuple(sample for row in kept for sample in self._samples(*row, now)), tuple(faults)

    def _rows(self, data: Any) -> list[tuple[str, Labels, list[Any]]]:
        """Name, chosen labels and values of each series. SourceFault where two become one."""
        rows: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[str, Labels, list[Any]]] = {}
        for row in data.get("result", ()) if isinstance(data, dict) else ():
            metric = row["metric"]
            wanted = {t.removeprefix("labels."): metric.get(n, "") for t, n in self.fields.items() if t != "series"}
            labels = clean_labels({**self.labels, **{name: value for name, value in wanted.items() if value}})
            name = metric.get(self.fields.get("series", ""), "") or self.series
            key = (name, tuple(sorted(labels.items())))
            if key in rows:
                raise SourceFault(Told("alike_series", labels=short(metric, 120)))
            rows[key] = (clean(name, ID_CAP), labels, row.get("values", []))
        return list(rows.values())

    def _samples(self, name: str, labels: Labels, values: list[Any], now: float) -> Iterator[Sample]:
        for at, text in values:
            value = float(text)
            if name and math.isfinite(value):
                yield Sample(
                    series=name,
                    at=float(at),
                    value=value,
                    seen_at=now,
                    source=self.name,
                    kind=self.sample,
                    span=0.0 if self.sample == "counter" else float(self.step),
                    labels=labels,
                )
