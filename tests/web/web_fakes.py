"""A site in memory: the doors to read and to act, a clock that stands, and a crisis at its height."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import httpx
import msgspec
from starlette.applications import Starlette

from monitor.config.convert import decode
from monitor.config.schema import Config
from monitor.incidents.answers import Speed
from monitor.incidents.drills import Mark, Objective, Scorecard
from monitor.incidents.publication import Block
from monitor.incidents.review import Ack, Course
from monitor.incidents.storms import Offer
from monitor.incidents.who import PlanStep
from monitor.metrics import Metrics
from monitor.model import (
    Delivery,
    Drill,
    Entry,
    Evidence,
    Example,
    Facts,
    Finding,
    Incident,
    Pause,
    Reason,
    Recipient,
    Review,
    Score,
    Silence,
    Statement,
    Step,
    Tier,
    Timer,
)
from monitor.playbook.plan import Words as PlanWords
from monitor.sources.told import Told
from monitor.times import Duration
from monitor.web.acts import (
    Acknowledge,
    Busy,
    Cancel,
    Comment,
    Conflict,
    Done,
    Ingested,
    Link,
    Lower,
    PassOn,
    Raise,
    Resolve,
    Undo,
    Unknown,
)
from monitor.web.app import DOORS, web_app
from monitor.web.review_acts import ReviewAct, ReviewStanding
from monitor.web.site import Site
from monitor.web.statement_acts import Standing
from monitor.web.views import (
    Dossier,
    DrillBook,
    Health,
    Overview,
    Point,
    Practisable,
    Reached,
    Readiness,
    RuleState,
    Sent,
    SourceState,
    Tried,
    Way,
)

NOW = 1772334065.0  # 2026-03-01 11:01:05 in Shanghai
KEY = b"k" * 32
HOUR = 3600.0
TOKENS = {"helpdesk": ["ingest"], "wall": ["read"], "bot": ["read", "act"], "prom": ["metrics"]}

CONFIG: dict[str, Any] = {
    "settings": {"organisation": "示例电子", "timezone": "Asia/Shanghai", "language": "zh"},
    "server": {"public_url": "https://warn.example.com"},
    "source": [
        {"name": "helpdesk", "kind": "push", "family": "tickets"},
        {"name": "vendor", "kind": "push", "family": "social"},
        {"name": "sheet", "kind": "file", "path": "/srv/x.csv", "family": "kpi"},
    ],
    "person": [
        {"name": "zhang-wei", "display": "张伟", "language": "zh"},
        {"name": "li-na", "display": "李娜", "language": "zh"},
        {"name": "mary", "display": "Mary Smith", "language": "en"},
    ],
    "rule": [
        {"name": "complaint-surge", "risk": "product-safety", "blue": {"above": 1}},
        {"name": "return-rate", "risk": "product-quality", "of": "returns", "per": "orders", "measure": "ratio",
         "yellow": {"above": 0.05}},
    ],
}  # fmt: skip


def config(**changes: Any) -> Config:
    return msgspec.convert(CONFIG | changes, Config, dec_hook=decode)


def with_tokens(**more: Any) -> Config:
    tokens = [
        {"name": name, "hash": hashlib.sha256(f"secret-{name}".encode()).hexdigest(), "scopes": scopes}
        for name, scopes in TOKENS.items()
    ]
    return config(server={"public_url": "https://warn.example.com", "token": tokens}, **more)


def an_incident(**changes: Any) -> Incident:
    told = {
        "number": "INC-2026-0042", "risk": "product-safety", "scope": {"product": "X1 充电宝"}, "tier": Tier.RED,
        "opened_at": NOW - 2.6 * HOUR, "updated_at": NOW - 600, "machine_tier": Tier.RED, "peak": Tier.RED,
        "playbook": "product-safety", "notices": 3, "steps": (Step(to=("zhang-wei",), ack_within=Duration(900)),),
    }  # fmt: skip
    return Incident(**(told | changes))


class World:
    """What the fake store holds. `acted` lists what was done; `refuse` makes the next act fail."""

    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}
        self.entries: list[Entry] = []
        self.sent: list[Sent] = []
        self.held: list[Delivery] = []
        self.hushes: list[Silence] = []
        self.timers: tuple[Timer, ...] = ()
        self.evidence: tuple[Evidence, ...] = ()
        self.examples: tuple[Example, ...] = ()
        self.scene = Overview(at=NOW)
        self.ids: set[tuple[str, str]] = set()
        self.batches: list[tuple[str, int]] = []
        self.refused_beside: list[int] = []
        self.refusals: list[tuple[str, int]] = []
        self.acted: list[tuple[str, str, Any]] = []
        self.refuse: Exception | None = None

    def add(self, incident: Incident) -> Incident:
        self.incidents[incident.number] = incident
        return incident

    # reads

    async def overview(self, now: float) -> Overview:
        opened = tuple(sorted((i for i in self.incidents.values() if i.state == "open"), key=lambda i: -i.tier))
        closed = tuple(i for i in self.incidents.values() if i.state != "open")
        return msgspec.structs.replace(
            self.scene, at=now, incidents=opened, closed=closed, notices=tuple(self.sent), silences=tuple(self.hushes)
        )

    async def incident_list(self, open_only: bool, limit: int) -> tuple[Incident, ...]:
        found = [i for i in self.incidents.values() if i.state == "open" or not open_only]
        return tuple(sorted(found, key=lambda i: i.number, reverse=True)[:limit])

    async def incident(self, number: str, now: float) -> Dossier | None:
        if number not in self.incidents:
            return None
        return Dossier(
            incident=self.incidents[number],
            entries=tuple(e for e in self.entries if e.incident == number),
            notices=tuple(s for s in self.sent if s.facts.incident == number),
            evidence=self.evidence,
            examples=self.examples,
            timers=self.timers,
            offers=tuple(o for o in self.scene.offers if number in o.incidents),
        )

    async def deliveries(self, state: str | None, limit: int) -> tuple[Delivery, ...]:
        return tuple(d for d in self.held if state in (None, d.state))[:limit]

    async def silences(self, now: float) -> tuple[Silence, ...]:
        return tuple(s for s in self.hushes if s.ended_at is None)

    # acts

    def _checked(self, number: str) -> Incident:
        if self.refuse is not None:
            raise self.refuse
        if number not in self.incidents:
            raise Unknown("no_incident", number=number)
        return self.incidents[number]

    async def ingest(self, source: str, records: Any, now: float) -> Ingested:
        if self.refuse is not None:
            raise self.refuse
        self.batches.append((source, len(records.mentions) + len(records.samples)))
        self.refused_beside.append(records.refused)
        found = [(m.source, m.id) for m in records.mentions] + [(s.series, str(s.at)) for s in records.samples]
        fresh = set(found) - self.ids
        self.ids |= fresh
        return Ingested(len(fresh), len(found) - len(fresh))

    async def refused(self, source: str, count: int, now: float) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.refusals.append((source, count))

    async def report(self, told: Any) -> Ingested:
        if self.refuse is not None:
            raise self.refuse
        return Ingested(len(told), 0)

    async def act(self, actor: str, number: str, act: Any, now: float) -> Done:
        before = self._checked(number)
        self.acted.append((actor, number, act))
        after = _after(before, actor, act, now)
        self.incidents[number] = after
        kind = type(act).__name__.lower()
        self.entries.append(Entry(incident=number, at=now, actor=actor, kind=kind))
        return Done(after, after != before or isinstance(act, Comment))

    async def open(self, actor: str, opening: Any, now: float) -> Done:
        self.acted.append((actor, "", opening))
        number = f"INC-2026-{len(self.incidents) + 1:04d}"
        made = an_incident(number=number, risk=opening.risk, scope=opening.scope, tier=opening.tier)
        return Done(self.add(made))

    async def silence(self, actor: str, hush: Any, now: float) -> Silence:
        made = Silence(
            id=f"s{len(self.hushes) + 1}",
            matchers=hush.matchers,
            starts_at=hush.starts_at or now,
            until=hush.until,
            up_to=hush.up_to,
            author=actor,
            comment=hush.comment,
        )
        self.hushes.append(made)
        return made

    async def hidden_by(self, hush: Any, now: float) -> tuple[Incident, ...]:
        return tuple(i for i in self.incidents.values() if i.state == "open" and i.risk == hush.matchers.get("risk"))

    async def end_silence(self, actor: str, id: str, now: float) -> Silence:
        for place, found in enumerate(self.hushes):
            if found.id == id:
                self.hushes[place] = msgspec.structs.replace(found, ended_at=now)
                return self.hushes[place]
        raise Unknown("no_silence", id=id)

    async def resend(self, actor: str, delivery: int, now: float) -> Delivery:
        for found in self.held:
            if found.id == delivery:
                if found.state not in ("dead", "refused"):
                    raise Conflict("not_dead")
                return msgspec.structs.replace(found, state="queued")
        raise Unknown("no_delivery", id=delivery)


def _after(before: Incident, actor: str, act: Any, now: float) -> Incident:
    change = msgspec.structs.replace
    match act:
        case Acknowledge():
            return before if before.acknowledged_by else change(before, acknowledged_by=actor, acknowledged_at=now)
        case PassOn():
            return change(before, acknowledged_by=None, acknowledged_at=None, step=before.step + 1)
        case Undo() if before.acknowledged_by == actor:
            return change(before, acknowledged_by=None, acknowledged_at=None)
        case Undo() if before.state == "cancelled":
            return change(before, state="open", closed_at=None)
        case Undo():
            raise Conflict("nothing_to_undo")
        case Cancel() if before.state != "open":
            raise Conflict("incident.refused.closed", incident=before.number, state=before.state)
        case Cancel():
            return change(before, state="cancelled", closed_at=now)
        case Resolve():
            return change(before, state="resolved", closed_at=now)
        case Link():
            return change(before, linked=(*before.linked, act.other))
        case Raise() | Lower():
            return change(before, person_tier=act.tier, tier=act.tier or before.machine_tier)
    return before


class Reads:
    """`Site.reads` over a world."""

    def __init__(self, world: World) -> None:
        self.overview = world.overview
        self.incident = world.incident
        self.deliveries = world.deliveries
        self.silences = world.silences
        self.world = world

    async def answers(self, since: float) -> tuple[Speed, ...]:
        self.world.acted.append(("", "", since))
        return (Speed(person="li-na", tier=Tier.RED, channel="sms", asked=2, answered=1, median=90.0, slowest=90.0),)

    async def who(self, tier: Tier, risk: str, labels: dict[str, str], at: float) -> Way:
        self.world.acted.append(("", risk, (tier, labels, at)))
        levels = (PlanStep(level=0, at=at, to=(Recipient(person="zhang-wei", channels=("sms",), after=at + 60),)),)
        return Way(
            tier=tier, playbook="general", levels=levels, acks=1, gives_up_at=at + 300, muted_by=None,
            displays={"zhang-wei": "张伟"}, reached=(Reached("zhang-wei", "sms", NOW - 60),),
        )  # fmt: skip

    async def incidents(self, *, open_only: bool, limit: int) -> tuple[Incident, ...]:
        return await self.world.incident_list(open_only, limit)


class Practice:
    """`Site.drills` over a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.held: list[Drill] = []

    async def book(self) -> DrillBook:
        fire = Practisable(id="product-safety", title={"zh": "起火", "en": "fire"}, playbook="general", lasts=7200.0)
        running = next((d for d in self.held if d.stopped_at is None), None)
        return DrillBook(scenarios=(fire,), running=running, held=tuple(self.held))

    async def start(self, actor: str, scenario: str, now: float, *, everybody: bool = False) -> Drill:
        if scenario != "product-safety":
            raise Unknown("no_scenario", name=scenario, names="product-safety")
        made = Drill(id="D-0001", scenario=scenario, started_at=now, started_by=actor, everybody=everybody)
        self.held.append(made)
        return made

    async def stop(self, actor: str, now: float) -> Drill:
        if not self.held:
            raise Conflict("drill_none")
        self.held[-1] = msgspec.structs.replace(self.held[-1], stopped_at=now)
        return self.held[-1]

    async def report(self, id: str) -> Scorecard:
        found = next((d for d in self.held if d.id == id), None)
        if found is None:
            raise Unknown("no_drill", id=id)
        acked = Mark(objective=Objective(kind="acked", within=Duration(900)), seconds=480.0)
        return Scorecard(run=found, marks=(acked,), notices=2, reached=("li-na",), not_reached=("mary",))


