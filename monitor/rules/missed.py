"""Instants that were missed, because what belongs to them came late: judged in order, as if it had been in time.

Rules over rules miss what the rules they are over missed. How those stood then is remembered: records of
several sources come back one after the other, and each finds the others as they stood at the instant in question.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from msgspec import Struct, field
from msgspec.structs import replace

from monitor.model import Alert, Key, Tier
from monitor.rules.combine import combine, names_of
from monitor.rules.rule import Rule
from monitor.times import DAY, MINUTE, floor_to

FURTHEST_BACK = 7 * DAY
"""How far missed instants are judged anew."""
IN_TIME = 2 * MINUTE
"""What came this long after it happened has missed no instant."""

Standing = Mapping[Key, Alert]


def instants(rule: Rule, since: float, now: float) -> list[float]:
    """Those of the rule's grid, in order, after what came late and before now.

    Of the past whole minutes are known: more instants in one would see the same.
    """
    every = max(float(rule.every), MINUTE)
    first = floor_to(max(since, now - FURTHEST_BACK), every) + every
    return [first + i * every for i in range(ceil((now - first) / every))]


class Walk(Struct):
    """One rule on its way through them: how it stands, and each series as it stood at its highest tier."""

    alerts: dict[Key, Alert]
    peaks: dict[Key, Alert] = field(default_factory=dict)

    def step(self, judged: Iterable[Alert]) -> None:
        """An instant was judged."""
        for alert in judged:
            self.alerts[alert.key] = alert
            if alert.tier > Tier.CALM:
                self.peaks[alert.key] = max(self.peaks.get(alert.key, alert), alert, key=_height)


def told_late(alert: Alert, old: Alert | None, peak: Alert | None) -> Alert:
    """What would have reached orange in missed instants is told though it is over: it stands until it is left.

    It is told with the numbers of then.
    """
    if peak is None or peak.tier < Tier.ORANGE or peak.tier <= max(alert.tier, old.tier if old else Tier.CALM):
        return alert
    began = min(peak.since, alert.began or peak.since)
    return replace(alert, tier=peak.tier, since=peak.since, began=began, verdict=peak.verdict)


def _height(alert: Alert) -> tuple[Tier, float]:
    score = alert.verdict.score if alert.verdict else None
    return alert.tier, (score.level or score.value or 0.0) if score else 0.0


class Stood:
    """By rule: which alerts stood from which instant on, for as long as instants are judged anew."""

    def __init__(self, alerts: Mapping[str, Standing] | None = None) -> None:
        """Begins with what stands, each alert from when on it has its tier."""
        self._steps: dict[str, list[tuple[float, Standing]]] = {}
        for rule, known in (alerts or {}).items():
            ordered = sorted((a for a in known.values() if a.tier > Tier.CALM), key=lambda a: a.since)
            self._steps[rule] = [(last.since, {a.key: a for a in ordered[: i + 1]}) for i, last in enumerate(ordered)]

    def note(self, rule: str, now: float, alerts: Standing) -> None:
        """How a rule stands from an instant on. What was held of later ones is forgotten: it is judged anew.

        What rose only later, and is taken along on the way through missed instants, stands from then on.
        """
        steps = self._steps.get(rule, [])
        steps = steps[: bisect_left(steps, now, key=_when)]
        standing = {key: alert for key, alert in alerts.items() if alert.tier > Tier.CALM and alert.since <= now}
        if not steps or _tells(steps[-1][1]) != _tells(standing):
            steps.append((now, standing))
        old = bisect_right(steps, now - FURTHEST_BACK, key=_when) - 1
        self._steps[rule] = steps[max(0, old) :]

    def at(self, rule: str, now: float) -> Standing:
        """The alerts that stood at an instant."""
        steps = self._steps.get(rule, [])
        found = bisect_right(steps, now, key=_when)
        return steps[found - 1][1] if found else {}


def _when(step: tuple[float, Standing]) -> float:
    return step[0]


def _tells(standing: Standing) -> dict[Key, tuple[Tier, tuple[str, ...]]]:
    return {key: (a.tier, a.verdict.families if a.verdict else ()) for key, a in standing.items()}


def walk_over(rule: Rule, alerts: Standing, missed: Sequence[float], stood: Stood) -> Walk:
    """A rule over rules on its way through the instants that those have missed, by how they stood then."""
    walk, parts = Walk(dict(alerts)), names_of(rule)
    for instant in missed:
        then = {name: stood.at(name, instant) for name in parts}
        walk.step(combine(rule, {**then, rule.name: walk.alerts}, instant))
        stood.note(rule.name, instant, walk.alerts)
    return walk


def missed_over(rule: Rule, missed: Mapping[str, Sequence[float]]) -> tuple[float, ...]:
    """Rule -> the instants it has missed; those that a rule over such ones has missed with them."""
    return tuple(sorted({at for name in names_of(rule) for at in missed.get(name, ())}))
