"""How fast people answer: per person, tier and the channel that reached them, out of what was sent and acknowledged.

An answer is measured from the first notice that asked that person since the incident was last answered; the channel is
that of the last notice before the answer. Whoever was asked and did not answer counts as asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from msgspec import Struct

from monitor.model import Tier, Transition

ASKING: tuple[Transition, ...] = ("NEW", "RAISED", "ESCALATED")


class Asked(Struct, frozen=True):
    """A notice that asked for an answer and reached its person at an instant."""

    incident: str
    person: str
    tier: Tier
    channel: str
    at: float


class Answered(Struct, frozen=True):
    """Somebody took an incident."""

    incident: str
    person: str
    at: float


class Speed(Struct, frozen=True, kw_only=True):
    """One person at one tier over one channel: how often they were asked and answered, and after how many seconds."""

    person: str
    tier: Tier
    channel: str
    asked: int
    answered: int
    median: float | None
    slowest: float | None


class _Ask(Struct):
    """A stretch in which one person is asked about one incident, until somebody answers."""

    tier: Tier
    channel: str
    since: float


def speeds(asked: Sequence[Asked], answered: Sequence[Answered]) -> list[Speed]:
    """The table, by person, then the gravest tier first."""
    taken: dict[tuple[str, Tier, str], list[float | None]] = {}
    for incident in dict.fromkeys(a.incident for a in asked):
        both: list[Asked | Answered] = [*asked, *answered]
        lines = [line for line in both if line.incident == incident]
        for key, seconds in _stretches(sorted(lines, key=lambda x: (x.at, isinstance(x, Answered)))):
            taken.setdefault(key, []).append(seconds)
    rows = sorted(taken.items(), key=lambda row: (row[0][0], -row[0][1], row[0][2]))
    return [_speed(*key, seconds) for key, seconds in rows]


def _stretches(lines: Sequence[Asked | Answered]) -> list[tuple[tuple[str, Tier, str], float | None]]:
    """Of one incident: who was asked how, and after how long they answered; None = they did not."""
    out: list[tuple[tuple[str, Tier, str], float | None]] = []
    open: dict[str, _Ask] = {}
    for line in lines:
        if isinstance(line, Asked):
            since = open[line.person].since if line.person in open else line.at
            open[line.person] = _Ask(line.tier, line.channel, since)
            continue
        for person, ask in open.items():
            out.append(((person, ask.tier, ask.channel), line.at - ask.since if person == line.person else None))
        open = {}
    return [*out, *(((person, ask.tier, ask.channel), None) for person, ask in open.items())]


def _speed(person: str, tier: Tier, channel: str, seconds: Sequence[float | None]) -> Speed:
    taken = [s for s in seconds if s is not None]
    return Speed(
        person=person, tier=tier, channel=channel, asked=len(seconds), answered=len(taken),
        median=median(taken) if taken else None, slowest=max(taken, default=None),
    )  # fmt: skip
