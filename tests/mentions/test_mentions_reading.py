"""Reading all at once says what reading apart says, and hostile texts cost no time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mentions import mood, severity
from monitor.mentions.duplicates import Stories
from monitor.mentions.labels import Label
from monitor.mentions.mood import Moods
from monitor.mentions.reading import Reader
from monitor.mentions.topic import Topic
from monitor.mentions.topics import Topics
from monitor.model import Mention

TOPICS = [Topic(name="fire", query="起火 NEAR/9 充电宝"), Topic(name="phone", query="title:iPhone OR 手机")]
READER = Reader(TOPICS, moods=mood.shipped(), dangers=severity.shipped())
WORDS = st.lists(
    st.sampled_from(["充电宝", "起火", "没有", "iPhone", "手机", "，", " ", "太差", "好", "吗？", "ＡＢ", "\u200b"]),
    max_size=12,
)


def mention(text: str, title: str = "", **fields: Any) -> Mention:
    return Mention(**{"id": "1", "text": text, "title": title, "seen_at": 0.0, **fields})


@settings(deadline=None)
@given(WORDS.map("".join), WORDS.map("".join))
def test_reading_at_once_is_reading_apart(title: str, text: str) -> None:
    reading = READER.read(mention(text, title))
    assert {said for said in reading.said if ":" not in said} == Topics(TOPICS).match(title, text)
    assert reading.mood is not None
    assert reading.mood.negative == mood.shipped().read(title, text).negative
    assert ("mood:negative" in reading.said) == reading.mood.negative
    assert list(reading.dangers) == severity.shipped().find(title, text)


@pytest.mark.parametrize(
    "text",
    [
        "起火" * 50_000,
        "没有起火吗？" * 20_000,
        "not on fire " * 10_000,
        "充电宝起火" * 20_000,
        "好" * 100_000,
        "￥，" * 50_000,
        "éa" * 50_000,
    ],
)
def test_a_hostile_text_costs_no_time(text: str) -> None:
    READER.read(mention(text[:100]))
    start = time.process_time()
    READER.read(mention(text, text[:2000]))
    Stories().assign("s", "1", "", text, 0.0)
    assert time.process_time() - start < 2.0


def test_what_nobody_asks_for_is_not_read() -> None:
    reading = Reader(TOPICS).read(mention("垃圾手机，充电宝起火，孩子烫伤"))
    assert (reading.said, reading.mood, reading.dangers) == ({"fire", "phone"}, None, ())


def test_only_dangers_told_as_having_happened_are_said() -> None:
    assert READER.read(mention("充电宝昨晚起火，孩子手烫伤")).said >= {"danger:fire", "danger:injury", "danger:child"}
    assert not any(said.startswith("danger:") for said in READER.read(mention("没有起火，别担心烫伤")).said)


@pytest.mark.parametrize(
    ("text", "fields", "product"),
    [
        ("X1 的充电宝坏了", {}, "X1"),
        ("这个 x20 很热", {}, "X20"),
        ("没有写型号", {"url": "https://shop.example.com/p/X7"}, "X7"),
        ("没有写型号", {}, "unknown"),
        ("X1 坏了", {"labels": {"product": "Y9"}}, "Y9"),
    ],
)
def test_a_label_comes_from_the_record_the_text_a_field_or_by_default(
    text: str, fields: dict[str, Any], product: str
) -> None:
    rule = Label(
        name="product", values={"X1": "X1 NOT X20", "X20": "X20"}, field="url", pattern=r"/p/(\w+)", otherwise="unknown"
    )
    reading = Reader(labels=[rule]).read(mention(text, **fields))
    assert (reading.mention.labels["product"], reading.said) == (product, frozenset())


def test_a_revision_changes_with_what_is_asked_and_with_nothing_else() -> None:
    one, other = (Label(name="product", values={"X1": query}) for query in ("X1", "X1 OR X-1"))
    lexicon = Moods('version = "2"\n[[group]]\nkind = "complaint"\nweight = 1.0\nwords = "差"')
    reader, changed = Reader(TOPICS, [one], moods=mood.shipped()), Reader(TOPICS, [other], moods=lexicon)
    asked = [
        {"topics": ["fire"], "mood": False, "danger": False},
        {"labels": ["product"], "mood": False, "danger": False},
        {"mood": True, "danger": False},
        {"labels": ["region"], "mood": False, "danger": False},
    ]
    assert [reader.revision(**a) == changed.revision(**a) for a in asked] == [True, False, False, True]  # type: ignore[arg-type]
    assert reader.revision(mood=False, danger=False) == ""
