from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.channels.dialect import HTML, MARKDOWN, PLAIN, SLACK, TELEGRAM, clean, live, write
from monitor.model import Link, Quoted, Text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("充电宝爆炸了，太可怕！", "充电宝爆炸了，太可怕！"),
        ("ＡＢＣ１２３", "ABC123"),
        ("a\r\nb\tc  d", "a b c d"),
        ("看https://evil.cn/a快来", "看‹链接›快来"),
        ("升到 3.5 版，1.2.3 也行", "升到 3.5 版，1.2.3 也行"),
        ("evil.example.com", "evil·example·com"),
        ("损失3.5万，1.5h 未回复", "损失3.5万，1.5h 未回复"),
        ("203.0.113.9", "203·0·113·9"),
        ("除\u202e解\u200b已", "除解已"),
    ],
)
def test_strangers_words_stay_readable_without_effect(said: str, shown: str) -> None:
    assert clean(said, "zh") == shown


def test_a_stripped_address_is_named_in_the_language_of_the_notice() -> None:
    assert clean("see https://evil.cn", "en") == "see ‹link›"


def test_markdown_swaps_look_alikes() -> None:
    assert write(Quoted("[x](y) <@all> *b* #t"), MARKDOWN, "zh") == "〔x〕（y） ‹＠all› ∗b∗ ＃t"


def test_our_own_words_keep_their_blanks_and_brackets() -> None:
    assert write(Text("[演练/DRILL] 红色 "), MARKDOWN, "zh") == "[演练/DRILL] 红色 "
    assert write(Text("a < b & c\n"), HTML, "zh") == "a &lt; b &amp; c "


def test_each_dialect_writes_a_link_its_way() -> None:
    link = Link("确认", "https://warn.example.com/a/1?x=1&y=2")
    assert write(link, MARKDOWN, "zh") == "[确认](https://warn.example.com/a/1?x=1&y=2)"
    assert write(link, PLAIN, "zh") == "确认: https://warn.example.com/a/1?x=1&y=2"
    assert write(link, SLACK, "zh") == "<https://warn.example.com/a/1?x=1&y=2|确认>"
    assert write(link, HTML, "zh") == '<a href="https://warn.example.com/a/1?x=1&amp;y=2">确认</a>'
    assert write(link, TELEGRAM, "zh") == write(link, HTML, "zh")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://e.cn/a?b=1&c=%20#d", "https://e.cn/a?b=1&c=%20#d"),
        ("https://e.cn/用户/(1)", "https://e.cn/%E7%94%A8%E6%88%B7/%281%29"),
        ("https://例子.公司/x", "https://xn--fsqu00a.xn--55qx5d/x"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
        ("https://bank.com@evil.com/", ""),
        ("javascript:alert(1)", ""),
        ("//evil.com/x", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("https://a b/", ""),
    ],
)
def test_only_plain_http_addresses_are_live(url: str, shown: str) -> None:
    assert live(url) == shown


@given(st.text())
def test_any_text_becomes_one_line_without_a_character_of_markup(text: str) -> None:
    once = clean(text, "zh")
    assert len(once.splitlines()) <= 1
    assert once.encode().decode() == once
    assert not set("@<>[]()*_`#|\\!~&") & set(write(Quoted(text), MARKDOWN, "zh"))


@given(st.text(alphabet="htps:/.evilcom@<>[]()x \u200b\u202eｈ：／．"))
def test_no_address_is_left_in_any_dialect(text: str) -> None:
    for dialect in (PLAIN, MARKDOWN, HTML, SLACK, TELEGRAM):
        shown = write(Quoted(text), dialect, "zh")
        assert "://" not in shown
        assert "@" not in shown
