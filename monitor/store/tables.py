"""The tables, as SQLAlchemy Core knows them. Instants are Unix seconds; JSON is text its noun reads."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()

Instant = sa.Double
Text = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
"""Sorted by its bytes on both databases, whatever the server's language."""
WITHOUT_ROWID: dict[str, Any] = {"sqlite_with_rowid": False}

meta = sa.Table("meta", metadata, sa.Column("key", Text, primary_key=True), sa.Column("value", Text, nullable=False))

mentions = sa.Table(
    "mentions",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("id", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("dated", sa.Boolean, nullable=False),
    sa.Column("counted", sa.Boolean, nullable=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("url", Text, nullable=False),
    sa.Column("author", Text, nullable=False),
    sa.Column("lang", Text, nullable=False),
    sa.Column("labels", Text, nullable=False),
    sa.Column("reach", sa.BigInteger, nullable=False),
    sa.Column("story", Text, nullable=False),
    sa.Column("new_story", sa.Boolean, nullable=False),
    sa.Column("said", Text),
    sa.UniqueConstraint("source", "id"),
    sa.Index("mentions_at", "at"),
)
_ddl: Any = sa.DDL
sa.event.listen(mentions, "after_create", _ddl("CREATE INDEX mentions_story ON mentions (story, at) WHERE story <> ''"))
"""Only mentions that belong to a story are looked up by it. As an Index it would load PostgreSQL's whole dialect."""

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("who", Text, primary_key=True),
    sa.Column("heard_at", Instant, nullable=False),
    sa.Column("data", Text, nullable=False),
    **WITHOUT_ROWID,
)

intake = sa.Table(
    "intake",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("hour", sa.BigInteger, primary_key=True),
    sa.Column("accepted", sa.BigInteger, nullable=False),
    sa.Column("duplicates", sa.BigInteger, nullable=False),
    sa.Column("corrected", sa.BigInteger, nullable=False),
    sa.Column("rejected", sa.BigInteger, nullable=False),
    sa.Column("undated", sa.BigInteger, nullable=False),
    sa.Column("unmatched", sa.BigInteger, nullable=False),
    sa.Column("lag", sa.Double, nullable=False),
    **WITHOUT_ROWID,
)

forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("mark", Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    **WITHOUT_ROWID,
)

samples = sa.Table(
    "samples",
    metadata,
    sa.Column("series", Text, primary_key=True),
    sa.Column("labels", Text, primary_key=True),
    sa.Column("at", Instant, primary_key=True),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("source", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("span", sa.Double, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    **WITHOUT_ROWID,
)

selections = sa.Table(
    "selections",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("ready", sa.Boolean, nullable=False),
    sa.Column("retired", sa.Boolean, nullable=False),
)

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("selection", sa.BigInteger, nullable=False, index=True),
    sa.Column("key", Text, nullable=False),
)

buckets = sa.Table(
    "buckets",
    metadata,
    sa.Column("series", sa.BigInteger, primary_key=True),
    sa.Column("start", sa.BigInteger, primary_key=True),
    sa.Column("span", sa.BigInteger, primary_key=True),
    sa.Column("source", Text, primary_key=True),
    sa.Column("n", sa.Double, nullable=False),
    sa.Column("stories", sa.Double, nullable=False),
    sa.Column("sum", sa.Double, nullable=False),
    sa.Column("min", sa.Double),
    sa.Column("max", sa.Double),
    sa.Column("last", sa.Double),
    sa.Column("last_at", Instant, nullable=False),
    sa.Index("buckets_age", "span", "start"),
    **WITHOUT_ROWID,
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("series", sa.BigInteger, primary_key=True),
    sa.Column("kind", Text, primary_key=True),
    sa.Column("minute", sa.BigInteger, primary_key=True),
    sa.Column("who", Text, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    **WITHOUT_ROWID,
)

coverage = sa.Table(
    "coverage",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("start", Instant, primary_key=True),
    sa.Column("end", Instant, nullable=False),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("cursor", Text, nullable=False),
    sa.Column("standing", Text, nullable=False),
)

judged = sa.Table(
    "judged",
    metadata,
    sa.Column("rule", Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("meaning", Text, nullable=False),
)

tracks = sa.Table(
    "tracks",
    metadata,
    sa.Column("rule", Text, primary_key=True),
    sa.Column("meaning", Text, nullable=False),
    sa.Column("selection", sa.BigInteger, nullable=False),
    sa.Column("upto", Instant, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("rule", Text, primary_key=True),
    sa.Column("key", Text, primary_key=True),
    sa.Column("incident", Text, index=True),
    sa.Column("data", Text, nullable=False),
)

reported = sa.Table(
    "reported",
    metadata,
    sa.Column("group_key", Text, primary_key=True),
    sa.Column("fingerprint", Text, primary_key=True),
    sa.Column("ends_at", Instant),
    sa.Column("heard_at", Instant, nullable=False),
    sa.Column("data", Text, nullable=False),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("number", Text, primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    sa.Column("risk", Text, nullable=False),
    sa.Column("state", Text, nullable=False, index=True),
    sa.Column("tier", sa.Integer, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("data", Text, nullable=False),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("incident", Text, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("args", Text, nullable=False),
)

silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("until", Instant, nullable=False),
    sa.Column("data", Text, nullable=False),
)

timers = sa.Table(
    "timers",
    metadata,
    sa.Column("incident", Text, primary_key=True),
    sa.Column("kind", Text, primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("fired_at", Instant),
    sa.Index("timers_due", "state", "due_at"),
)

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("kind", Text, primary_key=True),
    sa.Column("subject", Text, primary_key=True),
    sa.Column("since", Instant, primary_key=True),
    sa.Column("ended_at", Instant),
    sa.Column("args", Text, nullable=False),
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("incident", Text, nullable=False),
    sa.Column("notice", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("data", Text, nullable=False),
)

drills = sa.Table(
    "drills",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("stopped_at", Instant),
    sa.Column("data", Text, nullable=False),
)

statements = sa.Table(
    "statements",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("incident", Text, nullable=False, index=True),
    sa.Column("data", Text, nullable=False),
)

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("incident", Text, primary_key=True),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("data", Text, nullable=False),
)

playbook_texts = sa.Table(
    "playbook_texts",
    metadata,
    sa.Column("revision", Text, primary_key=True),
    sa.Column("id", Text, nullable=False),
    sa.Column("texts", Text, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("key", Text, nullable=False, unique=True),
    sa.Column("incident", Text, nullable=False, index=True),
    sa.Column("notice", sa.Integer, nullable=False),
    sa.Column("facts", sa.BigInteger, nullable=False),
    sa.Column("tier", sa.Integer, nullable=False),
    sa.Column("transition", Text, nullable=False),
    sa.Column("person", Text, nullable=False),
    sa.Column("channel", Text, nullable=False),
    sa.Column("route", Text, nullable=False),
    sa.Column("tried", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("claimed_at", Instant),
    sa.Column("sent_at", Instant),
    sa.Column("unsent_tier", sa.Integer),
    sa.Column("answer", Text, nullable=False),
    sa.Column("also", Text),
    sa.Index("deliveries_due", "state", "next_at"),
    sa.Index("deliveries_person", "person", "created_at"),
)
