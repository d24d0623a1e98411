"""What planning may know of the world: the settings, people, rules and silences in force, frozen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

from monitor.incidents.axes import Matrix
from monitor.incidents.clocks import ClockSpec
from monitor.incidents.people import Escalation, IncidentSettings, Mute, Person, Route, Team
from monitor.incidents.rota import Rota
from monitor.incidents.workdays import Calendar, CalendarDays, calendar_of
from monitor.messages import LANGUAGES
from monitor.model import REPORTED, Key, Labels, Silence

GENERAL = "general"


class ChannelInfo(Struct, frozen=True, kw_only=True):
    """What routes need to know of a channel. `address_of`: the field of a person that is their address there.

    `rings`: it wakes a person (voice, SMS, a push that breaks through), as a group chat or a mail does not.
    """

    name: str
    address_of: str = ""
    group: bool = True
    fallback: str = ""
    rings: bool = False


class RuleInfo(Struct, frozen=True, kw_only=True):
    """What incidents need to know of a rule. `scope_labels` = its `incident_by`, None = all of `by` but `unscoped`;
    `nature`: the level of that axis.

    `certain_with`: families of sources that must bear witness, else the matrix caps its tier.
    """

    name: str
    risk: str
    mode: str = "live"
    playbook: str = ""
    scope_labels: tuple[str, ...] | None = ()
    unscoped: tuple[str, ...] = ()
    measure: str = "count"
    window: float = 0.0
    detector: str = ""
    unit: str = ""
    against: str = ""
    families_known: int = 0
    title: dict[str, str] = field(default_factory=dict)
    nature: int = 0
    certain_with: int = 0

    def scope(self, key: Key) -> Labels:
        """The labels that set the incidents of this rule apart."""
        if self.scope_labels is None:
            return {label: value for label, value in key if label not in self.unscoped}
        return {label: value for label, value in key if label in self.scope_labels}


class Context(Struct, frozen=True, kw_only=True):
    """All of it. Dictionaries go by name; `playbooks` gives the revision; the order of `channels` is the config's.

    `drill_to`: the only people and channels ("channel:ops") that a drill may reach; None = as if it were real.
    `clocks`: legal clocks by id. `reported`: what every rule is that Alertmanagers judge. `natures`: the level of
    nature of each kind of danger.
    """

    organisation: str = ""
    timezone: str = "UTC"
    language: str = "zh"
    settings: IncidentSettings = IncidentSettings()
    matrix: Matrix = Matrix()
    people: dict[str, Person] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    channels: dict[str, ChannelInfo] = field(default_factory=dict)
    rules: dict[str, RuleInfo] = field(default_factory=dict)
    playbooks: dict[str, str] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    escalations: dict[str, Escalation] = field(default_factory=dict)
    rotas: dict[str, Rota] = field(default_factory=dict)
    mutes: tuple[Mute, ...] = ()
    calendars: dict[str, CalendarDays] = field(default_factory=dict)
    drill_to: tuple[str, ...] | None = ()
    clocks: dict[str, ClockSpec] = field(default_factory=dict)
    reported: RuleInfo | None = None
    natures: dict[str, int] = field(default_factory=dict)

    def calendar(self, name: str = "") -> Calendar:
        """A calendar by name; the organisation's own where none is named."""
        return calendar_of(name or self.settings.calendar, self.calendars)

    def playbook_of(self, risk: str, wanted: str = "") -> str:
        """The playbook a rule names, else the one that bears the risk's name, else the general one."""
        return next((name for name in (wanted, risk) if name and name in self.playbooks), GENERAL)

    def rule(self, name: str) -> RuleInfo | None:
        """A rule of the config, or one that an Alertmanager judges; None = there is none of that name."""
        if self.reported is None or not name.startswith(REPORTED):
            return self.rules.get(name)
        title = re.sub(r"[^\w-]+", " ", name.removeprefix(REPORTED))[:60].strip()  # it stands among words of ours
        return replace(self.reported, name=name, title=dict.fromkeys(LANGUAGES, title))

    def live(self, rule: str) -> bool:
        """True for a rule that stands in the config and may open incidents."""
        return (found := self.rule(rule)) is not None and found.mode == "live"


def people_by_name(people: Iterable[Person]) -> dict[str, Person]:
    """For Context.people."""
    return {person.name: person for person in people}
