"""The standing of each series under each rule, and up to when each rule was judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Alert, Key
from monitor.store.codec import dump, load, upsert
from monitor.store.prepared import Prepared
from monitor.store.tables import alerts, judged, tracks


def _putting(connection: Connection) -> sa.sql.dml.Insert:
    statement = upsert(connection, alerts)
    new = {"incident": statement.excluded.incident, "data": statement.excluded.data}
    putting: sa.sql.dml.Insert = statement.on_conflict_do_update(index_elements=["rule", "key"], set_=new)
    return putting


_PUT = Prepared(_putting, ["rule", "key", "incident", "data"])


def all(connection: Connection) -> list[tuple[Alert, str | None]]:
    """Every alert that is remembered, with the number of its incident."""
    return [(load(row.data, Alert), row.incident) for row in connection.execute(sa.select(alerts))]


def of_incident(connection: Connection, number: str) -> list[Alert]:
    """The alerts that stand in one incident."""
    query = sa.select(alerts.c.data).where(alerts.c.incident == number)
    return [load(text, Alert) for text in connection.scalars(query)]


def put(connection: Connection, alert: Alert, incident: str | None) -> None:
    """Keeps an alert; an idle one is forgotten."""
    if alert.idle:
        drop(connection, alert.rule, alert.key)
        return
    row = {"rule": alert.rule, "key": dump(alert.key), "incident": incident, "data": dump(alert)}
    _PUT.run(connection, row)


def drop(connection: Connection, rule: str, key: Key) -> None:
    """Forgets an alert."""
    connection.execute(sa.delete(alerts).where(alerts.c.rule == rule, alerts.c.key == dump(key)))


def drop_rules(connection: Connection, rules: Iterable[str]) -> None:
    """Forgets the alerts of rules that are gone or mean something else now, and what their detectors remembered."""
    names = list(rules)
    connection.execute(sa.delete(alerts).where(alerts.c.rule.in_(names)))
    connection.execute(sa.delete(judged).where(judged.c.rule.in_(names)))
    connection.execute(sa.delete(tracks).where(tracks.c.rule.in_(names)))


def put_judged(connection: Connection, upto: Mapping[str, tuple[float, str]]) -> None:
    """Notes up to when each rule was judged, and the meaning it had: rule -> (instant, hash of its meaning)."""
    if not upto:
        return
    statement = upsert(connection, judged)
    statement = statement.on_conflict_do_update(
        index_elements=["rule"], set_={"at": statement.excluded.at, "meaning": statement.excluded.meaning}
    )
    connection.execute(statement, [{"rule": rule, "at": at, "meaning": m} for rule, (at, m) in upto.items()])


def get_judged(connection: Connection) -> dict[str, tuple[float, str]]:
    """rule -> (last instant judged, hash of the meaning it had)."""
    return {row.rule: (row.at, row.meaning) for row in connection.execute(sa.select(judged))}
