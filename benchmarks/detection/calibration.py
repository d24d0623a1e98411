"""Whether a rarity means what it says: how often `seasonal` alarms on quiet series, against how often it should.

    python -m benchmarks.detection.calibration [SERIES] [YEARS]     (default 60 series of 10 years, of days 360)
    python -m benchmarks.detection.calibration judged               (a rule of 50 series, through the detector itself)

The counts are made by other models than the detector's, judged over windows of six steps:

- `cox`: an intensity with a rhythm of the day, of the week and of the year, times a wandering level, times a gamma
  noise that lasts some hours (doubly stochastic, over-dispersed);
- `cluster`: a compound Poisson: each event brings a geometric number of others;
- `states`: two states, one twice as busy as the other, that change every three days, and gamma noise in each step.

A tenth of the days has a gap of two to six hours (of steps of a day: is one). An alarm is a rise: rarer than asked,
more than six hours after the last. Counted are those after 90 days; beside it those of the year that follows on these
90 days, in which no season was seen before, and of the 90 days. 1.00 = as often as claimed. Where counts are few, a
rarity lies between two of them: the last column tells, of a ratio under 0.5, what it would be with alarms at one count
less.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from monitor.detectors.detector import Asked
from monitor.detectors.kept import window_of
from monitor.detectors.seasonal import CLAIMED, Seasonal
from monitor.detectors.tail import Tail
from monitor.detectors.track import Look, Tracks, When
from monitor.series import Bucket, Series
from monitor.times import DAY, HOUR, MINUTE

BURN = 90
FIRST_YEAR = BURN + 365
"""Until which day the first year after these lasts."""
RARITIES = {"1w": 7.0, "1mo": 30.0, "3mo": 91.0, "1y": 365.0}
APART = 6 * HOUR
PARTS = 6


class Row(NamedTuple):
    """A row of the table: counts of one model and mean, judged in rules of `among` series each."""

    kind: str
    mean: float
    among: int = 1


HOURS = [
    *(Row(kind, mean) for kind in ("cox", "cluster") for mean in (0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0)),
    *(Row("states", mean) for mean in (0.1, 10.0, 1000.0, 10_000.0)),
]
FIFTIES = [Row(kind, mean, among=50) for kind, mean in (("cox", 1.0), ("states", 10.0), ("cluster", 100.0))]
"""Of rules of many series there must be several, since their series rise together with the year."""
DAYS = [Row("cox", 0.3), Row("states", 30.0), Row("cluster", 3000.0)]
FIVES = [Row("cluster", 0.02), Row("states", 2.0)]


def quiet(kind: str, rng: np.random.Generator, mean: np.ndarray, days: int, per: int = 24) -> Iterator[np.ndarray]:
    """Counts of a series for each mean, a day at a time (`per` steps x series); NaN for gaps."""
    n, hours = len(mean), (np.arange(per) + 0.5) * 24 / per
    phase, depth = rng.uniform(0, 24, n), rng.uniform(0.3, 0.9, n)
    weekend = rng.uniform(0.5, 1.1, n)
    level, noise, busy = np.zeros(n), np.ones(n), rng.random(n) < 0.5
    rhythm = np.exp(depth * np.sin(2 * np.pi * (hours[:, None] - phase) / 24)) if per > 1 else np.ones((1, n))
    for day in range(days):
        level = 0.995 * level + rng.normal(0, 0.015, n)
        year = 1 + 0.15 * np.sin(2 * np.pi * day / 365)
        expected = mean * rhythm * year * np.exp(level) * np.where(day % 7 >= 5, weekend, 1.0)
        if kind == "cox":
            kept = 0.7 ** max(1.0, 24 / per)
            for step in range(per):
                noise = kept * noise + (1 - kept) * rng.gamma(8.0, 1 / 8.0, n)
                expected[step] *= noise
            counts = rng.poisson(expected).astype(float)
        elif kind == "cluster":
            events = rng.poisson(expected / 2.5)
            counts = events + np.where(events > 0, rng.negative_binomial(np.maximum(events, 1), 0.4), 0.0)
        else:
            for step in range(per):
                busy ^= rng.random(n) < 1 / (3 * per)
                expected[step] *= np.where(busy, 4 / 3, 2 / 3)
            counts = rng.poisson(expected * rng.gamma(4.0, 1 / 4.0, expected.shape)).astype(float)
        for i in np.flatnonzero(rng.random(n) < 0.1):
            first = int(rng.integers(0, max(1, per * 20 // 24)))
            counts[first : first + max(1, int(rng.integers(2, 7)) * per // 24), i] = np.nan
        yield counts


class Alarms:
    """How many rises of each series come above each rarity."""

    def __init__(self, n: int, step: float) -> None:
        self.apart = round(APART / step)
        self.quiet_for = np.full((len(RARITIES), n), self.apart + 1)
        self.found = np.zeros((len(RARITIES), n))
        self._claimed = np.array(list(RARITIES.values()))[:, None]

    def see(self, period: np.ndarray, counts: bool | np.ndarray = True) -> None:
        """Takes up one step, with the periods that are claimed in days."""
        alarm = period >= self._claimed
        self.found += alarm & (self.quiet_for > self.apart) & counts
        self.quiet_for = np.where(alarm, 0, self.quiet_for + 1)


class Ratios(NamedTuple):
    """Alarms over those claimed, by rarity: after 90 days, in the year after them, in them, and with one count less."""

    later: dict[str, float]
    first: dict[str, float]
    early: dict[str, float]
    nearest: dict[str, float]


class Simulated:
    """Series of several rows, `series` of each, followed together."""

    def __init__(self, rows: Sequence[Row], series: int, step: float, seed: int) -> None:
        self.rows, self.series, self.step, self.per = rows, series, step, round(DAY / step)
        self.among = np.repeat([row.among for row in rows], series)
        self.rng = np.random.default_rng([seed, self.per])
        self.alarms = [Alarms(len(self.among), step) for _ in Ratios._fields]

    def days(self, days: int) -> Iterator[np.ndarray]:
        """Counts of a day: steps x series, row after row."""
        kinds = list(dict.fromkeys(row.kind for row in self.rows))
        means = {k: np.repeat([row.mean for row in self.rows if row.kind == k], self.series) for k in kinds}
        order = np.argsort(np.repeat([kinds.index(row.kind) for row in self.rows], self.series), kind="stable")
        places = np.argsort(order)
        for parts in zip(*(quiet(k, self.rng, means[k], days, self.per) for k in kinds), strict=True):
            yield np.concatenate(parts, axis=1)[:, places]

    def run(self, days: int) -> None:
        """Takes the days one after the other."""
        n = len(self.among)
        track, block = Tracks.fresh(n, self.step), np.full((n, PARTS), np.nan)
        later, first, early, nearest = self.alarms
        for day, counts in enumerate(self.days(days)):
            track.heights.beside = self._beside(track.heights.reached)
            tail, seen = track.tail(), claimable(track)
            for k in range(self.per):
                block = np.concatenate([block[:, 1:], counts[k][:, None]], axis=1)
                part, window, when = block[:, -1], window_of(block), When((k + 0.5) * 24 / self.per, day % 7, day)
                if day >= BURN:
                    nearest.see(claimed(tail, track.look(part + 1, window + 1, when), seen, self.among))
                look = track.take(part, window, when)
                period = claimed(tail, look, seen, self.among)
                later.see(period, day >= BURN)
                first.see(period, BURN <= day < FIRST_YEAR)
                early.see(period, day < BURN)

    def _beside(self, reached: np.ndarray) -> np.ndarray:
        """The rises of the other series of the row, where it is of rules of several."""
        out = np.zeros_like(reached)
        for i, row in enumerate(self.rows):
            own = slice(i * self.series, (i + 1) * self.series)
            if row.among > 1:
                out[:, own] = reached[:, own].sum(axis=1, keepdims=True) - reached[:, own]
        return out

    def told(self, days: int) -> list[Ratios]:
        """Of each row."""
        spans, out = (days - BURN, max(1, min(days, FIRST_YEAR) - BURN), BURN, days - BURN), []
        for i, row in enumerate(self.rows):
            own = slice(i * self.series, (i + 1) * self.series)
            rules = self.series / row.among
            found = [a.found[:, own].sum(axis=1) / rules / span for a, span in zip(self.alarms, spans, strict=True)]
            out.append(
                Ratios(*({n: float(f * r) for (n, r), f in zip(RARITIES.items(), x, strict=True)} for x in found))
            )
        return out


def ratios(rows: Sequence[Row], series: int, years: float, step: float = HOUR, seed: int = 0) -> list[Ratios]:
    """Alarms over those claimed, of each row."""
    simulated, days = Simulated(rows, series, step, seed), round(365 * years)
    simulated.run(days)
    return simulated.told(days)


def claimable(track: Tracks) -> np.ndarray:
    """The longest period that can be claimed, in days."""
    return np.asarray(np.minimum(track.taken * track.step / DAY * CLAIMED, 1e9))


def claimed(tail: Tail, look: Look, seen: np.ndarray, among: np.ndarray | int) -> np.ndarray:
    """The periods that are claimed, in days."""
    return np.asarray(np.minimum(tail.return_period(np.nan_to_num(look.z, nan=-9.0)) / among, seen))


def judged(days: int = 270, series: int = 50, mean: float = 2.0, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Alarms after 90 days and those claimed of one rule, through `score`: over six hours, every ten minutes."""
    rng, every = np.random.default_rng(seed), 10 * MINUTE
    per, start = round(DAY / every), 1_735_689_600.0
    asked = Asked(window=6 * HOUR, series=series, kept=Seasonal().keep(Asked(window=6 * HOUR)))
    alarms = Alarms(series, every)
    recent: list[list[Bucket]] = [[] for _ in range(series)]
    for day, counts in enumerate(quiet("states", rng, np.full(series, mean / 6), days, per)):
        for k, row in enumerate(np.nan_to_num(counts).tolist()):
            now = start + day * DAY + (k + 1) * every
            for of, n in zip(recent, row, strict=True):
                of.append(Bucket(now - every, every, n, n, n))
                del of[:-per]
            scores = Seasonal().score(_batch(recent, start, now), now, asked)
            alarms.see(np.array([s.return_period or 0.0 for s in scores]) / DAY, day >= BURN)
    return {n: (float(f.sum()), (days - BURN) / r) for (n, r), f in zip(RARITIES.items(), alarms.found, strict=True)}


