"""When a source is polled next: pure arithmetic, the same after a restart.

Good fetches lie on a grid of `every` with a phase hashed from the source's name, so that many sources spread and a
restart moves none. Failures back off: doubling to half an hour, there for a day, then doubling to a day.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from monitor.model import Page
from monitor.sources.source import Source, SourceFault, SourceGone
from monitor.times import DAY, HOUR, MINUTE

Result = Literal["fresh", "unchanged", "more", "saturated", "failed", "gone"]

QUIET_TURNS = 10
"""Fetches without news after which an adaptive source is asked less often."""
QUIET_CAP = 30 * MINUTE
FAILING_CAP = 30 * MINUTE
SILENT_CAP = DAY
FIRST_RETRY = 5.0


class Outcome(Struct, frozen=True):
    """How a fetch ended. `retry_after`: seconds the other side asked for."""

    result: Result
    retry_after: float | None = None


class Turns(Struct, frozen=True, kw_only=True):
    """What the schedule remembers of a source: failures and fetches without news in a row.

    `again`: it was polled at once because its page was saturated, so that this happens a single time.
    """

    failures: int = 0
    quiet: int = 0
    again: bool = False


def outcome_of(page: Page, *, known: int, first: bool, source: Source) -> Outcome:
    """How a good fetch ended. `known`: mentions of the page the store already had; `first`: the source's first page."""
    if page.unchanged:
        return Outcome("unchanged")
    if saturated(page, known=known, first=first, source=source):
        return Outcome("saturated")
    if page.more:
        return Outcome("more")
    return Outcome("fresh" if len(page.mentions) + len(page.samples) > known else "unchanged")


def saturated(page: Page, *, known: int, first: bool, source: Source) -> bool:
    """A list of ten mentions or more, all of them new, but not the first page: some may have passed unseen."""
    return source.shows_a_list() and not first and known == 0 and len(page.mentions) >= 10


def fault_outcome(fault: SourceFault) -> Outcome:
    """How a failed fetch ended."""
    return Outcome("gone" if isinstance(fault, SourceGone) else "failed", fault.retry_after)


def advance(state: Turns, outcome: Outcome) -> Turns:
    """The memory after a fetch."""
    if outcome.result in ("failed", "gone"):
        return replace(state, failures=state.failures + 1)
    if outcome.result == "saturated":
        return Turns(again=not state.again)
    return Turns(quiet=state.quiet + 1 if outcome.result == "unchanged" else 0)


def first_due(source: Source, now: float) -> float:
    """The source's first turn after a start: its next point of the grid."""
    return _grid(source, interval(source, Turns()), now)


def next_due(source: Source, state: Turns, now: float, outcome: Outcome) -> float:
    """When to fetch again; `state` is the memory after this outcome. Infinity: never (the other side is gone)."""
    if outcome.result == "gone":
        return math.inf
    if outcome.result == "failed":
        return now + _retry(source, state.failures, outcome.retry_after)
    if outcome.result == "more" or (outcome.result == "saturated" and state.again):
        return now
    return _grid(source, interval(source, state), now)


def interval(source: Source, state: Turns) -> float:
    """Seconds between good fetches: `every`, longer where the source is adaptive and has been quiet for long."""
    every = max(float(source.every), source.least_every)
    if not source.adaptive or state.quiet < QUIET_TURNS or every >= QUIET_CAP:
        return every
    return float(min(every * 2 ** min(state.quiet // QUIET_TURNS, 16), QUIET_CAP))


def _grid(source: Source, every: float, now: float) -> float:
    phase = _fraction(source.name) * every
    due = now - (now - phase) % every + every
    return due if due > now else due + every


def _retry(source: Source, failures: int, asked: float | None) -> float:
    """Seconds until a failing source is tried again; its jitter is hashed, a fifth of the delay either way."""
    every = max(float(source.every), source.least_every, FIRST_RETRY)
    cap = max(FAILING_CAP, every)
    doubled = every * 2 ** min(max(failures - 1, 0), 30)
    late = max(0.0, failures - math.log2(cap / every) - DAY / cap - 1)
    delay = doubled if doubled <= cap else min(cap * 2 ** min(late, 30), max(SILENT_CAP, every))
    jittered = delay * (0.8 + 0.4 * _fraction(f"{source.name}/{failures}"))
    return max(jittered, min(asked or 0.0, SILENT_CAP + HOUR))


def _fraction(text: str) -> float:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=6).digest()) / 2**48