class Words:
    """`Site.statements` and `Site.reviews` over a world: what was asked is noted, one of each is there."""

    def __init__(self, world: World) -> None:
        self.world = world
        text = Statement(
            id="INC-2026-0042-s1", incident="INC-2026-0042", audience="press", tier=Tier.RED, language="zh",
            text="〔待填：事实〕", author="li-na", written_at=NOW - 60,
        )  # fmt: skip
        self.one = Standing(
            statement=text, stage="draft", blocks=(Block("sources", {"has": 0, "wanted": 2}),),
            may={"legal": ("li-na", "mary")}, verifier="legal", approvers=("legal",), publisher="legal",
            versions=(text,),
        )  # fmt: skip
        course = Course(first_signal=None, opened_at=NOW - 9000, first_told=NOW - 9000, first_red=None,
                        acks=(Ack("li-na", Tier.RED, 480.0),))  # fmt: skip
        self.look = ReviewStanding(
            review=Review(incident="INC-2026-0042", due_at=NOW - 60), risk="product-safety", peak=Tier.RED,
            course=course, questions=(PlanWords("何时？", "when?"),), missing=(Block("no_cause", {}),), overdue=True,
        )  # fmt: skip

    async def of(self, number: str) -> tuple[Standing, ...]:
        self.world._checked(number)
        return (self.one,)

    async def write(self, actor: str, number: str, asked: Any, now: float) -> Standing:
        self.world.acted.append((actor, number, asked))
        return self.one

    async def get(self, id: str, now: float | None = None) -> Any:
        return self.one if now is None else self.look

    async def all(self, now: float) -> tuple[ReviewStanding, ...]:
        return (self.look,)

    async def act(self, actor: str, id: str, act: Any, now: float) -> Any:
        if self.world.refuse is not None:
            raise self.world.refuse
        self.world.acted.append((actor, id, act))
        return self.look if isinstance(act, ReviewAct) else self.one


