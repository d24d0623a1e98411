"""A drill's records counted in buckets of their own, laid over what the store counts. Nothing here is ever written.

The records go the way of real ones: their source's labels, topics, tally. What comes out bears the drill's mark in its
key; the real series under it are only read, so baselines know nothing of a drill.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from monitor.daemon.desk import Desk
from monitor.daemon.ingest import match
from monitor.daemon.memory import Memory
from monitor.daemon.view import Sight, batch
from monitor.incidents.plan import DRILL, is_drill
from monitor.model import Alert, Drill, Key, Mention, Sample
from monitor.rules.buckets import Counted, Tally
from monitor.rules.rule import Rule
from monitor.rules.select import other_side
from monitor.rules.spread import spread
from monitor.series import Bucket, Series, join_intervals
from monitor.store.observations import Stored

Records = Sequence[Mention | Sample]


def placed(desk: Desk, records: Records) -> Records:
    """The records with their sources as this config calls them, and the house by its name."""
    by_family: dict[str, str] = {}
    for known in desk.sources.values():
        by_family.setdefault(known.family, known.name)
    name = desk.config.settings.organisation
    out: list[Mention | Sample] = []
    for record in records:
        source = record.source if record.source in desk.sources else by_family.get(record.source, "")
        if isinstance(record, Mention):
            out.append(replace(record, source=source, text=record.text.replace("{organisation}", name)))
        else:
            out.append(replace(record, source=source))
    return [record for record in out if record.source]


def count(desk: Desk, records: Records) -> tuple[Counted, list[Stored]]:
    """The buckets of a drill's records, and its mentions as a notice may quote them, newest first."""
    tally, rows = Tally(desk.compiled), list[Stored]()
    told: set[str] = set()
    for mention in (r for r in records if isinstance(r, Mention) and r.source in desk.sources):
        (matched,) = match(desk, desk.sources[mention.source], [mention])
        fresh = mention.text not in told
        told.add(mention.text)
        family = desk.family(mention.source)
        tally.add(matched.read.mention, matched.read.said, family=family, story_is_new=fresh)
        rows.append(Stored(seq=-len(rows) - 1, mention=matched.mention, story="", new_story=fresh, counted=True))
    for (source, series, labels), mine in _of_one(desk, records).items():
        tally.add_samples(source, desk.family(source), series, dict(labels), spread(mine))
    return tally.drain(), rows[::-1]


def _of_one(desk: Desk, records: Records) -> dict[tuple[str, str, Key], list[Sample]]:
    out: dict[tuple[str, str, Key], list[Sample]] = {}
    for sample in (r for r in records if isinstance(r, Sample)):
        own = desk.sources[sample.source].labels if sample.source in desk.sources else {}
        labels = {**own, **{k: v for k, v in sample.labels.items() if k != DRILL}}
        out.setdefault((sample.source, sample.series, tuple(sorted(labels.items()))), []).append(sample)
    return out


def touched(desk: Desk, rule: Rule, counted: Counted) -> bool:
    """Whether a rule counts anything of a drill."""
    part, _ = desk.asked[rule.name]
    return rule.mode == "live" and any(id == part.id for id, *_ in counted.buckets)


def series_of(
    connection: Connection,
    desk: Desk,
    memory: Memory,
    rule: Rule,
    counted: Counted,
    standing: Iterable[Key],
    drill: Drill,
    sight: Sight,
) -> list[Series]:
    """A rule's series as they would be if the drill were real, keys marked; those it does not touch are left out."""
    part, whole = desk.asked[rule.name]
    keys = {key for id, key, *_ in counted.buckets if id == part.id} | {bare(key) for key in standing}
    found = {s.key: s for s in batch(connection, desk, memory, rule, sight, keys)}
    out = []
    for key in sorted(keys & found.keys()):
        over = _over(found[key], counted, part.id, key, drill, sight.now)
        if over.denominator is not None and whole is not None:
            side = _over(over.denominator, counted, whole.id, other_side(key, whole), drill, sight.now)
            over = replace(over, denominator=side)
        out.append(replace(over, key=(*key, (DRILL, drill.id))))
    return out


def marked(alert: Alert, drill: Drill) -> Alert:
    """An alert under the drill's mark."""
    return alert if is_drill(alert.key) else replace(alert, key=(*alert.key, (DRILL, drill.id)))


def bare(key: Key) -> Key:
    """The key of the real series under a marked one."""
    return tuple((label, value) for label, value in key if label != DRILL)


def _over(series: Series, counted: Counted, selection: int, key: Key, drill: Drill, now: float) -> Series:
    """One series with the drill's buckets and marks laid over it. What it brings, it vouches for."""
    own = [b for (id, k, *_), b in counted.buckets.items() if id == selection and k == key]
    marks: dict[str, set[tuple[float, str]]] = {kind: set(pairs) for kind, pairs in series.marks.items()}
    for (id, k, kind, minute, who), n in counted.marks.items():
        if id == selection and k == key and n > 0:
            marks.setdefault(kind, set()).add((minute, who))
    during = [(drill.started_at, now)]
    return replace(
        series,
        buckets=tuple(sorted((*series.buckets, *own), key=_start)),
        marks={kind: tuple(sorted(pairs)) for kind, pairs in marks.items()},
        covered=join_intervals([*series.covered, *during]),
        full=join_intervals([*series.full, *during]),
        last_at=max((b.last_at for b in own), default=series.last_at),
        longest=max((series.longest, *(b.span for b in own))),
    )


def _start(bucket: Bucket) -> float:
    return bucket.start
