"""How many simulated outbreaks are found at one false alarm in a hundred quiet steps, ours beside R's and the ceiling.

    python -m benchmarks.detection.surveillance weekly FOLDER[,FOLDER…] [KIND OPTIONS …]
    python -m benchmarks.detection.surveillance daily FOLDER[,FOLDER…] [KIND OPTIONS …]

Series of several folders (seeds) are judged together, at one threshold. FOLDER holds counts.csv, outbreak.csv, meta.csv
and truth.npz as the designs of Noufaily et al. (2013, weekly) and (2019, daily) give them: rows are steps, columns
series. KIND and OPTIONS (JSON) are what `crisis-monitor detect` takes; the default is what docs/detection.md shows.
POD: outbreaks with an alarm between their first and last case. Timeliness: (found - start) / (end - start + 1), 1 where
missed. Daily signals with yearly epidemics (5, 6, 15) are left out.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from monitor.detectors import Farrington, Serfling
from monitor.detectors.tails import count_tail

TARGET = 0.01
STEPS = {"weekly": 52, "daily": 364}
EPIDEMIC = ("5", "6", "15")
ASKED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "weekly": [("serfling", {}), ("farrington", {"b": 8, "limit54": [0, 4]})],
    "daily": [("serfling", {"years": 5})],
}
OF_R = {
    "weekly": "R farringtonFlexible, measured on seed 1 of this design: POD 0.525",
    "daily": "R farringtonFlexible, measured on seed 1 of this design: POD 0.79, timeliness 0.35",
}


class Simulated(NamedTuple):
    """Series × steps: counts, injected cases of the judged steps; true mean and dispersion of those, where told."""

    counts: np.ndarray
    injected: np.ndarray
    truth: tuple[np.ndarray, np.ndarray] | None


def load(folders: Sequence[Path], *, epidemics: bool) -> Simulated:
    """The series of all folders, those with epidemics left out where asked."""
    each = [_load(folder, epidemics=epidemics) for folder in folders]
    told = [one.truth for one in each if one.truth is not None]
    mean, dispersion = (np.concatenate([one[k] for one in told]) if told else np.empty(0) for k in (0, 1))
    counts, injected = (np.concatenate([one[k] for one in each]) for k in (0, 1))
    return Simulated(counts, injected, (mean, dispersion) if len(told) == len(each) else None)


def _load(folder: Path, *, epidemics: bool) -> Simulated:
    meta = list(csv.DictReader((folder / "meta.csv").open(encoding="utf-8")))
    kept = [i for i, row in enumerate(meta) if epidemics or row["scenario"] not in EPIDEMIC]
    counts, injected = (
        np.loadtxt(folder / name, delimiter=",", skiprows=1).T[kept] for name in ("counts.csv", "outbreak.csv")
    )
    judged = counts.shape[1] - int(meta[0]["eval_from"])
    truth = None
    if (folder / "truth.npz").exists():
        told = np.load(folder / "truth.npz")
        truth = told["mu"].T[kept], np.broadcast_to(told["phi"][kept, None], (len(kept), judged))
    return Simulated(counts, injected[:, -judged:], truth)


def judge(kind: str, options: dict[str, Any], data: Simulated, design: str) -> tuple[np.ndarray, np.ndarray]:
    """p-values and own alarms of all judged steps, each from what lay before it."""
    counts, frequency = data.counts, STEPS[design]
    n, judged = counts.shape[1], data.injected.shape[1]
    p, alarms = np.ones((len(counts), judged)), np.zeros((len(counts), judged), dtype=bool)
    for i in range(judged):
        t = n - judged + i
        if kind == "serfling":
            detector = Serfling(**options)
            first = max(0, t - round(detector.years * frequency) - detector.lag)
            told = detector.judge(counts[:, first : t + 1], frequency, weekdays=design == "daily")
            p[:, i], alarms[:, i] = told.p_value, counts[:, t] > told.upper
        else:
            by_weeks = Farrington(**{**options, "limit54": tuple(options.get("limit54", (5, 4)))})
            found = by_weeks.judge(counts[:, : t + 1], by_weeks.references(t, by_weeks.b, frequency))
            p[:, i] = np.where(found.enough, np.nan_to_num(found.p_value, nan=1.0), 1.0)
            alarms[:, i] = found.enough & (counts[:, t] > np.nan_to_num(found.upper, nan=np.inf))
    return p, alarms


def measured(alarms: np.ndarray, injected: np.ndarray) -> tuple[float, float, float]:
    """False alarms a quiet step, POD, timeliness."""
    late = []
    for alarm, cases in zip(alarms, injected, strict=True):
        steps = np.flatnonzero(cases)
        if len(steps):
            span = alarm[steps[0] : steps[-1] + 1]
            late.append(np.argmax(span) / len(span) if span.any() else 1.0)
    found = np.array(late) < 1
    return float(alarms[injected == 0].mean()), float(found.mean()), float(np.mean(late))


def at_target(p: np.ndarray, injected: np.ndarray) -> np.ndarray:
    """Alarms at the p-value that gives the asked share of false ones."""
    quiet = np.sort(p[injected == 0])
    return np.asarray(p < quiet[int(TARGET * len(quiet))])


def row(name: str, p: np.ndarray, alarms: np.ndarray | None, data: Simulated, seconds: float) -> str:
    fpr, pod, timely = measured(at_target(p, data.injected), data.injected)
    own = measured(alarms, data.injected) if alarms is not None else None
    said = f"{own[0]:.4f} | {own[1]:.3f}" if own else "– | –"
    each = f"{1e3 * seconds / p.size:.2f}" if seconds else "–"
    return f"| {name} | {fpr:.4f} | {pod:.3f} | {timely:.3f} | {said} | {each} |"


def main(design: str, folders: str, *asked: str) -> None:
    """Prints a table."""
    data = load([Path(folder) for folder in folders.split(",")], epidemics=design == "weekly")
    wanted = [(k, json.loads(o)) for k, o in zip(asked[::2], asked[1::2], strict=True)] or ASKED[design]
    outbreaks = int((data.injected > 0).any(axis=1).sum())
    print(f"{design}: {len(data.counts)} series, {data.injected.shape[1]} judged steps each, {outbreaks} outbreaks\n")
    print(f"| | FPR | POD | timeliness | FPR at own α = {TARGET} | POD there | CPU ms a step |")
    print("|---|---|---|---|---|---|---|")
    if data.truth is not None:
        newest = data.counts[:, -data.injected.shape[1] :]
        print(row("ceiling: true mean and dispersion known", count_tail(newest, *data.truth), None, data, 0.0))
    for kind, options in wanted:
        begun = time.process_time()
        p, alarms = judge(kind, options, data, design)
        print(row(f"`{kind}` {json.dumps(options)}", p, alarms, data, time.process_time() - begun), flush=True)
    print(f"\n{OF_R[design]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
