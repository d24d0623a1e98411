"""Notices on their way: facts, deliveries, and what became of them. At least once, never forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.model import Also, Delivery, Facts, Owed, Recipient, Tier
from monitor.store.codec import chunks, dump, load, upsert
from monitor.store.database import Conflict
from monitor.store.gathering import gather
from monitor.store.prepared import Prepared
from monitor.store.tables import deliveries, facts, playbook_texts

PENDING = ("queued", "sending", "retrying")
_FACTS = Prepared(lambda _: sa.insert(facts).returning(facts.c.id), ["incident", "notice", "at", "data"])
_DELIVERY = Prepared(
    lambda _: sa.insert(deliveries).returning(deliveries.c.id),
    [column.name for column in deliveries.c if column.name not in ("id", "sent_at", "also")],
)


def owe(connection: Connection, owed: Owed, now: float) -> list[int]:
    """Stores a notice's facts and a delivery for each recipient; older unsent ones end.

    The first attempt is claimed at once and its id returned, save where the recipient is to be told later.
    """
    note = owed.facts
    row = {"incident": note.incident, "notice": note.notice, "at": note.at, "data": dump(note)}
    id = _FACTS.run(connection, row).scalar()
    made = [_deliver(connection, note, id, recipient, now) for recipient in owed.to if recipient.channels]
    return [id for id in made if id is not None]


def _deliver(connection: Connection, note: Facts, facts_id: int, to: Recipient, now: float) -> int | None:
    unsent, later = _supersede(connection, note, to), to.after is not None and to.after > now
    row = {
        "key": f"{note.incident}/{note.notice}/{to.person or to.channels[0]}",
        "incident": note.incident,
        "notice": note.notice,
        "facts": facts_id,
        "tier": int(note.tier),
        "transition": note.transition,
        "person": to.person,
        "channel": to.channels[0],
        "route": dump(to.channels),
        "tried": "[]",
        "state": "queued" if later else "sending",
        "attempts": 0 if later else 1,
        "next_at": to.after if later else now,
        "created_at": now,
        "claimed_at": None if later else now,
        "unsent_tier": unsent,
        "answer": "",
    }
    id: int = _DELIVERY.run(connection, row).scalar()
    return None if later else id


def _supersede(connection: Connection, note: Facts, to: Recipient) -> int | None:
    """Ends older undelivered notices to the same one; the highest tier that was never told is handed on."""
    if note.notice == 1:
        return None
    mine: tuple[sa.ColumnElement[bool], ...] = (
        deliveries.c.incident == note.incident,
        deliveries.c.person == to.person,
        deliveries.c.notice < note.notice,
        deliveries.c.state.in_(("queued", "retrying")),
    )
    if not to.person:
        mine = (*mine, deliveries.c.channel.in_(to.channels))
    rows = connection.execute(
        sa.select(deliveries.c.id, deliveries.c.tier, deliveries.c.unsent_tier).where(*mine)
    ).all()
    if not rows:
        return None
    ids = [row.id for row in rows]
    connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(ids)).values(state="superseded"))
    highest = max(max(row.tier, row.unsent_tier or 0) for row in rows)
    return highest if highest > note.tier else None


def get(connection: Connection, ids: Sequence[int]) -> list[tuple[Delivery, Facts]]:
    """Deliveries with the facts of their notices, in order; a tier taken over unsent stands in the facts."""
    joined = sa.select(deliveries, facts.c.data).join(facts, facts.c.id == deliveries.c.facts)
    found = {row.id: row for part in chunks(ids) for row in connection.execute(joined.where(deliveries.c.id.in_(part)))}
    return [(_delivery(found[id]), _facts(found[id])) for id in ids if id in found]


def _facts(row: Any) -> Facts:
    note = load(row.data, Facts)
    if row.also:
        note = replace(note, also=load(row.also, tuple[Also, ...]))
    if row.unsent_tier is None:
        return note
    return replace(note, supersedes_unsent=Tier(row.unsent_tier))


def claim(connection: Connection, now: float, limit: int = 200) -> list[int]:
    """Claims deliveries that are due again; they are `sending` afterwards. What was put off for one person is one."""
    gather(connection, now)
    due = sa.select(deliveries.c.id).where(deliveries.c.state.in_(("queued", "retrying")), deliveries.c.next_at <= now)
    ids = list(connection.scalars(due.order_by(deliveries.c.tier.desc(), deliveries.c.next_at).limit(limit)))
    _claim(connection, ids, now)
    return ids


def reclaim(connection: Connection, now: float) -> list[int]:
    """After a start: what was being sent when the process ended is sent again, with the same key."""
    ids = list(connection.scalars(sa.select(deliveries.c.id).where(deliveries.c.state == "sending")))
    _claim(connection, ids, now)
    return ids


def _claim(connection: Connection, ids: Sequence[int], now: float) -> None:
    if ids:
        values = {"state": "sending", "claimed_at": now, "attempts": deliveries.c.attempts + 1}
        connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(ids)).values(values))


def settle(connection: Connection, id: int, state: str, now: float, **changes: Any) -> None:
    """What became of an attempt. The delivery must still be `sending`: Conflict otherwise (superseded ones stay so)."""
    if "route" in changes:
        changes["route"] = dump(changes["route"])
    if "tried" in changes:
        changes["tried"] = dump(changes["tried"])
    if state == "sent":
        changes["sent_at"] = now
    changes["state"] = state
    given = {f"new_{name}": value for name, value in changes.items()}
    settling = _settling(tuple(sorted(changes)))
    if settling.run(connection, {"of_id": id, "state_was": "sending", **given}).rowcount != 1:
        raise Conflict(f"delivery {id} is no longer being sent")


@cache
def _settling(names: tuple[str, ...]) -> Prepared:
    mine = (deliveries.c.id == sa.bindparam("of_id"), deliveries.c.state == sa.bindparam("state_was"))
    new: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
    return Prepared(lambda _: sa.update(deliveries).where(*mine).values(new))


def resend(connection: Connection, id: int, now: float) -> bool:
    """Puts a dead or refused delivery back into the queue, from the first channel on; says whether it could."""
    mine = (deliveries.c.id == id, deliveries.c.state.in_(("dead", "refused")))
    row = connection.execute(sa.select(deliveries.c.route).where(*mine)).first()
    if row is None:
        return False
    first = load(row.route, tuple[str, ...])[0]
    values = {"state": "queued", "next_at": now, "channel": first, "tried": "[]"}
    connection.execute(sa.update(deliveries).where(deliveries.c.id == id).values(values))
    return True


def shift(connection: Connection, by: float) -> int:
    """The clock was set by so many seconds: what waits for its next try waits on as long as it had to."""
    waiting = deliveries.c.state == "retrying"
    return connection.execute(sa.update(deliveries).where(waiting).values(next_at=deliveries.c.next_at + by)).rowcount


def next_due(connection: Connection) -> float | None:
    """When the next waiting delivery is due."""
    waiting = deliveries.c.state.in_(("queued", "retrying"))
    at: float | None = connection.scalar(sa.select(sa.func.min(deliveries.c.next_at)).where(waiting))
    return at


def oldest_due(connection: Connection, now: float) -> float | None:
    """Since when the oldest delivery waits that should have gone out by now; what is to be told later is not meant."""
    waiting = sa.and_(deliveries.c.state.in_(PENDING), deliveries.c.attempts > 0)
    late = sa.and_(deliveries.c.state == "queued", deliveries.c.next_at <= now)
    at: float | None = connection.scalar(sa.select(sa.func.min(deliveries.c.created_at)).where(waiting))
    then: float | None = connection.scalar(sa.select(sa.func.min(deliveries.c.next_at)).where(late))
    return min((t for t in (at, then) if t is not None), default=None)


def pending(connection: Connection) -> tuple[dict[str, int], float | None]:
    """How many deliveries are not done by channel, and when the oldest of them was made."""
    waiting = deliveries.c.state.in_(PENDING)
    query = sa.select(deliveries.c.channel, sa.func.count()).where(waiting).group_by(deliveries.c.channel)
    counts = {row[0]: row[1] for row in connection.execute(query)}
    return counts, connection.scalar(sa.select(sa.func.min(deliveries.c.created_at)).where(waiting))


def waits_since(connection: Connection, now: float) -> float | None:
    """Since when the delivery that waits longest waits; what is put off until later does not wait yet."""
    table = deliveries.c
    begins = sa.case(
        (sa.and_(table.state == "queued", table.attempts == 0), table.next_at),
        (sa.and_(table.state == "sending", table.attempts == 1), table.claimed_at),
        else_=table.created_at,
    )
    found: float | None = connection.scalar(
        sa.select(sa.func.min(begins)).where(table.state.in_(PENDING), begins <= now)
    )
    return found


def recent(
    connection: Connection, limit: int = 50, state: str | None = None, incident: str | None = None
) -> list[Delivery]:
    """The newest deliveries, of one state or incident where asked."""
    query = sa.select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if incident is not None:
        query = query.where(deliveries.c.incident == incident)
    return [_delivery(row) for row in connection.execute(query)]


def recent_notices(connection: Connection, limit: int) -> list[tuple[int, Facts]]:
    """The newest notices of incidents, with the numbers of their rows."""
    mine = sa.not_(facts.c.incident.startswith("digest:"))
    query = sa.select(facts.c.id, facts.c.data).where(mine).order_by(facts.c.id.desc()).limit(limit)
    return [(row.id, load(row.data, Facts)) for row in connection.execute(query)]


def notices_of(connection: Connection, incident: str) -> list[tuple[int, Facts]]:
    """All notices of an incident, the newest first."""
    query = sa.select(facts.c.id, facts.c.data).where(facts.c.incident == incident).order_by(facts.c.id.desc())
    return [(row.id, load(row.data, Facts)) for row in connection.execute(query)]


def deliveries_of(connection: Connection, notices: Sequence[int]) -> dict[int, list[Delivery]]:
    """The deliveries of notices, by the numbers of their rows."""
    out: dict[int, list[Delivery]] = {}
    for part in chunks(notices):
        query = sa.select(deliveries).where(deliveries.c.facts.in_(part)).order_by(deliveries.c.id)
        for row in connection.execute(query):
            out.setdefault(row.facts, []).append(_delivery(row))
    return out


def last_reached(connection: Connection) -> dict[tuple[str, str], float]:
    """(person, channel) -> when a channel last said yes to a delivery to them ("" = the channel itself)."""
    newest = sa.func.max(deliveries.c.sent_at)
    query = sa.select(deliveries.c.person, deliveries.c.channel, newest).where(deliveries.c.state == "sent")
    rows = connection.execute(query.group_by(deliveries.c.person, deliveries.c.channel))
    return {(row[0], row[1]): row[2] for row in rows}


def owed_since(connection: Connection, people: Sequence[str], since: float) -> list[tuple[str, float, str, Tier]]:
    """What people were owed lately: (person, when, incident, tier), save what ended before it went out."""
    had = (deliveries.c.created_at > since, deliveries.c.person.in_(people), deliveries.c.state != "superseded")
    query = sa.select(deliveries.c.person, deliveries.c.created_at, deliveries.c.incident, deliveries.c.tier)
    return [(r[0], r[1], r[2], Tier(r[3])) for r in connection.execute(query.where(*had))]


def count(connection: Connection, state: str) -> int:
    """How many deliveries are in a state."""
    return connection.scalar(sa.select(sa.func.count()).where(deliveries.c.state == state)) or 0


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        key=row.key,
        incident=row.incident,
        notice=row.notice,
        channel=row.channel,
        person=row.person,
        tier=Tier(row.tier),
        state=row.state,
        attempts=row.attempts,
        next_at=row.next_at,
        created_at=row.created_at,
        facts=row.facts,
        sent_at=row.sent_at,
        answer=row.answer,
        tried=load(row.tried, tuple[str, ...]),
        route=load(row.route, tuple[str, ...]),
        claimed_at=row.claimed_at,
    )


def keep_texts(connection: Connection, revision: str, id: str, texts: dict[str, str]) -> None:
    """Keeps a playbook's texts by revision, so that what was sent can be rendered again."""
    statement = upsert(connection, playbook_texts).values(revision=revision, id=id, texts=dump(texts))
    connection.execute(statement.on_conflict_do_nothing())
