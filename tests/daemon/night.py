"""A night over the real service: real store, web and mail server, restarts, a clock that only the test moves."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.config.load import load
from monitor.daemon.clock import SteppedClock
from monitor.daemon.service import LOOPS, Service, take_state
from monitor.http import Answer, Http
from monitor.incidents.timeline import write
from monitor.model import Delivery, Incident, Mention, Timer
from monitor.sources.records import Records
from monitor.store import incidents, outbox, timers
from monitor.times import local
from monitor.web.acts import Act
from tests.channels.fake_mail import FakeMail, free_port
from tests.daemon.house import span

SATURDAY = datetime(2026, 3, 14, 2, 50, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
BASE = """
[settings]
organisation = "示例公司"
timezone = "Asia/Shanghai"
[server]
public_url = "https://warn.example.com"
[[source]]
name = "desk"
kind = "push"
family = "tickets"
[[topic]]
name = "fire"
query = "起火"
[[rule]]
name = "burning"
risk = "product-safety"
where = { topic = ["fire"] }
window = "1h"
by = ["product"]
yellow = { above = 1 }
orange = { above = 4 }
red = { above = 9 }
leave = { below = 0.8, dwell = "5m" }
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = MAILPORT
security = "none"
from = "warn@example.com"
[[person]]
name = "li"
display = "李娜"
email = "li@example.com"
[[person]]
name = "wang"
display = "王芳"
email = "wang@example.com"
[[person]]
name = "chen"
display = "Chen Jie"
language = "en"
email = "chen@example.com"
[[team]]
name = "crisis"
roles = { leader = ["li", "wang"], sponsor = ["chen"] }
"""


class Night:
    """One service after another over one state; times are spans from the start."""

    def __init__(self, folder: Path, config: str, mail: FakeMail, start: float, base: str = BASE) -> None:
        self.folder, self.mail, self.start = folder, mail, start
        self.path = folder / "rules.toml"
        self.path.write_text((base + config).replace("MAILPORT", str(mail.port)), encoding="utf-8")
        self._n = 0

    async def open(self, at: float) -> None:
        """Starts a service at an instant."""
        self._lock = take_state(self.folder / "state")
        self.clock = SteppedClock(at, LOOPS)
        self.listen = f"127.0.0.1:{free_port()}"
        state = self.folder / "state"
        self.service = Service(load(self.path, state=state), self.path, state, self.clock, listen=self.listen)
        await self.service.start()
        await self.clock.settle()

    async def close(self) -> None:
        """Ends it."""
        await self.service.close()
        os.close(self._lock)

    async def restart(self, when: str) -> None:
        """Ends it where it stands and starts another at a later time."""
        await self.close()
        await self.open(self.start + span(when))

    async def to(self, when: str) -> None:
        """Moves there, stopping wherever anything waits."""
        goal = self.start + span(when)
        while self.clock.now() < goal:
            upcoming = await self.clock.settle()
            await self.clock.move(goal if upcoming is None else min(goal, max(upcoming, self.clock.now() + 0.001)))
        await self.clock.settle()

    async def burn(self, count: int, product: str = "X1", source: str = "desk", text: str = "充电宝起火") -> None:
        """So many complaints at this instant."""
        now = self.clock.now()
        self._n += count
        said = [
            Mention(id=f"{self._n - i}", text=f"{text} {self._n - i}", seen_at=now, published_at=now - 1,
                    source=source, labels={"product": product})
            for i in range(count)
        ]  # fmt: skip
        await self.service.acts.ingest(source, Records(mentions=said, samples=[], faults=[]), now)
        await self.settle()
        await self.clock.move(now + 0.1)  # those that come together are judged together

    async def act(self, actor: str, act: Act, number: str = "INC-2026-0001") -> Incident:
        """Somebody does something."""
        done = await self.service.acts.act(actor, number, act, self.clock.now())
        await self.settle()
        return done.incident

    async def settle(self) -> None:
        """Until all that is to be done now is done."""
        await asyncio.sleep(0.02)
        await self.clock.settle()

    async def request(self, path: str, body: str = "", method: str = "POST", kind: str = "application/json") -> Answer:
        """Asks the web."""
        async with Http() as http:
            answer = await http.request(
                method, f"http://{self.listen}{path}", headers={"content-type": kind}, body=body.encode()
            )
        await self.settle()
        return answer

    async def incident(self, number: str = "INC-2026-0001") -> Incident:
        """As it stands."""
        found = await self.service.db.read(lambda c: incidents.get(c, number))
        assert found is not None
        return found

    async def sent(self) -> list[tuple[str, str, str]]:
        """What went out: (clock, to whom, what), in order."""
        rows = await self.service.db.read(_rows)
        zone = ZoneInfo("Asia/Shanghai")
        done = sorted((d for d in rows if d[0].sent_at is not None), key=lambda d: (d[0].sent_at or 0, d[0].id))
        return [(f"{local(d.sent_at or 0, zone):%H:%M}", d.person or d.channel, kind) for d, kind in done]

    async def deliveries(self) -> list[Delivery]:
        """All, the oldest first."""
        return [d for d, _ in await self.service.db.read(_rows)]

    async def waiting(self) -> list[Timer]:
        """Timers that wait."""
        found = await self.service.db.read(lambda c: timers.of_incident(c, "INC-2026-0001"))
        return [t for t in found if t.state == "waiting"]

    async def timeline(self, number: str = "INC-2026-0001", language: str = "en") -> list[str]:
        """The incident's lines as people read them."""
        zone = ZoneInfo("Asia/Shanghai")
        rows = await self.service.db.read(lambda c: incidents.timeline(c, number))
        return [f"{local(r.entry.at, zone):%H:%M} {r.entry.actor}: {write(r.entry, language, zone)}" for r in rows]

    def letters(self, person: str) -> list[EmailMessage]:
        """What a person found in the mail."""
        return [m for m in self.mail.received if person in str(m["to"])]


def link(mail: EmailMessage) -> str:
    """The path of the ack link in a mail."""
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"https://warn\.example\.com(/a/[\w.=-]+)", text)
    assert found, text
    return found[1]


def _rows(connection: object) -> list[tuple[Delivery, str]]:
    ids = sorted(d.id for d in outbox.recent(connection, 500))  # type: ignore[arg-type]
    return [(d, note.transition) for d, note in outbox.get(connection, ids)]  # type: ignore[arg-type]


@asynccontextmanager
async def night(folder: Path, config: str, start: float = SATURDAY, base: str = BASE) -> AsyncIterator[Night]:
    """A night that begins at an instant."""
    with ExitStack() as stack:
        here = Night(folder, config, stack.enter_context(FakeMail()), start, base)
        await here.open(start)
        try:
            yield here
        finally:
            await here.close()
