"""Nights from the first complaint to the end, over the real service and a real mail server."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.model import Tier
from monitor.store import findings
from monitor.web.acts import (
    Acknowledge,
    Cancel,
    Conflict,
    Link,
    Lower,
    Opening,
    Raise,
    Resolve,
    StartClock,
    SubmitClock,
    Undo,
    Unknown,
)
from tests.daemon.night import link, night

pytestmark = pytest.mark.anyio
CHAIN = """
[[escalation]]
name = "night"
[[escalation.step]]
to = ["crisis/leader"]
wait = "5m"
[[escalation.step]]
to = ["wang"]
wait = "10m"
[[escalation.step]]
to = ["crisis/sponsor"]
wait = "10m"
[[route]]
tier = ["orange", "red"]
escalation = "night"
[[route]]
to = ["li"]
"""


async def test_a_red_night_nobody_answers_then_the_deputy_does_and_the_sponsor_hears(tmp_path: Path) -> None:
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10)
        await here.to("4m")
        assert await here.sent() == [("02:50", "li", "NEW")]
        await here.to("16m")
        assert (await here.sent())[1:] == [("02:55", "wang", "ESCALATED"), ("03:05", "chen", "ESCALATED")]
        letter = here.letters("wang")[0]
        assert "🔴" in letter["subject"]
        page = await here.request(link(letter), method="GET")
        assert page.status == 200 and (await here.incident()).acknowledged_by is None
        pressed = await here.request(link(letter), "do=ack&comment=on+it", kind="application/x-www-form-urlencoded")
        assert pressed.status in (200, 303)
        assert (await here.incident()).acknowledged_by == "wang"
        fast = {s.person: (s.channel, s.asked, s.answered) for s in await here.service.reads.answers(here.start)}
        assert fast == {"chen": ("mail", 1, 0), "li": ("mail", 1, 0), "wang": ("mail", 1, 1)}
        await here.to("40m")
        assert len(await here.sent()) == 3
        assert [t.kind for t in await here.waiting()] == ["remind"]
        await here.act("wang", Resolve("recalled"))
        assert {(who, what) for _, who, what in (await here.sent())[3:]} == {
            (who, "RESOLVED") for who in ("li", "wang", "chen")
        }
        lines = await here.timeline()
        assert any("acknowledged at red" in line and " wang:" in line for line in lines)


async def test_nobody_at_all_is_a_finding(tmp_path: Path) -> None:
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10)
        await here.to("30m")
        assert "03:15 monitor: red: nobody is left to tell at step 3, still unanswered" in await here.timeline()
        assert "unanswered" in {f.kind for f in await here.service.db.read(findings.open)}


async def test_a_false_alarm_is_taken_back_and_everybody_told_hears_both(tmp_path: Path) -> None:
    async with night(tmp_path, CHAIN) as here:
        await here.burn(5)
        await here.to("16m")
        await here.act("wang", Cancel("a drill of the fire brigade"))
        assert (await here.incident()).state == "cancelled"
        told = [who for _, who, what in await here.sent() if what == "CANCELLED"]
        assert sorted(told) == sorted({who for _, who, what in await here.sent() if what != "CANCELLED"})
        incident = await here.act("wang", Undo())
        assert (incident.state, incident.tier) == ("open", Tier.ORANGE)
        assert (await here.sent())[-1][2] == "NEW"


async def test_lowered_and_raised_again_pages_again(tmp_path: Path) -> None:
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10)
        await here.act("li", Acknowledge())
        await here.act("li", Lower(Tier.YELLOW, "one shop only"))
        assert (await here.sent())[-1] == ("02:50", "li", "LOWERED")
        await here.to("10m")
        await here.act("wang", Raise(Tier.RED, "a second shop"))
        after = [(who, what) for at, who, what in await here.sent() if at == "03:00"]
        assert after == [("li", "RAISED")]
        assert (await here.incident()).acknowledged_by is None
        await here.to("16m")
        assert (await here.sent())[-1] == ("03:05", "wang", "ESCALATED")


@pytest.mark.parametrize("wait", [1, 2, 3])
async def test_a_restart_in_any_wait_fires_each_step_once_in_order_and_says_late(tmp_path: Path, wait: int) -> None:
    ends = {1: "2m", 2: "7m", 3: "17m"}
    later = {1: "12m", 2: "22m", 3: "40m"}
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10)
        await here.to(ends[wait])
        before = await here.sent()
        assert len(before) == wait
        await here.restart(later[wait])
        await here.to("60m")
        told = [(who, what) for _, who, what in await here.sent()]
        assert told == [("li", "NEW"), ("wang", "ESCALATED"), ("chen", "ESCALATED")]
        rows = await here.service.db.read(
            lambda c: __import__("monitor.store.outbox", fromlist=["x"]).notices_of(c, "INC-2026-0001")
        )
        late = [note.late_by for _, note in reversed(rows)][wait : wait + 1]
        assert all(seconds >= 300 for seconds in late)
        assert len([d for d in await here.deliveries() if d.state == "sent"]) == 3


async def test_somebody_taken_from_the_config_is_still_paged_by_the_snapshot(tmp_path: Path) -> None:
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10)
        text = here.path.read_text(encoding="utf-8")
        gone = '[[person]]\nname = "wang"\ndisplay = "王芳"\nemail = "wang@example.com"\n'
        text = (
            text.replace(gone, "")
            .replace('leader = ["li", "wang"]', 'leader = ["li"]')
            .replace('to = ["wang"]', 'to = ["li"]')
        )
        here.path.write_text(text, encoding="utf-8")
        await here.service.reload()
        assert "wang" not in here.service.desk().context.people
        await here.to("6m")
        assert (await here.sent())[-1] == ("02:55", "wang", "ESCALATED")
        assert here.letters("wang@example.com")


ROTA = """
[[rota]]
name = "duty"
people = ["li", "wang"]
starts = "2026-03-23"
days = 1
handover = "00:00"
timezone = "Europe/Berlin"
[[escalation]]
name = "duty"
repeat = 4
[[escalation.step]]
to = ["rota:duty"]
wait = "20m"
[[route]]
escalation = "duty"
"""


async def test_a_rota_hands_over_at_midnight_of_the_night_the_clocks_change(tmp_path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, 23, 10, tzinfo=berlin).timestamp()
    midnight = datetime(2026, 3, 29, 0, 0, tzinfo=berlin).timestamp()
    next_midnight = datetime(2026, 3, 30, 0, 0, tzinfo=berlin).timestamp()
    assert next_midnight - midnight == 23 * 3600
    async with night(tmp_path, ROTA, start) as here:
        await here.burn(10)
        await here.to("61m")
        told = [who for _, who, _ in await here.sent()]
        assert told == ["wang", "wang", "wang", "li"]  # 23:10, 23:30, 23:50, 00:10 in Berlin
        await here.act("li", Resolve("out"))
        await here.restart("23h20m")  # 23:30 on the short day
        await here.burn(10, "X2")
        await here.to("24h5m")
        assert [who for _, who, what in await here.sent() if what in ("NEW", "ESCALATED")][4:] == ["li", "li", "wang"]


QUIET = CHAIN.replace(
    "[[escalation]]",
    """
