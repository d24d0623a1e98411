"""The words of texts: what may be told as a term, and which terms tell one story."""

from __future__ import annotations

import time

from monitor.mentions.terms import frequent, holding, holds, runs, stories


def test_words_of_english_are_whole_and_without_stop_words() -> None:
    assert runs("", "The new PowerBank2 and the charger, it's hot").words == {"new", "charger", "hot"}


def test_personal_data_links_and_names_behind_an_at_are_no_words() -> None:
    said = runs("", "ring anna.smith@example.com or @annasmith, see https://example.com/recall 电话13800138000 [doge]")
    assert said.words == {"ring", "see"}
    assert said.han == ("电话",)


def test_a_text_of_any_writing_is_cut_as_its_normal_form() -> None:
    assert runs("", "電池 ＲＥＣＡＬＬ") == runs("", "电池 recall")


def test_the_longest_stretch_told_as_often_stands_for_its_pieces() -> None:
    texts = [runs("", f"{a}遥控钥匙泡水{b}") for a, b in (("车的", "了"), ("听说", "失灵"), ("", "难修"), ("怕", "过"))]
    assert frequent(texts, 3) == {"遥控钥匙泡水": 4}


def test_a_piece_told_much_more_often_stands_beside_the_longer_one() -> None:
    texts = [runs("", text) for text in ["钥匙泡水"] * 3 + ["钥匙", "钥匙？", "钥匙！", "钥匙坏"]]
    assert frequent(texts, 3) == {"钥匙": 7, "钥匙泡水": 3}


def test_a_term_counts_once_a_text() -> None:
    assert frequent([runs("", "泡水 泡水 泡水 flood flood flood")], 2) == {}


def test_what_begins_or_ends_like_the_middle_of_a_sentence_is_no_term() -> None:
    assert set(frequent([runs("", "在泡水"), runs("", "在泡水")], 2)) == {"泡水"}


def test_terms_of_the_same_texts_are_one_story_and_the_longest_speaks() -> None:
    where = {"泡水": frozenset({1, 2, 3, 4}), "遥控钥匙": frozenset({1, 2, 3, 4}), "地震": frozenset({5, 6, 7})}
    assert stories(where) == ["遥控钥匙", "地震"]


def test_who_spoke_for_a_story_goes_on_speaking() -> None:
    where = {"泡水": frozenset(range(9)), "遥控钥匙": frozenset(range(5))}
    assert stories(where, {"遥控钥匙"}) == ["遥控钥匙"]


def test_a_text_holds_a_word_of_its_own_only() -> None:
    assert holds("泡水", runs("", "钥匙泡水了")) and not holds("art", runs("", "a part"))
    assert holding("art", [runs("", "art"), runs("", "part")]) == {0}


def test_a_long_text_costs_no_more_than_its_beginning() -> None:
    began = time.perf_counter()
    runs("", "泡水" * 200_000)
    assert time.perf_counter() - began < 0.5
