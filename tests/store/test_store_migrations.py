"""A store of every older schema, as `schemas/N.*.sql` has it, becomes exactly what a fresh one is, rows and all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.engine import Connection

from monitor.cli.main import main
from monitor.store import migrations
from monitor.store.database import Database

pytestmark = pytest.mark.anyio
OLD = sorted({int(path.name.split(".")[0]) for path in (Path(__file__).parent / "schemas").glob("*.sql")})


def shape(connection: Connection) -> dict[str, Any]:
    """Tables with their columns, keys and indexes, as the database sees them."""
    looked = sa.inspect(connection)
    out: dict[str, Any] = {}
    for name in looked.get_table_names():
        columns = {c["name"]: (str(c["type"]), c["nullable"]) for c in looked.get_columns(name)}
        indexes = sorted(
            (i["name"] or "", tuple(i["column_names"]), bool(i["unique"])) for i in looked.get_indexes(name)
        )
        out[name] = (columns, tuple(looked.get_pk_constraint(name)["constrained_columns"]), indexes)
    return out


def old_store(db: Database, schema: int) -> None:
    """Makes an empty database one of an older schema, with a finding in it."""
    kind = "sqlite" if db.sqlite else "postgresql"
    text = (Path(__file__).parent / "schemas" / f"{schema}.{kind}.sql").read_text(encoding="utf-8")
    with db._engine.begin() as connection:
        for statement in filter(None, (part.strip() for part in text.split(";\n"))):
            connection.exec_driver_sql(statement)
        connection.execute(sa.text("INSERT INTO meta (key, value) VALUES ('schema', :n)"), {"n": str(schema)})
        connection.execute(
            sa.text("INSERT INTO findings (kind, subject, since, args) VALUES ('undated', 'feed', 5.0, '{}')")
        )


def test_every_older_schema_is_kept_for_this() -> None:
    assert list(range(1, migrations.newest())) == OLD


@pytest.mark.parametrize("schema", OLD)
async def test_an_older_store_becomes_what_a_fresh_one_is(schema: int, url: str, tmp_path: Path) -> None:
    db = Database(url, tmp_path)
    old_store(db, schema)
    db.open()
    with db._engine.begin() as connection:
        became = shape(connection)
        assert connection.scalar(sa.text("SELECT subject FROM findings")) == "feed"
        assert migrations.found(connection) == migrations.newest()
        there = sa.MetaData()
        there.reflect(connection)
        there.drop_all(connection)
    db.open()
    with db._engine.connect() as connection:
        assert shape(connection) == became
    await db.close()


@pytest.mark.parametrize("schema", OLD)
async def test_the_command_brings_it_up_and_says_from_where(schema: int, url: str, tmp_path: Path) -> None:
    db = Database(url, tmp_path)
    old_store(db, schema)
    await db.close()
    config = tmp_path / "rules.toml"
    config.write_text(f'[settings]\nlanguage = "en"\n[store]\nurl = "{_written(url, tmp_path)}"\n', encoding="utf-8")
    done = CliRunner().invoke(main, ["db", "migrate", "--config", str(config), "--state", str(tmp_path)])
    assert (done.exit_code, f"{schema}" in done.output, f"{migrations.newest()}" in done.output) == (0, True, True), (
        done
    )
    again = CliRunner().invoke(main, ["db", "check", "--config", str(config), "--state", str(tmp_path)])
    assert again.exit_code == 0, again.output


def _written(url: str, tmp_path: Path) -> str:
    """A password stands in no config."""
    if url == "sqlite":
        return url
    (tmp_path / "url").write_text(url, encoding="utf-8")
    return f"file:{tmp_path / 'url'}"
