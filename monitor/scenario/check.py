"""One expectation held against what stands and what was told: what is amiss, in words for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from monitor.incidents.routes import CHANNEL
from monitor.model import Incident, Notice, Tier
from monitor.playbook import TemplateFault
from monitor.scenario.play import Sent, Turn, Undone, World, play
from monitor.scenario.read import Done, Hope, Scene
from monitor.scenario.schema import NO_DATA, NONE, Expect


class Amiss(Struct, frozen=True, kw_only=True):
    """What was wanted and what was found. `id` names a text under `scenario.amiss`; words of tiers are words."""

    line: int
    at: float
    id: str
    args: dict[str, object] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    subject: str = ""
    cause: Undone | None = None


class Played(Struct, frozen=True, kw_only=True):
    """How a scenario ended: nothing amiss, or what. `checked`: expectations looked at."""

    scene: Scene
    checked: int
    amiss: list[Amiss]


def run(scene: Scene) -> Played:
    """Plays a scene and holds every expectation against it."""
    amiss: list[Amiss] = []

    def failed(done: Done, fault: Undone) -> None:
        args: dict[str, object] = {"who": done.act.who, "do": done.act.do}
        amiss.append(Amiss(line=done.line, at=done.at, id="act", args=args, cause=fault))

    def look(hope: Hope, world: World) -> None:
        amiss.extend(check(hope, world))

    world = play(scene, failed, look)
    amiss += [each for sent in world.sent for each in _unwritten(sent, world)]
    return Played(scene=scene, checked=len(scene.hopes), amiss=sorted(amiss, key=lambda a: a.line))


def check(hope: Hope, world: World) -> Iterator[Amiss]:
    """All that is amiss with one expectation."""
    expect = hope.expect
    subject = expect.rule or expect.incident
    sent = () if expect.rule else tuple(_told(hope, world))
    for id, args in (*_standing(hope, world), *_notices(expect, sent, world)):
        yield Amiss(line=hope.line, at=hope.at, id=id, args=args, sent=sent, subject=subject)


Finding = tuple[str, dict[str, object]]


def _standing(hope: Hope, world: World) -> Iterator[Finding]:
    expect = hope.expect
    found = _tier(hope, world) if expect.tier is not None else None
    if found != expect.tier:
        yield "tier", {"wanted": expect.tier, "found": found}
    if expect.never is not None:
        peak = _peak(hope, world)
        if peak is not None and peak.tier >= Tier.of(expect.never):
            yield "never", {"wanted": expect.never, "found": peak.tier.word, "peak_at": peak.at}
    incidents = _incidents(expect, world)
    if expect.state is not None:
        state = incidents[-1].state if incidents else NONE
        if state != expect.state:
            yield "state", {"wanted": expect.state, "found": state}
    if expect.incidents is not None and len(incidents) != expect.incidents:
        numbers = ", ".join(i.number for i in incidents) or "–"
        yield "incidents", {"wanted": expect.incidents, "found": len(incidents), "numbers": numbers}


def _tier(hope: Hope, world: World) -> str:
    """The highest tier of what is asked for; of a rule, no data where none of its series has any."""
    expect = hope.expect
    if not expect.rule:
        return max((i.tier for i in _incidents(expect, world) if i.state == "open"), default=Tier.CALM).word
    if world.blind(world.desk.rules[expect.rule], expect.by, hope.at):
        return NO_DATA
    alerts = world.alerts.get(expect.rule, {}).items()
    return max((a.tier for key, a in alerts if expect.by.items() <= dict(key).items()), default=Tier.CALM).word


def _peak(hope: Hope, world: World) -> Turn | None:
    """The highest tier within the span, the one that stood at its beginning included."""
    expect = hope.expect
    numbers = {i.number for i in _incidents(expect, world)}
    stood: dict[tuple[str, object], Turn] = {}
    within: list[Turn] = []
    for turn in world.turns:
        mine = turn.subject == expect.rule and expect.by.items() <= dict(turn.key).items()
        if not mine and (expect.rule or turn.subject not in numbers):
            continue
        if turn.at <= hope.since:
            stood[turn.subject, turn.key] = turn
        else:
            within.append(turn)
    return max([*stood.values(), *within], key=lambda turn: turn.tier, default=None)


def _incidents(expect: Expect, world: World) -> list[Incident]:
    """The incidents asked for, oldest first."""
    if expect.incident.startswith("INC-"):
        return [i for i in world.incidents.values() if i.number == expect.incident]
    return [
        i
        for i in world.incidents.values()
        if expect.incident in ("", i.risk) and expect.scope.items() <= i.scope.items()
    ]


def _told(hope: Hope, world: World) -> Iterator[Sent]:
    numbers = {i.number for i in _incidents(hope.expect, world)}
    for sent in world.sent:
        # what was told at the very start of the span belongs to the span before
        if sent.facts.incident in numbers and (hope.since < sent.at <= hope.at):
            yield sent


def _notices(expect: Expect, all_: Sequence[Sent], world: World) -> Iterator[Finding]:
    if expect.notice == NONE:
        if all_:
            yield "told", {}
        return
    sent = [s for s in all_ if expect.notice in (None, s.facts.transition)]
    if expect.notice is not None and not sent:
        yield "notice", {"wanted": expect.notice}
        return
    numbers = {(s.facts.incident, s.facts.notice) for s in sent}
    if expect.notices is not None and len(numbers) != expect.notices:
        yield "notices", {"wanted": expect.notices, "found": len(numbers)}
    yield from _people(expect, sent)
    yield from _texts(expect, sent, world)


def _people(expect: Expect, sent: Sequence[Sent]) -> Iterator[Finding]:
    told = {who for s in sent for who in s.to}
    found = ", ".join(sorted(told)) or "–"
    if expect.paged == () and told:
        yield "nobody", {"found": found}
    missing = [who for who in expect.paged or () if who not in told]
    if missing:
        yield "paged", {"wanted": ", ".join(missing), "found": found}
    wrong = [who for who in expect.not_paged if who in told]
    if wrong:
        yield "not_paged", {"wanted": ", ".join(wrong), "found": found}


def _texts(expect: Expect, sent: Sequence[Sent], world: World) -> Iterator[Finding]:
    if not expect.text and not expect.not_text:
        return
    texts = [text for s in sent for text in written(s, world)]
    for wanted in expect.text:
        if not any(wanted in text for text in texts):
            yield "text", {"wanted": wanted, "found": texts[-1] if texts else "–"}
    for unwanted in expect.not_text:
        found = next((text for text in texts if unwanted in text), None)
        if found is not None:
            yield "not_text", {"wanted": unwanted, "found": found}


def _unwritten(sent: Sent, world: World) -> Iterator[Amiss]:
    """Templates that fail on a notice: live a plain one goes out, here it is amiss whatever was expected."""
    for language in _languages(sent, world):
        try:
            _notice(sent, language, world)
        except TemplateFault as fault:
            yield Amiss(line=1, at=sent.at, id="template", args={"fault": str(fault)}, subject=sent.facts.playbook)


def written(sent: Sent, world: World) -> Iterator[str]:
    """The notice as each language among its recipients reads it, the title first."""
    for language in _languages(sent, world):
        try:
            notice = _notice(sent, language, world)
        except TemplateFault:
            continue
        yield "\n".join(_flat(parts) for parts in (notice.title, *(line.parts for line in notice.lines)))


def _notice(sent: Sent, language: str, world: World) -> Notice:
    desk, facts = world.desk, sent.facts
    urls, names = desk.urls(facts.incident, sent.to[0], facts.at), desk.names()
    key = f"{facts.incident}-{facts.notice}"
    return desk.playbooks.render(facts, language=language, urls=urls, acknowledged=sent.held, key=key, names=names)


def _languages(sent: Sent, world: World) -> dict[str, None]:
    return dict.fromkeys(_language(who, world) for who in sent.to)


def _flat(parts: Iterable[object]) -> str:
    return "".join(str(getattr(part, "text", "") or getattr(part, "label", "")) for part in parts)


def _language(who: str, world: World) -> str:
    desk = world.desk
    if who.startswith(CHANNEL):
        channel = desk.channels.get(who.removeprefix(CHANNEL))
        return (channel.language if channel else "") or desk.config.settings.language
    person = desk.context.people.get(who)
    return (person.language if person else "") or desk.config.settings.language
