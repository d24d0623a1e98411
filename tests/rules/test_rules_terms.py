"""Rules by term: what is new, for how long, and that searching on from an earlier look finds the same."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from monitor.detectors import NewTerm
from monitor.mentions.reading import Reader
from monitor.mentions.topic import Topic
from monitor.model import Key, Mention, Tier
from monitor.rules.replay import replay
from monitor.rules.rule import Leave, Rule, Rung, Where
from monitor.rules.terms import Search, Seen, own_words, text_of
from monitor.times import DAY, HOUR, Bound, Duration

T0 = 1_750_000_000.0 - 1_750_000_000.0 % DAY


def a_rule(**more: Any) -> Rule:
    given = {"name": "r", "risk": "x", "by": ("term",), "window": Duration(6 * HOUR), "every": Duration(HOUR)}
    detector = NewTerm(memory=Duration(6 * DAY), fresh=Duration(DAY))
    tiers = {"orange": Rung(above=Bound(4)), "leave": Leave(below=0.8, dwell=Duration(HOUR))}
    return Rule(**{**given, "detector": detector, **tiers, **more})


def said(text: str, *hours: float, source: str = "s", **more: Any) -> list[Mention]:
    return [
        Mention(
            id=f"{text}{source}{h}", text=text, source=source, seen_at=T0 + h * HOUR, published_at=T0 + h * HOUR, **more
        )
        for h in hours
    ]


def raised(rule: Rule, records: Sequence[Mention], **more: Any) -> list[tuple[float, Key]]:
    """(hours since T0, key) of each rise."""
    out: list[tuple[float, Key]] = []
    up: set[Key] = set()
    for judged in replay([rule], records, families={"s": "social", "p": "press"}, **more):
        for alert in judged.alerts:
            if alert.tier > Tier.CALM and alert.key not in up:
                out.append(((judged.now - T0) / HOUR, alert.key))
            (up.add if alert.tier > Tier.CALM else up.discard)(alert.key)
    return out


USUAL = said("物流太慢", *range(0, 9 * 24, 3))
BURST = [192.1, 192.2, 192.3, 192.4, 192.5]


def test_a_word_that_was_not_there_before_is_told_once() -> None:
    assert raised(a_rule(), [*USUAL, *said("钥匙泡水", *BURST)]) == [(193, (("term", "钥匙泡水"),))]


def test_a_word_that_was_there_before_is_not_told() -> None:
    assert raised(a_rule(), [*USUAL, *said("钥匙泡水", 60, 80, 100), *said("又钥匙泡水", *BURST)]) == []


def test_a_word_told_seldom_enough_before_is_new() -> None:
    assert len(raised(a_rule(), [*USUAL, *said("钥匙泡水", 60, 100), *said("钥匙泡水", *BURST)])) == 1


def test_a_word_of_longer_ago_than_the_memory_is_new_again() -> None:
    assert len(raised(a_rule(), [*USUAL, *said("钥匙泡水", 1, 2, 3, 4), *said("钥匙泡水", *BURST)])) == 1


def test_nothing_is_new_until_half_of_the_memory_is_seen() -> None:
    assert raised(a_rule(), said("钥匙泡水", 1.1, 1.2, 1.3, 1.4, 1.5, 1.6)) == []


def test_words_of_topics_are_nobodys_news() -> None:
    reader = Reader([Topic(name="keys", query='"钥匙泡水"')])
    records = [*USUAL, *said("钥匙泡水", *BURST)]
    assert raised(a_rule(), records, read=reader.read, own_words=reader.own_words) == []
    assert own_words({"钥匙泡水", "power bank"}) >= {"泡水", "钥匙泡", "power", "bank"}


def test_only_what_the_rule_counts_is_looked_at_now_and_before() -> None:
    rule = a_rule(where=Where(source=("s",)))
    assert raised(rule, [*USUAL, *said("钥匙泡水", *BURST, source="p")]) == []
    before = said("钥匙泡水", 60, 80, 100, source="p")
    assert len(raised(rule, [*USUAL, *before, *said("钥匙泡水", *BURST)])) == 1


def test_at_most_max_series_are_told() -> None:
    words = ["泡水", "地震", "召回", "起火", "断供"]
    records = [*USUAL, *(m for i, word in enumerate(words) for m in said(word, *(h + i / 100 for h in BURST)))]
    assert len(raised(a_rule(), records)) == 5
    assert len(raised(a_rule(max_series=2), records)) == 2


def test_copies_of_one_text_are_one_story_where_stories_are_counted() -> None:
    records = [*USUAL, *said("钥匙泡水", *BURST)]
    assert raised(a_rule(measure="stories"), records, story_is_new=lambda m: m.seen_at <= T0 + 192.1 * HOUR) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_search_that_goes_on_finds_what_one_from_the_start_finds(seed: int) -> None:
    random = Random(seed)
    words = ["泡水", "flood", "钥匙", "key"]
    texts = [(t + random.random(), random.choice([*words, "keys", "慢"])) for t in range(0, 400, random.choice([1, 7]))]
    seen: Seen = {}
    for until in (150.0, 151.0, 300.0, 330.0, 400.0):
        asked = random.sample(words, 3)
        assert search(texts, asked, until, seen) == search(texts, asked, until, {})


def search(texts: list[tuple[float, str]], words: list[str], until: float, seen: Seen) -> set[str]:
    """The words said at most twice in the 100 seconds before."""
    looking = Search(words, until - 100, until, 2.0, seen)
    while not looking.done:
        start = max(looking.since, looking.at - 30)
        part = [(at, Mention(id="", text=text, seen_at=at)) for at, text in texts if start <= at < looking.at]
        looking.take([(at, text_of(m), m) for at, m in part], start, lambda m: True)
    looking.new()
    return {word for word in words if len(looking.before(word)) <= 2}
