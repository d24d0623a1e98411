"""Topics: every query can be read, and some rule asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.config.draft import Draft
from monitor.config.fault import Problem
from monitor.mentions.query import QueryFault, parse


def wrong_queries(draft: Draft) -> Iterator[Problem]:
    """Queries that cannot be read, with the place in the query."""
    for path, topic in draft.each("topic"):
        try:
            parse(topic.query)
        except QueryFault as fault:
            yield Problem(path=(*path, "query"), id="query", args={"text": fault})
