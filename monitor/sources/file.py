"""Kind `file`: a file or a drop folder of CSV, JSONL or XLSX."""

from __future__ import annotations

from msgspec import field

from monitor.sources.source import Source


class File(Source, frozen=True, kw_only=True, tag="file", tag_field="kind"):
    """Options of a file source."""

    path: str
    fields: dict[str, str] = field(default_factory=dict)
    series: str = ""
