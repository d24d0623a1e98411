"""Quasi-Poisson regression with log link on seasons and a trend, of many series at once.

log mean = season + trend × age + offset, by iteratively reweighted least squares (McCullagh & Nelder, Generalized
Linear Models, 2nd ed., 2.5), stopped as usual where the deviance moves by less than 1e-8 of itself. The information
matrix of such a model is an arrow (a diagonal of seasons and one border), so each round is a few sums. Shapes: series
B, observations n, seasons G; observations stand sorted by season.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from monitor.detectors.arrays import Floats, Truths, np

ROUNDS = 25
ENOUGH = 1e-8
FARTHEST = 700.0
TINY = 1e-280


class Design(NamedTuple):
    """Seasons as runs of columns (`starts`, `lengths`), the age of each column, and whether a trend is fitted."""

    starts: Any
    lengths: Any
    ages: Floats
    trend: bool

    def sums(self, x: Floats) -> Floats:
        """Sums by season, B×G."""
        return np.asarray(np.add.reduceat(x, self.starts, axis=1))

    def spread(self, x: Floats) -> Floats:
        """What belongs to a season laid out over its columns, B×n."""
        return np.repeat(x, self.lengths, axis=1)


class Fit(NamedTuple):
    """`season` B×G, `slope` B, `mu` B×n, `df` B residual degrees of freedom; of the information: `mass` B×G by season,
    `centre` B×G the mean age in it, `moment` B what the trend rests on."""

    season: Floats
    slope: Floats
    mu: Floats
    df: Floats
    mass: Floats
    centre: Floats
    moment: Floats
    converged: Truths

    def pearson(self, y: Floats, weights: Floats) -> Floats:
        """The dispersion: Pearson's chi-square over the degrees of freedom."""
        return np.asarray((weights * (y - self.mu) ** 2 / self.mu).sum(axis=1) / self.df)

    def working(self, y: Floats, weights: Floats) -> Floats:
        """The dispersion of the working residuals under given weights, which is what R's Farrington tests with."""
        return np.asarray((weights * (y / self.mu - 1) ** 2).sum(axis=1) / self.df)

    def variance(self, season: int, age: float) -> Floats:
        """Of the linear predictor, over the dispersion."""
        return 1 / self.mass[:, season] + (age - self.centre[:, season]) ** 2 / self.moment

    def leverage(self, design: Design, weights: Floats) -> Floats:
        """How far each observation pulls its own fitted value, B×n."""
        away = (design.ages - design.spread(self.centre)) ** 2 / self.moment[:, None]
        return np.asarray(weights * self.mu * (design.spread(1 / self.mass) + away))


def fit(design: Design, y: Floats, weights: Floats, offset: Floats) -> Fit:
    """Fits B series (B×n); observations of weight 0 are left out."""
    b, g = len(y), len(design.starts)
    out = Fit(
        season=np.zeros((b, g)),
        slope=np.zeros(b),
        mu=np.ones(y.shape),
        df=np.maximum((weights > 0).sum(axis=1) - g - design.trend, 1).astype(float),
        mass=np.ones((b, g)),
        centre=np.zeros((b, g)),
        moment=np.full(b, np.inf),
        converged=np.zeros(b, dtype=bool),
    )
    saturated = (weights * (y * np.log(np.where(y > 0, y, 1.0)) - y)).sum(axis=1)
    left = np.arange(b)
    eta = np.log(y + 0.1)
    deviance = _deviance(saturated, y, weights, eta)
    for _ in range(ROUNDS):
        season, slope, mass, centre, moment = _round(design, y[left], weights[left], offset[left], eta)
        eta = np.clip(design.spread(season) + slope[:, None] * design.ages + offset[left], -FARTHEST, FARTHEST)
        before, deviance = deviance, _deviance(saturated[left], y[left], weights[left], eta)
        done = np.abs(deviance - before) < ENOUGH * (np.abs(deviance) + 0.1)
        out.season[left], out.slope[left], out.mu[left] = season, slope, np.exp(eta)
        out.mass[left], out.centre[left], out.moment[left], out.converged[left] = mass, centre, moment, done
        if done.all():
            break
        left, eta, deviance = left[~done], eta[~done], deviance[~done]
    return out


def _round(
    design: Design, y: Floats, weights: Floats, offset: Floats, eta: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """One weighted least-squares step: season, slope, and the information it rests on."""
    mu = np.exp(eta)
    held = weights * mu
    target = held * (eta - offset) + weights * (y - mu)
    mass = np.maximum(design.sums(held), TINY)
    mean = design.sums(target) / mass
    if not design.trend:
        return mean, np.zeros(len(y)), mass, np.zeros(mass.shape), np.full(len(y), np.inf)
    aged = held * design.ages
    centre = design.sums(aged) / mass
    moment = np.maximum((aged * design.ages).sum(axis=1) - (mass * centre**2).sum(axis=1), TINY)
    slope = ((target * design.ages).sum(axis=1) - (mass * centre * mean).sum(axis=1)) / moment
    return mean - centre * slope[:, None], slope, mass, centre, moment


def _deviance(saturated: Floats, y: Floats, weights: Floats, eta: Floats) -> Floats:
    return np.asarray(2 * (saturated + (weights * (np.exp(eta) - y * eta)).sum(axis=1)))
