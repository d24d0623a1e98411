"""A source of the running service paused, resumed, tried: what is not read is no data, and it is told who did so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.config.load import load
from monitor.daemon.clock import SteppedClock
from monitor.daemon.service import LOOPS, Service
from monitor.model import Tier
from monitor.store import cursors
from tests.channels.fake_mail import free_port
from tests.daemon.house import START, House, house

pytestmark = pytest.mark.anyio
CONFIG = """
[[source]]
name = "feed"
kind = "rss"
url = "FEED"
every = "5m"
family = "press"
allow_private = true
silent_after = "2h"
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[topic]]
name = "fire"
query = "起火"
[[rule]]
name = "talk"
risk = "product-safety"
where = { topic = ["fire"], source = ["SOURCE"] }
window = "15m"
every = "5m"
yellow = { above = 2 }
leave = { below = 0.8, dwell = "10m" }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[route]]
risk = ["product-safety"]
to = ["channel:hook"]
"""
FEED, DESK = CONFIG.replace("SOURCE", "feed"), CONFIG.replace("SOURCE", "desk")
PAUSE = {"comment": "the feed is being rebuilt"}


def level(here: House) -> str:
    (alert,) = here.service.trails.alerts["talk"]
    return "no data" if alert.verdict is None or alert.verdict.tier is None else Tier(alert.verdict.tier).word


async def coverage(here: House, source: str) -> list[tuple[float, float]]:
    """What a source covers, in minutes from the start."""
    found = await here.service.db.read(lambda c: cursors.covered(c, 0, START + 1e6))
    return [(round((a - START) / 60), round((b - START) / 60)) for a, b in found[source]]


async def test_the_time_of_a_paused_feed_is_no_data_and_not_zero(tmp_path: Path) -> None:
    async with house(tmp_path, FEED) as here:
        here.feed.up = True
        await here.to("1h")
        assert level(here) == "calm"
        assert (await here.post("/api/v1/sources/feed/pause", PAUSE)).status == 200
        asked = len(here.feed.received)
        await here.to("70m")
        assert level(here) == "no data", "most of its window is not covered, and no grace is given"
        here.show(here.many(80, 5, 1))
        await here.to("4h")
        assert len(here.feed.received) == asked
        assert [(f.kind, f.args["why"]) for f in await here.found()] == [("source-paused", PAUSE["comment"])]
        assert here.line("talk") == ["calm"]
        await here.post("/api/v1/sources/feed/resume", {})
        assert len(here.feed.received) > asked
        await here.to("5h")
        assert level(here) == "calm" and await here.found() == []
        assert here.line("talk") == ["calm"], "what was said meanwhile alarms nothing"
        (first, last) = await coverage(here, "feed")
        assert 55 <= first[1] <= 60 and last[0] == 240, "to the last fetch before it, from the first behind it"


async def test_a_pause_outlives_a_restart_and_a_reload(tmp_path: Path) -> None:
    async with house(tmp_path, FEED) as here:
        here.feed.up = True
        await here.to("10m")
        await here.post("/api/v1/sources/feed/pause", PAUSE)
        assert await here.service.reload() == ""
        asked = len(here.feed.received)
        await here.to("1h")
        assert len(here.feed.received) == asked
        await here.service.close()
        for listener in here.service._listeners:
            await listener.stop()
        path, state, clock = here.service.path, here.service.state, SteppedClock(START + 3600, LOOPS)
        again = Service(load(path), path, state, clock, listen=f"127.0.0.1:{free_port()}")
        await again.start()
        try:
            await clock.settle()
            (feed, desk) = await again.sources.all()
            assert feed.pause is not None and (feed.pause.by, feed.pause.why) == ("local", PAUSE["comment"])
            assert desk.pause is None and len(here.feed.received) == asked
            _, changed = await again.sources.pause("somebody", "feed", "again", START + 3601)
            assert not changed, "who came first stays written there"
        finally:
            await again.close()


async def test_a_paused_push_source_takes_nothing_and_covers_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, DESK) as here:
        await here.to("30m")
        await here.post("/api/v1/sources/desk/pause", PAUSE)
        answer = await here.push("desk", [here.said(30)])
        assert answer.status == 409 and "crisis-monitor sources resume desk" in answer.body.decode()
        await here.to("2h")
        assert level(here) == "no data"
        await here.post("/api/v1/sources/desk/resume", {})
        assert (await here.push("desk", [here.said(119)])).status == 200
        await here.to("3h")
        assert level(here) == "calm"
        assert await coverage(here, "desk") == [(0, 30), (120, 180)]


async def test_a_try_reads_at_once_and_says_what_came(tmp_path: Path) -> None:
    async with house(tmp_path, FEED) as here:
        here.feed.up = True
        here.show(here.many(-20, 3, 1), "1s")
        await here.to("6m")
        asked = len(here.feed.received)
        here.show(here.many(5, 2, 0.1), "1s")
        tried = await here.service.sources.attempt("feed", here.clock.now())
        assert len(here.feed.received) == asked + 1
        assert (tried.read, tried.new, tried.refused) == (5, 2, ())
        here.feed.up = False
        tried = await here.service.sources.attempt("feed", here.clock.now())
        assert tried.read is None and "500" in tried.source.error


async def test_who_pauses_while_a_fetch_is_under_way_is_not_overwritten(tmp_path: Path) -> None:
    async with house(tmp_path, FEED) as here:
        here.feed.up = True
        await here.to("6m")
        flight = asyncio.create_task(here.service.sources.attempt("feed", here.clock.now()))
        await asyncio.sleep(0)
        await here.service.sources.pause("user:li", "feed", "now", here.clock.now())
        await flight
        asked = len(here.feed.received)
        await here.to("1h")
        assert len(here.feed.received) == asked
        (feed, _) = await here.service.sources.all()
        assert feed.pause is not None and feed.pause.by == "user:li"


async def test_the_commands_speak_over_the_admin_socket(tmp_path: Path) -> None:
    async with house(tmp_path, FEED) as here:
        here.feed.up = True
        await here.to("6m")

        async def said(*words: str) -> Result:
            args = ["sources", *words, "--state", str(here.service.state), "--lang", "en"]
            return await asyncio.to_thread(CliRunner().invoke, main, args)

        assert "source feed: as it was" in (await said("try", "feed")).output
        paused = await said("pause", "feed", "-m", "rebuilt")
        assert paused.output.startswith("source feed was paused by user:") and ": rebuilt" in paused.output
        listed = (await said("list")).output.splitlines()
        assert listed[0].startswith("‖ source feed was paused") and listed[1].startswith("– desk")
        refused = await said("try", "feed")
        assert refused.exit_code == 1 and "resume it first" in refused.output
        assert "is read again" in (await said("resume", "feed")).output
        assert "stood so already" in (await said("resume", "feed")).output
        unknown = await said("pause", "fed", "-m", "x")
        assert unknown.exit_code == 1 and "there are: feed, desk" in unknown.output


REACH = FEED.replace('window = "15m"', 'measure = "reach"\nwindow = "1h"').replace(
    "silent_after", 'fields = { reach = "views" }\nsilent_after'
)


async def test_a_mention_seen_again_raises_its_reach_and_never_lowers_it(tmp_path: Path) -> None:
    async with house(tmp_path, REACH) as here:
        here.feed.up = True
        here.show([here.said(2)])
        ((_, entry),) = here.feed.items
        seen = []
        for minutes, views in (("6m", "1"), ("11m", "1.2万"), ("16m", "40")):
            entry["views"] = views
            await here.to(minutes)
            seen.append(here.seen("talk"))
        assert seen == [1, 12000, 12000]
        assert here.line("talk")[-1] == "yellow", "what grows is judged"
