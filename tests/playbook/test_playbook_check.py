"""A playbook that would fail one night is refused the day it is written, with file, line and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.messages import LANGUAGES
from monitor.model import Tier
from monitor.playbook import Fault, Playbooks
from monitor.playbook.notice import voice_of
from monitor.playbook.plan import AUDIENCES, FAQ_IDS, PHASES
from monitor.playbook.sample import sample_facts
from monitor.playbook.statement import KINDS, SLOTS, matrix
from monitor.playbook.view import view

ROOT = Path(__file__).resolve().parents[2]
BOOKS, _ = Playbooks.load(ROOT / "playbooks")
GENERAL = BOOKS.texts("general")
PLAN = "general/playbook.toml"


def faults_of(changed: dict[str, str], *, id: str = "general", without: str = "") -> list[Fault]:
    texts = {path: text for path, text in (BOOKS.texts(id) | changed).items() if path != without}
    return Playbooks.of(texts)[1]


def edited(path: str, old: str, new: str) -> tuple[list[Fault], int]:
    id = path.split("/")[0] if "/" in path else "general"
    text = BOOKS.texts(id)[path]
    assert text.count(old) >= 1, old
    line = text[: text.index(old)].count("\n") + 1
    return faults_of({path: text.replace(old, new, 1)}, id=id), line


CASES = [
    (PLAN, 'owner = "leader"', 'onwer = "leader"', "playbook.unknown_key_near"),
    (PLAN, 'review_every = "90d"', 'review_every = "soon"', "playbook.refused"),
    (PLAN, 'scct_cluster = "by-cause"', 'scct_cluster = "bad-luck"', "playbook.refused"),
    (PLAN, 'zh = "一个声音', 'cn = "一个声音', "playbook.refused"),
    (PLAN, "version = 1", "version = = 1", "playbook.toml"),
    ("general/faq.toml", 'id = "resign"', 'id = "resign"\nhostil = true', "playbook.refused"),
    ("clocks.toml", 'unit = "working-days"', 'unit = "fortnights"', "playbook.refused"),
]


@pytest.mark.parametrize(("path", "old", "new", "text_id"), CASES)
def test_a_wrong_value_is_told_with_its_file_and_line(path: str, old: str, new: str, text_id: str) -> None:
    faults, line = edited(path, old, new)
    hit = next(fault for fault in faults if fault.text_id == text_id)
    assert hit.file == path
    assert abs(hit.line - line) <= 4, hit.write("en")
    assert all(hit.write(language).startswith(f"{path}:{hit.line}: ") for language in LANGUAGES)


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = GENERAL[PLAN].replace("ack_within = ", "ack_witin = ").replace('at = "24h"', 'at = "25h"')
    told = [fault for fault in faults_of({PLAN: text}) if fault.file == PLAN]
    assert len(told) == 4 + 5
    assert len({fault.line for fault in told}) == len(told)


@pytest.mark.parametrize(
    ("path", "old", "new", "text_id"),
    [
        (PLAN, 'notify = ["service"]', 'notify = ["janitor"]', "playbook.no_role"),
        (PLAN, 'backup = "law-firm"', "", "playbook.no_backup"),
        (PLAN, 'at = "24h"\nrole = "care"', 'at = "4h"\nrole = "janitor"', "playbook.no_role"),
        (PLAN, '[tier.blue.without]\n"4h"', '[tier.blue.without]\n"24h"', "playbook.no_step"),
        (PLAN, 'id = "general"', 'id = "universal"', "playbook.wrong_id"),
        (PLAN, 'id = "evidence"', 'id = "command"', "playbook.twice"),
        ("product-safety/playbook.toml", '"us-cpsc-15b"', '"us-cpsc-15"', "playbook.no_clock"),
        ("general/faq.toml", 'id = "where-news"', 'id = "where-new"', "playbook.no_question"),
        ("product-safety/faq.toml", "{advice}", "{advise}", "playbook.bad_slot"),
        ("general/statement.press.red.zh.j2", "{% block update %}", "{% block upd %}", "playbook.no_block"),
        ("general/statement.press.red.zh.j2", "{{ cause }}", "{{ cuase }}", "playbook.template"),
        (
            "general/statement.affected.orange.zh.j2",
            "{{ sympathy }}",
            "{{ sympathy }}" + "很" * 60,
            "playbook.too_long",
        ),
        ("general/notice.relief.en.j2", "{% if transition", "{% fi transition", "playbook.template"),
    ],
)
def test_what_would_fail_at_night_is_found_by_day(path: str, old: str, new: str, text_id: str) -> None:
    faults, _ = edited(path, old, new)
    assert text_id in {fault.text_id for fault in faults}
    assert all(fault.text(language) for fault in faults for language in LANGUAGES)


def test_a_broken_statement_is_told_with_the_line_of_the_template() -> None:
    faults, line = edited("general/statement.press.red.zh.j2", "{{ cause }}", "{{ cuase }}")
    assert next(fault.line for fault in faults if fault.text_id == "playbook.template") == line


def test_missing_files_are_told() -> None:
    assert "playbook.no_template" in {f.text_id for f in faults_of({}, without="general/notice.test.zh.j2")}
    assert "playbook.no_plan" in {f.text_id for f in faults_of({"extra/faq.toml": ""})}
    assert "playbook.strange_file" in {f.text_id for f in faults_of({"general/notice.xx.zh.j2": ""})}
    assert "playbook.no_general" in {f.text_id for f in Playbooks.of({})[1]}


def test_an_own_folder_is_laid_over_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "product-safety"
    own.mkdir()
    text = GENERAL["general/notice.test.zh.j2"].replace("通道测试", "试一试")
    (own / "notice.test.zh.j2").write_text(text, encoding="utf-8")
    books, faults = Playbooks.load(tmp_path, ROOT / "playbooks")
    assert faults == [] and books.names == BOOKS.names
    assert books.template("product-safety", "notice.test.zh.j2") == "product-safety/notice.test.zh.j2"
    assert books.revision("product-safety") != BOOKS.revision("product-safety")


def test_bytes_that_are_no_text_are_a_fault_of_that_file_only(tmp_path: Path) -> None:
    (tmp_path / "general").mkdir()
    (tmp_path / "general" / "faq.toml").write_bytes(b"\xff\xfe\x00")
    books, faults = Playbooks.load(tmp_path, ROOT / "playbooks")
    assert [fault.text_id for fault in faults] == ["playbook.unreadable"]
    assert faults[0].file.endswith("general/faq.toml") and "general" in books.names


@pytest.mark.parametrize("id", BOOKS.names)
def test_a_shipped_playbook_is_complete(id: str) -> None:
    plan = BOOKS.plans[id]
    for tier in (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED):
        phases = {step.at for step in plan.steps(tier)} | set(plan.tier[tier.word].without)  # type: ignore[index]
        assert phases == set(PHASES)
    assert plan.verify and plan.verify.min_sources >= 2
    assert plan.exit and plan.review and len(plan.review.questions) >= 5 and plan.triggers
    assert [q.id for q in BOOKS.questions(id)][: len(FAQ_IDS)] == list(FAQ_IDS)
    assert sum(q.hostile for q in BOOKS.questions(id)) >= 3


@pytest.mark.parametrize("id", BOOKS.names)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_audience_has_words_at_every_tier(id: str, language: str) -> None:
    assert {audience for audience, _ in matrix()} == set(AUDIENCES)
    for audience, tier in matrix():
        texts = BOOKS.statement(id, audience, tier, language, {})
        assert all(texts[kind] for kind in KINDS[tier])
        assert not any("{" in text for text in texts.values())


def test_what_nobody_filled_in_is_a_visible_blank_and_the_plan_speaks_for_the_rest() -> None:
    words = BOOKS.statement("product-safety", "press", "orange", "zh", {"fact": "一台充电宝{contact}冒烟"})["holding"]
    assert "〔待填：发生时间〕" in words and "立即停用" in words and "{contact}" not in words


def test_a_person_does_not_inject_templates_by_filling_in_a_slot() -> None:
    words = BOOKS.statement("general", "press", "orange", "en", {"fact": "{{ 7*7 }} {{ organisation.x }}"})["holding"]
    assert "{{ 7*7 }} {{ organisation.x }}" in words


def test_the_answer_changes_once_the_cause_is_known() -> None:
    before = {q.id: answer for q, _, answer in BOOKS.faq("general", "en")}
    after = {q.id: answer for q, _, answer in BOOKS.faq("general", "en", {"cause": "a worn seal"})}
    assert "I will not guess" in before["why"] and after["why"] == "We have established it: a worn seal."


@pytest.mark.parametrize("clock", BOOKS.clocks.values(), ids=lambda clock: clock.id)
def test_no_unconfirmed_law_passes_for_checked(clock: object) -> None:
    assert clock.confidence != "C" or clock.checked_on is None  # type: ignore[attr-defined]
    assert (clock.unit == "none") == (clock.span is None)  # type: ignore[attr-defined]


def test_what_the_plan_only_hopes_to_have_done_must_be_confirmed_by_a_person() -> None:
    words = BOOKS.statement("data-leak", "press", "red", "zh", {})
    assert "〔请核实：我们已封堵漏洞" in words["holding"] and "〔请核实：漏洞已修复" in words["closing"]
    written = BOOKS.statement("data-leak", "press", "red", "zh", {"action": "我们已下线该接口"})
    assert "我们已下线该接口。" in written["holding"] and "〔请核实：我们" not in written["holding"]


@pytest.mark.parametrize("id", BOOKS.names)
def test_nobody_takes_or_denies_blame_before_the_cause_is_known(id: str) -> None:
    full = BOOKS.statement(id, "press", "red", "zh", {})["full"]
    cluster = BOOKS.plans[id].scct_cluster
    assert ("责任在我们" in full) == (cluster == "preventable")
    assert ("〔待定立场" in full) == (cluster == "by-cause")
    assert "谣言" not in full


@pytest.mark.parametrize("id", BOOKS.names)
def test_no_word_for_the_public_denies_what_nobody_has_checked(id: str) -> None:
    spoken = [a for q, _, a in BOOKS.faq(id, "zh")]
    for audience, tier in matrix():
        if audience not in ("frontline", "staff"):
            spoken += BOOKS.statement(id, audience, tier, "zh", {}).values()
    for denial in ("纯属", "绝对安全", "个别现象", "属于正常", "没有任何问题", "临时工干的"):
        assert not any(denial in text for text in spoken), denial


def test_the_readme_names_every_value_and_slot() -> None:
    readme = (ROOT / "playbooks" / "README.md").read_text(encoding="utf-8")
    facts = sample_facts()
    values = view(facts, voice_of(facts, "zh", None), BOOKS.plans["general"], BOOKS.clocks, None)
    missing = [name for name in (*values, *SLOTS) if f"`{name}`" not in readme]
    assert missing == []
