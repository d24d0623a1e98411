"""A person asks to be forgotten: what they said goes, what was counted stays a number.

Counts are kept: they name nobody, and a past alarm must stay explicable. Who is forgotten is written down nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b

import structlog
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.daemon.following import mark_of
from monitor.mentions.mask import excerpt
from monitor.store import customers, forgetting
from monitor.store.forgetting import Quote
from monitor.store.observations import Stored
from monitor.web.acts import Forget, Forgotten

log = structlog.get_logger("forget")


def forget(connection: Connection, desk: Desk, wish: Forget, actor: str, now: float) -> tuple[Forgotten, list[Stored]]:
    """What fits goes, with its excerpts, marks and the customer; a preview only counts. Returns also what it was."""
    rows = forgetting.find(connection, author=wish.author, source=wish.source, id=wish.id, text=wish.text)
    if wish.preview:
        return Forgotten(mentions=len(rows)), rows
    authors = {(row.mention.source, row.mention.author) for row in rows if row.mention.author}
    who = authors if wish.author else set()
    forgetting.delete(connection, rows, now, desk.key)
    hashes = [blake2b(f"{s}\0{a}".encode("utf-8", "replace"), digest_size=8).hexdigest() for s, a in who]
    done = Forgotten(
        mentions=len(rows),
        customers=customers.forget(connection, [mark_of(desk.key, s, a) for s, a in who]),
        excerpts=_blank(connection, rows, {a for _, a in who}, [mark_of(desk.key, s, a) for s, a in authors]),
        marks=forgetting.delete_marks(connection, hashes),
    )
    log.info("forgotten", actor=actor, by=_by(wish), mentions=done.mentions, excerpts=done.excerpts)
    return done, rows


def _blank(connection: Connection, rows: Sequence[Stored], identities: Collection[str], marks: Iterable[str]) -> int:
    """Excerpts go wherever one was kept: in notices, in findings, and with customers who stay followed."""
    mentions = [row.mention for row in rows]
    said = [Quote(m.source, excerpt(m.title or m.text), m.url, m.at) for m in mentions]
    texts = {quote.text for quote in said}
    since = min((quote.at for quote in said), default=0.0)
    return (
        forgetting.blank(connection, said, identities, since)
        + forgetting.mask_findings(connection, texts)
        + customers.blank(connection, marks, texts)
    )


def _by(wish: Forget) -> str:
    """By what it was looked for, without the words themselves."""
    return ",".join(name for name in ("author", "source", "id", "text") if getattr(wish, name))
