"""A person asks to be forgotten: what they said goes, what was counted stays a number.

Counts are kept: they name nobody, and a past alarm must stay explicable. Who is forgotten is written down nowhere.
"""

from __future__ import annotations

from hashlib import blake2b

import structlog
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.daemon.following import mark_of
from monitor.mentions.mask import excerpt
from monitor.store import customers, forgetting
from monitor.store.observations import Stored
from monitor.web.acts import Forget, Forgotten

log = structlog.get_logger("forget")


def forget(connection: Connection, desk: Desk, wish: Forget, actor: str, now: float) -> tuple[Forgotten, list[Stored]]:
    """What fits goes, with its excerpts, marks and the customer; a preview only counts. Returns also what it was."""
    rows = forgetting.find(connection, author=wish.author, source=wish.source, id=wish.id, text=wish.text)
    if wish.preview:
        return Forgotten(mentions=len(rows)), rows
    who = {(row.mention.source, row.mention.author) for row in rows if row.mention.author} if wish.author else set()
    forgetting.delete(connection, rows, now, desk.key)
    hashes = [blake2b(f"{s}\0{a}".encode("utf-8", "replace"), digest_size=8).hexdigest() for s, a in who]
    said = {(row.mention.source, excerpt(row.mention.title or row.mention.text)) for row in rows}
    since = min((row.mention.at for row in rows), default=now)
    done = Forgotten(
        mentions=len(rows),
        customers=customers.forget(connection, [mark_of(desk.key, s, a) for s, a in who]),
        excerpts=forgetting.blank(connection, said, {a for _, a in who}, since),
        marks=forgetting.delete_marks(connection, hashes),
    )
    log.info("forgotten", actor=actor, by=_by(wish), mentions=done.mentions, excerpts=done.excerpts)
    return done, rows


def _by(wish: Forget) -> str:
    """By what it was looked for, without the words themselves."""
    return ",".join(name for name in ("author", "source", "id", "text") if getattr(wish, name))
