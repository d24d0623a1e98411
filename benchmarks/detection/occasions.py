"""What knowing of holidays and planned promotions is worth to `seasonal`: false alarms by kind of day, crises found.

    python -m benchmarks.detection.occasions [SERIES] [MEAN]     (default 200 series, 40 an hour)

Two years (2024, 2025) of counts an hour, judged over six hours, after 90 days. The counts are made by another model
than the detector's: an intensity with a rhythm of the day and the week, times a wandering level, times a gamma noise
that lasts some hours. China's public holidays bring 0.7 to 1.2 times what the series' Sundays do, made-up Saturdays and
Sundays what working days do, the first working day after three days off or more 1.1 to 1.6 times as much. Four
promotions a year of two or three days bring of each series its own 1.5 to 4 times, each time another 10 % off it, and
by night more than by day. A crisis (twelve ordinary days and the second day of each promotion in 2025) brings 1.75
times what an ordinary day does, three times what a promotion does, for six hours.

Alarms: once a month and rarer, of each series by itself; those six hours apart are two. `expect = 2.75`: the config
tells one round number for all; learned: it tells nothing, and each series knows what it has seen since October 2023.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from monitor.detectors.kept import window_of
from monitor.detectors.occasions import Almanac, Occasion
from monitor.detectors.seasonal import CLAIMED
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


def promotion_of(day: date) -> str:
    """The name of the promotion of a day; "" = none."""
    return next((name for name, ((m, d), n) in YEARLY.items() if 0 <= (day - date(day.year, m, d)).days < n), "")


def kind_of(day: date) -> str:
    """What a day is, by the rules of the world that is simulated."""
    if promotion_of(day):
        return "promotion"
    kind = CN.kind(day)
    if kind == "work":
        before = [CN.kind(day - timedelta(days=k)) for k in (1, 2, 3)]
        back = "work" not in before and any(CN.kind(day - timedelta(days=k)) == "off" for k in range(1, 9))
        return "first day back" if back else "made up" if day.weekday() >= 5 else "ordinary"
    return "off" if kind == "off" else "ordinary"


class World:
    """The series, day by day."""

    def __init__(self, n: int, mean: float, *, special: bool = True, seed: int = 1) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.n, self.mean, self.special = n, mean, special
        self.phase, self.depth = rng.uniform(0, 24, n), rng.uniform(0.3, 0.9, n)
        self.weekend, self.holiday = rng.uniform(0.4, 0.9, n), rng.uniform(0.7, 1.2, n)
        self.back = rng.uniform(1.1, 1.6, n)
        self.lift = {name: rng.uniform(1.5, 4.0, n) for name in YEARLY}
        self.level, self.noise, self.now = np.zeros(n), np.ones(n), {}

    def factor(self, day: date) -> np.ndarray:
        """What the kind of day makes of the usual."""
        if not self.special:
            return self.weekend if day.weekday() >= 5 else np.ones(self.n)
        out = {"work": np.ones(self.n), "weekend": self.weekend, "off": self.weekend * self.holiday}[CN.kind(day)]
        return out * self.back if kind_of(day) == "first day back" else out

    def promotion(self, day: date) -> np.ndarray:
        """What the promotion of a day brings this year, hour by hour, 24 x n."""
        name, hours = promotion_of(day), np.arange(24)[:, None]
        if not name or not self.special:
            return np.ones((24, self.n))
        key = (name, day.year)
        if key not in self.now:
            self.now[key] = self.lift[name] * np.exp(self.rng.normal(0, 0.1, self.n))
        return self.now[key] * np.where((hours < 2) | (hours >= 20), 1.25, 0.9)

    def day(self, day: date) -> np.ndarray:
        """What is to be expected of its hours, 24 x n."""
        hours = np.arange(24.0)
        self.level = 0.995 * self.level + self.rng.normal(0, 0.015, self.n)
        rhythm = np.exp(self.depth * np.sin(2 * np.pi * (hours[:, None] - self.phase) / 24))
        expected = self.mean * rhythm * np.exp(self.level) * self.factor(day) * self.promotion(day)
        for hour in range(24):
            self.noise = 0.7 * self.noise + 0.3 * self.rng.gamma(8.0, 1 / 8.0, self.n)
            expected[hour] *= self.noise
        return expected


def run(almanac: Almanac, n: int, mean: float, *, special: bool = True, strike: str = "") -> dict[str, float]:
    """Alarms a series and 100 days of each kind; with `strike` which part of the crises of 2025 was found.

    `special`: False = no day of this world is special. `strike`: on which days crises come: promotion or ordinary.
    """
    world, keys, dice = World(n, mean, special=special), [(("s", str(i)),) for i in range(n)], np.random.default_rng(2)
    tracks, block = Tracks.fresh(n, HOUR, almanac.rows), np.full((n, PARTS), np.nan)
    alarms, days, found = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0), []
    quiet = np.full(n, APART + 1)
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        kind, means, tail = kind_of(day), world.day(day), tracks.tail()
        struck = day.year == 2025 and STRIKES.get(strike, lambda day: False)(day)
        if struck:
            means[10:16] *= 3.0 if strike == "promotion" else 1.75
        counts, hit = dice.poisson(means).astype(float), np.zeros(n, dtype=bool)
        seen, midnight = tracks.taken * HOUR / DAY * CLAIMED, day_span(day.isoformat(), ZONE)[0]
        for hour in range(24):
            block = np.concatenate([block[:, 1:], counts[hour][:, None]], axis=1)
            look = almanac.take(tracks, keys, midnight + hour * HOUR, block, window_of(block))
            alarm = np.minimum(tail.return_period(np.nan_to_num(look.z, nan=-9.0)), seen) >= RARE
            alarms[kind] += int((alarm & (quiet > APART)).sum()) if number >= BURN else 0
            hit |= alarm & (10 <= hour < 16)
            quiet = np.where(alarm, 0, quiet + 1)
        days[kind] += number >= BURN
        found += [hit.mean()] if struck else []
    return {"found": float(np.mean(found))} if strike else {k: 100 * alarms[k] / (n * days[k]) for k in KINDS}


STRIKES = {
    "promotion": lambda day: bool(promotion_of(day)) and day.day == YEARLY[promotion_of(day)][0][1] + 1,
    "ordinary": lambda day: kind_of(day) == "ordinary" and day.day == 20,
}


def main(n: int, mean: float) -> None:
    """Prints the table."""
    print(f"{n} series of {mean:g} an hour; alarms a series and 100 days, crises found")
    print(f"| knows of | {' | '.join(KINDS)} | crises: ordinary | promotion |\n|---|{'---|' * (len(KINDS) + 2)}")
    ways = {
        "nothing": Almanac(ZONE),
        "working days": Almanac(ZONE, CN),
        "and promotions, `expect = 2.75`": Almanac(ZONE, CN, promotions(2.75)),
        "and promotions, learned": Almanac(ZONE, CN, promotions(None)),
    }
    for name, almanac in ways.items():
        told = run(almanac, n, mean)
        crises = [run(almanac, n, mean, strike=strike)["found"] for strike in ("ordinary", "promotion")]
        cells = [f"{told[kind]:.1f}" for kind in KINDS] + [f"{share:.2f}" for share in crises]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    told = run(Almanac(ZONE), n, mean, special=False)
    crisis = run(Almanac(ZONE), n, mean, special=False, strike="ordinary")["found"]
    print(f"| (a world without special days) | {told['ordinary']:.1f} |  |  |  |  | {crisis:.2f} |  |")


if __name__ == "__main__":
    main(int((sys.argv[1:2] or ["200"])[0]), float((sys.argv[2:3] or ["40"])[0]))
