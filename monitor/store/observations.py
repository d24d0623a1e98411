"""Mentions and samples as they came in: identity, duplicates, corrections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.engine import Connection, RowMapping

from monitor.model import Labels, Mention, Said, Sample, SampleKind
from monitor.store.codec import chunks, dump, dump_labels, load, placeholder, upsert
from monitor.store.prepared import Prepared
from monitor.store.tables import mentions, samples


class Stored(Struct, frozen=True, kw_only=True):
    """A mention as stored, with what counting made of it. `counted` False: undated on a first page, teaches nothing.

    `said`: what was read in it when it came in; None where nobody asked for more than topics.
    """

    seq: int
    mention: Mention
    story: str = ""
    new_story: bool = False
    counted: bool = True
    said: Said | None = None


def known(connection: Connection, source: str, ids: Iterable[str]) -> dict[str, Stored]:
    """Those of the ids that a source already brought."""
    out: dict[str, Stored] = {}
    for part in chunks(ids):
        mark = placeholder(connection)
        query = f"SELECT * FROM mentions WHERE source = {mark} AND id IN ({', '.join([mark] * len(part))})"
        rows = connection.exec_driver_sql(query, (source, *part)).mappings()
        out.update((row["id"], stored_of(row)) for row in rows)
    return out


def same(old: Mention, new: Mention) -> bool:
    """Same content: arrival and reach aside (a mention seen again may raise its reach)."""
    return replace(old, seen_at=new.seen_at, reach=new.reach, published_at=new.published_at or old.published_at) == new


def insert(connection: Connection, rows: Sequence[Stored]) -> None:
    """Adds new mentions; their `seq` is given by the database. By the driver: it is the hot path of the ingest."""
    if rows:
        names = _row(rows[0])
        places = ", ".join([placeholder(connection)] * len(names))
        columns = ", ".join(f'"{name}"' for name in names)
        statement = f"INSERT INTO mentions ({columns}) VALUES ({places})"
        connection.exec_driver_sql(statement, [tuple(_row(row).values()) for row in rows])


def correct(connection: Connection, row: Stored) -> None:
    """Puts a correction in the place of what stood."""
    values = _row(row)
    connection.execute(sa.update(mentions).where(mentions.c.seq == row.seq).values(values))


def _row(stored: Stored) -> dict[str, object]:
    m = stored.mention
    return {
        "source": m.source,
        "id": m.id,
        "at": m.at,
        "seen_at": m.seen_at,
        "dated": m.published_at is not None,
        "counted": stored.counted,
        "title": m.title,
        "text": m.text,
        "url": m.url,
        "author": m.author,
        "lang": m.lang,
        "labels": dump(m.labels) if m.labels else "{}",
        "reach": m.reach,
        "story": stored.story,
        "new_story": stored.new_story,
        "said": None if stored.said is None else dump(stored.said),
    }


def stored_of(row: RowMapping) -> Stored:
    """A row of the table as it was stored."""
    mention = Mention(
        id=row["id"],
        text=row["text"],
        seen_at=row["seen_at"],
        source=row["source"],
        title=row["title"],
        url=row["url"],
        author=row["author"],
        published_at=row["at"] if row["dated"] else None,
        lang=row["lang"],
        labels=load(row["labels"], Labels),
        reach=row["reach"],
    )
    return Stored(
        seq=row["seq"],
        mention=mention,
        story=row["story"],
        new_story=bool(row["new_story"]),
        counted=bool(row["counted"]),
        said=None if row["said"] is None else load(row["said"], Said),
    )


def last_seq(connection: Connection) -> int:
    """The newest mention's number, 0 when there is none."""
    return connection.scalar(sa.select(sa.func.max(mentions.c.seq))) or 0


def between(connection: Connection, after: int, upto: int, limit: int) -> list[Stored]:
    """Mentions in order of arrival with `after` < seq ≤ `upto`: for recounting in bites."""
    query = (
        sa.select(mentions).where(mentions.c.seq > after, mentions.c.seq <= upto).order_by(mentions.c.seq).limit(limit)
    )
    return [stored_of(row) for row in connection.execute(query).mappings()]


def window(connection: Connection, start: float, end: float, limit: int = 2000) -> list[Stored]:
    """The newest mentions of a window of event time, newest first."""
    query = sa.select(mentions).where(mentions.c.at >= start, mentions.c.at <= end).order_by(mentions.c.at.desc())
    return [stored_of(row) for row in connection.execute(query.limit(limit)).mappings()]


