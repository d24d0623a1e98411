"""Rules stepped over history: which instants are judged, what is known at each, and that nothing is skipped wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from monitor.detectors import Absence, Change, Ratio
from monitor.model import Alert, Key, Mention, Sample, Tier
from monitor.rules.memory import Memory
from monitor.rules.records import Record, arrivals, lives
from monitor.rules.replay import Judged, _Steps, replay
from monitor.rules.rule import Leave, Rule, Rung, Where
from monitor.times import DAY, HOUR, MINUTE, Bound, Duration

T0 = 1_750_000_020.0 - 1_750_000_020.0 % HOUR
FAMILIES = {"s": "social", "p": "press"}


def a_rule(above: float = 2, **more: Any) -> Rule:
    window, every = Duration(more.pop("window", HOUR)), Duration(more.pop("every", MINUTE))
    given_ = {"name": "r", "risk": "x", "window": window, "every": every, "orange": Rung(above=Bound(above))}
    return Rule(**{**given_, "leave": Leave(below=0.9, dwell=Duration(600)), **more})


def said(*minutes: float, source: str = "s", **more: Any) -> list[Record]:
    return [
        Mention(**{"id": f"{source}{i}{m}", "text": "t", "seen_at": T0 + m * 60, "source": source, **more})
        for i, m in enumerate(minutes)
    ]


def hours(values: Sequence[float], first: float = 1, **more: Any) -> list[Record]:
    """A delta an hour, from the hour before T0 + first hours."""
    given_ = {"series": "heat", "kind": "delta", "span": HOUR, "source": "s", **more}
    ends = [T0 + (first + i) * HOUR for i in range(len(values))]
    return [Sample(at=at, seen_at=at, value=v, **given_) for at, v in zip(ends, values, strict=True)]


def tiers(rules: Sequence[Rule], records: Sequence[Record], **more: Any) -> list[tuple[float, Key, Tier]]:
    """(minutes since T0, key, tier) at each change of tier."""
    out: list[tuple[float, Key, Tier]] = []
    standing: dict[tuple[str, Key], Tier] = {}
    for judged in replay(rules, records, families=FAMILIES, **more):
        for alert in judged.alerts:
            if standing.get((alert.rule, alert.key), Tier.CALM) != alert.tier:
                standing[alert.rule, alert.key] = alert.tier
                out.append((round((judged.now - T0) / 60, 3), alert.key, alert.tier))
    return out


def test_an_arrival_is_judged_at_once() -> None:
    assert tiers([a_rule(every=HOUR)], said(0.5, 1.25, 2.75)) == [(2.75, (), Tier.ORANGE)]


def test_a_record_on_a_whole_minute_is_judged_within_it() -> None:
    assert tiers([a_rule(every=HOUR)], said(0.5, 1.25, 3)) == [(3.0, (), Tier.ORANGE)]


def test_arrivals_within_50_ms_are_judged_together() -> None:
    at = T0 + 1.0
    records = [Mention(id=str(i), text="", seen_at=at + ms / 1000, source="s") for i, ms in enumerate((0, 20, 40, 70))]
    assert [(round(now - at, 3), len(batch)) for now, batch in arrivals(records)] == [(0, 1), (0.05, 2), (0.07, 1)]


def test_a_count_falls_out_of_the_window_and_the_tier_after_dwell() -> None:
    told = tiers([a_rule()], said(0.5, 1.5, 2.5, 200))
    assert told == [(2.5, (), Tier.ORANGE), (72.0, (), Tier.CALM)]


def test_old_events_fill_their_own_minutes() -> None:
    backfill = [
        Mention(id=str(i), text="", seen_at=T0 + DAY, published_at=T0 + i * 2 * HOUR, source="s") for i in range(12)
    ]
    assert tiers([a_rule()], [*said(0), *backfill]) == []


def test_after_the_last_record_of_a_source_there_is_no_data() -> None:
    only = a_rule(where=Where(source=("s",)))
    judged = list(
        replay([only], [*said(0.5, 1.5, 2.5), *said(0, 600, source="p")], families=FAMILIES, end=T0 + 10 * HOUR)
    )
    last = judged[-1].alerts[0]
    assert last.tier == Tier.ORANGE and last.verdict is not None and last.verdict.tier is None


def test_a_sample_covers_its_span_and_a_missing_one_is_no_zero() -> None:
    rule = a_rule(10, of="heat", measure="sum", every=HOUR)
    told = tiers([rule], [*hours([5, 20]), *hours([1, 1], first=6)])
    assert told == [(120.0, (), Tier.ORANGE), (420.0, (), Tier.CALM)]


def test_hourly_samples_are_let_go_though_judged_every_minute() -> None:
    rule = a_rule(10, of="heat", measure="sum")
    assert tiers([rule], hours([20, 1, 1, 1])) == [(60.0, (), Tier.ORANGE), (180.0, (), Tier.CALM)]


def test_gauges_without_a_span_vouch_back_to_the_one_before() -> None:
    every5 = [Sample(series="g", at=T0 + i * 300, seen_at=T0 + i * 300, value=9.0, source="s") for i in range(40)]
    rule = a_rule(8, of="g", measure="avg")
    alerts = [a for j in replay([rule], every5, families=FAMILIES) for a in j.alerts]
    assert alerts[-1].verdict is not None and not alerts[-1].verdict.partial


def test_a_corrected_sample_replaces() -> None:
    wrong = hours([50])
    later = [structs.replace(r, value=1.0, seen_at=T0 + 1.5 * HOUR) for r in hours([1.0]) if isinstance(r, Sample)]
    rule = a_rule(10, of="heat", measure="sum", every=HOUR, window=3 * HOUR)
    told = tiers([rule], [*wrong, *later, *hours([0, 0, 0], first=2)])
    assert told[0] == (60.0, (), Tier.ORANGE) and told[-1][2] == Tier.CALM


def test_the_same_record_twice_counts_once_and_a_changed_one_replaces() -> None:
    first = said(0.5, 1.5)
    twice = [*first, *said(0.5, 1.5)]
    assert tiers([a_rule()], twice) == []
    changed = [Mention(id="s00.5", text="other", seen_at=T0 + 150, published_at=T0 + 30, source="s")]
    assert tiers([a_rule()], [*first, *changed]) == []


def test_series_are_judged_by_themselves() -> None:
    records = [*said(0.5, 1.5, 2.5, labels={"product": "X"}), *said(0.6, 1.6, labels={"product": "Y"}, source="p")]
    assert tiers([a_rule(by=("product",))], records) == [(2.5, (("product", "X"),), Tier.ORANGE)]


def test_the_series_beyond_max_series_count_as_other() -> None:
    records = [r for i in range(5) for r in said(1.5 + i, labels={"product": f"P{i}"}, source="s")]
    told = tiers([a_rule(by=("product",), max_series=2)], records)
    assert told == [(5.5, (("product", "other"),), Tier.ORANGE)]


def test_a_second_family_raises_although_its_source_is_not_counted() -> None:
    rule = a_rule(where=Where(family=("social",)), orange=Rung(above=Bound(2), families=2))
    assert tiers([rule], [*said(0.5, 1.5, 2.5), *said(0.1, 7.25, source="p")]) == [(2.5, (), Tier.ORANGE)]
    late = [*said(0.5, 1.5, 2.5), *said(7.25, source="p")]
    assert tiers([rule], late) == [(7.25, (), Tier.ORANGE)]


def test_silence_is_told_while_nothing_arrives() -> None:
    rule = a_rule(2 * HOUR, detector=Absence(), where=Where(source=("s",)))
    assert tiers([rule], said(0, 10, 300)) == [(131.0, (), Tier.ORANGE)]


def test_a_ratio_of_daily_samples() -> None:
    rule = a_rule(
        0.05, of="returns", per="orders", measure="ratio", align=Duration(DAY), detector=Ratio(), min_denominator=200
    )
    days = [
        Sample(
            series=n, at=T0 - T0 % DAY + d * DAY, seen_at=T0 - T0 % DAY + d * DAY + 60, value=v, span=DAY, source="s"
        )
        for d, (r, o) in enumerate([(10.0, 500.0), (60.0, 500.0), (60.0, 100.0)], 1)
        for n, v in (("returns", r), ("orders", o))
    ]
    told = tiers([rule], days)
    assert [tier for _, _, tier in told] == [Tier.ORANGE]
    assert told[0][0] * 60 + T0 == T0 - T0 % DAY + 2 * DAY + 60


MINUTES = st.lists(st.integers(0, 6 * 60 * 4).map(lambda q: q / 4), min_size=1, max_size=40)
RULES = st.sampled_from(
    [
        a_rule(),
        a_rule(by=("product",)),
        a_rule(3, window=10 * MINUTE, every=5 * MINUTE),
        a_rule(orange=Rung(above=Bound(2), for_=Duration(300)), red=Rung(above=Bound(4), families=2)),
        a_rule(orange=Rung(below=Bound(2)), yellow=Rung(below=Bound(4), for_=Duration(600))),
        a_rule(1.5, detector=Change(add=2), window=Duration(1800)),
        a_rule(1800, detector=Absence()),
        a_rule(measure="authors"),
    ]
)


def mixed(minutes: Sequence[float]) -> list[Record]:
    """Mentions of two sources and two products; every seventh arrives late."""
    return [
        Mention(
            id=str(i),
            text="t",
            seen_at=T0 + m * 60 + (900 if i % 7 == 6 else 0),
            published_at=T0 + m * 60,
            source="sp"[i % 2],
            author=f"a{i % 5}",
            labels={"product": "XY"[i % 3 % 2]},
        )
        for i, m in enumerate(minutes)
    ]


@settings(max_examples=60, deadline=None)
@given(MINUTES, RULES)
def test_nothing_is_left_out_that_would_have_changed_a_tier(minutes: list[float], rule: Rule) -> None:
    records = mixed(minutes)
    quick = tiers([rule], records, end=T0 + 9 * HOUR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Steps, "_next", lambda self, series, alert, now: now)
        assert tiers([rule], records, end=T0 + 9 * HOUR) == quick


@settings(max_examples=60, deadline=None)
@given(MINUTES, RULES, st.integers(0, 400))
@example([0.0] * 11 + [5.0] * 3, Rule(name="r", risk="x", window=600.0, every=300.0, orange=Rung(above=3.0)), 15)
def test_two_halves_come_to_what_one_replay_comes_to(minutes: list[float], rule: Rule, cut: int) -> None:
    records, middle = mixed(minutes), T0 + cut * MINUTE

    def last(**more: Any) -> dict[Key, Alert]:
        out: dict[Key, Alert] = dict((more.get("alerts") or {}).get("r", {}))
        for judged in replay([rule], records, families=FAMILIES, **more):
            out.update({alert.key: alert for alert in judged.alerts})
        return out

    def standing(alerts: dict[Key, Alert]) -> dict[Key, Any]:
        return {k: (a.tier, a.since, a.pending, a.under) for k, a in alerts.items() if a.tier or a.pending}

    whole = last(end=T0 + 9 * HOUR)
    first = last(end=middle)
    assert standing(last(start=middle, end=T0 + 9 * HOUR, alerts={"r": first})) == standing(whole)


@settings(max_examples=40, deadline=None)
@given(MINUTES, MINUTES, RULES, st.integers(0, 300))
def test_a_replay_knows_nothing_of_what_comes_later(
    minutes: list[float], others: list[float], rule: Rule, cut: int
) -> None:
    now = T0 + cut * MINUTE + 1
    records = mixed(minutes)
    past = [r for r in records if r.seen_at <= now]
    future = [m for m in mixed([m + 400 for m in others])]
    cover = {"s": (T0, T0 + DAY), "p": (T0, T0 + DAY)}

    def known(later: Sequence[Record]) -> list[Judged]:
        return list(
            replay([rule], [*past, *later], families=FAMILIES, memory=Memory(FAMILIES, cover), start=T0, end=now)
        )

    if past:
        assert known([]) == known([r for r in records if r.seen_at > now]) == known(future)


def test_sources_vouch_from_their_first_to_their_last_record() -> None:
    assert lives(said(3, 1, 7)) == {"s": (T0 + 60, T0 + 420)}


def test_a_rarity_of_any_detector_is_told_alike_by_a_full_walk_and_in_two_halves() -> None:
    rule = Rule(name="r", risk="x", window=3600.0, every=600.0, yellow=Rung(rarer_than=Duration(DAY / 4), floor=1))
    minutes = np.random.default_rng(3).uniform(0, 4 * 1440, 250).tolist() + [3.5 * 1440 + i / 4 for i in range(40)]
    records, end = mixed(sorted(minutes)), T0 + 4 * DAY
    quick = tiers([rule], records, end=end)
    calm = [told[0] for told in quick if told[2] == Tier.CALM]
    middle = T0 + max(m for m in calm if m < 3.5 * 1440) * MINUTE + 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Steps, "_next", lambda self, series, alert, now: now)
        assert tiers([rule], records, end=end) == quick
    alerts: dict[Key, Alert] = {}
    for judged in replay([rule], records, families=FAMILIES, end=middle):
        alerts.update({alert.key: alert for alert in judged.alerts})
    assert max(a.tier for a in alerts.values()) == Tier.CALM
    later = tiers([rule], records, start=middle, end=end, alerts={"r": alerts})
    assert later and later == [told for told in quick if told[0] * MINUTE > middle - T0]
