"""How one recipient is spoken to: language, time zone, names of people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.messages import catalogue, say
from monitor.messages.words import moment, span, zone_mark
from monitor.model import Tier
from monitor.times import local

Names = Mapping[str, str] | Callable[[str], str]


class Voice(Struct, frozen=True):
    """Says things in one language, on one clock. `day`: an instant of the day that needs no date."""

    language: str
    zone: ZoneInfo
    names: Names = {}
    day: float | None = None

    def say(self, id: str, **args: Any) -> str:
        """A text of messages/notice.toml."""
        return say(self.language, f"notice.{id}", **args)

    def tier(self, tier: Tier) -> str:
        """The word of a tier."""
        return say(self.language, f"tier.{tier.word}")

    def sign(self, tier: Tier) -> str:
        """The sign of a tier."""
        return say(self.language, f"tier.sign.{tier.word}")

    def name(self, person: str) -> str:
        """A person as shown."""
        return self.names(person) if callable(self.names) else self.names.get(person, person)

    def label(self, label: str) -> str:
        """A label or family as people say it; as configured where the catalogue has no word."""
        known = catalogue().get(f"notice.{label}")
        return self.say(label) if known else label.partition(".")[2]

    def moment(self, at: float) -> str:
        """Hour and minute on the day of the notice, with the date on any other."""
        if self.day is not None and local(at, self.zone).date() == local(self.day, self.zone).date():
            return f"{local(at, self.zone):%H:%M}"
        return moment(at, self.zone, self.language)

    def when(self, at: float) -> str:
        """Day and minute with the zone."""
        return self.say("when", moment=moment(at, self.zone, self.language), zone=zone_mark(at, self.zone))

    def span(self, seconds: float) -> str:
        """A span in words."""
        return span(seconds, self.language)
