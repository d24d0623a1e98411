"""Taking records in: matched, told apart from their copies, counted and stored in one transaction, with the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon import counting
from monitor.daemon.clock import Clock
from monitor.daemon.covering import cover_page, cover_push, cover_stream
from monitor.daemon.desk import Desk
from monitor.daemon.following import follow
from monitor.detectors.kept import SAVED_AFTER
from monitor.failpoints import reach
from monitor.mentions.duplicates import Stories
from monitor.mentions.reading import Reading
from monitor.metrics import Metrics
from monitor.model import Mention, Page, Sample
from monitor.rules.buckets import Tally
from monitor.rules.missed import IN_TIME
from monitor.sources import Source
from monitor.sources.push import Push
from monitor.sources.schedule import Outcome
from monitor.sources.stream import Haul, Stream
from monitor.store import buckets, cursors, findings, forgetting, intake, observations, tracks
from monitor.store.cursors import Standing
from monitor.store.database import Database, Priority
from monitor.store.intake import Hour
from monitor.store.observations import Stored

log = structlog.get_logger("ingest")


class SourcePaused(Exception):
    """A person stopped the reading of this source."""


class Taken(Struct, frozen=True, kw_only=True):
    """What a batch came to. `touched`: selection -> since when it changed; `earliest`, `newest`: event times."""

    accepted: int = 0
    duplicates: int = 0
    corrected: int = 0
    known: int = 0
    touched: dict[int, float] = {}
    earliest: float | None = None
    newest: float | None = None
    lag: float | None = None
    since: float | None = None
    """From here on instants may have been judged without these records."""
    turned: bool = False
    """A customer's finding was opened."""
    undated: int = 0
    unmatched: int = 0
    lags: float = 0.0
    """Of the new mentions: without a date, without a topic, and their seconds from event to arrival together."""


Told = Callable[[Taken], None]
OutcomeOf = Callable[[Taken], Outcome]
After = Callable[[Taken, Outcome], Standing]


