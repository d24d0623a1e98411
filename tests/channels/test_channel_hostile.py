"""Whatever strangers write, nothing in a notice is live but what is ours: every text × every channel's own bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.channels.alertmanager import alerts
from monitor.channels.dialect import live
from monitor.channels.dingtalk import DingTalk
from monitor.channels.feishu import Feishu
from monitor.channels.file import File
from monitor.channels.letter import letter
from monitor.channels.ntfy import Ntfy
from monitor.channels.pagerduty import events
from monitor.channels.slack import Slack
from monitor.channels.teams import Teams
from monitor.channels.telegram import Telegram
from monitor.channels.webhook import Webhook
from monitor.channels.wecom import WeCom
from monitor.model import Notice
from monitor.secret import Secret
from tests.channels import readers
from tests.channels.hostile import HARMLESS, LINKS, PAYLOADS
from tests.channels.samples import ACK, DETAIL, EXAMPLE, NOW, TARGET, notice, person

URL = "https://robot.example.com/x"
OWN_BODY = '{"title": "{{ title }}", "text": {{ lines | tojson }}, "key": "{{ key }}", "n": {{ notice }}}'


def dingtalk(n: Notice) -> bytes:
    return DingTalk(name="c", url=URL).body(n, person("13900000000"), "13900000000")


def dingtalk_card(n: Notice) -> bytes:
    return DingTalk(name="c", url=URL, format="actionCard").body(n, TARGET)


def wecom(n: Notice) -> bytes:
    return WeCom(name="c", url=URL).body(n, person("zhangwei"), "zhangwei")


def wecom_text(n: Notice) -> bytes:
    return WeCom(name="c", url=URL, format="text").body(n, TARGET)


def feishu(n: Notice) -> bytes:
    return Feishu(name="c", url=URL).body(n, person("ou_1"), "ou_1")


def slack(n: Notice) -> bytes:
    return Slack(name="c", url=URL).body(n, person("U012AB3CD"), "U012AB3CD")


def mail(n: Notice) -> bytes:
    return letter(n, "warn@example.com", (("张伟", "zhang@example.com"),), NOW).as_bytes()


def webhook(n: Notice) -> bytes:
    return Webhook(name="c", url=URL).written(n)


def alertmanager(n: Notice) -> bytes:
    return Webhook(name="c", url=URL, format="alertmanager").written(n)


def own_body(n: Notice) -> bytes:
    return Webhook(name="c", url=URL, body=OWN_BODY).written(n)


def file(n: Notice) -> bytes:
    return File(name="c", path="x").body(n, TARGET)


def ntfy(n: Notice) -> bytes:
    return Ntfy(name="c", topic="crisis").body(n, person("mine"), "mine")


def telegram(n: Notice) -> bytes:
    return Telegram(name="c", token=Secret("env:X")).body(n, "-100123")


def teams(n: Notice) -> bytes:
    return Teams(name="c", url=URL).body(n, person("zhang@example.com"), "zhang@example.com")


def pagerduty(n: Notice) -> bytes:
    return msgspec.json.encode(events(n)[0])


def alerts_of(n: Notice) -> bytes:
    return msgspec.json.encode(alerts(n, NOW, 3600.0))


Render = Callable[[Notice], bytes]
CHANNELS: dict[str, tuple[Render, readers.Reader]] = {
    "dingtalk": (dingtalk, readers.dingtalk),
    "dingtalk card": (dingtalk_card, readers.dingtalk),
    "wecom": (wecom, readers.wecom),
    "wecom text": (wecom_text, readers.wecom),
    "feishu": (feishu, readers.feishu),
    "slack": (slack, readers.slack),
    "mail": (mail, readers.letter),
    "webhook": (webhook, readers.data),
    "alertmanager": (alertmanager, readers.data),
    "own body": (own_body, readers.data),
    "file": (file, readers.data),
    "ntfy": (ntfy, readers.ntfy),
    "telegram": (telegram, readers.telegram),
    "teams": (teams, readers.teams),
    "pagerduty": (pagerduty, readers.pagerduty),
    "alertmanager's own": (alerts_of, readers.data),
}


@cache
def ours_in(channel: str) -> readers.Live:
    """What is live in a notice whose quotes are harmless."""
    render, read = CHANNELS[channel]
    return read(render(notice(HARMLESS)))


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_nothing_is_live_in_what_strangers_wrote(channel: str, payload: str) -> None:
    render, read = CHANNELS[channel]
    ours = ours_in(channel)
    found = read(render(notice(PAYLOADS[payload])))
    assert not found - ours


MARKS = "@<>[]()*_`#|\\!~&$:/.-+=1\"'{}; \n\u200b\u202e\u0301\ud83d＜＠：／．［］（）"
WORDS = ["all", "所有人", "http", "https://", "www.", "evil", ".cn", "at id=", "!channel", "a", "退款", "mailto:"]
PIECES = st.sampled_from([*MARKS, *WORDS])


@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=24).map("".join))
def test_nothing_is_live_whatever_the_pieces(channel: str, quote: str) -> None:
    render, read = CHANNELS[channel]
    found = read(render(notice(quote)))
    assert not found - ours_in(channel)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_the_address_of_a_mention_opens_no_door(channel: str, link: str) -> None:
    render, read = CHANNELS[channel]
    ours = ours_in(channel)
    allowed = {f"link {live(LINKS[link])}", f"button {live(LINKS[link])}"} - {"link ", "button "}
    found = read(render(notice(HARMLESS, LINKS[link]))) - ours
    assert set(found) <= allowed
    assert "evil.example.com" not in live(LINKS[link]).partition("//")[2].partition("/")[0]


@pytest.mark.parametrize("payload", ["very long", "markdown link", "template", "json break-out"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_our_own_links_stay_live(channel: str, payload: str) -> None:
    render, read = CHANNELS[channel]
    found = read(render(notice(PAYLOADS[payload])))
    assert f"link {ACK}" in found or f"button {ACK}" in found
    assert f"link {DETAIL}" in found or f"button {DETAIL}" in found


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_link_to_an_example_is_live(channel: str) -> None:
    render, read = CHANNELS[channel]
    assert f"link {EXAMPLE}" in read(render(notice()))


def test_the_readers_see_what_is_live() -> None:
    """The reading itself can fail: raw payloads in each dialect are found."""
    assert readers.markdown("a [退款](https://e.cn) <@all> # x\n# y\n- z")["link https://e.cn"] == 1
    assert readers.markdown("x\n# y\n- z")["heading"] == 1
    assert readers.markdown("![](https://e.cn/p)")["picture https://e.cn/p"] == 1
    assert readers.mrkdwn("<!channel> <https://e.cn|x>") == {"mention !channel": 1, "link https://e.cn": 1}
    assert readers.html("<p>a<script>x</script><a href='https://e.cn'>")["link https://e.cn"] == 1
    assert readers.plain("a@b.cn evil.cn 1.2.3.4 \u202e") == {
        "mail a@b.cn": 1, "mention b": 1, "domain evil.cn": 1, "ip 1.2.3.4": 1, "unseen \u202e": 1
    }  # fmt: skip


def test_a_template_gets_the_words_only_as_values() -> None:
    body = json.loads(own_body(notice('{{7*7}}"},{"a":"\\')))
    assert "49" not in body["title"]
    assert body["n"] == 3
    assert body["title"].endswith('{{7*7}}"},{"a":"\\')
