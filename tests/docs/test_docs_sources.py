"""The examples of docs/sources.md that read databases and digest mails, run on real ones."""

from __future__ import annotations

import sqlite3
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import tomli
from msgspec import convert
from msgspec.structs import replace

from monitor.config.convert import decode
from monitor.http import Http
from monitor.model import Page
from monitor.sources import SourceKind, Surroundings
from monitor.sources.imap import Imap
from monitor.sources.mail import read_mail
from monitor.sources.mail_items import items_of
from monitor.sources.sql import Sql
from monitor.times import instant
from tests.docs.test_docs import ROOT, blocks

ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-09T12:00:00+08:00", ZONE)


def example(name: str) -> SourceKind:
    """The source of this name on the page."""
    tables = [t for block in blocks(ROOT / "docs" / "sources.md", "toml") for t in tomli.loads(block)["source"]]
    (table,) = [t for t in tables if t["name"] == name]
    return convert(table, SourceKind, dec_hook=decode)


async def read(source: SourceKind, url: str) -> Page:
    assert isinstance(source, Sql)
    async with Http() as http:
        here = replace(source, url=url, password=None, allow_private=True)
        return await here.fetch({}, Surroundings(http, ZONE, NOW))


@pytest.mark.anyio
async def test_the_sums_of_refunds(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE refunds (at text, product text)")
        times = ["2026-03-09 10:05:00", "2026-03-09 10:55:00", "2026-03-09 11:01:00", "2026-03-09 12:00:00"]
        connection.executemany("INSERT INTO refunds VALUES (?, 'X1')", [(at,) for at in times])
    page = await read(example("refunds"), f"sqlite:///{tmp_path / 'shop.db'}")
    assert [(s.at - NOW, s.value, s.labels) for s in page.samples] == [
        (-3600.0, 2.0, {"product": "X1"}),
        (0.0, 1.0, {"product": "X1"}),
    ]


@pytest.mark.postgres
@pytest.mark.anyio
async def test_the_help_desk_and_the_contact_centre_on_postgresql(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url.replace("postgresql:", "postgresql+psycopg:", 1))
    at = int(NOW) - 1800 - 3600
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE tickets (id bigint, kind text, created_at timestamptz, updated_at timestamptz, subject text,"
            " body text, customer text, product text, channel text)",
            "INSERT INTO tickets SELECT id, kind, '2026-03-09 11:00+8', '2026-03-09 11:30+8', '起火', '冒烟', 'c',"
            " 'X1', 'app' FROM (VALUES (1, 'complaint'), (2, 'praise')) AS t (id, kind)",
            "CREATE TABLE conversations (ended_at bigint, queue text, solved_at_first_contact boolean,"
            " first_response_seconds int, transferred boolean, solved boolean, handle_seconds int)",
            f"INSERT INTO conversations SELECT {at}, 'phone', n > 10, n, n <= 10, n > 5, n"
            " FROM generate_series(1, 40) AS n",
            "CREATE TABLE surveys (answered_at bigint, score int)",
            f"INSERT INTO surveys SELECT {at}, 9 FROM generate_series(1, 50)",
        ):
            connection.execute(sa.text(statement))
    engine.dispose()
    (ticket,) = (await read(example("helpdesk"), postgresql_url)).mentions
    assert (ticket.id, ticket.published_at) == ("1", NOW - 3600)
    counts = {s.series: s.value for s in (await read(example("contact-centre"), postgresql_url)).samples}
    assert counts == {"conversations": 40, "solved_at_first": 30, "answered_in_time": 40, "transferred": 10,
                      "solved": 35, "handled_long": 0}  # fmt: skip
    averages = (await read(example("averages"), postgresql_url)).samples
    assert {s.series: (s.value, s.at) for s in averages} == {
        "handling_seconds": (20.5, NOW - 3600),
        "nps": (100.0, NOW - 3600),
    }


@pytest.mark.parametrize(
    ("name", "html", "titles"),
    [
        (
            "vendor-digest",
            "<h1>日报</h1><p><a href='https://vendor.example.com/post/1'>充电宝起火</a></p><p>微博 · 路人 · 11:20</p>"
            "<p>地铁上冒烟</p><p><a href='https://vendor.example.com/quit'>退订</a></p><p>a · b · c</p><p>d</p>",
            ["充电宝起火"],
        ),
        (
            "news-alerts",
            '<a href="https://www.google.com/url?q=https://press.example/1">Power bank burns</a><div>in a train</div>'
            '<a href="https://www.google.com/alerts/remove">Unsubscribe</a>',
            ["Power bank burns"],
        ),
    ],
)
def test_the_digests(name: str, html: str, titles: list[str]) -> None:
    made = EmailMessage()
    made.set_content(html, subtype="html", charset="utf-8")
    source = example(name)
    assert isinstance(source, Imap) and source.digest is not None
    assert [item["title"] for item in items_of(read_mail(bytes(made), ZONE), source.digest)] == titles
