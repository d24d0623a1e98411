"""The last verified delivery of each channel."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from monitor.store import outbox, verified
from tests.store.store_world import owed, recipient


def test_the_later_of_both_proofs_counts(connection: Connection) -> None:
    verified.put(connection, "hook", 50.5)
    verified.put(connection, "hook", 60.5)
    (id,) = outbox.owe(connection, owed(recipient("", "hook")), 40)
    outbox.settle(connection, id, "sent", 40)
    assert verified.all(connection) == {"hook": 60.5}
