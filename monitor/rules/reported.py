"""What Alertmanagers report as alerts of ours: one for each rule over there and each group it comes in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from monitor.model import Alert, Key, Reported, Score, Tier, Verdict
from monitor.times import Duration

TierOrCalm = Literal["calm", "blue", "yellow", "orange", "red"]
Id = tuple[str, Key]
SEVERITIES: dict[str, TierOrCalm] = {
    "critical": "red", "error": "orange", "warning": "yellow", "info": "blue", "none": "calm",
}  # fmt: skip


class Reporting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[alertmanager]`: what the alerts that Alertmanagers send to `/api/v1/alertmanager` come to.

    `severity`: word of the label `label` -> tier, `calm` = ignored; `otherwise` for any other word. Not spoken of for
    `silent_after`, an alert keeps its tier and has no data.
    """

    severity: dict[str, TierOrCalm] = field(default_factory=lambda: dict(SEVERITIES))
    otherwise: TierOrCalm = "yellow"
    label: str = "severity"
    risk: str = "system-outage"
    playbook: str = ""
    silent_after: Duration = Duration(86400)

    def tier(self, severity: str) -> Tier:
        """The tier of a severity."""
        return Tier.of(self.severity.get(severity, self.otherwise))

    def reachable(self) -> set[Tier]:
        """The tiers that an alert can come to."""
        return {Tier.of(word) for word in (*self.severity.values(), self.otherwise)} - {Tier.CALM}


def stand(firing: Iterable[Reported], before: Mapping[Id, Alert], how: Reporting, now: float) -> list[Alert]:
    """Every alert after this instant: those that fire, and those of before that went calm."""
    groups: dict[Id, list[Reported]] = {}
    for each in firing:
        if how.tier(each.severity) > Tier.CALM:
            groups.setdefault((each.rule, each.key), []).append(each)
    burning = [_burning(id, rows, before.get(id), how, now) for id, rows in groups.items()]
    return burning + [_calm(alert, now) for id, alert in before.items() if id not in groups]


def next_silence(firing: Iterable[Reported], how: Reporting, now: float) -> float | None:
    """When the next one will have been silent for too long."""
    return min((at for r in firing if (at := r.heard_at + how.silent_after) > now), default=None)


def _burning(id: Id, rows: Sequence[Reported], before: Alert | None, how: Reporting, now: float) -> Alert:
    rule, key = id
    tier = max(how.tier(row.severity) for row in rows)
    rose = before is None or before.tier < tier
    highest = min(row.starts_at for row in rows if how.tier(row.severity) == tier)
    since = before.since if before is not None and before.tier == tier else min(highest, now) if rose else now
    silent = max(row.heard_at for row in rows) + how.silent_after
    verdict = Verdict(
        rule=rule, key=key, at=now, tier=None if silent <= now else tier,
        score=Score(value=None if silent <= now else float(len(rows)), level=float(tier)),
    )  # fmt: skip
    return Alert(
        rule=rule, key=key, tier=tier, since=since,
        began=before.began if before is not None else min(since, *(row.starts_at for row in rows)),
        no_data_since=silent if silent <= now else None, verdict=verdict,
    )  # fmt: skip


def _calm(alert: Alert, now: float) -> Alert:
    verdict = Verdict(rule=alert.rule, key=alert.key, at=now, tier=Tier.CALM, score=Score(value=0.0))
    return replace(alert, tier=Tier.CALM, since=now, no_data_since=None, verdict=verdict)
