"""Numbers, times and names as people read them. Pure; `now` is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from monitor.incidents.timeline import words, write
from monitor.messages import say
from monitor.messages.words import number, percent, span, zone_mark
from monitor.model import Entry, Finding, Tier
from monitor.times import local

_PEOPLE = ("by", "person", "to")


class Words(Struct, frozen=True):
    """How one reader is spoken to."""

    language: str
    zone: ZoneInfo
    now: float
    names: Callable[[str], str] = str
    """A person's display name."""

    def tier(self, tier: Tier | None) -> str:
        """The word of a tier; None = no data."""
        return say(self.language, f"web.tier.{tier.word if tier is not None else 'none'}")

    def clock(self, at: float | None) -> str:
        """Hour and minute, with the day where it is not today."""
        if at is None:
            return "–"
        stamp, today = local(at, self.zone), local(self.now, self.zone)
        if stamp.date() == today.date():
            return f"{stamp:%H:%M}"
        return f"{stamp:%m-%d %H:%M}" if stamp.year == today.year else f"{stamp:%Y-%m-%d %H:%M}"

    def exact(self, at: float) -> str:
        """Day, second and zone, for the title of a shorter time."""
        return f"{local(at, self.zone):%Y-%m-%d %H:%M:%S %Z}"

    def zone_mark(self) -> str:
        """The offset of the page's zone now."""
        return zone_mark(self.now, self.zone)

    def iso(self, at: float) -> str:
        """For `datetime=`."""
        return local(at, self.zone).isoformat(timespec="seconds")

    def span(self, seconds: float) -> str:
        """A span in its two largest units."""
        return span(max(0.0, seconds), self.language)

    def ago(self, at: float | None) -> str:
        """How long ago, or how soon."""
        if at is None:
            return say(self.language, "web.never")
        id = "web.ago" if at <= self.now else "web.in"
        return say(self.language, id, span=self.span(abs(self.now - at)))

    def number(self, value: float | None, unit: str = "") -> str:
        """A measure. `unit`: ratio (shown in percent), seconds (as a span), or anything else (plain)."""
        if value is None:
            return "–"
        if unit == "seconds":
            return self.span(value)
        return percent(value) if unit == "ratio" else number(value)

    def state(self, state: str) -> str:
        """The word of an incident's state."""
        return say(self.language, f"incident.state.{state}")

    def transition(self, transition: str) -> str:
        """The word of a transition."""
        return say(self.language, f"incident.transition.{transition}")

    def finding(self, finding: Finding) -> str:
        """What a finding says; one whose message is not known is shown by its kind and subject."""
        try:
            return say(
                self.language,
                f"finding.{finding.kind}",
                subject=finding.subject,
                **words(finding.args, self.language, self.zone),
            )
        except (KeyError, IndexError, ValueError, TypeError):
            return f"{finding.kind}: {finding.subject}"

    def entry(self, entry: Entry) -> str:
        """A line of a timeline; one whose message is not known is shown as it is stored."""
        entry = msgspec.structs.replace(entry, args={k: self._named(k, v) for k, v in entry.args.items()})
        try:
            return write(entry, self.language, self.zone)
        except (KeyError, IndexError, ValueError):
            told = ", ".join(f"{name}: {value}" for name, value in entry.args.items())
            return f"{entry.kind}{' – ' if told else ''}{told}"

    def _named(self, name: str, value: Any) -> Any:
        if name not in _PEOPLE:
            return value
        if isinstance(value, list | tuple):
            return [self._named(name, each) for each in value]
        return self.names(value) if isinstance(value, str) and value else value
