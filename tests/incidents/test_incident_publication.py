from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_world import ORANGE, RED, T0, World, alert, context

from monitor.incidents.change import Change
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.people import Team
from monitor.incidents.publication import (
    Gate,
    add_source,
    allow_word,
    approve,
    blocks,
    correct,
    edit,
    independent,
    publish,
    stage,
    time_over,
    took,
    turn,
    verify,
    withdraw,
    write,
)
from monitor.incidents.timeline import words
from monitor.incidents.wording import faults
from monitor.messages import say
from monitor.model import Confirmation, Incident, RunningClock, Statement

ROLES = {"information": ("wang",), "legal": ("li", "chen"), "spokesperson": ("zhang", "li")}
CONTEXT = context(teams={"crisis": Team(name="crisis", roles=ROLES)})
GATE = Gate(approve=("legal", "spokesperson"), substitute_after=900, clocks=("cn-consumer-recall",))
TEXT = "我们已停止销售该批次产品，正在核查，18:00 前公布进展。客服热线 400-000-0000。"


def incident(*clocks: str) -> Incident:
    world = World()
    world.judge(alert("surge", RED))
    running = tuple(RunningClock(id=c, since=T0, due_at=None, started_by="li", started_at=T0) for c in clocks)
    (one,) = world.open
    return Incident(
        number=one.number, risk=one.risk, scope=one.scope, tier=RED, opened_at=T0, updated_at=T0, clocks=running
    )  # fmt: skip


def draft(text: str = TEXT) -> Statement:
    return Statement(
        id="s1", incident="INC-2026-0001", audience="press", tier=ORANGE, language="zh", text=text, author="chen",
        written_at=T0,
    )  # fmt: skip


def sourced(statement: Statement) -> Statement:
    for family, origin in (("tickets", "helpdesk"), ("own records", "quality lab")):
        statement, _ = add_source(statement, Confirmation(family=family, origin=origin, by="wang", at=T0))
    return statement


def ready() -> Statement:
    made, _ = verify(sourced(draft()), GATE, "wang", T0, CONTEXT)
    made, _ = approve(made, GATE, "legal", "li", T0, CONTEXT)
    made, _ = approve(made, GATE, "spokesperson", "zhang", T0, CONTEXT)
    return made


def ids(statement: Statement, of: Incident | None = None) -> list[str]:
    return [b.id for b in blocks(statement, GATE, of or incident("cn-consumer-recall"))]


def test_a_draft_is_blocked_by_everything_it_lacks() -> None:
    assert ids(draft(), incident()) == ["sources", "unverified", "unapproved", "unapproved", "clock"]


def test_with_all_of_it_the_spokesperson_publishes() -> None:
    made, entry = publish(ready(), GATE, incident("cn-consumer-recall"), "zhang", T0 + 1, CONTEXT, where="weibo")
    assert (made.state, made.published_by, entry.kind) == ("published", "zhang", "incident.statement.published")
    assert say("zh", entry.kind, **entry.args) and say("en", entry.kind, **entry.args)


def test_a_changed_text_has_to_be_verified_and_approved_anew() -> None:
    made, _ = edit(ready(), TEXT + "。", "chen", T0)
    assert ids(made) == ["unverified", "unapproved", "unapproved"]
    assert made.version == 2


def test_two_that_say_the_same_from_one_origin_are_one_source() -> None:
    made = draft()
    for family, origin in (("press", "Daily"), ("social", "daily "), ("press", "Times")):
        made, _ = add_source(made, Confirmation(family=family, origin=origin, by="wang", at=T0))
    assert independent(made) == 2
    assert independent(Statement(**{**_fields(made), "sources": made.sources[:2]})) == 1


def _fields(statement: Statement) -> dict[str, object]:
    return {name: getattr(statement, name) for name in statement.__struct_fields__}


def test_a_backup_approves_only_when_the_first_had_their_time() -> None:
    made, _ = verify(sourced(draft()), GATE, "wang", T0, CONTEXT)
    with pytest.raises(ActRefused, match="first_has_time"):
        approve(made, GATE, "legal", "chen", T0 + 899, CONTEXT)
    made, _ = approve(made, GATE, "legal", "chen", T0 + 900, CONTEXT)
    assert made.approvals[0].substitute


