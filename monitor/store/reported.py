"""Alerts that Alertmanagers reported: what each was last said to be."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.model import Reported
from monitor.store.codec import chunks, dump, load, upsert
from monitor.store.tables import reported


def take(connection: Connection, told: Sequence[Reported]) -> int:
    """Keeps what is new of one group; returns how many said something new. The rest are signs of life."""
    (group,) = {each.group for each in told}
    known = _known(connection, group, [each.fingerprint for each in told])
    fresh = 0
    for new in told:
        old = known.get(new.fingerprint)
        if follows(old, new):
            fresh += 1
            known[new.fingerprint] = new
        elif old is not None and old.ends_at is None and new.ends_at is None:
            known[new.fingerprint] = replace(old, heard_at=new.heard_at)
    _put(connection, list(known.values()))
    return fresh


def follows(old: Reported | None, new: Reported) -> bool:
    """Whether it says more than is known. Said again, or told out of turn by another member, it does not."""
    if old is None:
        return True
    if old.ends_at is None:
        return new.starts_at > old.starts_at if new.ends_at is None else new.ends_at >= old.starts_at
    return new.starts_at != old.starts_at and new.starts_at >= old.ends_at


def _known(connection: Connection, group: str, fingerprints: Sequence[str]) -> dict[str, Reported]:
    out: dict[str, Reported] = {}
    for part in chunks(fingerprints):
        query = sa.select(reported.c.data).where(reported.c.group_key == group, reported.c.fingerprint.in_(part))
        out |= {(row := load(text, Reported)).fingerprint: row for text in connection.scalars(query)}
    return out


def _put(connection: Connection, rows: Sequence[Reported]) -> None:
    statement = upsert(connection, reported)
    new = {name: statement.excluded[name] for name in ("ends_at", "heard_at", "data")}
    statement = statement.on_conflict_do_update(index_elements=["group_key", "fingerprint"], set_=new)
    connection.execute(statement, [_row(each) for each in rows])


def _row(each: Reported) -> dict[str, object]:
    return {
        "group_key": each.group, "fingerprint": each.fingerprint, "ends_at": each.ends_at,
        "heard_at": each.heard_at, "data": dump(each),
    }  # fmt: skip


def firing(connection: Connection) -> list[Reported]:
    """Those not said to be over."""
    query = sa.select(reported.c.data).where(reported.c.ends_at.is_(None))
    return [load(text, Reported) for text in connection.scalars(query)]
