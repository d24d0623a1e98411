"""What knowing of holidays and planned promotions is worth to `seasonal`: false alarms by kind of day, crises found.

    python benchmarks/detection/occasions.py [SERIES] [MEAN]     (default 200 series, 40 an hour)

Two years (2024, 2025) of counts an hour, judged over six hours, after 90 days. The counts are made by another model
than the detector's: an intensity with a rhythm of the day and the week, times a wandering level, times a gamma noise
that lasts some hours. China's public holidays bring 0.7 to 1.2 times what the series' Sundays do, made-up Saturdays and
Sundays what working days do, the first working day after three days off or more 1.1 to 1.6 times as much. Four
promotions a year of two or three days bring of each series its own 1.5 to 4 times, each time another 10 % off it, and
by night more than by day. A crisis brings three times what the promotion does, for six hours.

Alarms: once a month and rarer, of each series by itself; those six hours apart are two. Told: the config says `expect`
(a round number of what it will be); learned: it says nothing.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from monitor.detectors.kept import window_of
from monitor.detectors.occasions import Almanac, Occasion
from monitor.detectors.track import Tracks
from monitor.incidents.workdays import calendar_of
from monitor.times import DAY, HOUR, day_span

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST, BURN = date(2023, 10, 1), date(2025, 12, 31), 92
PARTS, APART, RARE = 6, 6, 30.0
YEARLY = {"38": ((3, 6), 3), "618": ((6, 16), 3), "double-11": ((11, 9), 3), "double-12": ((12, 11), 2)}
CN = calendar_of("CN")
KINDS = ("ordinary", "off", "made up", "first day back", "promotion")


def promotions(expect: float | None) -> list[Occasion]:
    """Those of the years, with what the config says of each."""
    out = []
    for year in (2023, 2024, 2025):
        for name, ((month, day), days) in YEARLY.items():
            first = date(year, month, day)
            start, end = (day_span(d.isoformat(), ZONE)[0] for d in (first, first + timedelta(days=days)))
            out.append(Occasion(kind=name, start=start, end=end, expect=expect))
    return out


def kind_of(day: date) -> str:
    """What a day is, by the rules of the world that is simulated."""
    if any(name for name, ((m, d), n) in YEARLY.items() if 0 <= (day - date(day.year, m, d)).days < n):
        return "promotion"
    kind = CN.kind(day)
    if kind == "work":
        before = [CN.kind(day - timedelta(days=k)) for k in (1, 2, 3)]
        back = "work" not in before and any(CN.kind(day - timedelta(days=k)) == "off" for k in range(1, 9))
        return "first day back" if back else "made up" if day.weekday() >= 5 else "ordinary"
    return "off" if kind == "off" else "ordinary"


class World:
    """The series, day by day."""

    def __init__(self, n: int, mean: float, seed: int = 1) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.n, self.mean = n, mean
        self.phase, self.depth = rng.uniform(0, 24, n), rng.uniform(0.3, 0.9, n)
        self.weekend, self.holiday = rng.uniform(0.4, 0.9, n), rng.uniform(0.7, 1.2, n)
        self.back = rng.uniform(1.1, 1.6, n)
        self.lift = {name: rng.uniform(1.5, 4.0, n) for name in YEARLY}
        self.level, self.noise, self.now = np.zeros(n), np.ones(n), {}

    def factor(self, day: date) -> np.ndarray:
        """What the kind of day makes of the usual."""
        kind = CN.kind(day)
        out = {"work": np.ones(self.n), "weekend": self.weekend, "off": self.weekend * self.holiday}[kind]
        return out * self.back if kind_of(day) == "first day back" else out

    def promotion(self, day: date) -> tuple[str, np.ndarray]:
        """The name of the promotion of a day and what it brings this year; "" = none."""
        for name, ((m, d), n) in YEARLY.items():
            if 0 <= (day - date(day.year, m, d)).days < n:
                key = (name, day.year)
                if key not in self.now:
                    self.now[key] = self.lift[name] * np.exp(self.rng.normal(0, 0.1, self.n))
                return name, self.now[key]
        return "", np.ones(self.n)

    def day(self, day: date) -> np.ndarray:
        """Counts of 24 hours, 24 x n."""
        hours = np.arange(24.0)
        self.level = 0.995 * self.level + self.rng.normal(0, 0.015, self.n)
        rhythm = np.exp(self.depth * np.sin(2 * np.pi * (hours[:, None] - self.phase) / 24))
        name, lift = self.promotion(day)
        shape = np.where((hours < 2) | (hours >= 20), 1.25, 0.92)[:, None] if name else 1.0
        expected = self.mean * rhythm * np.exp(self.level) * self.factor(day) * lift * shape
        for hour in range(24):
            self.noise = 0.7 * self.noise + 0.3 * self.rng.gamma(8.0, 1 / 8.0, self.n)
            expected[hour] *= self.noise
        return expected


def run(almanac: Almanac, n: int, mean: float, expect: str = "", crisis: bool = False) -> dict[str, float]:
    """Alarms a series and 100 days of each kind; or of crises in promotions, which part was found."""
    world, keys = World(n, mean), [(("s", str(i)),) for i in range(n)]
    dice = np.random.default_rng(2)
    tracks, block = Tracks.fresh(n, HOUR, almanac.rows), np.full((n, PARTS), np.nan)
    alarms, days = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0)
    quiet, found, made = np.full(n, APART + 1), np.zeros(n, dtype=bool), 0.0
    hits = 0
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        kind, means = kind_of(day), world.day(day)
        struck = (
            crisis
            and kind == "promotion"
            and kind_of(day - timedelta(days=1)) == "promotion"
            and (kind_of(day - timedelta(days=2)) != "promotion")
        )
        if struck:
            means[10:16] *= 3.0
        counts = dice.poisson(means).astype(float)
        tail, days[kind] = tracks.tail(), days[kind] + 1
        seen = tracks.taken * HOUR / DAY * 5
        found[:] = False
        for hour in range(24):
            block = np.concatenate([block[:, 1:], counts[hour][:, None]], axis=1)
            at = day_span(day.isoformat(), ZONE)[0] + hour * HOUR
            look = almanac.take(tracks, keys, at, block, window_of(block))
            alarm = np.minimum(tail.return_period(np.nan_to_num(look.z, nan=-9.0)), seen) >= RARE
            if number >= BURN:
                alarms[kind] += int((alarm & (quiet > APART)).sum())
                found |= alarm & (10 <= hour < 16)
            quiet = np.where(alarm, 0, quiet + 1)
        if struck and number >= BURN:
            hits, made = hits + int(found.sum()), made + n
    days = {
        kind: sum(kind_of(FIRST + timedelta(days=i)) == kind for i in range(BURN, (LAST - FIRST).days + 1))
        for kind in KINDS
    }
    if crisis:
        return {"found": hits / made}
    return {kind: 100 * alarms[kind] / (n * days[kind]) for kind in KINDS}


def main(n: int, mean: float) -> None:
    """Prints the table."""
    print(f"alarms of {n} series ({mean:g} an hour) a series and 100 days; crises in promotions found")
    print(f"| knows of | {' | '.join(KINDS)} | crises |\n|---|{'---|' * (len(KINDS) + 1)}")
    ways = {
        "nothing": Almanac(ZONE),
        "working days": Almanac(ZONE, CN),
        "and promotions, told 2.75": Almanac(ZONE, CN, promotions(2.75)),
        "and promotions, learned": Almanac(ZONE, CN, promotions(None)),
    }
    for name, almanac in ways.items():
        told, crises = run(almanac, n, mean), run(almanac, n, mean, crisis=True)
        print(f"| {name} | {' | '.join(f'{told[k]:.1f}' for k in KINDS)} | {crises['found']:.2f} |", flush=True)


if __name__ == "__main__":
    main(int((sys.argv[1:2] or ["200"])[0]), float((sys.argv[2:3] or ["40"])[0]))
