"""What people may do to reviews, as data; every one is an entry of the incident's timeline."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from monitor.incidents.publication import Block
from monitor.incidents.review import Course
from monitor.model import Direction, Review, Tier
from monitor.playbook.plan import Words

NoteKind = Literal["cause", "why", "well", "badly", "playbook", "rule"]


class Note(Struct, frozen=True, tag="note", tag_field="act", forbid_unknown_fields=True):
    """A line: a cause, a chain of why (`a > b > c`), what went well or badly, a change of the playbook or a rule."""

    kind: NoteKind
    text: str


class Answer(Struct, frozen=True, tag="answer", tag_field="act", forbid_unknown_fields=True):
    """The answer to one of the playbook's questions, by its number."""

    question: str
    text: str


class NewAction(Struct, frozen=True, kw_only=True, tag="action", tag_field="act", forbid_unknown_fields=True):
    """What will be done, by whom, until when; `metric` and `wanted` say how its effect shows, `check_at` when."""

    text: str
    owner: str
    due_at: float
    metric: str = ""
    direction: Direction = "lower"
    before: float | None = None
    wanted: float | None = None
    check_at: float | None = None


class ActionDone(Struct, frozen=True, tag="done", tag_field="act", forbid_unknown_fields=True):
    """An action is done."""

    action: str


class DropAction(Struct, frozen=True, tag="drop", tag_field="act", forbid_unknown_fields=True):
    """An action will not be done; `comment` says why."""

    action: str
    comment: str


class CheckEffect(Struct, frozen=True, tag="check", tag_field="act", forbid_unknown_fields=True):
    """The metric now; without `value` that of the rule which bears the metric's name."""

    action: str
    value: float | None = None


class Hold(Struct, frozen=True, tag="hold", tag_field="act", forbid_unknown_fields=True):
    """Signs the review off."""


ReviewAct = Note | Answer | NewAction | ActionDone | DropAction | CheckEffect | Hold
REVIEW_VERBS = ("note", "answer", "action", "done", "drop", "check", "hold")


class ReviewStanding(Struct, frozen=True, kw_only=True):
    """A review as it stands: the course out of the timeline, the playbook's questions, and what is still missing.

    `overdue`: its day is past and nobody held it.
    """

    review: Review
    risk: str
    peak: Tier
    course: Course
    questions: tuple[Words, ...]
    missing: tuple[Block, ...]
    overdue: bool
