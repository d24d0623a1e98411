"""Databases, Prometheus and mailboxes in a running service: a first fetch alarms nothing, an outage is no surge.

Beside it stands that no data is not zero: nobody calls it quiet while nobody listened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import ClassVar

import pytest
import sqlalchemy as sa

from monitor.model import Cursor, Page
from monitor.sources import Source, SourceFault, Surroundings
from monitor.sources.imap import Imap
from monitor.sources.promql import Promql
from monitor.sources.sql import Sql
from monitor.store.tables import mentions, samples
from tests.daemon.house import START, House, house
from tests.daemon.test_time_table import counting_by_arrival
from tests.sources.dovecot import PASSWORD, USER, Dovecot
from tests.sources.past_prometheus import PastPrometheus

CONFIG = """
{source}
every = "5m"
family = "tickets"
timezone = "UTC"
[[rule]]
name = "surge"
risk = "mass-complaints"
{what}
window = "1h"
every = "5m"
yellow = {{ above = 19 }}
[[rule]]
name = "quiet"
risk = "service-quality"
{what}
window = "1h"
every = "5m"
blue = {{ below = 2 }}
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
to = ["channel:hook"]
"""
MENTIONS = 'where = { source = ["side"] }'
STEADY = [5.0 * n - 60 for n in range(12 * 8)]
"""Minutes from the start: one record every five minutes, from an hour before."""


class Side:
    """The other side: `source` configures it, `put` lets it say something at these minutes from the start."""

    kind: ClassVar[type[Source]]
    what = MENTIONS
    year: ClassVar[Sequence[float]] = [-60.0 * n - 10 for n in range(365 * 24)]

    def source(self) -> str:
        raise NotImplementedError

    def put(self, minutes: Sequence[float]) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        """Ends it."""


class Desk(Side):
    """A help desk's database."""

    kind = Sql

    def __init__(self, folder: Path) -> None:
        self._path = folder / "desk.db"
        self._run("CREATE TABLE tickets (id INTEGER PRIMARY KEY, made text)", [])

    def source(self) -> str:
        return f"""
[[source]]
name = "side"
kind = "sql"
url = "sqlite:///{self._path}"
query = "SELECT id, made, '起火 ' || id AS body FROM tickets"
fields = {{ id = "id", published_at = "made", text = "body" }}
watermark = "made"
history = "2y"
"""

    def put(self, minutes: Sequence[float]) -> None:
        rows = [(START + 60 * at,) for at in minutes]
        self._run("INSERT INTO tickets (made) VALUES (datetime(?, 'unixepoch'))", rows)

    def _run(self, statement: str, rows: list[tuple[float]]) -> None:
        with sqlite3.connect(self._path) as connection:
            connection.executemany(statement, rows or [()])


