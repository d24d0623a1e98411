"""rules.toml as types: every table of the file, typed by the part that owns it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from monitor.channels import ChannelKind
from monitor.config.heartbeat import Heartbeat
from monitor.config.reading import ReadingSettings
from monitor.incidents.axes import Matrix
from monitor.incidents.digest import DigestSettings
from monitor.incidents.drills import Schedule
from monitor.incidents.people import Escalation, ExternalContact, IncidentSettings, Mute, Person, Route, Team
from monitor.incidents.rota import Rota
from monitor.incidents.workdays import CalendarDays
from monitor.mentions.labels import Label
from monitor.mentions.topic import Topic
from monitor.rules.promotions import Promotion
from monitor.rules.reported import Reporting
from monitor.rules.rule import Rule
from monitor.sources import SourceKind
from monitor.times import Duration


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[settings]`: whose monitor this is, and where it lives in time."""

    organisation: str = ""
    timezone: str = "UTC"
    language: Literal["zh", "en"] = "zh"
    contact: str = ""
    playbooks: str = "playbooks"


class Token(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[server.token]]`: `hash` is the SHA-256 of the token in hex (`crisis-monitor token new NAME`)."""

    name: str
    hash: str
    scopes: tuple[Literal["ingest", "read", "act", "metrics"], ...] = ("ingest",)


class Server(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[server]`: where pages, ingest and metrics listen; `public_url` is what ack links start with."""

    listen: str = "127.0.0.1:9464"
    public_url: str = ""
    token: tuple[Token, ...] = ()


class Keep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[store] keep`: how long what is kept."""

    mentions: Duration = Duration(180 * 86400)
    minutes: Duration = Duration(14 * 86400)
    hours: Duration = Duration(730 * 86400)
    days: Duration = Duration(3650 * 86400)


class StoreSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[store]`: `sqlite` (in the state directory) or a postgresql:// URL."""

    url: str = "sqlite"
    keep: Keep = Keep()


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of rules.toml and what it includes."""

    settings: Settings = Settings()
    server: Server = Server()
    store: StoreSettings = StoreSettings()
    incident: IncidentSettings = IncidentSettings()
    source: tuple[SourceKind, ...] = ()
    reading: ReadingSettings = ReadingSettings()
    topic: tuple[Topic, ...] = ()
    label: tuple[Label, ...] = ()
    rule: tuple[Rule, ...] = ()
    person: tuple[Person, ...] = ()
    team: tuple[Team, ...] = ()
    channel: tuple[ChannelKind, ...] = ()
    route: tuple[Route, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    rota: tuple[Rota, ...] = ()
    mute: tuple[Mute, ...] = ()
    contact: tuple[ExternalContact, ...] = ()
    digest: tuple[DigestSettings, ...] = ()
    drill: tuple[Schedule, ...] = ()
    calendar: dict[str, CalendarDays] = field(default_factory=dict)
    promotion: tuple[Promotion, ...] = ()
    matrix: Matrix = Matrix()
    heartbeat: Heartbeat = Heartbeat()
    alertmanager: Reporting = Reporting()
    include: tuple[str, ...] = field(default=())
