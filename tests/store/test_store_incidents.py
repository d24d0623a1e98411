"""Incidents, alerts, timers, silences, findings: written whole, changed by compare-and-set."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Connection

from monitor.detectors.kept import NOBODY, Saved
from monitor.model import Alert, Entry, Silence, Tier, Timer
from monitor.store import alerts, findings, incidents, outbox, silences, timers, tracks
from monitor.store.database import Conflict, Database, Priority
from tests.store.store_world import incident, outcome

NUMBER = "INC-2026-0001"


def test_an_outcome_is_written_with_all_that_belongs_to_it(connection: Connection) -> None:
    (claimed,) = incidents.apply(connection, outcome(), 100)
    assert incidents.get(connection, NUMBER) == incident()
    assert [line.entry.kind for line in incidents.timeline(connection, NUMBER)] == ["told"]
    assert [t.due_at for t in timers.of_incident(connection, NUMBER)] == [1000.0]
    assert outbox.get(connection, [claimed])[0][1].incident == NUMBER


@pytest.mark.anyio
async def test_an_outcome_that_was_overtaken_leaves_nothing_behind(db: Database) -> None:
    await db.write(lambda c: incidents.apply(c, outcome(), 100), Priority.JUDGE)
    await db.write(lambda c: incidents.apply(c, outcome(version=2), 100), Priority.ACT)
    for stale in (outcome(version=2), outcome(version=1), outcome(version=4)):
        with pytest.raises(Conflict):
            await db.write(lambda c, o=stale: incidents.apply(c, o, 100), Priority.JUDGE)
    assert len(await db.read(lambda c: incidents.timeline(c, NUMBER))) == 2
    assert len(await db.read(lambda c: outbox.recent(c))) == 2


def test_incidents_are_found_by_how_they_stand(connection: Connection) -> None:
    closed = {"state": "cleared", "closed_at": 300.0}
    for seq, more in enumerate(({}, closed, {"tier": Tier.RED}, {"state": "resolved", "closed_at": 200.0}), 1):
        incidents.apply(connection, outcome(seq, **more), 100)
    assert [i.number[-1] for i in incidents.open(connection)] == ["1", "3"]
    assert incidents.open_by_tier(connection) == {3: 1, 4: 1}
    assert [i.number[-1] for i in incidents.closed_since(connection, 250)] == ["2"]
    assert [i.number[-1] for i in incidents.recent(connection, 2)] == ["4", "3"]
    assert incidents.next_seq(connection) == 5
    assert incidents.get(connection, "INC-2026-0009") is None


def test_a_timeline_keeps_the_order_it_was_written_in(connection: Connection) -> None:
    lines = [Entry(incident=NUMBER, at=100.0 - n, actor="张伟", kind="comment", args={"n": n}) for n in range(3)]
    incidents.add_entries(connection, lines)
    incidents.add_entries(connection, [])
    assert [line.entry for line in incidents.timeline(connection, NUMBER)] == lines


def test_an_alert_is_kept_while_it_has_something_to_remember(connection: Connection) -> None:
    key = (("product", "X1"),)
    alerts.put(connection, Alert(rule="surge", key=key, tier=Tier.BLUE), NUMBER)
    alerts.put(connection, Alert(rule="surge", key=(), pending={2: 5.0}), None)
    alerts.put(connection, Alert(rule="surge", key=key, tier=Tier.RED), NUMBER)
    assert [(a.tier, home) for a, home in alerts.all(connection) if a.key == key] == [(Tier.RED, NUMBER)]
    assert [a.key for a in alerts.of_incident(connection, NUMBER)] == [key]
    alerts.put(connection, Alert(rule="surge", key=key), NUMBER)
    assert [a.key for a, _ in alerts.all(connection)] == [()]
    alerts.drop_rules(connection, ["surge"])
    assert alerts.all(connection) == []


def test_up_to_when_a_rule_was_judged_is_kept(connection: Connection) -> None:
    alerts.put_judged(connection, {})
    alerts.put_judged(connection, {"a": (60.0, "m1"), "b": (60.0, "m2")})
    alerts.put_judged(connection, {"a": (120.5, "m3")})
    assert alerts.get_judged(connection) == {"a": (120.5, "m3"), "b": (60.0, "m2")}
    saved = Saved(600.0, 6, 60.0, 0, [NOBODY], b"", b"")
    for rule in ("a", "b"):
        tracks.put(connection, rule, tracks.Row("m", 1, saved))
    alerts.drop_rules(connection, ["a"])
    assert alerts.get_judged(connection) == {"b": (60.0, "m2")}
    assert set(tracks.all(connection)) == {"b"}


def timer(state: str = "waiting", step: int = 0, due: float = 100.0) -> Timer:
    fired = 100.0 if state == "fired" else None
    return Timer(incident=NUMBER, kind="escalate", step=step, due_at=due, state=state, fired_at=fired)  # type: ignore[arg-type]


def test_a_timer_fires_once(connection: Connection) -> None:
    timers.put(connection, [timer(), timer(step=1, due=50.0), timer(step=2, due=900.0)])
    assert timers.next_due(connection) == 50.0
    assert [t.step for t in timers.due(connection, 100)] == [1, 0]
    timers.put(connection, [timer("fired")])
    assert [t.step for t in timers.due(connection, 100)] == [1]
    with pytest.raises(Conflict):
        timers.put(connection, [timer("fired")])


def test_a_timer_that_was_cancelled_does_not_fire_and_may_be_set_anew(connection: Connection) -> None:
    timers.put(connection, [timer()])
    timers.put(connection, [timer("cancelled")])
    with pytest.raises(Conflict):
        timers.put(connection, [timer("fired")])
    timers.put(connection, [timer(due=300.0)])
    assert timers.next_due(connection) == 300.0


def test_a_silence_stands_until_it_is_over_and_its_end_is_told_once(connection: Connection) -> None:
    hush = Silence(
        id="s1", matchers={"product": "X1"}, starts_at=0, until=200, up_to=Tier.ORANGE, author="zhang", comment="演习"
    )
    silences.put(connection, hush)
    assert silences.standing(connection, 199) == [hush]
    assert (silences.standing(connection, 200), silences.over(connection, 200)) == ([], [hush])
    assert silences.next_over(connection) == 200
    ended = Silence(**{f: getattr(hush, f) for f in hush.__struct_fields__} | {"ended_at": 150.0})
    silences.put(connection, ended)
    assert silences.get(connection, "s1") == ended
    assert (silences.standing(connection, 160), silences.over(connection, 300)) == ([], [])
    assert silences.next_over(connection) is None


def test_a_finding_opens_once_and_ends_once(connection: Connection) -> None:
    assert findings.begin(connection, "source-silent", "客服", 100, {"since": 40})
    assert not findings.begin(connection, "source-silent", "客服", 200, {"since": 50})
    (open,) = findings.open(connection)
    assert (open.since, open.args, open.subject) == (100, {"since": 50}, "客服")
    assert findings.end(connection, "source-silent", "客服", 300)
    assert not findings.end(connection, "source-silent", "客服", 300)
    assert findings.open(connection) == []


def test_a_finding_that_ends_and_opens_again_at_one_instant_is_open(connection: Connection) -> None:
    findings.begin(connection, "channel-failing", "robot", 100, {})
    findings.end(connection, "channel-failing", "robot", 100)
    assert findings.begin(connection, "channel-failing", "robot", 100, {"answer": "503"})
    assert [f.args for f in findings.open(connection)] == [{"answer": "503"}]
