"""What people should know of the data or the monitor itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.model import Finding
from monitor.store.codec import dump, load, upsert
from monitor.store.prepared import Prepared
from monitor.store.tables import findings

_END = Prepared(
    lambda _: (
        sa.update(findings)
        .where(findings.c.kind == sa.bindparam("of_kind"), findings.c.subject == sa.bindparam("of_subject"))
        .where(findings.c.ended_at.is_(None))
        .values(ended_at=sa.bindparam("now"))
    )
)


def begin(connection: Connection, kind: str, subject: str, now: float, args: dict[str, Any]) -> bool:
    """Opens a finding; one that is open already keeps its beginning. Says whether it is new."""
    mine = (findings.c.kind == kind, findings.c.subject == subject, findings.c.ended_at.is_(None))
    if connection.execute(sa.update(findings).where(*mine).values(args=dump(args))).rowcount:
        return False
    statement = upsert(connection, findings).values(kind=kind, subject=subject, since=now, args=dump(args))
    again = {"ended_at": None, "args": dump(args)}
    connection.execute(statement.on_conflict_do_update(index_elements=["kind", "subject", "since"], set_=again))
    return True


def end(connection: Connection, kind: str, subject: str, now: float) -> bool:
    """Ends an open finding; says whether there was one."""
    return _END.run(connection, {"of_kind": kind, "of_subject": subject, "now": now}).rowcount > 0


def open(connection: Connection) -> list[Finding]:
    """The open findings, the oldest first."""
    query = sa.select(findings).where(findings.c.ended_at.is_(None)).order_by(findings.c.since)
    return [
        Finding(kind=r.kind, subject=r.subject, since=r.since, args=load(r.args, dict[str, Any]), ended_at=r.ended_at)
        for r in connection.execute(query)
    ]
