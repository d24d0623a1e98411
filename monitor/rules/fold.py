"""The series beyond a rule's `max_series`, gathered in one called "other"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from monitor.model import Key
from monitor.rules.select import OTHER
from monitor.series import Series, join_intervals


def fold(batch: Sequence[Series], most: int) -> list[Series]:
    """The first `most` series as they are and the rest as one; `batch` stands in the order of first appearance."""
    if len(batch) <= most:
        return list(batch)
    return [*batch[:most], together(other_key(batch[0].key), batch[most:])]


def other_key(key: Key) -> Key:
    """The key that gathers the rest, for a rule whose keys look like this one."""
    return tuple((label, OTHER) for label, _ in key)


def together(key: Key, batch: Sequence[Series]) -> Series:
    """Several series of a rule as one: what they counted side by side."""
    first = batch[0]
    kinds = {kind for series in batch for kind in series.marks}
    wholes = [series.denominator for series in batch if series.denominator is not None]
    return Series(
        key=key,
        measure=first.measure,
        buckets=tuple(sorted(chain.from_iterable(s.buckets for s in batch), key=lambda b: b.start)),
        marks={kind: tuple(sorted(set(chain.from_iterable(s.marks.get(kind, ()) for s in batch)))) for kind in kinds},
        covered=join_intervals(list(chain.from_iterable(s.covered for s in batch))),
        full=first.full,
        denominator=together(key, wholes) if wholes else None,
        last_at=max((s.last_at for s in batch if s.last_at is not None), default=None),
    )
