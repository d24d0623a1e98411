"""Rules stepped over history: backtest, rule tests and the preview on the web are this one function.

Judged are the instants of each rule's grid and of each arrival that it counts, as the daemon would. Series of which
provably nothing can change are left out: what is yielded is what a full walk would yield at the same instants. What
came late is judged at the instants that missed it; what of them is still to be told stands at its arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from math import ceil, floor
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.detectors.detector import UTC
from monitor.detectors.rated import keep
from monitor.mentions.reading import Reading
from monitor.model import Alert, Key, Mention, Tier
from monitor.rules.buckets import Tally, compile_rules
from monitor.rules.combine import Alerts, combine, names_of, ordered
from monitor.rules.evaluate import accelerates, asked, evaluate, lookback, needs
from monitor.rules.fold import other_key, together
from monitor.rules.memory import At, Memory
from monitor.rules.missed import IN_TIME, Stood, Walk, instants, missed_over, told_late, walk_over
from monitor.rules.records import Intake, Record, arrivals, lives
from monitor.rules.rule import Rule
from monitor.rules.select import ANY, FINDINGS, RULES, by_term, other_side, selections
from monitor.rules.terms import Heard
from monitor.series import Series

FAR = float("inf")


class Judged(Struct, frozen=True):
    """What one rule came to at one instant: the alerts of the series that were judged, each with its verdict."""

    now: float
    rule: Rule
    alerts: list[Alert]


def replay(
    rules: Sequence[Rule],
    records: Sequence[Record],
    *,
    families: Mapping[str, str],
    read: Callable[[Mention], Reading] = lambda mention: Reading(mention, frozenset()),
    story_is_new: Callable[[Mention], bool] = lambda mention: True,
    start: float | None = None,
    end: float | None = None,
    zone: ZoneInfo = UTC,
    alerts: Mapping[str, Mapping[Key, Alert]] | None = None,
    memory: Memory | None = None,
    own_words: Collection[str] = (),
) -> Iterator[Judged]:
    """Judges `rules` at each instant in `(start, end]`, by default from the first record to the last arrival.

    `families`: source -> family; `alerts`: rule -> key -> what stands at `start`, of a replay that goes on. `memory`:
    an empty one that knows where sources of mentions vouch (by default from their first to their last record); filled
    afterwards.
    `own_words`: those of the topics, which are never new. Rules over findings have no history and are left out.
    """
    if not records:
        return
    memory = Memory(families, lives(records)) if memory is None else memory
    tally = Tally(compile_rules(rules))
    heard = Heard(read, families, own_words) if any(by_term(selections(r)[0]) for r in rules) else None
    intake = Intake(tally, memory, read, story_is_new, families, heard)
    incoming = list(arrivals(records))
    start = min(r.at for r in records) - 1 if start is None else start
    end = incoming[-1][0] if end is None else end
    begun = start if alerts is None else -FAR  # who goes on had judged what lies before, and judges it anew
    looking = [r for r in rules if r.of not in (FINDINGS, RULES)]
    stood = Stood(alerts)
    over = [_Over(r, (alerts or {}).get(r.name, {}), stood) for r in ordered(rules)]
    followed = {name for each in over for name in names_of(each.rule)}
    steps = [
        _Steps(r, memory, zone, start, (alerts or {}).get(r.name, {}), heard, stood if r.name in followed else None)
        for r in looking
    ]
    first: dict[str, float] = {}
    standing = {each.rule.name: each.alerts for each in steps} | {each.rule.name: each.alerts for each in over}
    i = 0
    while True:
        dues = [*(each.due for each in steps), *(each.due for each in over)]
        now = min([incoming[i][0] if i < len(incoming) else FAR, *dues])
        if now > end:
            return
        touched: set[At] = set()
        since = late = FAR
        while i < len(incoming) and incoming[i][0] <= now:
            touched |= intake.take(incoming[i][1])
            since = min(since, memory.since)
            late = min([late, *(max(r.at, first.setdefault(r.source, r.seen_at)) for r in incoming[i][1])])
            i += 1
        for step in steps:
            step.changed(touched, since)
        if now > start:
            late = max(late, begun) if late < now - IN_TIME else now
            judged: list[tuple[_Steps | _Over, list[Alert]]]
            judged = [(step, told) for step in steps if (told := step.judge(now, touched, late))]
            missed: dict[str, Sequence[float]] = {step.rule.name: step.missed for step in steps}
            if judged or any(each.due <= now for each in over):
                judged += [(each, each.judge(now, standing, missed)) for each in over]
            yield from [Judged(now, each.rule, each.settle(told, now)) for each, told in judged]


class _Walks:
    """How a rule stands, and what of missed instants is still to be told."""

    rule: Rule
    alerts: dict[Key, Alert]
    due: float

    def walked(self, walk: Walk) -> None:
        """Remembers the way, and how it stood before."""
        self._peaks = walk.peaks
        self._before = {key: self.alerts.get(key) for key in walk.peaks}

    def settle(self, judged: list[Alert], now: float) -> list[Alert]:
        """What is told late stands from here on. Rules over this one have looked at it as it is."""
        if not self._peaks:
            return judged
        told = [told_late(a, self._before.get(a.key), self._peaks.get(a.key)) for a in judged]
        self.alerts.update({alert.key: alert for alert in told})
        self.due = (floor(now / self.rule.every) + 1) * float(self.rule.every)
        return told


class _Over(_Walks):
    """One rule over others: judged when any of them was, and while it remembers something on its own grid."""

    def __init__(self, rule: Rule, alerts: Mapping[Key, Alert], stood: Stood) -> None:
        self.rule, self.alerts, self.due, self.stood = rule, dict(alerts), FAR, stood

    def judge(self, now: float, standing: Alerts, missed: dict[str, Sequence[float]]) -> list[Alert]:
        """The alerts of its keys. What stands changes with them, so that rules over this one see it."""
        missed[self.rule.name] = missed_over(self.rule, missed)
        walk = walk_over(self.rule, self.alerts, missed[self.rule.name], self.stood)
        self.walked(walk)
        judged = combine(self.rule, {**standing, self.rule.name: walk.alerts}, now)
        self.alerts.update({alert.key: alert for alert in judged})
        self.stood.note(self.rule.name, now, self.alerts)
        busy = any(alert.tier or alert.pending for alert in judged)
        self.due = (floor(now / self.rule.every) + 1) * float(self.rule.every) if busy else FAR
        return judged


class _Steps(_Walks):
    """One rule on its way through time: its alerts, and when each series is to be judged next."""

    def __init__(
        self,
        rule: Rule,
        memory: Memory,
        zone: ZoneInfo,
        start: float,
        alerts: Mapping[Key, Alert],
        heard: Heard | None = None,
        stood: Stood | None = None,
    ) -> None:
        """`stood`: where it is noted how it stands, for rules that are over this one."""
        self.rule, self.memory, self.zone, self.stood = rule, memory, zone, stood
        self.missed: list[float] = []
        self.asked = asked(rule, zone)
        self.lookback = lookback(rule, zone)
        self.kept = keep(rule.detector, self.asked)
        self.part, self.whole = selections(rule)
        self.sides = {self.part.id} if self.whole is None else {self.part.id, self.whole.id}
        self.alerts = dict(alerts)
        self.nexts: dict[Key, float] = {}
        self.due = self._grid(start, start)
        self.rungs = dict(rule.rungs())
        self.only_above = all(r.below is None and r.rarer_than is None for r in self.rungs.values())
        self.heard = heard if by_term(self.part) else None
        self.restless = accelerates(rule)

    def _grid(self, at: float, after: float) -> float:
        """The first instant of the rule's grid at or after `at` and later than `after`."""
        every = float(self.rule.every)
        return FAR if at == FAR else max(ceil(at / every), floor(after / every) + 1) * every

    def judge(self, now: float, touched: Collection[At], late: float) -> list[Alert]:
        """The alerts of the series that may come to something else: on the grid, and as records came to the rule.

        `late`: since when instants have missed some of those records; `now` where none has.
        """
        self.missed = []
        if self.heard is not None:
            return self._look(self.heard, now) if now >= self.due else []
        changed = {at for at in touched if at[0] == self.part.id or (self.whole and at[0] == self.whole.id)}
        if not changed and now < self.due:
            return []
        self.missed = instants(self.rule, late, now) if changed else []
        every = self._keys()
        known = len(every)
        fresh = self._changed(every, changed) if changed else set()
        if self.kept is not None:
            fresh = set(every)
        keys = [k for k in every if k in fresh or self.nexts.get(k, now) <= now]
        judged = self._evaluate(keys, now, known) if keys else []
        self.due = self._grid(min(self.nexts.values(), default=FAR), now)
        return judged

    def changed(self, touched: Collection[At], since: float) -> None:
        """Counts of these series changed from an instant on."""
        if self.kept is not None and any(at[0] in self.sides for at in touched):
            self.kept.changed(since)

    def _look(self, heard: Heard, now: float) -> list[Alert]:
        """Of a rule by term: what is new at this instant, and what stands."""
        standing = [key for key, alert in self.alerts.items() if alert.tier > Tier.CALM or alert.pending]
        self.memory.renew(self.part.id, heard.look(self.rule, now, standing))
        self.due = self._grid(now, now)
        keys = list(dict.fromkeys([*self.memory.known(self.rule), *standing]))
        self.alerts = {key: self.alerts[key] for key in keys if key in self.alerts}
        return self._evaluate(keys, now, len(keys)) if keys else []

    def _evaluate(self, keys: list[Key], now: float, known: int) -> list[Alert]:
        batch, walk = self._series(keys, now), Walk(dict(self.alerts) if self.missed else self.alerts)
        for instant in self.missed:
            walk.step(self._at(instant, batch, walk.alerts, known))
            self._note(instant, walk.alerts)
        self.walked(walk)
        judged = self._at(now, batch, walk.alerts, known)
        for series, alert in zip(batch, judged, strict=True):
            self.alerts[series.key] = alert
            self.nexts[series.key] = self._next(series, alert, now)
        self._note(now, self.alerts)
        return judged

    def settle(self, judged: list[Alert], now: float) -> list[Alert]:
        """The same; what is told late is judged again at any time."""
        self.nexts.update(dict.fromkeys(self._peaks, now))
        return super().settle(judged, now)

    def _at(self, now: float, batch: Sequence[Series], alerts: Mapping[Key, Alert], known: int) -> list[Alert]:
        return evaluate(self.rule, batch, alerts, now, zone=self.zone, series=known, kept=self.kept)

    def _note(self, now: float, alerts: Mapping[Key, Alert]) -> None:
        if self.stood is not None:
            self.stood.note(self.rule.name, now, alerts)

    def _keys(self) -> list[Key]:
        keys = self.memory.known(self.rule)
        most = self.rule.max_series
        return keys if len(keys) <= most else [*keys[:most], other_key(keys[0])]

    def _changed(self, keys: list[Key], changed: set[At]) -> set[Key]:
        if any(value == ANY for _, key in changed for _, value in key):
            return set(keys)
        out = {key for id, key in changed if id == self.part.id}
        if self.whole is not None:
            wholes = {key for id, key in changed if id == self.whole.id}
            out |= {key for key in keys if other_side(key, self.whole) in wholes}
        if len(keys) > self.rule.max_series and out - set(keys):
            out.add(keys[-1])
        return out

    def _series(self, keys: list[Key], now: float) -> list[Series]:
        start = min([now, *self.missed[:1]]) - needs(self.rule, now, self.zone, self.kept)
        beyond = self.memory.known(self.rule)[self.rule.max_series :]
        rest = other_key(keys[-1])
        if not beyond or keys[-1] != rest:
            return self.memory.series(self.rule, keys, start, now)
        batch = self.memory.series(self.rule, keys[:-1], start, now)
        return [*batch, together(rest, self.memory.series(self.rule, beyond, start, now))]

    def _next(self, series: Series, alert: Alert, now: float) -> float:
        """When this series may come to something else although nothing arrives; `now` = any time."""
        if self.restless or self.kept is not None:
            return now
        if alert.tier == Tier.CALM and not alert.pending and self.only_above and self.rule.detector.falls(series):
            return FAR
        steady = self.rule.detector.steady(series, now, self.asked) if self.part.kind == "mentions" else now
        if steady <= now:
            return now
        spans = chain.from_iterable(self.memory.vouched.values())
        edges = [edge for span in spans for edge in span if edge >= now - self.lookback]
        timers = [since + self.rungs[Tier(t)].for_ for t, since in alert.pending.items() if t in self.rungs]
        timers += [since + self.rule.leave.dwell for since in alert.under.values()]
        if any(edge <= now for edge in edges):
            return now
        return min([steady, *edges, *(t for t in timers if t > now)])
