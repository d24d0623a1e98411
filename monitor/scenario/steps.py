"""Steps written down -> records: each at its instant, each with its number."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from monitor.model import Labels, Mention, Sample
from monitor.scenario.schema import Mentions, Numbers
from monitor.times import Duration, day_span, duration, instant, is_bare_date

MOST = 200_000
"""Records of one table; more is a slip, or a load test, which is another thing."""


def moment(text: str, start: float, zone: ZoneInfo) -> float:
    """An instant; of a span ("90m", "-8d"), so long after the start; of a bare date, its beginning."""
    if is_bare_date(text):
        return day_span(text, zone)[0]
    try:
        return start + (-duration(text[1:]) if text.startswith("-") else duration(text.removeprefix("+")))
    except ValueError:
        return instant(text, zone)


def times(at: float, every: Duration | None, span: Duration | None) -> list[float]:
    """The instants of steps: `at` alone, or from it on `every` for a while."""
    if every is None or span is None:
        return [at]
    return [at + i * every for i in range(min(MOST, max(0, round(span / every))))]


def mentions(steps: Mentions, at: float, source: str, labels: Labels, family: str, prefix: str) -> Iterator[Mention]:
    """Those of a table: `count` of each step spread evenly over it, texts in turn, each with an author of its own."""
    n = 0
    for i, step in enumerate(times(at, steps.every, steps.for_)):
        count = steps.values[i % len(steps.values)] if steps.values else 1 if steps.count is None else steps.count
        for j in range(min(count, MOST)):
            said = step + (steps.every or 0.0) * j / count
            yield Mention(
                id=f"{prefix}-{n}", text=steps.text[n % len(steps.text)], seen_at=said + steps.late,
                published_at=said, source=source, title=steps.title, url=steps.url,
                author=steps.author or f"{prefix}-{family}-{n}", labels={**labels, **steps.labels},
                reach=steps.reach,
            )  # fmt: skip
            n += 1


def samples(steps: Numbers, at: float, source: str, labels: Labels) -> Iterator[Sample]:
    """Those of a table. A delta without a span is spread over its step."""
    span = steps.span if steps.span is not None else (steps.every if steps.kind == "delta" and steps.every else 0.0)
    for i, step in enumerate(times(at, steps.every, steps.for_)):
        value = steps.values[i % len(steps.values)] if steps.values else steps.value or 0.0
        yield Sample(
            series=steps.series, at=step, value=value, seen_at=step, source=source, kind=steps.kind, span=span,
            labels={**labels, **steps.labels},
        )  # fmt: skip
