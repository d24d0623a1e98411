"""Whether a rarity means what it says: how often `seasonal` alarms on quiet series, against how often it should.

    python benchmarks/detection/calibration.py [SERIES] [DAYS]     (default 8 series of 400 days a row)

The counts are made by another model than the detector's: a rhythm of the day and of weekends on the logarithm, a
level that wanders, Poisson or negative binomial noise, a tenth of the days with a gap of some hours. Counted are
rises (alarms more than six hours apart) after 90 days. 1.00 = as often as claimed; a row is SERIES × DAYS long.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from monitor.detectors.seasonal import CLAIMED
from monitor.detectors.track import Track
from monitor.times import DAY, HOUR

BURN = 90
RARITIES = {"1w": 7, "1mo": 30, "1y": 365}
APART = 6 * HOUR


def quiet(rng: np.random.Generator, mean: float, phi: float, days: int, step: float) -> list[float]:
    """Counts a step, NaN for gaps."""
    n = int(days * DAY / step)
    hours = np.arange(n) * step / HOUR
    rhythm = 0.7 * np.sin(2 * np.pi * (hours % 24 - 9) / 24) - 0.2 * ((hours // 24 % 7) >= 5)
    wander = np.cumsum(rng.normal(0, 0.002 * np.sqrt(step / HOUR), n))
    expected = mean * np.exp(rhythm + wander)
    counts = rng.poisson(expected) if phi == 1 else rng.negative_binomial(expected / (phi - 1), 1 / phi)
    out = counts.astype(float)
    for day in np.flatnonzero(rng.random(days) < 0.1):
        first = int((day + rng.random() * 0.7) * DAY / step)
        out[first : first + int(rng.integers(2, 7) * HOUR / step)] = np.nan
    return list(out.tolist())


def alarms(counts: Sequence[float], step: float) -> dict[str, int]:
    """Rises at each rarity after the first 90 days."""
    track, found = Track(step), dict.fromkeys(RARITIES, 0)
    until = dict.fromkeys(RARITIES, float("-inf"))
    for i, x in enumerate(counts):
        if x != x:
            track.miss()
            continue
        at = i * step
        tail = track.tail() if at >= BURN * DAY else None
        look = track.take(x, at / HOUR % 24, int(at // DAY) % 7)
        period = min(tail.return_period(look.height), CLAIMED * tail.seen) if tail is not None else 0.0
        for name, days in RARITIES.items():
            if period >= days * DAY:
                found[name] += at > until[name]
                until[name] = at + APART
    return found


def ratios(mean: float, phi: float, series: int, days: int, step: float = HOUR, seed: int = 0) -> dict[str, float]:
    """Alarms over those claimed."""
    total = dict.fromkeys(RARITIES, 0)
    for i in range(series):
        for name, n in alarms(quiet(np.random.default_rng([seed, i]), mean, phi, days, step), step).items():
            total[name] += n
    return {name: total[name] / (series * (days - BURN) / RARITIES[name]) for name in RARITIES}


if __name__ == "__main__":
    series, days = int((sys.argv[1:2] or ["8"])[0]), int((sys.argv[2:3] or ["400"])[0])
    print("| mean an hour | variance ÷ mean | 1w | 1mo | 1y |\n|---|---|---|---|---|")
    for mean in (0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0):
        for phi in (1.0, 3.0):
            told = ratios(mean, phi, series, days)
            print(f"| {mean:g} | {phi:g} | {told['1w']:.2f} | {told['1mo']:.2f} | {told['1y']:.2f} |", flush=True)
