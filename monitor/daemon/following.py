"""Customers followed one by one: who turns angry, complains a third time, threatens to go public is a finding.

The finding bears a mark in the place of the name; who it is only the front line is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.mentions.customers import WITHIN, Customer, Turn, hear
from monitor.mentions.mask import excerpt
from monitor.mentions.reading import Reading
from monitor.store import customers, findings
from monitor.store.customers import Followed

KINDS: dict[Turn, str] = {
    "turned_angry": "customer-angry",
    "third_complaint": "customer-third",
    "threatens": "customer-threat",
}
STANDS = 3 * 86400.0
"""So long a finding of a customer stands unless it is renewed."""
FRESH = 86400.0
"""Older messages than this teach what a customer said, and are no news."""


def mark_of(key: bytes, source: str, author: str) -> str:
    """What stands for a customer wherever they are shown. Without the key nobody can try names."""
    return "C-" + blake2b(f"{source}\0{author}".encode(errors="surrogatepass"), digest_size=5, key=key[:64]).hexdigest()


def follow(connection: Connection, desk: Desk, family: str, heard: Iterable[Reading], now: float | None) -> bool:
    """Takes messages of a source in the order of their time; says whether findings changed. `now` None: history."""
    if family not in desk.config.reading.customers:
        return False
    spoke = sorted((r for r in heard if r.mention.author and r.mood is not None), key=lambda r: r.mention.at)
    marks = [mark_of(desk.key, r.mention.source, r.mention.author) for r in spoke]
    known = customers.get(connection, set(marks))
    changed: dict[str, Followed] = {}
    told = False
    for who, reading in zip(marks, spoke, strict=True):
        followed, turns = _hear(changed.get(who) or known.get(who), reading)
        changed[who] = followed
        if now is not None and reading.mention.at > now - FRESH:
            for turn in turns:
                told |= findings.begin(connection, KINDS[turn], who, now, {"family": family})
    customers.put(connection, changed)
    return told


def _hear(before: Followed | None, reading: Reading) -> tuple[Followed, tuple[Turn, ...]]:
    mention, mood = reading.mention, reading.mood
    assert mood is not None
    customer, turns = hear(before.customer if before else Customer(), mention.at, mood, reading.dangers)
    kept = reading.kept()
    last = (before.text, before.why, before.at) if before else ("", (), 0.0)
    text, why, at = (excerpt(mention.title or mention.text), kept.why if kept else (), mention.at) if turns else last
    return Followed(
        customer=customer, author=mention.author, source=mention.source, text=text, why=why[:4], at=at,
        heard_at=max(mention.at, before.heard_at if before else 0.0),
    ), turns  # fmt: skip


def let_go(connection: Connection, now: float) -> bool:
    """Ends findings of customers that stood long enough, and forgets whoever was quiet; says whether one ended."""
    ended = False
    for finding in findings.open(connection):
        if finding.kind in KINDS.values() and now - finding.since > STANDS:
            ended |= findings.end(connection, finding.kind, finding.subject, now)
    customers.quiet(connection, now - WITHIN)
    return ended
