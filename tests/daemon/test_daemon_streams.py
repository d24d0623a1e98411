"""The streams: nothing is acknowledged that is not stored, and nothing is vouched for that nobody listened to."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from monitor.config.load import load
from monitor.daemon import streams
from monitor.daemon.clock import SteppedClock
from monitor.daemon.desk import compile_desk
from monitor.daemon.ingest import Ingest, Taken
from monitor.daemon.streams import Streams
from monitor.metrics import Metrics
from monitor.model import Pause
from monitor.series import Interval
from monitor.sources import SourceFault, brokers
from monitor.sources.brokers.line import Address, Inbox, Message, answered, hung_up
from monitor.store import cursors, findings
from monitor.store.database import Database, Priority, StoreFault
from monitor.store.tables import mentions

pytestmark = pytest.mark.anyio
START = 1_800_000_000.0
SOURCE = '[[source]]\nname = "bus"\nkind = "stream"\nurl = "nats://127.0.0.1"\nqueue = "q"\nallow_private = true\n'


class FakeLine:
    """A line of ours: what it is given comes out of `take`, and what it is told is kept."""

    def __init__(self, keeps: bool) -> None:
        self.keeps, self.inbox = keeps, Inbox()
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.closed = False
        self.looked = 0
        self.on_done: Callable[[], None] = lambda: None

    async def take(self, most: int, wait: float) -> Sequence[Message]:
        self.looked += 1
        return await self.inbox.take(most, min(wait, 0.004))

    async def done(self, messages: Sequence[Message]) -> None:
        self.on_done()
        self.acknowledged += [m.key for m in messages]

    async def refuse(self, message: Message) -> None:
        self.refused.append(message.key)

    async def close(self) -> None:
        self.closed = True


class World:
    """Streams over a real store, a broker of fake lines, a clock that stands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SteppedClock(START, 0)
        self.db = Database("sqlite", folder)
        self.metrics = Metrics()
        self.down, self.keeps = "", True
        self.backlog: list[Message] = []
        self.on_done: Callable[[], None] = lambda: None
        self.configure(SOURCE)
        self.taken: list[Taken] = []
        self.lines: list[FakeLine] = []
        ingest = Ingest(self.db, lambda: self.desk, self.clock, self.metrics, self.taken.append)
        self.streams = Streams(self.db, lambda: self.desk, ingest, self.clock, self.metrics)

    def configure(self, config: str) -> None:
        path = self.folder / "rules.toml"
        path.write_text(config)
        self.desk = compile_desk(load(path), self.folder, b"k" * 32)
        self.metrics.configure(rules=self.desk.rules, sources=self.desk.sources, channels={}, clocks=(), hash="")

    async def answer(self, to: Address) -> FakeLine:
        if self.down:
            raise hung_up(self.down)
        self.lines.append(FakeLine(self.keeps))
        self.line.on_done = self.on_done
        for message in self.backlog:
            await self.line.inbox.put(message)
        return self.lines[-1]

    @property
    def line(self) -> FakeLine:
        return self.lines[-1]

    async def send(self, *records: dict[str, Any] | bytes, at: float | None = None) -> None:
        """Puts messages on the line and waits until each is settled."""
        line, settled = self.line, len(self.line.acknowledged) + len(self.line.refused)
        for n, record in enumerate(records, settled):
            raw = record if isinstance(record, bytes) else json.dumps({"text": "x", **record}).encode()
            await line.inbox.put(Message(raw, f"k{n}", at))
        await until(lambda: len(line.acknowledged) + len(line.refused) == settled + len(records))

    async def pass_(self, seconds: float) -> None:
        """Lets time pass, in steps of a minute; the line is looked at after each."""
        for _ in range(max(1, int(seconds // 60))):
            self.clock._now += min(seconds, 60.0)
            await self.looked()

    async def looked(self) -> None:
        """Until the line at hand has been looked at twice more, or none is open."""
        if self.down or self.line.closed:
            return
        line, seen = self.line, self.line.looked
        await until(lambda: line.looked > seen + 1)
        await self.db.write(lambda c: None, Priority.PRUNE)

    async def covered(self) -> tuple[Interval, ...]:
        """What the source vouches for, in minutes from the start."""
        found = await self.db.read(lambda c: cursors.covered(c, 0, 4e9))
        return tuple(((a - START) / 60, (b - START) / 60) for a, b in found.get("bus", ()))

    async def stored(self) -> int:
        return int(await self.db.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(mentions))) or 0)

    async def found(self) -> list[tuple[str, str]]:
        return [(f.kind, f.subject) for f in await self.db.read(findings.open)]


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(streams, "FIRST_RETRY", 0.01)
    monkeypatch.setattr(streams, "RETRY_CAP", 0.05)
    made = World(tmp_path)
    monkeypatch.setattr(brokers, "open_line", made.answer)
    made.db.open()
    made.db.start()
    running = asyncio.create_task(made.streams.run())
    await until(lambda: bool(made.lines) and made.line.looked > 2)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await made.db.close()


def value(world: World, name: str) -> float | None:
    lines = world.metrics.exposition()[0].decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"crisis_monitor_{name}")), None)


