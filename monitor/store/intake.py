"""How records of each source came in, hour by hour: for what people should know of the data."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from monitor.store.codec import upsert
from monitor.store.prepared import Prepared
from monitor.store.tables import intake

HOUR = 3600


class Hour(Struct, frozen=True, kw_only=True):
    """One hour of arrival of one source. `accepted` counts corrections too.

    `lag`: seconds from event to arrival, summed; `undated` and `unmatched` (no topic) are of the new mentions.
    """

    accepted: int = 0
    duplicates: int = 0
    corrected: int = 0
    rejected: int = 0
    undated: int = 0
    unmatched: int = 0
    lag: float = 0.0

    def __add__(self, other: Hour) -> Hour:
        return Hour(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


COUNTS = Hour.__struct_fields__


def _adding(connection: Connection) -> sa.sql.dml.Insert:
    statement = upsert(connection, intake)
    sums = {name: intake.c[name] + statement.excluded[name] for name in COUNTS}
    adding: sa.sql.dml.Insert = statement.on_conflict_do_update(index_elements=["source", "hour"], set_=sums)
    return adding


_ADD = Prepared(_adding, intake.c.keys())


def add(connection: Connection, source: str, at: float, came: Hour) -> None:
    """Adds what came in."""
    if came != Hour():
        row: dict[str, Any] = {name: getattr(came, name) for name in COUNTS}
        _ADD.run_many(connection, [{"source": source, "hour": int(at // HOUR) * HOUR, **row}])


def since(connection: Connection, at: float) -> dict[str, dict[int, Hour]]:
    """The hours of each source that begin at an instant or later."""
    out: dict[str, dict[int, Hour]] = {}
    for row in connection.execute(sa.select(intake).where(intake.c.hour >= at)):
        out.setdefault(row.source, {})[row.hour] = Hour(**{name: getattr(row, name) for name in COUNTS})
    return out
