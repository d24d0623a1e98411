"""What became of a story: who told it first, how it spread; and floods of copies that pretend to be many voices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sqlalchemy.engine import Connection

from monitor.daemon.desk import FLOOD, Desk
from monitor.mentions.mask import excerpt
from monitor.model import CREDIBLE
from monitor.store import findings, stories
from monitor.store.observations import Stored
from monitor.times import HOUR
from monitor.web.views import StoryTold

FLOOD_AUTHORS, FLOOD_SPAN = 15, HOUR
"""So many authors who say nearly the same as their own words within so long."""
_REPOSTED = re.compile(r"//@|(?:^|\W)(?:RT|转发|快转|转自|repost(?:ed)?)\b|转发微博|via @", re.IGNORECASE)
"""Marks of an honest repost."""


def told_of(desk: Desk, rows: Sequence[Stored]) -> StoryTold:
    """The spread of one story out of its mentions in order of time."""
    first = rows[0].mention
    authors = {(row.mention.source, row.mention.author) for row in rows if row.mention.author}
    hours = Counter(int(row.mention.at // HOUR * HOUR) for row in rows)
    return StoryTold(
        story=rows[0].story, text=excerpt(first.title or first.text, 80), n=len(rows), first_at=first.at,
        first_source=first.source, first_url=first.url, last_at=rows[-1].mention.at,
        sources=tuple(sorted({row.mention.source for row in rows})),
        families=tuple(sorted({desk.family(row.mention.source) for row in rows})), authors=len(authors),
        reach=sum(row.mention.reach for row in rows), hours=tuple(sorted(hours.items())),
    )  # fmt: skip


def floods(connection: Connection, desk: Desk, now: float) -> bool:
    """Opens and ends findings of floods; says whether one changed. Press and agencies copy each other by trade."""
    open = {finding.subject for finding in findings.open(connection) if finding.kind == FLOOD}
    if not desk.stories and not open:
        return False
    sources = [source.name for source in desk.sources.values() if source.family not in CREDIBLE]
    since, changed, there = now - FLOOD_SPAN, False, set[str]()
    for story in stories.crowded(connection, since, sources, FLOOD_AUTHORS) if sources else ():
        own = [row for row in stories.telling(connection, story, since) if _as_own(row, sources)]
        authors = len({(row.mention.source, row.mention.author) for row in own})
        if authors >= FLOOD_AUTHORS:
            there.add(story)
            first = own[0].mention
            args = {"n": len(own), "authors": authors, "text": excerpt(first.title or first.text)}
            changed |= findings.begin(connection, FLOOD, story, now, args)
    for story in open - there:
        changed |= findings.end(connection, FLOOD, story, now)
    return changed


def _as_own(row: Stored, sources: Sequence[str]) -> bool:
    mention = row.mention
    return (
        bool(mention.author) and mention.source in sources and not _REPOSTED.search(f"{mention.title} {mention.text}")
    )
