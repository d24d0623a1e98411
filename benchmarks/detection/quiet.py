"""Whether a rarity means what it says on real counts: alarms of `seasonal` on quiet stretches, against those claimed.

    python -m benchmarks.detection.quiet FOLDER     (the folder with nab_realtweets/ and mentions/)

Judged over windows of six steps. An alarm is a rise: rarer than asked, more than six hours after the last. Left out are
the first 20 days, and

- tweets (NAB realTweets, five companies, per five minutes): the labelled windows;
- hot search (Weibo, 16 brands, per hour; their heat, and how many titles): dated crises, until a week after their peak;
- incidents (GitHub's status page, one series, per hour and per day): nothing, it is all of one kind.

Expected are series-days in which the rarity could be claimed (five times the history), over the rarity. In brackets the
95 % interval that the number of alarms allows (Garwood 1936). What is left is not quiet by design: it holds real news.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.detection.calibration import PARTS, RARITIES, Alarms, claimable, claimed
from benchmarks.detection.weibo import read as board
from monitor.cli.detect import read
from monitor.detectors.detector import UTC
from monitor.detectors.kept import window_of
from monitor.detectors.occasions import plain
from monitor.detectors.tails import lower_gamma
from monitor.detectors.track import Tracks
from monitor.times import DAY, HOUR, MINUTE

BURN, AFTER = 20 * DAY, 7 * DAY


class Real(NamedTuple):
    """Counts of some series at each step (None: not known), and the stretches of each that are not quiet."""

    name: str
    step: float
    counts: Mapping[float, Sequence[float]]
    loud: Sequence[Sequence[tuple[float, float]]]


class Told(NamedTuple):
    """Alarms and those expected."""

    alarms: float
    expected: float

    def __str__(self) -> str:
        if not self.expected:
            return ""
        low, high = interval(round(self.alarms))
        ratio = self.alarms / self.expected
        return f"{ratio:.2f} ({low / self.expected:.2f}-{high / self.expected:.2f}; {self.alarms:.0f})"


def interval(n: int) -> tuple[float, float]:
    """Between which means 95 % of so many Poisson counts lie."""
    means = np.geomspace(1e-3, 3 * n + 20, 20_000)
    low, high = (lower_gamma(np.full_like(means, k), means) for k in (max(n, 1), n + 1))  # P(count >= k)
    return (float(means[np.searchsorted(low, 0.025)]) if n else 0.0), float(means[np.searchsorted(high, 0.975)])


def tweets(folder: Path) -> Real:
    """Companies of NAB realTweets; all begin at one instant."""
    windows = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    files = sorted(folder.glob("*.csv"))
    of = [{row.at: row.value for row in read(file, UTC)} for file in files]
    counts = {at: [each.get(at, np.nan) for each in of] for at in max(of, key=len)}
    loud = [[(_at(a), _at(b)) for a, b in windows[file.name]] for file in files]
    return Real("tweets about companies", 5 * MINUTE, counts, loud)


def brands(folder: Path) -> Iterator[Real]:
    """Brands on the hot search; hours that the crawler missed are missing."""
    found, titles = board(folder), _titles(folder)
    names = sorted(found.heat)
    loud = [[(c.first, c.peak + AFTER) for c in found.crises if c.brand == name] for name in names]
    for said, of in (("heat of brands", found.heat), ("titles on brands", titles)):
        yield Real(said, HOUR, {at: [of[name].get(at, 0.0) for name in names] for at in found.hours}, loud)


def _titles(folder: Path) -> Mapping[str, Mapping[float, float]]:
    """How many titles named a brand in an hour, paid places left out."""
    out: dict[str, dict[float, float]] = defaultdict(Counter)
    with gzip.open(next(folder.glob("weibo_hot_hourly_brands_*.csv.gz")), "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            out[row["brand"]][_at(row["hour_utc"])] += row["ad"] != "1"
    return out


def incidents(folder: Path, step: float) -> Real:
    """Incidents per step."""
    with gzip.open(folder / "github_status_incidents.jsonl.gz", "rt", encoding="utf-8") as file:
        begun = sorted(_at(json.loads(line)["started_at"]) for line in file)
    start = begun[0] - begun[0] % DAY
    n = Counter(start + (at - start) // step * step for at in begun)
    return Real("incidents", step, {at: [float(n[at])] for at in np.arange(start, begun[-1], step).tolist()}, [[]])


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def alarms(real: Real) -> tuple[dict[str, Told], float]:
    """Alarms by rarity on the quiet stretches, and how many series-days those have."""
    n, read_clock, times = len(real.loud), plain(UTC).read, sorted(real.counts)
    track, block, found = Tracks.fresh(n, real.step), np.full((n, PARTS), np.nan), Alarms(n, real.step)
    rarities = np.array(list(RARITIES.values()))[:, None]
    known, days = np.zeros((len(rarities), n)), 0.0
    for at, following in pairwise([*times, times[-1] + real.step]):
        row = np.array(real.counts[at], dtype=float)
        quiet = np.array([not any(a <= at <= b for a, b in loud) for loud in real.loud]) & (at - times[0] >= BURN)
        for step in range(max(1, round((following - at) / real.step))):
            block = np.concatenate([block[:, 1:], (row if step == 0 else row * np.nan)[:, None]], axis=1)
            tail, seen = track.tail(), claimable(track)
            look = track.take(block[:, -1], window_of(block), read_clock(at + (step + 0.5) * real.step))
            found.see(claimed(tail, look, seen, 1), quiet)
        known += (seen >= rarities) & quiet
        days += float(quiet.sum()) * real.step / DAY
    expected = known.sum(axis=1) * real.step / DAY / rarities[:, 0]
    return {
        r: Told(*x) for r, x in zip(RARITIES, zip(found.found.sum(axis=1), expected, strict=True), strict=True)
    }, days


def main(folder: Path) -> None:
    """Prints the table."""
    heads = ["quiet stretches of", "step", "series", "series-days", *RARITIES]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    mentions = folder / "mentions"
    for real in (
        incidents(mentions, DAY),
        incidents(mentions, HOUR),
        *brands(mentions),
        tweets(folder / "nab_realtweets"),
    ):
        told, days = alarms(real)
        step = {HOUR: "1h", DAY: "1d"}.get(real.step, "5m")
        print(
            f"| {real.name} | {step} | {len(real.loud)} | {days:,.0f} | {' | '.join(map(str, told.values()))} |",
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
