"""What each vendor's robot wants: signatures, limits in its own bytes, calls by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.channels import dingtalk, feishu
from monitor.channels.channel import Refused, Throttled
from monitor.channels.dingtalk import DingTalk
from monitor.channels.feishu import Feishu
from monitor.channels.slack import Slack
from monitor.channels.wecom import WeCom
from monitor.http import Http
from monitor.model import Notice, Target, Tier
from monitor.secret import Secret
from tests.channels.fakes import FakeDingTalk, FakeFeishu, FakeSlack, FakeWeCom
from tests.channels.samples import ACK, NOW, TARGET, notice, person

URL = "https://robot.example.com/x"
FIRST = {"number": 1, "transition": "NEW", "previous_tier": Tier.CALM}
CALLS: dict[str, tuple[Any, str, str, str]] = {
    "dingtalk": (DingTalk(name="c", url=URL), "13900000000", '"atMobiles":["13900000000"]', '"isAtAll":true'),
    "wecom": (WeCom(name="c", url=URL), "zhangwei", "<@zhangwei>", "<@all>"),
    "wecom text": (WeCom(name="c", url=URL, format="text"), "zhangwei", "<@zhangwei>", '"mentioned_list":["@all"]'),
    "feishu": (Feishu(name="c", url=URL), "ou_8a3f", "<at id=ou_8a3f></at>", "<at id=all></at>"),
    "slack": (Slack(name="c", url=URL), "U012AB3CD", '"user_id":"U012AB3CD"', '"range":"channel"'),
}


def test_signatures_are_the_vendors() -> None:
    assert dingtalk.signature("SECtest", "1700000000000") == "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g="
    assert feishu.signature("test-secret", "1700000000") == "mbm4Y4oluIPQ00qlBIhX8vAZ0EKv3nw0LuTb91jPL84="


def test_dingtalks_signature_is_url_encoded_once() -> None:
    assert dingtalk.signed("SECtest", NOW) == (
        "timestamp=1700000000000&sign=aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D"
    )


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest) -> tuple[Any, str, str, str]:
    return CALLS[request.param]


def shown(channel: Any, notice: Notice, target: Target) -> str:
    return channel.body(notice, target, target.address).decode()  # type: ignore[no-any-return]


def test_the_owner_is_called_from_yellow_on(call: tuple[Any, str, str, str]) -> None:
    channel, address, owner, all_ = call
    assert owner in shown(channel, notice(tier=Tier.YELLOW), person(address))
    assert owner not in shown(channel, notice(tier=Tier.BLUE), person(address))
    assert owner not in shown(channel, notice(transition="CLEARED"), person(address))
    assert all_ not in shown(channel, notice(**FIRST), person(address))


def test_everybody_is_called_only_by_the_first_red(call: tuple[Any, str, str, str]) -> None:
    channel, _, _, all_ = call
    assert all_ in shown(channel, notice(**FIRST), TARGET)
    assert all_ in shown(channel, notice(transition="RAISED", previous_tier=Tier.ORANGE), TARGET)
    assert all_ not in shown(channel, notice(transition="UPDATE", previous_tier=Tier.RED), TARGET)
    assert all_ not in shown(channel, notice(transition="ESCALATED", previous_tier=Tier.RED), TARGET)
    assert all_ not in shown(channel, notice(**{**FIRST, "tier": Tier.ORANGE}), TARGET)
    assert all_ not in shown(channel, notice(**FIRST, drill=True), TARGET)


@pytest.mark.parametrize("address", ["all", "<@all>", 'ou_1"></at><at id=all>', "U1> <!channel", "139\n# x", "@所有人"])
def test_an_address_that_is_none_calls_nobody(call: tuple[Any, str, str, str], address: str) -> None:
    channel, _, _, _ = call
    if isinstance(channel, WeCom) and address == "all":
        pytest.skip("a user id may be `all`; it is the operator's own word")
    assert address not in json.dumps(json.loads(shown(channel, notice(), person(address))), ensure_ascii=False)


def test_dingtalk_says_the_called_number_in_the_text_too() -> None:
    body = json.loads(DingTalk(name="c", url=URL).body(notice(), person("13900000000"), "13900000000"))
    assert body["markdown"]["text"].endswith("@13900000000")


def test_an_action_card_has_buttons_and_steps_back_where_somebody_is_called() -> None:
    channel = DingTalk(name="c", url=URL, format="actionCard")
    card = json.loads(channel.body(notice(transition="UPDATE", previous_tier=Tier.RED), TARGET))
    assert card["actionCard"]["btns"][0]["actionURL"] == ACK
    assert json.loads(channel.body(notice(), person("13900000000"), "13900000000"))["msgtype"] == "markdown"


@pytest.mark.anyio
async def test_the_robots_keyword_is_always_in_the_notice() -> None:
    for fake, kind in ((FakeDingTalk(keyword="告警台"), DingTalk), (FakeFeishu(keyword="告警台"), Feishu)):
        with fake:
            async with Http() as http:
                await kind(name="c", url=fake.url, keyword="告警台").send(notice(), TARGET, http, fake.clock())
                with pytest.raises(Refused, match=r"(?i)key ?words"):
                    await kind(name="c", url=fake.url).send(notice(), TARGET, http, fake.clock())


@pytest.mark.anyio
async def test_a_wrong_signature_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_WRONG", "SECwrong")
    with FakeDingTalk(secret="SECright") as fake:
        async with Http() as http:
            channel = DingTalk(name="c", url=fake.url, secret=Secret("env:T_WRONG"))
            with pytest.raises(Refused, match="310000"):
                await channel.send(notice(), TARGET, http, fake.clock())


@pytest.mark.anyio
@pytest.mark.parametrize("quote", ["退" * 900, "👍" * 900, '"\\' * 400, "a" * 900])
async def test_the_longest_notice_is_taken_by_every_robot(quote: str) -> None:
    lines = tuple(x for n in range(8) for x in notice(quote).lines if x.vital or n)
    many = tuple({x.id: x for x in notice(quote).lines}.values()) + tuple(x for x in lines if not x.vital)
    robots: list[tuple[Any, Any]] = [
        (FakeDingTalk(), lambda url: DingTalk(name="c", url=url)),
        (FakeDingTalk(), lambda url: DingTalk(name="c", url=url, format="actionCard")),
        (FakeWeCom(), lambda url: WeCom(name="c", url=url)),
        (FakeWeCom(), lambda url: WeCom(name="c", url=url, format="text")),
        (FakeFeishu(), lambda url: Feishu(name="c", url=url)),
        (FakeSlack(), lambda url: Slack(name="c", url=url)),
    ]
    async with Http() as http:
        for fake, make in robots:
            with fake:
                await make(fake.url).send(notice(quote, lines=many), TARGET, http, fake.clock())
                sent = fake.received[0].body.decode()
                assert "请在 06:18 前确认" in sent
                assert "见控制台" in sent
                assert ACK in sent


@pytest.mark.anyio
async def test_the_twenty_first_message_of_a_minute_is_throttled() -> None:
    with FakeDingTalk(limited=True) as fake:
        async with Http() as http:
            channel = DingTalk(name="c", url=fake.url)
            for _ in range(20):
                await channel.send(notice(), TARGET, http, fake.clock())
            with pytest.raises(Throttled, match="130101"):
                await channel.send(notice(), TARGET, http, fake.clock())


@pytest.mark.parametrize(
    ("tier", "transition", "colour"),
    [(Tier.RED, "NEW", "red"), (Tier.BLUE, "LOWERED", "blue"), (Tier.ORANGE, "CLEARED", "green")],
)
def test_feishus_head_bears_the_colour_of_the_tier(tier: Tier, transition: str, colour: str) -> None:
    body = json.loads(Feishu(name="c", url=URL).body(notice(tier=tier, transition=transition), TARGET))
    assert body["card"]["header"]["template"] == colour


def test_slacks_line_for_notifications_is_the_title() -> None:
    body = json.loads(Slack(name="c", url=URL).body(notice(), TARGET))
    assert body["text"].startswith("🔴 红色预警")
