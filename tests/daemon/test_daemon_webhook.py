"""A signed delivery on its way through the whole service: stored, counted, told, and once however often it is sent."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from monitor.http import Http
from monitor.store.tables import mentions
from tests.daemon.house import START, House, house, iso

pytestmark = pytest.mark.anyio
CONFIG = """
[[source]]
name = "desk"
kind = "webhook"
scheme = "hmac"
secret = "env:SIGNING_KEY"
header = "X-Signature"
family = "tickets"
fields = { id = "no", text = "body", published_at = "at" }
[[topic]]
name = "fire"
query = "起火"
[[rule]]
name = "fires"
risk = "product-safety"
where = { topic = ["fire"] }
window = "1h"
red = { above = 1 }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
format = "standard"
[[route]]
to = ["channel:hook"]
"""


async def deliver(here: House, body: bytes, key: str = "our secret") -> int:
    signature = hmac.new(key.encode(), body, "sha256").hexdigest()
    async with Http() as http:
        answer = await http.request(
            "POST", f"{here.url}/api/v1/webhook/desk", headers={"x-signature": signature}, body=body
        )
    await here.settle()
    return answer.status


async def test_what_is_signed_counts_once_and_what_is_not_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNING_KEY", "our secret")
    tickets = [json.dumps({"no": n, "body": f"起火 {n}", "at": iso(START - 60)}).encode() for n in range(2)]
    async with house(tmp_path, CONFIG) as here:
        assert await deliver(here, tickets[0]) == 200
        assert await deliver(here, tickets[0]) == 200
        assert await deliver(here, tickets[1], "a stranger's") == 401
        await here.to("1m")
        assert here.line("fires") == ["calm"]
        assert await deliver(here, tickets[1]) == 200
        await here.to("2m")
        assert here.line("fires") == ["calm", "red"]
        count = sa.select(sa.func.count()).select_from(mentions)
        assert await here.service.db.read(lambda c: c.scalar(count)) == 2
