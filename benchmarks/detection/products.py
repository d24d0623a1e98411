"""Products' published rules over a board: as their documentation gives them, and as rules of ours.

Each at the floor of heat at which it finds most at no more than one false episode a brand-month; episodes merge within
6 hours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import structs

from benchmarks.detection.board import Begin, Board, Found, Scored, Setting, begins, count, ruled, scored, standing
from monitor.detectors import Change, Threshold, Zscore
from monitor.detectors.detector import Detector
from monitor.rules.rule import Leave, Rung
from monitor.times import DAY, HOUR, Bound, Duration

SIX_HOURS = 6 * HOUR
FLOORS = (1e5, 3e5, 1e6, 2e6, 3e6, 5e6, 1e7, 2e7)


def _rule(detector: Detector, above: float, hours: int = 1, dwell: float = SIX_HOURS) -> Setting:
    return {
        "window": Duration(hours * HOUR),
        "every": Duration(HOUR),
        "measure": "sum",
        "by": ("brand",),
        "detector": detector,
        "orange": Rung(above=Bound(above)),
        "leave": Leave(below=1.0, dwell=Duration(dwell)),
    }


MEANS = Zscore(baseline=Duration(7 * DAY), step=Duration(HOUR), inside=True)
RULES: dict[str, list[Setting]] = {
    "1 h > 3x past 12 h, > prev day, week": [
        _rule(Change(against="average", over=Duration(12 * HOUR)), 3, dwell=0),
        _rule(Change(against="yesterday"), 1, dwell=0),
        _rule(Change(against="last_week"), 1, dwell=0),
    ],
    "24 h mean > 7 d mean + 3 sd": [_rule(MEANS, 3, 24)],
    "24 h mean > 7 d mean + 1.5 sd": [_rule(MEANS, 1.5, 24)],
    "spike: 1 h >= 3x hour before": [_rule(Change(), 2.999)],
    "z > 3 against 1 d": [_rule(Zscore(baseline=Duration(DAY)), 3)],
    "3 h > 3x same 3 h yesterday": [_rule(Change(against="yesterday"), 3, 3)],
    "plain threshold (3 h)": [_rule(Threshold(), 0, 3)],
}
"""Where there are several parts all must stand; the floor is asked of the first."""


def formulas(x: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Published rules over the hours of one brand (NaN: missing): name, when it is on, what its floor is asked of."""
    m12, _ = rolling(shift(x, 1), 12, 6)
    yesterday, last_week = shift(x, 24), shift(x, 168)
    yield "1 h > 3x past 12 h, > prev day, week", (x > 3 * m12) & ~(x <= yesterday) & ~(x <= last_week), x
    day, _ = rolling(x, 24, 12)
    week, spread = rolling(x, 168, 84)
    yield "24 h mean > 7 d mean + 3 sd", day > week + 3 * spread, day * 24
    yield "24 h mean > 7 d mean + 1.5 sd", day > week + 1.5 * spread, day * 24
    yield "spike: 1 h >= 3x hour before", x >= 3 * np.nan_to_num(shift(x, 1)), x
    mean, sd = rolling(shift(x, 1), 24, 12)
    yield "z > 3 against 1 d", x > mean + 3 * sd, x
    three = rolling(x, 3, 1)[0] * rolling_n(x, 3)
    yield "3 h > 3x same 3 h yesterday", three > 3 * np.nan_to_num(shift(three, 24)), three
    yield "plain threshold (3 h)", three > 0, three


def shift(x: np.ndarray, n: int) -> np.ndarray:
    """The values n hours earlier."""
    return np.concatenate([np.full(n, np.nan), x[:-n]])


def rolling_n(x: np.ndarray, n: int) -> np.ndarray:
    """How many of the last n hours are there."""
    return _window_sum(np.isfinite(x).astype(float), n)


def rolling(x: np.ndarray, n: int, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the last n hours, where at least `least` of them are there."""
    seen = rolling_n(x, n)
    filled = np.nan_to_num(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(seen >= least, _window_sum(filled, n) / seen, np.nan)
        var = (_window_sum(filled**2, n) - seen * mean**2) / (seen - 1)
    return mean, np.sqrt(np.maximum(var, 0))


def _window_sum(x: np.ndarray, n: int) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum(x)])
    ends = np.arange(1, len(x) + 1)
    return total[ends] - total[np.maximum(ends - n, 0)]


def published(board: Board) -> dict[str, Found]:
    """Each product's rule as it was published, at its best floor."""
    start, end = board.hours[0], board.hours[-1]
    grid = np.arange(start, end + 1, HOUR)
    present = np.isin(grid, board.hours)
    series = {b: np.where(present, [of.get(t, 0.0) for t in grid], np.nan) for b, of in board.heat.items()}
    tried: dict[str, list[Found]] = defaultdict(list)
    for floor in FLOORS:
        on_at: dict[str, list[Begin]] = defaultdict(list)
        for brand, x in series.items():
            for name, on, current in formulas(x):
                on_at[name] += [(brand, t) for t in _merged(grid[on & (np.nan_to_num(current) >= floor)])]
        for name, starts in on_at.items():
            tried[name].append(count(board, starts))
    return _best(tried)


def written(board: Board) -> dict[str, Found]:
    """The same as rules of ours, each judged by our own detectors, at its best floor."""
    said = scored(board, [part for parts in RULES.values() for part in parts])
    tried: dict[str, list[Found]] = defaultdict(list)
    for name, parts in RULES.items():
        own, said = said[: len(parts)], said[len(parts) :]
        for floor in FLOORS:
            tried[f"{name}, as a rule"].append(count(board, _together(own, [_from(parts[0], floor), *parts[1:]])))
    return _best(tried)


def _from(part: Setting, floor: float) -> Setting:
    """The part from so much heat on; a threshold is that floor itself."""
    rung = part["orange"]
    plain = isinstance(part["detector"], Threshold)
    return {**part, "orange": Rung(above=Bound(floor)) if plain else structs.replace(rung, floor=floor)}


def _together(said: Sequence[Scored], parts: Sequence[Setting]) -> list[Begin]:
    """Where all parts stand at once, as a rule over them would say."""
    if len(parts) == 1:
        return begins(said[0], parts[0])
    out: list[Begin] = []
    for key in said[0]:
        stands = [{at for at, on in standing(of[key], ruled(part)) if on} for of, part in zip(said, parts, strict=True)]
        out += [(key[0][1], at) for at in _merged(np.array(sorted(set.intersection(*stands))))]
    return out


def _best(tried: dict[str, list[Found]]) -> dict[str, Found]:
    borne = {name: [found for found in every if found.false <= 1] for name, every in tried.items()}
    return {name: max(every, key=_rank) for name, every in borne.items() if every}


def _rank(found: Found) -> tuple[int, float]:
    return len(found.leads), sum(found.leads.values())


def _merged(times: np.ndarray) -> list[float]:
    """The begins of stretches that lie more than six hours apart."""
    return [float(t) for i, t in enumerate(times) if i == 0 or t - times[i - 1] > SIX_HOURS]
