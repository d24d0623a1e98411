"""What mentions say, in the running service: moods, dangers and labels counted, stored, shown, and counted anew."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Said
from monitor.store import observations
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
