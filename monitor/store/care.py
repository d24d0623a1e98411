"""Looking after a store: is it sound, how big is it, a copy of it while it is used, and a copy put back."""

from __future__ import annotations

import os
import pwd
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from monitor.store import migrations
from monitor.store.fault import StoreBusy, StoreFault, fault_of
from monitor.store.tables import metadata

PAGES = 256
"""Pages copied at a time, so that nobody waits for a backup."""


class TableSize(Struct, frozen=True):
    """`bytes` include the table's indexes."""

    name: str
    rows: int
    bytes: int


def problems(connection: Connection) -> list[str]:
    """What is wrong with a store, in the database's own words; empty = sound."""
    has = migrations.found(connection)
    if has is None:
        return ["no schema: it was never used"]
    if has != migrations.newest():
        return [f"schema {has}, this version works with {migrations.newest()}"]
    return [*_lacking(connection), *_damage(connection)]


def _lacking(connection: Connection) -> Iterator[str]:
    """Tables and columns that should be there."""
    inspector = sa.inspect(connection)
    there = set(inspector.get_table_names())
    for name, table in metadata.tables.items():
        if name not in there:
            yield f"no table {name}"
            continue
        columns = {column["name"] for column in inspector.get_columns(name)}
        yield from (f"no column {column}" for column in table.columns if column.name not in columns)


def _damage(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    return [] if found == ["ok"] else found


def sizes(connection: Connection) -> list[TableSize]:
    """Each table, the largest first."""
    sized = _sqlite_bytes(connection) if connection.dialect.name == "sqlite" else _postgresql_bytes(connection)
    counted = {
        name: connection.scalar(sa.select(sa.func.count()).select_from(t)) for name, t in metadata.tables.items()
    }
    found = [TableSize(name, rows or 0, sized.get(name, 0)) for name, rows in counted.items()]
    return sorted(found, key=lambda t: (-t.bytes, t.name))


def _sqlite_bytes(connection: Connection) -> dict[str, int]:
    query = "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name GROUP BY 1"
    try:
        return {name: size for name, size in connection.exec_driver_sql(query)}
    except sa.exc.OperationalError:  # an SQLite that was built without dbstat
        return {}


def _postgresql_bytes(connection: Connection) -> dict[str, int]:
    query = sa.text("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables WHERE schemaname = :here")
    here = connection.scalar(sa.text("SELECT current_schema()"))
    return {name: size for name, size in connection.execute(query, {"here": here})}


def backup(source: Path, target: Path) -> int:
    """Copies an SQLite store that may be in use to a file, whole or not at all; returns its bytes.

    The copy is one state of the store, checked, and safe on the disk before it takes its name.
    """
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(_opened(source, "ro")) as from_, closing(_opened(part, "rwc")) as to:
            from_.backup(to, pages=PAGES, sleep=0.005)
            to.execute("PRAGMA journal_mode = DELETE")
            _sound(to, part)
        _settle(part)
        part.replace(target)
        _settle(target.parent)
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        raise fault_of(sa.exc.DatabaseError("", None, error), f"{source} to {target}") from None
    except (StoreFault, OSError):
        part.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def restore(copy: Path, store: Path, now: float) -> Path | None:
    """Puts a backup in a store's place; returns where what stood there is kept. Nobody may have the store open."""
    with closing(_opened(copy, "ro")) as opened:
        _sound(opened, copy)
    fresh = store.with_name(f"{store.name}.restored")
    backup(copy, fresh)
    kept = store.with_name(f"{store.name}.before-{int(now)}") if store.exists() else None
    for end in ("", "-wal", "-shm"):
        old = store.with_name(store.name + end)
        if old.exists():
            old.replace(store.with_name(f"{store.name}.before-{int(now)}{end}"))
    fresh.replace(store)
    _settle(store.parent)
    return kept


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(f"file:{path.resolve().as_posix().replace('?', '%3f')}?mode={mode}", uri=True, timeout=5)
    except sqlite3.Error as error:
        raise StoreFault(f"{path}: {error}; give the path of a store's file") from None


def _sound(opened: sqlite3.Connection, path: Path) -> None:
    """StoreFault unless it is a sound store of a schema that this version can work with."""
    try:
        found = [row[0] for row in opened.execute("PRAGMA integrity_check(5)")]
        schema = opened.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    except sqlite3.Error as error:
        raise StoreBusy(f"{path}: {error}; it is damaged, or no store of crisis-monitor", "damaged") from None
    if found != ["ok"]:
        raise StoreBusy(f"{path}: {found[0]}; it is damaged, take another backup", "damaged")
    if schema is None or int(schema[0]) > migrations.newest():
        raise StoreFault(f"{path}: its schema is newer than this version; use the version that made it")


def _settle(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def foreign(folder: Path) -> str | None:
    """Whose folder it is, should we be root and it somebody else's: files made there would be lost to them."""
    if os.geteuid() != 0 or not folder.exists() or folder.stat().st_uid == 0:
        return None
    try:
        return pwd.getpwuid(folder.stat().st_uid).pw_name
    except KeyError:
        return str(folder.stat().st_uid)


@contextmanager
def for_owner(folder: Path) -> Iterator[None]:
    """What root makes in somebody else's folder meanwhile is given to them: no file is left that they cannot open.

    Root stays root, since it alone may enter where systemd keeps the state of dynamic users. SQLite gives away what it
    makes beside a database by itself, at once.
    """
    try:
        yield
    finally:
        if foreign(folder) is not None:
            owner = folder.stat()
            for each in folder.iterdir():
                if each.lstat().st_uid == 0:
                    os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)
