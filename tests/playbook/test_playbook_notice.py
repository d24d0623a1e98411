"""What a notice says, in which order, and what it never says."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.messages import LANGUAGES
from monitor.model import Evidence, Facts, Link, Notice, Quoted, Score, Tier, Transition
from monitor.playbook import Playbooks, TemplateFault
from monitor.playbook.notice import TITLE_WIDTH, width
from tests.playbook.samples import AT, HOSTILE, NAMES, URLS, flat, quoted_of, sample_facts, texts_of, with_examples

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
BOOKS, FAULTS = Playbooks.load(ROOT / "playbooks")
TRANSITIONS = get_args(Transition)


def render(facts: Facts, language: str = "zh", **more: object) -> Notice:
    return BOOKS.render(facts, language=language, urls=URLS, key="k", names=NAMES, **more)  # type: ignore[arg-type]


def plain(facts: Facts, language: str = "zh") -> Notice:
    return BOOKS.plain(facts, language=language, urls=URLS, key="k", names=NAMES)


def test_the_shipped_playbooks_have_no_fault() -> None:
    assert [fault.write("en") for fault in FAULTS] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("transition", TRANSITIONS)
def test_every_transition_reads_as_written_down(transition: Transition, language: str) -> None:
    notice = render(sample_facts(transition, playbook="product-safety"), language)
    golden = GOLDEN / f"{transition.lower().replace(' ', '_')}.{language}.txt"
    assert flat(notice) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("playbook", BOOKS.names)
def test_every_playbook_renders_every_transition_and_tier(playbook: str, language: str) -> None:
    for transition in TRANSITIONS:
        for tier in (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED):
            facts = sample_facts(transition, tier, playbook)
            for notice in (render(facts, language), plain(facts, language)):
                assert notice.lines[0].id == "head"
                assert facts.incident in texts_of(notice)
                assert width("".join(p.text for p in notice.title if not isinstance(p, Link))) <= TITLE_WIDTH


def test_lines_stand_in_the_order_of_the_trade() -> None:
    facts = replace(sample_facts("RAISED"), late_by=7800.0, playbook="product-safety")
    ids = [line.id for line in render(facts).lines]
    assert ids == [
        *("head", "note", "extent", "since", "evidence", "example.1", "example.2", "example.3"),
        *("lead", "ack", "next", "clock", "public", "links"),
    ]


def test_examples_are_cut_before_evidence_and_the_core_never() -> None:
    lines = render(sample_facts(playbook="product-safety")).lines
    assert {line.id for line in lines if line.vital} == {"head", "extent", "since", "lead", "ack", "links"}
    cut_first = sorted((line for line in lines if not line.vital), key=lambda line: -line.priority)
    assert [line.id for line in cut_first] == [
        *("example.3", "example.2", "example.1", "evidence", "public", "clock", "next")
    ]


def test_a_drill_is_marked_first_of_all_and_says_so_in_the_text() -> None:
    for language, mark in (("zh", "[演练]"), ("en", "[DRILL]")):
        facts = replace(sample_facts(), drill=True)
        for notice in (render(facts, language), plain(facts, language)):
            assert notice.drill and notice.title[0].text.startswith(mark)  # type: ignore[union-attr]
            assert ("演练" if language == "zh" else "drill") in texts_of(notice)


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_every_notice_says_that_it_is_internal(transition: Transition) -> None:
    assert "内部预警" in texts_of(render(sample_facts(transition)))
    assert "internal alert" in texts_of(plain(sample_facts(transition), "en"))


def test_a_late_finding_says_how_late() -> None:
    facts = replace(sample_facts(), late_by=7800.0)
    assert "2 小时 10 分钟" in texts_of(render(facts))
    assert "Seen 2 h 10 min late" in texts_of(render(facts, "en"))


def test_a_clearing_after_an_unsent_red_tells_both() -> None:
    facts = replace(sample_facts("CLEARED"), supersedes_unsent=Tier.RED)
    assert "此前的红色预警没能送到" in texts_of(render(facts))
    assert "An earlier RED notice did not reach you" in texts_of(plain(facts, "en"))


def test_a_raise_above_a_silence_says_so() -> None:
    facts = replace(sample_facts("RAISED"), over_silence=Tier.YELLOW)
    assert "已静默到黄色" in texts_of(render(facts))
    assert "silenced up to YELLOW" in texts_of(render(facts, "en"))


def test_a_lower_bound_and_a_learning_baseline_are_told() -> None:
    score = Score(value=186, expected=21, partial=True, learning=(3 * 86400, 14 * 86400))
    facts = sample_facts()
    facts = replace(facts, evidence=(replace(facts.evidence[0], score=score),))
    assert "至少 186 条" in texts_of(render(facts))
    assert "3/14 天" in texts_of(render(facts))
    assert "≥186 in 1 h" in texts_of(render(facts, "en"))


def test_who_acknowledged_stands_in_place_of_the_deadline() -> None:
    said = texts_of(render(sample_facts(), acknowledged=("li-na", AT + 120)))
    assert "李娜 已于 22:17 接手" in said and "否则通知" not in said


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    facts = sample_facts(playbook="product-safety")
    assert "有没有人受伤" in texts_of(render(facts))
    assert "查型号、批次" in texts_of(render(replace(facts, steps_done=("injuries",))))


def test_a_clock_counts_down_only_once_a_person_has_started_it() -> None:
    facts = sample_facts(playbook="product-safety")
    assert "法定时限待核对（未起算）" in texts_of(render(facts))
    running = replace(facts, clocks={"us-cpsc-15b": AT + 20 * 3600, "cn-consumer-recall": AT + 40 * 3600})
    assert "美国 CPSC 报告，11月22日 18:15 前，还剩 20 小时" in texts_of(render(running))
    over = replace(facts, clocks={"us-cpsc-15b": AT - 3600})
    assert "超过 1 小时" in texts_of(render(over))


def test_an_unverified_law_is_marked() -> None:
    facts = sample_facts(playbook="mass-complaints")
    assert "12315 投诉受理决定 7 个工作日〔未核实〕" in texts_of(render(facts))
    assert "[unverified]" in texts_of(render(facts, "en"))


def test_a_playbook_nobody_here_has_read_says_so() -> None:
    assert "尚未经本单位复核" in texts_of(render(sample_facts()))


def test_examples_come_from_different_families() -> None:
    facts = sample_facts()
    crowd = tuple(replace(facts.examples[1], text=f"转发{n}", at=AT - n) for n in range(5))
    shown = render(replace(facts, examples=(*crowd, *facts.examples)))
    assert quoted_of(shown)[-6:][::2] == ["转发0", facts.examples[0].text, facts.examples[2].text]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a@evil.example/", "ftp://x.example", "https://a b/", ""]
)
def test_a_link_that_is_not_plain_http_is_left_out(url: str) -> None:
    facts = sample_facts()
    facts = replace(facts, examples=(replace(facts.examples[0], url=url),))
    line = next(line for line in render(facts).lines if line.id == "example.1")
    assert not any(isinstance(part, Link) for part in line.parts)


def test_personal_data_and_addresses_do_not_reach_a_group() -> None:
    (words,) = [q for q in quoted_of(render(with_examples(sample_facts(), HOSTILE[-1]))) if "电话" in q]
    assert words == "电话138****身份证110****邮箱***"


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_words_never_become_ours(hostile: str, language: str) -> None:
    evil = replace(
        with_examples(sample_facts(), hostile), scope={"product": hostile}, reason=hostile, actor="zhang-wei"
    )
    evil = replace(evil, evidence=(replace(evil.evidence[0], key=(("store", hostile),)),))
    for notice in (render(evil, language), plain(evil, language)):
        ours = texts_of(notice)
        assert "49" not in ours and "boom" not in ours and "evil" not in ours and "@" not in ours
        assert not any(char in q for q in quoted_of(notice) for char in "\n\u202e\u200b\u2066\x02")


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=80), st.sampled_from(TRANSITIONS), st.sampled_from(LANGUAGES))
def test_no_word_from_outside_changes_a_word_of_ours(words: str, transition: Transition, language: str) -> None:
    def said(text: str) -> tuple[str, int]:
        facts = replace(with_examples(sample_facts(transition), text), scope={"product": text}, reason=text)
        notice = render(facts, language)
        return texts_of(replace(notice, title=())), len(quoted_of(notice))

    assert said(words) == said("x")


def test_a_broken_template_is_told_apart_and_the_plain_notice_has_every_vital_fact() -> None:
    texts = BOOKS.texts("general") | {"general/notice.alarm.zh.j2": "{% block head %}{{ nobody }}{% endblock %}"}
    broken, faults = Playbooks.of(texts)
    assert any("nobody" in fault.write("en") and fault.line == 1 for fault in faults)
    with pytest.raises(TemplateFault, match="nobody"):
        broken.render(sample_facts(), language="zh", urls=URLS, key="k")
    said = flat(broken.plain(sample_facts(), language="zh", urls=URLS, key="k", names=NAMES))
    for fact in (
        "红色预警",
        "INC-2026-0042",
        "22:15（UTC+8）",
        "X1",
        "186",
        "21:05",
        "张伟",
        "22:30",
        "李娜",
        URLS["ack"],
    ):
        assert fact in said


def test_a_template_that_reads_a_quoted_word_fails_at_load() -> None:
    for trick in ("{{ scope ~ 'x' }}", "{{ scope | upper }}", "{{ reason._part }}", "{{ scope[2]._part.text }}"):
        block = "{% extends 'general/_notice.zh.j2' %}{% block extent %}" + trick + "{% endblock %}"
        _, faults = Playbooks.of(BOOKS.texts("general") | {"general/notice.alarm.zh.j2": block})
        assert any(fault.text_id == "playbook.template" for fault in faults), trick


def test_a_template_can_neither_read_files_nor_reach_into_python() -> None:
    for trick in ("{% include '/etc/passwd' %}", "{{ ''.__class__.__mro__ }}", "{{ more.append('x') }}"):
        block = "{% extends 'general/_notice.zh.j2' %}{% block extent %}x" + trick + "{% endblock %}"
        _, faults = Playbooks.of(BOOKS.texts("general") | {"general/notice.alarm.zh.j2": block})
        assert any(fault.text_id == "playbook.template" for fault in faults), trick


def test_a_notice_whose_template_forgets_a_vital_line_is_not_whole() -> None:
    block = "{% extends 'general/_notice.zh.j2' %}{% block ack %}{% endblock %}"
    books, _ = Playbooks.of(BOOKS.texts("general") | {"general/notice.alarm.zh.j2": block})
    with pytest.raises(TemplateFault, match="nothing stands in ack"):
        books.render(sample_facts(), language="zh", urls=URLS, key="k")


def test_a_title_is_cut_at_the_value_and_keeps_sign_and_tier() -> None:
    facts = replace(sample_facts(playbook="product-safety"), scope={"product": "超长的产品名称" * 10}, drill=True)
    title = "".join(p.text for p in render(facts).title if not isinstance(p, Link))
    assert title.startswith("[演练] 🔴 红色预警 · 产品安全") and title.endswith("…") and width(title) <= TITLE_WIDTH


def test_facts_as_poor_as_can_be_still_make_a_notice() -> None:
    bare = Facts(
        incident="INC-2026-0001",
        notice=1,
        transition="NEW",
        tier=Tier.BLUE,
        previous_tier=Tier.CALM,
        risk="unheard-of",
        scope={},
        at=AT,
        since=AT,
        playbook="unheard-of",
        playbook_revision="",
        timezone="Nowhere/Land",
    )
    for language in LANGUAGES:
        notice = BOOKS.render(bare, language=language, urls={}, key="k")
        assert [line.id for line in notice.lines if line.vital] == ["head", "extent", "since", "lead", "ack"]
    nothing, _ = Playbooks.of({})
    assert "unheard-of" in flat(nothing.plain(bare, language="en", urls={}, key="k"))


def test_further_alerts_are_told_apart_by_what_the_scope_does_not_name() -> None:
    facts = sample_facts()
    other = Evidence(
        rule="r",
        key=(("product", "X1"), ("region", "华东")),
        tier=Tier.ORANGE,
        since=AT,
        measure="count",
        window=3600,
        detector="threshold",
        unit="measure",
        score=Score(value=9),
    )
    line = next(x for x in render(replace(facts, evidence=(other, *facts.evidence))).lines if x.id == "more")
    assert [p.text for p in line.parts if isinstance(p, Quoted)] == ["华东"]


def test_a_revision_changes_with_any_text_it_rests_on() -> None:
    before = BOOKS.revision("product-safety")
    texts = BOOKS.texts("product-safety")
    same, _ = Playbooks.of(texts, tried=False)
    assert same.revision("product-safety") == before
    other, _ = Playbooks.of(
        texts | {"general/notice.test.en.j2": texts["general/notice.test.en.j2"] + " "}, tried=False
    )
    assert other.revision("product-safety") != before
    assert "mass-complaints/playbook.toml" not in texts


def test_a_risk_without_a_plan_of_its_own_keeps_its_name() -> None:
    facts = replace(sample_facts(), risk="door-hinges", playbook="door-hinges")
    title = render(facts).title
    assert Quoted("door-hinges") in title and "红色预警" in texts_of(render(facts))
    assert "指定指挥" in texts_of(render(replace(facts, steps_done=("confirm", "stop-harm"))))
