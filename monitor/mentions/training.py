"""Training of the mood model and figures of any reader of moods, on texts somebody labelled.

Logistic regression with a small ridge, by Nesterov's accelerated gradient. The same rows give the same model.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from monitor.mentions import normalize as normal_form
from monitor.mentions.mood import Mood
from monitor.mentions.ngrams import BUCKETS, LONGEST, Header, Model, features
from monitor.mentions.normalize import normalize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RIDGE = 1e-5
STEPS = 250
HELD_OUT = 5
"""One row in so many is kept back to measure on."""

Row = tuple[str, bool]
"""A text, and whether it is negative."""
Reader = Callable[[str, str], Mood]


class Figures(NamedTuple):
    """How well moods were read. Precision and recall are those of the negative ones."""

    rows: int
    accuracy: float
    macro_f1: float
    precision: float
    recall: float


def measure(read: Reader, rows: Sequence[Row]) -> Figures:
    """The figures of a reader on labelled texts."""
    counts = [[0, 0], [0, 0]]
    for text, negative in rows:
        counts[negative][read("", text).negative] += 1
    (true_not, false), (missed, found) = counts
    f1 = _ratio(2 * found, 2 * found + false + missed), _ratio(2 * true_not, 2 * true_not + false + missed)
    right = _ratio(found + true_not, len(rows))
    return Figures(len(rows), right, sum(f1) / 2, _ratio(found, found + false), _ratio(found, found + missed))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def split(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Rows to learn from and rows to measure on; the same text is always on the same side."""
    kept = [crc32(normalize(text).encode()) % HELD_OUT == 0 for text, _ in rows]
    parted: tuple[list[Row], list[Row]] = ([], [])
    for row, held in zip(rows, kept, strict=True):
        parted[held].append(row)
    return parted


def train(rows: Sequence[Row]) -> tuple[Model, Figures]:
    """A model of all rows, and the figures of one made without the rows it is measured on.

    ValueError when there are too few rows of one kind.
    """
    learnt, held = split(rows)
    for some in (learnt, held):
        if min(sum(negative for _, negative in some), sum(not negative for _, negative in some)) < 5:
            raise ValueError("too few rows: at least some 50 of each kind are needed")
    figures = measure(_fit(learnt, None).read, held)
    return _fit(rows, figures), figures


def _fit(rows: Sequence[Row], figures: Figures | None) -> Model:
    import numpy as np

    at, row, value = _matrix(rows)
    sign = np.array([1.0 if negative else -1.0 for _, negative in rows])
    weights, bias = _descend(at, row, value, sign)
    scale = float(np.abs(weights).max()) / 127 or 1.0
    header = Header(
        scale=scale,
        bias=bias,
        rows=len(rows),
        accuracy=figures.accuracy if figures else 0.0,
        macro_f1=figures.macro_f1 if figures else 0.0,
        normal_form=normal_form.VERSION,
    )
    return Model(header, array("b", np.round(weights / scale).astype("int8").tobytes()))


def _matrix(rows: Sequence[Row]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The features of all rows as (bucket, row, value)."""
    import numpy as np

    found = [features(normalize(text[:LONGEST])) for text, _ in rows]
    at = np.fromiter((bucket for one in found for bucket in one), np.int64)
    sizes = np.array([len(one) for one in found])
    row = np.repeat(np.arange(len(rows)), sizes)
    return at, row, np.repeat([1 / math.sqrt(max(size, 1)) for size in sizes], sizes)


def _descend(
    at: NDArray[np.int64], row: NDArray[np.int64], value: NDArray[np.float64], sign: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Weights and bias that make the labels likeliest."""
    import numpy as np

    n = len(sign)

    def project(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(row, weights=weights[at] * value, minlength=n).astype(np.float64, copy=False)

    def gather(slopes: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(at, weights=slopes[row] * value, minlength=BUCKETS).astype(np.float64, copy=False)

    steep = _steepness(project, gather, n) + RIDGE
    weights = ahead = np.zeros(BUCKETS)
    bias = bias_ahead = 0.0
    momentum = 1.0
    for _ in range(STEPS):
        slopes = -sign / (1 + np.exp(np.clip(sign * (project(ahead) + bias_ahead), -50, 50))) / n
        weights, last = ahead - (gather(slopes) + RIDGE * ahead) / steep, weights
        bias, last_bias = bias_ahead - float(slopes.sum()) / steep, bias
        momentum, before = (1 + math.sqrt(1 + 4 * momentum**2)) / 2, momentum
        push = (before - 1) / momentum
        ahead, bias_ahead = weights + push * (weights - last), bias + push * (bias - last_bias)
    return weights, bias


def _steepness(
    project: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    gather: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    n: int,
) -> float:
    """An upper bound of the curvature, bias included: the greatest eigenvalue by power iteration, with a margin."""
    import numpy as np

    weights, bias, greatest = np.full(BUCKETS, BUCKETS**-0.5), 1.0, 1.0
    for _ in range(20):
        met = project(weights) + bias
        weights, bias = gather(met) / n, float(met.sum()) / n
        greatest = math.sqrt(float(weights @ weights) + bias * bias)
        weights, bias = weights / greatest, bias / greatest
    return 0.25 * greatest * 1.1
