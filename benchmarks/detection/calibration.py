"""Whether a rarity means what it says: how often `seasonal` alarms on quiet series, against how often it should.

    python benchmarks/detection/calibration.py [SERIES] [YEARS]     (default 100 series of 10 years a row)

The counts are made by other models than the detector's, an hour a step, judged over six hours. `cox`: an intensity with
a rhythm of the day, of the week and of the year, times a wandering level, times a gamma noise that lasts some hours
(doubly stochastic, over-dispersed). `cluster`: a compound Poisson: each event brings a geometric number of others. A
tenth of the days has a gap of two to six hours. Counted are rises (alarms more than six hours apart) after 90 days.
1.00 = as often as claimed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from monitor.detectors.kept import window_of
from monitor.detectors.seasonal import CLAIMED
from monitor.detectors.track import Tracks, When
from monitor.times import DAY, HOUR

BURN = 90
RARITIES = {"1w": 7.0, "1mo": 30.0, "3mo": 91.0, "1y": 365.0}
APART = 6
PARTS = 6
MEANS = (0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0)


def quiet(kind: str, rng: np.random.Generator, mean: float, n: int, days: int) -> Iterator[np.ndarray]:
    """Counts of n series, a day of hours at a time (24 x n); NaN for gaps."""
    hours = np.arange(24.0)
    phase, depth = rng.uniform(0, 24, n), rng.uniform(0.3, 0.9, n)
    weekend = rng.uniform(0.5, 1.1, n)
    level, noise = np.zeros(n), np.ones(n)
    for day in range(days):
        level = 0.995 * level + rng.normal(0, 0.015, n)
        rhythm = np.exp(depth * np.sin(2 * np.pi * (hours[:, None] - phase) / 24))
        year = 1 + 0.15 * np.sin(2 * np.pi * day / 365)
        expected = mean * rhythm * year * np.exp(level) * np.where(day % 7 >= 5, weekend, 1.0)
        if kind == "cox":
            for hour in range(24):
                noise = 0.7 * noise + 0.3 * rng.gamma(8.0, 1 / 8.0, n)
                expected[hour] *= noise
            counts = rng.poisson(expected).astype(float)
        else:
            events = rng.poisson(expected / 2.5)
            counts = events + np.where(events > 0, rng.negative_binomial(np.maximum(events, 1), 0.4), 0.0)
        for i in np.flatnonzero(rng.random(n) < 0.1):
            first = int(rng.integers(0, 20))
            counts[first : first + int(rng.integers(2, 7)), i] = np.nan
        yield counts


def ratios(kind: str, mean: float, series: int, days: int, seed: int = 0) -> dict[str, float]:
    """Alarms over those claimed."""
    track, found = Tracks.fresh(series, HOUR), dict.fromkeys(RARITIES, 0)
    quiet_for = {name: np.full(series, APART + 1) for name in RARITIES}
    block = np.full((series, PARTS), np.nan)
    for day, counts in enumerate(quiet(kind, np.random.default_rng([seed, int(mean * 10)]), mean, series, days)):
        tail = track.tail()
        seen = np.minimum(track.taken * HOUR / DAY * CLAIMED, 1e9)
        for hour in range(24):
            block = np.concatenate([block[:, 1:], counts[hour][:, None]], axis=1)
            look = track.take(block[:, -1], window_of(block), When(hour + 0.5, day % 7, day))
            if day < BURN:
                continue
            period = np.minimum(tail.return_period(np.nan_to_num(look.z, nan=-9.0)), seen)
            for name, claimed in RARITIES.items():
                alarm = period >= claimed
                found[name] += int((alarm & (quiet_for[name] > APART)).sum())
                quiet_for[name] = np.where(alarm, 0, quiet_for[name] + 1)
    return {name: found[name] / (series * (days - BURN) / claimed) for name, claimed in RARITIES.items()}


def main(series: int, years: int) -> None:
    """Prints the table."""
    print(f"| counts | mean an hour | {' | '.join(RARITIES)} |\n|---|---|{'---|' * len(RARITIES)}")
    for kind in ("cox", "cluster"):
        for mean in MEANS:
            told = ratios(kind, mean, series, 365 * years)
            print(f"| {kind} | {mean:g} | {' | '.join(f'{x:.2f}' for x in told.values())} |", flush=True)


if __name__ == "__main__":
    main(int((sys.argv[1:2] or ["100"])[0]), int((sys.argv[2:3] or ["10"])[0]))
