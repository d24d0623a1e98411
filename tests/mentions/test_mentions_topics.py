"""Queries: what they find, what they leave, where they say it stands, and how they complain."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mentions.normalize import normalize
from monitor.mentions.query import QueryFault, holds, parse, terms
from monitor.mentions.topic import Topic
from monitor.mentions.topics import Topics

BATTERY = '("充电宝" OR "power bank") AND (爆炸 OR 起火 OR recall) NOT 招聘'


def matches(query: str, text: str, title: str = "") -> bool:
    return Topics([Topic(name="t", query=query)]).match(title, text) == {"t"}


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        (BATTERY, "我的充电宝昨晚爆炸了", True),
        (BATTERY, "我的充電寶昨晚起火了", True),
        (BATTERY, "Power  Bank recall announced", True),
        (BATTERY, "ＰＯＷＥＲ　ＢＡＮＫ爆\u200b炸", True),
        (BATTERY, "充电宝爆炸事故，招聘安全员", False),
        (BATTERY, "充电宝很好用", False),
        ("iPhone", "用iPhone充电", True),
        ("iPhone", "用iphone充电", True),
        ("iPhone", "iPhones", False),
        ("iPhone*", "我的iPhone15", True),
        ("rapist", "my therapist", False),
        ('"the rapist"', "therapist", False),
        ('"the rapist"', "the rapist was caught", True),
        ("rapist", "see the rapist.", True),
        ("su7", "小米SU7爆燃", True),
        ("su7", "小米SU70", False),
        ("recall*", "Recalled units", True),
        ("recall", "Recalled units", False),
        ("c++", "I like C++11", True),
        ("退款 客服", "客服说不能退款", True),
        ("退款 客服", "客服很好", False),
        ("退款 NOT (好评 OR 满意)", "退款了，很满意", False),
        ("退款 NOT NOT 客服", "退款 客服", True),
        ("a OR b AND c", "a", True),
        ("a OR b AND c", "b", False),
        ("(a OR b) AND c", "a", False),
        ("（退款 OR 退货）AND “不 理”", "要退货，客服 不 理 我", True),
        ("电池 NEAR/3 起火", "电池突然起火", True),
        ("电池 NEAR/1 起火", "电池突然起火", False),
        ("起火 NEAR/3 电池", "电池突然起火", True),
        ("(电池 OR 手机) NEAR/2 (起火 OR 爆炸)", "电池很好，手机爆炸", True),
        ("充电宝 NEAR/9 充电", "充电宝", False),
        ("a NEAR/5 b NEAR/5 c", "a b c", True),
        ("a NEAR/2 b NEAR/2 c", "a b ... ... c", False),
        ("Straße", "STRASSE", True),
    ],
)
def test_a_query_finds_what_it_says(query: str, text: str, found: bool) -> None:
    assert matches(query, text) is found


def test_title_alone_is_asked_where_the_query_says_so() -> None:
    assert matches("title:召回", "正文", "品牌召回")
    assert not matches("title:召回", "品牌召回", "正文")
    assert not matches("title:召回", "品牌召回")
    assert matches("title:(召回 OR 起火) 电池", "电池", "起火")
    assert not matches("title:(召回 OR 起火) 电池", "起火 电池", "新闻")
    assert matches("召回", "正文", "品牌召回")


def test_a_phrase_does_not_run_from_the_title_into_the_text() -> None:
    assert not matches('"爆炸"', "炸了", "爆")


def test_many_topics_are_told_apart_by_name() -> None:
    topics = Topics(
        [Topic(name="fire", query="起火 OR 爆炸"), Topic(name="refund", query="退款"), Topic(name="x", query="xyz")]
    )
    assert topics.match("", "起火后要求退款") == {"fire", "refund"}
    assert topics.match("", "天气很好") == frozenset()
    assert Topics([]).match("", "起火") == frozenset()


def test_why_points_into_the_text_as_it_was_given() -> None:
    topics = Topics([Topic(name="t", query="充电宝 AND (起火 OR iPhone) NOT 招聘")])
    title, text = "Ａ充電寶", "  用\u200bｉＰｈｏｎｅ充电"
    given_text = f"{title}\n{text}"
    assert [given_text[s:e] for s, e in topics.why(title, text)["t"]] == ["充電寶", "ｉＰｈｏｎｅ"]
    assert topics.why("", "充电宝起火")["t"] == [(0, 3), (3, 5)]
    assert topics.why("", "充电宝") == {}


def test_why_shows_only_what_made_the_query_hold() -> None:
    topics = Topics([Topic(name="t", query="(a AND b) OR (c NEAR/2 d)")])
    assert topics.why("", "a c d c")["t"] == [(2, 3), (4, 5), (6, 7)]
    assert topics.why("", "c . . . . c d")["t"] == [(10, 11), (12, 13)]


@settings(deadline=None)
@given(
    st.text(alphabet="充电宝爆炸ａＡa b\u200b\n電寶é\u0301", max_size=30),
    st.text(alphabet="爆炸充电 x\u200b", max_size=10),
)
def test_why_agrees_with_match_and_its_spans_say_the_term(text: str, title: str) -> None:
    topics = Topics([Topic(name="t", query="充电 OR 爆炸 OR a")])
    why = topics.why(title, text)
    assert set(why) == topics.match(title, text)
    whole = f"{title}\n{text}" if title else text
    for start, end in why.get("t", []):
        assert normalize(whole[start:end]).removesuffix("\u0301") in ("充电", "爆炸", "a")


@pytest.mark.parametrize(
    ("query", "kind", "position"),
    [
        ("", "empty", 0),
        ("   ", "empty", 0),
        ("NOT 招聘", "only_not", 0),
        ("爆炸 OR NOT 招聘", "only_not", 0),
        ("充电宝 AND", "missing", 7),
        ("AND 充电宝", "operand", 0),
        ("充电宝 AND OR 爆炸", "operand", 8),
        ("(充电宝 OR 爆炸", "open", 0),
        ("充电宝) 爆炸", "close", 3),
        ("充电宝 ()", "missing", 5),
        ('充电宝 "爆炸', "quote", 4),
        ('充电宝 ""', "blank", 4),
        ("充电宝 and 爆炸", "capitals", 4),
        ("充电宝 NEAR 爆炸", "near", 4),
        ("充电宝 NEAR/x 爆炸", "near", 4),
        ("(a AND b) NEAR/3 c", "near_of", 0),
        ("a NEAR/3 (NOT c)", "near_of", 9),
        ("充电宝 | 爆炸", "sign", 4),
        ("充电宝 -招聘", "sign", 4),
        ("url:x", "field", 0),
        ("a title: b", "field_alone", 2),
        ("充电宝，爆炸", "comma", 3),
        ("re*call", "star", 2),
        ("(" * 60 + "a" + ")" * 60, "deep", 50),
    ],
)
def test_a_fault_points_into_the_query(query: str, kind: str, position: int) -> None:
    with pytest.raises(QueryFault) as fault:
        parse(query)
    assert (fault.value.kind, fault.value.position) == (kind, position)
    for language, column in product(("zh", "en"), (str(position + 1),)):
        assert column in fault.value.text(language)


@settings(deadline=None)
@given(st.text(alphabet='ab "()（）ANDORT*:,-|NEAR/3 title充', max_size=40))
def test_any_text_parses_or_is_a_query_fault(query: str) -> None:
    try:
        parse(query)
    except QueryFault as fault:
        assert 0 <= fault.position <= len(query)
        assert "\n" not in fault.text("zh")


def test_thousands_separators_and_links_are_terms() -> None:
    assert matches("1,000", "共1,000件")
    assert matches("https://example.com/x", "见https://example.com/x 。")


def test_the_revision_follows_the_meaning_not_the_spacing() -> None:
    def revision(query: str, lexicon: str = "") -> str:
        return Topics([Topic(name="t", query=query)], lexicon).revision("t")

    assert revision("a AND b") == revision("a   b") == revision("(A) b")
    assert revision("a AND b") != revision("a OR b")
    assert revision("a") != revision("a*")
    assert revision("a") != revision("title:a")
    assert revision("a") != revision('"a"', lexicon="2")


def test_a_text_of_one_word_ten_thousand_times_is_judged_at_once() -> None:
    assert not matches("a NEAR/3 z", "a " * 100_000 + ". . . . z")


NODES = st.recursive(
    st.sampled_from(["充电", "电宝", "爆炸", "起火", "宝爆"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} AND {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} OR {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} NOT {pair[1]})"),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.lists(NODES, min_size=1, max_size=4), st.text(alphabet="充电宝爆炸起火,", max_size=12))
def test_topics_hold_as_plain_search_says(queries: list[str], text: str) -> None:
    topics, plain = [], set()
    for i, query in enumerate(queries):
        tree = parse(query)
        topics.append(Topic(name=str(i), query=query))
        if holds(tree, frozenset(term for term in terms(tree) if term.text in text)):
            plain.add(str(i))
    assert Topics(topics).match("", text) == plain


PIECES = st.lists(
    st.sampled_from(["充电宝", "起火", "AB", "ab", "x", "1", "，", " ", "\u200b", "ＡＢ", "電", "電池"]), max_size=10
)
SHORT = st.sampled_from(
    ["充电宝", "起火", "ab", "ab*", "电池", "(ab OR 起火)", "title:起火", "充电宝 AND 起火", "ab NOT 起火"]
)


@given(st.lists(SHORT, min_size=1, max_size=4), PIECES.map("".join), PIECES.map("".join))
def test_the_quick_way_says_what_the_thorough_way_says(queries: list[str], title: str, text: str) -> None:
    topics = Topics([Topic(name=str(i), query=query.replace("|", " ")) for i, query in enumerate(queries)])
    thorough = frozenset(topics.why(title, text))
    assert topics.match(title, text) == thorough == topics.match_normal(normalize(title), normalize(text))
