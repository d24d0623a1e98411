"""What a template sees: ready words and numbers in the recipient's language, other people's words sealed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from monitor.messages import say
from monitor.messages.explain import COUNTED, explain, value_of
from monitor.model import Evidence, Facts, Tier
from monitor.playbook.plan import GENERAL, PHASES, Clock, Plan
from monitor.playbook.quotes import quoted
from monitor.playbook.template import Mixed, Sealed
from monitor.playbook.voice import Voice
from monitor.times import DAY, local

Acknowledged = tuple[str, float] | None
SHOWN_EVIDENCE = 3
SHOWN_CLOCKS = 2


def view(
    facts: Facts, voice: Voice, plan: Plan | None, clocks: Mapping[str, Clock], acknowledged: Acknowledged
) -> dict[str, Any]:
    """Every value a notice template may use. Without a plan its words are missing."""
    return {
        **_standing(facts, voice, plan),
        **_notes(facts, voice),
        **_evidence(facts, voice),
        **_people(facts, voice, acknowledged),
        **(
            _plan_words(facts, voice, plan)
            if plan
            else {"unknown": "", "step": None, "public": "", "reviewed": "", "review_days": ""}
        ),
        "clock": _clock(facts, voice, plan, clocks),
    }


def _standing(facts: Facts, voice: Voice, plan: Plan | None) -> dict[str, Any]:
    return {
        "incident": facts.incident,
        "notice": voice.say("number", n=facts.notice),
        "transition": facts.transition,
        "sign": voice.sign(facts.tier),
        "tier": voice.tier(facts.tier),
        "previous_tier": voice.tier(facts.previous_tier),
        "peak": voice.tier(max(facts.peak, facts.previous_tier, facts.tier)),
        "subject": _subject(facts, voice, plan),
        "scope": _scope(facts, voice),
        "when": voice.when(facts.at),
        "since": voice.moment(facts.since),
        "lasted": voice.span(facts.at - facts.since) if facts.at - facts.since >= 60 else "",
        "organisation": facts.organisation,
        "drill": facts.drill,
    }


def _subject(facts: Facts, voice: Voice, plan: Plan | None) -> Any:
    """What it is about: the plan's title; the risk's own name where only the general plan serves it."""
    if plan is None or (plan.id == GENERAL and facts.risk not in ("", GENERAL)):
        return Sealed(quoted(facts.risk, 24))
    return plan.title.say(voice.language)


def _scope(facts: Facts, voice: Voice) -> Any:
    """Who and where: the values of the incident's scope; "" for one that concerns everything."""
    out = Mixed()
    for label, value in facts.scope.items():
        out += [voice.say("list")] if out else []
        out += [voice.label(f"label.{label}"), " ", Sealed(quoted(value, 24))]
    return out or ""


def _notes(facts: Facts, voice: Voice) -> dict[str, Any]:
    unsent, silence = facts.supersedes_unsent, facts.over_silence
    return {
        "late": voice.span(facts.late_by) if facts.late_by >= 60 else "",
        "unsent": voice.tier(unsent) if unsent else "",
        "silenced": voice.tier(silence) if silence else "",
        "reason": _reason(facts, voice),
        "actor": voice.name(facts.actor) if facts.actor else "",
    }


def _reason(facts: Facts, voice: Voice) -> Any:
    """Why a person changed it. Even our own wording may carry words from outside, so all of it is quoted."""
    try:
        text = say(voice.language, facts.reason_id, **facts.reason_args) if facts.reason_id else facts.reason
    except (KeyError, IndexError, ValueError):  # a text of another version: the notice goes out without it
        text = facts.reason
    return Sealed(quoted(text, 120)) if text else None


def _evidence(facts: Facts, voice: Voice) -> dict[str, Any]:
    ranked = sorted(facts.evidence, key=lambda e: -e.tier)
    whys = [_why(e, facts, voice) for e in ranked[:SHOWN_EVIDENCE]]
    return {
        "value": value_of(ranked[0], voice.language) if ranked else "",
        "why": whys[0] if whys else "",
        "more": whys[1:],
        "families": _families(ranked[0], voice) if ranked else "",
        "age": _age(facts, voice),
        "data_at": voice.moment(facts.data_at) if facts.data_at is not None else "",
    }