class Ingest:
    """Takes pages and pushes. `tell` is called after each commit that changed a count."""

    def __init__(self, db: Database, desk: Callable[[], Desk], clock: Clock, metrics: Metrics, tell: Told) -> None:
        self._db, self._desk, self._clock, self._metrics, self._tell = db, desk, clock, metrics, tell
        self.stories = Stories()
        self._tally: tuple[str, Tally] | None = None

    async def page(
        self, source: Source, page: Page, standing: Standing, outcome: OutcomeOf, after: After, now: float
    ) -> tuple[Taken, Standing]:
        """A polled page with its cursor. The undated records of a first page are kept, but not counted."""
        desk, first = self._desk(), standing.begins
        matched = await self._match(desk, source, page.mentions)

        def job(connection: Connection) -> tuple[Taken, Standing]:
            since = None if first else cursors.covered_since(connection, source.name)
            first_page = first or page.first
            taken = self._take(connection, desk, source.name, matched, page.samples, first=first_page, now=now)
            ended = outcome(taken)
            gap = cover_page(connection, source, page, standing, saturated=ended.result == "saturated", now=now)
            taken = replace(taken, since=_since(taken, gap, since, now))
            intake.add(connection, source.name, now, came(taken, len(page.faults)))
            held = cursors.get(connection, source.name)[1]  # who pauses it meanwhile is not overwritten
            put = replace(after(taken, ended), pause=held.pause, resumed_at=held.resumed_at)
            cursors.put(connection, source.name, page.cursor, put)
            findings.end(connection, "source-failing", source.name, now)  # an answer is no record: tend ends a silence
            _note_page(connection, source.name, page, ended, now)
            reach("ingest-before-commit")
            return taken, put

        taken, put = await self._db.write(job, Priority.INGEST)
        reach("ingest-after-commit")
        self._done(source.name, taken, len(page.faults))
        return taken, put

    async def push(
        self, source: Push, mentions: Sequence[Mention], samples: Sequence[Sample], now: float, *, rejected: int = 0
    ) -> Taken:
        """What others sent. With `expect_every` a push covers the time since the last, unless that is too long.

        SourcePaused: nothing was taken.
        """
        desk = self._desk()
        matched = await self._match(desk, source, mentions)

        def job(connection: Connection) -> Taken:
            _, standing = cursors.get(connection, source.name)
            if standing.pause is not None:
                raise SourcePaused(source.name)
            taken = self._take(connection, desk, source.name, matched, samples, first=False, now=now)
            intake.add(connection, source.name, now, came(taken, rejected))
            cover_push(connection, source, standing, now)
            findings.end(connection, "source-silent", source.name, now)
            return _heard(connection, source, standing, taken, None, now)

        return await self._received(source, job, rejected, now)

    async def refused(self, source: str, count: int, now: float) -> None:
        """Records that were sent and could not be read, with none beside them that could."""

        def job(connection: Connection) -> None:
            if cursors.get(connection, source)[1].pause is None:
                intake.add(connection, source, now, Hour(rejected=count))

        await self._db.write(job, Priority.INGEST)
        self._metrics.records(source, "rejected", count)

    async def stream(self, source: Stream, haul: Haul, now: float, *, since: float | None, upto: float | None) -> Taken:
        """What a broker handed out; none of it is acknowledged before this returns.

        The source vouches up to `upto` (None: it is behind, nobody knows how far), from where its coverage ended, and
        not from before `since` where the broker kept nothing for us. SourcePaused: nothing was taken.
        """
        desk, spoke = self._desk(), bool(haul.mentions or haul.samples)
        matched = await self._match(desk, source, haul.mentions)
        if source.store == "matching":
            topics = {topic.name for topic in desk.config.topic}
            matched = [m for m in matched if m.read.said & topics]

        def job(connection: Connection) -> Taken:
            _, standing = cursors.get(connection, source.name)
            if standing.pause is not None:
                raise SourcePaused(source.name)
            taken = self._take(connection, desk, source.name, matched, haul.samples, first=False, now=now)
            intake.add(connection, source.name, now, came(taken, len(haul.faults)))
            gap = None
            if upto is not None and (spoke or source.expect_every is None):
                start = max((t for t in (since, standing.resumed_at) if t is not None), default=None)
                gap = cover_stream(connection, source, start, upto)
            if spoke:
                findings.end(connection, "source-silent", source.name, now)
            return _heard(connection, source, standing, taken, gap, now)

        return await self._received(source, job, len(haul.faults), now)

    async def _received(self, source: Source, job: Callable[[Connection], Taken], rejected: int, now: float) -> Taken:
        taken = await self._db.write(job, Priority.INGEST)
        reach("ingest-after-commit")
        self._done(source.name, taken, rejected)
        self._metrics.fetched(source.name, "ok")
        self._metrics.source(source.name, up=True, last_success=now, lag=taken.lag)
        return taken

    async def load(self, source: str, mentions: Sequence[Mention], samples: Sequence[Sample]) -> Taken:
        """History: teaches baselines, covers from its first to its last record, and can alarm nothing."""
        desk = self._desk()
        matched = await self._match(desk, desk.sources[source], mentions)
        return await self._db.write(lambda c: self.load_now(c, desk, source, matched, samples), Priority.PRUNE)

    def load_now(
        self, connection: Connection, desk: Desk, source: str, matched: Sequence[Matched], samples: Sequence[Sample]
    ) -> Taken:
        """The same within a transaction of the caller's."""
        taken = self._take(connection, desk, source, matched, samples, first=False)
        if taken.earliest is not None and taken.newest is not None:
            cursors.cover(connection, source, taken.earliest, taken.newest, touch=86400.0)
        return taken

    async def _match(self, desk: Desk, source: Source, mentions: Sequence[Mention]) -> list[Matched]:
        if len(mentions) < 20:
            return match(desk, source, mentions)
        return await asyncio.to_thread(match, desk, source, mentions)

    def _take(
        self,
        connection: Connection,
        desk: Desk,
        source: str,
        matched: Sequence[Matched],
        samples: Sequence[Sample],
        *,
        first: bool,
        now: float | None = None,
    ) -> Taken:
        """Stores what is new, puts corrections right, counts both. `now` None: history, which is no news."""
        tally = self._counter(desk)
        taken, new = self._mentions(connection, desk, source, matched, tally, first=first)
        turned = follow(connection, desk, desk.family(source), new, now)
        counted = tally.drain()
        counting.write(connection, desk, counted)
        touched = counting.earliest(counted)
        if samples:
            more, ids = take_samples(connection, desk, source, samples)
            touched |= ids
            taken = _plus(taken, more)
        late = [(desk.counting[id], at) for id, at in touched.items() if at < self._clock.now() - SAVED_AFTER]
        tracks.forget(connection, late)
        return replace(taken, touched=touched, turned=turned)

    def _counter(self, desk: Desk) -> Tally:
        if self._tally is None or self._tally[0] != desk.hash:
            self._tally = (desk.hash, Tally(desk.compiled))
        self._tally[1].drain()
        return self._tally[1]

    def _mentions(
        self,
        connection: Connection,
        desk: Desk,
        source: str,
        matched: Sequence[Matched],
        tally: Tally,
        *,
        first: bool,
    ) -> tuple[Taken, list[Reading]]:
        gone = forgetting.gone(connection, desk.key, [m.mention for m in matched])
        matched = [m for m in matched if m.mention.id not in gone] if gone else matched
        known = observations.known(connection, source, [m.mention.id for m in matched])
        fresh: dict[str, Stored] = {}
        duplicates, corrected, family = len(gone), 0, desk.family(source)
        for m in matched:
            old = known.get(m.mention.id) or fresh.get(m.mention.id)
            if old is None:
                row = self._new(desk, m, first=first)
                fresh[m.mention.id] = row
                if row.counted:
                    tally.add(m.read.mention, m.read.said, family=family, story_is_new=row.new_story)
            elif observations.same(old.mention, m.mention) and m.mention.reach <= old.mention.reach:
                duplicates += 1
            else:
                row = replace(old, mention=_corrected(old.mention, m.mention), said=m.read.kept())
                _swap(tally, desk, old, row, family)
                corrected += 1
                if m.mention.id in known:
                    counting.corrected(connection, desk, row.seq)
                    observations.correct(connection, row)
                    known[m.mention.id] = row
                else:
                    fresh[m.mention.id] = row
        observations.insert(connection, list(fresh.values()))
        new = list({m.mention.id: m.read for m in matched if m.mention.id in fresh}.values())
        taken = _taken([r.mention for r in new], len(fresh), duplicates, corrected, len(known))
        unmatched = sum(not any(":" not in each for each in r.said) for r in new) if desk.config.topic else 0
        return replace(taken, unmatched=unmatched), new

    def _new(self, desk: Desk, m: Matched, *, first: bool) -> Stored:
        mention = m.mention
        story, new = "", True
        if desk.stories:
            story, new = self.stories.assign(mention.source, mention.id, mention.title, mention.text, mention.at)
        counted = mention.published_at is not None or not first
        return Stored(seq=0, mention=mention, story=story, new_story=new, counted=counted, said=m.read.kept())

    def _done(self, source: str, taken: Taken, rejected: int) -> None:
        self._metrics.records(source, "accepted", taken.accepted)
        self._metrics.records(source, "duplicate", taken.duplicates)
        self._metrics.records(source, "corrected", taken.corrected)
        self._metrics.records(source, "rejected", rejected)
        self._tell(taken)


