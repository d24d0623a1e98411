"""A person's words taken out of the store: mentions, excerpts in notices, marks. What was counted stays counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.mentions.mask import MASK
from monitor.model import Facts, Mention
from monitor.store.codec import chunks, dump, load, upsert
from monitor.store.observations import Stored, stored_of
from monitor.store.tables import facts, findings, forgotten, marks, mentions


class Quote(NamedTuple):
    """How a mention is quoted: by its excerpt; where it was corrected since, its address and time tell it."""

    source: str
    text: str
    url: str
    at: float


def find(connection: Connection, *, author: str = "", source: str = "", id: str = "", text: str = "") -> list[Stored]:
    """The mentions that fit all that is given; `text` stands somewhere in text or title, as written."""
    asked = []
    for column, value in ((mentions.c.author, author), (mentions.c.source, source), (mentions.c.id, id)):
        if value:
            asked.append(column == value)
    if text:
        asked.append(
            sa.or_(mentions.c.text.contains(text, autoescape=True), mentions.c.title.contains(text, autoescape=True))
        )
    query = sa.select(mentions).where(*asked).order_by(mentions.c.seq)
    return [stored_of(row) for row in connection.execute(query).mappings()]


def delete(connection: Connection, rows: Sequence[Stored], now: float, key: bytes) -> None:
    """Takes mentions out, and keeps a mark of each, so that a feed that still shows it does not bring it back."""
    _leave_no_trace(connection)
    for part in chunks([row.seq for row in rows]):
        connection.execute(sa.delete(mentions).where(mentions.c.seq.in_(part)))
    values = [{"mark": tombstone(key, row.mention), "at": now} for row in rows]
    if values:
        connection.execute(upsert(connection, forgotten).on_conflict_do_nothing(), values)


def _leave_no_trace(connection: Connection) -> None:
    """What SQLite deletes it also overwrites, in its own pages and later in the log's."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def tombstone(key: bytes, mention: Mention) -> str:
    """What stays of a mention: a hash nobody can try names on without the key."""
    said = f"{mention.source}\0{mention.id}".encode(errors="surrogatepass")
    return blake2b(said, digest_size=12, key=key[:64]).hexdigest()


def gone(connection: Connection, key: bytes, batch: Sequence[Mention]) -> set[str]:
    """The ids of a batch that were forgotten."""
    if connection.execute(sa.select(forgotten.c.mark).limit(1)).first() is None:
        return set()
    by_mark = {tombstone(key, mention): mention.id for mention in batch}
    out = set()
    for part in chunks(by_mark):
        found = connection.scalars(sa.select(forgotten.c.mark).where(forgotten.c.mark.in_(part)))
        out |= {by_mark[mark] for mark in found}
    return out


def delete_marks(connection: Connection, authors: Iterable[str]) -> int:
    """Takes out under which hash authors were counted."""
    done = 0
    for author in authors:
        mine = sa.or_(marks.c.who == author, marks.c.who.endswith(f":{author}", autoescape=True))
        done += connection.execute(sa.delete(marks).where(marks.c.kind.in_(("authors", "dangers")), mine)).rowcount
    return done


def blank(connection: Connection, said: Collection[Quote], identities: Collection[str], since: float) -> int:
    """Takes excerpts out of the facts of notices since an instant: of these mentions, or of these customers."""
    texts, places = {(q.source, q.text) for q in said}, {(q.source, q.url, q.at) for q in said if q.url}
    done = 0
    for row in connection.execute(sa.select(facts.c.id, facts.c.data).where(facts.c.at >= since)).all():
        note = load(row.data, Facts)
        kept = tuple(
            e
            for e in note.examples
            if (e.source, e.text) not in texts
            and (e.source, e.url, e.at) not in places
            and not (e.identity and e.identity in identities)
        )
        if len(kept) < len(note.examples):
            done += len(note.examples) - len(kept)
            new = dump(replace(note, examples=kept))
            connection.execute(sa.update(facts).where(facts.c.id == row.id).values(data=new))
    return done


def mask_findings(connection: Connection, texts: Collection[str]) -> int:
    """Masks these excerpts in findings, those that ended among them."""
    done = 0
    for row in connection.execute(sa.select(findings).where(findings.c.args.contains('"text"'))).all():
        args = load(row.args, dict[str, Any])
        if args.get("text") in texts:
            mine = (findings.c.kind == row.kind, findings.c.subject == row.subject, findings.c.since == row.since)
            connection.execute(sa.update(findings).where(*mine).values(args=dump({**args, "text": MASK})))
            done += 1
    return done
