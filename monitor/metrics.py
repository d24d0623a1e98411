"""Every Prometheus metric in one table, on an injected registry.

Label values come from the config or from the fixed lists below, never from texts: what is not known is not counted
under its own name. Counters start at 0 for every combination; a gauge whose value is not known is absent, not 0.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Literal, get_args

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from monitor import __version__
from monitor.exposition import OPENMETRICS, Writer, content_type

PREFIX = "crisis_monitor_"
TIERS = ("calm", "blue", "yellow", "orange", "red")
"""By level; a tier is given as its level, as the nouns' own enumeration is one."""
TRANSITIONS = (
    "NEW",
    "RAISED",
    "LOWERED",
    "NO DATA",
    "DATA BACK",
    "CLEARED",
    "CANCELLED",
    "RESOLVED",
    "UPDATE",
    "ESCALATED",
    "TEST",
)
NO_DATA_LEVEL = -1
FetchResult = Literal["ok", "unchanged", "failed"]
RecordResult = Literal["accepted", "duplicate", "corrected", "rejected"]
DeliveryResult = Literal["sent", "retried", "refused", "superseded", "dead"]
Loop = Literal["poll", "judge", "deliver", "timers", "tend", "streams", "terms"]
FINDING_KINDS = (
    "source-failing",
    "source-silent",
    "source-saturated",
    "source-paused",
    "undated",
    "series-limit",
    "rule-failing",
    "channel-failing",
    "undeliverable",
    "unanswered",
    "unreachable",
    "unrouted",
    "unwell",
    "clock-jump",
    "rota-ended",
    "review-overdue",
    "action-overdue",
    "action-relapsed",
    "effect-unchecked",
    "clock-overdue",
    "drill-overdue",
    "source-late",
    "source-gaps",
    "source-duplicates",
    "source-unreadable",
    "source-unmatched",
    "source-few",
    "coordinated",
    "customer-angry",
    "customer-third",
    "customer-threat",
    "other",
)
QUALITIES = ("duplicates", "undated", "unreadable", "unmatched", "gaps")
"""Shares of the last day of a source: of its records, and of its time that nobody vouches for."""
MEASURES = ("count", "share", "number")
"""What the value of a rule is: how many, a part of a whole, or what a sample measures."""
MODES = ("live", "shadow")
"""Whether a rule tells people, or is only judged and shown."""
SERIES_A_RULE = 20
_ACK_BUCKETS = (30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_NOTICE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_FIXED: dict[str, tuple[str, ...]] = {
    "tier": TIERS[1:],
    "transition": TRANSITIONS,
    "loop": get_args(Loop),
    "kind": FINDING_KINDS,
    "measure": MEASURES,
    "mode": MODES,
    "quality": QUALITIES,
}


class Metric(Struct, frozen=True):
    """A row of the table: name without prefix, kind, labels, help; `results` are the values of its label `result`."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    labels: tuple[str, ...]
    help: str
    results: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    absent: bool = False
    """A gauge that has no series until its value is known."""

    @property
    def full_name(self) -> str:
        """As Prometheus sees it."""
        return PREFIX + self.name


TABLE: tuple[Metric, ...] = (
    Metric(
        "rule_tier_level", "gauge", ("rule",), "Highest tier over the series of a rule: 0 calm to 4 red, -1 no data."
    ),
    Metric("rule_tier", "gauge", ("rule", "tier"), "1 for the tier a rule is at, 0 for the others; all 0 = no data."),
    Metric("rule_value", "gauge", ("rule",), "Measure of the leading series of a rule; absent = no data.", absent=True),
    Metric("rule_expected", "gauge", ("rule",), "What is normal for the leading series of a rule.", absent=True),
    Metric("rule_upper", "gauge", ("rule",), "Upper bound of what is normal for the leading series.", absent=True),
    Metric(
        "series_tier_level", "gauge", ("rule", "series"), "Tier of a series that the rule names, -1 to 4.", absent=True
    ),
    Metric("rule_learning", "gauge", ("rule",), "1 while the rule has not seen enough to tell what is rare."),
    Metric(
        "rule_info",
        "gauge",
        ("rule", "risk", "measure", "mode"),
        "What a rule watches over, what its value is, and whether it tells anybody.",
        absent=True,
    ),
    Metric("rule_evaluations_total", "counter", ("rule",), "Times a rule was judged."),
    Metric("rule_evaluation_failures_total", "counter", ("rule",), "Times judging a rule failed."),
    Metric("incidents_open", "gauge", ("tier",), "Open incidents by tier, drills left out."),
    Metric("incident_transitions_total", "counter", ("transition",), "Transitions of incidents, drills left out."),
    Metric("incidents_unacknowledged", "gauge", ("tier",), "Open incidents that nobody acknowledged, drills left out."),
    Metric("drill_transitions_total", "counter", ("transition",), "Transitions of drills, which show nowhere else."),
    Metric("findings_open", "gauge", ("kind",), "Open findings on the data or on the monitor itself."),
    Metric(
        "ack_seconds",
        "histogram",
        ("tier",),
        "From the notice that it arose or rose to the acknowledgement.",
        buckets=_ACK_BUCKETS,
    ),
    Metric(
        "source_up", "gauge", ("source",), "1 when the last fetch, or the expected push, came, and of a paused source."
    ),
    Metric("source_last_success_timestamp_seconds", "gauge", ("source",), "Last good fetch or push; 0 = none yet."),
    Metric(
        "source_fetches_total", "counter", ("source", "result"), "Fetches and pushes.", results=get_args(FetchResult)
    ),
    Metric(
        "source_records_total", "counter", ("source", "result"), "Records that came.", results=get_args(RecordResult)
    ),
    Metric(
        "source_expected_every_seconds",
        "gauge",
        ("source",),
        "How often a source is fetched or should push; absent = nothing is expected of it.",
        absent=True,
    ),
    Metric("source_lag_seconds", "gauge", ("source",), "From event to arrival of the newest record.", absent=True),
    Metric(
        "source_quality_ratio",
        "gauge",
        ("source", "quality"),
        "Share of the last day's records (gaps: of its time) with this fault.",
        absent=True,
    ),
    Metric("notices_total", "counter", ("tier", "transition"), "Notices owed to people or channels, drills left out."),
    Metric(
        "deliveries_total", "counter", ("channel", "result"), "Tries and ends of deliveries.", get_args(DeliveryResult)
    ),
    Metric("deliveries_pending", "gauge", ("channel",), "Deliveries that wait or are being tried."),
    Metric(
        "outbox_oldest_timestamp_seconds",
        "gauge",
        (),
        "Since when the longest waiting delivery waits; 0 = none does, or all are put off.",
    ),
    Metric(
        "event_to_notice_seconds", "histogram", (), "From the event to the other side's yes.", buckets=_NOTICE_BUCKETS
    ),
    Metric(
        "notice_render_failures_total", "counter", (), "Playbook texts that failed; a plain notice went out instead."
    ),
    Metric("timers_due", "gauge", (), "Timers that are due and have not run."),
    Metric("loop_last_advance_timestamp_seconds", "gauge", ("loop",), "When a loop last got on with its work."),
    Metric(
        "config_last_reload_successful", "gauge", (), "1 when the config in force is the last one that was offered."
    ),
    Metric("config_info", "gauge", ("hash",), "The config in force, by its hash.", absent=True),
    Metric(
        "clock_remaining_seconds", "gauge", ("clock",), "Time left on a legal clock; negative = overrun.", absent=True
    ),
    Metric("clock_running", "gauge", ("clock",), "1 while a legal clock runs on an open incident."),
    Metric("drills_last_success_timestamp_seconds", "gauge", (), "Last drill that was acknowledged; 0 = none yet."),
    Metric("time_seconds", "gauge", (), "The service's own clock at the scrape; compare instants with this."),
    Metric("build_info", "gauge", ("version",), "The running version.", absent=True),
)


class Metrics:
    """The metrics of one running service. Methods may be called from any thread and never fail."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry or CollectorRegistry()
        self._all: dict[str, Any] = {metric.name: _make(metric, self.registry) for metric in TABLE}
        self._known: dict[str, tuple[str, ...]] = {"rule": (), "source": (), "channel": (), "clock": ()}
        self._series: dict[str, dict[str, int]] = {}
        self._due: dict[str, float] = {}
        self._hash = ""
        self._writer = Writer()
        ProcessCollector(registry=self.registry)
        self._all["build_info"].labels(__version__).set(1)
        self._start(metric for metric in TABLE if not {"rule", "source", "channel", "clock"} & set(metric.labels))

    # --- config

    def configure(
        self,
        *,
        rules: Iterable[str] = (),
        sources: Iterable[str] = (),
        channels: Iterable[str] = (),
        clocks: Iterable[str] = (),
        hash: str = "",
    ) -> None:
        """Starts series for what the config in force names, and ends those of what it names no more."""
        names = {"rule": tuple(rules), "source": tuple(sources), "channel": tuple(channels), "clock": tuple(clocks)}
        for label, now in names.items():
            for gone in set(self._known[label]) - set(now):
                self._remove(label, gone)
        fresh = {label: tuple(n for n in now if n not in self._known[label]) for label, now in names.items()}
        self._known = names
        self._start((m for m in TABLE if set(m.labels) & set(names)), fresh)
        for rule in fresh["rule"]:
            self._all["rule_tier_level"].labels(rule).set(NO_DATA_LEVEL)
        self._info(hash)
        self.reloaded(True)

    def describe(self, rules: Mapping[str, tuple[str, str, str]], sources: Mapping[str, float | None]) -> None:
        """What the config says of what it names: rule -> (risk, of MEASURES, of MODES), source -> seconds between."""
        for rule, about in rules.items():
            if rule in self._known["rule"]:
                self._all["rule_info"].remove_by_labels({"rule": rule})
                self._all["rule_info"].labels(rule, *about).set(1)
        for source, every in sources.items():
            if source in self._known["source"]:
                self._set_or_remove("source_expected_every_seconds", source, every)

    def export(self, rules: Mapping[str, Iterable[str]]) -> None:
        """Which of their series rules name: those named no more end at once, new ones have no data until judged."""
        for rule, names in rules.items():
            if rule in self._known["rule"]:
                self.series(rule, {name: self._series.get(rule, {}).get(name, NO_DATA_LEVEL) for name in names})

    def reloaded(self, ok: bool) -> None:
        """The config that was offered last was taken, or was faulty and the old one stays."""
        self._all["config_last_reload_successful"].set(ok)

    # --- sources

    def source(self, source: str, *, up: bool, last_success: float | None = None, lag: float | None = None) -> None:
        """How a source stands; instants in Unix seconds, `lag` in seconds; None leaves what was told before."""
        if source not in self._known["source"]:
            return
        self._all["source_up"].labels(source).set(up)
        if last_success is not None:
            self._all["source_last_success_timestamp_seconds"].labels(source).set(last_success)
        if lag is not None:
            self._all["source_lag_seconds"].labels(source).set(lag)

    def paused(self, source: str) -> None:
        """Nothing is expected of a source for now, so that nothing of it is missing."""
        self.source(source, up=True)
        if source in self._known["source"]:
            self._set_or_remove("source_expected_every_seconds", source, None)

    def quality(self, source: str, shares: Mapping[str, float]) -> None:
        """How good the data of a source were over the last day."""
        if source in self._known["source"]:
            for name, share in shares.items():
                self._all["source_quality_ratio"].labels(source, name).set(share)

    def fetched(self, source: str, result: FetchResult) -> None:
        """A fetch ended, or a push came."""
        if source in self._known["source"]:
            self._all["source_fetches_total"].labels(source, result).inc()

    def records(self, source: str, result: RecordResult, n: int) -> None:
        """Records came in."""
        if n and source in self._known["source"]:
            self._all["source_records_total"].labels(source, result).inc(n)

    # --- rules

    def rule(
        self,
        rule: str,
        tier: int | None,
        *,
        value: float | None = None,
        expected: float | None = None,
        upper: float | None = None,
        learning: bool = False,
    ) -> None:
        """How a rule stands, told by its leading series. `tier` is a level, 0 to 4; None = no data."""
        if rule not in self._known["rule"]:
            return
        self._all["rule_tier_level"].labels(rule).set(NO_DATA_LEVEL if tier is None else tier)
        for level, word in enumerate(TIERS):
            self._all["rule_tier"].labels(rule, word).set(level == tier)
        self._all["rule_learning"].labels(rule).set(learning)
        for name, number in (("rule_value", value), ("rule_expected", expected), ("rule_upper", upper)):
            self._set_or_remove(name, rule, number)

    def series(self, rule: str, levels: Mapping[str, int]) -> None:
        """The tier levels of the series that a rule names for export, all at once; past twenty they are left out."""
        if rule not in self._known["rule"]:
            return
        wanted = dict(list(levels.items())[:SERIES_A_RULE])
        gauge = self._all["series_tier_level"]
        for gone in set(self._series.get(rule, {})) - set(wanted):
            gauge.remove(rule, gone)
        for name, level in wanted.items():
            gauge.labels(rule, name).set(level)
        self._series[rule] = wanted

    def evaluated(self, rule: str, *, failed: bool = False) -> None:
        """A rule was judged once."""
        if rule in self._known["rule"]:
            self._all["rule_evaluations_total"].labels(rule).inc()
            self._all["rule_evaluation_failures_total"].labels(rule).inc(failed)

    # --- incidents and findings

    def incidents(self, open: Mapping[int, int], unacknowledged: Mapping[int, int] | None = None) -> None:
        """How many incidents are open at each tier's level, and how many nobody took; one left out has none."""
        for name, counts in (("incidents_open", open), ("incidents_unacknowledged", unacknowledged or {})):
            for level, word in enumerate(TIERS[1:], 1):
                self._all[name].labels(word).set(counts.get(level, 0))

    def transition(self, transition: str, *, drill: bool = False) -> None:
        """An incident, or a drill, made a transition."""
        if transition in TRANSITIONS:
            name = "drill_transitions_total" if drill else "incident_transitions_total"
            self._all[name].labels(transition).inc()

    def findings(self, open: Mapping[str, int]) -> None:
        """How many findings are open of each kind; a kind not in FINDING_KINDS counts as `other`."""
        counts = dict.fromkeys(FINDING_KINDS, 0)
        for kind, n in open.items():
            word = kind.replace("_", "-")
            counts[word if word in counts else "other"] += n
        for kind, n in counts.items():
            self._all["findings_open"].labels(kind).set(n)

    def acknowledged(self, tier: int, seconds: float) -> None:
        """Somebody took an incident, so long after its first notice."""
        if tier > 0:
            self._all["ack_seconds"].labels(TIERS[tier]).observe(seconds)

    def timers_due(self, n: int) -> None:
        """How many timers are due and have not run."""
        self._all["timers_due"].set(n)

    def clocks(self, due: Mapping[str, float]) -> None:
        """The legal clocks that run: clock -> when the first of that name is due."""
        self._due = {clock: at for clock, at in due.items() if clock in self._known["clock"]}
        for clock in self._known["clock"]:
            self._all["clock_running"].labels(clock).set(clock in self._due)

    def tick(self, now: float) -> None:
        """What follows from the time alone; told before each scrape, so that a loop that is stuck hides nothing."""
        self._all["time_seconds"].set(now)
        for clock in self._known["clock"]:
            due = self._due.get(clock)
            self._set_or_remove("clock_remaining_seconds", clock, None if due is None else due - now)

    def drill_succeeded(self, at: float) -> None:
        """A drill was acknowledged."""
        self._all["drills_last_success_timestamp_seconds"].set(at)

    # --- notices

    def notice(self, tier: int, transition: str, *, drill: bool = False) -> None:
        """A notice is owed."""
        if not drill and transition in TRANSITIONS:
            self._all["notices_total"].labels(TIERS[tier], transition).inc()

    def delivered(self, channel: str, result: DeliveryResult) -> None:
        """A try of a delivery ended so."""
        if channel in self._known["channel"]:
            self._all["deliveries_total"].labels(channel, result).inc()

    def outbox(self, pending: Mapping[str, int], oldest: float | None) -> None:
        """What waits: channel -> deliveries, and when the oldest was made."""
        for channel in self._known["channel"]:
            self._all["deliveries_pending"].labels(channel).set(pending.get(channel, 0))
        self._all["outbox_oldest_timestamp_seconds"].set(oldest or 0)

    def event_to_notice(self, seconds: float) -> None:
        """So long from the event to the other side's yes."""
        self._all["event_to_notice_seconds"].observe(max(0.0, seconds))

    def render_failed(self) -> None:
        """A playbook text failed at send time."""
        self._all["notice_render_failures_total"].inc()

    # --- the service itself

    def advanced(self, loop: Loop, at: float) -> None:
        """A loop got on with its work."""
        self._all["loop_last_advance_timestamp_seconds"].labels(loop).set(at)

    def exposition(self, accept: str = "", *, compress: bool = False) -> tuple[bytes, str]:
        """All series as text, and its content type. Some milliseconds per thousand series: call it in a thread."""
        kind = content_type(accept)
        body = self._writer.write(self.registry.collect(), openmetrics=kind == OPENMETRICS)
        return (gzip.compress(body, 1) if compress else body), kind

    # --- within

    def _set_or_remove(self, name: str, label: str, number: float | None) -> None:
        gauge = self._all[name]
        if number is None:
            gauge.remove_by_labels({gauge._labelnames[0]: label})
        else:
            gauge.labels(label).set(number)

    def _start(self, metrics: Iterable[Metric], names: Mapping[str, tuple[str, ...]] | None = None) -> None:
        for metric in metrics:
            if metric.labels and not metric.absent:
                for values in product(*(_values(metric, label, names or {}) for label in metric.labels)):
                    self._all[metric.name].labels(*values)

    def _remove(self, label: str, value: str) -> None:
        for metric in TABLE:
            if label in metric.labels:
                self._all[metric.name].remove_by_labels({label: value})
        if label == "rule":
            self._series.pop(value, None)
        if label == "clock":
            self._due.pop(value, None)

    def _info(self, hash: str) -> None:
        if self._hash:
            self._all["config_info"].remove(self._hash)
        if hash:
            self._all["config_info"].labels(hash).set(1)
        self._hash = hash


def _make(metric: Metric, registry: CollectorRegistry) -> Gauge | Counter | Histogram:
    if metric.kind == "histogram":
        return Histogram(metric.full_name, metric.help, metric.labels, buckets=metric.buckets, registry=registry)
    kind = Gauge if metric.kind == "gauge" else Counter
    return kind(metric.full_name, metric.help, metric.labels, registry=registry)


def _values(metric: Metric, label: str, names: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if label == "result":
        return metric.results
    if label == "tier" and metric.name in ("rule_tier", "notices_total"):
        return TIERS
    return names[label] if label in names else _FIXED.get(label, ())
