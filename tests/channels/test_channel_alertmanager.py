"""Kind `alertmanager`, against a double and, where it is installed, against the real one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.alertmanager import Alertmanager, alerts, label_name
from monitor.channels.channel import Retry
from monitor.http import Http
from monitor.model import Receipt, Tier
from monitor.times import Duration, rfc3339
from tests.channels.fakes import FakeAlertmanager, Reply
from tests.channels.real_alertmanager import members
from tests.channels.samples import NOW, TARGET, notice


async def send(channel: Alertmanager, now: float = NOW, **changes: Any) -> Receipt:
    async with Http(verify=False) as http:
        return await channel.send(notice("X1", **changes), TARGET, http, now)


def tiers(found: list[dict[str, Any]]) -> list[str]:
    return [alert["labels"]["tier"] for alert in found]


@pytest.mark.anyio
async def test_a_changed_tier_is_a_new_alert_and_the_end_of_the_old() -> None:
    with FakeAlertmanager() as fake:
        channel = Alertmanager(name="am", urls=(fake.base,))
        await send(channel, tier=Tier.ORANGE, previous_tier=Tier.CALM, transition="NEW")
        assert tiers(fake.burning(rfc3339(NOW))) == ["orange"]
        await send(channel)
        assert tiers(fake.burning(rfc3339(NOW))) == ["red"]
        await send(channel, transition="CLEARED")
        assert fake.burning(rfc3339(NOW)) == []


def test_the_labels_are_the_rules_with_a_mark_against_loops() -> None:
    fires = alerts(notice("X1"), NOW, 3600.0)[0]
    assert (
        fires["labels"].items()
        >= {
            "alertname": "battery-fire",
            "risk": "product-safety",
            "product": "X1",
            "tier": "red",
            "severity": "critical",
            "generator": "crisis-monitor",
        }.items()
    )
    assert fires["endsAt"] == rfc3339(NOW + 3600)


def test_label_names_of_every_alphabet_are_taken() -> None:
    assert label_name("产品") == "_u4ea7_u54c1"
    assert label_name("a-b.c") == "a_b_c"
    assert label_name("1st") == "_1st"


def test_a_clock_behind_makes_no_alert_that_ends_before_it_starts() -> None:
    assert all(a["startsAt"] <= a["endsAt"] for a in alerts(notice(since=None), NOW - 100, 60.0))


@pytest.mark.anyio
async def test_every_member_is_told_and_one_yes_is_enough() -> None:
    with FakeAlertmanager() as one, FakeAlertmanager() as two:
        two.always(Reply(503, "starting"))
        channel = Alertmanager(name="am", urls=(one.base + "/api/v2/alerts", two.base))
        receipt = await send(channel)
        assert receipt.answer.startswith("1 of 2 members; HTTP 503")
        one.always(Reply(400, "no"))
        with pytest.raises(Retry, match="503"):
            await send(channel)


@pytest.mark.anyio
async def test_what_burns_is_kept_alive_and_what_is_over_is_not() -> None:
    with FakeAlertmanager() as fake:
        channel = Alertmanager(name="am", urls=(fake.base,), alive=Duration(300))
        async with Http(verify=False) as http:
            await channel.keep([notice("X1"), notice("X2", transition="CLEARED")], http, NOW + 200)
            await channel.keep([], http, NOW)
        (burning,) = fake.burning(rfc3339(NOW + 400))
        assert burning["labels"]["product"] == "X1"
        assert len(fake.received) == 1


@pytest.mark.anyio
async def test_the_real_alertmanager_fires_and_resolves(tmp_path: Path) -> None:
    with members(tmp_path) as (real,):
        channel, now = Alertmanager(name="am", urls=(real.url,)), time.time()
        labels = {"rule": "battery-fire", "risk": "product-safety", "产品": "充电宝"}

        times = {"at": now, "since": now - 60}
        await send(channel, now, tier=Tier.ORANGE, previous_tier=Tier.CALM, transition="NEW", labels=labels, **times)
        assert real.tiers() == ["orange"]
        await send(channel, now, labels=labels, **times)
        assert real.tiers() == ["red"]
        await send(channel, now, transition="CLEARED", labels=labels, **times)
        assert real.tiers() == []


@pytest.mark.anyio
async def test_a_clock_half_a_minute_ahead_of_a_member_still_ends_what_burns_there(tmp_path: Path) -> None:
    with members(tmp_path) as (real,):
        channel, now = Alertmanager(name="am", urls=(real.url,)), time.time() + 30
        await send(channel, now, tier=Tier.ORANGE, previous_tier=Tier.CALM, transition="NEW", at=now, since=now)
        await send(channel, now, tier=Tier.RED, at=now, since=now)
        assert real.tiers() == ["red"]
        await send(channel, now, transition="CLEARED", at=now, since=now)
        assert real.tiers() == []
