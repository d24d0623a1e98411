"""Bytes into text: what is claimed, what is true, and what a sender left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.charset import charset_of, decode, detect

PLAIN = "充电宝爆炸，消费者投诉不断；厂家表示正在调查。"
TRADITIONAL = "行動電源爆炸，消費者投訴不斷；廠商表示正在調查。"


@pytest.mark.parametrize(
    "word", ["充电宝", "起火", "投诉", "质量太差了", "退货", PLAIN, "iPhone 充电 50%", "售后！！！"]
)
def test_undeclared_gbk_is_told_from_a_few_words(word: str) -> None:
    assert detect(word.encode("gbk")) == "gb18030" and decode(f"<a>{word}</a>".encode("gbk")) == f"<a>{word}</a>"


@pytest.mark.parametrize("word", ["行動電源", "起火", "投訴", "品質太差了", "退貨", TRADITIONAL])
def test_undeclared_big5_is_told_from_a_few_words(word: str) -> None:
    assert decode(f"<a>{word}</a>".encode("big5")) == f"<a>{word}</a>"


@pytest.mark.parametrize("name", ["euc_jp", "cp932"])
def test_undeclared_japanese_is_told_by_its_kana(name: str) -> None:
    word = "充電器が燃えました。リコールについて"
    assert decode(f"<a>{word}</a>".encode(name)) == f"<a>{word}</a>"


@pytest.mark.parametrize("word", ["café", "naïve façade", "Größe: 5 €", "señor", "100 £"])
def test_western_text_is_not_taken_for_chinese(word: str) -> None:
    assert decode(word.encode("cp1252")) == word


def test_latin_1_out_of_a_server_s_default_does_not_win_over_what_is_there() -> None:
    declared = f"<?xml version='1.0' encoding='gb2312'?><a>{PLAIN}</a>".encode("gbk")
    assert PLAIN in decode(declared, "ISO-8859-1")
    assert PLAIN in decode(f"<a>{PLAIN}</a>".encode("gbk"), "ISO-8859-1")
    assert decode("Größe".encode("latin-1"), "ISO-8859-1") == "Größe"


def test_a_false_claim_of_utf_8_is_seen_through() -> None:
    assert PLAIN in decode(f"<?xml version='1.0' encoding='utf-8'?><a>{PLAIN}</a>".encode("gb18030"), "utf-8")


def test_one_broken_byte_does_not_turn_utf_8_into_something_else() -> None:
    broken = PLAIN.encode() + b"\xff" + PLAIN.encode()
    assert decode(broken) == PLAIN + "\ufffd" + PLAIN


def test_a_cut_end_is_no_other_encoding() -> None:
    assert decode(PLAIN.encode()[:-1]).startswith(PLAIN[:-1])


@pytest.mark.parametrize(
    ("header", "charset"),
    [("text/xml; charset=GBK", "GBK"), ('text/xml;charset="utf-8"', "utf-8"), ("text/xml", ""), ("", "")],
)
def test_the_charset_of_a_header(header: str, charset: str) -> None:
    assert charset_of(header) == charset


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "gbk", "utf-7", "rot13", "hex", "idna", "nonsense", "utf-16", "unicode_escape"]),
)
def test_any_bytes_are_some_text(body: bytes, claim: str) -> None:
    assert isinstance(decode(body, claim), str)
