"""Kind `push`: others send records to POST /api/v1/mentions and /api/v1/samples; nothing is fetched."""

from __future__ import annotations

from typing import ClassVar

from monitor.sources.source import Source
from monitor.times import Duration


class Push(Source, frozen=True, kw_only=True, tag="push", tag_field="kind"):
    """`expect_every`: a longer gap without any push is no data (an empty push counts as life)."""

    polled: ClassVar[bool] = False

    expect_every: Duration | None = None
