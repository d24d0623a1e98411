"""What mentions say, in the running service: moods, dangers and labels counted, stored, shown, and counted anew."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.model import Said
from monitor.store import observations
from monitor.store.tables import facts
from tests.daemon.house import START, House, house, iso

pytestmark = pytest.mark.anyio

READING = """
[reading]
mood = "own.toml"
[[label]]
name = "product"
values = { X1 = 'X1', Y1 = 'Y1' }
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[source]]
name = "posts"
kind = "push"
family = "social"
[[topic]]
name = "case"
query = "外壳"
[[rule]]
name = "angry"
risk = "service-quality"
where = { topic = ["case"], mood = ["negative"] }
by = ["product"]
window = "1h"
yellow = { above = 1 }
[[rule]]
name = "volume"
risk = "mass-complaints"
nature = "read"
window = "1h"
yellow = { above = 4 }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
tier = ["blue", "yellow", "orange", "red"]
to = ["channel:hook"]
"""
LEXICON = """
version = "1"
[[group]]
kind = "complaint"
weight = 1.0
words = "{words}"
"""


def texts(here: House, *said: str, author: str = "") -> list[dict[str, Any]]:
    return [{"id": f"{author}{text}", "text": text, "author": author, "published_at": iso(START)} for text in said]


def lexicon(folder: Path, words: str) -> None:
    (folder / "own.toml").write_text(LEXICON.format(words=words), encoding="utf-8")


async def test_mood_and_label_are_counted_stored_and_shown_with_their_words(tmp_path: Path) -> None:
    lexicon(tmp_path, "糟糕")
    async with house(tmp_path, READING) as here:
        await here.to("1m")
        await here.push("desk", texts(here, "X1 外壳糟糕", "外壳很糟糕，型号 X1", "Y1 外壳糟糕", "X1 外壳还行"))
        (alert,) = [a for a in here.service.judge.alerts["angry"].values() if a.tier]
        assert alert.key == (("product", "X1"),)
        rows = await here.service.db.read(lambda c: observations.window(c, 0.0, START + 60))
        assert [row.said for row in rows if row.mention.text == "Y1 外壳糟糕"] == [Said(mood=0.622, words=("糟糕",))]
        assert [row.mention.labels for row in rows] == [{}] * 4
        assert "（所见词：“糟糕”）" in here.notice(0)


async def test_a_changed_lexicon_counts_what_is_stored_anew(tmp_path: Path) -> None:
    lexicon(tmp_path, "糟糕")
    async with house(tmp_path, READING) as here:
        await here.to("1m")
        await here.push("desk", texts(here, "X1 外壳离谱", "X1 外壳真离谱"))
        assert not here.service.judge.alerts.get("angry")
        before = here.service.desk()
        lexicon(tmp_path, "糟糕 离谱")
        assert await here.service.reload() == ""
        after = here.service.desk()
        angry, volume = before.asked["angry"][0].id, before.asked["volume"][0].id
        assert before.counting[angry] != after.counting[angry]
        assert before.counting[volume] == after.counting[volume]
        async with asyncio.timeout(8):  # the clock knows nothing of a recount
            while here.line("angry") != ["calm", "yellow"]:
                await asyncio.sleep(0.02)
                await here.settle()


async def test_a_topic_that_a_rule_only_weighs_by_counts_what_is_stored_anew_when_it_changes(tmp_path: Path) -> None:
    weighing = READING.replace('where = { topic = ["case"], mood = ["negative"] }', "weigh = { case = 3.0 }")
    lexicon(tmp_path, "糟糕")
    async with house(tmp_path, weighing.replace('"外壳"', '"电池"')) as here:
        await here.to("1m")
        await here.push("desk", texts(here, "X1 外壳坏了"))
        assert here.line("angry") == ["calm"]
        config = tmp_path / "rules.toml"
        config.write_text(config.read_text(encoding="utf-8").replace('"电池"', '"外壳"'), encoding="utf-8")
        assert await here.service.reload() == ""
        async with asyncio.timeout(8):  # the clock knows nothing of a recount
            while here.line("angry") != ["calm", "yellow"]:
                await asyncio.sleep(0.02)
                await here.settle()


async def test_a_credible_danger_makes_it_graver_and_a_lone_voice_does_not(tmp_path: Path) -> None:
    lexicon(tmp_path, "糟糕")
    async with house(tmp_path, READING) as here:
        await here.to("1m")
        plain = texts(here, "一", "二", "三", "四", author="a")
        await here.push("posts", [*plain, *texts(here, "昨晚起火了", "真的起火了", author="a")])
        assert await tiers(here) == [("yellow", 0)]
        await here.push("posts", texts(here, "我家的也起火了", author="b"))
        assert await tiers(here) == [("orange", 2)]
        (note,) = [n for n in await here.told() if n.tier.word == "orange"]
        assert note.reason_id == "incident.reason.axis_nature"


async def tiers(here: House) -> list[tuple[str, int]]:
    found = await here.service.reads.incidents(open_only=True, limit=9)
    return [(incident.tier.word, incident.axes.nature) for incident in found]


CUSTOMERS = """
[reading]
customers = ["tickets"]
front_line = ["ann"]
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[rule]]
name = "care"
risk = "customer-care"
of = "findings"
where = { kind = ["customer-angry", "customer-third", "customer-threat"] }
by = ["subject"]
blue = { above = 0 }
[[channel]]
name = "phones"
kind = "sms"
url = "HOOK"
body = '{"text": {{ lines | tojson }}}'
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[person]]
name = "ann"
phone = "+86-13800000000"
via = ["phones"]
[[route]]
tier = ["blue"]
to = ["ann", "channel:hook"]
"""


def message(id: str, text: str, minutes: float, author: str = "张三 13912345678") -> dict[str, Any]:
    return {"id": id, "text": text, "author": author, "published_at": iso(START + 60 * minutes)}


async def test_who_a_customer_is_only_the_front_line_is_told(tmp_path: Path) -> None:
    async with house(tmp_path, CUSTOMERS) as here:
        await here.to("30m")
        await here.push("desk", [message("1", "请问发票怎么开", 0), message("2", "再不退款我就找媒体曝光你们", 20)])
        finding, *more = await here.found()
        assert {f.kind for f in (finding, *more)} == {"customer-angry", "customer-threat"}
        assert finding.subject.startswith("C-") and "张三" not in str((finding, *more))
        await here.settle()
        sent = {("text" if "text" in r.json else "data"): r.json for r in here.hook.received}
        assert "客户 张三 13912345678：“再不退款我就找媒体曝光你们" in "".join(sent["text"]["text"])
        assert "张三" not in str(sent["data"]) and finding.subject in str(sent["data"])
        number = sent["data"]["data"]["incident"]
        for path in ("/api/v1/status", f"/api/v1/incidents/{number}", f"/i/{number}", "/metrics"):
            answer = await here.post(path, None, "GET")
            assert answer.status == 200 and "13912345678" not in answer.body.decode(), path


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["请问发票怎么开", "垃圾公司骗子，气死我了，太差了！"], "customer-angry"),
        (["东西坏了，质量太差", "又坏了，质量太差", "第三次了，质量太差"], "customer-third"),
        (["东西坏了，质量太差", "谢谢，已经换了"], ""),
    ],
)
async def test_turns_of_a_customer_are_findings_and_survive_a_restart(
    tmp_path: Path, texts: list[str], kind: str
) -> None:
    for i, text in enumerate(texts):
        async with house(tmp_path, CUSTOMERS) as here:  # anew for each message
            await here.to(f"{i + 1}m")
            await here.push("desk", [message(str(i), text, i, author="c")])
            found = [f.kind for f in await here.found()]
    assert found == ([kind] if kind else [])


async def test_history_teaches_who_complained_and_is_no_news(tmp_path: Path) -> None:
    async with house(tmp_path, CUSTOMERS) as here:
        old = [message(str(i), "又坏了，质量太差", -60 * 24 * 3 + i, author="c") for i in range(3)]
        await here.to("1m")
        await here.push("desk", old)
        assert await here.found() == []


async def test_a_customers_finding_ends_by_itself(tmp_path: Path) -> None:
    async with house(tmp_path, CUSTOMERS) as here:
        await here.to("30m")
        await here.push("desk", [message("1", "我要去12315举报你们", 20)])
        assert len(await here.found()) == 1
        await here.to("3d1h")
        assert await here.found() == []


FORGET = (
    CUSTOMERS
    + """
