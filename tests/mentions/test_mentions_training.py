"""The trained mood: learns what it is shown, is one small file, and reads as it was measured."""

from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mentions.ngrams import BUCKETS, Header, Model, ModelFault, features, load
from monitor.mentions.training import Row, measure, split, train

pytest.importorskip("numpy")

BAD = ["送餐太慢", "客服不理人", "坏了退不了", "味道很差", "包装破损", "等了很久", "the screen broke", "never answered"]
GOOD = ["送餐很快", "客服很热情", "质量很好", "味道不错", "包装完好", "值得购买", "works perfectly", "quick answer"]


def rows(n: int, seed: int = 1) -> list[Row]:
    dice = random.Random(seed)
    kinds = [dice.random() < 0.4 for _ in range(n)]
    return [("，".join(dice.choices(BAD if bad else GOOD, k=2)) + str(dice.randrange(99)), bad) for bad in kinds]


@pytest.fixture(scope="module")
def model() -> Model:
    return train(rows(400))[0]


def test_it_learns_what_it_is_shown(model: Model) -> None:
    figures = measure(model.read, rows(200, seed=2))
    assert figures.accuracy >= 0.97 and figures.macro_f1 >= 0.97


def test_it_is_a_file_of_some_66_kilobytes_and_reads_the_same_after_a_round_trip(model: Model) -> None:
    content = model.dump()
    assert len(content) <= 66_500
    again = load(content)
    for text, _ in rows(50, seed=3):
        assert again.read("", text) == model.read("", text)


def test_the_same_rows_give_the_same_model(model: Model) -> None:
    assert train(rows(400))[0].dump() == model.dump()


def test_too_few_rows_teach_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        train(rows(20))


def test_copies_of_a_text_never_stand_on_both_sides() -> None:
    learnt, held = split(rows(300) * 2)
    assert held and not {text for text, _ in learnt} & {text for text, _ in held}


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"crisis-monitor mood 1\n{}\n" + bytes(BUCKETS), b"crisis-monitor mood 1\n{"]
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ModelFault):
        load(content)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_features_within_the_model(text: str) -> None:
    assert all(0 <= bucket < BUCKETS for bucket in features(text))
    header = Header(scale=0.1, bias=0.0, rows=0, accuracy=0.0, macro_f1=0.0, normal_form="1")
    mood = Model(header, array("b", [1]) * BUCKETS).read("", text)
    assert 0.0 <= mood.score <= 1.0


def test_figures_count_as_textbooks_do() -> None:
    from monitor.mentions.mood import Mood

    figures = measure(
        lambda _, text: Mood(text in "ab", 0.0, ()), [("a", True), ("b", False), ("c", True), ("d", False)]
    )
    assert figures == (4, 0.5, 0.5, 0.5, 0.5)
