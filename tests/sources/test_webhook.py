"""Kind webhook: which deliveries are genuine, and what they come to."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as TheirSigner

from monitor.secret import Secret, SecretFault
from monitor.sources import SourceFault, Webhook
from monitor.sources.webhook import Handshake

ZONE = ZoneInfo("Asia/Shanghai")
NOW = 1772334065.0
KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQtMTIz"
BODY = b'{"type":"ticket.created","ticket":{"no":"4711","body":"\xe5\x86\x92\xe7\x83\x9f"}}'
FIELDS = {"id": "ticket.no", "text": "ticket.body"}
ZENDESK = {
    "scheme": "hmac",
    "header": "X-Zendesk-Webhook-Signature",
    "encoding": "base64",
    "over": "{timestamp}{body}",
    "timestamp_header": "X-Zendesk-Webhook-Signature-Timestamp",
}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", KEY)
    monkeypatch.setenv("HOOK_WORD", "our word")


def hook(**options: Any) -> Webhook:
    made = Webhook(**{"name": "desk", "scheme": "standard", "secret": Secret("env:HOOK_SECRET"), **options})
    assert list(made.wrong()) == []
    return made


def standard(body: bytes = BODY, id: str = "msg_1", at: float = NOW) -> dict[str, str]:
    signature = TheirSigner(f"whsec_{KEY}").sign(id, datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": id, "webhook-timestamp": f"{at:.0f}", "webhook-signature": signature}


def zendesk(body: bytes = BODY, at: str = "2026-03-01T03:01:00Z") -> dict[str, str]:
    made = hmac.digest(KEY.encode(), at.encode() + body, "sha256")
    return {
        "x-zendesk-webhook-signature": b64encode(made).decode(),
        "x-zendesk-webhook-signature-timestamp": at,
    }


def genuine(source: Webhook, headers: dict[str, str], body: bytes = BODY) -> bool:
    return source.refusal(headers, NOW) is None and source.verified(headers, body)


def test_what_the_standard_s_own_library_signs_is_genuine() -> None:
    assert genuine(hook(), standard())
    rotated = standard() | {"webhook-signature": f"v1a,xx v1,AAAA {standard()['webhook-signature']}"}
    assert genuine(hook(), rotated)


@pytest.mark.parametrize("change", ["body", "id", "timestamp", "signature", "version", "key"])
def test_one_changed_byte_and_it_is_not(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    headers, body = standard(), BODY
    if change == "body":
        body += b" "
    elif change == "key":
        monkeypatch.setenv("HOOK_SECRET", "b3RoZXI=")
    elif change == "version":
        headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v2,")
    else:
        other = {"id": "msg_2", "timestamp": f"{NOW + 1:.0f}", "signature": standard(b"{}")["webhook-signature"]}
        headers[f"webhook-{change}"] = other[change]
    assert not genuine(hook(), headers, body)


def test_a_signature_of_helpdesks_with_a_timestamp() -> None:
    source = hook(**ZENDESK)
    assert genuine(source, zendesk())
    assert not genuine(source, zendesk() | {"x-zendesk-webhook-signature-timestamp": "2026-03-01T03:01:01Z"})


@pytest.mark.parametrize(
    ("options", "signature"),
    [
        ({"prefix": "sha256="}, "sha256=" + hmac.new(KEY.encode(), BODY, "sha256").hexdigest()),
        ({"prefix": "sha256="}, "sha256=" + hmac.new(KEY.encode(), BODY, "sha256").hexdigest().upper()),
        ({"algorithm": "sha1"}, hmac.new(KEY.encode(), BODY, "sha1").hexdigest()),
        ({"algorithm": "sha512", "encoding": "base64"}, b64encode(hmac.digest(KEY.encode(), BODY, "sha512")).decode()),
    ],
)
def test_a_signature_over_the_body_alone(options: dict[str, Any], signature: str) -> None:
    source = hook(scheme="hmac", header="X-Signature", **options)
    assert genuine(source, {"x-signature": signature})
    assert not genuine(source, {"x-signature": signature}, BODY[:-1])
    assert not genuine(source, {"x-signature": signature[:-3]})
    assert not genuine(source, {"x-signature": hashlib.sha256(BODY).hexdigest()})


def test_a_token_in_a_header() -> None:
    source = hook(scheme="token", header="Authorization", prefix="Bearer ")
    assert genuine(source, {"authorization": f"Bearer {KEY}"})
    for other in ("Bearer ", KEY, f"bearer {KEY}", f"Bearer {KEY}x", "Bearer 密"):
        assert not genuine(source, {"authorization": other})


@pytest.mark.parametrize(
    ("at", "refusal"),
    [(NOW - 299, None), (NOW + 299, None), (NOW - 301, "signature-old"), (NOW + 301, "signature-old")],
)
def test_an_old_signature_is_refused_before_the_body_is_read(at: float, refusal: str | None) -> None:
    assert hook().refusal(standard(at=at), NOW) == refusal


@pytest.mark.parametrize("left_out", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_without_a_signature_nothing_is_taken(left_out: str) -> None:
    headers = {name: value for name, value in standard().items() if name != left_out}
    assert hook().refusal(headers, NOW) == "signature-missing"


@given(st.dictionaries(st.sampled_from(list(standard())), st.text(max_size=50)), st.binary(max_size=50))
def test_whatever_a_stranger_sends_is_refused_and_nothing_is_raised(headers: dict[str, str], body: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOOK_SECRET", KEY)
        for source in (hook(), hook(**ZENDESK), hook(scheme="token", header="webhook-id")):
            assert not genuine(source, headers, body)


def test_a_secret_that_is_none_or_not_there_is_our_fault_not_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "whsec_!!!")
    with pytest.raises(SecretFault, match="HOOK_SECRET"):
        hook().verified(standard(), BODY)
    monkeypatch.delenv("HOOK_SECRET")
    with pytest.raises(SecretFault):
        hook(scheme="token", header="X").verified({"x": ""}, BODY)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"scheme": "hmac"}, "header"),
        ({"scheme": "token"}, "header"),
        ({"scheme": "hmac", "header": "X", "over": "{timestamp}"}, "over"),
        ({"scheme": "hmac", "header": "X", "timestamp_header": "T"}, "timestamp_header"),
        ({"scheme": "hmac", "header": "X", "over": "{timestamp}{body}"}, "timestamp_header"),
        ({"scheme": "hmac", "header": "X", "over": "{id}{body}"}, "id_header"),
        ({"tolerance": 0}, "tolerance"),
        ({"max_body": 1}, "max_body"),
        ({"only": {"a": "b"}}, "only"),
        ({"handshake": Handshake(challenge="challenge", token="token")}, "handshake"),
        ({"handshake": Handshake(challenge="a[b")}, "handshake.challenge"),
    ],
)
def test_a_scheme_without_what_it_needs_is_a_fault(options: dict[str, Any], option: str) -> None:
    made = Webhook(**{"name": "desk", "scheme": "standard", "secret": Secret("env:HOOK_SECRET"), **options})
    assert option in [at for at, _ in made.wrong()]


def test_fields_and_only_read_what_is_meant() -> None:
    source = hook(fields=FIELDS, only={"type": "ticket.created"}, labels={"desk": "a"})
    (mention,) = source.read(BODY, "application/json", "msg_1", ZONE, NOW).mentions
    assert (mention.id, mention.text, mention.labels) == ("4711", "冒烟", {"desk": "a"})
    assert source.read(BODY.replace(b"created", b"closed"), "", "msg_1", ZONE, NOW).total == 0


def test_what_bears_no_id_bears_that_of_the_delivery() -> None:
    source = hook(items="$.rows", fields={"text": "t"})
    again = [source.read(b'{"rows":[{"t":"a"},{"t":"a"}]}', "", "msg_1", ZONE, NOW).mentions for _ in range(2)]
    assert [m.id for m in again[0]] == ["msg_1", "msg_1/1"] == [m.id for m in again[1]]


def test_without_fields_a_body_is_our_own_records() -> None:
    records = hook().read(json.dumps([{"id": "1", "text": "a"}, {"id": "2"}]).encode(), "", "", ZONE, NOW)
    assert [m.id for m in records.mentions] == ["1"] and [n for n, _ in records.faults] == [1]
    with pytest.raises(SourceFault):
        hook().read(b"<html>", "", "", ZONE, NOW)


def test_a_handshake_is_answered_to_who_signs_or_knows_the_word() -> None:
    source = hook(handshake=Handshake(challenge="challenge", token="token", expect=Secret("env:HOOK_WORD")))
    body = json.dumps({"challenge": "abc", "token": "our word"}).encode()
    assert source.challenge(body, signed=False) == {"challenge": "abc"}
    assert source.challenge(body.replace(b"our", b"any"), signed=False) is None
    assert source.challenge(body.replace(b"our", b"any"), signed=True) == {"challenge": "abc"}
    for other in (b"", b"[]", b'{"challenge":7,"token":"our word"}', b'{"challenge":"' + b"a" * 2000 + b'"}'):
        assert source.challenge(other, signed=True) is None
    assert hook().challenge(body, signed=True) is None


def test_a_handshake_by_get_wants_the_word() -> None:
    names = {"challenge": "hub.challenge", "token": "hub.verify_token"}
    source = hook(handshake=Handshake(**names, expect=Secret("env:HOOK_WORD")))
    query = {"hub.challenge": "1158201444", "hub.verify_token": "our word"}
    assert source.asked(query) == "1158201444"
    for other in ({}, {**query, "hub.verify_token": "x"}, {"hub.challenge": "1"}, {**query, "hub.challenge": ""}):
        assert source.asked(other) is None
    assert hook().asked(query) is None and hook(handshake=Handshake(challenge="c")).asked(query) is None
