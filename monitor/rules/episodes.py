"""What a replay came to: episodes of alerts, which events they found and how early, and how often they were false."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from monitor.model import Alert, Key, Labels, Tier
from monitor.rules.memory import Memory
from monitor.rules.replay import Judged
from monitor.rules.rule import Rule
from monitor.rules.select import RULES, by_term, selections
from monitor.series import Interval, join_intervals
from monitor.times import DAY

MONTH = 30 * DAY
FOUND_UNTIL = DAY
"""An episode that begins up to this long after an event was public still finds it."""
EXCUSED_UNTIL = 7 * DAY
"""Further episodes up to this long after it are not false."""


class Episode(Struct, frozen=True, kw_only=True):
    """One alert from entering a tier to leaving it (None: still open); `tier` is its maximum."""

    rule: str
    key: Key
    tier: Tier
    start: float
    end: float | None = None


class Event(Struct, frozen=True, kw_only=True):
    """Something that truly happened: when it began, when everybody knew, and the labels of the series it is in."""

    event: str
    start: float
    public: float
    labels: Labels = {}


class Finding(Struct, frozen=True, kw_only=True):
    """An event and the first episode at orange or above that found it. Lead: seconds before it was public."""

    event: Event
    by: Episode | None = None

    @property
    def lead(self) -> float | None:
        """Seconds from the episode's begin to the event being public."""
        return None if self.by is None else self.event.public - self.by.start


class Episodes:
    """Follows alerts through a replay."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, Key], Episode] = {}
        self._done: list[Episode] = []

    def see(self, judged: Judged) -> None:
        """Takes up what one rule came to at one instant."""
        for alert in judged.alerts:
            self._see(alert, judged.now)

    def _see(self, alert: Alert, now: float) -> None:
        at = (alert.rule, alert.key)
        standing = self._open.get(at)
        if alert.tier == Tier.CALM:
            if standing is not None:
                self._done.append(structs.replace(self._open.pop(at), end=now))
        elif standing is None:
            self._open[at] = Episode(rule=alert.rule, key=alert.key, tier=alert.tier, start=now)
        elif alert.tier > standing.tier:
            self._open[at] = structs.replace(standing, tier=alert.tier)

    def all(self) -> list[Episode]:
        """By their begin; those still open have no end."""
        return sorted([*self._done, *self._open.values()], key=lambda e: (e.start, e.rule, e.key))


def touches(episode: Episode, event: Event) -> bool:
    """Whether an episode's series is one the event is in; a rule by nothing is over all."""
    labels = dict(episode.key)
    return not labels or all(labels.get(name) == value for name, value in event.labels.items())


def finding(event: Event, episodes: Iterable[Episode]) -> Finding:
    """The first episode at orange or above that begins from the event's start to a day after it was public."""
    until = event.public + FOUND_UNTIL
    hits = [e for e in episodes if e.tier >= Tier.ORANGE and touches(e, event) and event.start <= e.start <= until]
    return Finding(event=event, by=min(hits, key=lambda e: e.start, default=None))


def is_false(episode: Episode, events: Iterable[Event]) -> bool:
    """Whether no event accounts for an episode: none was found by it, open beside it, or public within the week."""
    return not any(touches(episode, event) and _accounts(event, episode) for event in events)


def _accounts(event: Event, episode: Episode) -> bool:
    if event.start <= episode.start <= event.public + EXCUSED_UNTIL:
        return True
    return episode.start < event.start and (episode.end is None or episode.end > event.start)


def months(rule: Rule, memory: Memory, start: float, end: float) -> float:
    """For how many months of 30 days the series of a rule were watched, all together; gaps don't count."""
    part, _ = selections(rule)
    if part.kind == RULES:
        spans = [span for group in memory.spans.values() for side in group.values() for span in side]
        return _length([*memory.lives.values(), *spans], start, end) / MONTH
    if by_term(part):
        return _length(list(memory.lives.values()), start, end) / MONTH  # whatever the words, it is one watch
    return sum(_watched(memory, part.id, key, start, end) for key in memory.known(rule)) / MONTH


def _watched(memory: Memory, id: int, key: Key, start: float, end: float) -> float:
    spans = memory.spans.get((id, key))
    lives = [span for source in spans.values() for span in source] if spans else list(memory.lives.values())
    return _length(lives, start, end)


def _length(spans: list[Interval], start: float, end: float) -> float:
    return sum(max(0.0, min(b, end) - max(a, start)) for a, b in join_intervals(spans))


def false_per_month(episodes: Sequence[Episode], events: Sequence[Event], series_months: float) -> dict[Tier, float]:
    """False episodes by their highest tier, a month and series."""
    false = [e.tier for e in episodes if is_false(e, events)]
    tiers = (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED)
    return {tier: false.count(tier) / series_months if series_months > 0 else 0.0 for tier in tiers}