[[topic]]
name = "case"
query = "外壳"
[[rule]]
name = "many"
risk = "volume"
where = { topic = ["case"] }
measure = "authors"
window = "1h"
yellow = { above = 1 }
[[route]]
tier = ["yellow"]
to = ["channel:hook"]
"""
)


async def test_who_is_forgotten_leaves_no_words_and_does_not_come_back(tmp_path: Path) -> None:
    async with house(tmp_path, FORGET) as here:
        await here.to("30m")
        said = [message("1", "外壳裂了，我要找媒体曝光", 20), message("2", "外壳也裂了", 21, author="李四")]
        await here.push("desk", said)
        preview = await here.post("/api/v1/forget", {"author": "张三 13912345678", "preview": True})
        assert json.loads(preview.body)["mentions"] == 1
        done = json.loads((await here.post("/api/v1/forget", {"author": "张三 13912345678"})).body)
        assert (done["mentions"], done["customers"]) == (1, 1) and done["excerpts"] >= 1 and done["marks"] == 1
        again = json.loads((await here.push("desk", said)).body)
        assert (again["accepted"], again["duplicates"]) == (0, 2)
    kept = (tmp_path / "state" / "crisis-monitor.db").read_bytes()  # nor in pages that are free
    assert "李四".encode() in kept
    assert "张三".encode() not in kept and "媒体曝光".encode() not in kept


async def test_of_a_customer_who_stays_a_forgotten_message_is_not_quoted_again(tmp_path: Path) -> None:
    async with house(tmp_path, CUSTOMERS) as here:
        await here.to("30m")
        await here.push("desk", [message("1", "再不退款我就找媒体曝光你们", 20)])
        done = json.loads((await here.post("/api/v1/forget", {"source": "desk", "id": "1"})).body)
        assert (done["mentions"], done["customers"]) == (1, 0) and done["excerpts"] >= 2
    assert "媒体曝光".encode() not in (tmp_path / "state" / "crisis-monitor.db").read_bytes()


async def test_a_notice_is_emptied_of_what_was_said_before_a_correction(tmp_path: Path) -> None:
    async with house(tmp_path, FORGET) as here:
        await here.to("30m")
        said = [
            {**message("1", "外壳裂了，太差了", 20), "url": "https://shop.example/r/1"},
            {**message("2", "外壳也裂了", 20, author="李四"), "url": "https://shop.example/r/2"},
        ]
        await here.push("desk", said)
        await here.push("desk", [{**said[0], "text": "已经换新，谢谢"}])
        assert json.loads((await here.post("/api/v1/forget", {"source": "desk", "id": "1"})).body)["excerpts"] == 1
        quoted = await here.service.db.read(lambda c: " ".join(c.scalars(sa.select(facts.c.data))))
    assert "外壳也裂了" in quoted and "太差了" not in quoted


@pytest.mark.parametrize(
    ("wish", "fits"),
    [
        ({"source": "desk", "id": "2"}, 1),
        ({"text": "外壳也裂"}, 1),
        ({"text": "外壳"}, None),
        ({"id": "2"}, None),
        ({}, None),
    ],
)
async def test_whose_words_are_to_go_must_be_said(tmp_path: Path, wish: dict[str, str], fits: int | None) -> None:
    async with house(tmp_path, FORGET) as here:
        await here.to("30m")
        await here.push("desk", [message("1", "外壳裂了", 20), message("2", "外壳也裂了", 21)])
        answer = await here.post("/api/v1/forget", wish)
        assert (json.loads(answer.body).get("mentions"), answer.status) == (fits, 200 if fits else 422)


SLICES = """
[[label]]
name = "order_type"
values = { presale = '预售', spot = '现货' }
otherwise = "spot"
[[source]]
name = "desk"
kind = "push"
family = "tickets"
labels = { site = "a" }
[[rule]]
name = "surge"
risk = "mass-complaints"
window = "1h"
yellow = { above = 9 }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
tier = ["yellow"]
to = ["channel:hook"]
"""


async def test_a_notice_says_in_which_slices_the_rise_lies(tmp_path: Path) -> None:
    async with house(tmp_path, SLICES) as here:
        await here.to("2h")
        calm = [message(f"c{i}", f"现货问题 {i}", 30 + i) for i in range(4)]
        rise = [message(f"r{i}", f"预售不发货 {i}", 90 + i) for i in range(8)]
        rest = [message(f"x{i}", f"现货问题 x{i}", 100 + i) for i in range(2)]
        said = [*calm, *rise, *rest]
        await here.push("desk", [{**one, "labels": {"channel": ("app", "phone")[i % 2]}} for i, one in enumerate(said)])
        assert "集中在：order_type presale 10 条中占 8 条（前一时段 0 条）" in here.notice(0)
        assert "site" not in here.notice(0) and "app" not in here.notice(0)