async def test_nothing_is_acknowledged_before_it_is_stored(world: World) -> None:
    seen: list[int] = []

    def count() -> None:
        with sqlite3.connect(world.folder / "crisis-monitor.db") as db:
            seen.append(db.execute("SELECT count(*) FROM mentions").fetchone()[0])

    world.line.on_done = count
    await world.send({"id": "1"}, {"id": "2"})
    assert seen[-1] == 2 and world.line.acknowledged == ["k0", "k1"]


async def test_what_can_not_be_stored_is_not_acknowledged_and_the_line_is_hung_up(world: World) -> None:
    line, write, calls = world.line, world.db.write, 0

    async def refusing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StoreFault("disk full")
        return await write(*args, **kwargs)

    world.db.write = refusing  # type: ignore[method-assign]
    await line.inbox.put(Message(b'{"id":"1","text":"x"}', "k0"))
    await until(lambda: len(world.lines) == 2)
    assert line.closed and line.acknowledged == [] == line.refused
    await world.send({"id": "1"})
    assert await world.stored() == 1


async def test_a_poisoned_message_is_counted_refused_and_costs_nothing_else(world: World) -> None:
    await world.send({"id": "1"}, b"{", {"id": "3"})
    assert world.line.refused == ["k1"] and world.line.acknowledged == ["k0", "k2"]
    assert await world.stored() == 2
    assert value(world, 'source_records_total{result="rejected",source="bus"}') == 1


async def test_what_comes_again_is_a_duplicate(world: World) -> None:
    await world.send({"id": "1"}, {"id": "2"})
    await world.send({"id": "2"}, {"id": "3"})
    assert await world.stored() == 3
    assert (sum(t.accepted for t in world.taken), sum(t.duplicates for t in world.taken)) == (3, 1)


async def test_a_quiet_stream_vouches_while_the_broker_is_there(world: World) -> None:
    await world.pass_(600)
    assert await world.covered() == ((0, 10),)
    assert value(world, 'source_up{source="bus"}') == 1


async def test_a_broker_that_goes_away_is_shown_and_its_time_is_no_data(world: World) -> None:
    await world.pass_(300)
    world.down = "connection refused"
    world.line.inbox.end("reset")
    await until(lambda: (value(world, 'source_fetches_total{result="failed",source="bus"}') or 0) >= 3)
    assert await world.found() == [("source-failing", "bus")]
    assert value(world, 'source_up{source="bus"}') == 0
    await world.pass_(900)
    assert await world.covered() == ((0, 5),)


@pytest.mark.parametrize(("keeps", "covers"), [(True, ((0, 21),)), (False, ((0, 5), (20, 21)))])
async def test_only_a_broker_that_kept_what_came_fills_the_outage(
    world: World, keeps: bool, covers: tuple[Interval, ...]
) -> None:
    await world.pass_(300)
    world.down, world.keeps = "connection refused", keeps
    world.line.inbox.end("reset")
    await until(lambda: value(world, 'source_up{source="bus"}') == 0)
    await world.pass_(900)
    world.down = ""
    await until(lambda: len(world.lines) == 2)
    await world.pass_(60)
    assert await world.covered() == covers
    assert await world.found() == []
    assert any(t.since == START + 300 for t in world.taken) is keeps, "missed instants are judged again"


