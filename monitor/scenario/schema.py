"""A scenario file as types: `[scenario]`, `[[mentions]]`, `[[series]]`, `[[outage]]`, `[[act]]`, `[[expect]]`.

Every `at` is an instant, or a span from the start: "2h30m", "-8d".
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from monitor.model import Labels, SampleKind
from monitor.times import Duration

TierWord = Literal["calm", "blue", "yellow", "orange", "red"]
NO_DATA = "no data"
NONE = "none"
Told = Literal[
    "NEW", "RAISED", "LOWERED", "NO DATA", "DATA BACK", "CLEARED", "CANCELLED", "RESOLVED", "UPDATE", "ESCALATED",
    "none",
]  # fmt: skip
"""A transition of model.Transition, or none: nothing was told."""


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[scenario]`. What lies before `start` is history; `timezone` reads times that bear none."""

    name: str
    config: str
    start: str
    end: str = ""
    timezone: str = ""


class Mentions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[mentions]]`: `count` of them at an instant, or each `every` for a while; `values` are counts, taken in turn.

    Several texts are said in turn. `late`: they are seen so long after they were published.
    """

    text: tuple[str, ...]
    at: str = "0s"
    count: int | None = None
    every: Duration | None = None
    for_: Duration | None = field(default=None, name="for")
    values: tuple[int, ...] | None = None
    source: str = ""
    title: str = ""
    author: str = ""
    url: str = ""
    labels: Labels = field(default_factory=dict)
    reach: int = 0
    late: Duration = Duration(0)


class Numbers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[series]]`: a sample at an instant, or one each `every` for a while, its `values` taken in turn."""

    series: str
    at: str = "0s"
    value: float | None = None
    every: Duration | None = None
    for_: Duration | None = field(default=None, name="for")
    values: tuple[float, ...] | None = None
    source: str = ""
    labels: Labels = field(default_factory=dict)
    kind: SampleKind = "gauge"
    span: Duration | None = None


class Outage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[outage]]`: a source of mentions that vouches for nothing for a while."""

    source: str
    at: str
    for_: Duration = field(name="for")


class Act(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[act]]`: what a person does, in the words of the command line: "ack", "raise product-safety --tier red"."""

    at: str
    who: str
    do: str


class Expect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[expect]]`: how a rule, an incident (risk or number) or all of it stands at an instant, and what was told.

    `never`: that tier was not reached between `since` (default: the start) and `at`. `notice`, `notices`, `paged`,
    `not_paged`, `text`, `not_text` speak of the notices of that span; with `notice`, of those of that transition.
    """

    at: str
    since: str = ""
    rule: str = ""
    by: Labels = field(default_factory=dict)
    incident: str = ""
    scope: Labels = field(default_factory=dict)
    tier: Literal["calm", "blue", "yellow", "orange", "red", "no data"] | None = None
    never: TierWord | None = None
    state: Literal["open", "cleared", "resolved", "cancelled", "none"] | None = None
    incidents: int | None = None
    notice: Told | None = None
    notices: int | None = None
    paged: tuple[str, ...] | None = None
    not_paged: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    not_text: tuple[str, ...] = ()


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole file."""

    scenario: Head
    mentions: tuple[Mentions, ...] = ()
    series: tuple[Numbers, ...] = ()
    outage: tuple[Outage, ...] = ()
    act: tuple[Act, ...] = ()
    expect: tuple[Expect, ...] = ()
