"""Statements keep every version, reviews come back as they were, and a store of before is brought up to them."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.model import Action, Review, Statement, Tier
from monitor.store import care, migrations, reviews, statements
from monitor.store.database import Database
from monitor.store.tables import meta

ONE = Statement(
    id="INC-2026-0001-s1", incident="INC-2026-0001", audience="press", tier=Tier.RED, language="zh", text="甲",
    author="li", written_at=1.0,
)  # fmt: skip


def test_a_new_version_leaves_the_old_one_to_be_read(connection: Connection) -> None:
    statements.put(connection, ONE)
    statements.put(connection, replace(ONE, verified_by="wang"))
    second = replace(ONE, text="乙", version=2)
    statements.put(connection, second)
    assert statements.versions(connection, ONE.id) == [second, replace(ONE, verified_by="wang")]
    assert statements.of(connection, ONE.incident) == [second]
    assert statements.versions(connection, "INC-2026-0009-s1") == []


def test_statements_of_an_incident_are_counted_on(connection: Connection) -> None:
    for n in range(1, 12):
        assert statements.next_id(connection, ONE.incident) == f"INC-2026-0001-s{n}"
        statements.put(connection, replace(ONE, id=f"INC-2026-0001-s{n}"))
    assert [s.id.rpartition("-")[2] for s in statements.of(connection, ONE.incident)] == [f"s{n}" for n in range(1, 12)]
    assert statements.next_id(connection, "INC-2026-0002") == "INC-2026-0002-s1"


def test_reviews_come_the_one_due_first_at_the_head(connection: Connection) -> None:
    late = Review(incident="INC-2026-0001", due_at=20.0, actions=(Action(id="a1", text="x", owner="li", due_at=5.0),))
    soon = Review(incident="INC-2026-0002", due_at=10.0, whys=(("a", "b"),), answers={"1": "yes"})
    reviews.put(connection, late)
    reviews.put(connection, soon)
    reviews.put(connection, replace(soon, held_at=11.0))
    assert reviews.all(connection) == [replace(soon, held_at=11.0), late]
    assert reviews.get(connection, "INC-2026-0003") is None


@pytest.mark.anyio
async def test_a_store_from_before_them_is_brought_up(url: str, tmp_path: Path) -> None:
    db = Database(url, tmp_path)
    db.open()

    def back(connection: Connection) -> None:
        connection.execute(sa.text("DROP TABLE statements"))
        connection.execute(sa.text("DROP TABLE reviews"))
        connection.execute(sa.update(meta).where(meta.c.key == "schema").values(value="3"))

    db.now_write(back)
    db.open()
    assert db.now_read(migrations.found) == migrations.newest()
    assert db.now_read(care.problems) == []
    db.now_write(lambda c: statements.put(c, ONE))
    assert db.now_read(lambda c: statements.of(c, ONE.incident)) == [ONE]
    await db.close()
