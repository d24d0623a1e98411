"""How nouns become JSON text in a column and come back."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from monitor.model import Alert, Facts, Incident, Reported, Silence

T = TypeVar("T")
_encoder = msgspec.json.Encoder(enc_hook=float)


def dump(value: Any) -> str:
    """JSON text."""
    return _encoder.encode(value).decode()


def dump_labels(labels: dict[str, str]) -> str:
    """JSON text that is the same for the same labels: part of an identity."""
    return dump(dict(sorted(labels.items())))


_making = threading.Lock()
"""msgspec notes what it knows of a class while it makes a decoder; another thread must not see it half noted."""


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    with _making:
        return msgspec.json.Decoder(kind)


def warm() -> None:
    """Makes the decoders of the large nouns before there are threads."""
    for kind in (Alert, Facts, Incident, Reported, Silence):
        _decoder(kind)


def load(text: str, kind: type[T]) -> T:
    """The value of JSON text as a type."""
    value: T = _decoder(kind).decode(text)  # type: ignore[arg-type]
    return value


def upsert(connection: Connection, table: sa.Table) -> Any:
    """INSERT … ON CONFLICT for the dialect at hand."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # two megabytes that a service on SQLite does without

        return postgresql.insert(table)
    return sqlite.insert(table)


def placeholder(connection: Connection) -> str:
    """How the driver beneath writes a parameter, for hot paths that go by it."""
    return "%s" if connection.dialect.name == "postgresql" else "?"


def chunks(values: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """Lists of at most `size`, so that no statement carries too many parameters."""
    part: list[T] = []
    for value in values:
        part.append(value)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
