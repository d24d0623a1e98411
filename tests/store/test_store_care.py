"""Backups that restore, damage that is found, sizes that are true."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store import care, findings, observations
from monitor.store.database import Database, Priority, StoreFault
from tests.store.test_store_observations import mention


def note(connection: Connection, subject: str) -> None:
    findings.begin(connection, "k", subject, 1, {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with something in it, its last commits still in the -wal."""
    db = Database("sqlite", tmp_path)
    db.open()
    for n in range(50):
        db.now_write(lambda c, n=n: note(c, str(n)))
    return tmp_path / "crisis-monitor.db"


def subjects(file: Path) -> int:
    with sqlite3.connect(file) as opened:
        return opened.execute("SELECT count(*) FROM findings").fetchone()[0]


def test_a_sound_store_has_no_problems(connection: Connection) -> None:
    assert care.problems(connection) == []


def test_a_missing_column_and_a_missing_table_are_told(connection: Connection) -> None:
    connection.execute(sa.text("ALTER TABLE findings DROP COLUMN args"))
    connection.execute(sa.text("DROP TABLE silences"))
    assert sorted(care.problems(connection)) == ["no column findings.args", "no table silences"]


def test_sizes_tell_rows_and_bytes(connection: Connection) -> None:
    observations.insert(connection, [mention(str(n), text="x" * 500) for n in range(300)])
    found = {t.name: t for t in care.sizes(connection)}
    assert found["mentions"].rows == 300
    assert found["mentions"].bytes > 100_000


def test_damage_in_the_midst_of_the_file_is_found(file: Path) -> None:
    with sqlite3.connect(file) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 3 : 2 * len(raw) // 3] = os.urandom(2 * len(raw) // 3 - len(raw) // 3)
    file.write_bytes(raw)
    try:
        assert Database("sqlite", file.parent).now_read(care.problems)
    except StoreFault as fault:
        assert fault.kind == "damaged"
    with pytest.raises(StoreFault, match="damaged"):
        care.backup(file, file.with_name("copy.db"))
    assert not list(file.parent.glob("copy*"))


@pytest.mark.anyio
async def test_a_backup_made_while_it_is_written_to_is_one_state_and_restores(file: Path, tmp_path: Path) -> None:
    db = Database("sqlite", tmp_path)
    db.open()
    db.start()
    stop = threading.Event()

    async def write() -> int:
        n = 0
        while not stop.is_set():
            await db.write(lambda c, n=n: (note(c, f"a{n}"), note(c, f"b{n}")), Priority.INGEST)
            n += 1
        return n

    writing = asyncio.ensure_future(write())
    await asyncio.sleep(0.05)
    copy = tmp_path / "backup.db"
    size = await asyncio.to_thread(care.backup, file, copy)
    stop.set()
    written = await writing
    await db.close()
    assert written > 0 and size == copy.stat().st_size
    assert subjects(copy) >= 50 and subjects(copy) % 2 == 0
    kept = care.restore(copy, file, 1000)
    assert kept == file.with_name("crisis-monitor.db.before-1000")
    assert subjects(file) == subjects(copy)
    assert subjects(kept) == 50 + 2 * written
    again = Database("sqlite", tmp_path)
    again.open()
    again.now_write(lambda c: note(c, "after"))
    assert subjects(file) == subjects(copy) + 1


def test_what_is_no_backup_is_not_restored_and_the_store_stays(file: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.db"
    wrong.write_text("no database at all" * 100)
    empty = tmp_path / "empty.db"
    sqlite3.connect(empty).close()
    empty.touch()
    for bad in (wrong, empty):
        with pytest.raises(StoreFault):
            care.restore(bad, file, 1)
    assert subjects(file) == 50


def test_a_backup_of_a_newer_schema_is_not_restored(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    care.backup(file, copy)
    with sqlite3.connect(copy) as opened:
        opened.execute("UPDATE meta SET value = '99'")
    with pytest.raises(StoreFault, match="newer"):
        care.restore(copy, file, 1)


def test_a_backup_that_cannot_be_written_leaves_nothing_and_says_so(file: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreFault):
        care.backup(file, tmp_path / "nowhere" / "copy.db")
    with pytest.raises(StoreFault):
        care.backup(tmp_path / "nowhere.db", tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_root_leaves_no_file_of_its_own_in_the_services_directory(file: Path, tmp_path: Path) -> None:
    """Nor is it kept out by the folder above, which systemd closes to all others where users are dynamic."""
    for each in (tmp_path, *tmp_path.iterdir()):
        os.chown(each, 65534, 65534)
    tmp_path.parent.chmod(0o700)
    with care.for_owner(tmp_path):
        assert Database("sqlite", tmp_path).now_read(care.problems) == []
        with sqlite3.connect(tmp_path / "crisis-monitor.db") as opened:
            opened.execute("CREATE TABLE x (y)")
            assert {each.stat().st_uid for each in tmp_path.iterdir()} == {65534}
        (tmp_path / "made").touch()
    assert {each.stat().st_uid for each in tmp_path.iterdir()} == {65534}
