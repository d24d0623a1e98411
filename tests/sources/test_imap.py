"""Kind imap against a real Dovecot: going on by UID, folders made anew, nothing marked, nobody kept waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.http import Http
from monitor.model import Cursor, Page
from monitor.secret import Secret
from monitor.sources import imap as imap_source
from monitor.sources.imap import Imap
from monitor.sources.mail_items import Digest
from monitor.sources.source import SourceFault, Surroundings
from monitor.times import DAY, instant, local
from tests.sources.dovecot import PASSWORD, USER, Dovecot

ZONE = ZoneInfo("Asia/Shanghai")
NOW = instant("2026-03-09T12:00:00+08:00", ZONE)
_numbers = count(1)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    yield server
    server.stop()


@pytest.fixture
def folder() -> str:
    """A folder of its own for each test, with a Chinese name as teams give them."""
    return f"投诉{next(_numbers)}"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILBOX", PASSWORD)


def mail(n: int, at: float, text: str = "起火", **headers: str) -> tuple[float, bytes]:
    """A mail that was written and arrived then."""
    made = EmailMessage()
    made["Subject"], made["From"], made["Message-ID"] = f"投诉 {n}", f"王 <c{n}@example.com>", f"<m{n}@example.com>"
    made["Date"] = format_datetime(local(at, ZONE))
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(f"{text} {n}")
    return at, bytes(made)


def source(server: Dovecot, folder: str, **options: Any) -> Imap:
    given = {"host": "localhost", "port": server.tls, "ca": server.ca, "allow_private": True, **options}
    made = Imap(name="mail", user=USER, password=Secret("env:MAILBOX"), folder=folder, **given)
    assert list(made.wrong()) == []
    return made


async def read(asked: Imap, cursor: Cursor | None = None, now: float = NOW) -> Page:
    async with Http() as http:
        return await asked.fetch(cursor or {}, Surroundings(http, ZONE, now))


@pytest.mark.anyio
async def test_mails_become_mentions_and_stay_unseen(dovecot: Dovecot, folder: str) -> None:
    dovecot.fill(folder, mail(1, NOW - 600, X_Queue="vip"), mail(2, NOW - 60))
    page = await read(source(dovecot, folder, fields={"labels.queue": "X-Queue"}, labels={"box": "a"}))
    first, second = page.mentions
    assert (first.id, first.title, first.text) == ("m1@example.com", "投诉 1", "起火 1")
    assert (first.author, first.published_at) == ("c1@example.com", NOW - 600)
    assert first.labels == {"box": "a", "queue": "vip"} and second.labels == {"box": "a"}
    assert dovecot.flags(folder) == [False, False] and page.faults == ()


@pytest.mark.anyio
async def test_it_goes_on_by_uid_and_knows_when_nothing_is_new(dovecot: Dovecot, folder: str) -> None:
    dovecot.fill(folder, mail(1, NOW - 60))
    first = await read(source(dovecot, folder))
    same = await read(source(dovecot, folder), first.cursor, NOW + 60)
    assert same.unchanged and same.mentions == () and same.covers_from == NOW
    dovecot.fill(folder, mail(2, NOW + 70), mail(3, NOW - 40 * DAY))
    later = await read(source(dovecot, folder), same.cursor, NOW + 120)
    assert [m.id for m in later.mentions] == ["m2@example.com", "m3@example.com"], "moved in late, and met all the same"


@pytest.mark.anyio
async def test_the_first_reading_goes_back_by_history_in_pages(dovecot: Dovecot, folder: str) -> None:
    dovecot.fill(folder, *(mail(n, NOW - 40 * DAY) for n in (1, 2)), *(mail(n, NOW - 60 * n) for n in (5, 4, 3)))
    asked = source(dovecot, folder, most=2)
    first = await read(asked)
    assert [m.id for m in first.mentions] == ["m5@example.com", "m4@example.com"]
    assert first.more and first.covers_to == NOW
    second = await read(asked, first.cursor, NOW + 1)
    assert [m.id for m in second.mentions] == ["m3@example.com"]
    assert not second.more and (second.covers_from, second.covers_to) == (NOW, None)


@pytest.mark.anyio
async def test_an_empty_folder_has_been_read(dovecot: Dovecot, folder: str) -> None:
    dovecot.fill(folder, mail(1, NOW - 90 * DAY))
    first = await read(source(dovecot, folder))
    assert first.mentions == () and first.cursor["last"] == 1


@pytest.mark.anyio
async def test_a_folder_made_anew_is_read_again_by_date(dovecot: Dovecot, folder: str) -> None:
    dovecot.fill(folder, *(mail(n, NOW - 60 * n) for n in range(5, 0, -1)))
    first = await read(source(dovecot, folder))
    with dovecot.client() as client:
        client.delete_folder(folder)
    dovecot.fill(folder, mail(1, NOW - 60), mail(7, NOW + 30))
    again = await read(source(dovecot, folder), first.cursor, NOW + 60)
    assert again.cursor["validity"] != first.cursor["validity"]
    assert [m.id for m in again.mentions] == ["m1@example.com", "m7@example.com"], "the store knows m1 by its id"


@pytest.mark.anyio
async def test_mails_are_marked_only_if_asked_and_only_once_they_are_stored(dovecot: Dovecot, folder: str) -> None:
    dovecot.fill(folder, mail(1, NOW - 90 * DAY), mail(2, NOW - 60))
    asked = source(dovecot, folder, mark_seen=True)
    first = await read(asked)
    assert dovecot.flags(folder) == [False, False], "not before its cursor comes back"
    dovecot.fill(folder, mail(3, NOW + 60))
    await read(asked, first.cursor, NOW + 120)
    assert dovecot.flags(folder) == [False, True, False], "what was never read stays as it was"


@pytest.mark.anyio
async def test_large_mails_are_read_to_the_cap_and_pages_to_theirs(
    dovecot: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = EmailMessage()
    large["Subject"], large["Message-ID"], large["Date"] = (
        "大",
        "<l@example.com>",
        format_datetime(local(NOW - 9, ZONE)),
    )
    large.set_content("正文在前")
    large.add_attachment(b"\0" * 300_000, maintype="application", subtype="zip", filename="照片.zip")
    dovecot.fill(folder, (NOW - 9, bytes(large)), *(mail(n, NOW - n) for n in range(1, 8)))
    monkeypatch.setattr(imap_source, "AT_ONCE", 1)
    monkeypatch.setattr(imap_source, "BYTES", 17_000)
    page = await read(source(dovecot, folder, max_message=16_384))
    assert page.mentions[0].text == "正文在前" and page.more and 1 < len(page.mentions) < 8


@pytest.mark.anyio
async def test_a_mail_dated_ahead_or_not_at_all_counts_when_it_arrived(dovecot: Dovecot, folder: str) -> None:
    _, ahead = mail(1, NOW + 9 * DAY)
    _, undated = mail(2, NOW)
    undated = b"\r\n".join(line for line in undated.splitlines() if not line.startswith(b"Date:"))
    dovecot.fill(folder, (NOW - 30, ahead), (NOW - 20, undated))
    page = await read(source(dovecot, folder))
    assert [m.published_at for m in page.mentions] == [NOW - 30, NOW - 20]


@pytest.mark.anyio
async def test_digest_mails_bring_their_items(dovecot: Dovecot, folder: str) -> None:
    made = EmailMessage()
    made["Subject"], made["Date"] = "舆情日报", format_datetime(local(NOW - 60, ZONE))
    made.set_content("您的浏览器不支持 HTML")
    row = '<tr><td><a href="https://v.example.com/p/{n}?a=b">手机起火 {n}</a></td><td>微博 · 3月9日 11:{n}</td></tr>'
    page = "".join(row.format(n=n) for n in (10, 20)) + '<a href="https://v.example.com/quit">退订</a>'
    made.add_alternative(f"<html><table>{page}</table></html>", subtype="html")
    dovecot.fill(folder, (NOW - 60, bytes(made)), mail(4, NOW - 50))
    digest = Digest(pattern="{title} <{url}>\n{labels.site} · {published_at}", links=("https://v.example.com/p/*",))
    got = await read(source(dovecot, folder, digest=digest))
    assert [(m.title, m.labels["site"], m.published_at) for m in got.mentions] == [
        ("手机起火 10", "微博", NOW - 50 * 60),
        ("手机起火 20", "微博", NOW - 40 * 60),
    ]
    assert got.mentions[0].url == got.mentions[0].id == "https://v.example.com/p/10?a=b"
    assert "no item was found" in got.faults[0] and "投诉 4" in got.faults[0]


@pytest.mark.anyio
async def test_starttls_and_loopback_without_tls(dovecot: Dovecot, folder: str) -> None:
    dovecot.fill(folder, mail(1, NOW - 60))
    for security in ("starttls", "none"):
        asked = source(dovecot, folder, security=security, port=dovecot.plain)
        assert len((await read(asked)).mentions) == 1


@pytest.mark.anyio
async def test_the_address_that_was_judged_is_dialled_and_the_name_is_asked_for(
    dovecot: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolved(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr("monitor.sources.guard.resolve", resolved)
    dovecot.fill(folder, mail(1, NOW - 60))
    asked = source(dovecot, folder, host="mail.example.com", allow_private=False)
    assert len((await read(asked)).mentions) == 1
    with pytest.raises(SourceFault, match="certificate"):
        await read(source(dovecot, folder, host="other.example.com", allow_private=False))


@pytest.mark.slow
@pytest.mark.anyio
async def test_faults_say_what_is_wrong_and_never_the_password(
    dovecot: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.fill(folder, mail(1, NOW - 60))
    with pytest.raises(SourceFault, match="certificate"):
        await read(source(dovecot, folder, ca=""))
    with pytest.raises(SourceFault, match="certificate"):
        await read(source(dovecot, folder, host="127.0.0.1"))
    with pytest.raises(SourceFault, match="the mail server"):
        await read(source(dovecot, "没有这个"))
    with pytest.raises(SourceFault, match="allow_private"):
        await read(source(dovecot, folder, allow_private=False))
    with pytest.raises(SourceFault, match="no connection"):
        await read(source(dovecot, folder, port=1))
    monkeypatch.setenv("MAILBOX", "falsch-0815")
    with pytest.raises(SourceFault, match="refused the login") as fault:
        await read(source(dovecot, folder))
    assert "falsch" not in fault.value.text
    monkeypatch.delenv("MAILBOX")
    with pytest.raises(SourceFault, match="env:MAILBOX"):
        await read(source(dovecot, folder))


@pytest.mark.anyio
@pytest.mark.parametrize("drip", [False, True], ids=["silent", "drip"])
async def test_a_server_that_says_nothing_or_endless_things_is_left_within_the_timeout(drip: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while drip:
            writer.write(b"* OK still there\r\n"[:1])
            await writer.drain()
            await asyncio.sleep(0.05)
        await asyncio.sleep(30)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    asked = Imap(
        name="mail", host="127.0.0.1", port=port, security="none", user="a", password=Secret("env:MAILBOX"),
        timeout=0.5, allow_private=True,
    )  # fmt: skip
    began = time.monotonic()
    with pytest.raises(SourceFault, match=r"0\.5 s"):
        await read(asked)
    assert time.monotonic() - began < 3
    server.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "imaps://mail"}, "imap.example.com"),
        ({"security": "none"}, "tell the password"),
        ({"fields": {"colour": "X"}}, "colour"),
        ({"digest": Digest()}, "pattern"),
        ({"digest": Digest(pattern="{title}{url}")}, "between two places"),
        ({"digest": Digest(pattern="no place")}, "no place"),
        ({"digest": Digest(pattern="{colour}")}, "colour"),
        ({"most": 0}, "most"),
        ({"max_message": 1}, "1024"),
        ({"timeout": 0.0}, "timeout"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], said: str) -> None:
    given = {"host": "imap.example.com", "user": "a", "password": Secret("env:MAILBOX"), **options}
    assert any(said in text for _, text in Imap(name="mail", **given).wrong())