class Box(Side):
    """A mailbox; a day between the mails of the year."""

    kind = Imap
    year: ClassVar[Sequence[float]] = [-1440.0 * n - 10 for n in range(365)]

    def __init__(self, folder: Path) -> None:
        self._server = Dovecot()
        self._n = 0

    def source(self) -> str:
        return f"""
[[source]]
name = "side"
kind = "imap"
host = "127.0.0.1"
security = "none"
port = {self._server.plain}
user = "{USER}"
password = "env:MAILBOX"
allow_private = true
history = "2y"
"""

    def put(self, minutes: Sequence[float]) -> None:
        self._server.fill("INBOX", *(self._mail(START + 60 * at) for at in minutes))

    def _mail(self, at: float) -> tuple[float, bytes]:
        self._n += 1
        made = EmailMessage()
        made["Message-ID"], made["Subject"] = f"<{self._n}@example.com>", f"投诉 {self._n}"
        made["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
        made.set_content("起火")
        return at, bytes(made)

    def stop(self) -> None:
        self._server.stop()


class Counters(Side):
    """A Prometheus that counted one each time; it knows all of it from the start, and is asked for what is over."""

    kind = Promql
    what = 'of = "complaints"\nmeasure = "sum"'

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PastPrometheus | None = None

    def source(self) -> str:
        assert self._server is not None
        return f"""
[[source]]
name = "side"
kind = "promql"
url = "{self._server.url}"
query = "sum(complaints)"
step = "5m"
series = "complaints"
sample = "delta"
most_series = 2
history = "365d"
allow_private = true
"""

    def put(self, minutes: Sequence[float]) -> None:
        if self._server is None:
            self._server = PastPrometheus(self._folder, [("complaints", START + 60 * at, 1.0) for at in minutes])

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()


SIDES = [
    pytest.param(Desk, id="sql"),
    pytest.param(Box, id="imap", marks=pytest.mark.slow),
    pytest.param(Counters, id="promql", marks=[pytest.mark.slow, pytest.mark.promtool]),
]


@pytest.fixture(params=SIDES)
def side(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Side]:
    monkeypatch.setenv("MAILBOX", PASSWORD)
    made = request.param(tmp_path)
    yield made
    made.stop()


def config(side: Side) -> str:
    return CONFIG.format(source=side.source(), what=side.what)


async def stored(here: House) -> int:
    """How many records there are."""
    counts = [sa.select(sa.func.count()).select_from(table) for table in (mentions, samples)]
    return sum([int(await here.service.db.read(lambda c, count=count: c.scalar(count)) or 0) for count in counts])


@pytest.mark.anyio
async def test_a_year_at_the_first_fetch_alarms_nothing(side: Side, tmp_path: Path) -> None:
    side.put(side.year)
    async with house(tmp_path, config(side)) as here:
        await here.to("30m")
        assert here.line("surge") == ["calm"]
        assert await here.told() == []
        assert await stored(here) >= len(side.year), "all of it has been read"


@pytest.mark.anyio
async def test_undated_rows_of_a_first_reading_are_not_counted_on_any_page(tmp_path: Path) -> None:
    side = Desk(tmp_path)
    side.put(range(-900, -800))
    undated = side.source().replace('published_at = "made", ', "").replace('watermark = "made"', 'watermark = "id"')
    async with house(tmp_path, CONFIG.format(source=undated + "most = 30\n", what=side.what)) as here:
        await here.to("10m")
        assert here.line("surge") == ["calm"] and await stored(here) == 100
        side.put(range(25))
        await here.to("20m")
        assert here.line("surge") == ["calm", "yellow"], "what comes later counts when it is first seen"


@pytest.mark.slow
@pytest.mark.anyio
async def test_counted_by_arrival_it_would_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    side = Desk(tmp_path)
    side.put(side.year)
    counting_by_arrival(monkeypatch)
    async with house(tmp_path, config(side)) as here:
        await here.to("30m")
        assert here.line("surge") != ["calm"]


@pytest.mark.anyio
async def test_an_outage_is_neither_a_surge_nor_quiet(
    side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.put([at for at in STEADY if at <= 0] if side.kind is not Promql else STEADY)
    async with house(tmp_path, config(side)) as here:
        await run(here, side, 0, 90)
        with monkeypatch.context() as patch:
            patch.setattr(side.kind, "fetch", nothing_answers)
            await run(here, side, 90, 270)
            assert here.line("quiet") == ["calm"], "no data is not zero"
        await run(here, side, 270, 330)
        assert here.line("surge") == here.line("quiet") == ["calm"]
        assert {note.transition for note in await here.told()} <= {"NO DATA", "DATA BACK"}
        assert here.seen("surge") in range(10, 14), "an hour has twelve; the newest may still be on its way"
        said = len([at for at in STEADY if at <= 330])
        assert said - 2 <= await stored(here) <= said, "what was said meanwhile is there"


async def run(here: House, side: Side, start: float, end: float) -> None:
    """Time goes by, and the other side says something every five minutes."""
    for minute in range(int(start) + 5, int(end) + 1, 5):
        if side.kind is not Promql:
            side.put([minute])
        await here.to(f"{minute}m")


async def nothing_answers(self: Source, cursor: Cursor, around: Surroundings) -> Page:
    raise SourceFault("nothing answers")
