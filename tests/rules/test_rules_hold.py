"""From score to tier to alert: the ladder, `for`, leave bound, dwell, no data, partial data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from monitor.detectors import Absence, Change, Threshold
from monitor.model import Alert, Score, Tier
from monitor.rules.evaluate import judge
from monitor.rules.ladder import ALONE, Beside, climb
from monitor.rules.rule import Leave, Rule, Rung
from monitor.times import DAY, Bound, Duration

T0 = 1_750_000_020.0


def above(bound: float, **more: Any) -> Rung:
    if "for_" in more:
        more["for_"] = Duration(more["for_"])
    return Rung(above=Bound(bound), **more)


def a_rule(**more: Any) -> Rule:
    leave = {"below": 0.8, "dwell": Duration(600)}
    return Rule(**{"name": "r", "risk": "x", "leave": Leave(**leave), "detector": Threshold(), **more})  # type: ignore[arg-type]


LADDER = a_rule(blue=above(10), yellow=above(20), orange=above(40), red=above(80))


def at(value: float | None, **more: Any) -> Score:
    return Score(value=value, level=value, **more)


def walk(rule: Rule, steps: list[tuple[float, Score]], families: tuple[str, ...] = ()) -> list[Tier]:
    """The tier after each (minutes since T0, score)."""
    alert, out = Alert(rule=rule.name, key=()), []
    for minutes, score in steps:
        now = T0 + minutes * 60
        alert = judge(rule, alert, score, Beside(families=frozenset(families)), (now - 3600, now))
        out.append(alert.tier)
    return out


def test_the_highest_tier_that_holds_counts_even_where_lower_ones_do_not() -> None:
    rule = a_rule(yellow=above(10, floor=100), orange=above(40))
    reached = climb(rule, at(50))
    assert reached.tier == Tier.ORANGE and reached.held == (Tier.ORANGE,)


def test_a_bound_itself_is_not_above() -> None:
    assert climb(LADDER, at(10)).tier == Tier.CALM
    assert climb(a_rule(red=Rung(below=Bound(10))), at(10)).tier == Tier.CALM


def test_all_conditions_must_hold() -> None:
    rule = a_rule(red=above(10, floor=20, families=2))
    assert climb(rule, at(30), Beside(families=frozenset(["tickets"]))).tier == Tier.CALM
    assert climb(rule, at(15), Beside(families=frozenset(["tickets", "press"]))).tier == Tier.CALM
    assert climb(rule, at(30), Beside(families=frozenset(["tickets", "press"]))).tier == Tier.RED


def test_a_verdict_says_each_condition_and_how_it_stood() -> None:
    reasons = climb(a_rule(red=above(10, families=2)), at(30), Beside(families=frozenset(["tickets"]))).reasons
    assert [(r.condition, r.wanted, r.found, r.held) for r in reasons] == [
        ("above", 10, 30, True),
        ("families", 2, 1, False),
    ]


def test_rarity_is_not_reached_while_learning_but_plain_bounds_are() -> None:
    rule = a_rule(orange=Rung(rarer_than=Duration(86400)), yellow=above(10))
    rare = Score(value=50, level=50, return_period=1e9)
    assert climb(rule, rare).tier == Tier.ORANGE
    learning = Score(value=50, level=50, return_period=1e9, learning=(1, 2))
    assert climb(rule, learning).tier == Tier.YELLOW


def test_the_detectors_own_floor_is_asked_on_entry() -> None:
    rule = a_rule(yellow=above(2), detector=Change(add=20))
    assert climb(rule, Score(value=15, level=5.0, enough=False)).tier == Tier.CALM
    up = Score(value=50, level=5.0)
    assert walk(rule, [(0, up), (1, Score(value=15, level=5.0, enough=False)), (20, up)]) == [Tier.YELLOW] * 3


def test_part_of_the_sources_says_nothing_of_below() -> None:
    rule = a_rule(red=Rung(below=Bound(10)))
    assert climb(rule, at(3)).tier == Tier.RED
    assert climb(rule, at(3, partial=True)).tier == Tier.CALM


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=2), st.sampled_from([LADDER, a_rule(red=above(5, floor=9))]))
def test_the_tier_is_monotone_in_the_value(values: list[float], rule: Rule) -> None:
    low, high = sorted(values)
    first, second = climb(rule, at(low)).tier, climb(rule, at(high)).tier
    assert first is not None and second is not None and first <= second


def test_calm_to_red_is_one_step() -> None:
    assert walk(LADDER, [(0, at(5)), (1, at(100))]) == [Tier.CALM, Tier.RED]


def test_a_condition_must_hold_for_its_time_without_a_break() -> None:
    rule = a_rule(orange=above(40, for_=600))
    broken = [(0, at(50)), (5, at(30)), (6, at(50)), (11, at(50)), (16, at(50))]
    assert walk(rule, broken) == [Tier.CALM] * 4 + [Tier.ORANGE]


def test_for_counts_on_while_a_higher_tier_comes_at_once() -> None:
    rule = a_rule(yellow=above(10, for_=600), red=above(80))
    assert walk(rule, [(0, at(20)), (1, at(90)), (2, at(20))]) == [Tier.CALM, Tier.RED, Tier.RED]


def test_a_tier_is_left_after_dwell_under_its_leave_bound() -> None:
    rule = a_rule(orange=above(100))
    steps = [(0, at(120)), (1, at(90)), (2, at(79)), (11, at(79)), (12, at(79))]
    assert walk(rule, steps) == [Tier.ORANGE] * 4 + [Tier.CALM]


def test_a_bound_of_nothing_is_left_once_there_is_nothing() -> None:
    rule = a_rule(orange=above(0))
    tiers = walk(rule, [(0, at(1)), (1, at(0)), (10, at(0)), (11, at(0))])
    assert tiers == [Tier.ORANGE, Tier.ORANGE, Tier.ORANGE, Tier.CALM]


def test_a_value_back_over_the_leave_bound_starts_dwell_anew() -> None:
    rule = a_rule(orange=above(100))
    steps = [(0, at(120)), (1, at(79)), (9, at(81)), (10, at(79)), (19, at(79)), (20, at(79))]
    assert walk(rule, steps) == [Tier.ORANGE] * 5 + [Tier.CALM]


def test_floor_and_families_are_asked_on_entry_only() -> None:
    rule = a_rule(red=above(2, floor=100), detector=Change())
    steps = [(0, Score(value=120, level=3.0)), (1, Score(value=10, level=2.5)), (60, Score(value=10, level=2.5))]
    assert walk(rule, steps) == [Tier.RED] * 3


def test_below_tiers_are_left_over_bound_by_leave() -> None:
    rule = a_rule(orange=Rung(below=Bound(80)))
    steps = [(0, at(70)), (1, at(99)), (30, at(99)), (31, at(101)), (41, at(101))]
    assert walk(rule, steps) == [Tier.ORANGE] * 4 + [Tier.CALM]


def test_a_rare_tier_is_left_by_the_value_at_that_rarity() -> None:
    rule = a_rule(orange=Rung(rarer_than=Duration(86400)))

    def rare(value: float, period: float) -> Score:
        return Score(value=value, level=value, return_period=period, bounds=((86400.0, 100.0),))

    steps = [(0, rare(120, 1e6)), (1, rare(85, 100)), (20, rare(85, 100)), (21, rare(79, 100)), (31, rare(79, 100))]
    assert walk(rule, steps) == [Tier.ORANGE] * 4 + [Tier.CALM]


def test_it_falls_to_the_tier_whose_leave_bound_still_holds() -> None:
    steps = [(0, at(100)), (1, at(35)), (11, at(35)), (12, at(17)), (22, at(17)), (32, at(9)), (42, at(7)), (52, at(7))]
    r, o, y, b, c = Tier.RED, Tier.ORANGE, Tier.YELLOW, Tier.BLUE, Tier.CALM
    assert walk(LADDER, steps) == [r, r, o, o, y, y, b, c]


def test_each_tier_asks_its_own_dwell() -> None:
    rule = a_rule(yellow=above(50), orange=above(100))
    steps = [(0, at(120)), (1, at(60)), (9, at(30)), (11, at(30)), (18, at(30)), (19, at(30))]
    assert walk(rule, steps) == [Tier.ORANGE] * 3 + [Tier.YELLOW] * 2 + [Tier.CALM]


def test_no_data_changes_no_tier_and_stops_the_clocks() -> None:
    rule = a_rule(orange=above(100))
    steps = [(0, at(120)), (1, at(10)), (6, at(None)), (60, at(None)), (61, at(10)), (65, at(10)), (66, at(10))]
    assert walk(rule, steps) == [Tier.ORANGE] * 6 + [Tier.CALM]
    waits = a_rule(orange=above(100, for_=600))
    steps = [(0, at(120)), (5, at(None)), (60, at(120)), (64, at(120)), (65, at(120))]
    assert walk(waits, steps) == [Tier.CALM] * 4 + [Tier.ORANGE]


def test_a_verdict_without_data_bears_no_tier_though_the_alert_does() -> None:
    first = judge(LADDER, Alert(rule="r", key=()), at(100), ALONE, (T0 - 60, T0))
    second = judge(LADDER, first, at(None), ALONE, (T0, T0 + 60))
    assert second.tier == Tier.RED and second.no_data_since == T0 + 60
    assert second.verdict is not None and second.verdict.tier is None


def test_a_partial_count_may_raise_and_lets_nothing_go() -> None:
    rule = a_rule(yellow=above(50), orange=above(100))
    steps = [
        (0, at(60, partial=True)),
        (1, at(120, partial=True)),
        (2, at(0, partial=True)),
        (60, at(0, partial=True)),
        (61, at(0)),
        (70, at(0, partial=True)),
        (71, at(0)),
    ]
    assert walk(rule, steps) == [Tier.YELLOW] + [Tier.ORANGE] * 5 + [Tier.CALM]


def test_what_is_not_judged_lets_nothing_go() -> None:
    rule = a_rule(orange=above(100))
    steps = [(0, at(120)), (1, Score(value=1.0)), (600, Score(value=1.0))]
    assert walk(rule, steps) == [Tier.ORANGE] * 3


def test_a_rung_taken_out_of_the_rule_is_let_go() -> None:
    alert = judge(LADDER, Alert(rule="r", key=()), at(100), ALONE, (T0 - 60, T0))
    assert judge(a_rule(blue=above(10)), alert, at(90), ALONE, (T0, T0 + 60)).tier == Tier.BLUE


def test_silence_that_ends_is_left_after_dwell() -> None:
    rule = a_rule(yellow=above(3600), detector=Absence())
    assert walk(rule, [(0, at(4000)), (1, at(5)), (11, at(605))]) == [Tier.YELLOW, Tier.YELLOW, Tier.CALM]


STEPS = st.lists(
    st.tuples(st.integers(1, 20), st.one_of(st.none(), st.floats(0, 150)), st.booleans()), min_size=1, max_size=25
)


@given(STEPS, st.integers(0, 25))
@pytest.mark.parametrize("rule", [LADDER, a_rule(yellow=above(30, for_=300), red=above(70, for_=900))])
def test_two_halves_come_to_what_one_walk_comes_to(rule: Rule, steps: list[Any], cut: int) -> None:
    now, alert, kept = T0, Alert(rule="r", key=()), []
    for minutes, value, partial in steps:
        now += minutes * 60
        kept.append((now, at(value, partial=partial and value is not None)))
    for now, score in kept:
        alert = judge(rule, alert, score, ALONE, (now - 3600, now))
    again = Alert(rule="r", key=())
    for half in (kept[:cut], kept[cut:]):
        for now, score in half:
            again = judge(rule, again, score, ALONE, (now - 3600, now))
    assert again == alert


@given(STEPS)
def test_an_alert_above_calm_had_a_reason_and_a_begin(steps: list[Any]) -> None:
    now, alert, peak = T0, Alert(rule="r", key=()), 0.0
    for minutes, value, _ in steps:
        now += minutes * 60
        before, alert = alert, judge(LADDER, alert, at(value), ALONE, (now - 3600, now))
        peak = max(peak, value or 0.0)
        assert alert.tier == Tier.CALM or peak > 10
        assert alert.tier <= before.tier or alert.since == now
        assert alert.tier == Tier.CALM or alert.began <= alert.since <= now


def test_what_no_history_can_claim_needs_a_floor_and_a_second_family_to_be_orange() -> None:
    year, month = Duration(365 * DAY), Duration(30 * DAY)
    rule = a_rule(yellow=Rung(rarer_than=year), orange=Rung(rarer_than=year, floor=20))
    beyond = Score(value=30, level=30, return_period=50 * DAY, beyond=500 * DAY, history=10 * DAY)
    two = Beside(families=frozenset({"tickets", "social"}))
    assert climb(rule, beyond, Beside(families=frozenset({"tickets"}))).tier == Tier.YELLOW
    assert climb(rule, beyond, two).tier == Tier.ORANGE
    assert climb(rule, structs.replace(beyond, value=10), two).tier == Tier.YELLOW
    assert climb(rule, structs.replace(beyond, beyond=100 * DAY), two).tier == Tier.CALM
    assert climb(a_rule(orange=Rung(rarer_than=year)), beyond, two).tier == Tier.CALM
    assert climb(a_rule(orange=Rung(rarer_than=month)), beyond).tier == Tier.ORANGE
