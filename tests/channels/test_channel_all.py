"""What holds of every kind: a yes is sent, a no is refused, a later is tried again, and no secret is ever shown."""

from __future__ import annotations

import logging
import re
import ssl
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
import trustme

from monitor.channels import Channel, ChannelKind, Refused, Retry, Throttled
from monitor.channels.alertmanager import Alertmanager
from monitor.channels.dingtalk import DingTalk
from monitor.channels.feishu import Feishu
from monitor.channels.ntfy import Ntfy
from monitor.channels.pagerduty import PagerDuty
from monitor.channels.slack import Slack
from monitor.channels.sms import Sms
from monitor.channels.teams import Teams
from monitor.channels.telegram import Telegram
from monitor.channels.voice import Voice
from monitor.channels.webhook import Webhook
from monitor.channels.wecom import WeCom
from monitor.http import Http
from monitor.secret import Secret
from monitor.times import Duration
from tests.channels.fakes import (
    DROP,
    HANG,
    KEY,
    Fake,
    FakeAlertmanager,
    FakeDingTalk,
    FakeFeishu,
    FakeGateway,
    FakeNtfy,
    FakePagerDuty,
    FakeSlack,
    FakeTeams,
    FakeTelegram,
    FakeWebhook,
    FakeWeCom,
    Reply,
)
from tests.channels.samples import TARGET, notice

SECRET = "SEC0123456789abcdef0123456789abcdef"
WHSEC = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"


@dataclass(frozen=True)
class Kind:
    """A kind with its double; `no`: an answer of 200 (or the vendor's own status) that is a no, and its code."""

    fake: Callable[..., Fake]
    make: Callable[..., Channel]
    no: tuple[Reply, str]
    throttled: tuple[Reply, float | None] | None = None
    busy: Reply | None = None
    secrets: tuple[str, ...] = ()
    messages: int = 1


GATEWAY: dict[str, Any] = {
    "to": "+86 139-0000-0000",
    "template": "SMS_1",
    "variables": {"tier": "{{ tier_word }}", "topic": "{{ title }}", "code": "{{ token }}"},
    "content_type": "application/x-www-form-urlencoded",
    "body": "phone={{ phone }}&template={{ template }}&params={{ variables }}&time={{ timestamp }}"
    "&sign={{ (phone ~ timestamp) | hmac_sha256(secrets.key) }}",
    "secrets": {"key": Secret("env:T_SECRET")},
    "success_path": "Code",
    "success": ("OK",),
    "throttled": ("isv.BUSINESS_LIMIT_CONTROL",),
    "busy": ("isp.SYSTEM_ERROR",),
    "message_path": "Message",
    "id_path": "Data.0.BizId",
}


def code(number: int, text: str, field: str = "errcode", words: str = "errmsg") -> Reply:
    return Reply(body={field: number, words: text})


