"""Rules over rules: what others came to, judged together where their `by` values agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.model import Alert, Key, Score, Tier
from monitor.rules.evaluate import judge
from monitor.rules.ladder import Beside, part_of
from monitor.rules.rule import Rule
from monitor.rules.select import RULES

Alerts = Mapping[str, Mapping[Key, Alert]]
"""Rule -> key -> how it stands; what is missing is calm."""


def names_of(rule: Rule) -> list[str]:
    """The rules that a rule is over, each once; none where it looks at records."""
    if rule.of != RULES:
        return []
    return list(dict.fromkeys(part_of(part)[0] for _, rung in rule.rungs() for part in (*rung.all, *rung.any)))


def ordered(rules: Iterable[Rule]) -> list[Rule]:
    """The rules over rules, each after those it is over. Of a circle each is judged by what stood before."""
    left = {rule.name: rule for rule in rules if rule.of == RULES}
    out: list[Rule] = []
    while left:
        free = [r for r in left.values() if not any(name in left for name in names_of(r))]
        for rule in free or list(left.values()):
            out.append(left.pop(rule.name))
    return out


def vouching(rules: Iterable[Rule]) -> frozenset[str]:
    """The rules whose families matter to a rule over them, or over a rule over them."""
    over = {rule.name: rule for rule in rules if rule.of == RULES}
    asking = [rule for rule in over.values() if any(rung.families is not None for _, rung in rule.rungs())]
    found: set[str] = set()
    while asking:
        new = set(names_of(asking.pop())) - found
        found |= new
        asking += [over[name] for name in new if name in over]
    return frozenset(found)


def circle(rules: Sequence[Rule]) -> list[str]:
    """The names of rules that are over each other in a circle, or over one of those; none where all is well."""
    left = {rule.name: names_of(rule) for rule in rules}
    while free := [name for name, over in left.items() if not any(other in left for other in over)]:
        for name in free:
            del left[name]
    return list(left)


def combine(rule: Rule, alerts: Alerts, now: float) -> list[Alert]:
    """The alert of each key after this instant: of those that stand, and of those whose rules do."""
    before, over = alerts.get(rule.name, {}), names_of(rule)
    standing = [a for name in over for a in alerts.get(name, {}).values() if a.tier > Tier.CALM]
    keys = dict.fromkeys([*([()] if not rule.by else []), *before])
    keys.update(dict.fromkeys(key for a in standing if (key := _projected(a.key, rule.by)) is not None))
    return [_judge(rule, before.get(key) or Alert(rule=rule.name, key=key), standing, now) for key in keys]


def _projected(key: Key, by: Sequence[str]) -> Key | None:
    values = dict(key)
    return tuple((label, values[label]) for label in by) if all(label in values for label in by) else None


def _judge(rule: Rule, before: Alert, standing: Iterable[Alert], now: float) -> Alert:
    own = [a for a in standing if _agrees(dict(a.key), before.key)]
    tiers: dict[str, Tier] = {}
    for alert in own:
        tiers[alert.rule] = max(alert.tier, tiers.get(alert.rule, Tier.CALM))
    score = Score(
        value=float(len(tiers)),
        level=float(len(tiers)),
        parts=tuple((name, int(tier)) for name, tier in tiers.items()),
        partial=any(a.no_data_since is not None for a in own),
    )
    verdicts = [a.verdict for a in own if a.verdict is not None]
    families = frozenset(family for v in verdicts for family in v.families)
    dangers = tuple(sorted({danger for v in verdicts for danger in v.dangers}))
    start = min([now, *(v.windowed[0] for v in verdicts)])
    return judge(rule, before, score, Beside(families=families, rules=tiers), (start, now), dangers)


def _agrees(values: Mapping[str, str], key: Key) -> bool:
    """Whether a series speaks of the same: a label it does not bear is not asked of it."""
    return all(values.get(label, value) == value for label, value in key)
