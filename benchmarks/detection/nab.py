"""Tweets about companies (Numenta Anomaly Benchmark, realTweets): how well `detect` finds the labelled windows.

    python -m benchmarks.detection.nab FOLDER [KIND OPTIONS]     (the folder with the five files and windows.json)

Lavin & Ahmad (2015), standard profile: the first 15 % of a file (750 rows at most) are probation; a window gives what
its best placed detection is worth, S(y) = 2 / (1 + exp(5y)) - 1 of the place y in the window, or costs 1 where there is
none; a detection outside costs 0.11 by how far it lies behind the last window. 0 is who says nothing, 100 is who finds
all at once. The threshold is the best of all files, or for each file the best of the other four. Windows found: the
most, at a threshold with at most 0.25 false alarms a series and week; rows less than an hour apart are one alarm, of
six hours at most.

One window of the sixteen is worth six points. Where a day begins says which rows are a day's highest, and the files
give no zone: so the same is told for days that begin at each hour, with their median and worst.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from monitor.cli.detect import How, Row, judge, read
from monitor.detectors import DetectorKind
from monitor.times import DAY, HOUR

MISSED, FALSE = 1.0, 0.11
PROBATION, LONGEST = 0.15, 5000
WEEKLY = 0.25
PEERS = {"ARTime": (82.6, 66.4), "contextOSE": (79.3, 73.5), "Numenta HTM": (66.6, 55.6)}
"""Standard scores on the same five files, by the results NAB publishes: own threshold, leave one file out."""


class File(NamedTuple):
    """A file's times and scores, what a detection in each row is worth, and in which window it lies (-1: in none)."""

    at: np.ndarray
    score: np.ndarray
    worth: np.ndarray
    window: np.ndarray

    @property
    def counted(self) -> np.ndarray:
        """Rows after the probation."""
        return np.arange(len(self.at)) >= int(PROBATION * min(len(self.at), LONGEST))


class Found(NamedTuple):
    """Own threshold's score, that of leaving one file out, windows hit at few false alarms, and how many there are."""

    own: float
    left_out: float
    hit: int
    windows: int


def place(rows: Sequence[Row], scores: Sequence[float], windows: Sequence[tuple[float, float]]) -> File:
    """Where the rows of a file lie between its windows."""
    at = np.array([row.at for row in rows])
    window, y = np.full(len(at), -1), np.full(len(at), np.inf)
    for k, (begun, ended) in enumerate(windows):
        first, last = (int(np.searchsorted(at, edge)) for edge in (begun, ended))
        rows_of = np.arange(first, last + 1)
        window[rows_of] = k
        y[rows_of] = -(last - rows_of + 1) / len(rows_of)
        y[last + 1 :] = (np.arange(last + 1, len(at)) - last) / (len(rows_of) - 1)
    worth = np.where(y > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(y, 100.0))) - 1)
    best = 2 / (1 + np.exp(-5.0)) - 1
    return File(at, np.array(scores), np.where(window >= 0, worth / best, worth * FALSE), window)


def score(files: Sequence[File], threshold: float) -> float:
    """What detections at a threshold are worth, from 0 to 100."""
    total = 0.0
    for file in files:
        found = file.counted & (file.score >= threshold)
        total += float(file.worth[found & (file.window < 0)].sum())
        for k in range(file.window.max() + 1):
            hits = file.worth[found & (file.window == k)]
            total += MISSED + (max(float(hits.max()), -MISSED) if len(hits) else -MISSED)
    return 100 * total / (2 * MISSED * sum(int(file.window.max()) + 1 for file in files))


def thresholds(files: Sequence[File]) -> list[float]:
    """All that differ, and one that nothing reaches."""
    return sorted({float(x) for file in files for x in np.unique(file.score[file.counted])} | {1.1})


def best(files: Sequence[File]) -> float:
    """The threshold with the highest score; of several the highest."""
    return max(thresholds(files), key=lambda t: (score(files, t), t))


def caught(files: Sequence[File]) -> int:
    """The most windows that are found with few false alarms."""
    out = 0
    for threshold in thresholds(files):
        false, hit, weeks = 0, 0, 0.0
        for file in files:
            found = file.counted & (file.score >= threshold)
            false += sum(bool((file.window[e] < 0).all()) for e in _alarms(file.at, np.flatnonzero(found)))
            hit += len({int(k) for k in file.window[found] if k >= 0})
            weeks += float(file.at[-1] - file.at[file.counted][0]) / (7 * DAY)
        if false <= WEEKLY * weeks:
            out = max(out, hit)
    return out


def _alarms(at: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    if not len(rows):
        return []
    out = []
    for group in np.split(rows, np.flatnonzero(np.diff(at[rows]) >= HOUR) + 1):
        six = ((at[group] - at[group[0]]) / (6 * HOUR)).astype(int)
        out += np.split(group, np.flatnonzero(np.diff(six)) + 1)
    return out


def measure(files: Sequence[File]) -> Found:
    """All figures of one run over all files."""
    apart = [best([other for other in files if other is not file]) for file in files]
    weights = [int(file.window.max()) + 1 for file in files]
    left_out = sum(score([f], t) * w for f, t, w in zip(files, apart, weights, strict=True)) / sum(weights)
    return Found(score(files, best(files)), left_out, caught(files), sum(weights))


def run(folder: Path, how: How, shift: float = 0.0) -> Found:
    """Judges all files, with days that begin so many seconds later."""
    windows: Mapping[str, list[tuple[str, str]]] = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    files = []
    for name, spans in windows.items():
        rows = read(folder / name, ZoneInfo("UTC"))
        moved = [
            Row(datetime.fromtimestamp(r.at - shift, UTC).isoformat(), r.written, r.at - shift, r.value) for r in rows
        ]
        scores = [float(cells[6]) for cells in judge(moved, how)]
        files.append(place(rows, scores, [(_at(a), _at(b)) for a, b in spans]))
    return measure(files)


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def main(folder: str, kind: str = "seasonal", options: str = "{}") -> None:
    """Prints the table, and how it hangs on where days begin."""
    given: Any = {**json.loads(options), "kind": kind}
    how = How(msgspec.convert(given, DetectorKind), 30 * DAY, None, ZoneInfo("UTC"))
    found = run(Path(folder), how)
    print("| | own threshold | leave one file out | windows |\n|---|---|---|---|")
    print(f"| {kind} {options} | {found.own:.1f} | {found.left_out:.1f} | {found.hit} of {found.windows} |", flush=True)
    for name, (own, left_out) in PEERS.items():
        print(f"| {name} (published) | {own} | {left_out} | |")
    each = [found, *(run(Path(folder), how, hour * HOUR) for hour in range(1, 24))]
    print("\ndays begun at each hour: own, left out, windows")
    for said, of in (("median", median), ("worst", min)):
        print(f"{said}: {', '.join(f'{of(column):.1f}' for column in list(zip(*each, strict=True))[:3])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
