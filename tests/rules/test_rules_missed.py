"""What is remembered of how rules stood, for instants that are judged late."""

from __future__ import annotations

from monitor.model import Alert, Key, Tier
from monitor.rules.missed import FURTHEST_BACK, Stood, instants
from monitor.rules.rule import Rule
from monitor.times import Duration

KEY: Key = ()


def alert(tier: Tier, since: float) -> dict[Key, Alert]:
    return {KEY: Alert(rule="a", key=KEY, tier=tier, since=since)}


def tier(stood: Stood, at: float) -> Tier:
    found = stood.at("a", at).get(KEY)
    return found.tier if found else Tier.CALM


def test_missed_instants_are_those_of_the_grid_between_what_came_late_and_now() -> None:
    rule = Rule(name="a", risk="x", every=Duration(300))
    assert instants(rule, 100.0, 1200.0) == [300.0, 600.0, 900.0]
    assert instants(rule, 300.0, 600.0) == []
    assert instants(rule, 0.0, 2 * FURTHEST_BACK)[0] == FURTHEST_BACK + 300
    often = Rule(name="a", risk="x", every=Duration(5))
    assert instants(often, 61.0, 245.0) == [120.0, 180.0, 240.0], "of the past whole minutes are known"


def test_what_stood_is_known_for_each_instant_and_what_is_judged_anew_takes_its_place() -> None:
    stood = Stood({"a": alert(Tier.YELLOW, 100.0)})
    stood.note("a", 200.0, alert(Tier.CALM, 200.0))
    assert [tier(stood, at) for at in (99.0, 100.0, 199.0, 200.0)] == [Tier.CALM, Tier.YELLOW, Tier.YELLOW, Tier.CALM]
    stood.note("a", 150.0, alert(Tier.ORANGE, 150.0))
    assert [tier(stood, at) for at in (149.0, 150.0, 250.0)] == [Tier.YELLOW, Tier.ORANGE, Tier.ORANGE]


def test_what_rose_later_does_not_stand_at_instants_before() -> None:
    stood = Stood()
    for at in (100.0, 200.0, 300.0):
        stood.note("a", at, alert(Tier.YELLOW, 250.0))
    assert [tier(stood, at) for at in (100.0, 249.0, 300.0)] == [Tier.CALM, Tier.CALM, Tier.YELLOW]


def test_only_so_much_is_remembered_as_is_judged_anew() -> None:
    stood = Stood()
    for n in range(5):
        stood.note("a", n * FURTHEST_BACK, alert(Tier.YELLOW if n % 2 else Tier.ORANGE, n * FURTHEST_BACK))
    assert [tier(stood, n * FURTHEST_BACK) for n in range(5)] == [Tier.CALM] * 3 + [Tier.YELLOW, Tier.ORANGE]
