"""Whatever the order of complaints, acts, waits and restarts: what is owed was delivered, once, or is visibly over."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.model import Tier
from monitor.store import timers
from monitor.web.acts import Acknowledge, ActFault, Cancel, Lower, PassOn, Raise, Resolve, Undo
from monitor.web.review_acts import NewAction, Note
from monitor.web.statement_acts import Approve, Confirm, Edit, Publish, Verify, Write
from tests.daemon.night import Night, night
from tests.daemon.test_daemon_nights import CHAIN

pytestmark = pytest.mark.anyio
ACTS = (
    Acknowledge(),
    PassOn(),
    Undo(),
    Cancel("none"),
    Resolve("over"),
    Raise(Tier.RED, "worse"),
    Lower(Tier.YELLOW, "less"),
    Lower(None, "the rules"),
)


async def stir(here: Night, dice: random.Random, minute: int) -> int:
    """One thing that may happen; returns the minute afterwards."""
    match dice.randrange(7):
        case 0:
            await here.burn(dice.choice((2, 5, 10)), dice.choice("AB"))
        case 1 | 2:
            with suppress(ActFault):
                await here.act(dice.choice(PEOPLE), dice.choice(ACTS), dice.choice(NUMBERS))
        case 3:
            minute += dice.choice((1, 4, 12, 40))
            await here.to(f"{minute}m")
        case 4:
            minute += dice.choice((1, 6, 25))
            await here.restart(f"{minute}m")
        case 5:
            with suppress(ActFault):
                await publish(here, dice)
        case 6:
            with suppress(ActFault):
                await look_back(here, dice.choice(NUMBERS))
    return minute


async def publish(here: Night, dice: random.Random) -> None:
    """The words for the outside go some way; each step by the first who may."""
    number, words = dice.choice(NUMBERS), here.service.publishing
    if not await words.of(number) or dice.random() < 0.2:
        await words.write("li", number, Write(audience="press", text="我们正在核查。"), here.clock.now())
    newest = (await words.of(number))[-1].statement.id
    for step in STEPS[: dice.randrange(1, len(STEPS) + 1)]:
        for actor in dice.sample(PEOPLE, len(PEOPLE)):
            with suppress(ActFault):
                await words.act(actor, newest, step, here.clock.now())
                break
    await here.settle()


async def look_back(here: Night, number: str) -> None:
    """Somebody notes something about what is over, and an action that will be late."""
    now = here.clock.now()
    late = NewAction(text="test", owner="li", due_at=now + 300)
    for act in (Note("why", "no test > no time"), late):
        await here.service.reviewing.act("chen", number, act, now)
    await here.settle()


PEOPLE = ("li", "wang", "chen")
STEPS = (
    Confirm("tickets", "helpdesk"),
    Confirm("own records", "lab"),
    Verify(),
    Approve(),
    Publish("https://example.com/news/1"),
    Edit("我们正在核查，18:00 前公布进展。"),
)
WORDS = """
[[team]]
name = "words"
roles = { product = ["wang", "chen"], legal = ["chen", "li"], spokesperson = ["wang", "li"] }
"""
NUMBERS = ("INC-2026-0001", "INC-2026-0002")


@pytest.mark.parametrize("seed", [1, 3, 6])
async def test_every_notice_owed_goes_out_once_or_is_visibly_over(tmp_path: Path, seed: int) -> None:
    dice, minute = random.Random(seed), 0
    async with night(tmp_path, CHAIN + WORDS) as here:
        await here.burn(10, "A")
        for _ in range(14):
            minute = await stir(here, dice, minute)
        await here.to(f"{minute + 90}m")
        await owed_is_told(here)
        said = "\n".join([line for number in NUMBERS for line in await here.timeline(number)])
        assert "statement INC-" in said, "words for the outside took part"
        with suppress(ActFault):
            await here.act("li", Resolve("over"))
        await look_back(here, "INC-2026-0001")
        await here.restart(f"{minute + 110}m")
        await here.to(f"{minute + 150}m")
        await owed_is_told(here)
        assert any("action a1 is overdue" in line for line in await here.timeline()), "so did the look back"


async def owed_is_told(here: Night) -> None:
    """What was owed was sent once, or is visibly over; nothing due waits; somebody answered, or nobody is left."""
    made = await here.deliveries()
    assert {d.state for d in made} <= {"sent", "superseded"}
    assert len({(d.incident, d.notice, d.person) for d in made}) == len(made)
    assert len(here.mail.received) == sum(d.state == "sent" for d in made)
    assert await here.service.db.read(lambda c: timers.due(c, here.clock.now())) == []
    for number in NUMBERS[: len({d.incident for d in made})]:
        incident = await here.incident(number)
        assert incident.notices == max(d.notice for d in made if d.incident == number)
        answered = incident.acknowledged_by is not None or incident.state != "open" or incident.tier == Tier.CALM
        lines = await here.timeline(number)
        assert answered or any("nobody is left" in line for line in lines) or incident.tier < Tier.ORANGE
