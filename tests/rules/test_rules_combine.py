"""Rules over rules, families that count a story once, platforms and acceleration as conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from monitor.mentions.duplicates import Stories
from monitor.model import Alert, Key, Mention, Tier
from monitor.rules.combine import circle, combine, names_of, ordered
from monitor.rules.records import Record
from monitor.rules.replay import replay
from monitor.rules.rule import Leave, Rule, Rung, Where
from monitor.times import HOUR, Bound, Duration

T0 = 1_750_000_020.0 - 1_750_000_020.0 % HOUR
FAMILIES = {"weibo": "social", "douyin": "social", "daily": "press", "desk": "tickets"}
LEAVE = Leave(below=0.9, dwell=Duration(600))


def counting(name: str, source: str, above: float = 1, **more: Any) -> Rule:
    given = {"risk": "x", "window": Duration(HOUR), "where": Where(source=(source,)), "leave": LEAVE}
    return Rule(**{**given, "name": name, "yellow": Rung(above=Bound(above)), "orange": Rung(above=Bound(4)), **more})


def over(name: str = "both", **rungs: Any) -> Rule:
    return Rule(name=name, risk="x", of="rules", leave=LEAVE, **rungs)


def said(source: str, *minutes: float, text: str = "", **labels: str) -> list[Record]:
    return [
        Mention(
            id=f"{source}{m}{labels}", text=text or f"{source} {m}", seen_at=T0 + m * 60, source=source, labels=labels
        )
        for m in minutes
    ]


def tiers(rules: Sequence[Rule], records: Sequence[Record], **more: Any) -> dict[str, list[tuple[float, Key, Tier]]]:
    """Rule -> (minutes since T0, key, tier) at each change."""
    out: dict[str, list[tuple[float, Key, Tier]]] = {}
    standing: dict[tuple[str, Key], Tier] = {}
    for judged in replay(rules, records, families=FAMILIES, **more):
        for alert in judged.alerts:
            if standing.get((alert.rule, alert.key), Tier.CALM) != alert.tier:
                standing[alert.rule, alert.key] = alert.tier
                out.setdefault(alert.rule, []).append((round((judged.now - T0) / 60, 1), alert.key, alert.tier))
    return out


A, B = counting("a", "weibo"), counting("b", "desk")
NOISE = [*said("weibo", 1, 2, 3, 200), *said("desk", 10, 11, 12, 200)]


def test_all_waits_for_both_and_falls_with_the_first() -> None:
    found = tiers([over(red=Rung(all=("a", "b"))), A, B], NOISE)
    assert [tier for _, _, tier in found["both"]] == [Tier.RED, Tier.CALM]
    assert found["both"][0][0] == found["b"][0][0] == 11.0
    assert found["both"][1][0] == found["a"][1][0] + 10  # after its own dwell


def test_any_asks_for_one_and_a_tier_may_be_asked_for() -> None:
    assert tiers([over(blue=Rung(any=("a", "b"))), A, B], NOISE)["both"][0] == (2.0, (), Tier.BLUE)
    assert "both" not in tiers([over(blue=Rung(any=("a:orange",))), A, B], NOISE)


def test_how_many_stand_may_be_asked_too() -> None:
    rule = over(yellow=Rung(any=("a", "b"), above=Bound(1)))
    assert tiers([rule, A, B], NOISE)["both"][0] == (11.0, (), Tier.YELLOW)


def test_series_meet_where_their_labels_agree() -> None:
    records = [*said("weibo", 1, 2, product="x"), *said("weibo", 3, 4, product="y"), *said("desk", 10, 11, product="y")]
    rules = [counting(n, s, by=("product",)) for n, s in (("a", "weibo"), ("b", "desk"))]
    both = Rule(name="both", risk="x", of="rules", by=("product",), red=Rung(all=("a", "b")))
    assert tiers([both, *rules], records)["both"] == [(11.0, (("product", "y"),), Tier.RED)]
    wide = [rules[0], counting("b", "desk")]
    assert {key for _, key, _ in tiers([both, *wide], records)["both"]} == {(("product", "x"),), (("product", "y"),)}


def test_rules_over_rules_over_rules_are_judged_in_order() -> None:
    top = over("top", red=Rung(all=("both:red",)))
    middle = over(red=Rung(all=("a", "b")))
    assert [r.name for r in ordered([top, A, middle, B])] == ["both", "top"]
    assert tiers([top, A, middle, B], NOISE)["top"][0][0] == 11.0


def test_a_circle_is_found() -> None:
    one, two = over("one", red=Rung(all=("two", "a"))), over("two", red=Rung(any=("one",)))
    assert names_of(one) == ["two", "a"]
    assert circle([one, two, A, over("three", red=Rung(all=("a",)))]) == ["one", "two"]
    assert len(ordered([one, two, A])) == 2


def test_for_is_kept_on_the_rules_own_grid() -> None:
    rule = over(red=Rung(all=("a",), for_=Duration(300)))
    assert tiers([rule, A], said("weibo", 1, 2.5, 58))["both"][0] == (8.0, (), Tier.RED)


def test_two_halves_come_to_what_one_replay_comes_to() -> None:
    rules = [over(red=Rung(all=("a", "b"))), A, B]
    whole = [(j.now, j.rule.name, a.tier) for j in replay(rules, NOISE, families=FAMILIES) for a in j.alerts]
    cut, standing = T0 + 660 + 30, {}
    for judged in replay(rules, NOISE, families=FAMILIES, end=cut):
        standing.setdefault(judged.rule.name, {}).update({a.key: a for a in judged.alerts})
    rest = replay(rules, NOISE, families=FAMILIES, start=cut, alerts=standing)
    halves = [(j.now, j.rule.name, a.tier) for j in rest for a in j.alerts]
    assert [h for h in whole if h[0] > cut] == halves


def test_families_may_be_asked_of_rules_that_do_not_ask_for_them() -> None:
    middle = over("middle", yellow=Rung(all=("a", "b")))
    top = over("top", red=Rung(all=("middle",), families=2))
    assert tiers([top, middle, A, B], NOISE)["top"][0] == (11.0, (), Tier.RED)
    assert "top" not in tiers(
        [top, middle, A, counting("b", "douyin")], [*said("weibo", 1, 2, 3), *said("douyin", 10, 11, 12)]
    )


def test_the_verdict_tells_which_rules_stand_and_their_families() -> None:
    verdict = structs.replace(
        Alert(rule="a", key=(), tier=Tier.ORANGE),
        verdict=None,
    )
    found = combine(over(red=Rung(all=("a", "b"))), {"a": {(): verdict}}, T0)[0].verdict
    assert found is not None and found.score.parts == (("a", 3),)
    assert [(r.condition, r.wanted, r.found, r.held) for r in found.reasons] == [("all", 2, 1, False)]


TEXT = "某某充电宝在地铁上突然冒烟，乘客紧急疏散，现场无人受伤，官方正在调查原因。"


@pytest.mark.parametrize(
    ("texts", "families"), [((TEXT, TEXT, TEXT), 1), ((TEXT, TEXT, "客服说充电宝退款要等十五天"), 2)]
)
def test_a_text_that_goes_round_counts_in_the_family_it_came_from(texts: tuple[str, ...], families: int) -> None:
    where = Where()
    rule = Rule(name="r", risk="x", window=Duration(HOUR), where=where, red=Rung(above=Bound(0), families=2))
    stories = Stories()
    records = [
        m
        for i, (s, t) in enumerate(zip(("weibo", "daily", "desk"), texts, strict=True))
        for m in said(s, i + 1, text=t)
    ]
    found = list(
        replay(
            [rule],
            records,
            families=FAMILIES,
            story_is_new=lambda m: stories.assign(m.source, m.id, m.title, m.text, m.at)[1],
        )
    )
    verdict = found[-1].alerts[0].verdict
    assert verdict is not None and len(verdict.families) == families
    assert (found[-1].alerts[0].tier == Tier.RED) == (families > 1)


def test_platforms_are_a_condition_of_a_tier() -> None:
    rule = Rule(name="r", risk="x", window=Duration(HOUR), orange=Rung(above=Bound(2), sources=2))
    assert "r" not in tiers([rule], said("weibo", 1, 2, 3, 4))
    assert tiers([rule], [*said("weibo", 1, 2, 3), *said("douyin", 4)])["r"][0][0] == 4.0


def test_growth_that_grows_is_a_condition_of_a_tier() -> None:
    rule = Rule(
        name="r",
        risk="x",
        window=Duration(600),
        orange=Rung(above=Bound(3), acceleration=4),
        leave=LEAVE,
        where=Where(),
    )
    steady = said("weibo", 1, *(11 + i for i in range(4)), *(21 + i * 0.9 for i in range(7)), 40)
    assert "r" not in tiers([rule], steady)
    racing = said("weibo", 1, 11, 12, *(21 + i * 0.5 for i in range(12)), 40)
    assert tiers([rule], racing)["r"][0][2] == Tier.ORANGE


def late(source: str, seen: float, *minutes: float) -> list[Record]:
    return [structs.replace(r, published_at=r.seen_at, seen_at=T0 + seen * 60) for r in said(source, *minutes)]


def test_what_came_late_is_judged_by_how_the_others_stood_then() -> None:
    rules = [over(orange=Rung(all=("a", "b"))), over("top", orange=Rung(all=("both",))), A, B]
    records = [*said("weibo", 1, 2, 3, 300), *said("desk", 0.5), *late("desk", 200, 10, 11, 12), *said("desk", 300)]
    judged = [(j.now, a) for j in replay(rules, records, families=FAMILIES) for a in j.alerts if a.tier == Tier.ORANGE]
    rose = {name: next((now // 1, a.since) for now, a in judged if a.rule == name) for name in ("both", "top")}
    assert set(rose.values()) == {(T0 + 200 * 60, T0 + 11 * 60)}
    never = [*said("weibo", 100, 101, 102, 300), *records[4:]]
    assert "both" not in tiers(rules, never)


def test_a_plain_rule_that_was_orange_in_missed_instants_is_told_at_the_arrival() -> None:
    records = [*said("desk", 0.5), *late("desk", 200, 10, 11, 12, 13, 14), *said("desk", 300)]
    assert tiers([B], records)["b"] == [(200.0, (), Tier.ORANGE), (211.0, (), Tier.CALM)]
    assert "b" not in tiers([B], [*late("desk", 200, 10, 11, 12, 13, 14), *said("desk", 300)]), "all of it is history"
