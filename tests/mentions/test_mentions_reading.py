"""Reading all at once says what reading apart says, and hostile texts cost no time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mentions import mood, severity
from monitor.mentions.duplicates import Stories
from monitor.mentions.reading import Reader
from monitor.mentions.topic import Topic
from monitor.mentions.topics import Topics

TOPICS = Topics([Topic(name="fire", query="起火 NEAR/9 充电宝"), Topic(name="phone", query="title:iPhone OR 手机")])
READER = Reader(TOPICS)
WORDS = st.lists(
    st.sampled_from(["充电宝", "起火", "没有", "iPhone", "手机", "，", " ", "太差", "好", "吗？", "ＡＢ", "\u200b"]),
    max_size=12,
)


@settings(deadline=None)
@given(WORDS.map("".join), WORDS.map("".join))
def test_reading_at_once_is_reading_apart(title: str, text: str) -> None:
    reading = READER.read(title, text)
    assert reading.topics == TOPICS.match(title, text)
    assert reading.mood.negative == mood.shipped().read(title, text).negative
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
    READER.read("", text[:100])
    start = time.process_time()
    READER.read(text[:2000], text)
    Stories().assign("s", "1", "", text, 0.0)
    assert time.process_time() - start < 2.0
