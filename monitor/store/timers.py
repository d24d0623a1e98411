"""What is due when: rows written with the transition, claimed by compare-and-set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Timer
from monitor.store.codec import upsert
from monitor.store.database import Conflict
from monitor.store.tables import timers


def put(connection: Connection, rows: Sequence[Timer]) -> None:
    """Sets timers by their identity. A fired one must still be waiting: Conflict otherwise."""
    for timer in rows:
        values = {"due_at": timer.due_at, "state": timer.state, "fired_at": timer.fired_at}
        if timer.state == "fired":
            _fire(connection, timer, values)
            continue
        statement = upsert(connection, timers).values(
            incident=timer.incident, kind=timer.kind, step=timer.step, **values
        )
        connection.execute(statement.on_conflict_do_update(index_elements=["incident", "kind", "step"], set_=values))


def _fire(connection: Connection, timer: Timer, values: dict[str, Any]) -> None:
    mine = (timers.c.incident == timer.incident, timers.c.kind == timer.kind, timers.c.step == timer.step)
    done = connection.execute(sa.update(timers).where(*mine, timers.c.state == "waiting").values(values))
    if done.rowcount != 1:
        raise Conflict(f"timer {timer.kind} {timer.step} of {timer.incident} fired already")


def due(connection: Connection, now: float) -> list[Timer]:
    """Waiting timers that are due, the earliest first."""
    query = sa.select(timers).where(timers.c.state == "waiting", timers.c.due_at <= now).order_by(timers.c.due_at)
    return [_timer(row) for row in connection.execute(query)]


def of_incident(connection: Connection, number: str) -> list[Timer]:
    """All timers of an incident."""
    query = sa.select(timers).where(timers.c.incident == number).order_by(timers.c.due_at)
    return [_timer(row) for row in connection.execute(query)]


SPANS = ("escalate", "calm", "remind")
"""Kinds that wait for a span of time; the others wait for an hour of the day, whatever the clock said before."""


def shift(connection: Connection, by: float) -> int:
    """The clock was set by so many seconds: what waits for a span of time waits on as long as it had to."""
    mine = (timers.c.state == "waiting", timers.c.kind.in_(SPANS))
    return connection.execute(sa.update(timers).where(*mine).values(due_at=timers.c.due_at + by)).rowcount


def next_due(connection: Connection) -> float | None:
    """When the next waiting timer is due."""
    at: float | None = connection.scalar(sa.select(sa.func.min(timers.c.due_at)).where(timers.c.state == "waiting"))
    return at


def _timer(row: Any) -> Timer:
    return Timer(
        incident=row.incident,
        kind=row.kind,
        step=row.step,
        due_at=row.due_at,
        state=row.state,
        fired_at=row.fired_at,
    )
