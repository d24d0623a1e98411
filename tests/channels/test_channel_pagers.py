"""Kinds that wake people, and those that hand over to others: what each wants, and what it makes of a tier's change."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import types
from typing import Any
from urllib.parse import unquote_plus

import pytest

from monitor.channels.apprise import Apprise
from monitor.channels.channel import Refused, Retry
from monitor.channels.http_template import at_path, without_emoji
from monitor.channels.ntfy import Ntfy
from monitor.channels.pagerduty import PagerDuty, events
from monitor.channels.sms import Sms
from monitor.channels.teams import Teams
from monitor.channels.telegram import Telegram
from monitor.channels.voice import Voice
from monitor.http import Http
from monitor.model import Receipt, Target, Tier
from monitor.secret import Secret
from monitor.times import Duration
from tests.channels.fakes import FakeGateway, FakeNtfy, FakeTeams, FakeTelegram
from tests.channels.samples import ACK, NOW, TARGET, notice, person

FORM = "application/x-www-form-urlencoded"


async def send(channel: Any, target: Target = TARGET, now: float = NOW, **changes: Any) -> Receipt:
    async with Http(verify=False) as http:
        return await channel.send(notice(**changes), target, http, now)  # type: ignore[no-any-return]


@pytest.mark.anyio
async def test_ntfy_breaks_through_and_one_tap_acknowledges() -> None:
    with FakeNtfy() as fake:
        receipt = await send(Ntfy(name="c", url=fake.url), person("zhang-wei-7Fq"))
    message = fake.received[0].json
    assert receipt.provider_id == "hwQ2YpKdmg"
    assert (message["topic"], message["priority"]) == ("zhang-wei-7Fq", 5)
    tap, look = message["actions"]
    assert (tap["action"], tap["method"], tap["url"], tap["body"]) == ("http", "POST", ACK, "do=ack")
    assert (look["action"], look["label"]) == ("view", "查看")


def test_a_group_is_not_offered_the_tap_since_it_would_not_say_who() -> None:
    for target, changes in ((TARGET, {}), (person("x"), {"transition": "CLEARED"})):
        message = json.loads(Ntfy(name="c").body(notice(**changes), target, "crisis"))
        assert [action["action"] for action in message["actions"]] == ["view"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "channel",
    [
        Ntfy(name="c", url="http://localhost:9"),
        Telegram(name="c", token=Secret("env:PATH"), url="http://localhost:9"),
        Sms(name="c", url="http://localhost:9", body="{}"),
    ],
)
@pytest.mark.parametrize("address", ["", "a b", "x/../y", "1\n2", "<x>"])
async def test_without_an_address_that_is_one_nothing_is_sent(channel: Any, address: str) -> None:
    with pytest.raises(Refused, match=r"no (topic|chat|phone)|line end"):
        await send(channel, person(address))


def test_each_tier_is_an_alert_of_its_own_at_pagerduty() -> None:
    raised = events(notice())
    assert [(e["event_action"], e["dedup_key"].rpartition("/")[2]) for e in raised] == [
        ("trigger", "red"),
        ("resolve", "orange"),
    ]
    assert raised[0]["payload"]["severity"] == "critical"
    ended = events(notice(transition="CLEARED"))
    assert {(e["event_action"], e["dedup_key"].rpartition("/")[2]) for e in ended} == {
        ("resolve", t) for t in ("blue", "yellow", "orange", "red")
    }
    again = events(notice(transition="UPDATE", previous_tier=Tier.RED))
    assert len(again) == 1


def test_pagerdutys_summary_keeps_its_limit() -> None:
    assert len(events(notice("退" * 5000))[0]["payload"]["summary"]) <= 1024
    assert PagerDuty.rings


@pytest.mark.anyio
@pytest.mark.parametrize("quote", ["退" * 900, "👍" * 900, "&<" * 400])
async def test_telegram_and_teams_take_the_longest_notice(quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_BOT", "123456:AAE-secret")
    lines = tuple(x for x in notice(quote).lines for _ in range(1 if x.vital else 12))
    with FakeTelegram(token="123456:AAE-secret") as fake:
        receipt = await send(
            Telegram(name="c", token=Secret("env:T_BOT"), chat="-1", url=fake.url), quote=quote, lines=lines
        )
        assert receipt.provider_id == "77"
        assert "请在 06:18 前确认" in fake.received[0].json["text"]
    with FakeTeams() as fake_teams:
        await send(Teams(name="c", url=fake_teams.url), quote=quote, lines=lines)
        assert "请在 06:18 前确认" in fake_teams.received[0].body.decode()


def test_teams_calls_the_owner_by_their_id() -> None:
    card = json.loads(Teams(name="c", url="https://x").body(notice(), person("zhang@example.com"), "zhang@example.com"))
    content = card["attachments"][0]["content"]
    assert content["msteams"]["entities"][0]["mentioned"] == {"id": "zhang@example.com", "name": "张伟"}
    assert content["body"][-1]["text"] == "<at>张伟</at>"
    assert content["body"][0]["color"] == "attention"


def gateway(kind: type[Sms] | type[Voice], url: str, **more: Any) -> Any:
    fields: dict[str, Any] = {
        "template": "SMS_1",
        "variables": {"tier": "{{ tier_word }}", "topic": "{{ title }}", "code": "{{ token }}"},
        "content_type": FORM,
        "body": "phone={{ phone }}&template={{ template }}&params={{ variables }}&time={{ timestamp }}"
        "&sign={{ (phone ~ timestamp) | hmac_sha256(secrets.key) }}",
        "secrets": {"key": Secret("env:T_GATE")},
        "success_path": "Code",
        "success": ("OK",),
        "message_path": "Message",
        "id_path": "Data.0.BizId",
    }
    return kind(name="c", url=url, **{**fields, **more})


@pytest.mark.anyio
async def test_a_text_message_is_a_template_and_short_plain_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_GATE", "gateway-key")
    with FakeGateway(key="gateway-key") as fake:
        receipt = await send(gateway(Sms, fake.url), person("139-0000 0000"), quote="冒烟&sign=x" * 9)
        assert receipt.provider_id == "900619746936498440"
        form = dict(pair.split("=", 1) for pair in fake.received[0].body.decode().split("&"))
        assert form["phone"] == "13900000000"
        variables = json.loads(unquote_plus(form["params"]))
        assert variables["tier"] == "红色"
        assert variables["topic"].startswith("红色预警 · 产品安全")
        assert variables["code"] == "tok3n-of-zhang-wei"
        with pytest.raises(Refused, match="模板不合法"):
            await send(gateway(Sms, fake.url, template="SMS_2"), person("13900000000"))


def test_the_quota_is_a_limit_with_a_fifth_for_red() -> None:
    channel = gateway(Sms, "https://x", quota=50, quota_per=Duration(3600))
    assert (channel.rate, channel.reserve) == ((50, 3600.0), 10)
    assert gateway(Voice, "https://x").rate is None
    assert Sms.rings and Voice.rings and not Sms.group


def test_faults_of_a_gateway_name_their_option() -> None:
    channel = gateway(Sms, "https://x", success=(), headers={"a": "{{ x"}, variables={"t": "{% if"})
    assert [option for option, _ in channel.faults("zh")] == ["headers.a", "variables.t", "success"]


def test_a_path_leads_through_objects_and_lists() -> None:
    found = {"Response": {"Set": [{"Code": "Ok", "N": 0, "B": True}]}}
    assert at_path(found, "Response.Set.0.Code") == "Ok"
    assert at_path(found, "$.Response.Set.0.N") == "0"
    assert at_path(found, "Response.Set.0.B") == "true"
    assert at_path(found, "Response.Set.1.Code") == ""
    assert at_path(found, "Response.Code.x") == ""


def test_text_messages_bear_no_pictures() -> None:
    assert without_emoji("🔴 红色预警 ⬆️ 👨‍👩‍👧 ok") == "红色预警 ok"


class Handed:
    """Stands in for the library: what it was given, and what it answers."""

    def __init__(self, answer: bool = True, delay: float = 0.0, knows: bool = True) -> None:
        self.answer, self.delay, self.knows = answer, delay, knows
        self.given: list[dict[str, Any]] = []

    def add(self, url: str) -> bool:
        return self.knows

    def notify(self, **words: Any) -> bool:
        time.sleep(self.delay)
        self.given.append(words)
        return self.answer


def apprise_with(handed: Handed, monkeypatch: pytest.MonkeyPatch, url: str = "json://localhost/x") -> Apprise:
    monkeypatch.setitem(sys.modules, "apprise", types.SimpleNamespace(Apprise=lambda: handed))  # type: ignore[arg-type]
    monkeypatch.setenv("T_APPRISE", url)
    return Apprise(name="c", url=Secret("env:T_APPRISE"), timeout=Duration(0.2))


@pytest.mark.anyio
async def test_apprise_hands_over_and_says_that_it_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    handed = Handed()
    receipt = await send(apprise_with(handed, monkeypatch))
    assert "not verified" in receipt.answer
    assert handed.given[0]["body_format"] == "text"
    assert handed.given[0]["title"].startswith("🔴 红色预警")
    assert not Apprise.verified


@pytest.mark.anyio
async def test_apprises_no_and_its_silence_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Retry):
        await send(apprise_with(Handed(answer=False), monkeypatch))
    with pytest.raises(Retry) as caught:
        await send(apprise_with(Handed(delay=0.4), monkeypatch))
    assert caught.value.sent
    with pytest.raises(Refused, match="does not know"):
        await send(apprise_with(Handed(knows=False), monkeypatch))
    await asyncio.sleep(0.3)


@pytest.mark.anyio
@pytest.mark.parametrize(("scheme", "kind"), [("dingtalk", "dingtalk"), ("lark", "feishu"), ("wecombot", "wecom")])
async def test_robots_that_apprise_misreads_go_by_our_own_kind(
    scheme: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = apprise_with(Handed(), monkeypatch, f"{scheme}://token-0123456789")
    with pytest.raises(Refused, match=kind) as caught:
        await send(channel)
    assert "token-0123456789" not in str(caught.value)
    assert kind in channel.faults("zh")[0][1]


@pytest.mark.anyio
async def test_without_the_library_apprise_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = apprise_with(Handed(), monkeypatch)
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(Refused, match=r"crisis-monitor\[apprise\]"):
        await send(channel)
