"""Quasi-Poisson regression with log link, of many series on one design at once.

Iteratively reweighted least squares (McCullagh & Nelder, Generalized Linear Models, 2nd ed., 2.5), stopped as usual
where the deviance moves by less than 1e-8 of itself. Shapes: series B, observations n, coefficients p.
"""

from __future__ import annotations

from typing import NamedTuple

from monitor.detectors.arrays import Floats, Truths, np

ROUNDS = 25
ENOUGH = 1e-8
FARTHEST = 700.0


class Fit(NamedTuple):
    """`beta` B×p, `mu` B×n, `inverse` B×p×p of the information at weight × mu, `df` B residual degrees of freedom."""

    beta: Floats
    mu: Floats
    inverse: Floats
    df: Floats
    converged: Truths

    def pearson(self, y: Floats, weights: Floats) -> Floats:
        """The dispersion: Pearson's chi-square over the degrees of freedom."""
        return np.asarray((weights * (y - self.mu) ** 2 / self.mu).sum(axis=1) / self.df)

    def working(self, y: Floats, weights: Floats) -> Floats:
        """The dispersion of the working residuals under given weights, which is what R's Farrington tests with."""
        return np.asarray((weights * ((y - self.mu) / self.mu) ** 2).sum(axis=1) / self.df)


def fit(design: Floats, y: Floats, weights: Floats, offset: Floats) -> Fit:
    """Fits B series (B×n) on a design (n×p); observations of weight 0 are left out."""
    b, p = len(y), design.shape[1]
    out = Fit(
        np.zeros((b, p)),
        np.ones(y.shape),
        np.zeros((b, p, p)),
        np.maximum((weights > 0).sum(axis=1) - p, 1).astype(float),
        np.zeros(b, dtype=bool),
    )
    squares = (design[:, :, None] * design[:, None, :]).reshape(len(design), p * p)
    left = np.arange(b)
    eta, mu = np.log(y + 0.1), y + 0.1
    deviance = _deviance(y, mu, weights)
    for _ in range(ROUNDS):
        held, target = weights[left] * mu, eta - offset[left] + (y[left] - mu) / mu
        information = (held @ squares).reshape(-1, p, p)
        inverse = _inverse(information)
        beta = np.einsum("bpq,bq->bp", inverse, (held * target) @ design)
        eta = np.clip(beta @ design.T + offset[left], -FARTHEST, FARTHEST)
        mu = np.exp(eta)
        before, deviance = deviance, _deviance(y[left], mu, weights[left])
        done = np.abs(deviance - before) < ENOUGH * (np.abs(deviance) + 0.1)
        out.beta[left], out.mu[left], out.inverse[left] = beta, mu, inverse
        out.converged[left] = done
        if done.all():
            break
        left, eta, mu, deviance = left[~done], eta[~done], mu[~done], deviance[~done]
    return out


def _deviance(y: Floats, mu: Floats, weights: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / mu), 0.0)
    return np.asarray(2 * (weights * (logs - (y - mu))).sum(axis=1))


def _inverse(information: Floats) -> Floats:
    """The inverse after scaling to a unit diagonal; the pseudo-inverse where a coefficient can't be told."""
    size = np.sqrt(np.maximum(np.einsum("bpp->bp", information), 1e-280))
    scale = size[:, :, None] * size[:, None, :]
    scaled = information / scale
    try:
        inverse = np.linalg.inv(scaled)
    except np.linalg.LinAlgError:
        inverse = np.linalg.pinv(scaled)
    return np.asarray(inverse / scale)


def leverage(design: Floats, found: Fit, weights: Floats) -> Floats:
    """How far each observation pulls its own fitted value, B×n."""
    spread = np.einsum("np,bpq,nq->bn", design, found.inverse, design, optimize=True)
    return np.asarray(weights * found.mu * spread)
