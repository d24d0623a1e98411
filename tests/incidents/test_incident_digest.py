from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from incident_world import BLUE, CALM, HOUR, RED, T0, YELLOW, World, alert, context, hush, rule

from monitor.incidents.digest import DigestSettings, compose, next_due
from monitor.incidents.workdays import calendar_of

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
DAILY = DigestSettings(name="morning", to=("chen",))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def test_it_comes_on_working_days_make_up_days_too() -> None:
    china = calendar_of("CN")
    assert next_due(DAILY, at("2026-10-09 08:30"), SHANGHAI, china) == at("2026-10-10 08:30")
    assert next_due(DAILY, at("2026-09-30 09:00"), SHANGHAI, china) == at("2026-10-08 08:30")
    every = DigestSettings(name="m", to=(), days="all", at="02:30")
    assert next_due(every, at("2026-03-28 12:00", BERLIN), BERLIN, china) == at("2026-03-29 03:30", BERLIN)


def test_it_tells_the_quiet_tiers_by_what_became_of_them() -> None:
    more = {name: rule(name, risk=name) for name in ("old", "over", "loud", "hid")}
    world = World(context(rules={**context().rules, **more}))
    world.silence(hush(YELLOW, until=T0 + 90 * HOUR, risk="hid"))
    world.judge(alert("old", BLUE), alert("over", YELLOW), alert("loud", RED), alert("hid", YELLOW))
    world.now = since = T0 + HOUR
    world.wait(60)
    world.judge(alert("surge", YELLOW), alert("over", CALM))
    world.wait(2 * HOUR)
    told = compose(DAILY, world.incidents.values(), (), since, world.now)
    assert [[i.risk for i in part] for part in (told.opened, told.still_open, told.ended, told.hidden)] == [
        ["mass-complaints"], ["old"], ["over"], ["hid"],
    ]  # fmt: skip
    assert not told.empty
    assert compose(DAILY, (), (), since, world.now).empty
