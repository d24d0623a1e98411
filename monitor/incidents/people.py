"""Who there is: people, teams with roles, and the routes that name them."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct, field

from monitor.incidents.storms import StormLimits
from monitor.times import Duration

TierWord = Literal["blue", "yellow", "orange", "red"]


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[person]]`. Addresses may be secrets by reference (`env:…`); they are resolved when a notice is sent.

    `hours`: working hours, on `calendar`. `quiet`: hours in which notices up to `quiet_up_to` wait; red never waits.
    `acts_as`: the tokens (`token:li`) and system accounts (`user:li`) that are theirs: what these do, this person did.
    """

    name: str
    display: str = ""
    language: str = ""
    hours: str = ""
    calendar: str = ""
    timezone: str = ""
    email: str = ""
    phone: str = ""
    dingtalk_mobile: str = ""
    wecom_userid: str = ""
    feishu_open_id: str = ""
    slack_id: str = ""
    teams_id: str = ""
    telegram_chat: str = ""
    ntfy_topic: str = ""
    via: tuple[str, ...] = ()
    quiet: str = ""
    quiet_up_to: TierWord = "yellow"
    acts_as: tuple[str, ...] = ()


class Team(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[team]]`: role -> people; the first acts, the next are backups."""

    name: str
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[route]]`. `to`: person, `team/role`, `team`, `rota:name` or `channel:name`. First match decides unless
    `continue`. `escalation` names the path to take when nobody answers; else each role's next person is told after
    `ack_within`. `via`: the channels that are tried first, before a person's own. `playbook`: the plan from these tiers
    on.
    """

    tier: tuple[TierWord, ...] = ("blue", "yellow", "orange", "red")
    risk: tuple[str, ...] = ("*",)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    to: tuple[str, ...] = ()
    ack_within: Duration | None = None
    escalation: str = ""
    via: tuple[str, ...] = ()
    playbook: str = ""
    continue_: bool = field(default=False, name="continue")


class EscalationStep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[escalation.step]]`: whom to tell, and how long to wait for an answer before the next step.

    Taken only within `hours`, never within `not_hours` (`Mon-Fri 09:00-18:00`, the organisation's calendar). `via`: the
    channels that are tried first, else those of the route.
    """

    to: tuple[str, ...]
    via: tuple[str, ...] = ()
    wait: Duration = Duration(300)
    hours: str = ""
    not_hours: str = ""


class Escalation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[escalation]]`: each `step` in turn until `acks` people answered; after the last again, `repeat` times."""

    name: str
    step: tuple[EscalationStep, ...] = ()
    acks: int = 1
    repeat: int = 0


class Mute(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[mute]]`: recurrent hours in which matching incidents up to a tier tell nobody. Red is never muted.

    What still burns when they end is told then.
    """

    name: str
    hours: str
    risk: tuple[str, ...] = ("*",)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    up_to: Literal["blue", "yellow", "orange"] = "yellow"
    timezone: str = ""
    calendar: str = ""


class ExternalContact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[contact]]` outside the house: law or PR firm, supplier, platform, regulator. Shown, never paged."""

    name: str
    kind: Literal["law", "pr", "supplier", "platform", "regulator", "expert", "other"] = "other"
    person: str = ""
    phone: str = ""
    email: str = ""
    risk: tuple[str, ...] = ("*",)
    hours: str = ""
    note: str = ""


class IncidentSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[incident]`: how long calm must last to clear, and how long a closed number is taken up again.

    `ack_within`, `remind`: per tier, until the next person is told, and until one who took it and did nothing since is
    reminded (after as long again somebody else is asked); what is left out has the shipped value. `calendar`: of the
    organisation's working hours. `drill_to`: the only people, roles and channels that a drill tells.
    `storm`: how much one person gets. `banned_words`: what no statement for the outside may hold.
    """

    calm_for: Duration = Duration(3600)
    reopen_within: Duration = Duration(86400)
    ack_within: dict[TierWord, Duration] = field(default_factory=dict)
    remind: dict[TierWord, Duration] = field(default_factory=dict)
    calendar: str = ""
    drill_to: tuple[str, ...] = ()
    storm: StormLimits = StormLimits()
    banned_words: tuple[str, ...] = ()


def outside(contacts: Iterable[ExternalContact], risk: str) -> tuple[ExternalContact, ...]:
    """Whom outside the house one may ring for a risk."""
    return tuple(c for c in contacts if any(fnmatchcase(risk, wanted) for wanted in c.risk))
