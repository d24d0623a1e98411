"""Silences: which fits what, what one would hide, and which has ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.model import Alert, Incident, Labels, Silence, Tier


def in_force(silence: Silence, now: float) -> bool:
    """Begun, not over, not ended by a person."""
    return silence.ended_at is None and silence.starts_at <= now < silence.until


def fits(silence: Silence, labels: Labels) -> bool:
    """Every matcher equals the label; a silence without matchers fits nothing."""
    return bool(silence.matchers) and all(labels.get(name) == value for name, value in silence.matchers.items())


def labels_of(incident: Incident, alerts: Iterable[Alert] = ()) -> list[Labels]:
    """What matchers are held against: one set per open alert (with rule and `by` values), else the incident's own."""
    own = {"risk": incident.risk, "incident": incident.number, **incident.scope}
    members = [a for a in alerts if (a.rule, a.key) in incident.alerts]
    return [{**own, **dict(a.key), "rule": a.rule} for a in members] or [own]


def covering(incident: Incident, alerts: Iterable[Alert], silences: Iterable[Silence], now: float) -> list[Silence]:
    """The silences in force that fit every alert of an incident, whatever their tier: half a fit hides nothing."""
    standing = [s for s in silences if in_force(s, now)]
    sets = labels_of(incident, alerts) if standing else []
    return [s for s in standing if all(fits(s, labels) for labels in sets)]


def hiding(
    incident: Incident, tier: Tier, alerts: Iterable[Alert], silences: Iterable[Silence], now: float
) -> Silence | None:
    """The silence that hides this tier of this incident: the one that lasts longest."""
    hits = [s for s in covering(incident, alerts, silences, now) if tier <= s.up_to]
    return max(hits, key=lambda s: s.until, default=None)


def preview(
    silence: Silence, incidents: Sequence[Incident], alerts: Sequence[Alert], now: float
) -> tuple[Incident, ...]:
    """The open incidents whose notices it would hide (one that starts later is tried as if it began now)."""
    tried = Silence(
        id=silence.id, matchers=silence.matchers, starts_at=now, until=max(silence.until, now + 1),
        up_to=silence.up_to, author=silence.author, comment=silence.comment,
    )  # fmt: skip
    return tuple(i for i in incidents if i.state == "open" and hiding(i, i.tier, alerts, [tried], now))


def ended(silences: Iterable[Silence], since: float, now: float) -> tuple[Silence, ...]:
    """Those whose time ran out in `(since, now]`; what they hid is then told (lifecycle.silence_ended)."""
    return tuple(s for s in silences if s.ended_at is None and since < s.until <= now)
