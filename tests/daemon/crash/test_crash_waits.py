"""kill -9 in every wait for an answer, and a start ten minutes later: what the receivers' own log says of it.

The real process, on a clock that the test moves; each person has a door of their own in the world outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor_demo.play import Daemon, free_port
from monitor_demo.world import Rung, World

pytestmark = pytest.mark.slow
NIGHT = datetime(2026, 3, 14, 2, 50, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
MINUTE = 60.0
AWAY = 10 * MINUTE
PERSON = """
[[channel]]
name = "phone-{name}"
kind = "webhook"
url = "{world}/phone/{name}"
[[person]]
name = "{name}"
via = ["phone-{name}"]
"""
CONFIG = """
[settings]
timezone = "Asia/Shanghai"
language = "en"
[server]
listen = "{listen}"
public_url = "http://{listen}"
[[source]]
name = "heat"
kind = "push"
family = "kpi"
[[rule]]
name = "hot"
risk = "product-safety"
of = "value"
measure = "last"
window = "1d"
orange = {{ above = 50 }}
red = {{ above = 500 }}
[[escalation]]
name = "night"
repeat = 1
[[escalation.step]]
to = ["li"]
wait = "5m"
[[escalation.step]]
to = ["wang"]
wait = "7m"
[[escalation.step]]
to = ["chen"]
wait = "10m"
[[route]]
tier = ["orange", "red"]
to = ["li"]
escalation = "night"
"""
ROUND = (("li", 5), ("wang", 7), ("chen", 10))
"""Who is told, and after how many minutes without an answer the next is."""


class House:
    """The process, the world outside, and the hour."""

    def __init__(self, folder: Path, world: World) -> None:
        self.world, self.hour = world, NIGHT
        world.now = lambda: self.hour
        listen = f"127.0.0.1:{free_port()}"
        self.config, state = folder / "rules.toml", folder / "state"
        people = "".join(PERSON.format(name=name, world=world.url) for name, _ in ROUND)
        self.config.write_text(CONFIG.format(listen=listen) + people, encoding="utf-8")
        state.mkdir()
        self.daemon = Daemon(self.config, state, listen)
        self.daemon.start(self.hour)
        self.daemon.move(self.hour)

    def burn(self, value: float) -> None:
        """A number that alarms."""
        self.daemon.post("/api/v1/samples?source=heat", [{"series": "value", "at": self.hour, "value": value}])
        self.wait(1 / MINUTE)

    def wait(self, minutes: float) -> None:
        """Time passes, with a stop wherever anything is due."""
        goal = self.hour + minutes * MINUTE
        upcoming = self.daemon.move(self.hour)
        while self.hour < goal:
            self.hour = goal if upcoming is None else min(goal, max(upcoming, self.hour + 0.001))
            upcoming = self.daemon.move(self.hour)

    def killed(self) -> None:
        """kill -9 where it stands; started again ten minutes later."""
        self.daemon.kill()
        self.hour += AWAY
        self.daemon.start(self.hour)
        self.daemon.move(self.hour)

    def without(self, name: str) -> None:
        """Somebody is taken from the config, their phone stays where it is."""
        text = self.config.read_text(encoding="utf-8").replace(f'to = ["{name}"]', 'to = ["li"]')
        self.config.write_text(text.replace(f'[[person]]\nname = "{name}"\nvia = ["phone-{name}"]\n', ""), "utf-8")


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """A house that burns down with the test."""
    world = World(lambda: NIGHT)
    made = House(folder, world)
    try:
        yield made
    finally:
        made.daemon.kill()
        world.close()


Line = tuple[int, str, str, int]


def log(world: World) -> list[Line]:
    """What the phones took: minute of the night, whose phone, what, and how many minutes late it says that it is."""
    return [(round((r.at - NIGHT) / MINUTE), r.door.rpartition("/")[2], _what(r), _late(r)) for r in world.arrived()]


def _what(rung: Rung) -> str:
    return str(rung.body["data"]["transition"])


def _late(rung: Rung) -> int:
    found = re.findall(r"Seen (\d+) min(?: \d+ s)? late", "\n".join(rung.body["data"]["lines"]))
    assert len(found) <= 1
    return int(found[0]) if found else 0


def assert_once(world: World) -> None:
    keys = [r.key for r in world.rung]
    assert all(keys) and len(set(keys)) == len(keys)
    numbers = [r.body["data"]["notice"] for r in world.rung]
    assert numbers == sorted(set(numbers)), "each notice once, in order"


def test_killed_in_every_wait_each_step_comes_once_in_order_and_says_how_late(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        here.burn(100)
        wanted: list[Line] = [(0, "li", "NEW", 0)]
        minute, asked = 0, [*ROUND, *ROUND]
        for (_, wait), (following, _) in pairwise(asked):
            here.wait(2)
            assert log(here.world) == wanted, "nothing before its time"
            here.killed()
            minute += 12
            wanted.append((minute, following, "ESCALATED", 12 - wait))
            assert log(here.world) == wanted
        here.wait(2)
        here.killed()
        here.wait(60)
        assert log(here.world) == wanted, "nobody is left, so nobody is told again"
        assert_once(here.world)
        assert here.daemon.get("/api/v1/incidents/INC-2026-0001")["incident"]["notices"] == 6


def test_killed_while_somebody_leaves_the_config_and_the_tier_rises(tmp_path: Path) -> None:
    with house(tmp_path) as here:
        here.burn(100)
        here.wait(2)
        here.without("wang")
        here.killed()
        assert log(here.world) == [(0, "li", "NEW", 0), (12, "wang", "ESCALATED", 7)], "paged from the snapshot"
        here.wait(3)
        here.burn(1000)
        assert log(here.world)[2:] == [(15, "li", "RAISED", 0)], "a rise asks from the first again"
        here.wait(2)
        here.killed()
        assert log(here.world)[3:] == [(27, "wang", "ESCALATED", 7)]
        here.wait(2)
        here.killed()
        assert log(here.world)[4:] == [(39, "chen", "ESCALATED", 5)]
        here.wait(2)
        here.daemon.post("/api/v1/incidents/INC-2026-0001/ack", {})
        here.killed()
        here.wait(30)
        assert log(here.world)[5:] == [], "who took it ends the asking, killed or not"
        assert_once(here.world)