def _why(evidence: Evidence, facts: Facts, voice: Voice) -> Any:
    """The sentence of one alert; values of `by` that the scope does not name stand before it."""
    out = Mixed()
    for label, value in evidence.key:
        if facts.scope.get(label) != value:
            out += [voice.label(f"label.{label}"), " ", Sealed(quoted(value, 24)), voice.say("colon")]
    return Mixed([*out, explain(evidence, voice.language)]) if out else explain(evidence, voice.language)


def _families(evidence: Evidence, voice: Voice) -> str:
    if not evidence.families or evidence.measure not in COUNTED:
        return ""
    n, known = len(evidence.families), max(evidence.families_known, len(evidence.families))
    names = voice.say("list").join(voice.label(f"family.{family}") for family in evidence.families)
    return voice.say("families", n=n, known=known, names=names)


def _age(facts: Facts, voice: Voice) -> str:
    if facts.data_at is None:
        return ""
    age = facts.at - facts.data_at
    return voice.say("age", span=voice.span(age)) if age >= 60 else voice.say("age.fresh")


def _people(facts: Facts, voice: Voice, acknowledged: Acknowledged) -> dict[str, Any]:
    by = facts.ack_by
    return {
        "lead": voice.name(facts.lead) if facts.lead else "",
        "backup": voice.name(facts.backup) if facts.backup else "",
        "ack_by": voice.moment(by) if by is not None else "",
        "ack_within": voice.span(by - facts.at) if by is not None and by > facts.at else "",
        "acknowledged": acknowledged and {"who": voice.name(acknowledged[0]), "at": voice.moment(acknowledged[1])},
    }


def _plan_words(facts: Facts, voice: Voice, plan: Plan) -> dict[str, Any]:
    tier = plan.tier.get(facts.tier.word)  # type: ignore[call-overload]
    return {
        "unknown": plan.slot.unknown.say(voice.language),
        "step": _step(facts, voice, plan),
        "public": tier.public.say(voice.language) if tier else "",
        "reviewed": _reviewed(facts, voice, plan),
        "review_days": _review_days(facts, plan),
    }


def _review_days(facts: Facts, plan: Plan) -> str:
    if plan.review is None:
        return ""
    red = max(facts.peak, facts.tier, facts.previous_tier) == Tier.RED
    return str(plan.review.red_within_days if red else plan.review.within_days)


def _step(facts: Facts, voice: Voice, plan: Plan) -> dict[str, Any] | None:
    step = plan.next_step(facts.tier, facts.steps_done)
    if step is None:
        return None
    role = plan.role.get(step.role)
    return {
        "phase": voice.span(PHASES[step.at]),
        "role": role.title.say(voice.language) if role else step.role,
        "do": step.do.say(voice.language),
        "done_when": step.done_when.say(voice.language),
        "script": f"{plan.id}/{step.script}.{facts.tier.word}" if step.script else "",
    }


def _reviewed(facts: Facts, voice: Voice, plan: Plan) -> str:
    """A warning when nobody of this house has read the playbook, or not for long."""
    if plan.reviewed_on is None:
        return voice.say("next.unreviewed")
    age = (_day(facts, voice) - plan.reviewed_on).days * DAY
    return voice.say("next.stale", span=voice.span(age)) if age > plan.review_every else ""


def _day(facts: Facts, voice: Voice) -> date:
    return local(facts.at, voice.zone).date()


def _clock(facts: Facts, voice: Voice, plan: Plan | None, clocks: Mapping[str, Clock]) -> str:
    """The clock that ends first, if a person started one; else which ones to check, from orange up."""
    running = sorted((due, id) for id, due in facts.clocks.items() if id in clocks)
    if running:
        due, id = running[0]
        kind = "running" if due > facts.at else "over"
        left = voice.span(abs(due - facts.at))
        return voice.say(f"clock.{kind}", title=_titled(clocks[id], voice), moment=voice.moment(due), span=left)
    listed = [clocks[id] for id in (plan.clocks if plan else ()) if id in clocks]
    if not listed or facts.tier < Tier.ORANGE:
        return ""
    titles = voice.say("list").join(_titled(clock, voice, limit=True) for clock in listed[:SHOWN_CLOCKS])
    rest = len(listed) - SHOWN_CLOCKS
    return voice.say("clock.check", titles=titles) + (voice.say("clock.more", n=rest) if rest > 0 else "")


def _titled(clock: Clock, voice: Voice, *, limit: bool = False) -> str:
    title = clock.title.say(voice.language)
    title += f" {clock.limit.say(voice.language)}" if limit else ""
    return title + ("" if clock.checked_on else voice.say("clock.unverified"))