class Matched(Struct, frozen=True):
    """A mention with its source's labels, and what it says."""

    mention: Mention
    read: Reading


def match(desk: Desk, source: Source, mentions: Iterable[Mention]) -> list[Matched]:
    """Reads mentions: the part of taking in that needs no store."""
    out = []
    for mention in mentions:
        if source.labels or mention.source != source.name:
            mention = replace(mention, source=source.name, labels={**source.labels, **mention.labels})
        out.append(Matched(mention, desk.reader.read(mention)))
    return out


def _corrected(old: Mention, new: Mention) -> Mention:
    """The new content; reach never falls, arrival and a known date stay: feeds date anew what they touch."""
    dated = old.published_at if old.published_at is not None else new.published_at
    return replace(new, seen_at=old.seen_at, published_at=dated, reach=max(old.reach, new.reach))


def _swap(tally: Tally, desk: Desk, old: Stored, new: Stored, family: str) -> None:
    for row, sign in ((old, -1), (new, 1)):
        if row.counted:
            read = desk.reader.read(row.mention)
            tally.add(read.mention, read.said, family=family, story_is_new=row.new_story, sign=sign)


def _taken(fresh: list[Mention], accepted: int, duplicates: int, corrected: int, known: int) -> Taken:
    times = [m.at for m in fresh if m.published_at is not None]
    newest = max(fresh, key=lambda m: m.at, default=None)
    return Taken(
        accepted=accepted + corrected,
        duplicates=duplicates,
        corrected=corrected,
        known=known,
        earliest=min(times, default=None),
        newest=newest.at if newest else None,
        lag=max(0.0, newest.seen_at - newest.at) if newest else None,
        undated=sum(m.published_at is None for m in fresh),
        lags=sum(m.seen_at - m.at for m in fresh),
    )


