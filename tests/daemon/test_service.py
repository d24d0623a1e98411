"""The whole service in one process, from what comes in to what arrives, and what people do on the way."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.http import Http
from monitor.store import incidents
from tests.channels.fakes import FakeWebhook, Reply
from tests.daemon.house import START, House, house, iso

pytestmark = pytest.mark.anyio
CONFIG = """
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[source]]
name = "exports"
kind = "file"
path = "FOLDER/drop/*.csv"
every = "1m"
family = "tickets"
fields = { id = "工单号", published_at = "投诉时间", text = "投诉内容", "labels.product" = "产品" }
[[topic]]
name = "fire"
query = "起火"
[[rule]]
name = "fires"
risk = "product-safety"
where = { topic = ["fire"] }
window = "1h"
every = "1m"
by = ["product"]
orange = { above = 4 }
leave = { below = 0.8, dwell = "10m" }
[[person]]
name = "zhang-wei"
display = "张伟"
via = ["FIRST"]
[[person]]
name = "li-na"
display = "李娜"
via = ["hook"]
[[team]]
name = "crisis"
roles = { leader = ["zhang-wei", "li-na"] }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
to = ["crisis/leader"]
ack_within = "15m"
"""
PLAIN = CONFIG.replace("FIRST", "hook")
BROKEN = CONFIG.replace("FIRST", "broken") + '[[channel]]\nname = "broken"\nkind = "webhook"\nurl = "BROKEN"\n'


def fires(here: House, count: int, text: str = "起火") -> list[dict[str, Any]]:
    now = (here.clock.now() - START) / 60
    return [{**record, "labels": {"product": "X1"}} for record in here.many(now - 1, count, 0, text)]


def told(hook: FakeWebhook) -> list[str]:
    return [request.json["data"]["transition"] for request in hook.accepted]


async def comes_true(here: House, true: Callable[[], Awaitable[bool]]) -> None:
    """Waits for work that the clock knows nothing of, such as a recount."""
    async with asyncio.timeout(8):
        while not await true():
            await asyncio.sleep(0.02)
            await here.settle()


async def ask(here: House, path: str) -> Any:
    async with Http() as http:
        answer = await http.request("GET", here.url + path)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


async def test_a_file_dropped_into_a_folder_is_a_notice_at_the_other_end(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here:
        (tmp_path / "drop").mkdir()
        rows = [f"T-{i},2026-03-09 09:0{i},充电宝起火,X1" for i in range(6)] + ["T-9,2026-03-09 09:03,起火,Y1"]
        text = "\n".join(["工单号,投诉时间,投诉内容,产品", *rows]) + "\n"
        await here.to("6m")
        (tmp_path / "drop" / "a.csv").write_bytes(text.encode("gb18030"))
        await here.to("8m")
        assert told(here.hook) == ["NEW"]
        data = here.hook.received[0].json["data"]
        assert data["labels"] == {"rule": "fires", "risk": "product-safety", "product": "X1"}
        assert "6 条" in here.notice(0) and "充电宝起火" in here.notice(0)
        (tmp_path / "drop" / "b.csv").write_text(text, encoding="utf-8-sig")
        await here.to("10m")
        assert (len(here.hook.received), len(await ask_incidents(here))) == (1, 1)


async def ask_incidents(here: House) -> list[dict[str, Any]]:
    return list((await ask(here, "/api/v1/incidents?state=all"))["incidents"])


async def test_a_topic_changed_by_a_reload_counts_what_is_stored_anew(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here:
        await here.to("5m")
        await here.push("desk", fires(here, 6, "冒烟"))
        assert here.line("fires") == ["calm"]
        path = tmp_path / "rules.toml"
        good = path.read_text(encoding="utf-8")
        path.write_text(good.replace('query = "起火"', 'query = "起火 OR 冒烟"'), encoding="utf-8")
        assert await here.service.reload() == ""
        await comes_true(here, lambda: is_true(here.line("fires") == ["calm", "orange"]))
        await here.to("7m")
        assert told(here.hook) == ["NEW"]


async def is_true(what: bool) -> bool:
    return what


async def test_a_faulty_config_never_takes_the_place_of_a_good_one(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here:
        path = tmp_path / "rules.toml"
        path.write_text(
            path.read_text(encoding="utf-8").replace('query = "起火"', 'query = "起火 AND"'), encoding="utf-8"
        )
        assert "rules.toml:" in await here.service.reload()
        await here.to("5m")
        await here.push("desk", fires(here, 6))
        assert told(here.hook) == ["NEW"]


async def test_acknowledged_over_http_nobody_else_is_asked_and_a_resolution_is_told(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here:
        await here.to("5m")
        await here.push("desk", fires(here, 6))
        (incident,) = await ask_incidents(here)
        number = incident["number"]
        taken = await here.post(f"/api/v1/incidents/{number}/ack", {})
        assert taken.status == 200
        assert json.loads(taken.body)["incident"]["acknowledged_by"]
        await here.to("40m")
        assert told(here.hook) == ["NEW"]
        done = await here.post(f"/api/v1/incidents/{number}/resolve", {"comment": "已召回"})
        assert done.status == 200
        assert told(here.hook) == ["NEW", "RESOLVED"]
        assert "已召回" in here.notice(1)
        assert (await here.post(f"/api/v1/incidents/{number}/resolve", {})).status == 409
        assert (await here.post("/api/v1/incidents/INC-2026-0999/ack", {})).status == 404


async def test_unanswered_the_deputy_is_told(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here:
        await here.to("5m")
        await here.push("desk", fires(here, 6))
        await here.to("22m")
        assert told(here.hook) == ["NEW", "ESCALATED"]
        assert "李娜" in here.notice(1)


async def test_a_dead_letter_is_shown_and_goes_out_again_with_its_key(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here:
        await here.to("5m")
        here.hook.always(Reply(404, "gone"))
        await here.push("desk", fires(here, 6))
        (dead, *_) = (await ask(here, "/api/v1/deliveries?state=dead"))["deliveries"]
        tried = here.hook.received[0].headers["webhook-id"]
        here.hook.always(None)
        before = len(here.hook.accepted)
        again = await here.post(f"/api/v1/deliveries/{dead['id']}/resend", {})
        assert again.status == 200
        arrived = here.hook.accepted[before:]
        assert [request.headers["webhook-id"] for request in arrived] == [tried]
        assert (await ask(here, "/api/v1/deliveries?state=dead"))["deliveries"] == []
        assert (await here.post(f"/api/v1/deliveries/{dead['id']}/resend", {})).status == 409


async def test_what_cannot_reach_one_person_reaches_another(tmp_path: Path) -> None:
    with FakeWebhook() as broken:
        broken.always(Reply(403, "no"))
        async with house(tmp_path, BROKEN.replace("BROKEN", broken.url)) as here:
            await here.to("5m")
            await here.push("desk", fires(here, 6))
            assert len(broken.received) == 1
            assert set(told(here.hook)) == {"UPDATE"}
            assert "通知无法送达 张伟" in here.notice(0)
            sent = (await ask(here, "/api/v1/deliveries?state=sent"))["deliveries"]
            assert {each["person"] for each in sent} == {"li-na", ""}, "her, and the group over the channel that works"


async def test_who_acts_over_the_admin_socket_is_who_runs_the_command(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here:
        await here.to("5m")
        await here.push("desk", fires(here, 6))
        (incident,) = await ask_incidents(here)
        door = httpx.AsyncHTTPTransport(uds=str(tmp_path / "state" / "admin.sock"))
        async with httpx.AsyncClient(transport=door, base_url="http://localhost") as client:
            answer = await client.post(f"/api/v1/incidents/{incident['number']}/ack", json={})
        assert answer.status_code == 200, answer.text
        lines = await here.service.db.read(lambda c: incidents.timeline(c, incident["number"]))
        (line,) = [line.entry for line in lines if line.entry.kind == "incident.entry.acknowledged"]
        assert line.actor == f"user:{getpass.getuser()}"


async def test_a_forwarded_request_without_a_token_may_not_act(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here, Http() as http:
        for headers in ({"x-forwarded-for": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}):
            answer = await http.request(
                "POST", here.url + "/api/v1/mentions?source=desk", headers=headers, body=b"[]"
            )  # fmt: skip
            assert answer.status in (401, 403)


async def test_an_undated_push_counts_as_now_and_a_repeated_one_adds_none(tmp_path: Path) -> None:
    async with house(tmp_path, PLAIN) as here:
        await here.to("5m")
        records = [{"id": f"u{i}", "text": "起火", "labels": {"product": "X1"}} for i in range(4)]
        first = await here.push("desk", records)
        assert json.loads(first.body) == {"accepted": 4, "duplicates": 0, "rejected": []}
        again = await here.push("desk", [*records, {"id": "late", "text": "起火", "published_at": iso(START + 9e4)}])
        told_ = json.loads(again.body)
        assert (told_["accepted"], told_["duplicates"], told_["rejected"][0]["index"]) == (0, 4, 4)
        assert here.line("fires") == ["calm"]
