"""Stories over a restart, how they spread, and floods of copies that pretend to be many voices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.house import START, House, house, iso

pytestmark = pytest.mark.anyio
STORIES = """
[[source]]
name = "posts"
kind = "push"
family = "social"
[[source]]
name = "wire"
kind = "push"
family = "press"
[[rule]]
name = "bad-press"
risk = "publicity"
measure = "stories"
window = "24h"
blue = { above = 0 }
yellow = { above = 1 }
"""
TEXT = "某品牌充电宝在飞机上冒烟，机组紧急处置，无人受伤，品牌方尚未回应"


def copies(n: int, frame: str = "{}", start: float = 0.0, key: str = "p") -> list[dict[str, Any]]:
    """Copies with a word changed in each, each by another author."""
    ends = ("。", "！", "…", "", " 转给家人看", "？")
    return [
        {
            "id": f"{key}{i}", "text": frame.format(TEXT + ends[i % len(ends)]), "author": f"{key}{i}", "reach": 10,
            "published_at": iso(START + 60 * start + i), "url": f"https://example.com/{key}{i}",
        }
        for i in range(n)
    ]  # fmt: skip


async def flooded(here: House) -> list[int]:
    return [f.args["authors"] for f in await here.found() if f.kind == "coordinated"]


async def test_a_storm_of_copies_is_one_story_with_its_spread_over_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path, STORIES) as here:
        await here.to("10m")
        await here.push("wire", copies(3, start=1, key="w"))
        await here.push("posts", copies(40, frame="转发微博 {}", start=2))
    async with house(tmp_path, STORIES) as here:
        await here.to("20m")
        await here.push("posts", copies(5, frame="//@某某:{}", start=15, key="q"))
        assert here.line("bad-press")[-1] == "blue" and here.seen("bad-press") == 1
        (number,) = [i.number for i in await here.service.reads.incidents(open_only=True, limit=5)]
        answer = await here.post(f"/api/v1/incidents/{number}", None, "GET")
        (story,) = json.loads(answer.body)["stories"]
        assert (story["n"], story["authors"], story["reach"], story["sources"]) == (48, 48, 480, ["posts", "wire"])
        assert story["first_source"] == "wire" and story["first_url"] == "https://example.com/w0"
        page = (await here.post(f"/i/{number}?lang=en", None, "GET")).body.decode()
        assert "told 48 times by 48 people in 2 places" in page and "first in wire" in page
        assert await flooded(here) == []


async def test_many_who_say_the_same_as_their_own_words_are_a_finding_until_it_is_over(tmp_path: Path) -> None:
    async with house(tmp_path, STORIES) as here:
        await here.to("4m")
        await here.push("posts", copies(14))
        await here.to("6m")
        assert await flooded(here) == []
        await here.push("posts", copies(6, start=5, key="more"))
    async with house(tmp_path, STORIES) as here:
        await here.to("11m")
        assert await flooded(here) == [20]
        await here.to("1h20m")
        assert await flooded(here) == []


async def test_the_press_copies_by_trade(tmp_path: Path) -> None:
    async with house(tmp_path, STORIES) as here:
        await here.to("4m")
        await here.push("wire", copies(40))
        await here.to("11m")
        assert await flooded(here) == []


@pytest.mark.parametrize("when", ["11m", "1h20m"])
async def test_who_is_forgotten_is_not_quoted_in_a_flood_either(tmp_path: Path, when: str) -> None:
    first, *others = copies(20)
    mine = {**first, "text": f"亲眼所见{TEXT}"}
    async with house(tmp_path, STORIES) as here:
        await here.to("4m")
        await here.push("posts", [mine, *others])
        await here.to("6m")
        assert ["亲眼所见" in f.args["text"] for f in await here.found()] == [True]
        await here.to(when)
        done = json.loads((await here.post("/api/v1/forget", {"author": mine["author"]})).body)
        assert (done["mentions"], done["excerpts"]) == (1, 1)
        assert "亲眼所见" not in (await here.post("/?lang=zh", None, "GET")).body.decode()
        await here.to("1h30m")
    assert "亲眼所见".encode() not in (tmp_path / "state" / "crisis-monitor.db").read_bytes()