def back(connection: Connection, start: float, before: float, limit: int) -> tuple[list[Stored], float]:
    """The newest counted mentions with start ≤ at < before, newest first, and from when on these are all there are.

    Of one instant all or none are there, save where that alone is more than the limit.
    """
    query = (
        sa.select(mentions)
        .where(mentions.c.at >= start, mentions.c.at < before, mentions.c.counted)
        .order_by(mentions.c.at.desc())
        .limit(limit)
    )
    rows = [stored_of(row) for row in connection.execute(query).mappings()]
    if len(rows) < limit:
        return rows, start
    oldest = rows[-1].mention.at
    whole = [row for row in rows if row.mention.at > oldest]
    return (whole, whole[-1].mention.at) if whole else (rows, oldest)


def recent_stories(connection: Connection, since: float, limit: int = 200_000) -> list[tuple[str, str, float]]:
    """(story, title + newline + text, at) of mentions since an instant, oldest first: for the story index."""
    columns = (mentions.c.story, mentions.c.title, mentions.c.text, mentions.c.at)
    query = (
        sa.select(*columns).where(mentions.c.at >= since, mentions.c.story != "").order_by(mentions.c.seq).limit(limit)
    )
    return [(row.story, f"{row.title}\n{row.text}", row.at) for row in connection.execute(query)]


def put_samples(connection: Connection, rows: Sequence[Sample]) -> tuple[list[Sample], int]:
    """Adds samples; returns those that are new or corrected, and how many were known already."""
    fresh = {(s.series, dump_labels(s.labels), s.at): s for s in rows}
    known = _known_samples(connection, fresh)
    changed = {id: s for id, s in fresh.items() if known.get(id) != (s.value, s.kind, s.span)}
    if changed:
        statement = upsert(connection, samples)
        columns = ("value", "source", "kind", "span", "seen_at")
        new = {name: statement.excluded[name] for name in columns}
        statement = statement.on_conflict_do_update(index_elements=["series", "labels", "at"], set_=new)
        connection.execute(statement, [_sample_row(*id, s) for id, s in changed.items()])
    return list(changed.values()), len(rows) - len(changed)


SampleId = tuple[str, str, float]


def _known_samples(connection: Connection, wanted: Iterable[SampleId]) -> dict[SampleId, tuple[float, str, float]]:
    c, out = samples.c, {}
    columns = (c.series, c.labels, c.at, c.value, c.kind, c.span)
    for part in chunks(wanted, 300):
        query = sa.select(*columns).where(
            c.series.in_({id[0] for id in part}), c.at >= min(id[2] for id in part), c.at <= max(id[2] for id in part)
        )
        out.update({(r[0], r[1], r[2]): (r[3], r[4], r[5]) for r in connection.execute(query)})
    return out


def _sample_row(series: str, labels: str, at: float, sample: Sample) -> dict[str, object]:
    return {
        "series": series,
        "labels": labels,
        "at": at,
        "value": sample.value,
        "source": sample.source,
        "kind": sample.kind,
        "span": sample.span,
        "seen_at": sample.seen_at,
    }


def samples_around(connection: Connection, series: str, labels: Labels, start: float, end: float) -> list[Sample]:
    """Samples of one series and label set in `[start, end]`, and the one before and after (counters need them)."""
    asked = {"of_series": series, "of_labels": dump_labels(labels), "since": start, "until": end}
    return [_sample(row) for row in _AROUND.run(connection, asked).mappings()]


def _around(_: Connection) -> sa.Select[Any]:
    start, end = sa.bindparam("since", type_=sa.Double), sa.bindparam("until", type_=sa.Double)
    mine = (samples.c.series == sa.bindparam("of_series"), samples.c.labels == sa.bindparam("of_labels"))
    before = sa.select(sa.func.max(samples.c.at)).where(*mine, samples.c.at < start).scalar_subquery()
    after = sa.select(sa.func.min(samples.c.at)).where(*mine, samples.c.at > end).scalar_subquery()
    span = (samples.c.at >= sa.func.coalesce(before, start), samples.c.at <= sa.func.coalesce(after, end))
    return sa.select(samples).where(*mine, *span).order_by(samples.c.at)


_AROUND = Prepared(_around)


def all_samples(connection: Connection, series: str) -> list[Sample]:
    """All samples of a series, by labels and time: for recounting."""
    query = sa.select(samples).where(samples.c.series == series).order_by(samples.c.labels, samples.c.at)
    return [_sample(row) for row in connection.execute(query).mappings()]


def _sample(row: Mapping[str, Any] | RowMapping) -> Sample:
    kind: SampleKind = row["kind"]
    return Sample(
        series=row["series"],
        at=row["at"],
        value=row["value"],
        seen_at=row["seen_at"],
        source=row["source"],
        kind=kind,
        span=row["span"],
        labels=load(row["labels"], Labels),
    )
