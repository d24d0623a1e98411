"""A channel that asks for a pause gets it, for all its deliveries; a clock that is set does not lengthen it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from monitor.channels import Channel, Retry, Throttled
from monitor.daemon.clock import SteppedClock
from monitor.daemon.deliver import LONGEST_HOLD, Deliver
from monitor.http import Http
from monitor.metrics import Metrics
from monitor.model import Receipt, Target, Tier
from monitor.store import outbox
from monitor.store.database import Database, Priority
from tests.store.store_world import owed, recipient

pytestmark = pytest.mark.anyio


class Robot(Channel, frozen=True, kw_only=True, tag="robot", tag_field="kind"):
    """Says what it is told to say; notes when it was asked."""

    answers: list[Exception | None]
    asked: list[float]
    rate: ClassVar[tuple[int, float] | None] = None

    async def send(self, notice: Any, target: Target, http: Http, now: float) -> Receipt:
        self.asked.append(now)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        return Receipt(answer="ok")


class Limited(Robot, frozen=True, kw_only=True, tag="limited", tag_field="kind"):
    """Takes two a minute."""

    rate: ClassVar[tuple[int, float] | None] = (2, 60.0)


class Office:
    """A deliver loop over a real store, on a stepped clock."""

    def __init__(self, db: Database, robot: Robot) -> None:
        self.db, self.clock, self.robot = db, SteppedClock(1000.0, 1), robot
        desk = SimpleNamespace(
            channels={"robot": robot},
            target=lambda channel, delivery, incident: Target(channel=channel.name),
            render=lambda *given: (None, None),
        )
        self.deliver = Deliver(db, lambda: desk, Http(), self.clock, Metrics())  # type: ignore[arg-type,return-value]
        self.loop = asyncio.ensure_future(self.deliver.run())

    async def owe(self, seq: int, tier: Tier = Tier.ORANGE) -> None:
        to = owed(recipient("", "robot"), seq=seq, tier=tier)
        self.deliver.handed(await self.db.write(lambda c: outbox.owe(c, to, self.clock.now()), Priority.JUDGE))
        await self.clock.settle()

    async def states(self) -> list[str]:
        return [d.state for d in reversed(await self.db.read(outbox.recent))]


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database("sqlite", tmp_path)
    made.open()
    made.start()
    yield made
    await made.close()


async def office(db: Database, kind: type[Robot] = Robot, *answers: Exception | None) -> Office:
    made = Office(db, kind(name="robot", answers=list(answers), asked=[]))
    await made.clock.settle()
    return made


async def test_a_pause_asked_for_holds_for_every_delivery_of_the_channel(db: Database) -> None:
    here = await office(db, Robot, Throttled("too many", after=120))
    await here.owe(1)
    await here.owe(2)
    await here.owe(3, Tier.RED)
    assert here.robot.asked == [1000.0]
    await here.clock.move(1119.0)
    assert here.robot.asked == [1000.0]
    await here.clock.move(1121.0)
    assert len(here.robot.asked) == 4
    assert await here.states() == ["sent"] * 3
    here.loop.cancel()


async def test_no_pause_is_longer_than_people_can_wait(db: Database) -> None:
    here = await office(db, Robot, Throttled("come back next week", after=7 * 86400))
    await here.owe(1)
    await here.owe(2)
    await here.clock.move(1000 + LONGEST_HOLD + 1)
    assert (await here.states())[1] == "sent"
    here.loop.cancel()


async def test_a_retry_without_a_limit_holds_nobody_else(db: Database) -> None:
    here = await office(db, Robot, Retry("502", after=120))
    await here.owe(1)
    await here.owe(2)
    assert await here.states() == ["retrying", "sent"]
    here.loop.cancel()


async def test_a_wall_clock_set_back_does_not_lengthen_our_own_limit(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await office(db, Limited)
    steady = here.clock.steady
    await here.owe(1)
    await here.owe(2)
    monkeypatch.setattr(here.clock, "_now", here.clock.now() - 3600)
    monkeypatch.setattr(here.clock, "steady", lambda: steady() + 3600 + 61)
    await here.owe(3)
    assert len(here.robot.asked) == 3
    here.loop.cancel()