KINDS = {
    "dingtalk": Kind(
        lambda **more: FakeDingTalk(secret=SECRET, **more),
        lambda **more: DingTalk(secret=Secret("env:T_SECRET"), **more),
        (code(310000, "sign not match"), "310000"),
        (code(130101, "send too fast, exceed 20 times per minute"), 600.0),
        code(-1, "system error"),
        secrets=(SECRET,),
    ),
    "wecom": Kind(
        FakeWeCom,
        WeCom,
        (code(93000, "invalid webhook url"), "93000"),
        (code(45009, "api freq out of limit"), 60.0),
        code(-1, "system busy"),
    ),
    "feishu": Kind(
        lambda **more: FakeFeishu(secret=SECRET, **more),
        lambda **more: Feishu(secret=Secret("env:T_SECRET"), **more),
        (code(19021, "sign match fail", "code", "msg"), "19021"),
        (code(11232, "frequency limited", "code", "msg"), 60.0),
        secrets=(SECRET,),
    ),
    "slack": Kind(
        FakeSlack,
        Slack,
        (Reply(404, "no_service"), "404"),
        (Reply(429, "rate_limited", {"retry-after": "30"}), 30.0),
    ),
    "webhook": Kind(
        lambda **more: FakeWebhook(secrets=(WHSEC,), **more),
        lambda **more: Webhook(secret=Secret("env:T_WHSEC"), headers={"x-token": "env:T_SECRET"}, **more),
        (Reply(400, "no"), "400"),
        (Reply(429, "", {"retry-after": "7"}), 7.0),
        secrets=(SECRET, WHSEC),
    ),
    "ntfy": Kind(
        lambda **more: FakeNtfy(token=SECRET, **more),
        lambda **more: Ntfy(token=Secret("env:T_SECRET"), topic="crisis", **more),
        (Reply(403, {"code": 40301, "error": "forbidden"}), "403"),
        (Reply(429, {"code": 42901, "error": "limit reached"}, {"retry-after": "5"}), 5.0),
        secrets=(SECRET,),
    ),
    "pagerduty": Kind(
        lambda **more: FakePagerDuty(routing_key=SECRET, **more),
        lambda **more: PagerDuty(routing_key=Secret("env:T_SECRET"), **more),
        (Reply(400, {"status": "invalid event", "errors": ["Invalid routing key"]}), "400"),
        (Reply(429, {"status": "throttle exceeded"}, {"retry-after": "9"}), 9.0),
        secrets=(SECRET,),
        messages=2,
    ),
    "telegram": Kind(
        lambda **more: FakeTelegram(token=SECRET, **more),
        lambda **more: Telegram(token=Secret("env:T_SECRET"), chat="-100123", **more),
        (Reply(403, {"ok": False, "error_code": 403, "description": "bot was blocked"}), "403"),
        (Reply(429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 31}}), 31.0),
        secrets=(SECRET,),
    ),
    "teams": Kind(
        FakeTeams,
        Teams,
        (Reply(401, {"error": {"code": "DirectApiAuthorizationRequired"}}), "401"),
        (Reply(200, "Webhook message delivery failed with error: returned HTTP error 429 with ContextId"), 60.0),
    ),
    "sms": Kind(
        lambda **more: FakeGateway(key=SECRET, **more),
        lambda **more: Sms(**GATEWAY, **more),
        (Reply(body={"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "号码不合法"}), "isv.MOBILE_NUMBER_ILLEGAL"),
        (Reply(body={"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发流控"}), None),
        Reply(body={"Code": "isp.SYSTEM_ERROR", "Message": "系统错误"}),
        secrets=(SECRET,),
    ),
    "voice": Kind(
        lambda **more: FakeGateway(key=SECRET, **more),
        lambda **more: Voice(**{**GATEWAY, "longest": 20}, **more),
        (Reply(body={"Code": "isv.INVALID_PARAMETERS", "Message": "参数错误"}), "isv.INVALID_PARAMETERS"),
        (Reply(429, "", {"retry-after": "3"}), 3.0),
        secrets=(SECRET,),
    ),
    "alertmanager": Kind(
        FakeAlertmanager,
        lambda **more: Alertmanager(urls=(more.pop("url"),), headers={"x-token": "env:T_SECRET"}, **more),
        (Reply(400, '"invalid label set"'), "400"),
        (Reply(429, "", {"retry-after": "3"}), 3.0),
        secrets=(SECRET,),
    ),
}
OTHERS = {"file", "email", "apprise"}
"""Kinds that go another way than HTTP; their own tests hold the same."""


def test_every_registered_kind_is_tested_here() -> None:
    registered = {kind.__struct_config__.tag for kind in get_args(ChannelKind)}
    assert registered == set(KINDS) | OTHERS


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_SECRET", SECRET)
    monkeypatch.setenv("T_WHSEC", WHSEC)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def fake(kind: Kind) -> Iterator[Fake]:
    with kind.fake() as fake:
        yield fake


async def send(kind: Kind, fake: Fake, *, http: Http | None = None, **options: Any) -> Any:
    channel = kind.make(name="ops", **{"url": fake.url, **options})
    async with http or Http(verify=False) as http:  # reading the system's certificates takes its time
        return await channel.send(notice(), TARGET, http, fake.clock())


@pytest.mark.anyio
async def test_a_yes_is_sent(kind: Kind, fake: Fake) -> None:
    receipt = await send(kind, fake)
    assert len(fake.accepted) == kind.messages
    assert re.search("ok|success|202|1 of 1", receipt.answer.lower())


@pytest.mark.anyio
async def test_the_vendors_no_is_refused_whatever_the_status(kind: Kind, fake: Fake) -> None:
    reply, name = kind.no
    fake.script(reply)
    with pytest.raises(Refused) as caught:
        await send(kind, fake)
    assert caught.value.code == name
    assert name in str(caught.value)


@pytest.mark.anyio
async def test_too_many_is_tried_again_when_the_vendor_says(kind: Kind, fake: Fake) -> None:
    assert kind.throttled
    reply, after = kind.throttled
    fake.script(reply)
    with pytest.raises(Throttled) as caught:
        await send(kind, fake)
    assert caught.value.after == after


@pytest.mark.anyio
async def test_a_passing_fault_is_tried_again(kind: Kind, fake: Fake) -> None:
    for status in (408, 425, 500, 502, 503):
        fake.script(Reply(status, "upstream", {"retry-after": "12"}))
        with pytest.raises(Retry) as caught:
            await send(kind, fake)
        assert (caught.value.code, caught.value.after) == (str(status), 12.0)
    if kind.busy:
        fake.script(kind.busy)
        with pytest.raises(Retry):
            await send(kind, fake)


@pytest.mark.anyio
async def test_a_lasting_fault_is_refused(kind: Kind, fake: Fake) -> None:
    statuses = (301, 400, 401, 403, 404, 410, 413)
    for status in statuses:
        fake.script(Reply(status, "no", {"location": "/elsewhere"}))
        with pytest.raises(Refused):
            await send(kind, fake)
    assert len(fake.received) == len(statuses)


@pytest.mark.anyio
async def test_a_page_of_a_proxy_is_no_yes(kind: Kind, fake: Fake) -> None:
    if kind.make in (KINDS["webhook"].make, KINDS["alertmanager"].make, KINDS["teams"].make):
        pytest.skip("any 2xx is the yes of these")
    fake.script(Reply(200, "<html>please log in</html>"))
    with pytest.raises(Retry) as caught:
        await send(kind, fake)
    assert caught.value.sent


@pytest.mark.anyio
async def test_who_does_not_answer_is_left_in_time(kind: Kind, fake: Fake) -> None:
    fake.script(HANG)
    with pytest.raises(Retry) as caught:
        await send(kind, fake, timeout=Duration(0.2))
    assert caught.value.code == "timeout"
    assert caught.value.sent


@pytest.mark.anyio
async def test_a_broken_connection_is_tried_again(kind: Kind, fake: Fake) -> None:
    fake.script(DROP)
    with pytest.raises(Retry):
        await send(kind, fake)
    fake.stop()
    with pytest.raises(Retry) as caught:
        await send(kind, fake)
    assert caught.value.code == "connect"
    assert not caught.value.sent


@pytest.mark.anyio
async def test_a_certificate_of_nobody_known_gets_nothing(kind: Kind) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with kind.fake(tls=context) as fake:
        with pytest.raises(Retry) as caught:
            await send(kind, fake, http=Http())
        assert caught.value.code == "tls"
        assert fake.received == []


@pytest.mark.anyio
async def test_a_certificate_that_is_known_is_taken(kind: Kind, tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with kind.fake(tls=context) as fake:
        await send(kind, fake, http=Http(verify=str(tmp_path / "ca.pem")))
        assert len(fake.accepted) == kind.messages


@pytest.mark.anyio
async def test_a_huge_answer_is_not_read(kind: Kind, fake: Fake) -> None:
    fake.script(Reply(200, b"x" * 3_000_000))
    with pytest.raises(Retry, match="larger than"):
        await send(kind, fake)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "reply",
    [
        Reply(400, f"your key {KEY}, your secret {SECRET}, {WHSEC}"),
        Reply(503, f"https://localhost/x?access_token={KEY}&key={KEY}"),
        HANG,
        DROP,
        Reply(200, {"errcode": 40001, "code": 40001, "errmsg": f"bad {KEY}", "msg": f"bad {SECRET}"}),
        Reply(200, "ok"),
    ],
)
async def test_no_secret_is_shown(kind: Kind, fake: Fake, reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.NOTSET)
    fake.script(reply)
    shown = ""
    try:
        receipt = await send(kind, fake, timeout=Duration(0.15))
        shown = repr(receipt)
    except (Refused, Retry) as fault:
        shown = "".join(traceback.format_exception(fault))
    channel = kind.make(name="ops", url="env:T_SECRET")
    for secret in (*([KEY] if KEY in fake.url else []), *kind.secrets):
        assert secret not in shown
        assert secret not in caplog.text
        assert secret not in repr(channel)


@pytest.mark.anyio
async def test_a_secret_that_is_not_there_is_refused_by_name(
    kind: Kind, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("T_URL", raising=False)
    with pytest.raises(Refused, match="env:T_URL"):
        await send(kind, fake, url="env:T_URL")
    monkeypatch.setenv("T_URL", fake.url)
    await send(kind, fake, url="env:T_URL")
    assert len(fake.accepted) == kind.messages


def test_an_address_that_is_none_is_a_fault_of_the_config(kind: Kind) -> None:
    ((option, text),) = kind.make(name="ops", url="ftp://x").faults("zh")
    assert option.startswith("url")
    assert text == "不是网址；应以 https:// 开头，或写 credential:名称、env:名称、file:路径"
    assert kind.make(name="ops", url="https://x.example").faults("en") == ()
    assert kind.make(name="ops", url="credential:x").faults("en") == ()
