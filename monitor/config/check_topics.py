"""Topics, labels and lexicons: every query can be read, every label has a source, every lexicon is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as FilePath

from monitor.config.convert import unknown
from monitor.config.draft import Draft
from monitor.config.fault import Path, Problem
from monitor.config.reading import ReadingFault, dangers_of, moods_of
from monitor.incidents.axes import CHILD
from monitor.mentions.labels import FIELDS, OWN, Label
from monitor.mentions.query import QueryFault, parse
from monitor.mentions.signs import DANGER


def wrong_queries(draft: Draft) -> Iterator[Problem]:
    """Queries that cannot be read, with the place in the query."""
    for path, topic in draft.each("topic"):
        yield from _query(topic.query, (*path, "query"))


def _query(query: str, path: Path) -> Iterator[Problem]:
    try:
        parse(query)
    except QueryFault as fault:
        yield Problem(path=path, id="query", args={"text": fault})


def wrong_labels(draft: Draft) -> Iterator[Problem]:
    """Labels that nothing fills, and what can't be read in them."""
    for path, label in draft.each("label"):
        for value, query in label.values.items():
            yield from _query(query, (*path, "values", value))
        yield from _pattern(label, path)
        if not label.values and not label.pattern:
            yield Problem(path=path, id="label_nothing")


def _pattern(label: Label, path: Path) -> Iterator[Problem]:
    if not label.pattern and not label.field:
        return
    try:
        re.compile(label.pattern)
    except re.error as fault:
        args = {"value": label.pattern, "text": str(fault)}
        yield Problem(path=(*path, "pattern"), id="label_pattern", args=args)
    if label.field not in FIELDS and not label.field.startswith(OWN):
        args = {"value": label.field, "names": ", ".join((*FIELDS, f"{OWN}NAME"))}
        yield Problem(path=(*path, "field"), id="label_field", args=args)
    elif not label.pattern:
        yield Problem(path=path, id="label_nothing")


def wrong_lexicons(draft: Draft) -> Iterator[Problem]:
    """Files of `[reading]` that are no lexicon and no model."""
    settings, folder = draft.table("reading"), home(draft)
    for key, read in (("mood", moods_of), ("danger", dangers_of)):
        if not getattr(settings, key):
            continue
        try:
            read(settings, folder)
        except ReadingFault as fault:
            args = {"name": getattr(settings, key), "text": fault.text}
            yield Problem(path=("reading", key), id="no_lexicon", args=args)


def unknown_dangers(draft: Draft) -> Iterator[Problem]:
    """Kinds of danger that the lexicon does not know."""
    asked: list[tuple[str, Path]] = []
    for path, rule in draft.each("rule"):
        asked += [(danger, (*path, "where", "danger", i)) for i, danger in enumerate(rule.where.danger)]
        asked += [(n.removeprefix(DANGER), (*path, "weigh", n)) for n in rule.weigh if n.startswith(DANGER)]
    if not asked:
        return
    try:
        known = {*dangers_of(draft.table("reading"), home(draft)).tiers, CHILD}
    except ReadingFault:
        return
    for danger, path in asked:
        if danger not in known:
            yield unknown("danger", danger, known, path)


def home(draft: Draft) -> FilePath:
    """The folder of the config: what it names beside itself lies there."""
    return FilePath(draft.merged.documents[0].name).parent
