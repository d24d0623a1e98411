"""A scene played: the same judging, planning, timers and acts as live, stepped from instant to instant without a clock.

At one instant the judge comes first, then timers, then what people do, then what is expected.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from monitor.daemon.acts import do_act
from monitor.daemon.judge import LATE
from monitor.daemon.quotes import LOOKED_AT, quoting
from monitor.incidents import lifecycle, timers
from monitor.incidents.context import Context
from monitor.incidents.grouping import closed_lately
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.plan import AlertChange, plan
from monitor.incidents.silences import preview
from monitor.mentions.duplicates import Stories
from monitor.model import (
    Alert,
    Facts,
    Incident,
    Key,
    Labels,
    Mention,
    Outcome,
    Silence,
    Tier,
    Timer,
    Verdict,
)
from monitor.rules.evaluate import evaluate, lookback
from monitor.rules.memory import Memory
from monitor.rules.replay import Judged, replay
from monitor.rules.rule import Rule
from monitor.scenario.read import Done, Hope, Scene
from monitor.scenario.said import Quiet
from monitor.store.observations import Stored
from monitor.web.acts import Raise

Held = tuple[str, float]
Think = Callable[[Incident, Context], Outcome]


class Sent(Struct, frozen=True, kw_only=True):
    """A notice on its way: when, to whom (people and "channel:x"), and who held the incident then."""

    at: float
    facts: Facts
    to: tuple[str, ...]
    held: Held | None = None


class Turn(Struct, frozen=True, kw_only=True):
    """A rule's series, or an incident, took a tier."""

    at: float
    subject: str
    key: Key
    tier: Tier


class Undone(Exception):
    """An act could not be done: `id` is a message of the catalogue, `told` fills it."""

    def __init__(self, id: str, **told: object) -> None:
        super().__init__(id)
        self.id, self.told = id, told


