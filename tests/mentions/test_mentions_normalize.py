"""What the normal form promises: one writing, nothing invisible, every character traced to the original."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mentions import normalize as normal_form
from monitor.mentions.normalize import align, normalize
from monitor.mentions.traditional import PAIRS, SIMPLIFIED

MIXED = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(
            "充電宝ＡＢＣａｂ１２３，。！\u3000 \t\n\u200b\u200d\u0301\uff9e\uff76\u1100\u1161\u11a8éÉßİſﬁ①㎏ﷺ"
        ),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("ＰｏｗｅｒＢａｎｋ１００％", "powerbank100%"),
        ("充電寶爆炸，起火！", "充电宝爆炸,起火!"),
        ("爆\u200b炸\ufeff", "爆炸"),
        ("a\u0000b\x7fc", "abc"),
        ("Straße", "strasse"),
        ("ｶﾞｽ", "ガス"),
        ("  two \t words\r\n", "two words"),
        ("🔥\ufe0f", "🔥"),
        ("\ud83d x", "x"),
        ("", ""),
    ],
)
def test_writings_of_the_same_thing_meet(written: str, normal: str) -> None:
    assert normalize(written) == normal


@settings(max_examples=400, deadline=None)
@given(MIXED)
def test_the_slow_way_gives_the_same_text_as_the_fast_way(text: str) -> None:
    normal, spans = align(text)
    assert normal == normalize(text)
    assert len(spans) == len(normal)


@settings(max_examples=300, deadline=None)
@given(MIXED)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@settings(max_examples=200, deadline=None)
@given(MIXED)
def test_spans_lie_in_the_original_in_order(text: str) -> None:
    _, spans = align(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


def test_no_control_or_format_character_survives() -> None:
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) in ("Cc", "Cf", "Cs"):
            assert normalize(f"a{char}b") in ("ab", "a b"), hex(code)


def test_every_character_that_composes_with_the_one_before_is_known() -> None:
    for code in range(0x300, 0x30000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            pair = "".join(chr(int(p, 16)) for p in parts)
            assert align(pair)[0] == normalize(pair), hex(code)


def test_the_table_of_characters_is_pairs_and_settles_in_one_step() -> None:
    assert len(PAIRS) == 2 * len(SIMPLIFIED)
    assert not set(SIMPLIFIED.values()) & {chr(c) for c in SIMPLIFIED}
    assert all(normalize(c) == c for c in SIMPLIFIED.values())


def test_what_is_taken_for_usual_is_what_the_full_way_leaves_as_it_is() -> None:
    usual = [chr(code) for code in range(0x20000) if normal_form._USUAL.fullmatch(chr(code))]
    assert len(usual) > 20_000
    for char in usual:
        assert normalize(f"中{char}中") == " ".join(normal_form._fold(f"中{char}中").split()), hex(ord(char))


@given(st.text(st.sampled_from("充电宝中，。！… \t～\u200b\ufe0fABcé1２楊🔥"), max_size=12))
def test_a_light_form_holds_the_same_words(text: str) -> None:
    words = re.findall(r"[^\W_]+", normalize(text))
    assert re.findall(r"[^\W_]+", " ".join(normal_form.light(text).split())) == words
