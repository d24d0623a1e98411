"""After it is over: what happened by the clock, who answered how fast, actions with person and date, and their effect.

The timeline is the source: nobody writes down times by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from monitor.incidents.change import Change
from monitor.incidents.context import Context
from monitor.incidents.hours import moment
from monitor.incidents.lifecycle import ActRefused
from monitor.incidents.publication import Block
from monitor.incidents.workdays import Calendar
from monitor.model import Action, Effect, Entry, Finding, Incident, Outcome, Review, Tier

WITHIN, RED_WITHIN = 5, 3
"""Working days until a review is due, where the playbook says nothing."""


class Ack(Struct, frozen=True):
    """One answer: who, at which tier, and how long after they were first asked at that tier."""

    person: str
    tier: Tier
    seconds: float
    via: str = ""


class Course(Struct, frozen=True, kw_only=True):
    """What the timeline says. Instants, None = never. `first_signal`: the earliest record behind it, where known."""

    first_signal: float | None
    opened_at: float
    first_told: float | None
    first_red: float | None
    acks: tuple[Ack, ...] = ()
    escalations: int = 0
    notices: int = 0
    unreachable: tuple[str, ...] = ()
    nobody_left: int = 0
    silenced: int = 0
    raised_by_hand: bool = False
    closed_at: float | None = None

    @property
    def detection(self) -> float | None:
        """Seconds from the first signal to the first notice."""
        return None if self.first_signal is None or self.first_told is None else self.first_told - self.first_signal

    @property
    def to_ack(self) -> float | None:
        """Seconds until the first answer of all."""
        return self.acks[0].seconds if self.acks else None


def course(incident: Incident, entries: Sequence[Entry], first_signal: float | None = None) -> Course:
    """The course of an incident out of its entries."""
    lines = sorted((e for e in entries if e.incident == incident.number), key=lambda e: e.at)
    told = [e for e in lines if _is(e, "told")]
    return Course(
        first_signal=first_signal,
        opened_at=incident.opened_at,
        first_told=told[0].at if told else None,
        first_red=next((e.at for e in told if e.args.get("tier") == "red"), None),
        acks=tuple(_acks(lines)),
        escalations=sum(e.args.get("transition") == "ESCALATED" for e in told),
        notices=len(told),
        unreachable=tuple(dict.fromkeys(str(e.args["person"]) for e in lines if _is(e, "unreachable"))),
        nobody_left=sum(_is(e, "nobody_left") for e in lines),
        silenced=sum(_is(e, "silenced") for e in lines),
        raised_by_hand=any(_is(e, "opened_by_person", "raised_by_person") for e in lines),
        closed_at=incident.closed_at,
    )


def _is(entry: Entry, *kinds: str) -> bool:
    return entry.kind.removeprefix("incident.entry.") in kinds and entry.kind.startswith("incident.entry.")


def _acks(lines: Iterable[Entry]) -> Iterable[Ack]:
    """An answer is measured from when that person was first asked since the last answer; else from the first asking."""
    asked: dict[str, float] = {}
    first: float | None = None
    for entry in lines:
        if _is(entry, "told") and entry.args.get("transition") in ("NEW", "RAISED", "ESCALATED"):
            first = entry.at if first is None else first
            for name in entry.args.get("to", ()):
                asked.setdefault(name, entry.at)
        elif _is(entry, "acknowledged"):
            since = asked.get(entry.actor, first)
            yield Ack(
                entry.actor,
                Tier.of(entry.args["tier"]),
                entry.at - (entry.at if since is None else since),
                entry.args.get("via", ""),
            )
            asked, first = {}, None


def due_at(incident: Incident, days: Calendar, zone: ZoneInfo, *, within: int = WITHIN, red: int = RED_WITHIN) -> float:
    """The end of the working day by which the review is held."""
    start = datetime.fromtimestamp(incident.closed_at or incident.updated_at, zone).date()
    return moment(days.plus_workdays(start, red if incident.peak >= Tier.RED else within), 24 * 60, zone)


def wanted(incident: Incident) -> bool:
    """A closed incident that reached orange, and was no drill and no false alarm."""
    return incident.state in ("cleared", "resolved") and incident.peak >= Tier.ORANGE and not incident.drill


def missing(review: Review, questions: int) -> list[Block]:
    """What a review still lacks before it can be called held. `questions`: how many the playbook asks."""
    out = []
    if not review.causes and not review.whys:
        out.append(Block("no_cause", {}))
    if not review.actions and not review.playbook_changes and not review.rule_changes:
        out.append(Block("no_lesson", {}))
    asked = [str(n + 1) for n in range(questions)]
    return out + [Block("no_answer", {"question": n}) for n in asked if n not in review.answers]


LISTS = {
    "cause": "causes",
    "well": "went_well",
    "badly": "went_badly",
    "playbook": "playbook_changes",
    "rule": "rule_changes",
}
"""What may be noted -> where it goes."""


def note(review: Review, kind: str, text: str, actor: str, now: float) -> tuple[Review, Entry]:
    """Adds a line of one of `LISTS`, or "why": a chain, `a > b > c`, each answer the question of the next."""
    _open(review)
    if kind == "why":
        chain = tuple(filter(None, (part.strip() for part in text.split(">"))))
        made = replace(review, whys=(*review.whys, chain))
    else:
        made = replace(review, **{LISTS[kind]: (*getattr(review, LISTS[kind]), text)})
    return made, _entry(review, f"noted_{kind}", actor, now, text=text)


def answer(review: Review, question: str, text: str, actor: str, now: float, questions: int) -> tuple[Review, Entry]:
    """Answers one of the playbook's questions by its number; answered again, the new one counts and both are kept."""
    _open(review)
    if question not in {str(n + 1) for n in range(questions)}:
        raise ActRefused("no_question", question=question, of=questions, incident=review.incident)
    made = replace(review, answers={**review.answers, question: text})
    return made, _entry(review, "answered", actor, now, question=question, text=text)


