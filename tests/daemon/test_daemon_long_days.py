"""The days of 23 and of 25 hours: each poll in its turn, each timer after its span, each letter once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.daemon.house import PLAYBOOKS, House, house

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BERLIN = ZoneInfo("Europe/Berlin")
BASE = """
[settings]
timezone = "Europe/Berlin"
language = "en"
playbooks = "{playbooks}"
[server]
public_url = "https://warn.example.com"
"""
CONFIG = """
[[source]]
name = "feed"
kind = "rss"
url = "FEED"
every = "30m"
allow_private = true
[[source]]
name = "desk"
kind = "push"
[[rule]]
name = "hot"
risk = "mass-complaints"
of = "value"
measure = "last"
window = "4d"
every = "30m"
by = ["shop"]
yellow = { above = 50 }
[[channel]]
name = "hook"
kind = "webhook"
url = "HOOK"
[[person]]
name = "zhang"
via = ["hook"]
[[person]]
name = "li"
via = ["hook"]
[[team]]
name = "crisis"
roles = { leader = ["zhang", "li"] }
[[route]]
to = ["crisis/leader"]
ack_within = "3h"
[[digest]]
name = "morning"
to = ["channel:hook"]
at = "02:30"
days = "all"
"""


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


async def value(here: House, shop: str) -> None:
    made = {"series": "value", "at": here.clock.now(), "value": 99, "labels": {"shop": shop}}
    assert (await here.push("desk", [made], "samples")).status == 200


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)], ids=["23 hours", "25 hours"])
async def test_polls_timers_and_letters_over_a_day_that_is_not_24_hours(day: str, hours: int, tmp_path: Path) -> None:
    midnight = at(f"{day} 00:00")
    async with house(tmp_path, CONFIG, BASE.replace("{playbooks}", str(PLAYBOOKS)), start=midnight - 3600) as here:
        here.feed.up = True
        await value(here, "north")  # 23:00, so that an answer is owed at two o'clock, in the night's odd hour
        await here._move(midnight)
        polled = len(here.feed.received)
        await here._move(midnight + 1800)
        await value(here, "south")
        await here._move(midnight + hours * 3600)
        assert datetime.fromtimestamp(here.clock.now(), BERLIN).strftime("%H:%M") == "00:00"
        assert len(here.feed.received) - polled == 2 * hours
        told = [(note.transition, note.at - midnight) for note in await here.told() if note.digest is None]
        spans = {kind: sorted(round(when / 1800) / 2 for k, when in told if k == kind) for kind in ("NEW", "ESCALATED")}
        assert spans == {"NEW": [-1.0, 0.5], "ESCALATED": [2.0, 3.5]}
        letters = [r for r in here.hook.received if r.json["data"]["incident"] == "digest:morning"]
        assert len(letters) == 1
