"""Moods: what is a complaint and what is praise, with negation, emphasis and turns; and the words that say so."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mentions.mood import Moods, shipped
from monitor.mentions.normalize import normalize

NEGATIVE = [
    "送餐太慢了，饭都凉了",
    "服务态度差，打电话没人接",
    "质量垃圾，要求退款",
    "不好吃",
    "一点都不新鲜",
    "没有想象中好吃",
    "说好的发票没给",
    "客服不回复，商家不退款",
    "味道不错，但是等了两个小时，太差了",
    "不如以前好吃",
    "充電寶冒煙了",
    "我要向12315投诉",
    "孩子吃了拉肚子",
    "😡😡😡",
    "Flight delayed again, no explanation, worst airline ever",
    "not helpful at all",
    "I've been on hold for two hours",
    "they didn’t answer the phone and lost my bag",
    "this charger caught fire",
    "good phone but the battery is terrible",
    "[怒]什么玩意",
]
NOT_NEGATIVE = [
    "很好吃，下次还会再来",
    "不错，性价比高",
    "一点都不贵",
    "没有异味，质量没问题",
    "送餐很快，态度好，谢谢",
    "不难吃",
    "刚好今天到货",
    "这家店在人民路上",
    "请问几点开门？",
    "你好，想问一下运费",
    "虽然有点慢，但是味道非常好，强烈推荐",
    "thanks for the great service!",
    "not bad",
    "no problems at all, love it",
    "What time does the desk open?",
    "见 https://example.com/no-refund-terrible",
    "👍👍",
    "",
]


@pytest.mark.parametrize("text", NEGATIVE)
def test_a_complaint_is_heard(text: str) -> None:
    mood = shipped().read("", text)
    assert mood.negative and mood.score > 0.5
    assert any(heard.weight > 0 for heard in mood.why)


@pytest.mark.parametrize("text", NOT_NEGATIVE)
def test_praise_and_plain_questions_are_no_complaint(text: str) -> None:
    mood = shipped().read("", text)
    assert not mood.negative and mood.score <= 0.5


def test_the_reason_names_the_words_and_their_kinds() -> None:
    why = shipped().read("", "分量很好，但是客服不回复，我要曝光").why
    assert [(heard.text, heard.kind, heard.weight > 0) for heard in why] == [
        ("很好", "praise", False),
        ("回复", "due", True),
        ("曝光", "escalation", True),
    ]


def test_emphasis_weighs_more_and_softening_less() -> None:
    def score(text: str) -> float:
        return shipped().read("", text).score

    assert score("非常失望") > score("失望") > score("稍微失望") > 0.5
    assert score("慢") < score("慢，差，烂")


def test_repeating_a_word_does_not_go_on_counting() -> None:
    assert shipped().read("", "慢" * 50).score == shipped().read("", "慢慢").score


def test_a_negation_ends_with_its_clause() -> None:
    assert not shipped().read("", "没去过，很好吃").negative


def test_a_lexicon_of_ones_own_replaces_the_shipped_one() -> None:
    own = Moods('version = "mine"\n[[group]]\nkind = "complaint"\nweight = 2\nwords = "quux bar_baz"')
    assert own.version == "mine"
    assert own.read("", "QUUX").negative and own.read("", "bar baz").negative
    assert not own.read("", "垃圾").negative


def test_no_word_of_the_lexicon_stands_twice() -> None:
    groups = tomli.loads(files("monitor.mentions").joinpath("mood.toml").read_text(encoding="utf-8"))["group"]
    counts = Counter(normalize(word.strip("*") or word) for group in groups for word in group["words"].split())
    assert [word for word, n in counts.items() if n > 1] == []


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_mood(text: str) -> None:
    mood = shipped().read("", text)
    assert 0.0 <= mood.score <= 1.0
    assert mood.negative == (mood.score > 0.5)


SETS = [
    ("waimai_10k", "review", "label", "0", 0.79),
    ("chnsenticorp_htl_7k", "review", "label", "0", 0.76),
    ("online_shopping_10_cats_train25", "review", "label", "0", 0.84),
    ("us_airline_tweets_2015", "text", "sentiment", "negative", 0.75),
]


@pytest.mark.parametrize(("name", "text", "label", "bad", "least"), SETS)
def test_real_reviews_are_read_well(shared: Path, name: str, text: str, label: str, bad: str, least: float) -> None:
    with gzip.open(shared / f"data/mentions/{name}.csv.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    rows = rows[:: len(rows) // 1500]
    pairs = Counter((row[label] == bad, shipped().read("", row[text]).negative) for row in rows)
    f1 = [2 * pairs[c, c] / (2 * pairs[c, c] + pairs[c, not c] + pairs[not c, c]) for c in (True, False)]
    assert sum(f1) / 2 >= least