class World:
    """What stands and what was, as the scene goes on."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.desk = scene, scene.desk
        self.alerts: dict[str, dict[Key, Alert]] = {}
        self.incidents: dict[str, Incident] = {}
        self.sent: list[Sent] = []
        self.turns: list[Turn] = []
        self.silences: list[Silence] = []
        self._timers: dict[tuple[str, str, int], Timer] = {}
        self._stories = Stories()
        families = {name: source.family for name, source in self.desk.sources.items() if source.enabled}
        begin = min([scene.start, *(r.at for r in scene.records)])
        self._memory = Memory(families, dict.fromkeys(families, (begin, scene.end)), scene.gaps)
        self._said: list[Mention] = sorted(
            (r for r in scene.records if isinstance(r, Mention)), key=lambda m: (m.at, m.seen_at)
        )
        self._times = [m.at for m in self._said]

    def judged(self) -> Iterator[tuple[float, list[Judged]]]:
        """The instants at which rules come to something, each with all of them."""
        desk, scene = self.desk, self.scene
        steps = replay(
            list(desk.rules.values()), scene.records, families=self._memory.families,
            read=desk.reader.read, story_is_new=self._is_new, start=scene.start,
            end=scene.end, zone=desk.zone, memory=self._memory, own_words=desk.reader.own_words,
        )  # fmt: skip
        for now, group in groupby(steps, key=lambda j: j.now):
            yield now, list(group)

    def _is_new(self, m: Mention) -> bool:
        return not self.desk.stories or self._stories.assign(m.source, m.id, m.title, m.text, m.at)[1]

    def context(self, now: float) -> Context:
        """What planning may know, with the silences that stand."""
        return self.desk.with_silences(tuple(s for s in self.silences if s.ended_at is None and now < s.until))

    def standing(self) -> list[Alert]:
        """All alerts above calm."""
        return [a for group in self.alerts.values() for a in group.values() if a.tier > Tier.CALM]

    def open(self) -> list[Incident]:
        """Oldest first."""
        return [i for i in self.incidents.values() if i.state == "open"]

    def blind(self, rule: Rule, by: Labels, now: float) -> bool:
        """Whether no series of a rule has data. Asked anew: a replay passes over calm series that only lose sight."""
        keys = [key for key in self._memory.known(rule) if by.items() <= dict(key).items()]
        batch = self._memory.series(rule, keys, now - lookback(rule, self.desk.zone), now)
        judged = evaluate(rule, batch, self.alerts.get(rule.name, {}), now, zone=self.desk.zone)
        return bool(judged) and all(a.verdict is not None and a.verdict.tier is None for a in judged)

    def take(self, judged: Sequence[Judged], now: float) -> None:
        """What the judge came to at an instant, planned and believed."""
        changes = [change for each in judged for change in self._changes(each, now)]
        if not changes:
            return
        outcomes = self._plan(changes, now)
        told = {alert for o in outcomes if o.owed for alert in o.incident.alerts}
        if told:
            outcomes = self._plan([self._quoted(c, now) if c.id in told else c for c in changes], now)
        for outcome in outcomes:
            self.apply(outcome, now)

    def _changes(self, judged: Judged, now: float) -> Iterator[AlertChange]:
        group = self.alerts.setdefault(judged.rule.name, {})
        for after in judged.alerts:
            old = group.get(after.key)
            group[after.key] = after
            before = old.tier if old else Tier.CALM
            if after.tier != before:
                self.turns.append(Turn(at=now, subject=judged.rule.name, key=after.key, tier=after.tier))
            if max(after.tier, before) > Tier.CALM:
                late = now - after.since if after.tier > before and now - after.since >= LATE else 0.0
                yield AlertChange(before=old, after=after, late_by=late)

    def _plan(self, changes: Sequence[AlertChange], now: float) -> list[Outcome]:
        recent = closed_lately(list(self.incidents.values()), now, self.desk.config.incident.reopen_within)
        number = len(self.incidents) + 1
        return plan(changes, self.open(), recent, self.standing(), self.context(now), now, number)

    def _quoted(self, change: AlertChange, now: float) -> AlertChange:
        verdict: Verdict | None = change.after.verdict
        if verdict is None or change.after.tier == Tier.CALM or self._rule(change).of != "mentions":
            return change
        start, end = verdict.windowed
        rows = self._rows(start, end, now)
        return quoting(self.desk, change, rows, self._rows(start - (end - start), start, now))

    def _rows(self, start: float, end: float, now: float) -> list[Stored]:
        first, last = bisect_left(self._times, start), bisect_right(self._times, end)
        newest_first = ((i, self._said[i]) for i in reversed(range(max(first, last - LOOKED_AT), last)))
        return [Stored(seq=i, mention=m) for i, m in newest_first if m.seen_at <= now]

    def _rule(self, change: AlertChange) -> Rule:
        return self.desk.rules[change.after.rule]

    def apply(self, outcome: Outcome, now: float) -> None:
        """Believes an outcome: the incident, its timers, and what is on its way to whom."""
        incident, before = outcome.incident, self.incidents.get(outcome.incident.number)
        self.incidents[incident.number] = incident
        if incident.tier != (before.tier if before else Tier.CALM):
            self.turns.append(Turn(at=now, subject=incident.number, key=(), tier=incident.tier))
        for timer in outcome.timers:
            self._timers[timer.incident, timer.kind, timer.step] = timer
        for owed in outcome.owed:
            for at in dict.fromkeys(r.after or now for r in owed.to):
                to = tuple(r.person or f"channel:{r.channels[0]}" for r in owed.to if (r.after or now) == at)
                self.sent.append(Sent(at=max(at, now), facts=owed.facts, to=to, held=self._holder(incident)))

    def _holder(self, incident: Incident) -> Held | None:
        if incident.acknowledged_by is None or incident.acknowledged_at is None:
            return None
        return self.desk.display(incident.acknowledged_by), incident.acknowledged_at

    def due(self) -> float | None:
        """When the next timer fires or silence ends."""
        times = [t.due_at for t in self._timers.values() if t.state == "waiting"]
        times += [s.until for s in self.silences if s.ended_at is None]
        return min(times, default=None)

    def fire(self, now: float) -> None:
        """Fires what is due, each once, in order; ends silences whose time is over."""
        waiting = [t for t in self._timers.values() if t.state == "waiting" and t.due_at <= now]
        for timer in sorted(waiting, key=lambda t: t.due_at):
            self.apply(timers.due(self.incidents[timer.incident], timer, self.context(now), self.standing(), now), now)
        for i, silence in enumerate(self.silences):
            if silence.ended_at is None and silence.until <= now:
                self.silences[i] = replace(silence, ended_at=silence.until)
                self._unhide(silence, now)

    def _unhide(self, silence: Silence, now: float) -> None:
        for incident in preview(replace(silence, until=now + 1), self.open(), self.standing(), now):
            if incident.hidden_tier is not None:
                context = self.context(now)
                ended = lifecycle.silence_ended(incident, silence, "monitor", now, context, alerts=self.standing())
                self.apply(ended, now)

    def do(self, done: Done, now: float) -> None:
        """What a person does. Undone says why nothing came of it."""
        doing, who = done.doing, done.act.who
        if isinstance(doing.act, Quiet):
            self._hush(doing.act, who, now)
            return
        try:
            incident = self.which(doing.which, doing.scope)
            if incident is not None:
                self.apply(do_act(incident, doing.act, who, now, self.context(now), self.standing()), now)
            elif isinstance(doing.act, Raise) and doing.which and not doing.which.startswith("INC-"):
                self._open(doing.which, doing.scope, doing.act, who, now)
            else:
                raise Undone("scenario.act.no_incident", which=doing.which or "–")
        except ActRefused as fault:
            raise Undone(fault.id, **fault.told) from fault

    def which(self, which: str, scope: Labels) -> Incident | None:
        """The incident of a number; of a risk and scope the open one, else the newest; else the only open one."""
        if which in self.incidents:
            return self.incidents[which]
        found = [i for i in self.incidents.values() if which in ("", i.risk) and scope.items() <= i.scope.items()]
        open_ = [i for i in found if i.state == "open"]
        if len(open_) > 1:
            raise Undone("scenario.act.which", numbers=", ".join(i.number for i in open_))
        return open_[0] if open_ else (found[-1] if found else None)

    def _open(self, risk: str, scope: Labels, act: Raise, who: str, now: float) -> None:
        recent = closed_lately(list(self.incidents.values()), now, self.desk.config.incident.reopen_within)
        made = lifecycle.open_by_person(
            risk, scope, act.tier, who, now, self.context(now), open=self.open(), recent=recent,
            alerts=self.standing(), next_number=len(self.incidents) + 1, reason=act.comment,
        )  # fmt: skip
        self.apply(made, now)

    def _hush(self, quiet: Quiet, who: str, now: float) -> None:
        made = Silence(
            id=f"s{len(self.silences) + 1}", matchers=quiet.matchers, starts_at=now, until=now + quiet.span,
            up_to=quiet.up_to, author=who, comment=quiet.comment,
        )  # fmt: skip
        self.silences.append(made)
        for incident in preview(made, self.open(), self.standing(), now):
            context = self.context(now)
            noted = lifecycle.silence_added(incident, made, who, now, context, alerts=self.standing())
            self.apply(noted, now)


def play(scene: Scene, failed: Callable[[Done, Undone], None], look: Callable[[Hope, World], None]) -> World:
    """Steps the scene to its end. `look` is called for each expectation at its instant, `failed` for an act undone."""
    world, acts, hopes = World(scene), list(scene.acts), list(scene.hopes)
    judged = world.judged()
    coming = next(judged, None)
    while True:
        times = [coming[0] if coming else None, world.due(), acts[0].at if acts else None]
        now = min((t for t in times if t is not None), default=None)
        while hopes and (now is None or hopes[0].at < now):
            look(hopes.pop(0), world)
        if now is None or now > scene.end:
            return world
        if coming is not None and coming[0] == now:
            world.take(coming[1], now)
            coming = next(judged, None)
        world.fire(now)
        while acts and acts[0].at <= now:
            done = acts.pop(0)
            try:
                world.do(done, now)
            except Undone as fault:
                failed(done, fault)
