"""Who there is: people, teams with roles, and the routes that name them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from monitor.times import Duration

TierWord = Literal["blue", "yellow", "orange", "red"]


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[person]]`. Addresses may be secrets by reference (`env:…`); they are resolved when a notice is sent."""

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
    via: tuple[str, ...] = ()


class Team(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[team]]`: role -> people; the first acts, the next are backups."""

    name: str
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[route]]`. `to`: person, `team/role`, `team`, or `channel:name`. First match decides unless `continue`."""

    tier: tuple[TierWord, ...] = ("blue", "yellow", "orange", "red")
    risk: tuple[str, ...] = ("*",)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    to: tuple[str, ...] = ()
    ack_within: Duration | None = None
    continue_: bool = field(default=False, name="continue")


class IncidentSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[incident]`: how long calm must last to clear, and how long a closed number is taken up again."""

    calm_for: Duration = Duration(3600)
    reopen_within: Duration = Duration(86400)
