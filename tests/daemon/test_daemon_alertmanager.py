"""Alerts of Alertmanagers, from their webhook to our notices, and over restarts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Tier
from tests.daemon.house import House, house, iso

pytestmark = pytest.mark.anyio
CONFIG = """
[alertmanager]
severity = { critical = "red", page = "orange", none = "calm" }
risk = "system-outage"

[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
tier = ["blue", "yellow", "orange", "red"]
risk = ["*"]
to = ["channel:hook"]
"""


def alert(name: str = "Down", severity: str = "page", **more: Any) -> dict[str, Any]:
    labels = {"alertname": name, "severity": severity, **more.pop("labels", {})}
    told = {"status": "firing", "labels": labels, "annotations": {"summary": "the shop does not answer"}}
    told |= {"startsAt": iso(1773017990.0), "endsAt": "0001-01-01T00:00:00Z", "fingerprint": f"{name}{severity}"}
    return told | {"generatorURL": "https://prometheus.example.com/graph", "unheard_of": 1} | more


def message(*alerts: dict[str, Any], **labels: str) -> dict[str, Any]:
    group = labels or {"service": "shop"}
    return {
        "version": "4", "groupKey": f"{{}}:{group}", "truncatedAlerts": 0, "status": "firing", "receiver": "crisis",
        "groupLabels": group, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": list(alerts),
    }  # fmt: skip


async def tell(here: House, *alerts: dict[str, Any], **labels: str) -> tuple[int, Any]:
    answer = await here.post("/api/v1/alertmanager", message(*alerts, **labels))
    return answer.status, json.loads(answer.body)


def sent(here: House) -> list[tuple[str, str]]:
    return [(r.json["data"]["transition"], r.json["data"]["tier"]) for r in here.hook.received]


async def test_what_fires_there_is_an_incident_here_and_leaves_when_it_is_resolved(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        assert await tell(here, alert()) == (200, {"accepted": 1, "duplicates": 0, "rejected": []})
        assert await tell(here, alert(), alert(severity="critical")) == (
            200, {"accepted": 1, "duplicates": 1, "rejected": []}
        )  # fmt: skip
        over = {"status": "resolved", "endsAt": iso(here.clock.now())}
        await tell(here, alert(severity="critical", **over))
        await tell(here, alert(**over))
        await here.to("2h")
        assert sent(here) == [("NEW", "orange"), ("RAISED", "red"), ("LOWERED", "orange"), ("CLEARED", "calm")]
        labels = here.hook.received[0].json["data"]["labels"]
        assert labels == {"rule": "alertmanager/Down", "risk": "system-outage", "service": "shop"}
        assert "the shop does not answer" in here.notice(0) and "Down" in here.notice(0)


async def test_told_again_by_each_member_of_a_cluster_it_is_one_notice(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await tell(here, alert())
        assert (await tell(here, alert()))[1]["duplicates"] == 1
        await tell(here, alert(status="resolved", endsAt=iso(here.clock.now())))
        assert (await tell(here, alert()))[1]["duplicates"] == 1
        await here.to("2h")
        assert sent(here) == [("NEW", "orange"), ("CLEARED", "calm")]


async def test_our_own_alerts_are_refused_so_nothing_goes_round_in_a_circle(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        own = alert(labels={"generator": "crisis-monitor"})
        status, told = await tell(here, own)
        assert status == 422 and "循环" in told["rejected"][0]["error"]
        status, told = await tell(here, own, alert("Slow"))
        assert (status, told["accepted"], [r["index"] for r in told["rejected"]]) == (200, 1, [0])
        assert len(here.hook.received) == 1


async def test_rules_and_groups_stand_apart_and_a_tier_comes_by_severity(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await tell(here, alert("Watchdog", "none"), alert("Odd", "weird"), alertname="a")
        await tell(here, alert("Down", "critical"), alertname="b")
        standing = {a.rule: (a.key, a.tier) for a in here.service.judge.standing()}
        assert standing == {
            "alertmanager/Odd": ((("alertname", "a"),), Tier.YELLOW),
            "alertmanager/Down": ((("alertname", "b"),), Tier.RED),
        }
        found = json.loads((await here.post("/api/v1/incidents", None, "GET")).body)["incidents"]
        assert sorted((i["scope"]["alertname"], i["tier"]) for i in found) == [("a", "yellow"), ("b", "red")]


@pytest.mark.parametrize("body", ["[]", "{}", '{"groupKey": "x", "alerts": [{}]}', "\x00"])
async def test_what_is_no_message_is_refused_for_good(body: str, tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        assert (await here.post("/api/v1/alertmanager", body.encode())).status == 422


async def test_a_restart_knows_what_burnt_and_hears_that_it_is_over(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await tell(here, alert())
        await here.restart()
        assert [(a.rule, a.tier) for a in here.service.judge.standing()] == [("alertmanager/Down", Tier.ORANGE)]
        assert (await tell(here, alert()))[1]["duplicates"] == 1
        await tell(here, alert(status="resolved", endsAt=iso(here.clock.now())))
        await here.to("2h")
        assert sent(here) == [("NEW", "orange"), ("CLEARED", "calm")]


async def test_who_falls_silent_there_has_no_data_and_is_not_over(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG.replace("risk =", 'silent_after = "4h"\nrisk =', 1)) as here:
        await tell(here, alert())
        await here.to("3h")
        await tell(here, alert())
        await here.to("6h")
        assert sent(here) == [("NEW", "orange")]
        await here.to("7h30m")
        assert sent(here) == [("NEW", "orange"), ("NO DATA", "orange")]
        await tell(here, alert())
        assert sent(here)[2:] == [("DATA BACK", "orange")]


async def test_a_reload_judges_by_the_new_severities(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await tell(here, alert())
        here.service.path.write_text(here.service.path.read_text().replace('page = "orange"', 'page = "red"'))
        assert await here.service.reload() == ""
        await here.to("1m")
        assert sent(here) == [("NEW", "orange"), ("RAISED", "red")]


async def test_an_old_alarm_heard_after_an_outage_says_how_late(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await here.to("2h")
        await tell(here, alert())
        (note,) = await here.told()
        assert note.late_by == pytest.approx(7210, abs=5)
