"""The writer: jobs share a commit, one that fails costs only itself, an outage fails all and is over by itself."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.store import engine, findings, migrations
from monitor.store.database import BATCH_SECONDS, Conflict, Database, Priority, StoreBusy, StoreFault
from monitor.store.engine import address, shown
from monitor.store.tables import meta

pytestmark = pytest.mark.anyio
Job = Callable[[Connection], Any]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for only shortly."""
    monkeypatch.setattr(engine, "LOCK_SECONDS", 0.5)


def note(subject: str) -> Job:
    return lambda c: findings.begin(c, "k", subject, 1, {})


async def noted(db: Database) -> list[str]:
    return sorted(f.subject for f in await db.read(findings.open))


async def held(db: Database, *jobs: Job, priority: Priority = Priority.INGEST) -> list[Any]:
    """Jobs that all wait while the writer is busy with another one: they share a batch."""
    gate = threading.Event()
    first = asyncio.ensure_future(db.write(lambda c: gate.wait(5), Priority.ACT))
    await asyncio.sleep(2 * BATCH_SECONDS)  # so that the busy one's own batch is over
    waiting = [asyncio.ensure_future(db.write(job, priority)) for job in jobs]
    await asyncio.sleep(0)
    gate.set()
    await first
    return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 20)


async def test_jobs_that_wait_share_one_commit(db: Database) -> None:
    before = db.commits
    await held(db, *(note(str(n)) for n in range(20)))
    assert len(await noted(db)) == 20
    assert db.commits - before < 10  # one or two where the machine does not stall in between


async def test_the_more_urgent_is_served_first(db: Database) -> None:
    order: list[str] = []
    gate = threading.Event()
    first = asyncio.ensure_future(db.write(lambda c: gate.wait(5), Priority.ACT))
    await asyncio.sleep(0.02)
    names = (Priority.PRUNE, Priority.INGEST, Priority.DELIVER, Priority.JUDGE, Priority.ACT)
    waiting = [asyncio.ensure_future(db.write(lambda c, p=p: order.append(p.name), p)) for p in names]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *waiting)
    assert order == ["ACT", "JUDGE", "DELIVER", "INGEST", "PRUNE"]


@pytest.mark.parametrize("kind", ["python", "conflict", "constraint", "syntax", "value"])
async def test_a_job_that_fails_costs_only_itself(db: Database, kind: str) -> None:
    def fails(connection: Connection) -> None:
        note("half")(connection)
        if kind == "python":
            raise ValueError("no")
        if kind == "conflict":
            raise Conflict("changed")
        if kind == "constraint":
            connection.execute(sa.insert(meta).values(key="schema", value="9"))
        if kind == "syntax":
            connection.execute(sa.text("SELECT nothing FROM nowhere"))
        connection.execute(sa.text("INSERT INTO findings VALUES (NULL, NULL, NULL, NULL, NULL)"))

    result = await held(db, note("a"), fails, note("b"))
    assert isinstance(result[1], ValueError if kind == "python" else StoreFault)
    assert not isinstance(result[1], StoreBusy)
    assert result[0] is True and result[2] is True
    assert await noted(db) == ["a", "b"]


async def test_a_reader_sees_one_state_however_much_is_written(db: Database) -> None:
    await db.write(note("before"), Priority.ACT)
    opened, go_on = threading.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[int, int]:
        first = len(findings.open(connection))
        opened.set()
        go_on.wait(5)
        return first, len(findings.open(connection))

    reading = asyncio.ensure_future(db.read(twice))
    await asyncio.to_thread(opened.wait, 5)
    await db.write(note("meanwhile"), Priority.ACT)
    go_on.set()
    assert await reading == (1, 1)
    assert await noted(db) == ["before", "meanwhile"]


async def test_a_reader_cannot_write(db: Database) -> None:
    with pytest.raises(StoreFault):
        await db.read(note("x"))
    assert await noted(db) == []


async def test_what_is_queued_is_written_before_the_store_closes(url: str, tmp_path: Path) -> None:
    made = Database(url, tmp_path)
    made.open()
    made.start()
    waiting = [asyncio.ensure_future(made.write(note(str(n)), Priority.PRUNE)) for n in range(30)]
    await asyncio.sleep(0)
    await made.close()
    assert await asyncio.gather(*waiting) == [True] * 30
    with pytest.raises(StoreBusy, match="closed"):
        await made.write(note("late"), Priority.ACT)


