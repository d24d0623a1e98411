"""The loop of rules by term: at each instant of their grid it looks through the texts of the store.

In a loop of its own, a bite of a reader's time after the other: however long the memory, other rules don't wait. What
it finds the judge judges as it does any series.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import TypeVar

import structlog
from sqlalchemy.engine import Connection

from monitor.daemon.clock import Clock
from monitor.daemon.desk import Desk
from monitor.daemon.memory import Counted
from monitor.mentions.terms import runs
from monitor.metrics import Metrics
from monitor.model import Key, Mention
from monitor.rules import buckets, terms
from monitor.rules.rule import Rule
from monitor.rules.select import by_term
from monitor.series import MINUTE, Bucket
from monitor.store import observations
from monitor.store.database import Database, StoreFault
from monitor.times import floor_to

log = structlog.get_logger("terms")
T = TypeVar("T")

BITE = 2000
"""Mentions of a bite: some tens of milliseconds of older ones, some hundreds of those of the window."""
PATIENCE = 60.0
"""Seconds until a look is tried again that broke."""


class Terms:
    """`standing`: the keys of a rule above calm; `found` is told a rule and its series."""

    def __init__(
        self,
        db: Database,
        desk: Callable[[], Desk],
        clock: Clock,
        metrics: Metrics,
        standing: Callable[[str], Collection[Key]],
        found: Callable[[str, list[Counted]], None],
    ) -> None:
        self._db, self._desk, self._clock, self._metrics = db, desk, clock, metrics
        self._standing, self._found = standing, found
        self.wake = asyncio.Event()
        self._due: dict[str, float] = {}
        self._seen: dict[str, terms.Seen] = {}

    def replan(self) -> None:
        """The config changed, or the clock was set: all is looked at anew."""
        self._due, self._seen = {}, {}
        self.wake.set()

    async def run(self) -> None:
        """Look at what is due, wait; for ever."""
        while True:
            self.wake.clear()
            desk, now = self._desk(), self._clock.now()
            asking = [rule for rule in desk.rules.values() if by_term(desk.asked[rule.name][0])]
            for rule in asking:
                if self._due.get(rule.name, 0.0) <= now:
                    self._due[rule.name] = await self._round(desk, rule, now)
            await self._clock.wait(self.wake, min((self._due.get(rule.name, 0.0) for rule in asking), default=None))

    async def _round(self, desk: Desk, rule: Rule, now: float) -> float:
        """One rule looked at; a look that breaks costs only itself. Returns when the next is due."""
        try:
            counted = await self._look(desk, rule, now)
        except StoreFault as fault:
            log.warning("store", fault=str(fault))
            return now + PATIENCE
        except Exception:
            log.exception("look_broke", rule=rule.name)
            return now + PATIENCE
        if desk is self._desk():
            self._found(rule.name, counted)
        return floor_to(now, rule.every) + rule.every

    async def _look(self, desk: Desk, rule: Rule, now: float) -> list[Counted]:
        fit = terms.fitting(desk.asked[rule.name][0], desk.reader.read, desk.family)
        said = await self._said(desk, rule, now, fit)
        standing, seen = tuple(self._standing(rule.name)), self._seen.setdefault(rule.name, {})
        own = terms.own_words(desk.reader.own_words)
        look = await asyncio.to_thread(terms.Look, rule, now, said, own=own, standing=standing, seen=seen)
        while not look.search.done:
            await self._bitten(lambda c: _bite(c, look.search, fit))
        return series_of(await asyncio.to_thread(look.found))

    async def _said(self, desk: Desk, rule: Rule, now: float, fit: terms.Fitting) -> list[terms.Said]:
        """What the rule counts of its window, the newest of it."""
        start, until, said = terms.spans(rule, now)[0], now, list[terms.Said]()
        while start < until and len(said) < terms.READ_IN_WINDOW:
            part, until = await self._bitten(lambda c, upto=until: _cut(c, desk, start, upto, fit))  # type: ignore[misc]
            said += part
        return said[: terms.READ_IN_WINDOW]

    async def _bitten(self, job: Callable[[Connection], T]) -> T:
        """A long look is many of these, and gets on with each."""
        done = await self._db.read(job)
        self._metrics.advanced("terms", self._clock.now())
        return done


def _cut(
    connection: Connection, desk: Desk, start: float, until: float, fit: terms.Fitting
) -> tuple[list[terms.Said], float]:
    """A bite of the window, read and cut into words, and where it begins."""
    rows, begin = observations.back(connection, start, until, BITE)
    said = []
    for row in rows:
        read = fit(row.mention)
        if read is not None:
            mention = row.mention
            said.append(terms.Said(read, desk.family(mention.source), row.new_story, runs(mention.title, mention.text)))
    return said, begin


def _bite(connection: Connection, search: terms.Search, fit: terms.Fitting) -> None:
    rows, begin = observations.back(connection, search.since, search.at, BITE)
    texts: list[tuple[float, str, Mention]] = [(r.mention.at, terms.text_of(r.mention), r.mention) for r in rows]
    search.take(texts, begin, lambda mention: fit(mention) is not None)


def series_of(counted: buckets.Counted) -> list[Counted]:
    """What was counted as the judge holds it, series by series."""
    rows: dict[Key, list[Bucket]] = {}
    for (_, key, *_), bucket in counted.buckets.items():
        rows.setdefault(key, []).append(bucket)
    marks: dict[Key, dict[str, list[tuple[float, str]]]] = {}
    for _, key, kind, minute, who in counted.marks:
        marks.setdefault(key, {}).setdefault(kind, []).append((minute, who))
    return [
        Counted(
            id=n,
            key=key,
            buckets=tuple(sorted(rows.get(key, ()), key=lambda b: b.start)),
            marks={kind: tuple(sorted(pairs)) for kind, pairs in marks.get(key, {}).items()},
            longest=MINUTE,
            last_at=max((b.last_at for b in rows.get(key, ())), default=None),
        )
        for n, key in enumerate(dict.fromkeys([*rows, *marks]))
    ]
