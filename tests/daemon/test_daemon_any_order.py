"""Whatever the order of complaints, acts, waits and restarts: what is owed was delivered, once, or is visibly over."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.model import Tier
from monitor.web.acts import Acknowledge, ActFault, Cancel, Lower, PassOn, Raise, Undo
from tests.daemon.night import Night, night
from tests.daemon.test_daemon_nights import CHAIN

pytestmark = pytest.mark.anyio
ACTS = (
    Acknowledge(),
    PassOn(),
    Undo(),
    Cancel("none"),
    Raise(Tier.RED, "worse"),
    Lower(Tier.YELLOW, "less"),
    Lower(None, "the rules"),
)


async def stir(here: Night, dice: random.Random, minute: int) -> int:
    """One thing that may happen; returns the minute afterwards."""
    match dice.randrange(5):
        case 0:
            await here.burn(dice.choice((2, 5, 10)), dice.choice("AB"))
        case 1 | 2:
            with suppress(ActFault):
                await here.act(dice.choice(("li", "wang", "chen")), dice.choice(ACTS), dice.choice(NUMBERS))
        case 3:
            minute += dice.choice((1, 4, 12, 40))
            await here.to(f"{minute}m")
        case 4:
            minute += dice.choice((1, 6, 25))
            await here.restart(f"{minute}m")
    return minute


NUMBERS = ("INC-2026-0001", "INC-2026-0002")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_notice_owed_goes_out_once_or_is_visibly_over(tmp_path: Path, seed: int) -> None:
    dice, minute = random.Random(seed), 0
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10, "A")
        for _ in range(14):
            minute = await stir(here, dice, minute)
        await here.to(f"{minute + 90}m")
        made = await here.deliveries()
        assert {d.state for d in made} <= {"sent", "superseded"}
        assert len({(d.incident, d.notice, d.person) for d in made}) == len(made)
        assert len(here.mail.received) == sum(d.state == "sent" for d in made)
        for number in NUMBERS[: len({d.incident for d in made})]:
            incident = await here.incident(number)
            assert incident.notices == max(d.notice for d in made if d.incident == number)
            answered = incident.acknowledged_by is not None or incident.state != "open" or incident.tier == Tier.CALM
            lines = await here.timeline(number)
            assert answered or any("nobody is left" in line for line in lines) or incident.tier < Tier.ORANGE
