"""A drill over the real service: it goes the real way under its mark, tells its own people, and leaves no trace."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from monitor.store import incidents
from monitor.web.acts import Acknowledge, Conflict, Unknown
from tests.daemon.night import night
from tests.daemon.test_daemon_nights import CHAIN

pytestmark = pytest.mark.anyio
DRILLS = '[incident]\ndrill_to = ["wang", "chen"]\n'
SCENARIO = """
id = "fire"
playbook = "product-safety"
lasts = "2h"
title = { zh = "充电宝起火", en = "Power bank on fire" }
[[inject]]
after = "1m"
kind = "mentions"
source = "desk"
over = "5m"
count = 10
texts = ["充电宝起火了，床单烧着"]
labels = { product = "X1" }
[[inject]]
after = "10m"
kind = "note"
note = { zh = "一位记者来电，问是否召回", en = "A journalist rings: will you recall?" }
[[objective]]
kind = "detected"
tier = "red"
within = "10m"
[[objective]]
kind = "acked"
within = "12m"
[[objective]]
kind = "escalated"
within = "20m"
"""
ROOT = Path(__file__).resolve().parents[2]
COUNTS = ("mentions", "samples", "buckets", "marks", "series", "selections")


def scenario(folder: Path) -> str:
    (folder / "playbooks" / "product-safety").mkdir(parents=True)
    (folder / "playbooks" / "product-safety" / "drill.toml").write_text(SCENARIO, encoding="utf-8")
    return DRILLS + CHAIN


def counts(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that baselines rest on, byte for byte."""
    with sqlite3.connect(folder / "state" / "crisis-monitor.db") as db:
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in COUNTS}


async def test_a_drill_tells_its_own_people_under_its_mark_and_baselines_know_nothing_of_it(tmp_path: Path) -> None:
    async with night(tmp_path, scenario(tmp_path)) as here:
        await here.burn(1)
        before = counts(tmp_path)
        drill = await here.service.practice.start("li", "fire", here.clock.now())
        assert drill.id == "D-0001"
        await here.to("30m")
        assert {who for _, who, _ in await here.sent()} == {"wang", "chen"}
        assert not here.letters("li@example.com")
        assert [what for _, _, what in await here.sent()][:2] == ["NEW", "NEW"]
        for letter in here.mail.received:
            assert letter["subject"].startswith(("[演练]", "[DRILL]"))
            assert "演练" in letter.get_body(("plain",)).get_content() or "DRILL" in letter.as_string()  # type: ignore[union-attr]
        incident = await here.incident()
        assert incident.drill and incident.peak.word == "red"
        await here.act("wang", Acknowledge())
        await here.service.practice.stop("li", here.clock.now())
        await here.settle()
        assert (await here.incident()).state == "resolved"
        await here.to("40m")
        assert counts(tmp_path) == before
        assert all(alert.tier == 0 for alert in here.service.judge.standing())


async def test_the_scorecard_tells_what_was_reached_when_and_who_was_not(tmp_path: Path) -> None:
    async with night(tmp_path, scenario(tmp_path)) as here:
        await here.service.practice.start("li", "fire", here.clock.now())
        await here.to("8m")
        await here.act("wang", Acknowledge())
        await here.to("25m")
        card = await here.service.practice.report("D-0001")
        assert [mark.met for mark in card.marks] == [True, True, False]
        assert card.marks[1].seconds == pytest.approx(480, abs=1)
        assert set(card.reached) == {"wang", "chen"} and card.not_reached == ()
        said = [line for line in await here.timeline() if "journalist" in line or "记者" in line]
        assert said and said[0].startswith("03:00")


async def test_a_real_alarm_in_a_drill_keeps_its_own_path_unmarked(tmp_path: Path) -> None:
    async with night(tmp_path, scenario(tmp_path)) as here:
        await here.service.practice.start("li", "fire", here.clock.now())
        await here.to("4m")
        await here.burn(10, "X1")
        await here.to("7m")
        real = [i for n in (1, 2) if not (i := await here.incident(f"INC-2026-000{n}")).drill]
        assert len(real) == 1 and real[0].tier.word == "red"
        mine = here.letters("li@example.com")
        assert mine and not any("演练" in m["subject"] for m in mine)
        assert {d.person for d in await here.deliveries() if d.incident == real[0].number} == {"li"}


async def test_a_restart_in_a_drill_takes_it_up_where_it_is(tmp_path: Path) -> None:
    async with night(tmp_path, scenario(tmp_path)) as here:
        await here.service.practice.start("li", "fire", here.clock.now())
        await here.to("7m")
        told = await here.sent()
        await here.restart("9m")
        await here.to("20m")
        after = await here.sent()
        assert after[: len(told)] == told
        assert [what for _, _, what in after].count("NEW") == 2  # one to each of two, not again
        assert (await here.incident()).tier.word == "red"
        await here.to("2h1m")
        assert (await here.service.practice.book()).running is None
        assert (await here.incident()).state == "resolved"


async def test_one_at_a_time_and_somebody_to_tell(tmp_path: Path) -> None:
    async with night(tmp_path, scenario(tmp_path).replace(DRILLS, "")) as here:
        now = here.clock.now()
        with pytest.raises(Conflict, match="drill_nobody"):
            await here.service.practice.start("li", "fire", now)
        with pytest.raises(Unknown, match="no_scenario"):
            await here.service.practice.start("li", "flood", now)
        await here.service.practice.start("li", "fire", now, everybody=True)
        with pytest.raises(Conflict, match="drill_running"):
            await here.service.practice.start("li", "fire", now, everybody=True)
        await here.to("10m")
        assert ("li", "NEW") in {(who, what) for _, who, what in await here.sent()}


async def test_a_scheduled_drill_begins_by_itself_within_its_hours(tmp_path: Path) -> None:
    config = scenario(tmp_path) + '[[drill]]\nscenario = "fire"\nevery = "30d"\nhours = "03:30-18:00"\n'
    async with night(tmp_path, config) as here:
        await here.to("35m")
        assert (await here.service.practice.book()).running is None
        await here.to("46m")
        running = (await here.service.practice.book()).running
        assert running is not None and running.started_by == "schedule"


@pytest.mark.parametrize(
    ("id", "by_rules"), [("product-safety", True), ("regulatory-action", True), ("general", False)]
)
async def test_shipped_scenarios_reach_orange_on_the_shipped_rules(tmp_path: Path, id: str, by_rules: bool) -> None:
    base = (ROOT / "rules.toml").read_text(encoding="utf-8")
    base = base.replace("[incident]\n", '[incident]\ndrill_to = ["li-na"]\n')
    async with night(tmp_path, "", base=base) as here:
        await here.service.practice.start("li-na", id, here.clock.now())
        await here.to("29m")
        standing = await here.service.db.read(incidents.open)  # a busy machine may bring a finding of the monitor's own
        incident = next(i for i in standing if i.drill)
        assert incident.peak.word in ("orange", "red") and incident.risk == id
        assert (incident.person_tier is None) == by_rules
        card = await here.service.practice.report("D-0001")
        assert card.marks[0].met and card.reached == ("li-na",)
