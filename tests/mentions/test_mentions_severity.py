"""Danger words: raised where a text tells of harm, not where it jokes, fears, denies or plays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.mentions.severity import Dangers, Standing, credible, shipped
from monitor.model import Tier

CASES = Path(__file__).parent / "severity"


def lines(name: str) -> list[str]:
    """Texts by hand, one a line: `negatives` tell of no harm, `positives` do."""
    return (CASES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def told(text: str) -> set[str]:
    return {danger.kind for danger in shipped().find("", text) if danger.standing == "told"}


def test_hardly_any_harmless_text_raises() -> None:
    texts = lines("negatives")
    raised = [text for text in texts if told(text)]
    assert len(texts) >= 200
    assert len(raised) <= 0.02 * len(texts), raised


def test_nearly_every_harm_is_found() -> None:
    texts = lines("positives")
    missed = [text for text in texts if not told(text)]
    assert len(texts) >= 100
    assert len(missed) <= 0.05 * len(texts), missed


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("充电宝昨晚起火了", "told"),
        ("充電寶昨晚起火了", "told"),
        ("没有起火", "negated"),
        ("没用几天就起火了", "told"),
        ("不小心被蒸汽烫伤", "told"),
        ("充电会起火吗？", "hypothetical"),
        ("如果起火怎么办", "hypothetical"),
        ("担心它起火", "hypothetical"),
        ("太害怕了，昨晚充电宝起火了", "told"),
        ("网传充电宝起火是谣言", "denied"),
        ("听说充电宝起火了", "hearsay"),
        ("电影里大楼起火的特效不错", "elsewhere"),
        ("电影院起火了", "told"),
        ("好吃到爆炸", "figurative"),
        ("The charger did not catch fire", "negated"),
        ("It didn't charge and then it caught fire", "told"),
        ("Could it catch fire?", "hypothetical"),
        ("My charger caught fire", "told"),
        ("我再也不买了，再不退款就起诉", "told"),
    ],
)
def test_how_a_danger_word_is_meant(text: str, standing: Standing) -> None:
    assert [danger.standing for danger in shipped().find("", text)] == [standing]


def test_a_child_makes_it_graver_and_nothing_is_graver_than_red() -> None:
    def tier(text: str) -> Tier:
        return max(danger.tier for danger in shipped().find("", text))

    assert tier("孩子被烫伤了") == tier("有人被烫伤了") + 1
    assert tier("一名儿童不治身亡") == Tier.RED


def test_one_voice_on_social_media_is_not_yet_credible() -> None:
    (danger,) = shipped().find("", "充电宝起火了")
    assert credible(danger, "tickets") and credible(danger, "regulator")
    assert not credible(danger, "social", ["a", "a"])
    assert credible(danger, "social", ["a", "b"])
    (asked,) = shipped().find("", "充电宝会起火吗？")
    assert not credible(asked, "tickets", ["a", "b"])


def test_the_title_is_read_too_and_does_not_run_into_the_text() -> None:
    assert {d.kind for d in shipped().find("商场起火", "两人受伤")} == {"fire", "injury"}
    assert [d.standing for d in shipped().find("如果", "起火了")] == ["told"]


def test_a_lexicon_of_ones_own_replaces_the_shipped_one() -> None:
    cues = "\n".join(
        f'{cue} = ""'
        for cue in ("idiom", "negated", "hypothetical", "may", "intent", "plain", "asked", "denied", "elsewhere")
    )
    own = Dangers(
        f'version = "mine"\n[cue]\nfigurative = []\nhearsay = ""\nchild = ""\n{cues}\n'
        '[[danger]]\nkind = "spill"\ntier = "yellow"\nwords = "泄漏 spill*"\n'
    )
    assert [(d.kind, d.tier) for d in own.find("", "Spilled oil")] == [("spill", Tier.YELLOW)]
    assert own.find("", "起火") == []


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    shipped().find("", text)
