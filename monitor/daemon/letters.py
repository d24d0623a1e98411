"""Digests: the quiet tiers in one letter at its hour, once, also when the service was not there at that hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.incidents import routes
from monitor.incidents.context import Context
from monitor.incidents.digest import DigestOf, DigestSettings, compose, next_due
from monitor.incidents.plan import new_incident
from monitor.incidents.rota import on_duty
from monitor.model import Facts, Incident, Owed, Recipient, Summary, SummaryRow, Tier
from monitor.store import digests, findings, incidents, outbox
from monitor.store.database import Database, Priority
from monitor.times import MINUTE

log = structlog.get_logger("letters")

LOOKED_AT = 1000
"""Incidents, the newest, among which a digest looks."""


class Letters:
    """Sends what is due. `handed` takes deliveries that a commit has just claimed."""

    def __init__(self, db: Database, desk: Callable[[], Desk], handed: Callable[[Sequence[int]], None]) -> None:
        self._db, self._desk, self._handed = db, desk, handed

    async def round(self, now: float) -> None:
        """Writes every digest whose hour has come since its last one."""
        desk = self._desk()
        for settings in desk.config.digest:
            self._handed(await self._db.write(lambda c, s=settings: _send(c, desk, s, now), Priority.DELIVER))  # type: ignore[misc]


def _send(connection: Connection, desk: Desk, settings: DigestSettings, now: float) -> list[int]:
    since = digests.last(connection, settings.name, now)
    if next_due(settings, since, desk.zone, desk.context.calendar(settings.calendar)) > now:
        return []
    digests.sent(connection, settings.name, now)
    found = compose(settings, incidents.recent(connection, LOOKED_AT), findings.open(connection), since, now)
    if found.empty:
        return []
    note = _facts(desk, settings, found, now)
    log.info("digest", name=settings.name, incidents=len(found.opened) + len(found.still_open) + len(found.ended))
    return outbox.owe(connection, Owed(facts=note, to=_recipients(settings, note, desk.context, now)), now)


def _facts(desk: Desk, settings: DigestSettings, found: DigestOf, now: float) -> Facts:
    standing = [*found.opened, *found.still_open]
    summary = Summary(
        since=found.since, opened=_rows(found.opened), still_open=_rows(found.still_open), ended=_rows(found.ended),
        hidden=_rows(found.hidden), findings=tuple((f.kind, f.subject) for f in found.findings),
    )  # fmt: skip
    return Facts(
        incident=digests.incident_of(settings.name), notice=int(now // MINUTE), transition="UPDATE",
        tier=max((i.tier for i in standing), default=Tier.BLUE), previous_tier=Tier.CALM, risk=settings.name, scope={},
        at=now, since=found.since, playbook="", playbook_revision="", organisation=desk.config.settings.organisation,
        timezone=desk.config.settings.timezone, digest=summary,
    )  # fmt: skip


def _rows(some: Sequence[Incident]) -> tuple[SummaryRow, ...]:
    return tuple(
        SummaryRow(incident=i.number, tier=i.tier, peak=i.peak, risk=i.risk, scope=i.scope, since=i.opened_at)
        for i in some
    )


def _recipients(settings: DigestSettings, note: Facts, context: Context, now: float) -> tuple[Recipient, ...]:
    """The first of each role, whoever is on duty, and channels."""
    keys: list[str] = []
    for target in settings.to:
        rota = context.rotas.get(target.removeprefix(routes.ROTA)) if target.startswith(routes.ROTA) else None
        seats = routes.seats_of(target, context)
        if rota is not None:
            keys += on_duty(rota, now, context.timezone)[:1]
        else:
            keys += [seat[0] for seat in seats.values()] if seats else [target]
    nothing = new_incident(note.incident, settings.name, {}, {}, context, now)
    return routes.recipients(keys, nothing, context)
