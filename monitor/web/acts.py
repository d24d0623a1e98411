"""What people may do to incidents, as data, and what comes of it.

ActFault             the act was not done; nothing changed. `reason`: a message under `web.fault.`, or a whole id
  Unknown            no incident, silence or delivery of that name
  Conflict           the state forbids it (already closed, nothing to undo), or somebody was faster: look again
  Busy               the store cannot write just now (locked, full); try again after `retry_after` seconds
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from monitor.model import Incident, Labels, Tier


class ActFault(Exception):
    """Not done. `args` fill the message; tiers as words and instants are put into the reader's language."""

    def __init__(self, reason: str, **args: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.told = args

    @property
    def id(self) -> str:
        """The message."""
        return self.reason if "." in self.reason else f"web.fault.{self.reason}"

    @property
    def code(self) -> str:
        """For machines: the last word of the message's id."""
        return self.reason.rpartition(".")[2]


class Unknown(ActFault):
    """There is no such thing."""


class Conflict(ActFault):
    """It stands otherwise than the act supposes."""


class Busy(ActFault):
    """Not now."""

    def __init__(self, reason: str = "busy", *, retry_after: float = 5.0, **args: Any) -> None:
        super().__init__(reason, **args)
        self.retry_after = retry_after


class Acknowledge(Struct, frozen=True, tag="ack", tag_field="act", forbid_unknown_fields=True):
    """I take it: the actor answers for the incident; escalation stops."""

    comment: str = ""


class PassOn(Struct, frozen=True, tag="pass", tag_field="act", forbid_unknown_fields=True):
    """Not me: the next person of the role is told now. Takes the actor's acknowledgement back, if there is one."""

    comment: str = ""


class Undo(Struct, frozen=True, tag="undo", tag_field="act", forbid_unknown_fields=True):
    """Takes back the actor's own last ack, pass or cancel of this incident; Conflict where there is none."""

    comment: str = ""


class Cancel(Struct, frozen=True, tag="cancel", tag_field="act", forbid_unknown_fields=True):
    """False alarm: closed, and all who were told are told so."""

    comment: str = ""
    evidence: str = ""


class Resolve(Struct, frozen=True, tag="resolve", tag_field="act", forbid_unknown_fields=True):
    """Dealt with: closed by a person."""

    comment: str = ""


class Raise(Struct, frozen=True, tag="raise", tag_field="act", forbid_unknown_fields=True):
    """A person's tier over the machine's, until given back by `Lower` to None or the end of the incident.

    `comment` is the reason, `evidence` what it rests on: a link, a call, a file.
    """

    tier: Tier
    comment: str = ""
    evidence: str = ""


class Lower(Struct, frozen=True, tag="lower", tag_field="act", forbid_unknown_fields=True):
    """A person's lower tier; None gives the person's tier back, so that the machine's counts again."""

    tier: Tier | None = None
    comment: str = ""
    evidence: str = ""


class Comment(Struct, frozen=True, tag="comment", tag_field="act", forbid_unknown_fields=True):
    """A line for the timeline; changes nothing else."""

    comment: str


class Link(Struct, frozen=True, tag="link", tag_field="act", forbid_unknown_fields=True):
    """Another incident belongs with this one; they are never merged."""

    other: str
    comment: str = ""
    evidence: str = ""


class Step(Struct, frozen=True, tag="step", tag_field="act", forbid_unknown_fields=True):
    """A step of the playbook is done."""

    step: str
    comment: str = ""


class Unstep(Struct, frozen=True, tag="unstep", tag_field="act", forbid_unknown_fields=True):
    """It was not done after all."""

    step: str


class SetAxes(Struct, frozen=True, tag="axes", tag_field="act", forbid_unknown_fields=True):
    """What people know of nature, urgency and certainty, over what the rules say; the matrix makes the tier."""

    nature: Literal["ordinary", "serious", "grave"] | None = None
    urgency: Literal["ordinary", "fast", "racing"] | None = None
    certain: bool | None = None
    comment: str = ""


class StartClock(Struct, frozen=True, tag="clock-start", tag_field="act", forbid_unknown_fields=True):
    """Legal says that a law applies, and since when (default: now); `also_since` for its second limit."""

    clock: str
    since: float | None = None
    also_since: float | None = None
    comment: str = ""


class SubmitClock(Struct, frozen=True, tag="clock-submit", tag_field="act", forbid_unknown_fields=True):
    """What a clock asks for was handed in, at `at` (default: now)."""

    clock: str
    at: float | None = None
    comment: str = ""


class RuleOutClock(Struct, frozen=True, tag="clock-rule-out", tag_field="act", forbid_unknown_fields=True):
    """It does not apply after all; `comment` says why."""

    clock: str
    comment: str


PathAct = Link | Step | Unstep | SetAxes | StartClock | SubmitClock | RuleOutClock
Act = Acknowledge | PassOn | Undo | Cancel | Resolve | Raise | Lower | Comment | PathAct


class Done(Struct, frozen=True):
    """The incident as it stands after the act. `changed` False: it stood so already (a second press changes nothing).

    An acknowledgement of what another holds is no fault: `changed` is False and `incident` tells who.
    """

    incident: Incident
    changed: bool = True


class Opening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person raises what the rules did not see. Joins the open incident of that risk and scope, as an alert would."""

    risk: str
    tier: Tier
    scope: Labels = {}
    comment: str = ""
    evidence: str = ""
    drill: bool = False


def lacks_reason(wanted: Act | Opening) -> bool:
    """True where an act that others must be able to understand later says nothing of why."""
    return isinstance(wanted, Raise | Lower | Cancel | Link | Opening) and not wanted.comment.strip()


class Hush(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wanted silence. Labels match exactly; hides up to and including `up_to`."""

    matchers: Labels
    until: float
    up_to: Tier
    comment: str
    starts_at: float | None = None


class Forget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose words are to go: of an author, of one mention (`source` and `id`), or those in which a text stands.

    What is given must all fit. `preview`: only count them.
    """

    author: str = ""
    source: str = ""
    id: str = ""
    text: str = ""
    preview: bool = False


class Forgotten(Struct, frozen=True, kw_only=True):
    """How much went: mentions, customers followed, excerpts in notices, marks of authors."""

    mentions: int
    customers: int = 0
    excerpts: int = 0
    marks: int = 0


class Ingested(Struct, frozen=True):
    """What a committed batch came to; refused records are no part of it."""

    accepted: int
    duplicates: int
