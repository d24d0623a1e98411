"""What a notice is rendered from: the numbers behind a tier, gathered from the alerts of an incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from monitor.incidents.clocks import running
from monitor.incidents.context import Context, RuleInfo
from monitor.incidents.escalation import answered, lead_and_backup, waits_until
from monitor.model import Alert, Evidence, Example, Facts, Incident, Labels, Score, Tier, Transition

ASKING: tuple[Transition, ...] = ("NEW", "RAISED", "ESCALATED")
"""Those that begin a wait for an answer."""


def members(incident: Incident, alerts: Iterable[Alert]) -> list[Alert]:
    """The alerts of an incident, the gravest first, then the rarest, then the largest factor."""
    own = set(incident.alerts)
    return sorted((a for a in alerts if (a.rule, a.key) in own), key=_weight)


def _weight(alert: Alert) -> tuple[float, float, float, str, Any]:
    score = alert.verdict.score if alert.verdict else Score(value=None)
    return -alert.tier, -(score.return_period or 0.0), -(factor(score) or 0.0), alert.rule, alert.key


def factor(score: Score) -> float | None:
    """How many times the expected value; None where nothing is expected."""
    if score.value is None or not score.expected or score.expected <= 0:
        return None
    return score.value / score.expected


def factor_of(alerts: Sequence[Alert]) -> float | None:
    """The largest factor among alerts."""
    found = [f for a in alerts if a.verdict and (f := factor(a.verdict.score)) is not None]
    return max(found, default=None)


def families_of(alerts: Sequence[Alert]) -> tuple[str, ...]:
    """All families that witness any of the alerts."""
    return tuple(sorted({family for a in alerts if a.verdict for family in a.verdict.families}))


def evidence_of(alert: Alert, context: Context) -> Evidence:
    """One alert as a notice tells it."""
    rule = context.rule(alert.rule) or RuleInfo(name=alert.rule, risk="")
    verdict = alert.verdict
    parts = verdict.score.parts if verdict else ()
    return Evidence(
        rule=alert.rule, key=alert.key, tier=alert.tier, since=alert.began or alert.since, measure=rule.measure,
        window=rule.window, detector=rule.detector, unit=rule.unit, against=rule.against,
        families_known=rule.families_known, title=rule.title, score=verdict.score if verdict else Score(value=None),
        reasons=verdict.reasons if verdict else (), families=verdict.families if verdict else (),
        over={name: context.rules[name].title for name, _ in parts if name in context.rules},
    )  # fmt: skip


def labels_of(incident: Incident, own: Sequence[Alert]) -> Labels:
    """The labels of a notice: risk, scope, and rule and `by` values of the gravest alert."""
    leading = {**dict(own[0].key), "rule": own[0].rule} if own else {}
    return {**leading, **incident.scope, "risk": incident.risk}


def facts_of(
    incident: Incident,
    transition: Transition,
    context: Context,
    now: float,
    alerts: Sequence[Alert],
    examples: tuple[Example, ...],
    *,
    previous: Tier,
    actor: str,
    reason: str,
    reason_id: str,
    reason_args: dict[str, Any],
    late_by: float,
    over_silence: Tier | None,
    data_at: float | None,
) -> Facts:
    """The facts of one notice; `incident` is as it stands after the change, its notice number already counted."""
    own = members(incident, alerts)
    lead, backup = lead_and_backup(incident, context, now)
    asks = transition in ASKING and not answered(incident)
    return Facts(
        incident=incident.number, notice=incident.notices, transition=transition, tier=incident.tier,
        previous_tier=previous, risk=incident.risk, scope=incident.scope, at=now,
        since=min([a.began or a.since for a in own], default=incident.opened_at), playbook=incident.playbook,
        playbook_revision=context.playbooks.get(incident.playbook, ""), labels=labels_of(incident, own),
        evidence=tuple(evidence_of(a, context) for a in own), examples=examples, data_at=data_at, late_by=late_by,
        lead=incident.acknowledged_by or lead, backup=backup,
        ack_by=waits_until(incident, incident.step, context, now) if asks else None,
        peak=incident.peak, actor=actor, reason=reason, reason_id=reason_id, reason_args=reason_args,
        organisation=context.organisation, timezone=context.timezone, drill=incident.drill, over_silence=over_silence,
        clocks=running(incident), steps_done=incident.steps_done,
    )  # fmt: skip