async def test_one_who_gave_up_waiting_harms_nobody(db: Database) -> None:
    gate = threading.Event()
    first = asyncio.ensure_future(db.write(lambda c: gate.wait(5), Priority.ACT))
    await asyncio.sleep(0.02)
    gone, stays = (asyncio.ensure_future(db.write(note(name), Priority.ACT)) for name in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    gate.set()
    await asyncio.gather(first, stays)
    assert await noted(db) == ["gone", "stays"]


class TestOfSqlite:
    async def test_a_locked_database_fails_all_jobs_and_works_again_when_it_is_free(self, tmp_path: Path) -> None:
        db = Database("sqlite", tmp_path)
        db.open()
        db.start()
        with sqlite3.connect(tmp_path / "crisis-monitor.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await asyncio.gather(*(db.write(note(n), Priority.ACT) for n in "ab"), return_exceptions=True)
            assert [(type(r), r.kind) for r in results] == [(StoreBusy, "locked")] * 2
            assert "another program holds the database" in str(results[0])
            assert db.outage is not None
            other.execute("ROLLBACK")
        assert await db.write(note("a"), Priority.ACT)
        assert db.outage is None
        await db.close()

    async def test_an_outage_in_the_midst_of_a_batch_fails_every_job_of_it(self, tmp_path: Path) -> None:
        """None of them hangs, and none that was told yes is lost."""
        db = Database("sqlite", tmp_path)
        db.open()
        db.start()

        def full(connection: Connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            for n in range(200):
                findings.begin(connection, "k", str(n) * 200, n, {"x": "y" * 4000})

        results = await held(db, note("a"), full, note("b"))
        assert [type(r) for r in results[:2]] == [StoreBusy, StoreBusy]
        assert results[1].kind == "full"
        assert "a" not in await noted(db)
        await db.close()

    async def test_a_full_disk_loses_nothing_that_was_accepted(self, tiny_disk: Path) -> None:
        db = Database("sqlite", tiny_disk)
        db.open()
        db.start()
        accepted = [n for n in range(8) if await db.write(note(str(n)), Priority.INGEST)]
        (tiny_disk / "ballast").write_bytes(b"x" * _left(tiny_disk))
        refused: list[StoreFault] = []
        for n in range(100, 140):
            try:
                await db.write(lambda c, n=n: findings.begin(c, "k", str(n), 1, {"x": "y" * 9000}), Priority.INGEST)
                accepted.append(n)
            except StoreBusy as fault:
                refused.append(fault)
        assert refused and {f.kind for f in refused} <= {"full", "away"}
        assert any("the disk is full; free space" in str(f) for f in refused)
        assert await noted(db) == sorted(map(str, accepted))
        (tiny_disk / "ballast").unlink()
        assert await db.write(note("again"), Priority.ACT)
        await db.close()
        with sqlite3.connect(tiny_disk / "crisis-monitor.db") as after:
            assert after.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    async def test_a_read_only_disk_says_so_and_recovers(self, tiny_disk: Path) -> None:
        db = Database("sqlite", tiny_disk)
        db.open()
        await db.close()
        await asyncio.to_thread(_remount, tiny_disk, "ro")
        db = Database("sqlite", tiny_disk)
        with pytest.raises(StoreBusy) as told:
            db.open()
        assert told.value.kind in ("read-only", "away")
        await asyncio.to_thread(_remount, tiny_disk, "rw")
        db.open()
        db.start()
        assert await db.write(note("again"), Priority.ACT)
        await db.close()

    async def test_a_damaged_database_is_not_opened_and_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "crisis-monitor.db").write_bytes(b"this is no database, whatever its name says" * 100)
        with pytest.raises(StoreBusy, match="db restore") as told:
            Database("sqlite", tmp_path).open()
        assert told.value.kind == "damaged"

    async def test_damage_met_while_running_fails_the_batch_and_not_the_writer(self, tmp_path: Path) -> None:
        db = Database("sqlite", tmp_path)
        db.open()
        db.start()

        def damaged(connection: Connection) -> None:
            error = sqlite3.DatabaseError("database disk image is malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise sa.exc.DatabaseError("SELECT 1", {}, error)

        results = await held(db, note("a"), damaged, note("b"))
        assert results[1].kind == "damaged"
        assert isinstance(results[0], StoreBusy)
        assert await db.write(note("c"), Priority.ACT)
        await db.close()

    async def test_a_directory_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(StoreBusy, match="unable to open"):
            Database("sqlite", tmp_path / "nowhere").open()


@pytest.mark.postgres
class TestOfPostgresql:
    async def test_a_second_writer_is_refused_until_the_first_is_gone(
        self, postgresql_url: str, tmp_path: Path
    ) -> None:
        first = Database(postgresql_url, tmp_path)
        first.open()
        with pytest.raises(StoreBusy, match="another crisis-monitor writes to this database"):
            await asyncio.to_thread(Database(postgresql_url, tmp_path).open)
        await first.close()
        second = Database(postgresql_url, tmp_path)
        second.open()
        await second.close()

    async def test_a_schema_of_its_own_is_a_store_of_its_own(self, postgresql_url: str, tmp_path: Path) -> None:
        one = Database(postgresql_url, tmp_path)
        one.open()
        with one._reading.connect() as connection:
            schema = connection.scalar(sa.text("SELECT current_schema()"))
        assert schema.startswith("test_")
        await one.close()

    async def test_a_lost_connection_fails_the_batch_and_the_next_one_goes_through(
        self, postgresql_url: str, postgresql: str, tmp_path: Path
    ) -> None:
        db = Database(postgresql_url, tmp_path)
        db.open()
        db.start()
        admin = sa.create_engine(postgresql.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")

        def cut(connection: Connection) -> None:
            backend = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            with admin.connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:p)"), {"p": backend})
            connection.execute(sa.text("SELECT 1"))

        results = await held(db, note("a"), cut, note("b"))
        assert isinstance(results[0], StoreBusy) and isinstance(results[1], StoreBusy)
        assert results[1].kind == "away"
        assert await db.write(note("c"), Priority.ACT)
        assert "a" not in await noted(db)
        with pytest.raises(StoreBusy, match="another crisis-monitor"):
            await asyncio.to_thread(Database(postgresql_url, tmp_path).open)
        await db.close()
        admin.dispose()

    async def test_a_row_somebody_else_holds_costs_seconds_not_for_ever(
        self, postgresql_url: str, tmp_path: Path
    ) -> None:
        db = Database(postgresql_url, tmp_path)
        db.open()
        db.start()
        other = sa.create_engine(address(postgresql_url, tmp_path))
        with other.begin() as holding:
            holding.execute(sa.text("LOCK TABLE findings IN ACCESS EXCLUSIVE MODE"))
            with pytest.raises(StoreBusy) as told:
                await db.write(note("a"), Priority.ACT)
        assert told.value.kind == "locked"
        assert await db.write(note("a"), Priority.ACT)
        await db.close()
        other.dispose()

    async def test_a_server_that_is_not_there_is_told_in_words(self, postgresql: str, tmp_path: Path) -> None:
        with pytest.raises(StoreBusy, match="does not answer") as told:
            Database("postgresql://nobody:secret@127.0.0.1:1/x", tmp_path).open()
        assert "secret" not in str(told.value)


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    assert shown(address("postgresql://u:secret@db.example:5432/cm?sslmode=require", tmp_path)) == (
        "postgresql://db.example/cm"
    )


def test_the_address_may_stand_in_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_URL", "postgresql://u:secret@db.example/cm")
    assert shown(address("env:STORE_URL", tmp_path)) == "postgresql://db.example/cm"


@pytest.mark.parametrize("wrong", ["mysql://x/y", "no url", ""])
def test_what_is_no_store_is_told(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="postgresql://"):
        Database(wrong, tmp_path)


async def test_a_newer_schema_is_refused(url: str, tmp_path: Path) -> None:
    db = Database(url, tmp_path)
    db.open()
    db.now_write(lambda c: c.execute(sa.update(meta).values(value="99")))
    with pytest.raises(StoreFault, match="its schema is 99"):
        db.open()
    await db.close()


async def test_an_older_schema_is_brought_up_in_order_and_once(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = Database(url, tmp_path)
    db.open()
    done: list[int] = []

    def first(connection: Connection) -> None:
        done.append(1)
        connection.execute(sa.text("ALTER TABLE findings ADD COLUMN extra TEXT"))

    def second(connection: Connection) -> None:
        done.append(2)
        connection.execute(sa.text("UPDATE findings SET extra = 'x'"))

    before = migrations.newest()
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, first, second))
    db.open()
    db.open()
    assert done == [1, 2]
    assert db.now_read(migrations.found) == before + 2
    await db.close()


async def test_a_step_that_fails_leaves_the_older_schema_as_it_was(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = Database(url, tmp_path)
    db.open()

    def breaks(connection: Connection) -> None:
        connection.execute(sa.text("ALTER TABLE findings ADD COLUMN extra TEXT"))
        raise RuntimeError("no")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, breaks))
    with pytest.raises(RuntimeError):
        db.open()
    monkeypatch.undo()
    db.open()
    with pytest.raises(StoreFault):
        db.now_read(lambda c: c.execute(sa.text("SELECT extra FROM findings")))
    await db.close()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def _left(place: Path) -> int:
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def _remount(place: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", place], check=True)
