from __future__ import annotations

import json

import pytest

from monitor.channels.channel import Refused
from monitor.channels.payload import fingerprint
from monitor.channels.webhook import Webhook, signature
from monitor.http import Http
from monitor.model import Tier
from monitor.secret import Secret
from tests.channels.fakes import FakeWebhook
from tests.channels.samples import ACK, DETAIL, NOW, TARGET, notice

OLD = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk"
NEW = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3"


def test_the_signature_is_that_of_standard_webhooks() -> None:
    found = signature(b"0123456789abcdef01234567", "msg_1", 1700000000, b'{"a":1}')
    assert found == "v1,WUgAXU8H0NQ1/7M+TtMwKma2b74a3/TCgekiM3YUdN8="


def test_the_standard_form_is_as_fixed() -> None:
    body = json.loads(Webhook(name="c", url="https://x").written(notice("X1")))
    assert body["type"] == "notice"
    assert body["timestamp"] == "2023-11-14T22:13:20+00:00"
    told = body["data"]
    assert {k: told[k] for k in ("incident", "notice", "transition", "tier", "previous_tier", "drill")} == {
        "incident": "INC-2026-0042",
        "notice": 3,
        "transition": "RAISED",
        "tier": "red",
        "previous_tier": "orange",
        "drill": False,
    }
    assert told["labels"] == {"rule": "battery-fire", "risk": "product-safety", "product": "X1", "event_id": "e7"}
    assert told["urls"] == {"ack": ACK, "detail": DETAIL}
    assert told["title"] == "🔴 红色预警 · 产品安全 · X1"
    assert told["lines"][-1] == f"确认: {ACK} · 详情: {DETAIL}"


def test_alertmanagers_form_fires_with_the_labels() -> None:
    body = json.loads(Webhook(name="hook", url="https://x", format="alertmanager").written(notice("X1")))
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "hook")
    alert = body["alerts"][0]
    assert alert["status"] == "firing"
    assert (
        alert["labels"].items()
        >= {
            "alertname": "battery-fire",
            "rule": "battery-fire",
            "risk": "product-safety",
            "product": "X1",
            "event_id": "e7",
            "tier": "red",
            "incident": "INC-2026-0042",
            "generator": "crisis-monitor",
        }.items()
    )
    assert alert["startsAt"] == "2023-11-14T20:13:20+00:00"
    assert alert["endsAt"] == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("transition", "tier", "status"),
    [
        ("CLEARED", Tier.RED, "resolved"),
        ("CANCELLED", Tier.RED, "resolved"),
        ("RESOLVED", Tier.RED, "resolved"),
        ("LOWERED", Tier.CALM, "resolved"),
        ("LOWERED", Tier.BLUE, "firing"),
        ("NO DATA", Tier.RED, "firing"),
    ],
)
def test_what_ends_the_alarm_resolves_the_alert(transition: str, tier: Tier, status: str) -> None:
    n = notice(transition=transition, tier=tier)
    body = json.loads(Webhook(name="c", url="https://x", format="alertmanager").written(n))
    assert body["status"] == body["alerts"][0]["status"] == status
    assert (body["alerts"][0]["endsAt"] == "2023-11-14T22:13:20+00:00") == (status == "resolved")


def test_an_alert_keeps_its_fingerprint_over_its_tiers() -> None:
    channel = Webhook(name="c", url="https://x", format="alertmanager")
    prints = {json.loads(channel.written(notice(tier=t)))["alerts"][0]["fingerprint"] for t in Tier}
    assert len(prints) == 1


def test_the_fingerprint_is_prometheus_own() -> None:
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"a": "b"}) != fingerprint({"ab": ""})