def _batch(recent: Sequence[Sequence[Bucket]], start: float, now: float) -> list[Series]:
    covered = ((start, now),)
    return [
        Series(key=(("p", str(i)),), measure="count", buckets=tuple(of), covered=covered, full=covered)
        for i, of in enumerate(recent)
    ]


def told(row: Row, step: str, found: Ratios) -> str:
    """A row as the table has it."""
    cells = [f"{x:.2f}" for of in (found.later, found.first) for x in of.values()]
    cells += [f"{found.early[name]:.2f}" for name in ("1w", "1mo")]
    below = [f"{name}: {found.nearest[name]:.2f}" for name, x in found.later.items() if x < 0.5]
    among = f", {row.among} a rule" if row.among > 1 else ""
    return f"| {row.kind} | {row.mean:g} | {step}{among} | {' | '.join(cells)} | {', '.join(below)} |"


def main(series: int, years: float) -> None:
    """Prints the table."""
    first = [f"first year: {name}" if i == 0 else name for i, name in enumerate(RARITIES)]
    heads = ["counts", "mean a step", "step", *RARITIES, *first, "first 90 days: 1w", "1mo", "nearest step"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    for rows, name, step, many, span in (
        (DAYS, "1d", DAY, 6 * series, years),  # of days there are few: so that the first year can be told too
        (HOURS, "1h", HOUR, series, years),
        (FIFTIES, "1h", HOUR, 5 * series, years),
        (FIVES, "5m", 5 * MINUTE, series, years / 5),
    ):
        for row, found in zip(rows, ratios(rows, many, span, step), strict=True):
            print(told(row, name, found), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["judged"]:
        print(judged())
    else:
        main(int((sys.argv[1:2] or ["60"])[0]), float((sys.argv[2:3] or ["10"])[0]))
