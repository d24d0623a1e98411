"""The whole service in this process: real store, real web, a feed on loopback, and a clock that only the test moves."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from monitor.config.load import load
from monitor.daemon.clock import SteppedClock
from monitor.daemon.desk import compile_desk
from monitor.daemon.service import LOOPS, Service, take_state
from monitor.http import Answer, Http
from monitor.model import Facts, Finding, Tier
from monitor.store import findings, outbox
from monitor.times import duration
from tests.channels.fake_mail import free_port
from tests.channels.fakes import Fake, FakeWebhook, Received, Reply

START = 1773018000.0
"""2026-03-09 09:00 in Shanghai."""
STUCK = 60.0
"""Seconds after which a service that does not come to rest has failed the test."""
PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
BASE = """
[settings]
timezone = "Asia/Shanghai"
playbooks = "{playbooks}"
[server]
public_url = "https://warn.example.com"
[incident]
calm_for = "1h"
"""


def span(text: str) -> float:
    """Seconds of "2h", "-3d"."""
    return -duration(text[1:]) if text.startswith("-") else duration(text)


class Feed(Fake):
    """A JSON Feed of what was published until now, the newest `page` of it; it answers 500 until it is `up`."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.items: list[tuple[float, dict[str, Any]]] = []
        self.up = False
        self.page = 1000

    def judge(self, request: Received) -> Reply:
        if not self.up:
            return Reply(500, "down")
        shown = sorted((item for item in self.items if item[0] <= self.now), key=lambda item: -item[0])
        items = [entry for _, entry in shown[: self.page]]
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "feed", "items": items}
        return Reply(body=feed, headers={"content-type": "application/feed+json"})


class House:
    """A running service. Times are seconds or spans from the start: `to("2h")`."""

    def __init__(self, service: Service, clock: SteppedClock, feed: Feed, hook: FakeWebhook, listen: str) -> None:
        self.service, self.clock, self.feed, self.hook = service, clock, feed, hook
        self.url = f"http://{listen}"
        self.folder = service.path.parent
        self.tiers: dict[str, list[tuple[float, str]]] = {}
        self._n = 0
        self._listen = listen

    async def restart(self) -> None:
        """Ends the service, and starts another over the same folder at the same instant."""
        await self.service.close()
        self.clock = SteppedClock(self.clock.now(), LOOPS)
        self.service = await _started(self.folder, self.clock, self._listen)
        await self.settle()

    def at(self, when: str) -> float:
        """An instant."""
        return START + span(when)

    def said(self, when: float, text: str = "起火") -> dict[str, Any]:
        """A record with an id of its own, published so many minutes after the start."""
        self._n += 1
        return {"id": f"e{self._n}", "text": f"{text} {self._n}", "published_at": iso(START + 60 * when)}

    def many(self, first: float, count: int, every: float, text: str = "起火") -> list[dict[str, Any]]:
        """So many records, all in minutes."""
        return [self.said(first + i * every, text) for i in range(count)]

    def show(self, records: Iterable[dict[str, Any]], shown: str = "", *, dated: bool = True) -> None:
        """Puts records on the feed: from when they were published, or from an instant on."""
        for record in records:
            entry = {"id": record["id"], "content_text": record["text"]}
            if dated:
                entry["date_published"] = record["published_at"]
            at = self.at(shown) if shown else datetime.fromisoformat(record["published_at"]).timestamp()
            self.feed.items = [(t, e) for t, e in self.feed.items if e["id"] != entry["id"]] + [(at, entry)]

    async def to(self, when: str) -> None:
        """Moves the clock there, stopping wherever anything waits for an instant on the way."""
        await self._move(self.at(when))

    async def _move(self, goal: float) -> None:
        while self.clock.now() < goal:
            async with asyncio.timeout(STUCK):
                upcoming = await self.clock.settle()
            here = goal if upcoming is None else min(goal, max(upcoming, self.clock.now() + 0.001))
            self.feed.now = here
            await self.clock.move(here)
            self._look()
        await self.settle()

    async def settle(self) -> None:
        """Until all that is to be done at this instant is done."""
        async with asyncio.timeout(STUCK):
            await self.clock.settle()
        self._look()

    def _look(self) -> None:
        for rule in self.service.desk().rules:
            group = self.service.judge.alerts.get(rule, {})
            tier = max((a.tier for a in group.values()), default=Tier.CALM).word
            line = self.tiers.setdefault(rule, [])
            if not line or line[-1][1] != tier:
                line.append((self.clock.now() - START, tier))

    def line(self, rule: str) -> list[str]:
        """The tiers a rule went through."""
        return [tier for _, tier in self.tiers[rule]]

    def seen(self, rule: str) -> float | None:
        """The value a rule's series last had."""
        (alert,) = self.service.trails.alerts[rule]
        return alert.verdict.score.value if alert.verdict else None

    def notice(self, n: int) -> str:
        """The lines of the n-th notice that arrived."""
        return "\n".join(self.hook.received[n].json["data"]["lines"])

    def first(self, rule: str, tier: str) -> float:
        """Minutes from the start until a rule first stood at a tier."""
        return next(at for at, word in self.tiers[rule] if word == tier) / 60

    async def told(self) -> list[Facts]:
        """All notices, the oldest first."""
        rows = await self.service.db.read(lambda c: outbox.recent_notices(c, 100))
        return sorted((note for _, note in rows), key=lambda note: (note.at, note.notice))

    async def found(self) -> list[Finding]:
        """The findings that are open."""
        return await self.service.db.read(findings.open)

    async def push(self, source: str, records: Iterable[dict[str, Any]], kind: str = "mentions") -> Answer:
        """Pushes records over HTTP, and lets all come of it."""
        return await self.post(f"/api/v1/{kind}?source={source}", list(records))

    async def post(self, path: str, body: Any, method: str = "POST") -> Answer:
        """Asks the web; a second later everything has come of it."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        async with Http() as http:
            headers = {"content-type": "application/json"}
            answer = await http.request(method, self.url + path, headers=headers, body=data)
        await self._move(self.clock.now() + 1)
        return answer


def iso(at: float) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


@asynccontextmanager
async def house(folder: Path, config: str, base: str = BASE, start: float = START) -> AsyncIterator[House]:
    """A service of this config in a folder; `FEED` and `HOOK` in it become the doubles' addresses."""
    with ExitStack() as stack:
        quick = partial(compile_desk, tried=False)
        stack.enter_context(patch("monitor.daemon.service.compile_desk", quick))
        feed, hook = stack.enter_context(Feed()), stack.enter_context(FakeWebhook())
        path = folder / "rules.toml"
        listen = f"127.0.0.1:{free_port()}"
        text = (base.format(playbooks=PLAYBOOKS) + config).replace("FEED", feed.url).replace("HOOK", hook.url)
        path.write_text(text.replace("FOLDER", str(folder)), encoding="utf-8")
        lock = take_state(folder / "state")
        clock = SteppedClock(start, LOOPS)
        here = House(await _started(folder, clock, listen), clock, feed, hook, listen)
        try:
            await here.settle()
            yield here
        finally:
            await here.service.close()
            os.close(lock)


async def _started(folder: Path, clock: SteppedClock, listen: str) -> Service:
    path = folder / "rules.toml"
    service = Service(load(path), path, folder / "state", clock, listen=listen)
    await service.start()
    return service
