"""Quasi-Poisson regression with log link on any columns, of many series at once over the same columns.

Iteratively reweighted least squares (McCullagh & Nelder, Generalized Linear Models, 2nd ed., 2.5). Shapes: series B,
observations n, columns p. `glm` does the same much faster where the columns are seasons and one trend.
"""

from __future__ import annotations

from functools import lru_cache
from math import pi
from typing import NamedTuple

from monitor.detectors.arrays import Floats, np

ROUNDS = 15
ENOUGH = 1e-7
FARTHEST = 30.0
RIDGE = 1e-6
"""Keeps columns of which nothing is known at 0."""
WEEK = 7


class Columns(NamedTuple):
    """The columns n×p, their products n×p², and the row of the step that is judged."""

    x: Floats
    products: Floats
    now: Floats


@lru_cache(maxsize=64)
def rhythm(n: int, frequency: float, harmonics: int, weekdays: bool, trend: bool) -> Columns:
    """Level (one a weekday, where asked), trend and yearly waves of the n steps before the judged one."""
    ages = np.arange(-n, 1.0)
    days = WEEK if weekdays else 1
    level = (np.arange(-n, 1) % days)[:, None] == np.arange(days)
    columns = [level, *([ages[:, None] / frequency / 2] if trend else [])]
    for j in range(1, harmonics + 1):
        turn = 2 * pi * j * ages / frequency
        columns += [np.cos(turn)[:, None], np.sin(turn)[:, None]]
    every = np.hstack(columns).astype(float)
    x = np.ascontiguousarray(every[:-1])
    return Columns(x, (x[:, :, None] * x[:, None, :]).reshape(n, -1), every[-1])


class Fitted(NamedTuple):
    """`beta` B×p, `mu` B×n, `covariance` B×p×p over the dispersion."""

    beta: Floats
    mu: Floats
    covariance: Floats

    def leverage(self, columns: Columns, weights: Floats) -> Floats:
        """How far each observation pulls its own fitted value, B×n."""
        pulled = np.matmul(columns.x, self.covariance)
        return np.asarray((pulled * columns.x).sum(axis=2) * weights * self.mu)

    def dispersion(self, y: Floats, weights: Floats) -> Floats:
        """Pearson's, at least 1."""
        df = np.maximum(1.0, (weights > 0).sum(axis=1) - self.beta.shape[1])
        squares = (weights * (y - self.mu) ** 2 / np.maximum(self.mu, 1e-9)).sum(axis=1)
        return np.asarray(np.maximum(1.0, squares / df))


def fit(columns: Columns, y: Floats, weights: Floats, beta: Floats | None = None) -> Fitted:
    """Fits B series (B×n) from the counts themselves or from earlier coefficients; weight 0 leaves one out."""
    b, p = len(y), columns.x.shape[1]
    ridge = RIDGE * np.eye(p)
    eta = np.log(y + 0.5) if beta is None else beta @ columns.x.T
    for _ in range(ROUNDS):
        mu = np.exp(np.clip(eta, -FARTHEST, FARTHEST))
        held = weights * mu
        information = (held @ columns.products).reshape(b, p, p) + ridge
        target = (held * eta + weights * (y - mu)) @ columns.x
        beta = np.linalg.solve(information, target[:, :, None])[:, :, 0]
        before, eta = eta, np.clip(beta @ columns.x.T, -FARTHEST, FARTHEST)
        if np.abs(np.where(weights > 0, eta - before, 0.0)).max(initial=0.0) < ENOUGH:
            break
    mu = np.exp(eta)
    information = ((weights * mu) @ columns.products).reshape(b, p, p) + ridge
    assert beta is not None
    return Fitted(beta, mu, np.asarray(np.linalg.inv(information), dtype=float))
