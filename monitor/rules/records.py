"""The records of a replay in the order of their arrival: what is counted when, and what samples vouch for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import median

from msgspec import structs

from monitor.mentions.reading import Reading
from monitor.model import Mention, Sample
from monitor.rules.buckets import Tally, contributions_of_samples
from monitor.rules.memory import At, Memory
from monitor.rules.spread import spread
from monitor.rules.terms import Heard
from monitor.series import Bucket, Interval
from monitor.times import MINUTE

Record = Mention | Sample
COALESCED = 0.05
AFTER = 0.001
"""A mention that arrives on a whole minute is judged this much later: at the minute itself no window holds it yet."""
LATE = 2.5
"""A sample without a span vouches back to the one before, unless that is this many usual gaps away."""


def lives(records: Iterable[Record]) -> dict[str, Interval]:
    """Where sources of mentions vouch: from the first to the last record."""
    out: dict[str, Interval] = {}
    for r in records:
        if isinstance(r, Mention):
            first, last = out.get(r.source, (r.at, r.seen_at))
            out[r.source] = (min(first, r.at), max(last, r.seen_at))
    return out


def arrivals(records: Sequence[Record]) -> Iterator[tuple[float, list[Record]]]:
    """Instants with what arrived since the last: the first at once, those within 50 ms after it together."""
    ordered = sorted(records, key=lambda r: (r.seen_at, r.at))
    i = 0
    opened = -COALESCED
    while i < len(ordered):
        seen = ordered[i].seen_at
        until = opened + COALESCED if seen <= opened + COALESCED else seen
        opened = opened if seen <= opened + COALESCED else seen
        batch = []
        while i < len(ordered) and ordered[i].seen_at <= until:
            batch.append(ordered[i])
            i += 1
        on_minute = until % MINUTE == 0 and any(isinstance(r, Mention) for r in batch)
        yield (until + AFTER if on_minute else until), batch


class Intake:
    """Counts records into a memory, each identity once; other content of an identity replaces it, its date stays."""

    def __init__(
        self,
        tally: Tally,
        memory: Memory,
        read: Callable[[Mention], Reading],
        story_is_new: Callable[[Mention], bool],
        families: Mapping[str, str],
        heard: Heard | None = None,
    ) -> None:
        self.heard = heard
        self.tally, self.memory, self.families = tally, memory, families
        self.read, self.story_is_new = read, story_is_new
        self._mentions: dict[tuple[str, str], Mention] = {}
        self._new: set[tuple[str, str]] = set()
        self._samples: dict[tuple[object, ...], Sample] = {}
        self._newest: dict[tuple[object, ...], tuple[Sample, list[float]]] = {}

    def take(self, batch: Iterable[Record]) -> set[At]:
        """Counts; returns the series that changed."""
        for record in batch:
            if isinstance(record, Mention):
                self._mention(record)
            else:
                self._sample(record)
        return self.memory.take(self.tally.drain())

    def _mention(self, mention: Mention) -> None:
        identity = (mention.source, mention.id)
        old = self._mentions.get(identity)
        if old is not None and old.published_at is not None:
            mention = structs.replace(mention, published_at=old.published_at)
        if old is not None and _content(old) == _content(mention):
            return
        self._mentions[identity] = mention
        family = self.families.get(mention.source, "")
        if old is None and self.story_is_new(mention):
            self._new.add(identity)
        new = identity in self._new
        if old is not None:
            was = self.read(old)
            self.tally.add(was.mention, was.said, family=family, story_is_new=new, sign=-1)
        if self.heard is not None:
            self.heard.put(mention, story_is_new=new)
        now = self.read(mention)
        self.tally.add(now.mention, now.said, family=family, story_is_new=new)

    def _sample(self, sample: Sample) -> None:
        if sample.at > sample.seen_at:
            sample = structs.replace(sample, at=sample.seen_at)
        series = (sample.source, sample.series, *sorted(sample.labels.items()))
        old = self._samples.get((*series, sample.at))
        if old is not None and old.value == sample.value:
            return
        self._samples[(*series, sample.at)] = sample
        before, gaps = self._newest.get(series, (None, []))
        family = self.families.get(sample.source, "")
        buckets = spread([sample], before)
        if old is not None and sample.kind != "counter":
            buckets = [*(_taken_out(b) for b in spread([old])), *buckets]
        self.tally.add_samples(sample.source, family, sample.series, sample.labels, buckets)
        span = self._span(sample, before, gaps)
        for id, key in contributions_of_samples(
            self.tally.compiled, sample.source, family, sample.series, sample.labels
        ):
            self.memory.cover(id, key, sample.source, (sample.at - span, sample.at))
        if before is None or sample.at > before.at:
            self._newest[series] = (sample, gaps if before is None else [*gaps[-8:], sample.at - before.at])

    def _span(self, sample: Sample, before: Sample | None, gaps: list[float]) -> float:
        """What a sample vouches for: its span, else the time since the one before where that is usual."""
        if sample.span > 0:
            return max(sample.span, MINUTE)
        if before is None or sample.at <= before.at:
            return MINUTE
        gap = sample.at - before.at
        if sample.kind != "counter" and gaps and gap > LATE * median(gaps):
            return MINUTE
        return max(gap, MINUTE)


def _content(mention: Mention) -> tuple[object, ...]:
    return mention.text, mention.title, mention.url, mention.author, mention.published_at, mention.labels, mention.reach


def _taken_out(bucket: Bucket) -> Bucket:
    """What added takes a sample's sum and number out again."""
    return Bucket(bucket.start, bucket.span, -bucket.n, 0.0, -bucket.sum, None, None, None, 0.0)
