from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from incident_world import BLUE, CALM, ORANGE, RED, T0, YELLOW, World, alert

from monitor.incidents.storms import SentNotice, StormLimits, offers, put_off, sift
from monitor.model import Facts, Owed, Recipient, Tier, Transition

LIMITS = StormLimits(per_incident=2, in_all=5)
CHEN, OPS = Recipient(person="chen", channels=("mail",)), Recipient(person="", channels=("ops",))


def owed(incident: str, tier: Tier, transition: Transition = "UPDATE", notice: int = 1) -> Owed:
    facts = Facts(
        incident=incident, notice=notice, transition=transition, tier=tier, previous_tier=CALM, risk="r", scope={},
        at=T0, since=T0, playbook="general", playbook_revision="",
    )  # fmt: skip
    return Owed(facts=facts, to=(CHEN, OPS))


def had(*of: tuple[str, Tier], ago: float = 60) -> dict[str, list[SentNotice]]:
    return {"chen": [SentNotice(T0 - ago, incident, tier) for incident, tier in of]}


def test_what_is_too_much_of_one_incident_waits_but_not_for_the_group() -> None:
    kept, held = sift([owed("A", ORANGE)], had(("A", ORANGE), ("A", ORANGE)), LIMITS, T0)
    assert [o.to for o in kept] == [(OPS,)]
    assert [(h.person, h.why, h.until) for h in held] == [("chen", "incident", T0 - 60 + 3600)]


def test_what_is_too_much_in_all_waits() -> None:
    kept, held = sift([owed("Z", YELLOW)], had(*[(n, BLUE) for n in "ABCDE"]), LIMITS, T0)
    assert [h.why for h in held] == ["all"] and kept[0].to == (OPS,)


def test_an_hour_later_there_is_room() -> None:
    assert sift([owed("A", ORANGE)], had(("A", ORANGE), ("A", ORANGE), ago=3600), LIMITS, T0)[1] == []


def test_the_first_red_and_every_end_go_through() -> None:
    full = had(*[(n, ORANGE) for n in "AABCD"])
    assert sift([owed("A", RED, "RAISED")], full, LIMITS, T0)[1] == []
    assert sift([owed("A", CALM, "CLEARED")], full, LIMITS, T0)[1] == []
    red = had(("A", RED), ("A", RED), *[(n, ORANGE) for n in "BCD"])
    assert len(sift([owed("A", RED)], red, LIMITS, T0)[1]) == 1


def test_the_graver_has_the_first_claim() -> None:
    kept, held = sift([owed("X", BLUE), owed("Y", ORANGE)], had(*[(n, BLUE) for n in "ABCD"]), LIMITS, T0)
    assert [h.facts.incident for h in held] == ["X"]
    assert [o.facts.incident for o in kept] == ["X", "Y"], "in their order; the group has both"


TIERS, TRANSITIONS = st.sampled_from([BLUE, ORANGE, RED]), st.sampled_from(["UPDATE", "CLEARED"])


@given(st.lists(st.tuples(st.sampled_from("ABC"), TIERS, TRANSITIONS)))
def test_every_notice_is_sent_or_held_and_never_both(many: list[tuple[str, Tier, Transition]]) -> None:
    notices = [owed(incident, tier, transition, n) for n, (incident, tier, transition) in enumerate(many)]
    kept, held = sift(notices, {}, LIMITS, T0)
    sent = [(o.facts.notice, r.person) for o in kept for r in o.to]
    put_off = [(h.facts.notice, h.person) for h in held]
    assert sorted(sent + put_off) == sorted((o.facts.notice, r.person) for o in notices for r in o.to)
    plain = [n for n, person in sent if person and notices[n].facts.transition != "CLEARED"]
    reds = sum(notices[n].facts.tier == RED for n in plain)
    assert len(plain) - min(reds, 3) <= LIMITS.in_all


def test_put_off_is_owed_all_the_same_but_later() -> None:
    (same,) = put_off([owed("A", ORANGE)], had(("A", ORANGE), ("A", ORANGE)), LIMITS, T0)
    assert [r.after for r in same.to] == [T0 - 60 + 3600, None]


def test_incidents_that_share_scope_and_began_together_are_offered_as_one() -> None:
    world = World()
    world.judge(alert("surge", ORANGE), alert("leak", ORANGE), alert("surge", ORANGE, "X2"))
    assert [(o.incidents, o.shared) for o in offers(world.open, LIMITS)] == [
        (("INC-2026-0001", "INC-2026-0002"), {"product": "X1"})
    ]
    world.now += 3600
    world.judge(alert("leak", ORANGE, "X2"))
    late = [i for i in world.open if i.opened_at == world.now]
    assert len(late) == 1 and len(offers(world.open, LIMITS)) == 1