def came(taken: Taken, rejected: int) -> Hour:
    """What a batch adds to the hour it came in."""
    return Hour(
        accepted=taken.accepted, duplicates=taken.duplicates, corrected=taken.corrected, rejected=rejected,
        undated=taken.undated, unmatched=taken.unmatched, lag=taken.lags,
    )  # fmt: skip


def _plus(a: Taken, b: Taken) -> Taken:
    return replace(
        a,
        accepted=a.accepted + b.accepted,
        duplicates=a.duplicates + b.duplicates,
        known=a.known + b.known,
        earliest=min((t for t in (a.earliest, b.earliest) if t is not None), default=None),
        newest=max((t for t in (a.newest, b.newest) if t is not None), default=None),
        lag=a.lag if a.lag is not None else b.lag,
    )


def take_samples(
    connection: Connection, desk: Desk, source: str, samples: Sequence[Sample]
) -> tuple[Taken, dict[int, float]]:
    """Stores samples and makes the buckets they touch anew from what is stored."""
    own = desk.sources[source].labels if source in desk.sources else {}
    samples = [replace(s, source=source, labels={**own, **s.labels}) for s in samples]
    changed, known = observations.put_samples(connection, samples)
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[float]] = {}
    for sample in changed:
        groups.setdefault((sample.series, tuple(sorted(sample.labels.items()))), []).append(sample.at)
    touched: dict[int, float] = {}
    ready = buckets.ready(connection)
    for (series, labels), times in groups.items():
        around = observations.samples_around(connection, series, dict(labels), min(times), max(times))
        for id, start in counting.remake(connection, desk, around, min(times), ready).items():
            touched[id] = min(start, touched.get(id, start))
    times = [s.at for s in changed]
    taken = Taken(
        accepted=len(changed), duplicates=known, known=known, earliest=min(times, default=None),
        newest=max(times, default=None),
    )  # fmt: skip
    return taken, touched


def _heard(
    connection: Connection, source: Source, standing: Standing, taken: Taken, gap: float | None, now: float
) -> Taken:
    """Notes that a source spoke that is not polled. Which instants are to be judged anew is in what it returns."""
    put = replace(
        standing, last_try=now, last_good=now, last_record=taken.newest or standing.last_record, failures=0, fault="",
        fault_since=None, first_good=standing.first_good or now, hours=hourly(standing.hours, taken.accepted, now),
    )  # fmt: skip
    cursors.put(connection, source.name, {}, put)
    findings.end(connection, "source-failing", source.name, now)
    reach("ingest-before-commit")
    first = None if standing.last_good is None else standing.first_good
    return replace(taken, since=_since(taken, gap, first, now))


def _since(taken: Taken, gap: float | None, first: float | None, now: float) -> float | None:
    """The earliest event that older instants have not seen: late records, or those of an outage just over.

    What lies before the source was first listened to is history: it teaches, and alarms nothing.
    """
    late = taken.earliest if taken.earliest is not None and taken.earliest < now - IN_TIME else None
    if first is None or (gap is None and late is None):
        return None
    return max(first, min(t for t in (gap, late) if t is not None))


def _note_page(connection: Connection, source: str, page: Page, outcome: Outcome, now: float) -> None:
    """Findings about a page: more may have passed than it shows, or most of it bears no date."""
    if outcome.result == "saturated":
        findings.begin(connection, "source-saturated", source, now, {"records": len(page.mentions)})
    elif not page.unchanged:
        findings.end(connection, "source-saturated", source, now)
    undated = sum(m.published_at is None for m in page.mentions)
    if undated * 2 > len(page.mentions):
        findings.begin(connection, "undated", source, now, {"undated": undated, "records": len(page.mentions)})
    elif page.mentions:
        findings.end(connection, "undated", source, now)


def hourly(hours: dict[str, int], accepted: int, now: float) -> dict[str, int]:
    """Records by the hour, of the last day."""
    this = int(now // 3600)
    kept = {hour: n for hour, n in hours.items() if int(hour) > this - 24}
    return kept | {str(this): kept.get(str(this), 0) + accepted}
