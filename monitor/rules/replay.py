"""Rules stepped over history: backtest, rule tests and the preview on the web are this one function.

Judged are the instants of each rule's grid and of each arrival, as the daemon would. Instants at which provably
nothing can change are left out: what is yielded is what a full walk would yield at the same instants.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import ceil, floor
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.detectors.detector import UTC
from monitor.model import Alert, Key, Mention, Tier
from monitor.rules.buckets import Tally, compile_rules
from monitor.rules.evaluate import asked, evaluate
from monitor.rules.fold import other_key, together
from monitor.rules.memory import At, Memory
from monitor.rules.records import Intake, Record, arrivals, lives
from monitor.rules.rule import Rule
from monitor.rules.select import ANY, FINDINGS, other_side, selections
from monitor.series import Interval, Series

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
    topics: Callable[[Mention], frozenset[str]] = lambda mention: frozenset(),
    story_is_new: Callable[[Mention], bool] = lambda mention: True,
    start: float | None = None,
    end: float | None = None,
    zone: ZoneInfo = UTC,
    alerts: Mapping[str, Mapping[Key, Alert]] | None = None,
    cover: Mapping[str, Interval] | None = None,
) -> Iterator[Judged]:
    """Judges `rules` at each instant in `(start, end]`, by default from the first record to the last arrival.

    `families`: source -> family; `alerts`: rule -> key -> what stands at `start`; `cover`: source of mentions -> where
    it vouches (by default from its first to its last record). Rules over findings have no history and are left out.
    """
    if not records:
        return
    memory = Memory(families, cover if cover is not None else lives(records))
    tally = Tally(compile_rules(rules))
    intake = Intake(tally, memory, topics, story_is_new, families)
    incoming = list(arrivals(records))
    start = min(r.at for r in records) - 1 if start is None else start
    end = incoming[-1][0] if end is None else end
    steps = [_Steps(r, memory, zone, start, (alerts or {}).get(r.name, {})) for r in rules if r.of != FINDINGS]
    i = 0
    while True:
        now = min([incoming[i][0] if i < len(incoming) else FAR, *(step.due for step in steps)])
        if now > end:
            return
        touched: set[At] = set()
        while i < len(incoming) and incoming[i][0] <= now:
            touched |= intake.take(incoming[i][1])
            i += 1
        if now > start:
            for step in steps:
                judged = step.judge(now, touched)
                if judged:
                    yield Judged(now, step.rule, judged)


class _Steps:
    """One rule on its way through time: its alerts, and when each series is to be judged next."""

    def __init__(self, rule: Rule, memory: Memory, zone: ZoneInfo, start: float, alerts: Mapping[Key, Alert]) -> None:
        self.rule, self.memory, self.zone = rule, memory, zone
        self.asked = asked(rule, zone)
        self.lookback = rule.detector.lookback(self.asked)
        self.part, self.whole = selections(rule)
        self.alerts = dict(alerts)
        self.dues: dict[Key, float] = {}
        self.due = self.first = self._grid(start, start)
        self.rungs = dict(rule.rungs())
        self.only_above = all(r.below is None and r.rarer_than is None for r in self.rungs.values())

    def _grid(self, at: float, after: float) -> float:
        """The first instant of the rule's grid at or after `at` and later than `after`."""
        every = float(self.rule.every)
        return FAR if at == FAR else max(ceil(at / every), floor(after / every) + 1) * every

    def judge(self, now: float, touched: Collection[At]) -> list[Alert]:
        """The alerts of the series whose turn it is: those that changed, and those due on the grid."""
        keys = self._turn(now, touched)
        if not keys:
            self.due = min((due for due in self.dues.values() if due > now), default=FAR)
            return []
        batch = self._series(keys, now)
        judged = evaluate(self.rule, batch, self.alerts, now, zone=self.zone)
        for series, alert in zip(batch, judged, strict=True):
            self.alerts[series.key] = alert
            self.dues[series.key] = self._grid(self._next(series, alert, now), now)
        self.due = min(self.dues.values())
        return judged

    def _turn(self, now: float, touched: Collection[At]) -> list[Key]:
        """In the order of appearance, with the key of the rest where there are more than `max_series`."""
        on_grid = now >= self.due
        changed = {at for at in touched if at[0] == self.part.id or (self.whole and at[0] == self.whole.id)}
        if not on_grid and not changed:
            return []
        keys = self._keys()
        changed_keys = self._changed(keys, changed) if changed else set()
        return [k for k in keys if k in changed_keys or (on_grid and self.dues.get(k, self.first) <= now)]

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
        start = now - self.lookback
        rest = other_key(keys[-1])
        if keys[-1] != rest or not keys[-1]:
            return self.memory.series(self.rule, keys, start, now)
        beyond = self.memory.known(self.rule)[self.rule.max_series :]
        batch = self.memory.series(self.rule, keys[:-1], start, now)
        return [*batch, together(rest, self.memory.series(self.rule, beyond, start, now))]

    def _next(self, series: Series, alert: Alert, now: float) -> float:
        """When this series may come to something else although nothing arrives; `now` = any time."""
        if alert.tier == Tier.CALM and not alert.pending and self.only_above and self.rule.detector.falls(series):
            return FAR
        steady = self.rule.detector.steady(series, now, self.asked) if self.part.kind == "mentions" else now
        if steady <= now:
            return now
        edges = [edge for life in self.memory.lives.values() for edge in life if edge >= now - self.lookback]
        timers = [since + self.rungs[Tier(t)].for_ for t, since in alert.pending.items() if t in self.rungs]
        timers += [since + self.rule.leave.dwell for since in alert.under.values()]
        if any(edge <= now for edge in edges):
            return now
        return min([steady, *edges, *(t for t in timers if t > now)])
