from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from incident_world import BLUE, HOUR, ORANGE, RED, T0, YELLOW, World, alert, context

from monitor.incidents import lifecycle
from monitor.incidents.context import ChannelInfo, Context
from monitor.incidents.coverage import runs_out, uncovered, unrung
from monitor.incidents.escalation import told_at
from monitor.incidents.people import Escalation, EscalationStep, IncidentSettings, Mute, Person, Route
from monitor.incidents.rota import Rota
from monitor.incidents.who import who
from monitor.model import Tier
from monitor.times import Duration

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2026, 9, 21, tzinfo=SHANGHAI).timestamp()  # a Monday


def chained(*steps: EscalationStep, **more: Any) -> Context:
    escalation = Escalation(name="night", step=steps, **more)
    return context(
        escalations={"night": escalation},
        routes=(Route(escalation="night"),),
        rotas={"duty": Rota(name="duty", people=("wang", "chen"), starts="2026-09-14", days=1, handover="00:00")},
    )


def step(*to: str, wait: float = 300, **more: Any) -> EscalationStep:
    return EscalationStep(to=to, wait=Duration(wait), **more)


def test_steps_are_taken_in_order_each_after_its_wait_and_all_again_as_often_as_it_repeats() -> None:
    world = World(chained(step("rota:duty", "channel:ops"), step("crisis/leader", wait=600), repeat=1))
    world.now = MIDNIGHT + HOUR
    world.judge(alert("surge", RED))
    world.wait(1800)
    assert world.notices() == [
        ("NEW", "red", ("chen", "#ops")),
        ("ESCALATED", "red", ("zhang",)),
        ("ESCALATED", "red", ("chen", "#ops")),
        ("ESCALATED", "red", ("zhang",)),
    ]
    assert [o.facts.at - MIDNIGHT - HOUR for o in world.owed] == [0, 300, 900, 1200]
    assert [f.kind for f in world.findings] == ["unanswered"]


def test_a_hand_over_in_the_middle_of_the_wait_tells_whoever_is_on_duty_then() -> None:
    world = World(chained(step("channel:ops"), step("rota:duty")))
    world.now = MIDNIGHT - 100
    world.judge(alert("surge", RED))
    assert told_at(world.open[0], RED, 1, world.context, world.now) == ("wang",)
    world.wait(300)
    assert world.notices()[-1] == ("ESCALATED", "red", ("chen",))


def test_steps_out_of_their_hours_are_passed_over_at_once() -> None:
    world = World(
        chained(
            step("zhang", hours="Mon-Fri 09:00-18:00"),
            step("li", not_hours="Mon-Fri 09:00-18:00"),
            step("wang", hours="Mon-Fri 09:00-18:00"),
            step("chen"),
        )
    )
    world.now = MIDNIGHT + 3 * HOUR
    world.judge(alert("surge", RED))
    world.wait(300)
    assert [n[2] for n in world.notices()] == [("li",), ("chen",)]
    assert "skipped" in world.kinds()


def test_asks_on_until_enough_people_answered() -> None:
    world = World(chained(step("zhang", "li"), step("wang"), step("chen"), acks=2))
    world.judge(alert("surge", RED))
    world.act(lifecycle.acknowledge, by="zhang")
    world.wait(300)
    assert world.notices()[-1] == ("ESCALATED", "red", ("wang",))
    with pytest.raises(lifecycle.ActRefused):
        world.act(lifecycle.acknowledge, by="zhang")
    world.act(lifecycle.acknowledge, by="wang")
    assert (world.open[0].acknowledged_by, world.open[0].acks) == ("zhang", ("zhang", "wang"))
    world.wait(600)
    assert len([n for n in world.notices() if n[0] == "ESCALATED"]) == 1


