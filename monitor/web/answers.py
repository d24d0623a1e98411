"""JSON answers, and how the nouns look in them: tiers as words, instants as RFC 3339 in the settings' zone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from starlette.responses import Response

from monitor.model import Tier
from monitor.times import rfc3339
from monitor.web.views import Sent

_INSTANTS = frozenset(
    {
        *("at", "since", "until", "expires", "began", "ack_by", "after"),
        *("first_signal", "first_told", "first_red", "backups_from"),
    }
)
_LEFT_OUT = frozenset({"facts", "playbook_revision", "contacts", "steps", "identity"})
"""Rows and revisions of ours, and people's addresses."""
_encode = msgspec.json.Encoder().encode


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A body of plain things as JSON."""
    return Response(_encode(body), status, headers, "application/json")


def problem(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error: a stable code for machines and a sentence for people."""
    return json_answer({"error": code, "message": message}, status, headers)


def plain(thing: Any, zone: ZoneInfo, name: str = "") -> Any:
    """A noun, or a tuple or mapping of them, as what JSON can say."""
    if isinstance(thing, Struct):
        fields = (
            (f, getattr(thing, f))
            for f in thing.__struct_fields__
            if f not in _LEFT_OUT or (f == "facts" and isinstance(thing, Sent))
        )
        return {f: plain(value, zone, f) for f, value in fields}
    if isinstance(thing, Tier):
        return thing.word
    if isinstance(thing, Enum):
        return thing.value
    if isinstance(thing, float) and (name in _INSTANTS or name.endswith("_at")):
        return rfc3339(thing, zone)
    if isinstance(thing, float):
        return float(thing) if isfinite(thing) else None
    if isinstance(thing, str):
        return str(thing)
    if isinstance(thing, Mapping):
        return {str(key): plain(value, zone) for key, value in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return [plain(each, zone) for each in thing]
    return thing
