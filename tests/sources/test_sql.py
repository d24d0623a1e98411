"""Kind sql on real databases: nothing lost or doubled, nothing written, no password told."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from monitor.http import Http
from monitor.model import Cursor, Page
from monitor.secret import Secret
from monitor.sources import sql as sql_source
from monitor.sources.apart import WAITERS, apart
from monitor.sources.marks import at_moment, mark_of, moment, packed, reread_from, unpacked
from monitor.sources.source import SourceFault, Surroundings
from monitor.sources.sql import Sql
from monitor.times import DAY, instant

ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-09T12:00:00+08:00", ZONE)
FIELDS = {"id": "id", "published_at": "made", "text": "body", "labels.product": "product"}
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS body FROM n"
QUERY = "SELECT id, made, body, product FROM tickets"


class Table:
    """A table of tickets in a database of either kind; times stand as each keeps them: in the zone of the source."""

    def __init__(self, url: str, engine: Engine) -> None:
        self.url, self.engine = url, engine
        kind = "timestamp" if engine.dialect.name == "postgresql" else "text"
        self.run(f"CREATE TABLE tickets (id integer, made {kind}, body text, product text)")

    def run(self, statement: str, *rows: dict[str, Any]) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), list(rows) or None)

    def add(self, *rows: tuple[int, float], body: str = "起火") -> None:
        """Rows of (id, seconds from NOW)."""
        made = [{"id": id, "made": clock(NOW + at), "body": f"{body} {id}"} for id, at in rows]
        self.run("INSERT INTO tickets VALUES (:id, :made, :body, 'X1')", *made)


def clock(at: float) -> str:
    return datetime.fromtimestamp(at, ZONE).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Table]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'desk.db'}"
        engine = sa.create_engine(url)
    else:
        url = request.getfixturevalue("postgresql_url")
        engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    yield Table(url, engine)
    engine.dispose()


def source(table: Table, **options: Any) -> Sql:
    made = make_url(table.url)
    options = {"query": QUERY, "fields": FIELDS, "watermark": "made", "allow_private": True, **options}
    return Sql(name="desk", url=made.render_as_string(hide_password=False), **options)


async def read(asked: Sql, cursor: Cursor | None = None, now: float = NOW) -> Page:
    async with Http() as http:
        return await asked.fetch(cursor or {}, Surroundings(http, ZONE, now))


async def read_all(asked: Sql, cursor: Cursor | None = None, now: float = NOW) -> tuple[list[str], Cursor, int]:
    """All pages at once: the ids in their order, the cursor, how many pages it took."""
    ids: list[str] = []
    for n in range(1, 100):
        page = await read(asked, cursor, now)
        ids, cursor = ids + [m.id for m in page.mentions], page.cursor
        if not page.more:
            return ids, cursor, n
    raise AssertionError("it never ends")


@pytest.mark.anyio
async def test_rows_become_mentions_in_the_zone_of_the_source(table: Table) -> None:
    table.add((7, -60))
    page = await read(source(table, labels={"desk": "a"}))
    (mention,) = page.mentions
    assert (mention.id, mention.text, mention.published_at) == ("7", "起火 7", NOW - 60)
    assert mention.labels == {"desk": "a", "product": "X1"} and page.faults == ()


@pytest.mark.anyio
async def test_pages_go_on_in_strict_order_through_rows_of_one_watermark(table: Table) -> None:
    table.add(*((n, -600) for n in range(25)), *((n, -500 + n) for n in range(25, 40)))
    ids, cursor, pages = await read_all(source(table, most=10))
    assert ids == [str(n) for n in range(40)] and pages == 5
    assert (await read(source(table, most=16, overlap=60.0), cursor)).more is False, "only the overlap is read again"


@pytest.mark.anyio
async def test_more_rows_of_one_watermark_than_a_page_without_a_key_are_a_fault_not_a_loss(table: Table) -> None:
    table.add(*((n, -600) for n in range(25)))
    asked = source(table, fields={"text": "body"}, most=10)
    cursor = (await read(asked)).cursor
    with pytest.raises(SourceFault, match="share the watermark"):
        await read(asked, cursor)


@pytest.mark.anyio
async def test_rows_committed_late_with_an_equal_or_older_watermark_are_met(table: Table) -> None:
    table.add((1, -900), (2, -30))
    _, cursor, _ = await read_all(source(table))
    table.add((3, -30), (4, -400))
    ids, cursor, _ = await read_all(source(table), cursor, NOW + 60)
    assert {"3", "4"} <= set(ids) and "1" not in ids
    table.add((5, -3000))
    assert "5" not in (await read_all(source(table), cursor, NOW + 120))[0], "what is later than the overlap is not"


@pytest.mark.anyio
async def test_a_transaction_that_commits_after_a_later_one_loses_nothing(table: Table) -> None:
    asked = source(table, watermark="id", overlap_by=10)
    if table.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: what begins first commits first")
    with table.engine.begin() as slow:
        slow.execute(sa.text("INSERT INTO tickets VALUES (1, '2026-03-09 11:00', 'late', 'X1')"))
        table.add((2, -60))
        ids, cursor, _ = await read_all(asked)
        assert ids == ["2"]
    assert (await read_all(asked, cursor))[0] == ["1", "2"]


@pytest.mark.anyio
async def test_a_row_dated_in_the_future_does_not_stop_what_comes_after(table: Table) -> None:
    table.add((1, -60), (2, 400 * DAY))
    page = await read(source(table))
    assert [m.id for m in page.mentions] == ["1"] and "ahead of the clock" in page.faults[0]
    table.add((3, 30))
    assert "3" in (await read_all(source(table), page.cursor, NOW + 60))[0]


@pytest.mark.anyio
async def test_the_first_reading_goes_back_by_history_and_says_that_it_is_the_first(table: Table) -> None:
    table.add(*((n, -n * DAY) for n in range(60)))
    asked = source(table, history=9.5 * DAY, most=4)
    page = await read(asked)
    assert page.first and page.more and page.covers_to == NOW and page.mentions[0].id == "9"
    ids, cursor, _ = await read_all(asked, page.cursor)
    assert ids[-1] == "0" and len(ids) == 6
    last = await read(asked, cursor, NOW + 7200)
    assert not last.first and last.covers_from == NOW, "what is vouched for goes on where it ended"


@pytest.mark.anyio
async def test_pages_behind_an_outage_vouch_for_it_only_once_they_are_through(table: Table) -> None:
    table.add((1, -60))
    asked = source(table, most=4)
    cursor = (await read(asked)).cursor
    table.add(*((n, 60 * n) for n in range(2, 12)))
    first = await read(asked, cursor, NOW + 3600)
    assert first.more and not first.first and first.covers_to == NOW
    second = await read(asked, first.cursor, NOW + 3601)
    last = await read(asked, second.cursor, NOW + 3602)
    assert not last.more and (last.covers_from, last.covers_to) == (NOW, None)


@pytest.mark.anyio
async def test_a_table_that_is_still_empty_has_been_read(table: Table) -> None:
    page = await read(source(table))
    assert page.first and page.mentions == ()
    table.add((1, 5))
    later = await read(source(table), page.cursor, NOW + 60)
    assert [m.id for m in later.mentions] == ["1"] and not later.first


BUCKETS = {
    "sqlite": "SELECT substr(made, 1, 13) || ':00' AS at, product, count(*) AS n FROM tickets"
    " WHERE made >= :start AND made < :end GROUP BY 1, 2",
    "postgresql": "SELECT date_trunc('hour', made) AS at, product, count(*)::numeric AS n FROM tickets"
    " WHERE made >= :start AND made < :end GROUP BY 1, 2",
}


def hourly(table: Table, **options: Any) -> Sql:
    fields = {"at": "at", "value": "n", "labels.product": "product"}
    query = BUCKETS[table.engine.dialect.name]
    return source(table, query=query, fields=fields, watermark="", bucket=3600.0, series="tickets", **options)


@pytest.mark.anyio
async def test_sums_come_for_whole_buckets_that_are_over_and_again_while_they_may_change(table: Table) -> None:
    table.add((1, -7000), (2, -7100), (3, -1800), (4, 60))
    page = await read(hourly(table, sample="delta", history=DAY))
    rows = [(s.at - NOW, s.value, s.span, s.labels) for s in page.samples]
    assert rows == [(-3600.0, 2.0, 3600.0, {"product": "X1"}), (0.0, 1.0, 3600.0, {"product": "X1"})]
    table.add((5, -1700))
    again = await read(hourly(table, sample="delta"), page.cursor, NOW + 300)
    assert [(s.at - NOW, s.value) for s in again.samples] == [(0.0, 2.0)], "the hour just over is asked once more"
    later = await read(hourly(table, sample="delta"), again.cursor, NOW + 3700)
    assert [(s.at - NOW, s.value) for s in later.samples] == [(0.0, 2.0), (3600.0, 1.0)]


@pytest.mark.anyio
async def test_many_buckets_take_several_fetches(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_source, "BUCKETS", 10)
    table.add((1, -29 * 3600.0), (2, -100))
    asked, cursor, values = hourly(table, history=30 * 3600.0, overlap=20 * 3600.0), {}, []
    page, fetches = Page(more=True), 0
    while page.more:
        page, fetches = await read(asked, cursor), fetches + 1
        cursor, values = page.cursor, values + [s.value for s in page.samples]
    assert fetches == 3 and values == [1.0, 1.0]
    page, fetches = Page(more=True, cursor=cursor), 0
    while page.more:
        page, fetches = await read(asked, page.cursor), fetches + 1
    assert fetches == 2, "an overlap longer than a fetch comes to its end"


@pytest.mark.anyio
async def test_without_watermark_the_query_is_read_whole_and_too_many_rows_are_a_fault(table: Table) -> None:
    table.add((1, -60), (2, -50), (3, -40))
    assert len((await read(source(table, watermark=""))).mentions) == 3
    with pytest.raises(SourceFault, match="more than 2 rows"):
        await read(source(table, watermark="", most=2))


@pytest.mark.anyio
async def test_a_colon_a_percent_and_a_semicolon_in_the_query_stay_what_they_are(table: Table) -> None:
    table.add((1, -60))
    cast = "'a'::text" if table.engine.dialect.name == "postgresql" else "'a'"
    query = f"SELECT id, made, {cast} || ' :b 12:30 100% ' || body AS body, product FROM tickets; "
    (mention,) = (await read(source(table, query=query))).mentions
    assert mention.text == "a :b 12:30 100% 起火 1"


@pytest.mark.anyio
async def test_nothing_is_written(table: Table) -> None:
    table.add((1, -60))
    writes = ["SELECT nextval('s') AS id, made, body, product FROM tickets"]
    writes += ["WITH gone AS (DELETE FROM tickets RETURNING *) SELECT * FROM gone"]
    writes += ["SELECT 1 AS id) AS q; DELETE FROM tickets; SELECT * FROM (SELECT 1 AS id"]
    if table.engine.dialect.name == "postgresql":
        table.run("CREATE SEQUENCE s")
        table.run("CREATE FUNCTION wipe() RETURNS text LANGUAGE sql AS $$ DELETE FROM tickets RETURNING body $$")
        writes += [
            "SELECT wipe() AS body",
            "SELECT pg_terminate_backend(0), set_config('transaction_read_only','off',true)",
        ]
    for query in writes:
        with pytest.raises(SourceFault, match="the database"):
            await read(source(table, query=query, watermark="", fields={"text": "body"}))
    assert len((await read(source(table))).mentions) == 1


@pytest.mark.anyio
async def test_a_query_that_takes_too_long_is_ended(table: Table) -> None:
    endless = {
        "sqlite": ENDLESS,
        "postgresql": "SELECT pg_sleep(30)::text AS body",
    }[table.engine.dialect.name]
    with pytest.raises(SourceFault, match=r"did not end within 0\.3 s"):
        await read(source(table, query=endless, watermark="", fields={"text": "body"}, timeout=0.3))


@pytest.mark.anyio
async def test_the_loop_goes_on_while_a_database_thinks(table: Table) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    task = asyncio.create_task(beat())
    with contextlib.suppress(SourceFault):
        await read(source(table, query=ENDLESS, watermark="", fields={"text": "body"}, timeout=0.5))
    task.cancel()
    assert beats > 10


@pytest.mark.anyio
async def test_faults_name_the_columns_there_are(table: Table) -> None:
    table.add((1, -60))
    with pytest.raises(SourceFault, match='did you mean "body"'):
        await read(source(table, fields={"text": "bodi"}, key="id"))
    with pytest.raises(SourceFault, match="neither a time nor a number"):
        await read(source(table, watermark="product"))
    with pytest.raises(SourceFault, match="no_such"):
        await read(source(table, query="SELECT * FROM no_such"))
    table.run("INSERT INTO tickets VALUES (9, '2026-03-09 11:59:50', NULL, NULL)")
    page = await read(source(table, fields={"text": "body", "published_at": "made"}))
    assert len(page.mentions) == 1 and "has a value" in page.faults[0], "a bad row costs itself"


@pytest.mark.anyio
@pytest.mark.postgres
async def test_no_fault_tells_the_password(postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK", "geheim-4711")
    url = str(make_url(postgresql).set(username="nobody_here", password=None).render_as_string(hide_password=False))
    asked = {"name": "desk", "query": QUERY, "fields": FIELDS, "allow_private": True}
    with pytest.raises(SourceFault) as fault:
        await read(Sql(url=url, password=Secret("env:DESK"), **asked))
    assert "geheim" not in fault.value.text and "nobody_here" in fault.value.text
    monkeypatch.setenv("DESK", f"postgresql://nobody_here:geheim-4711@{make_url(postgresql).host}:1/x?bad=geheim-4711")
    with pytest.raises(SourceFault) as fault:
        await read(Sql(url="env:DESK", **asked))
    assert "geheim" not in fault.value.text


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://a@127.0.0.1/x",
        "postgresql:///x",
        "postgresql://a@ok.example/x?host=/run",
        "postgresql://a@[::1]/x",
    ],
)
async def test_servers_of_the_own_network_are_asked_only_if_that_is_meant(url: str) -> None:
    with pytest.raises(SourceFault, match="allow_private"):
        await read(Sql(name="desk", url=url, query=QUERY, fields=FIELDS))


@pytest.mark.anyio
@pytest.mark.postgres
async def test_the_address_that_was_judged_is_dialled(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = make_url(postgresql_url)

    async def resolved(host: str, port: int) -> list[str]:
        assert (host, port) == ("db.example.com", real.port or 5432)
        return [real.host or ""]

    monkeypatch.setattr("monitor.sources.guard.resolve", resolved)
    url = real.set(host="db.example.com").render_as_string(hide_password=False)
    page = await read(Sql(name="desk", url=url, query="SELECT 'x' AS body", fields={"text": "body"}))
    assert [m.text for m in page.mentions] == ["x"]


@pytest.mark.anyio
async def test_a_database_that_hangs_is_left_and_its_thread_is_free(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_source, "GRACE", 0.2)
    monkeypatch.setattr("monitor.sources.sql_open._STEPS", 10**9)
    monkeypatch.setattr("monitor.sources.sql_open._SESSION", "SELECT :ms, :zone")
    endless = "SELECT pg_sleep(5)::text AS body" if table.engine.dialect.name == "postgresql" else ENDLESS
    began = time.monotonic()
    with pytest.raises(SourceFault, match=r"0\.3 s"):
        await read(source(table, query=endless, watermark="", fields={"text": "body"}, timeout=0.3))
    all_here = threading.Barrier(WAITERS)
    await asyncio.gather(*(apart(all_here.wait, within=3, end=all_here.abort) for _ in range(WAITERS)))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "mysql://a@b/c"}, "postgresql://"),
        ({"url": "sqlite:///desk.db"}, "ABSOLUTE"),
        ({"url": "postgresql://a:b@c/d"}, "tells a password"),
        ({"query": "DELETE FROM tickets"}, "one query that reads"),
        ({"fields": {}}, "fields"),
        ({"bucket": 3600.0}, "watermark"),
        ({"bucket": 3600.0, "watermark": "", "fields": FIELDS}, "value"),
        ({"most": 0}, "most"),
        ({"timeout": 0.0}, "timeout"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], said: str) -> None:
    given = {"url": "postgresql://a@b/c", "query": QUERY, "fields": FIELDS, "watermark": "made", **options}
    assert any(said in text for _, text in Sql(name="desk", **given).wrong())


def test_a_good_source_has_no_faults() -> None:
    for url in ("postgresql://a@b/c", "sqlite:////srv/desk.db", "credential:desk-url"):
        assert list(Sql(name="desk", url=url, query=QUERY, fields=FIELDS).wrong()) == []


@pytest.mark.parametrize(
    "mark",
    [
        datetime(2026, 3, 9, 12, 0, 0, 5, tzinfo=UTC),
        datetime(2026, 3, 9, 12),
        datetime(2026, 3, 9).date(),
        "2026-03-09 12:00:00.123",
        "2026-03-09T12:00:00Z",
        "2026-03-09 12:00",
        17,
        1.5,
    ],
)
def test_a_watermark_comes_back_as_it_was_and_goes_back_in_its_own_writing(mark: Any) -> None:
    assert unpacked(packed(mark_of(mark))) == mark
    back = reread_from(mark, overlap=600, overlap_by=3, zone=ZONE, now=4e9)
    assert type(back) is type(mark) and back < mark  # type: ignore[operator]
    at = moment(mark, ZONE)
    if at is not None:
        assert at_moment(mark, at, ZONE) <= mark, "the same second is read again"  # type: ignore[operator]