def test_a_reload_that_takes_everything_away_changes_nothing_for_an_open_incident() -> None:
    world = World(chained(step("rota:duty"), step("crisis/leader")))
    world.now = MIDNIGHT + HOUR
    world.judge(alert("surge", RED))
    world.context = context(people={}, teams={}, routes=(), rotas={}, escalations={})
    world.wait(300)
    assert world.notices()[-1] == ("ESCALATED", "red", ("zhang",))
    assert world.owed[-1].to[0].channels == ("sms", "mail")


def test_lower_tiers_wait_for_an_answer_only_in_their_hours() -> None:
    base = context(routes=(Route(to=("crisis/leader",)),))
    friday_evening = MIDNIGHT + 4 * 86400 + 17 * HOUR
    for tier, wait in ((BLUE, 66 * HOUR + 2 * HOUR), (YELLOW, HOUR), (ORANGE, 900), (RED, 300)):
        world = World(base)
        world.now = friday_evening
        world.judge(alert("surge", tier))
        assert world.waiting()[0].due_at - friday_evening == pytest.approx(
            (2 * 86400 + 15 * HOUR + 4 * HOUR) if tier == BLUE else wait
        )
    own = context(
        routes=(Route(to=("crisis/leader",)),), settings=IncidentSettings(ack_within={"blue": Duration(60)})
    )  # fmt: skip
    world = World(own)
    world.judge(alert("surge", BLUE))
    assert world.waiting()[0].due_at == T0 + 60


def test_quiet_hours_hold_the_lower_tiers_back_and_never_red() -> None:
    people = {"chen": Person(name="chen", email="c@example.com", quiet="22:00-07:00", quiet_up_to="orange")}
    for tier, waits in ((YELLOW, True), (ORANGE, True), (RED, False)):
        world = World(context(people=people, routes=(Route(to=("chen",)),)))
        world.now = MIDNIGHT + 3 * HOUR
        world.judge(alert("surge", tier))
        assert world.owed[0].to[0].after == (MIDNIGHT + 7 * HOUR if waits else None)


def test_a_mute_hides_up_to_its_tier_and_what_burns_on_is_told_when_its_hours_end() -> None:
    world = World(context(mutes=(Mute(name="night batch", hours="02:00-04:00", risk=("mass-*",)),)))
    world.now = MIDNIGHT + 3 * HOUR
    world.judge(alert("surge", YELLOW), alert("leak", YELLOW))
    assert [o.facts.risk for o in world.owed] == ["data-breach"]
    world.wait(HOUR)
    assert [(o.facts.risk, o.facts.transition) for o in world.owed[1:]] == [("mass-complaints", "NEW")]
    quick = World(world.context)
    quick.now = MIDNIGHT + 3 * HOUR
    quick.judge(alert("surge", RED))
    assert [n[0] for n in quick.notices()] == ["NEW"]


def test_who_is_the_plan_that_then_happens() -> None:
    told = chained(step("rota:duty", "channel:ops"), step("crisis"), step("chen", hours="Mon 09:00-10:00"), repeat=1)
    at = MIDNIGHT + 3 * HOUR
    plan = who(RED, "mass-complaints", {"product": "X1"}, at, told)
    world = World(told)
    world.now = at
    world.judge(alert("surge", RED))
    world.wait(3600)
    happened = [(o.facts.at, {r.person or r.channels[0] for r in o.to}) for o in world.owed]
    assert [(s.at, {r.person or r.channels[0] for r in s.to}) for s in plan.steps] == happened
    left = next(e.at for e in world.entries if e.kind.endswith("nobody_left"))
    assert (plan.gives_up_at, plan.playbook) == (left, "mass-complaints")