Try = Callable[[], object]
REFUSED: dict[str, tuple[Try, str]] = {
    "one's own text": (lambda: verify(sourced(draft()), GATE, "chen", T0, CONTEXT), "own_text"),
    "somebody else": (lambda: verify(sourced(draft()), GATE, "zhang", T0, CONTEXT), "not_the_role"),
    "one source": (lambda: verify(draft(), GATE, "wang", T0, CONTEXT), "few_sources"),
    "approval first": (lambda: approve(draft(), GATE, "legal", "li", T0, CONTEXT), "verify_first"),
    "a role not asked": (lambda: approve(sourced(draft()), GATE, "information", "wang", T0, CONTEXT), "not_the_role"),
    "not the spokesperson": (
        lambda: publish(ready(), GATE, incident(), "wang", T0, CONTEXT, where="w"),
        "not_the_role",
    ),
    "nowhere": (lambda: publish(ready(), GATE, incident(), "zhang", T0, CONTEXT, where=""), "where_wanted"),
    "blocked": (lambda: publish(ready(), GATE, incident(), "zhang", T0, CONTEXT, where="w"), "blocked"),
    "no reason": (lambda: allow_word(draft(), "100%", "li", T0, reason=""), "reason_wanted"),
    "nothing to correct": (lambda: correct(draft(), "s2", TEXT, "chen", T0), "not_published"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_step_out_of_turn_is_refused(name: str) -> None:
    attempt, wanted = REFUSED[name]
    with pytest.raises(ActRefused) as refused:
        attempt()
    assert refused.value.id == f"incident.refused.{wanted}"
    for language in ("zh", "en"):
        said = say(language, refused.value.id, **words(refused.value.told, language, ZoneInfo("UTC")))
        assert said and "(" not in said.replace("(INC-2026-0001)", "")


def test_a_correction_names_what_it_corrects_and_begins_as_a_draft() -> None:
    out, _ = publish(ready(), GATE, incident("cn-consumer-recall"), "zhang", T0, CONTEXT, where="weibo")
    made, _ = correct(out, "s2", TEXT, "chen", T0)
    assert (made.corrects, made.state, made.approvals) == ("s1", "draft", ())
    with pytest.raises(ActRefused, match="not_a_draft"):
        edit(out, "quietly changed", "chen", T0)


def test_its_stage_follows_from_what_was_said_of_it() -> None:
    verified, _ = verify(sourced(draft()), GATE, "wang", T0, CONTEXT)
    half, _ = approve(verified, GATE, "legal", "li", T0, CONTEXT)
    out, _ = publish(ready(), GATE, incident("cn-consumer-recall"), "zhang", T0, CONTEXT, where="weibo")
    gone, _ = withdraw(draft(), "chen", T0, reason="no longer asked")
    assert [stage(s, GATE) for s in (draft(), verified, half, ready(), out, gone)] == [
        "draft", "verified", "verified", "approved", "published", "withdrawn",
    ]  # fmt: skip


def test_whose_turn_it_is_goes_from_hand_to_hand() -> None:
    verified, _ = verify(sourced(draft()), GATE, "wang", T0, CONTEXT)
    half, _ = approve(verified, GATE, "legal", "li", T0, CONTEXT)
    turns = [turn(s, GATE, CONTEXT) for s in (draft(), sourced(draft()), verified, half, ready())]
    assert turns == [
        ("", ()), ("verify", ("wang",)), ("approve", ("li", "zhang")), ("approve", ("zhang",)), ("publish", ("zhang",)),
    ]  # fmt: skip


def test_who_is_next_is_told_once() -> None:
    reached = context(teams=CONTEXT.teams)
    told = []
    before: Statement | None = None
    for step in _way():
        change = Change(incident(), reached, T0)
        took(change, before, step, GATE)
        told.append([(owed.facts.reason_id.rpartition(".")[2], [r.person for r in owed.to]) for owed in change.owed])
        before = step[0]
    assert told == [
        [], [], [("statement_verify", ["wang"])], [("statement_approve", ["li", "zhang"])], [],
        [("statement_publish", ["zhang"])],
    ]  # fmt: skip


def _way() -> list[tuple[Statement, object]]:
    steps = [write(draft())]
    for family, origin in (("tickets", "helpdesk"), ("own records", "quality lab")):
        source = Confirmation(family=family, origin=origin, by="wang", at=T0)
        steps.append(add_source(steps[-1][0], source))
    steps.append(verify(steps[-1][0], GATE, "wang", T0, CONTEXT))
    for role, by in (("legal", "li"), ("spokesperson", "zhang")):
        steps.append(approve(steps[-1][0], GATE, role, by, T0, CONTEXT))
    return steps


def test_a_role_nobody_holds_is_filled_by_the_one_that_stands_in_for_it() -> None:
    gate = Gate(verifier="privacy", stand_ins={"privacy": "legal"})
    made, _ = verify(sourced(draft()), gate, "li", T0, CONTEXT)
    assert made.verified_by == "li"


WORDED = {
    "客服会尽快联系您": [],
    "网传内容纯属谣言": ["denial"],
    "系个别用户操作不当": ["blame", "blame"],
    "产品绝对安全": ["absolute"],
    "This is ＦＡＫＥ news": ["denial"],
    "请致电 13800138000": ["personal"],
    "原因：{cause}": ["blank"],
    "联系人 [待补充]": ["blank"],
    "原因〔待填:原因〕": ["blank"],
    "[演练/DRILL] 已停售": [],
    "竞品某某": ["banned"],
}


@pytest.mark.parametrize("text", WORDED)
def test_words_to_beware_of(text: str) -> None:
    found = faults(text, preventable=True, banned=("竞品",))
    assert [f.why for f in found] == WORDED[text]
    assert all(text[f.start : f.end] == f.words for f in found)


def test_a_denial_may_stand_once_it_is_verified_and_we_are_not_at_fault() -> None:
    made = sourced(draft("网传内容纯属谣言，检测报告见官网。"))
    assert "words_denial" in ids(made)
    made, _ = verify(made, GATE, "wang", T0, CONTEXT)
    assert "words_denial" not in ids(made)


def test_a_meant_word_is_allowed_by_name_but_personal_data_never() -> None:
    made, _ = allow_word(draft("退款 100% 到账，致电 13800138000"), "100%", "li", T0, reason="a promise we keep")
    made, _ = allow_word(made, "13800138000", "li", T0, reason="ours")
    assert [i for i in ids(made) if i.startswith("words")] == ["words_personal"]


@given(st.text(max_size=60))
def test_any_text_can_be_looked_through(text: str) -> None:
    for fault in faults(text, preventable=True, banned=("ß", "ﬁ")):
        assert 0 <= fault.start < fault.end <= len(text)


def test_whoever_was_first_has_a_set_time_then_those_after_them_are_asked() -> None:
    before = sourced(draft())
    made = verify(before, GATE, "wang", T0 + 60, CONTEXT)
    change = Change(incident(), CONTEXT, T0 + 60, actor="wang")
    took(change, before, made, GATE)
    assert [(t.kind, t.due_at, t.state) for t in change.timers.values()] == [("statement:s1", T0 + 960, "waiting")]
    late = Change(incident(), CONTEXT, T0 + 960)
    time_over(late, made[0], GATE)
    (owed,) = late.owed
    assert {r.person for r in owed.to} == {"chen", "li"}, "the backups of legal and of the spokesperson"
    assert owed.facts.reason_id == "incident.reason.statement_late_approve"


def test_a_draft_that_is_withdrawn_waits_for_nobody() -> None:
    (verified, _) = verify(sourced(draft()), GATE, "wang", T0, CONTEXT)
    change = Change(incident(), CONTEXT, T0 + 60, actor="chen")
    took(change, verified, withdraw(verified, "chen", T0 + 60, reason="another one"), GATE)
    assert [t.state for t in change.timers.values()] == ["cancelled"]
    over = Change(incident(), CONTEXT, T0 + 960)
    time_over(over, withdraw(verified, "chen", T0 + 60, reason="another one")[0], GATE)
    assert not over.owed
