"""A store in memory, with the promises of the real one: versions compared and set, timers by identity, all kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from monitor.incidents.context import ChannelInfo, Context, RuleInfo
from monitor.incidents.people import IncidentSettings, Person, Route, Team
from monitor.incidents.plan import AlertChange, plan
from monitor.incidents.timers import due
from monitor.model import Alert, Entry, Finding, Incident, Key, Outcome, Owed, Score, Silence, Tier, Timer, Verdict

T0 = 1_790_000_000.0
CALM, BLUE, YELLOW, ORANGE, RED = Tier
HOUR = 3600.0


def rule(name: str, risk: str = "mass-complaints", scope: tuple[str, ...] = ("product",), **more: Any) -> RuleInfo:
    return RuleInfo(name=name, risk=risk, scope_labels=scope, window=HOUR, detector="change", **more)


def context(**more: Any) -> Context:
    people = [
        Person(name=name, email=f"{name}@example.com", phone="1" if name == "zhang" else "")
        for name in ("zhang", "li", "wang", "chen")
    ]
    base: dict[str, Any] = {
        "organisation": "示例公司",
        "timezone": "Asia/Shanghai",
        "people": {p.name: p for p in people},
        "teams": {"crisis": Team(name="crisis", roles={"leader": ("zhang", "li"), "legal": ("wang", "li")})},
        "channels": {
            "sms": ChannelInfo(name="sms", address_of="phone", group=False),
            "mail": ChannelInfo(name="mail", address_of="email", group=False),
            "ops": ChannelInfo(name="ops", fallback="ops2"),
            "ops2": ChannelInfo(name="ops2", fallback="ops"),
        },
        "rules": {
            r.name: r
            for r in (
                rule("surge"),
                rule("danger"),
                rule("all", scope=()),
                rule("shadow", mode="shadow"),
                rule("leak", risk="data-breach"),
            )
        },
        "playbooks": {"general": "g1", "mass-complaints": "m1"},
        "routes": (
            Route(tier=("orange", "red"), to=("crisis/leader", "channel:ops"), ack_within=900.0),
            Route(to=("channel:ops", "chen")),
        ),
        "settings": IncidentSettings(),
    }
    return Context(**(base | more))


def alert(rule: str, tier: Tier, product: str = "X1", **more: Any) -> Alert:
    key: Key = (("product", product),) if product else ()
    return Alert(rule=rule, key=key, tier=tier, since=T0, began=T0, **more)


def seen(value: float, expected: float, families: tuple[str, ...] = ()) -> Verdict:
    return Verdict(
        rule="", key=(), at=T0, tier=RED, score=Score(value=value, expected=expected), families=families
    )  # fmt: skip


class World:
    """Everything that was written, and the clock."""

    def __init__(self, context: Context | None = None) -> None:
        self.context = context or globals()["context"]()
        self.now = T0
        self.incidents: dict[str, Incident] = {}
        self.alerts: dict[tuple[str, Key], Alert] = {}
        self.timers: dict[tuple[str, str, int], Timer] = {}
        self.entries: list[Entry] = []
        self.owed: list[Owed] = []
        self.findings: list[Finding] = []

    @property
    def open(self) -> list[Incident]:
        return [i for i in self.incidents.values() if i.state == "open"]

    def judge(self, *alerts: Alert) -> list[Outcome]:
        changes = [AlertChange(before=self.alerts.get((a.rule, a.key)), after=a) for a in alerts]
        return self.judge_changes(*changes)

    def judge_changes(self, *changes: AlertChange) -> list[Outcome]:
        standing = self.alerts | {c.id: c.after for c in changes}
        standing = {k: a for k, a in standing.items() if not a.idle}
        outcomes = plan(
            changes, self.open, [i for i in self.incidents.values() if i.state != "open"], list(standing.values()),
            self.context, self.now, len(self.incidents) + 1,
        )  # fmt: skip
        self.alerts = standing
        for outcome in outcomes:
            self.write(outcome)
        return outcomes

    def write(self, outcome: Outcome) -> Outcome:
        number = outcome.incident.number
        assert outcome.incident.version == (self.incidents[number].version + 1 if number in self.incidents else 1)
        self.incidents[number] = outcome.incident
        self.entries += outcome.entries
        self.owed += outcome.owed
        self.findings += outcome.findings
        for timer in outcome.timers:
            identity = (timer.incident, timer.kind, timer.step)
            if timer.state == "waiting" or identity in self.timers:
                self.timers[identity] = timer
        return outcome

    def act(self, what: Callable[..., Outcome], *args: Any, by: str = "zhang", **more: Any) -> Outcome:
        subject = (self.open or list(self.incidents.values()))[0]
        return self.write(what(subject, *args, by, self.now, self.context, **more))

    def waiting(self) -> list[Timer]:
        return sorted((t for t in self.timers.values() if t.state == "waiting"), key=lambda t: (t.due_at, t.kind))

    def wait(self, seconds: float) -> None:
        """Lets time pass; timers fire when they are due."""
        end = self.now + seconds
        while (left := self.waiting()) and left[0].due_at <= end:
            self.now = max(self.now, left[0].due_at)
            self.fire(left[0])
        self.now = end

    def fire(self, timer: Timer) -> None:
        subject = self.incidents[timer.incident]
        self.write(due(subject, timer, self.context, list(self.alerts.values()), self.now))

    def standing(self) -> list[Alert]:
        return list(self.alerts.values())

    def silence(self, silence: Silence) -> None:
        self.context = msgspec.structs.replace(self.context, silences=(*self.context.silences, silence))

    def notices(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """(transition, tier, who) of every notice, in order."""
        return [
            (o.facts.transition, o.facts.tier.word, tuple(r.person or "#" + r.channels[0] for r in o.to))
            for o in self.owed
        ]

    def kinds(self) -> list[str]:
        return [e.kind.removeprefix("incident.entry.") for e in self.entries]


def hush(up_to: Tier = YELLOW, until: float = T0 + 6 * HOUR, id: str = "s1", **matchers: str) -> Silence:
    return Silence(
        id=id, matchers=matchers or {"risk": "mass-complaints"}, starts_at=T0, until=until, up_to=up_to, author="wang",
        comment="known promotion",
    )  # fmt: skip