def test_an_hour_without_anybody_is_a_gap() -> None:
    rota = Rota(name="duty", people=("zhang",), starts="2026-09-14", hours="18:00-09:00", until="2026-09-23")
    covered = context(rotas={"duty": rota}, routes=(Route(to=("rota:duty", "channel:ops")),))
    gaps = uncovered(covered, MIDNIGHT, MIDNIGHT + 2 * 86400, risks=["mass-complaints"])
    assert [(g.kind, (g.start - MIDNIGHT) / HOUR, ((g.end or 0) - MIDNIGHT) / HOUR) for g in gaps] == [
        ("nobody", 9, 18),
        ("nobody", 33, 42),
    ]
    assert [(g.kind, g.subject) for g in runs_out(covered, MIDNIGHT, 30 * 86400)] == [("rota_ends", "duty")]
    assert runs_out(covered, MIDNIGHT, 60) == []


def test_people_without_a_channel_are_no_cover_and_a_chat_rings_nobody() -> None:
    mute = context(people={"zhang": Person(name="zhang")}, routes=(Route(to=("zhang", "channel:ops")),))
    assert [g.kind for g in uncovered(mute, T0, T0 + HOUR, risks=["x"])] == ["unreachable"]
    assert [g.subject for g in unrung(mute, T0, risks=["x"])] == ["x/orange", "x/red"]
    channels = {"sms": ChannelInfo(name="sms", address_of="phone", group=False, rings=True)}
    rung = context(channels=channels, routes=(Route(to=("crisis/leader",)),))
    assert unrung(rung, T0, risks=["x"]) == []


@pytest.mark.parametrize("tier", [BLUE, RED])
def test_a_route_may_be_for_one_tier(tier: Tier) -> None:
    routed = context(routes=(Route(tier=("red",), to=("zhang",)),))
    assert bool(who(tier, "x", {}, T0, routed).steps) is (tier == RED)


def ways(world: World) -> list[tuple[str, dict[str, tuple[str, ...]]]]:
    return [(o.facts.transition, {r.person: r.channels for r in o.to if r.person}) for o in world.owed]


def test_a_route_says_by_which_method_and_a_step_may_say_another() -> None:
    plain = context(routes=(Route(to=("crisis/leader",), via=("mail",), ack_within=Duration(900)),))
    world = World(plain)
    world.judge(alert("surge", RED))
    world.wait(900)
    assert ways(world) == [("NEW", {"zhang": ("mail", "sms")}), ("ESCALATED", {"li": ("mail",)})]
    chain = Escalation(name="night", step=(step("zhang", via=("mail",)), step("zhang", "chen")))
    stepped = context(escalations={"night": chain}, routes=(Route(escalation="night", via=("sms",)),))
    world = World(stepped)
    world.judge(alert("surge", RED))
    world.wait(300)
    assert ways(world) == [
        ("NEW", {"zhang": ("mail", "sms")}),
        ("ESCALATED", {"zhang": ("sms", "mail"), "chen": ("mail",)}),
    ]
    walked = [{r.person: r.channels for r in s.to} for s in who(RED, "mass-complaints", {}, T0, stepped).steps]
    assert walked == [taken for _, taken in ways(world)]


def test_the_method_holds_for_somebody_whom_a_reload_took_away() -> None:
    world = World(context(routes=(Route(to=("zhang",), via=("mail",)),)))
    world.judge(alert("surge", ORANGE))
    world.context = context(people={}, routes=())
    world.judge(alert("surge", RED))
    assert ways(world)[-1] == ("RAISED", {"zhang": ("mail", "sms")})


def test_a_route_may_name_the_plan_that_holds_from_its_tiers_on() -> None:
    routes = (
        Route(tier=("red",), to=("zhang",), playbook="product-safety"),
        Route(to=("zhang",), playbook="gone"),
    )
    world = World(context(routes=routes, playbooks={"general": "g", "mass-complaints": "m", "product-safety": "p"}))
    world.judge(alert("surge", ORANGE))
    world.judge(alert("surge", RED))
    world.judge(alert("surge", YELLOW))
    assert [o.facts.playbook for o in world.owed] == ["mass-complaints", "product-safety", "product-safety"]
    assert who(RED, "mass-complaints", {}, T0, world.context).playbook == "product-safety"