[[mute]]
name = "weekend"
hours = "Sat-Sun 00:00-24:00"
up_to = "yellow"
[[escalation]]""",
    1,
)


async def test_yellow_waits_for_the_end_of_a_mute_and_red_does_not(tmp_path: Path) -> None:
    async with night(tmp_path, QUIET) as here:
        await here.burn(2)
        await here.to("10m")
        assert await here.sent() == []
        await here.burn(8)
        assert [(who, what) for _, who, what in await here.sent()] == [("li", "NEW")]


async def test_orange_for_somebody_asleep_waits_and_is_one_message_in_the_morning(tmp_path: Path) -> None:
    config = CHAIN.replace('tier = ["orange", "red"]', 'tier = ["red"]')
    async with night(tmp_path, config) as here:
        text = here.path.read_text(encoding="utf-8")
        asleep = 'email = "li@example.com"\nquiet = "22:00-07:00"\nquiet_up_to = "orange"\n'
        here.path.write_text(text.replace('email = "li@example.com"\n', asleep), encoding="utf-8")
        await here.service.reload()
        for product in ("A", "B", "C"):
            await here.burn(5, product)
        await here.to("30m")
        assert await here.sent() == []
        await here.to("4h11m")
        assert [(at, who) for at, who, _ in await here.sent()] == [("07:00", "li")]
        (letter,) = here.letters("li@example.com")
        body = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "另有 2 条推迟的通知" in body and "INC-2026-0002" in body


async def test_a_storm_gives_nobody_more_than_they_can_read(tmp_path: Path) -> None:
    config = "[incident]\nstorm = { in_all = 3 }\n" + CHAIN
    async with night(tmp_path, config) as here:
        for n in range(8):
            await here.burn(5, f"P{n}")
        await here.to("4m")
        assert len(await here.sent()) == 3
        await here.burn(10, "P9")
        assert ("02:54", "li", "NEW") in await here.sent()  # red comes once whatever there was
        await here.to("62m")
        mine = [d for d in await here.deliveries() if d.person == "li"]
        assert sum(d.state == "sent" for d in mine) == 5
        assert all(d.answer.startswith("told with ") for d in mine if d.state == "superseded")


async def test_a_legal_clock_reminds_at_half_at_a_quarter_and_when_it_runs_out_over_a_restart(tmp_path: Path) -> None:
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10)
        await here.act("li", Acknowledge())
        incident = await here.act("li", StartClock("cn-cyber-operator", here.clock.now() - 600, comment="aware"))
        assert incident.clocks[0].due_at == here.clock.now() - 600 + 4 * 3600
        await here.act("li", Resolve("under control"))  # the law's time runs on
        with pytest.raises(Conflict):
            await here.act("li", StartClock("no-such-clock"))
        await here.to("1h51m")
        assert (await here.sent())[-1][2] == "UPDATE"
        assert any("half the time" in line for line in await here.timeline())
        await here.restart("3h")
        await here.to("4h")
        clock = [line for line in await here.timeline() if "legal clock" in line]
        assert ["half" in clock[1], "a quarter" in clock[2], "has run out" in clock[3]] == [True] * 3
        assert "clock-overdue" in {f.kind for f in await here.service.db.read(findings.open)}
        await here.act("li", SubmitClock("cn-cyber-operator"))
        assert "clock-overdue" not in {f.kind for f in await here.service.db.read(findings.open)}
        assert any("handed in" in line and "(late)" in line for line in await here.timeline())


async def test_only_incidents_that_exist_are_linked(tmp_path: Path) -> None:
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10)
        await here.burn(5, "X2")
        with pytest.raises(Unknown):
            await here.act("li", Link("INC-2026-0099"))
        incident = await here.act("li", Link("INC-2026-0002", "the same batch"))
        assert incident.linked == ("INC-2026-0002",) and (await here.incident("INC-2026-0002")).state == "open"


async def test_doubtful_red_waits_at_yellow_until_a_second_family_speaks(
    tmp_path: Path,
) -> None:
    config = CHAIN + '[[source]]\nname = "social"\nkind = "push"\nfamily = "social"\n'
    async with night(tmp_path, config) as here:
        text = here.path.read_text(encoding="utf-8")
        here.path.write_text(text.replace('window = "1h"\n', 'window = "1h"\ncertain_with = 2\n'), encoding="utf-8")
        await here.service.reload()
        await here.burn(10)
        incident = await here.incident()
        assert (incident.tier, incident.axes.extent, incident.axes.certainty) == (Tier.YELLOW, Tier.RED, -1)
        await here.burn(2, source="social")
        assert (await here.incident()).tier == Tier.YELLOW  # copied from there: no witness of its own
        await here.burn(2, source="social", text="楼下邻居的充电宝半夜起火，差点出大事")
        assert (await here.incident()).tier == Tier.RED


async def test_a_rota_past_its_end_is_a_finding_until_it_is_written_on(tmp_path: Path) -> None:
    config = ROTA.replace('starts = "2026-03-23"', 'starts = "2026-03-02"\nuntil = "2026-03-13"')
    async with night(tmp_path, config) as here:
        assert "rota-ended" not in {f.kind for f in await here.service.db.read(findings.open)}
        await here.to("8h")  # 10:50 in Shanghai, past midnight in Berlin
        assert ("rota-ended", "duty") in {(f.kind, f.subject) for f in await here.service.db.read(findings.open)}
        text = here.path.read_text(encoding="utf-8")
        here.path.write_text(text.replace('until = "2026-03-13"', 'until = "2026-12-31"'), encoding="utf-8")
        await here.service.reload()
        await here.to("8h10m")
        assert "rota-ended" not in {f.kind for f in await here.service.db.read(findings.open)}


async def test_incidents_that_begin_together_and_share_scope_are_offered_as_one(tmp_path: Path) -> None:
    async with night(tmp_path, CHAIN) as here:
        await here.burn(10)
        opening = Opening(risk="publicity", tier=Tier.ORANGE, scope={"product": "X1"}, comment="a video")
        await here.service.acts.open("li", opening, here.clock.now())
        offered = (await here.service.reads.overview(here.clock.now())).offers
        assert [offer.incidents for offer in offered] == [("INC-2026-0001", "INC-2026-0002")]
        for number in ("INC-2026-0001", "INC-2026-0002"):
            dossier = await here.service.reads.incident(number, here.clock.now())
            assert dossier is not None and dossier.offers == tuple(offered)
        await here.act("li", Link("INC-2026-0002", "the same batch"))
        assert (await here.service.reads.overview(here.clock.now())).offers == ()


async def test_the_quiet_tiers_come_in_one_letter_in_the_morning_once(tmp_path: Path) -> None:
    config = CHAIN + '[[digest]]\nname = "morning"\nto = ["crisis/sponsor"]\nat = "08:30"\ndays = "all"\n'
    async with night(tmp_path, config) as here:
        await here.burn(2, "A")
        await here.burn(3, "B")
        await here.burn(10, "C")
        await here.to("5h30m")
        assert not [m for m in here.letters("chen@") if "Digest" in m["subject"]]
        await here.restart("5h55m")
        await here.to("7h")
        (letter,) = [m for m in here.letters("chen@") if "Digest" in m["subject"]]
        body = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "INC-2026-0001" in body and "INC-2026-0002" in body and "INC-2026-0003" not in body
        assert "https://warn.example.com/i/INC-2026-0001" in body
        await here.to("29h30m")
        assert len([m for m in here.letters("chen@") if "Digest" in m["subject"]]) == 1  # nothing since: no letter
        assert all(n.facts.incident.startswith("INC-") for n in (await here.service.reads.overview(0)).notices)
