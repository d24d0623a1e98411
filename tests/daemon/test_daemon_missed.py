"""Rules over rules at instants that were missed: they are told late, as the rules they are over are."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.model import Tier
from tests.daemon.house import House, house

CONFIG = """
[[source]]
name = "feed"
kind = "rss"
url = "FEED"
every = "5m"
family = "press"
allow_private = true
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[topic]]
name = "fire"
query = "起火"
[[rule]]
name = "desk-talk"
risk = "mass-complaints"
where = { topic = ["fire"], source = ["desk"] }
window = "1h"
every = "5m"
yellow = { above = 9 }
leave = { below = 0.8, dwell = "10m" }
[[rule]]
name = "press-talk"
risk = "publicity"
where = { topic = ["fire"], source = ["feed"] }
window = "1h"
every = "5m"
yellow = { above = 4 }
leave = { below = 0.8, dwell = "10m" }
[[rule]]
name = "both"
risk = "product-safety"
of = "rules"
every = "5m"
orange = { all = ["desk-talk", "press-talk"], families = 2 }
leave = { dwell = "10m" }
[[rule]]
name = "both-again"
risk = "product-safety"
of = "rules"
every = "5m"
orange = { all = ["both:orange"] }
leave = { dwell = "10m" }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
risk = ["product-safety"]
to = ["channel:hook"]
"""
WORDS = {"both": ["calm", "orange", "calm"], "both-again": ["calm", "orange", "calm"]}


async def opened(here: House) -> None:
    """Both sources have spoken before; then the feed is gone."""
    here.feed.up = True
    here.show(here.many(-300, 6, 30))
    await here.to("10m")
    await here.push("desk", here.many(9, 1, 0))
    await here.to("30m")
    here.feed.up = False


async def told_late_once(here: House) -> None:
    assert here.first("both", "orange") > 170
    assert {name: here.line(name) for name in WORDS} == WORDS
    new, *rest = await here.told()
    assert (new.transition, new.tier) == ("NEW", Tier.ORANGE)
    assert 80 < new.late_by / 60 < 140
    assert all(note.transition not in ("NEW", "RAISED") for note in rest)


@pytest.mark.anyio
async def test_a_rule_over_rules_that_met_in_an_outage_is_told_late_and_once(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await opened(here)
        here.show(here.many(60, 8, 1))
        await here.to("58m")
        await here.push("desk", here.many(58, 1, 0))
        await here.to("70m")
        await here.push("desk", here.many(58.5, 12, 1, "客服说没有起火，充电器却烧穿了桌面"))
        await here.to("170m")
        assert here.line("desk-talk") == ["calm", "yellow", "calm"]
        assert here.line("both") == ["calm"]
        here.feed.up = True
        await here.to("280m")
        assert here.line("press-talk") == ["calm"], "yellow an hour ago is no news by itself"
        await told_late_once(here)


@pytest.mark.anyio
async def test_sources_that_come_back_one_after_the_other_meet_at_the_instant_in_question(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await opened(here)
        here.show(here.many(60, 8, 1))
        await here.to("170m")
        await here.push("desk", here.many(58.5, 12, 1, "客服说没有起火，充电器却烧穿了桌面"))
        assert here.line("desk-talk") == ["calm"], "yellow an hour ago is no news by itself"
        await here.to("171m")
        here.feed.up = True
        await here.to("280m")
        await told_late_once(here)


@pytest.mark.anyio
async def test_after_a_restart_it_is_known_what_stood_before_it(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await opened(here)
        here.show(here.many(110, 8, 1))
        await here.to("122m")
        await here.push("desk", here.many(108.5, 12, 1, "客服说没有起火，充电器却烧穿了桌面"))
        assert here.line("desk-talk") == ["calm", "yellow"]
        await here.restart()
        await here.to("174m")
        here.feed.up = True
        await here.to("280m")
        assert [here.line(name)[:2] for name in WORDS] == [["calm", "orange"]] * 2
        new, *rest = await here.told()
        assert (new.transition, new.tier) == ("NEW", Tier.ORANGE)
        assert 40 < new.late_by / 60 < 80
        assert all(note.transition not in ("NEW", "RAISED") for note in rest)


@pytest.mark.anyio
async def test_what_did_not_stand_at_the_same_time_is_not_told(tmp_path: Path) -> None:
    async with house(tmp_path, CONFIG) as here:
        await opened(here)
        here.show(here.many(180, 8, 1))
        await here.to("70m")
        await here.push("desk", here.many(20, 12, 1, "客服说没有起火，充电器却烧穿了桌面"))
        await here.to("200m")
        here.feed.up = True
        await here.to("280m")
        assert here.line("press-talk") == ["calm", "yellow", "calm"]
        assert here.line("both") == ["calm"]
        assert await here.told() == []