async def test_a_stream_that_is_behind_vouches_only_as_far_as_it_has_come(world: World) -> None:
    await world.pass_(60)
    world.configure(SOURCE + "batch = 2\n")
    world.down = "not yet"
    world.streams.replan()
    await until(lambda: value(world, 'source_up{source="bus"}') == 0)
    world.clock._now += 3600
    backlog = [Message(b'{"text":"x"}', f"k{n}", START + 60 * (8 + n)) for n in range(4)]
    seen: list[float] = []

    def look() -> None:
        with sqlite3.connect(world.folder / "crisis-monitor.db") as db:
            seen.append((db.execute('SELECT max("end") FROM coverage').fetchone()[0] - START) / 60)

    world.backlog, world.on_done, world.down = backlog, look, ""
    await until(lambda: len(world.lines) == 2 and len(world.line.acknowledged) == 4)
    await world.pass_(60)
    assert seen[:2] == [9, 11] and await world.covered() == ((0, 62),)


async def test_a_pulse_that_is_expected_and_does_not_come_is_no_data(world: World) -> None:
    world.configure(SOURCE + 'expect_every = "5m"\n')
    world.streams.replan()
    await until(lambda: len(world.lines) == 2)
    await world.send({"id": "1"})
    await world.pass_(480)
    await world.send({"id": "2"})
    await world.pass_(1800)
    await world.send({"id": "3"})
    assert await world.covered() == ((0, 8), (38, 38))


async def test_a_reload_starts_changes_and_ends_listeners(world: World) -> None:
    first = world.line
    world.configure(SOURCE.replace('"q"', '"r"') + SOURCE.replace('"bus"', '"second"'))
    world.streams.replan()
    await until(lambda: len(world.lines) == 3)
    assert first.closed and not any(line.closed for line in world.lines[1:])
    world.configure(SOURCE.replace('"q"', '"r"'))
    world.streams.replan()
    await until(lambda: sum(line.closed for line in world.lines) == 2)
    world.streams.replan()
    await asyncio.sleep(0.05)
    assert len(world.lines) == 3, "what did not change goes on as it was"


async def test_a_paused_stream_hangs_up_and_its_time_is_no_data(world: World) -> None:
    async def pause(pause: Pause | None, resumed: float | None) -> None:
        def job(connection: sa.Connection) -> None:
            cursor, standing = cursors.get(connection, "bus")
            cursors.put(connection, "bus", cursor, replace(standing, pause=pause, resumed_at=resumed))

        await world.db.write(job, Priority.ACT)
        world.streams.replan()

    await world.pass_(300)
    await pause(Pause(at=START + 300, by="li", why="it floods"), None)
    await until(lambda: world.lines[0].closed)
    world.clock._now += 1200
    await pause(None, START + 1500)
    await until(lambda: len(world.lines) == 2)
    await world.send({"id": "1"}, at=START + 600)
    await world.pass_(60)
    assert await world.covered() == ((0, 5), (25, 26)) and await world.stored() == 1
    assert await world.found() == []


async def test_a_listener_that_ends_of_itself_is_begun_anew(world: World) -> None:
    world.streams._listeners["bus"].task.cancel()
    await until(lambda: len(world.lines) == 2)
    await world.send({"id": "1"})
    assert world.lines[0].closed and await world.stored() == 1


async def test_a_client_that_gives_up_a_task_of_its_own_cancels_the_call_not_us() -> None:
    task = asyncio.create_task(asyncio.sleep(10))
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(SourceFault, match="gave up"):
        await answered(task)


async def test_only_what_is_about_a_topic_is_kept_where_that_is_asked(world: World) -> None:
    world.configure('[[topic]]\nname = "fire"\nquery = "smoke"\n' + SOURCE + 'store = "matching"\n')
    world.streams.replan()
    await until(lambda: len(world.lines) == 2)
    await world.send({"id": "1", "text": "smoke everywhere"}, {"id": "2", "text": "lunch"})
    assert world.line.acknowledged == ["k0", "k1"] and await world.stored() == 1


async def test_a_client_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'nats'", name="nats")

    monkeypatch.setattr(brokers, "import_module", missing)
    with pytest.raises(SourceFault, match=r"pip install 'crisis-monitor\[stream\]'"):
        await brokers.open_line(Address(url="nats://h", queue="q", group="g", member="m"))
