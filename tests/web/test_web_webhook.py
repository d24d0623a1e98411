"""Signed deliveries over HTTP: from outside without a token, never without a signature, a 200 only after the commit."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as TheirSigner
from web_fakes import CONFIG, NOW, World, an_app, browser, config, with_tokens

from monitor.config.schema import Config
from monitor.web.acts import Busy

pytestmark = pytest.mark.anyio
KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQtMTIz"
HOOK = {
    "name": "signed", "kind": "webhook", "scheme": "standard", "secret": "env:HOOK_SECRET", "family": "tickets",
    "fields": {"id": "no", "text": "body"}, "max_body": 4096,
    "handshake": {"challenge": "challenge", "token": "word", "expect": "env:HOOK_WORD"},
}  # fmt: skip
PLAIN = {k: v for k, v in HOOK.items() if k != "handshake"} | {"name": "plain"}
OFF = HOOK | {"name": "off", "enabled": False}
PATH = "/api/v1/webhook/signed"
TICKET = {"no": 4711, "body": "充电宝冒烟"}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", f"whsec_{KEY}")
    monkeypatch.setenv("HOOK_WORD", "our word")


def hooks(make: Any = config) -> Config:
    made: Config = make(source=[*CONFIG["source"], HOOK, PLAIN, OFF])
    return made


def signed(body: bytes, id: str = "msg_1", at: float = NOW) -> dict[str, str]:
    data = body.decode("latin-1")
    signer = TheirSigner(f"whsec_{KEY}")
    if body.isascii():
        signature = signer.sign(id, datetime.fromtimestamp(at, UTC), data)
    else:
        import hmac
        from base64 import b64decode, b64encode

        over = f"{id}.{at:.0f}.".encode() + body
        signature = "v1," + b64encode(hmac.digest(b64decode(KEY), over, "sha256")).decode()
    return {"webhook-id": id, "webhook-timestamp": f"{at:.0f}", "webhook-signature": signature}


async def post(world: World, body: bytes | dict[str, Any] | list[Any], path: str = PATH, **headers: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = headers.pop("signature", signed(raw)) | headers
    client = browser(an_app(world, hooks(with_tokens)), accept_language="en")
    return await client.post(path, content=raw, headers={"x-forwarded-for": "203.0.113.9", **sent})


async def test_a_signed_delivery_from_outside_is_taken_without_a_token() -> None:
    world = World()
    answer = await post(world, TICKET, origin="https://vendor.example.com")
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "duplicates": 0, "rejected": []})
    assert world.batches == [("signed", 1)]


async def test_a_replayed_delivery_is_a_duplicate() -> None:
    world = World()
    await post(world, TICKET)
    assert (await post(world, TICKET)).json() == {"accepted": 0, "duplicates": 1, "rejected": []}


@pytest.mark.parametrize("path", [PATH, "/api/v1/webhook/plain"])
async def test_without_a_good_signature_it_is_401_and_nothing_is_stored(path: str) -> None:
    world, raw = World(), json.dumps(TICKET).encode()
    for signature, why in (
        ({}, "signature-missing"),
        (signed(raw + b" "), "signature-wrong"),
        (signed(raw, at=NOW - 3600), "signature-old"),
        ({"authorization": "Bearer secret-helpdesk"}, "signature-missing"),
    ):
        answer = await post(world, TICKET, path, signature=signature)
        assert (answer.status_code, answer.json()["error"]) == (401, why)
    assert world.batches == []


async def test_what_is_signed_and_can_not_be_read_is_422() -> None:
    world = World()
    for body in (b"", b"{", b"[" * 4000, b"\xff\xfe\x00", b"<html>", b"7", b'{"a":"b"}'):
        assert (await post(world, body)).status_code == 422, body
    assert world.batches == []
    assert world.refusals == [("signed", 1)] * 7


async def test_one_bad_item_costs_only_itself() -> None:
    world = World()
    answer = await post(world, [TICKET, {}])
    assert world.refused_beside == [1]
    assert answer.status_code == 200 and answer.json()["accepted"] == 1
    assert [fault["index"] for fault in answer.json()["rejected"]] == [1]


async def test_a_large_body_and_a_bomb_are_413() -> None:
    assert (await post(World(), b" " * 5000)).status_code == 413
    bomb = gzip.compress(b" " * 50_000_000)[:4096]
    assert (await post(World(), gzip.compress(b" " * 1_000_000))).status_code == 413
    assert (await post(World(), bomb)).status_code in (400, 413)


async def test_a_packed_body_is_signed_as_it_was_sent() -> None:
    packed = gzip.compress(json.dumps(TICKET).encode())
    assert (await post(World(), packed, **{"content-encoding": "gzip"})).json()["accepted"] == 1


@pytest.mark.parametrize("name", ["nobody", "off", "helpdesk", "sheet", "%00", "a" * 500])
async def test_any_other_name_is_no_page_and_names_none(name: str) -> None:
    answer = await post(World(), TICKET, f"/api/v1/webhook/{name}")
    assert answer.status_code == 404 and "signed" not in answer.text


async def test_a_store_that_can_not_write_is_no_yes() -> None:
    world = World()
    world.refuse = Busy()
    answer = await post(world, TICKET)
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1


async def test_a_secret_that_is_not_there_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_SECRET")
    answer = await post(World(), TICKET)
    assert answer.status_code == 503 and "HOOK_SECRET" not in answer.text


async def test_a_webhook_is_not_pushed_to_by_a_token() -> None:
    client = browser(an_app(World(), hooks()), accept_language="en")
    answer = await client.post("/api/v1/mentions?source=signed", json=[{"id": "1", "text": "a"}])
    assert answer.status_code == 409 and "signed," not in answer.json()["message"]


async def test_a_handshake_is_answered_and_stores_nothing() -> None:
    world = World()
    unsigned = await post(world, {"challenge": "abc", "word": "our word"}, signature={})
    assert (unsigned.status_code, unsigned.json()) == (200, {"challenge": "abc"})
    assert (await post(world, {"challenge": "abc"})).json() == {"challenge": "abc"}
    assert (await post(world, {"challenge": "abc", "word": "x"}, signature={})).status_code == 401
    client = browser(an_app(world, hooks()))
    good = await client.get(PATH, params={"challenge": "<b>7</b>", "word": "our word"})
    assert (good.status_code, good.text) == (200, "<b>7</b>") and good.headers["content-type"].startswith("text/plain")
    assert (await client.get(PATH, params={"challenge": "7", "word": "x"})).status_code == 404
    assert world.batches == []
