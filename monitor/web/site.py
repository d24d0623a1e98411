"""What the web layer is given: the config, the hour, doors to read and to act, the signing key.

The daemon fulfils `Reads` and `Acts`; nothing under `web` opens the store or starts a loop. An actor is a short text,
kept in the timeline as it is: a person's name ("zhang-wei", by ack link), "token:helpdesk", "user:root" (peer of the
admin socket) or "local" (loopback without a token).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from monitor.config.schema import Config
from monitor.incidents.answers import Speed
from monitor.incidents.drills import Scorecard
from monitor.metrics import Metrics
from monitor.model import Delivery, DeliveryState, Drill, Incident, Labels, Reported, Silence, Tier
from monitor.web.acts import Act, Done, Forget, Forgotten, Hush, Ingested, Opening
from monitor.web.review_acts import ReviewAct, ReviewStanding
from monitor.web.statement_acts import Standing, StatementAct, Write
from monitor.web.views import Dossier, DrillBook, Health, Overview, Readiness, SourceState, Tried, Way

if TYPE_CHECKING:
    from monitor.sources.records import Records


class Reads(Protocol):
    """Queries, each one consistent. They raise `acts.Busy` when the store cannot be read."""

    async def overview(self, now: float) -> Overview:
        """All that the first page and `status` show."""

    async def incidents(self, *, open_only: bool, limit: int) -> tuple[Incident, ...]:
        """Incidents, the newest first."""

    async def incident(self, number: str, now: float) -> Dossier | None:
        """One incident with all that belongs to it; None when no incident bears the number."""

    async def deliveries(self, state: DeliveryState | None, limit: int) -> tuple[Delivery, ...]:
        """Deliveries in a state (None: all), the newest first."""

    async def silences(self, now: float) -> tuple[Silence, ...]:
        """Silences in force or still to come."""

    async def answers(self, since: float) -> tuple[Speed, ...]:
        """How fast people answered, per person, tier and channel."""

    async def who(self, tier: Tier, risk: str, labels: Labels, at: float) -> Way:
        """Who would be told of a tier at an instant if nobody answered."""


class Acts(Protocol):
    """What changes the store; each returns after the commit, or raises `acts.ActFault` and has changed nothing."""

    async def ingest(self, source: str, records: Records, now: float) -> Ingested:
        """Takes the records of a push source, and counts them. An empty batch is kept as a sign of life."""

    async def refused(self, source: str, count: int, now: float) -> None:
        """Counts what was pushed and refused with nothing beside it that could be taken. It is no sign of life."""

    async def report(self, told: Sequence[Reported]) -> Ingested:
        """Takes what an Alertmanager reports of one group."""

    async def act(self, actor: str, number: str, act: Act, now: float) -> Done:
        """Does one act on one incident."""

    async def open(self, actor: str, opening: Opening, now: float) -> Done:
        """Raises an incident by hand."""

    async def silence(self, actor: str, hush: Hush, now: float) -> Silence:
        """Begins a silence."""

    async def hidden_by(self, hush: Hush, now: float) -> tuple[Incident, ...]:
        """The open incidents that a silence would hide; nothing is changed."""

    async def end_silence(self, actor: str, id: str, now: float) -> Silence:
        """Ends one early."""

    async def resend(self, actor: str, delivery: int, now: float) -> Delivery:
        """Queues a dead or refused delivery anew, with its old key."""

    async def forget(self, actor: str, wish: Forget, now: float) -> Forgotten:
        """Takes a person's words out of the store."""


class Sources(Protocol):
    """The sources of the config in force. Raises `acts.ActFault` likewise."""

    async def all(self) -> tuple[SourceState, ...]:
        """How each stands, in the config's order."""

    async def pause(self, actor: str, name: str, why: str, now: float) -> tuple[SourceState, bool]:
        """Stops the reading of one; False: it was paused already, and stays so."""

    async def resume(self, actor: str, name: str, now: float) -> tuple[SourceState, bool]:
        """Goes on reading; False: it was not paused."""

    async def attempt(self, name: str, now: float) -> Tried:
        """Reads one at once, out of its turn, as it would be read in its turn."""


class Drills(Protocol):
    """Practice. Raises `acts.ActFault` likewise."""

    async def book(self) -> DrillBook:
        """Scenarios, the running drill, and those that were held."""

    async def start(self, actor: str, scenario: str, now: float, *, everybody: bool = False) -> Drill:
        """Begins one, for the drill's recipients only unless `everybody`."""

    async def stop(self, actor: str, now: float) -> Drill:
        """Ends the running one."""

    async def report(self, id: str) -> Scorecard:
        """How one went."""


class Statements(Protocol):
    """Words for the outside and the gate before them. Raises `acts.ActFault` likewise."""

    async def of(self, number: str) -> tuple[Standing, ...]:
        """All of an incident, in the order they were begun."""

    async def get(self, id: str) -> Standing:
        """One, with all its versions."""

    async def write(self, actor: str, number: str, asked: Write, now: float) -> Standing:
        """Begins one."""

    async def act(self, actor: str, id: str, act: StatementAct, now: float) -> Standing:
        """Takes it a step further, or back."""


class Reviews(Protocol):
    """Looking back on incidents. Raises `acts.ActFault` likewise."""

    async def all(self, now: float) -> tuple[ReviewStanding, ...]:
        """Every review that is due or was held, the one due first at the head."""

    async def get(self, number: str, now: float) -> ReviewStanding:
        """That of an incident."""

    async def act(self, actor: str, number: str, act: ReviewAct, now: float) -> ReviewStanding:
        """Notes something, signs off, moves an action on."""


async def _nothing() -> str:
    return ""


class Site(Struct, frozen=True, kw_only=True):
    """One running service, as the web layer sees it.

    `config` is called at each request: a reload swaps what it returns.
    `key` signs ack links (32 bytes from the state directory). `health` and `ready` answer at once, without I/O.
    `title` names a playbook's crisis in a language ("" = it is unknown; the risk's id is shown).
    """

    config: Callable[[], Config]
    now: Callable[[], float]
    reads: Reads
    acts: Acts
    sources: Sources
    drills: Drills
    statements: Statements
    reviews: Reviews
    metrics: Metrics
    key: bytes
    health: Callable[[], Health]
    ready: Callable[[], Readiness]
    title: Callable[[str, str], str] = lambda playbook, language: ""
    reload: Callable[[], Awaitable[str]] = _nothing
    """Takes the config anew; returns what is wrong with it, "" where nothing is."""
