"""What is counted where: selections, keys, buckets, marks, samples into spans."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Mention, Sample
from monitor.rules.buckets import Counted, Tally, compile_rules
from monitor.rules.evaluate import credible
from monitor.rules.rule import Rule, Rung, Where
from monitor.rules.select import (
    ANY,
    asks,
    fits,
    keys_of,
    mark_keys,
    other_side,
    reads,
    selection,
    selections,
    series_id,
    witnesses,
)
from monitor.rules.spread import spread
from monitor.times import HOUR, MINUTE, Bound

T0 = 1_750_000_020.0


def a_rule(**more: Any) -> Rule:
    return Rule(**{"name": "r", "risk": "x", **more})


def a_mention(id: str = "1", **more: Any) -> Mention:
    return Mention(**{"id": id, "text": "t", "seen_at": T0, "source": "s", **more})


def test_rules_that_count_the_same_share_a_selection() -> None:
    first = a_rule(where=Where(topic=("a", "b")), window=60.0)
    second = a_rule(name="other", where=Where(topic=("b", "a")), measure="stories")
    assert selections(first)[0].id == selections(second)[0].id
    assert selections(first)[0].id != selections(a_rule(where=Where(topic=("a",))))[0].id


def test_numbers_are_stable_over_restarts_and_fit_a_database() -> None:
    chosen = selection("mentions", Where(topic=("a",)), ("product",))
    assert chosen.id == 7887228369529329917
    assert 0 < series_id(chosen.id, (("product", "X"),)) < 2**63
    assert series_id(1, (("a", "b"),)) != series_id(1, (("a", "c"),))


def test_every_list_of_where_is_asked() -> None:
    where = Where(topic=("a",), source=("s",), family=("f",), labels={"channel": ("phone", "mail")})
    chosen = selection("mentions", where)
    labels = {"channel": "mail"}
    assert fits(chosen, {"a", "z"}, "s", "f", labels)
    assert not fits(chosen, {"z"}, "s", "f", labels)
    assert not fits(chosen, {"a"}, "t", "f", labels)
    assert not fits(chosen, {"a"}, "s", "g", labels)
    assert not fits(chosen, {"a"}, "s", "f", {"channel": "shop"})
    assert not fits(chosen, {"a"}, "s", "f", {})


def test_by_topic_counts_once_a_topic_that_where_asks() -> None:
    chosen = selection("mentions", Where(topic=("a", "b")), ("topic", "product", "source"))
    keys = keys_of(chosen, {"a", "b", "c"}, "s", "f", {})
    assert keys == [
        (("topic", "a"), ("product", ""), ("source", "s")),
        (("topic", "b"), ("product", ""), ("source", "s")),
    ]


def test_share_is_held_against_the_same_without_the_topic() -> None:
    rule = a_rule(measure="share", where=Where(topic=("angry",), family=("social",)), by=("product", "topic"))
    part, whole = selections(rule)
    assert whole is not None
    assert whole.where == Where(family=("social",)) and whole.by == ("product",)
    key = keys_of(part, {"angry"}, "s", "social", {"product": "X"})[0]
    assert other_side(key, whole) == (("product", "X"),)
    assert reads(rule) == ("count", "count")


def test_ratio_of_samples_divides_sums() -> None:
    rule = a_rule(of="returns", per="orders", measure="ratio", by=("product",))
    part, whole = selections(rule)
    assert whole is not None
    assert (part.of, whole.of, whole.by, reads(rule)) == ("returns", "orders", ("product",), ("sum", "sum"))


def test_a_record_that_lacks_a_label_bears_witness_for_every_value() -> None:
    chosen = selection("mentions", Where(family=("tickets",), labels={"product": ("X",)}), ("product",))
    assert witnesses(chosen, (), {}) and witnesses(chosen, (), {"product": "X"})
    assert not witnesses(chosen, (), {"product": "Y"})
    assert mark_keys((("product", "X"),)) == [(("product", "X"),), (("product", ANY),)]


def tally(rules: list[Rule], mentions: list[tuple[Mention, str]], topics: frozenset[str] = frozenset()) -> Counted:
    counting = Tally(compile_rules(rules))
    for mention, family in mentions:
        counting.add(mention, topics, family=family)
    return counting.drain()


def test_a_mention_of_two_topics_counts_once() -> None:
    counted = tally([a_rule(where=Where(topic=("a", "b")))], [(a_mention(), "f")], frozenset({"a", "b"}))
    assert [b.n for b in counted.buckets.values()] == [1]


def test_it_counts_in_the_minute_it_was_published() -> None:
    late = a_mention(published_at=T0 - HOUR)
    assert [key[3] for key in tally([a_rule()], [(late, "f")]).buckets] == [T0 - HOUR]


def test_reach_is_summed_and_its_extremes_kept() -> None:
    batch = [(a_mention(str(n), reach=n), "f") for n in (5, 9, 2)]
    (bucket,) = tally([a_rule(measure="reach")], batch).buckets.values()
    assert (bucket.n, bucket.stories, bucket.sum, bucket.min, bucket.max, bucket.last) == (3, 3, 16, 2, 9, 2)


def test_marks_are_made_only_where_a_rule_asks() -> None:
    said = [(a_mention(author="a"), "f")]
    assert not tally([a_rule()], said).marks
    assert {key[2] for key in tally([a_rule(measure="authors")], said).marks} == {"authors"}
    assert {key[2] for key in tally([a_rule(red=Rung(above=Bound(1), families=2))], said).marks} == {"families"}


def test_authors_are_told_apart_by_source_and_not_by_name_alone() -> None:
    batch = [(a_mention("1", author="a"), "f"), (a_mention("2", author="a", source="t"), "f"), (a_mention("3"), "f")]
    marks = tally([a_rule(measure="authors")], batch).marks
    assert len({key[4] for key in marks}) == 2


def test_families_are_evidence_whatever_source_is_counted() -> None:
    rule = a_rule(where=Where(family=("tickets",)), by=("product",), red=Rung(above=Bound(1), families=2))
    batch = [(a_mention("1", labels={"product": "X"}), "tickets"), (a_mention("2", source="t"), "press")]
    counted = tally([rule], batch)
    assert len(counted.buckets) == 1
    assert {(key[1][0][1], key[4]) for key in counted.marks} == {("X", "tickets"), (ANY, "press")}


def test_taking_a_mention_out_again_leaves_nothing() -> None:
    counting = Tally(compile_rules([a_rule(measure="authors")]))
    counting.add(a_mention(author="a", reach=3), frozenset(), family="f")
    counting.add(a_mention(author="a", reach=3), frozenset(), family="f", sign=-1)
    counted = counting.drain()
    assert [(b.n, b.stories, b.sum) for b in counted.buckets.values()] == [(0, 0, 0)]
    assert list(counted.marks.values()) == [0]


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from("XY"), st.integers(0, 9)), max_size=40), st.data())
def test_counting_in_batches_comes_to_the_same(rows: list[tuple[int, str, int]], data: Any) -> None:
    rules = [a_rule(by=("product",)), a_rule(name="all")]
    batch = [
        a_mention(str(i), seen_at=T0 + at, labels={"product": p}, reach=r) for i, (at, p, r) in enumerate(sorted(rows))
    ]
    cut = data.draw(st.integers(0, len(batch)))
    whole, halves = Tally(compile_rules(rules)), Tally(compile_rules(rules))
    sums: dict[Any, float] = {}
    for mention in batch:
        whole.add(mention, frozenset(), family="f")
    for part in (batch[:cut], batch[cut:]):
        for mention in part:
            halves.add(mention, frozenset(), family="f")
        for key, bucket in halves.drain().buckets.items():
            sums[key] = sums.get(key, 0) + bucket.sum
    assert {key: b.sum for key, b in whole.drain().buckets.items()} == sums


def a_sample(at: float, value: float, **more: Any) -> Sample:
    return Sample(**{"series": "x", "at": T0 + at, "value": value, "seen_at": T0 + at, **more})


def test_a_delta_fills_its_span() -> None:
    (bucket,) = spread([a_sample(300, 12, kind="delta", span=300)])
    assert (bucket.start, bucket.span, bucket.n, bucket.sum) == (T0, 300, 1, 12)


def test_a_gauge_stands_in_the_minute_that_ends_with_it() -> None:
    whole, within = spread([a_sample(0, 7), a_sample(30, 8)])
    assert (whole.start, within.start) == (T0 - MINUTE, T0)


def test_a_counter_gives_increases_and_a_fall_is_a_reset() -> None:
    told = spread([a_sample(at, value, kind="counter") for at, value in ((0, 100), (600, 130), (1200, 5), (1260, 6))])
    assert [(b.start - T0, b.span, b.sum) for b in told] == [(0, 600, 30), (600, 600, 5), (1200, 60, 1)]


def test_a_counter_goes_on_from_the_value_before() -> None:
    before = a_sample(0, 100, kind="counter")
    assert [b.sum for b in spread([a_sample(600, 130, kind="counter")], before)] == [30]


@pytest.mark.parametrize("labels", [{}, {"product": "X"}])
def test_samples_count_by_their_labels(labels: dict[str, str]) -> None:
    counting = Tally(compile_rules([a_rule(of="x", measure="sum", by=("product",))]))
    counting.add_samples("s", "kpi", "x", labels, spread([a_sample(60, 3), a_sample(120, 4)]))
    counting.add_samples("s", "kpi", "y", labels, spread([a_sample(60, 3)]))
    counted = counting.drain()
    assert sorted(b.sum for b in counted.buckets.values()) == [3, 4]
    assert {key[1] for key in counted.buckets} == {(("product", labels.get("product", "")),)}


def test_moods_and_dangers_are_asked_beside_topics() -> None:
    where = Where(topic=("a",), mood=("negative",), danger=("fire", "injury"))
    chosen = selection("mentions", where, ("danger",))
    said = {"a", "mood:negative", "danger:fire", "danger:death"}
    assert fits(chosen, said, "s", "f", {})
    for missing in ("a", "mood:negative", "danger:fire"):
        assert not fits(chosen, said - {missing}, "s", "f", {})
    assert keys_of(chosen, said, "s", "f", {}) == [(("danger", "fire"),)]
    assert keys_of(selection("mentions", by=("topic", "mood")), said, "s", "f", {}) == [
        (("topic", "a"), ("mood", "negative"))
    ]


def test_a_share_by_mood_is_held_against_all_moods() -> None:
    rule = a_rule(where=Where(mood=("negative",), family=("tickets",)), measure="share", by=("product", "mood"))
    part, whole = selections(rule)
    assert whole == selection("mentions", Where(family=("tickets",)), ("product",))
    assert part.where.mood == ("negative",)


def test_a_selection_that_asks_no_mood_keeps_its_number() -> None:
    assert selection("mentions", Where(topic=("a",))).id == selection("mentions", Where(topic=("a",), danger=())).id
    assert selection("mentions", Where(topic=("a",))).id != selection("mentions", Where(topic=("a",), danger=("b",))).id


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        ([("tickets", "a")], ("fire",)),
        ([("press", "")], ("fire",)),
        ([("social", "a")], ()),
        ([("social", "a"), ("social", "a")], ()),
        ([("social", "a"), ("social", "b")], ("fire",)),
        ([("social", ""), ("social", "b")], ()),
    ],
)
def test_a_danger_is_believed_of_a_witness_or_of_two_authors(
    told: list[tuple[str, str]], believed: tuple[str, ...]
) -> None:
    rule = a_rule(nature="read")
    tally = Tally(compile_rules([rule]))
    for i, (family, author) in enumerate(told):
        tally.add(a_mention(str(i), author=author), frozenset({"danger:fire"}), family=family)
    marks = {who for (_, _, kind, _, who), n in tally.drain().marks.items() if kind == "dangers" and n > 0}
    assert credible(marks) == believed
    assert not [1 for (_, _, kind, *_) in _counted(a_rule(), "danger:fire").marks if kind == "dangers"]


def _counted(rule: Rule, *said: str) -> Counted:
    tally = Tally(compile_rules([rule]))
    tally.add(a_mention(author="a"), frozenset(said), family="tickets")
    return tally.drain()


def test_what_is_said_weighs_how_often_a_mention_counts() -> None:
    rule = a_rule(weigh={"trouble": 2.0, "launch": 0.25, "mood:positive": 0.0}, measure="reach")
    tally = Tally(compile_rules([rule]))
    told = [{"trouble", "launch"}, {"launch"}, set(), {"mood:positive"}]
    for i, said in enumerate(told):
        tally.add(a_mention(str(i), reach=100), frozenset(said), family="f")
    (bucket,) = tally.drain().buckets.values()
    assert (bucket.n, bucket.stories, bucket.sum) == (3.25, 3.25, 325.0)
    assert (bucket.min, bucket.max, bucket.last) == (100, 100, 100)


def test_what_is_taken_out_again_leaves_nothing_behind() -> None:
    tally = Tally(compile_rules([a_rule(weigh={"trouble": 1.5})]))
    for sign in (1, -1):
        tally.add(a_mention(reach=7), frozenset({"trouble"}), family="f", sign=sign)
    (bucket,) = tally.drain().buckets.values()
    assert (bucket.n, bucket.stories, bucket.sum) == (0, 0, 0)


def test_what_weighs_nothing_has_no_series() -> None:
    tally = Tally(compile_rules([a_rule(weigh={"sport": 0.0}, by=("brand",))]))
    tally.add(a_mention(labels={"brand": "X"}), frozenset({"sport"}), family="f")
    assert not tally.drain().buckets


def test_weights_and_their_order_make_another_selection_and_none_leaves_it_as_it_was() -> None:
    plain, first = selections(a_rule())[0], selections(a_rule(weigh={"a": 2.0, "b": 0.5}))[0]
    assert selections(a_rule(weigh={}))[0].id == plain.id
    assert len({plain.id, first.id, selections(a_rule(weigh={"b": 0.5, "a": 2.0}))[0].id}) == 3
    assert first.topics == ("a", "b")
    assert asks(selections(a_rule(weigh={"danger:fire": 2.0}))[0], "danger")
