"""Polls that bring nothing new share a commit, and nothing is lost by it: neither coverage, nor pages, nor a pause."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.store import cursors
from tests.daemon.house import House, house
from tests.daemon.test_daemon_sources import FEED, PAUSE, coverage

pytestmark = pytest.mark.anyio
MANY = FEED + "".join(
    f"""
[[source]]
name = "feed{n}"
kind = "rss"
url = "FEED"
every = "1s"
family = "press"
allow_private = true
"""
    for n in range(6)
)


async def standing(here: House, name: str) -> cursors.Standing:
    return (await here.service.db.read(lambda c: cursors.get(c, name)))[1]


async def test_unchanged_polls_of_many_sources_share_a_commit(tmp_path: Path) -> None:
    async with house(tmp_path, MANY) as here:
        here.feed.up = True
        await here.to("5s")
        asked, commits = len(here.feed.received), here.service.db.commits
        await here.to("20s")
        asked, commits = len(here.feed.received) - asked, here.service.db.commits - commits
        assert asked >= 85 and commits < asked / 5
        stood = await standing(here, "feed3")
        assert stood.last_try is not None and here.clock.now() - stood.last_try <= 10


async def test_their_time_is_covered_without_a_gap_to_the_page_that_follows(tmp_path: Path) -> None:
    async with house(tmp_path, FEED) as here:
        here.feed.up = True
        await here.to("1h")
        here.show(here.many(61, 3, 1))
        await here.to("2h")
        (span,) = await coverage(here, "feed")
        assert span[0] <= 5 and span[1] >= 115


async def test_what_was_gathered_is_kept_at_the_end(tmp_path: Path) -> None:
    async with house(tmp_path, MANY) as here:
        here.feed.up = True
        await here.to("8s")
        before = here.service.poll.standing["feed3"]
        await here.restart()
        assert here.service.poll.standing["feed3"].last_good >= (before.last_good or 0.0)  # type: ignore[operator]


async def test_a_pause_between_two_commits_is_not_overwritten(tmp_path: Path) -> None:
    async with house(tmp_path, MANY) as here:
        here.feed.up = True
        await here.to("7s")
        assert (await here.post("/api/v1/sources/feed3/pause", PAUSE)).status == 200
        await here.to("14s")
        assert (await standing(here, "feed3")).pause is not None
        (await here.post("/api/v1/sources/feed3/resume", {}))
        await here.to("20s")
        stood = await standing(here, "feed3")
        assert stood.pause is None and not stood.begins
        found = await here.service.db.read(lambda c: cursors.covered(c, 0, here.clock.now()))
        before, after = found["feed3"]
        assert before[1] <= here.at("7s") and after[0] >= here.at("14s"), "the time of the pause is covered by nobody"


async def test_a_failure_after_quiet_polls_is_counted_and_ends_with_the_next_answer(tmp_path: Path) -> None:
    async with house(tmp_path, FEED.replace('"5m"', '"2s"', 1)) as here:
        here.feed.up = True
        await here.to("62s")
        here.feed.up = False
        await here.to("5m")
        assert [f.kind for f in await here.found()] == ["source-failing"]
        here.feed.up = True
        await here.to("10m")
        assert await here.found() == [] and (await standing(here, "feed")).failures == 0
