"""Incidents, notices and recipients to store."""

from __future__ import annotations

from msgspec.structs import replace

from monitor.model import Entry, Facts, Incident, Outcome, Owed, Recipient, Tier, Timer


def incident(seq: int = 1, version: int = 1, **more: object) -> Incident:
    made = Incident(
        number=f"INC-2026-{seq:04}", risk="battery", scope={"product": "充电宝"}, tier=Tier.ORANGE, opened_at=100.0,
        updated_at=100.0, version=version,
    )  # fmt: skip
    return replace(made, **more)


def facts(notice: int = 1, tier: Tier = Tier.ORANGE, seq: int = 1, at: float = 100.0) -> Facts:
    return Facts(
        incident=f"INC-2026-{seq:04}", notice=notice, transition="NEW", tier=tier, previous_tier=Tier.CALM,
        risk="battery", scope={"product": "充电宝"}, at=at, since=at, playbook="battery", playbook_revision="r1",
    )  # fmt: skip


def owed(*to: Recipient, **about: object) -> Owed:
    return Owed(facts=facts(**about), to=to)  # type: ignore[arg-type]


def recipient(person: str = "zhang", *channels: str, after: float | None = None) -> Recipient:
    return Recipient(person=person, channels=channels or ("robot", "mail"), after=after)


def outcome(seq: int = 1, version: int = 1, **more: object) -> Outcome:
    """An incident with a line, a timer and one notice to one person."""
    number = f"INC-2026-{seq:04}"
    return Outcome(
        incident=incident(seq, version, **more),
        entries=(Entry(incident=number, at=100.0, actor="monitor", kind="told", args={"notice": version}),),
        owed=(owed(recipient(), seq=seq, notice=version),),
        timers=(Timer(incident=number, kind="escalate", step=0, due_at=1000.0),),
    )
