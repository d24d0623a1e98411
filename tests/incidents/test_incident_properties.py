"""Whatever the order of alerts, acts, silences and timers, these hold."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from incident_world import CALM, HOUR, ORANGE, RED, YELLOW, World, alert, hush

from monitor.incidents import lifecycle
from monitor.incidents.escalation import answered, level_from
from monitor.incidents.lifecycle import ActRefused
from monitor.model import Incident, Tier

ENDINGS = {"CLEARED", "CANCELLED", "RESOLVED"}
PEOPLE = ("zhang", "li", "wang", "chen")
ACTS = {
    "ack": lambda w, who, tier: w.act(lifecycle.acknowledge, by=who),
    "unack": lambda w, who, tier: w.act(lifecycle.unacknowledge, by=who, alerts=w.standing()),
    "not_me": lambda w, who, tier: w.act(lifecycle.not_me, by=who, alerts=w.standing()),
    "false_alarm": lambda w, who, tier: w.act(lifecycle.false_alarm, by=who, alerts=w.standing()),
    "resolve": lambda w, who, tier: w.act(lifecycle.resolve, by=who, alerts=w.standing()),
    "reopen": lambda w, who, tier: w.act(lifecycle.reopen, by=who, alerts=w.standing()),
    "raise": lambda w, who, tier: w.act(lifecycle.raise_by_person, tier, by=who, alerts=w.standing()),
    "lower": lambda w, who, tier: w.act(lifecycle.lower_by_person, tier, by=who, alerts=w.standing()),
    "give_back": lambda w, who, tier: w.act(lifecycle.give_back, by=who, alerts=w.standing()),
}

judged = st.tuples(
    st.just("judge"),
    st.lists(
        st.tuples(
            st.sampled_from(["surge", "danger", "all", "leak"]),
            st.sampled_from(["X1", "X2"]),
            st.sampled_from(list(Tier)),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda a: (a[0], a[1]),
    ),
)
acted = st.tuples(
    st.just("act"), st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(PEOPLE), st.sampled_from(list(Tier)))
)
waited = st.tuples(st.just("wait"), st.sampled_from([60.0, 900.0, HOUR, 26 * HOUR]))
hushed = st.tuples(st.just("hush"), st.sampled_from([YELLOW, ORANGE, RED]))
histories = st.lists(st.one_of(judged, acted, waited, hushed), max_size=14)


def play(world: World, step: tuple[str, Any]) -> None:
    kind, what = step
    if kind == "judge":
        alerts = [(r, t, "" if r == "all" else p, world.now if gone else None) for r, p, t, gone in what]
        world.judge(*[alert(r, t, p, no_data_since=gone) for r, t, p, gone in alerts])
    elif kind == "act" and world.incidents:
        with suppress(ActRefused):
            ACTS[what[0]](world, what[1], what[2])
    elif kind == "wait":
        world.wait(what)
    elif kind == "hush":
        world.silence(hush(what, until=world.now + HOUR))


def expected_tier(world: World, incident: Incident) -> Tier:
    standing = [world.alerts[a].tier for a in incident.alerts if a in world.alerts]
    return incident.person_tier or max(standing, default=CALM)


@settings(max_examples=35, deadline=None)
@given(histories)
def test_the_tier_is_the_highest_of_its_alerts_or_the_persons(history: list[Any]) -> None:
    world = World()
    for step in history:
        play(world, step)
        for incident in world.open:
            assert incident.tier == expected_tier(world, incident)
            assert incident.peak >= incident.tier


@settings(max_examples=35, deadline=None)
@given(histories)
def test_one_outcome_owes_each_recipient_once_and_counts_on(history: list[Any]) -> None:
    world = World()
    for step in history:
        play(world, step)
    for number in world.incidents:
        mine = [o for o in world.owed if o.facts.incident == number]
        assert [o.facts.notice for o in mine] == list(range(1, len(mine) + 1))
        for owed in mine:
            assert len({(r.person, r.channels if not r.person else ()) for r in owed.to}) == len(owed.to)
            assert all(r.channels for r in owed.to)


@settings(max_examples=35, deadline=None)
@given(histories)
def test_no_tier_is_told_twice_in_a_row(history: list[Any]) -> None:
    world = World()
    for step in history:
        play(world, step)
    for number in world.incidents:
        mine = [o.facts for o in world.owed if o.facts.incident == number]
        for before, after in pairwise(mine):
            if after.transition in {"NEW", "RAISED", "LOWERED"}:
                assert before.tier != after.tier, [(f.transition, f.tier) for f in mine]
        ends = [f.transition in ENDINGS for f in mine]
        assert ends[:1] != [True] and (True, True) not in pairwise(ends), "an end of what nobody was told of"


@settings(max_examples=35, deadline=None)
@given(histories)
def test_whoever_was_told_hears_of_the_end(history: list[Any]) -> None:
    world = World()
    for step in history:
        play(world, step)
    for number, incident in world.incidents.items():
        mine = [o for o in world.owed if o.facts.incident == number]
        told = {r.person or r.channels[0] for o in mine for r in o.to}
        ends = [o for o in mine if o.facts.transition in ENDINGS]
        if incident.state != "open" and told:
            assert ends and {r.person or r.channels[0] for r in ends[-1].to} == told


@settings(max_examples=35, deadline=None)
@given(histories)
def test_a_silence_loses_no_incident_and_every_worry_that_is_not_hidden_is_told(history: list[Any]) -> None:
    world, plain = World(), World()
    for step in history:
        play(world, step)
        if step[0] == "judge":
            play(plain, step)
        for incident in world.open:
            if incident.tier == CALM or incident.hidden_tier is not None:
                continue
            assert incident.told_tier >= incident.tier, "a tier nobody was told of, and nothing hides it"
    open_keys = {a for i in world.incidents.values() for a in i.alerts}
    assert open_keys <= set(world.alerts) | open_keys
    assert bool(world.incidents) >= bool(plain.incidents)


@settings(max_examples=35, deadline=None)
@given(histories)
def test_an_open_worry_is_held_or_somebody_is_being_asked_or_nobody_is_left(history: list[Any]) -> None:
    world = World()
    for step in history:
        play(world, step)
    waiting = {t.incident for t in world.waiting() if t.kind == "escalate"}
    for incident in world.open:
        hidden = incident.hidden_tier is not None
        asked = (
            incident.number in waiting
            or level_from(incident, incident.tier, incident.step + 1, world.context, world.now) is None
        )
        if incident.tier > CALM and not hidden and not answered(incident):
            assert asked
        if incident.tier == CALM and incident.acknowledged_by is None:
            assert (incident.number, "calm", 0) in {(t.incident, t.kind, t.step) for t in world.waiting()}


@settings(max_examples=35, deadline=None)
@given(histories, st.sampled_from([0.0, 30.0, 600.0, 7200.0]))
def test_after_a_restart_each_due_step_fires_once_in_order_and_says_how_late(history: list[Any], down: float) -> None:
    world = World()
    for step in history:
        play(world, step)
    world.now += down
    fired: list[tuple[str, str, int, float]] = []
    while (left := [t for t in world.waiting() if t.due_at <= world.now]) and len(fired) < 50:
        told = len(world.owed)
        world.fire(left[0])
        fired.append((left[0].incident, left[0].kind, left[0].step, left[0].due_at))
        for owed in world.owed[told:]:
            assert owed.facts.late_by == (world.now - left[0].due_at if world.now - left[0].due_at >= 60 else 0.0)
        assert len(world.owed) - told <= 1
    assert len(fired) == len(set(fired)) < 50


@settings(max_examples=35, deadline=None)
@given(histories)
def test_a_step_fired_again_pages_nobody_again(history: list[Any]) -> None:
    world = World()
    for step in history:
        play(world, step)
    for timer in world.waiting():
        held = world.incidents[timer.incident].acknowledged_by is not None
        if timer.kind == "escalate" or (timer.kind == "calm" and not held):
            world.now = max(world.now, timer.due_at)
            world.fire(timer)
            told = len(world.owed)
            world.fire(timer)
            assert len(world.owed) == told