@pytest.mark.anyio
@pytest.mark.parametrize("known", [(OLD,), (NEW,), (OLD, NEW)])
async def test_while_secrets_rotate_both_sides_of_the_change_are_served(
    known: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T_NEW", NEW)
    monkeypatch.setenv("T_OLD", OLD)
    with FakeWebhook(secrets=known) as fake:
        channel = Webhook(name="c", url=fake.url, secret=Secret("env:T_NEW"), rotating=(Secret("env:T_OLD"),))
        async with Http() as http:
            receipt = await channel.send(notice(), TARGET, http, fake.clock())
        assert receipt.provider_id == "req-1"
        headers = fake.accepted[0].headers
        assert headers["webhook-id"] == headers["idempotency-key"] == notice().key


@pytest.mark.anyio
async def test_a_key_in_any_alphabet_becomes_an_id_that_headers_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_NEW", NEW)
    with FakeWebhook(secrets=(NEW,)) as fake:
        async with Http(verify=False) as http:
            channel = Webhook(name="c", url=fake.url, secret=Secret("env:T_NEW"))
            await channel.send(notice(key="INC-2026-0042/3/张伟.w"), TARGET, http, fake.clock())
        assert fake.accepted[0].headers["webhook-id"] == "INC-2026-0042/3/%E5%BC%A0%E4%BC%9F%2Ew"


@pytest.mark.anyio
async def test_a_header_that_cannot_be_sent_is_refused() -> None:
    async with Http(verify=False) as http:
        for value in ("密钥", "a\r\nx: y"):
            with pytest.raises(Refused):
                await Webhook(name="c", url="http://localhost:9/", headers={"x-key": value}).send(
                    notice(), TARGET, http, NOW
                )


@pytest.mark.anyio
async def test_a_secret_that_is_no_base64_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_BAD", "whsec_not base64!")
    async with Http() as http:
        with pytest.raises(Refused, match="base64"):
            await Webhook(name="c", url="https://x", secret=Secret("env:T_BAD")).send(notice(), TARGET, http, NOW)


@pytest.mark.anyio
async def test_own_headers_and_method_go_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T_AUTH", "Bearer abc-def-ghi")
    with FakeWebhook() as fake:
        channel = Webhook(
            name="c", url=fake.url, method="PUT", headers={"Authorization": "env:T_AUTH", "Content-Type": "text/x"}
        )
        async with Http() as http:
            await channel.send(notice(), TARGET, http, fake.clock())
        assert fake.received[0].method == "PUT"
        assert fake.received[0].headers["authorization"] == "Bearer abc-def-ghi"
        assert fake.received[0].headers["content-type"] == "text/x"


def own(body: str, content_type: str = "application/json", **changes: str) -> bytes:
    return Webhook(name="c", url="https://x", body=body, content_type=content_type).written(notice(**changes))


def test_an_own_body_gets_values_escaped_for_json() -> None:
    hostile = 'a"b\\c\n</script>{{ key }}'
    body = own('{"t": "{{ title }}", "l": {{ labels | tojson }}, "n": {{ notice }}, "d": {{ drill }}}', quote=hostile)
    told = json.loads(body)
    assert told["t"].endswith('a"b\\c ‹/script›{{ key }}')
    assert told["l"]["product"] == hostile
    assert (told["n"], told["d"]) == (3, False)


def test_no_filter_lets_a_word_break_out_of_json() -> None:
    for trick in (
        "{{ title | safe }}",
        "{{ (labels | tojson) ~ title }}",
        "{{ lines | join('\\n') }}",
        "{{ [title] }}",
    ):
        own(f'{{"t": "{trick}"}}' if "[" not in trick else f'{{"t": {trick}}}', quote='"x\\')


def test_an_own_body_may_be_a_form() -> None:
    body = own("text={{ title }}&n={{ notice }}", "application/x-www-form-urlencoded", quote="a&b=c")
    assert body.endswith(b"a%26b%3Dc&n=3")
    whole = own("labels={{ labels }}&n={{ notice }}", "application/x-www-form-urlencoded", quote="a&b=c")
    assert whole.count(b"&") == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"t": "{{ titel }}"}',
        '{"t": {{ title }}}',
        "{{ ''.__class__.__mro__ }}",
        "{% include '/etc/passwd' %}",
        "{{ labels.nothing.more }}",
        "{{ 1 // 0 }}",
    ],
)
def test_a_body_that_cannot_be_is_refused(body: str) -> None:
    with pytest.raises(Refused, match="body"):
        own(body)


def test_a_template_with_a_fault_is_a_fault_of_the_config() -> None:
    ((option, text),) = Webhook(name="c", url="https://x", body="{{ title").faults("zh")
    assert option == "body"
    assert "模板有误" in text
