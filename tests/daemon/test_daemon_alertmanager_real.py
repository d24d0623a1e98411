"""The real Alertmanager on both sides of the service: it sends to us, we send to each member; nothing goes round."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.channels.real_alertmanager import Member, members
from tests.daemon.house import House, house, iso

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
HOOKED = """
route: {{receiver: crisis, group_by: [service], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: crisis
    webhook_configs: [{{url: "{url}/api/v1/alertmanager", send_resolved: true}}]
"""
TOLD = """
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
tier = ["blue", "yellow", "orange", "red"]
risk = ["*"]
to = ["channel:hook"]
"""


async def until(here: House, holds: Callable[[], Any], seconds: float = 30) -> None:
    """Lets the service live until something holds."""
    ends = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < ends, "it did not come to hold"
        await asyncio.sleep(0.1)
        await here.settle()


def sent(here: House) -> list[tuple[str, str]]:
    return [(r.json["data"]["transition"], r.json["data"]["tier"]) for r in here.hook.received]


async def test_what_fires_in_a_cluster_is_one_incident_here_until_it_is_resolved(tmp_path: Path) -> None:
    async with house(tmp_path, TOLD, start=time.time()) as here:
        with members(tmp_path, 2, HOOKED.format(url=here.url)) as both:
            down = {"labels": {"alertname": "ShopDown", "service": "shop", "severity": "error"}}
            down["annotations"] = {"summary": "no checkout in five minutes"}
            await asyncio.to_thread(_all, both, {**down, "startsAt": iso(time.time())})
            await until(here, lambda: sent(here) == [("NEW", "orange")])
            assert "no checkout in five minutes" in here.notice(0)
            await asyncio.to_thread(_all, both, {**down, "endsAt": iso(time.time())})
            await until(here, lambda: not here.service.judge.standing())
            assert sent(here) == [("NEW", "orange")]


def _all(both: list[Member], *alerts: dict[str, Any]) -> None:
    for member in both:
        member.post(*alerts)


async def test_each_member_holds_our_tier_until_it_changes_and_what_comes_back_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path, TOLD, start=time.time()) as here:
        with members(tmp_path, 2, HOOKED.format(url=here.url)) as both:
            path = here.service.path
            urls = json.dumps([member.url for member in both])
            channel = f'[[channel]]\nname = "am"\nkind = "alertmanager"\nurls = {urls}\nalive = "2m"\n'
            path.write_text(path.read_text().replace('"channel:hook"', '"channel:hook", "channel:am"') + channel)
            assert await here.service.reload() == ""

            async def act(path: str, **body: Any) -> None:
                assert (await here.post(path, body)).status in (200, 201)

            await act("/api/v1/incidents", risk="product-safety", tier="orange", scope={}, comment="a call")
            await until(here, lambda: [m.tiers() for m in both] == [["orange"], ["orange"]])
            await act("/api/v1/incidents/INC-2026-0001/raise", tier="red", comment="a second")
            await until(here, lambda: [m.tiers() for m in both] == [["red"], ["red"]])
            ends = [alert["endsAt"] for member in both for alert in member.alerts()]
            await asyncio.sleep(1.1)
            await here.service.keep_alive.keep()
            await until(here, lambda: all(a["endsAt"] > min(ends) for m in both for a in m.alerts()))
            await until(here, lambda: any(member.refused() for member in both))
            assert [i.number for i in await here.service.reads.incidents(open_only=False, limit=9)] == ["INC-2026-0001"]
            assert not here.service.judge.standing()
            await act("/api/v1/incidents/INC-2026-0001/resolve")
            await until(here, lambda: [m.tiers() for m in both] == [[], []])
