"""Watermarks: the value of an ordered column up to which a table was read, and how far back to read again. Pure.

A time (also as text, as SQLite keeps it) goes back by a span and never stands ahead of the clock; a number goes back by
a number. Kept in the cursor as JSON with its type, so that it is given back to the database as it came.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from monitor.sources.told import Told, short

Mark = datetime | date | Decimal | int | float | str


def mark_of(value: Any) -> Mark:
    """The value as a watermark. ValueError when it is neither a time nor a number."""
    if isinstance(value, bool) or not isinstance(value, datetime | date | Decimal | int | float | str):
        raise ValueError(Told("bad_watermark", value=short(value)))
    if isinstance(value, str):
        _stamp(value)
    return value


def packed(mark: Any) -> list[Any]:
    """A value as JSON that `unpacked` reads back with its type."""
    if isinstance(mark, datetime):
        return ["datetime", mark.isoformat()]
    if isinstance(mark, date):
        return ["date", mark.isoformat()]
    if isinstance(mark, Decimal):
        return ["decimal", str(mark)]
    return ["plain", mark if isinstance(mark, int | float | str) else str(mark)]


def unpacked(kept: Any) -> Any:
    """The value that was packed."""
    kind, value = kept
    readers: dict[str, Any] = {"datetime": datetime.fromisoformat, "date": date.fromisoformat, "decimal": Decimal}
    return readers[kind](value) if kind in readers else value


def moment(mark: Mark, zone: ZoneInfo) -> float | None:
    """Unix seconds of a watermark that is a time; None of a number."""
    if isinstance(mark, str):
        mark = _stamp(mark)
    if isinstance(mark, datetime):
        return (mark if mark.tzinfo else mark.replace(tzinfo=zone)).timestamp()
    if isinstance(mark, date):
        return datetime(mark.year, mark.month, mark.day, tzinfo=zone).timestamp()
    return None


def at_moment(like: Mark, at: float, zone: ZoneInfo) -> Mark:
    """An instant written as a time of the column is; of text, what sorts at or before all writings of that second."""
    if isinstance(like, str):
        there = datetime.fromtimestamp(at, _stamp(like).tzinfo or zone)
        return there.strftime(f"%Y-%m-%d{like[10:11] or ' '}%H:%M:%S")[: len(like)]
    if isinstance(like, datetime):
        there = datetime.fromtimestamp(at, like.tzinfo or zone)
        return there if like.tzinfo else there.replace(tzinfo=None)
    return datetime.fromtimestamp(at, zone).date()


def reread_from(mark: Mark, *, overlap: float, overlap_by: float, zone: ZoneInfo, now: float) -> Mark:
    """Where the next reading begins, so that rows committed late with an equal or older watermark are met."""
    at = moment(mark, zone)
    if at is not None:
        return at_moment(mark, min(at, now) - overlap, zone)
    if isinstance(mark, float):
        return mark - overlap_by
    assert isinstance(mark, int | Decimal)
    return mark - math.ceil(overlap_by)


def _stamp(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(Told("bad_watermark", value=short(text))) from None