def add_action(review: Review, action: Action, actor: str, now: float) -> tuple[Review, Entry]:
    """One more thing to do; its id is the next of the review."""
    made = replace(action, id=f"a{len(review.actions) + 1}")
    told = {"action": made.id, "text": made.text, "owner": made.owner, "due_at": made.due_at}
    return replace(review, actions=(*review.actions, made)), _entry(review, "action", actor, now, **told)


def hold(review: Review, actor: str, now: float, questions: int) -> tuple[Review, Entry]:
    """Signs it off; refused while something is missing."""
    _open(review)
    if left := missing(review, questions):
        raise ActRefused("review_lacks", n=len(left), block=(left[0].id, left[0].args), incident=review.incident)
    return replace(review, held_at=now, held_by=actor), _entry(review, "held", actor, now, actions=len(review.actions))


def _open(review: Review) -> None:
    if review.held_at is not None:
        raise ActRefused("review_held", incident=review.incident)


def do(review: Review, id: str, actor: str, now: float) -> tuple[Review, Entry]:
    """An action is done; whether it helped shows when it is checked."""
    made = _with(review, replace(_action(review, id), done_at=now))
    return made, _entry(review, "action_done", actor, now, action=id)


def drop(review: Review, id: str, actor: str, now: float, *, reason: str) -> tuple[Review, Entry]:
    """An action will not be done; by whom and why is kept."""
    if not reason:
        raise ActRefused("reason_wanted", incident=review.incident)
    made = _with(review, replace(_action(review, id), dropped_at=now))
    return made, _entry(review, "action_dropped", actor, now, action=id, reason=reason)


def check_effect(review: Review, id: str, value: float, actor: str, now: float) -> tuple[Review, Entry]:
    """Compares the metric now with what was wanted. One that had been reached and is lost again has relapsed."""
    action = _action(review, id)
    if action.wanted is None:
        raise ActRefused("no_metric", action=id, incident=review.incident)
    effect = _effect(action, value)
    relapsed = effect == "relapsed"
    made = replace(
        action, effect=effect, done_at=None if relapsed else action.done_at,
        relapsed_at=(action.relapsed_at or now) if relapsed else None,
    )  # fmt: skip
    told = {"action": id, "value": value, "wanted": action.wanted, "before": action.before}
    return _with(review, made), _entry(review, f"effect_{effect}", actor, now, **told)


def _effect(action: Action, value: float) -> Effect:
    assert action.wanted is not None
    good = value <= action.wanted if action.direction == "lower" else value >= action.wanted
    if good:
        return "reached"
    return "relapsed" if action.effect in ("reached", "relapsed") else "not_reached"


def _action(review: Review, id: str) -> Action:
    found = next((a for a in review.actions if a.id == id), None)
    if found is None:
        raise ActRefused("no_action", action=id, incident=review.incident)
    if found.dropped_at is not None:
        raise ActRefused("action_over", action=id, incident=review.incident)
    return found


def _with(review: Review, action: Action) -> Review:
    return replace(review, actions=tuple(action if a.id == action.id else a for a in review.actions))


def findings(reviews: Iterable[Review], now: float) -> list[Finding]:
    """What is overdue: reviews not held, actions not done, effects not checked, and what relapsed."""
    out: list[Finding] = []
    for review in reviews:
        if review.held_at is None and review.due_at < now:
            out.append(Finding(kind="review-overdue", subject=review.incident, since=review.due_at))
        out += [found for action in review.actions if (found := _overdue(review, action, now)) is not None]
    return out


def remind(incident: Incident, late: Finding, now: float, context: Context) -> Outcome:
    """Tells whose it is that something is overdue: the action's owner; of a review whoever held the incident, else all
    who were told of it.
    """
    change = Change(incident, context, now)
    _, _, action = late.subject.partition("/")
    told = {"action": action, "text": late.args.get("text", "")}
    change.entry(late.kind.replace("-", "_"), **told)
    holder = incident.acknowledged_by
    to = [late.args["owner"]] if action else [holder] if holder and change.is_known(holder) else incident.told
    change.tell("UPDATE", to, f"incident.reason.{late.kind.replace('-', '_')}", unhidden=True, **told)
    return change.outcome()


def _overdue(review: Review, action: Action, now: float) -> Finding | None:
    subject, told = f"{review.incident}/{action.id}", {"owner": action.owner, "text": action.text}
    if action.dropped_at is not None:
        return None
    if action.relapsed_at is not None:
        return Finding(kind="action-relapsed", subject=subject, since=action.relapsed_at, args=told)
    if action.done_at is None and action.due_at < now:
        return Finding(kind="action-overdue", subject=subject, since=action.due_at, args=told)
    if action.check_at is not None and not action.effect and action.check_at < now:
        return Finding(kind="effect-unchecked", subject=subject, since=action.check_at, args=told)
    return None


def _entry(review: Review, kind: str, actor: str, now: float, **args: Any) -> Entry:
    return Entry(incident=review.incident, at=now, actor=actor, kind=f"incident.review.{kind}", args=args)
