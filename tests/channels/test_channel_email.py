"""Mail, against a real mail server."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from monitor.channels.channel import Refused, Retry
from monitor.channels.email import Email
from monitor.channels.letter import letter
from monitor.http import Http
from monitor.model import Link, Receipt, Target, Text
from monitor.secret import Secret
from monitor.times import Duration
from tests.channels.fake_mail import FakeMail
from tests.channels.samples import ACK, NOW, TARGET, line, notice, person

ZHANG = person("zhang@example.com")


@pytest.fixture
def server() -> Iterator[FakeMail]:
    with FakeMail() as server:
        yield server


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return context, str(tmp_path / "ca.pem")


def channel(server: FakeMail, **options: Any) -> Email:
    fields: dict[str, Any] = {"security": "none", "from_": "warn@example.com", "timeout": Duration(3), **options}
    return Email(name="mail", host="localhost", port=server.port, **fields)


async def send(channel: Email, target: Target = ZHANG, **changes: Any) -> Receipt:
    async with Http() as http:
        return await channel.send(notice(**changes), target, http, NOW)


@pytest.mark.anyio
async def test_a_mail_has_text_and_html_and_says_what_it_is(server: FakeMail) -> None:
    receipt = await send(channel(server))
    (mail,) = server.received
    assert mail["subject"] == "🔴 红色预警 · 产品安全 · 充电宝在包里冒烟了"
    assert mail["to"].addresses[0].display_name == "张伟"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["importance"] == "high"
    assert receipt.provider_id == mail["message-id"] == "<d-0042-3-zhang-wei@example.com>"
    assert "queued as 4XKz1" in receipt.answer
    words, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert words is not None and page is not None
    assert f"确认: {ACK}" in words.get_content()
    assert f'href="{ACK}"' in page.get_content()
    assert "请在 06:18 前确认" in page.get_content()


@pytest.mark.anyio
async def test_all_mails_of_an_incident_hang_together_and_a_retry_is_the_same_mail(server: FakeMail) -> None:
    await send(channel(server))
    await send(channel(server))
    await send(channel(server), key="d-0042-4", number=4)
    first, again, next_ = server.received
    assert first["message-id"] == again["message-id"] != next_["message-id"]
    assert first["references"] == next_["references"] == next_["in-reply-to"]


@pytest.mark.anyio
async def test_the_channel_itself_goes_to_its_list(server: FakeMail) -> None:
    await send(channel(server, to=("a@example.com", "b@example.com")), TARGET)
    assert server.envelopes[0].rcpt_tos == ["a@example.com", "b@example.com"]
    with pytest.raises(Refused, match="nobody"):
        await send(channel(server), TARGET)


@pytest.mark.anyio
async def test_a_title_cannot_bring_headers_of_its_own(server: FakeMail) -> None:
    title = (Text("红色\r\nBcc: all@example.com\r\n\r\nx"),)
    await send(channel(server), title=title, quote="a\nBcc: b@example.com")
    assert server.received[0]["bcc"] is None
    assert server.envelopes[0].rcpt_tos == ["zhang@example.com"]


@pytest.mark.anyio
@pytest.mark.parametrize("address", ["a@b.cn\nBcc: c@d.cn", "a@b.cn, c@d.cn", "<a@b.cn>", "nobody", '"a b"@c.cn'])
async def test_an_address_that_is_none_is_refused(server: FakeMail, address: str) -> None:
    with pytest.raises(Refused):
        await send(channel(server), person(address))
    assert server.received == []


@pytest.mark.anyio
async def test_starttls_with_a_login(tls: tuple[ssl.SSLContext, str], monkeypatch: pytest.MonkeyPatch) -> None:
    context, ca = tls
    monkeypatch.setenv("T_PASSWORD", "g00d-passw0rd")
    with FakeMail(tls=context, login=("warn", "g00d-passw0rd")) as server:
        options = {"security": "starttls", "user": "warn", "password": Secret("env:T_PASSWORD"), "ca": ca}
        await send(channel(server, **options))
        assert len(server.received) == 1
        monkeypatch.setenv("T_PASSWORD", "bad-passw0rd")
        with pytest.raises(Refused) as caught:
            await send(channel(server, **options))
        assert caught.value.code == "535"
        assert "bad-passw0rd" not in str(caught.value)


@pytest.mark.anyio
async def test_tls_from_the_first_byte(tls: tuple[ssl.SSLContext, str]) -> None:
    context, ca = tls
    with FakeMail(tls=context, implicit=True) as server:
        await send(channel(server, security="tls", ca=ca))
        assert len(server.received) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_nobody_known_gets_no_mail(tls: tuple[ssl.SSLContext, str], security: str) -> None:
    with FakeMail(tls=tls[0], implicit=security == "tls") as server:
        with pytest.raises(Retry, match="tls") as caught:
            await send(channel(server, security=security))
        assert caught.value.code == "tls"
        assert server.received == []


@pytest.mark.anyio
async def test_no_mail_goes_in_clear_where_starttls_is_asked(server: FakeMail) -> None:
    with pytest.raises(Refused, match="STARTTLS"):
        await send(channel(server, security="starttls"))
    assert server.received == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("451 4.7.1 greylisted, try again", Retry),
        ("452 4.2.2 mailbox full", Retry),
        ("550 5.1.1 no such user", Refused),
        ("552 5.3.4 too big", Refused),
    ],
)
async def test_4xx_is_tried_again_and_5xx_is_refused(server: FakeMail, answer: str, fault: type[Exception]) -> None:
    server.refuse = answer
    with pytest.raises(fault, match=answer[:3]):
        await send(channel(server))
    server.refuse, server.refuse_recipient = "", answer
    with pytest.raises(fault, match=answer[:3]):
        await send(channel(server))
    assert server.received == []


@pytest.mark.anyio
async def test_a_server_that_hangs_is_left_in_time(server: FakeMail) -> None:
    server.hang = 2.0
    with pytest.raises(Retry) as caught:
        await send(channel(server, timeout=Duration(0.3)))
    assert caught.value.code == "timeout"
    assert caught.value.sent


@pytest.mark.anyio
async def test_a_server_that_is_not_there_is_tried_again() -> None:
    mail = Email(name="mail", host="localhost", port=9, security="none", from_="warn@example.com")
    with pytest.raises(Retry) as caught:
        await send(mail)
    assert caught.value.code == "connect"
    assert not caught.value.sent


def test_a_closed_incident_is_green_and_not_urgent() -> None:
    mail = letter(notice(transition="CLEARED"), "warn@example.com", (("", "a@example.com"),), NOW)
    page = mail.get_body(("html",))
    assert page is not None and "#2b8a3e" in page.get_content()
    assert mail["importance"] is None


def test_a_link_that_ends_the_attribute_does_not(server: FakeMail) -> None:
    bad = line("x", Link('"><script>', 'https://e.cn/"onload="x'))
    mail = letter(notice(lines=(bad,)), "warn@example.com", (("", "a@example.com"),), NOW)
    page = mail.get_body(("html",))
    assert page is not None and "<script>" not in page.get_content() and '"onload' not in page.get_content()


def test_faults_of_the_config() -> None:
    mail = Email(name="m", host="mx.example.com", security="none", user="u", from_="nobody", to=("env:X", "a b"))
    assert [option for option, _ in mail.faults("zh")] == ["from", "to", "security"]
    assert Email(name="m", host="mx.example.com", from_="warn@example.com").faults("en") == ()