class Wells:
    """`Site.sources` over a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.states = {s["name"]: SourceState(source=s["name"], up=True) for s in CONFIG["source"]}

    async def all(self) -> tuple[SourceState, ...]:
        return tuple(self.states.values())

    async def pause(self, actor: str, name: str, why: str, now: float) -> tuple[SourceState, bool]:
        before = self._known(name)
        if before.pause is not None:
            return before, False
        self.states[name] = msgspec.structs.replace(before, pause=Pause(at=now, by=actor, why=why))
        return self.states[name], True

    async def resume(self, actor: str, name: str, now: float) -> tuple[SourceState, bool]:
        before = self._known(name)
        self.states[name] = msgspec.structs.replace(before, pause=None)
        return self.states[name], before.pause is not None

    async def attempt(self, name: str, now: float) -> Tried:
        if self._known(name).pause is not None:
            raise Conflict("source_paused", source=name)
        return Tried(source=self.states[name], read=3, new=1, refused=(Told("entry", entry="x", text="y"),))

    def _known(self, name: str) -> SourceState:
        if name not in self.states:
            raise Unknown("no_source", source=name, names=", ".join(self.states))
        return self.states[name]


def a_site(world: World, settings: Config | None = None, **changes: Any) -> Site:
    metrics = Metrics()
    settings = settings or config()
    metrics.configure(rules=[r.name for r in settings.rule], sources=[s.name for s in settings.source])
    told = {
        "config": lambda: settings, "now": lambda: NOW, "reads": Reads(world), "acts": world,
        "sources": Wells(world), "drills": Practice(world),
        "statements": Words(world), "reviews": Words(world),
        "metrics": metrics,
        "key": KEY, "health": lambda: Health({"judge": 0.2}), "ready": lambda: Readiness(),
        "title": lambda playbook, language: {"zh": "产品安全", "en": "Product safety"}[language]
        if playbook == "product-safety" else "",
    }  # fmt: skip
    return Site(**(told | changes))


def an_app(world: World, settings: Config | None = None, doors: Any = DOORS, **changes: Any) -> Starlette:
    return web_app(a_site(world, settings, **changes), doors)


def browser(
    app: Any, *, host: str = "127.0.0.1", base: str = "http://127.0.0.1:9464", **headers: str
) -> httpx.AsyncClient:
    """A client at an address; headers are given with _ for -."""
    transport = httpx.ASGITransport(app, client=(host, 50000), raise_app_exceptions=False)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.AsyncClient(transport=transport, base_url=base, headers=named)


def a_delivery(id: int = 1, state: Any = "sent", **changes: Any) -> Delivery:
    told = {
        "id": id, "key": f"key-{id}", "incident": "INC-2026-0042", "notice": 3, "channel": "ops-dingtalk",
        "person": "zhang-wei", "tier": Tier.RED, "state": state, "attempts": 1, "next_at": NOW, "created_at": NOW - 60,
        "facts": 1,
    }  # fmt: skip
    return Delivery(**(told | changes))


def a_sent(
    transition: Any = "RAISED", tier: Tier = Tier.RED, notice: int = 3, *ways: Delivery, at: float = NOW
) -> Sent:
    facts = Facts(
        incident="INC-2026-0042", notice=notice, transition=transition, tier=tier, previous_tier=Tier.ORANGE,
        risk="product-safety", scope={"product": "X1"}, at=at, since=NOW - 9000, playbook="product-safety",
        playbook_revision="r1",
    )  # fmt: skip
    return Sent(facts=facts, deliveries=ways or (a_delivery(),))


def evidence(rule: str, tier: Tier, value: float, expected: float | None, **changes: Any) -> Evidence:
    told = {
        "rule": rule, "key": (("product", "X1 充电宝"),), "tier": tier, "since": NOW - 4000, "measure": "count",
        "window": Duration(3600), "detector": "change", "unit": "factor",
        "score": Score(value=value, expected=expected, level=value / expected if expected else value,
                       return_period=40 * 86400.0 * (tier or 0.02)),
        "reasons": (Reason("above", 4.0, value, True),), "families": ("tickets", "social", "press")[: max(1, tier - 1)],
        "families_known": 5, "against": "last_week",
    }  # fmt: skip
    return Evidence(**(told | changes))


def trail(height: float, rise: float = 0.0, gap: range = range(0)) -> tuple[Point, ...]:
    out = []
    for i in range(48):
        normal = height * (1 + 0.5 * math.sin(i / 7.6))
        swing = (
            normal * (1 + 0.12 * math.sin(i * 2.1) + 0.09 * math.sin(i * 5.3)) * (1 + rise * max(0, i - 34) ** 1.6 / 40)
        )
        out.append(Point(NOW - (47 - i) * 1800, None if i in gap else swing, normal))
    return tuple(out)


def a_crisis() -> World:
    """A red incident nobody has taken, an orange one in hand, sources in trouble, a channel that refuses."""
    world = World()
    world.add(an_incident())
    world.add(
        an_incident(
            number="INC-2026-0041", risk="mass-complaint", playbook="mass-complaint", scope={"region": "华东"},
            tier=Tier.ORANGE, machine_tier=Tier.ORANGE, peak=Tier.RED, opened_at=NOW - 26 * HOUR,
            acknowledged_by="li-na", acknowledged_at=NOW - 25.4 * HOUR, notices=5,
        )
    )  # fmt: skip
    world.add(
        an_incident(
            number="INC-2026-0040", risk="helpdesk-kpi", playbook="general", scope={}, tier=Tier.BLUE,
            machine_tier=Tier.BLUE, peak=Tier.BLUE, opened_at=NOW - 700, notices=1, no_data_since=NOW - 300,
        )
    )  # fmt: skip
    world.add(
        an_incident(
            number="INC-2026-0039", risk="publicity", playbook="general", tier=Tier.CALM, peak=Tier.YELLOW,
            state="cleared", closed_at=NOW - 5 * HOUR, scope={},
        )
    )  # fmt: skip
    refused = a_delivery(2, "refused", answer="310000 keywords not in content")
    other = a_delivery(3, "sent", channel="mail")
    slow = a_delivery(4, "retrying", person="mary", channel="mail")
    world.sent = [
        a_sent("RAISED", Tier.RED, 3, refused, other, slow, at=NOW - 600),
        a_sent("RAISED", Tier.ORANGE, 2, a_delivery(5), at=NOW - 5000),
        a_sent("NEW", Tier.YELLOW, 1, a_delivery(6, "superseded"), at=NOW - 9000),
    ]  # fmt: skip
    world.held = [refused, a_delivery(7, "dead", answer="timeout")]
    world.evidence = (
        evidence("complaint-surge", Tier.RED, 186.0, 21.0),
        evidence("brand-jump", Tier.ORANGE, 1240.0, 310.0, key=()),
    )
    world.examples = (
        Example(text="昨晚充电宝在床头冒烟，差点烧起来 <script>alert(1)</script>", source="weibo", family="social",
                at=NOW - 800, url="https://weibo.example/1"),
        Example(text="Power bank got too hot to touch, support says wait", source="forum", family="social",
                at=NOW - 2000, url="javascript:alert(1)"),
    )  # fmt: skip
    world.timers = (Timer(incident="INC-2026-0042", kind="escalate", step=1, due_at=NOW + 420),)
    world.entries = [
        Entry(incident="INC-2026-0042", at=NOW - 9000, actor="monitor", kind="incident.entry.opened",
              args={"risk": "product-safety", "scope": {"product": "X1 充电宝"}}),
        Entry(incident="INC-2026-0042", at=NOW - 5000, actor="monitor", kind="incident.entry.machine_tier",
              args={"previous": "yellow", "tier": "orange", "axis": ""}),
        Entry(incident="INC-2026-0042", at=NOW - 600, actor="monitor", kind="incident.entry.told",
              args={"notice": 3, "transition": "RAISED", "tier": "red", "to": ["zhang-wei", "ops-dingtalk"]}),
    ]  # fmt: skip
    world.hushes = [
        Silence(id="s1", matchers={"risk": "publicity", "channel": "weibo"}, starts_at=NOW - 900, until=NOW + 7200,
                up_to=Tier.YELLOW, author="li-na", comment="新品发布日，转发量会高"),
    ]  # fmt: skip
    offer = Offer(("INC-2026-0042", "INC-2026-0040"), {"product": "X1 充电宝"})
    world.scene = Overview(
        at=NOW, rules=_rules(), sources=_sources(), findings=_findings(), offers=(offer,), pending=1, dead=1
    )
    return world


def _rules() -> tuple[RuleState, ...]:
    ratio = evidence(
        "return-rate", Tier.YELLOW, 0.063, None, measure="ratio", detector="ratio", unit="ratio", key=(),
        score=Score(value=0.063, level=0.052, denominator=1840.0), against="",
        reasons=(Reason("above", 0.05, 0.052, True),), families=(),
    )  # fmt: skip
    silent = evidence(
        "helpdesk-silent", Tier.CALM, 0.0, None, detector="absence", unit="seconds", key=(), against="",
        score=Score(value=0.0, level=340.0), reasons=(Reason("above", 7200.0, 340.0, False),), families=(),
    )  # fmt: skip
    learning = evidence("danger-words", Tier.CALM, 3.0, 2.2, key=())
    learning = msgspec.structs.replace(
        learning, score=msgspec.structs.replace(learning.score, learning=(3 * 86400.0, 14 * 86400.0))
    )
    return (
        RuleState(rule="complaint-surge", tier=Tier.RED, series=12, worrying=3, since=NOW - 600,
                  lead=evidence("complaint-surge", Tier.RED, 186.0, 21.0), trail=trail(21, 3.2)),
        RuleState(rule="brand-jump", tier=Tier.ORANGE, series=1, worrying=1, since=NOW - 6000,
                  lead=evidence("brand-jump", Tier.ORANGE, 1240.0, 310.0, key=()), trail=trail(310, 1.1)),
        RuleState(rule="return-rate", tier=Tier.YELLOW, series=1, worrying=1, lead=ratio, trail=trail(0.05, 0.1)),
        RuleState(rule="policy-watch", tier=Tier.CALM, mode="shadow", series=1,
                  lead=evidence("policy-watch", Tier.CALM, 2.0, 2.4, key=()), trail=trail(2.2)),
        RuleState(rule="danger-words", tier=Tier.CALM, series=1, lead=learning, trail=trail(2.2, 0, range(10, 18))),
        RuleState(rule="helpdesk-silent", tier=Tier.CALM, series=1, lead=silent, trail=trail(8)),
        RuleState(rule="csat", tier=None, series=1),
    )  # fmt: skip


def _sources() -> tuple[SourceState, ...]:
    return (
        SourceState(source="helpdesk", up=True, last_success_at=NOW - 12, last_record_at=NOW - 40, lag=21.0,
                    records_day=4213),
        SourceState(source="vendor", up=True, last_success_at=NOW - 95, lag=240.0, records_day=61240, saturated=True),
        SourceState(source="sheet", up=False, last_success_at=NOW - 3 * HOUR, records_day=14,
                    error="/srv/x.csv: row 18: 'abc' is no number; write 12.5"),
        SourceState(source="press-rss", up=None),
    )  # fmt: skip


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(kind="source-silent", subject="sheet", since=NOW - 3 * HOUR),
        Finding(kind="source-saturated", subject="vendor", since=NOW - 300),
    )


__all__ = ["KEY", "NOW", "Busy", "World", "a_crisis", "a_delivery", "a_site", "an_app", "an_incident", "browser"]
