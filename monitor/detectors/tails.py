"""Tails of the distributions that counts follow, in plain numpy: normal, Student, Poisson, negative binomial.

Incomplete beta and gamma by continued fractions (Lentz's method; Abramowitz & Stegun 26.5.8, 6.5.31) and series
(6.5.29); the normal quantile by Acklam's rational approximation and one step of Halley. Tails of huge negative
binomial counts by what the beta tends to (A&S 26.6.15; Wise, M. E. (1950), The incomplete beta function as a contour
integral and a quickly converging series for its inverse, Biometrika 37, 208–218).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import erfc, exp, lgamma, log, pi, sqrt
from typing import Any

from monitor.detectors.arrays import Floats, np

TINY = 1e-300
DOUBLED = 200
FINEST = 1e-12
"""Beyond its inverse a count is no longer told from the next."""
HUGE = 1e6
"""Beyond it series and fractions take too many terms, and what they tend to is near enough."""


@cache
def _each(function: Callable[[float], float]) -> Any:
    """A function of a number as one of arrays."""
    return np.frompyfunc(function, 1, 1)


def normal_tail(z: Any) -> Floats:
    """P(Z ≥ z)."""
    return np.asarray(0.5 * _each(erfc)(np.asarray(z, dtype=float) / sqrt(2)), dtype=float)


def normal_quantile(p: float) -> float:
    """The z with P(Z < z) = p, 0 < p < 1."""
    a = (
        -39.69683028665376,
        220.9460984245205,
        -275.9285104469687,
        138.3577518672690,
        -30.66479806614716,
        2.506628277459239,
    )
    b = (-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572)
    c = (
        -0.007784894002430293,
        -0.3223964580411365,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    )
    d = (0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416)
    if p > 0.5:
        return -normal_quantile(1 - p) if p > 0.97575 else _refined(_central(p, a, b), p)
    if p >= 0.02425:
        return _refined(_central(p, a, b), p)
    q = sqrt(-2 * log(p))
    return _refined(float(np.polyval(c, q) / np.polyval((*d, 1.0), q)), p)


def _central(p: float, a: tuple[float, ...], b: tuple[float, ...]) -> float:
    q = p - 0.5
    return float(np.polyval(a, q * q) * q / np.polyval((*b, 1.0), q * q))


def _refined(z: float, p: float) -> float:
    error = 0.5 * erfc(-z / sqrt(2)) - p
    u = error * sqrt(2 * pi) * exp(z * z / 2)
    return z - u / (1 + z * u / 2)


def student_two_sided(t: Any, df: Any) -> Floats:
    """P(|T| ≥ |t|) with df degrees of freedom."""
    t, df = np.broadcast_arrays(np.asarray(t, dtype=float), np.asarray(df, dtype=float))
    return incomplete_beta(df / 2, np.full(t.shape, 0.5), df / (df + t * t))


def poisson_tail(k: Any, mu: Any) -> Floats:
    """P(Y ≥ k) of a Poisson count with mean mu."""
    k, mu = np.broadcast_arrays(np.ceil(np.asarray(k, dtype=float)), np.asarray(mu, dtype=float))
    out = np.ones(k.shape)
    some = (k > 0) & (mu > 0)
    out[(k > 0) & (mu <= 0)] = 0.0
    few, many = some & (k <= HUGE), some & (k > HUGE)
    out[few] = lower_gamma(k[few], mu[few])
    out[many] = 1 - gamma_tail(k[many], mu[many])
    return out


def count_tail(k: Any, mu: Any, phi: Any) -> Floats:
    """P(Y ≥ k) of a count with mean mu and variance phi × mu: negative binomial, Poisson where phi ≤ 1."""
    k, mu, phi = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (k, mu, phi)))
    wide = (phi > 1 + 1e-9) & (k > 0) & (mu > 0)
    out = np.ones(k.shape)
    out[~wide] = poisson_tail(k[~wide], mu[~wide])
    size = mu / np.maximum(phi - 1, 1e-9)
    many, wide = wide & ((k > HUGE) | (size > HUGE)), wide & (k <= HUGE) & (size <= HUGE)
    out[wide] = incomplete_beta(np.ceil(k[wide]), size[wide], 1 - 1 / phi[wide])
    if many.any():
        out[many] = _huge_tail(np.ceil(k[many]), size[many], 1 - 1 / phi[many])
    return out


def _huge_tail(k: Floats, size: Floats, x: Floats) -> Floats:
    """I_x(k, size) where one of them is huge: Paulson's cube roots; of a small size the gamma it tends to."""
    f, a, b = np.cbrt(size * x / (k * (1 - x))), 1 / (9 * k), 1 / (9 * size)
    out = 1 - normal_tail(np.clip(((1 - b) * f - (1 - a)) / np.sqrt(b * f * f + a), -40, 40))
    few = size < 1000
    out[few] = gamma_tail(size[few], -(k[few] + (size[few] - 1) / 2) * np.log(x[few]))
    return out


def gamma_tail(a: Floats, x: Floats) -> Floats:
    """The regularised upper incomplete gamma function; beyond HUGE by Wilson and Hilferty's cube root (A&S 26.4.14)."""
    with np.errstate(divide="ignore", over="ignore"):
        z = (np.cbrt(x / a) - (1 - 1 / (9 * a))) * 3 * np.sqrt(a)
    out = normal_tail(np.clip(z, -40, 40))
    few = a <= HUGE
    out[few] = 1 - lower_gamma(a[few], x[few])
    return out


def count_quantile(p: float, mu: Any, phi: Any) -> Floats:
    """The smallest count that is not exceeded with probability p or more."""
    mu, phi = np.broadcast_arrays(np.asarray(mu, dtype=float), np.asarray(phi, dtype=float))
    sd = np.sqrt(np.maximum(phi, 1) * np.maximum(mu, 0))
    low = np.full(mu.shape, -1.0)
    high = np.ceil(mu + 10 * sd + 10)
    for _ in range(DOUBLED):  # a bound that certainly is not exceeded
        short = count_tail(high + 1, mu, phi) > (1 - p) * (1 + 1e-12)
        if not short.any():
            break
        high = np.where(short, 2 * high + 10, high)
    while (high - low > np.maximum(1.0, FINEST * high)).any():
        middle = np.floor((low + high) / 2)
        holds = count_tail(middle + 1, mu, phi) <= (1 - p) * (1 + 1e-12)
        low, high = np.where(holds, low, middle), np.where(holds, middle, high)
    return np.asarray(high)


def lower_gamma(a: Floats, x: Floats) -> Floats:
    """The regularised lower incomplete gamma function P(a, x), a > 0, x ≥ 0."""
    out = np.empty(a.shape)
    with np.errstate(divide="ignore", under="ignore"):
        front = np.exp(a * np.log(x) - x - np.asarray(_each(lgamma)(a), dtype=float))
    low = x < a + 1
    out[low] = front[low] * _gamma_series(a[low], x[low])
    out[~low] = 1 - front[~low] * _gamma_fraction(a[~low], x[~low])
    return np.clip(out, 0.0, 1.0)


def _gamma_series(a: Floats, x: Floats) -> Floats:
    term = 1 / a
    total = term.copy()
    n = a.copy()
    while term.size and (term > total * 1e-16).any():
        n = n + 1
        term = term * x / n
        total = total + term
    return total


def _gamma_fraction(a: Floats, x: Floats) -> Floats:
    b = x + 1 - a
    c = np.full(a.shape, 1 / TINY)
    d = 1 / np.where(b == 0, TINY, b)
    h = d.copy()
    for i in range(1, 100_000):
        an = -i * (i - a)
        b = b + 2
        d = 1 / _nonzero(an * d + b)
        c = _nonzero(b + an / c)
        h = h * d * c
        if not (np.abs(d * c - 1) > 1e-15).any():
            break
    return h


def incomplete_beta(a: Floats, b: Floats, x: Floats) -> Floats:
    """The regularised incomplete beta function I_x(a, b)."""
    a, b, x = (np.asarray(v, dtype=float) for v in (a, b, x))
    turned = x > (a + 1) / (a + b + 2)
    a1, b1, x1 = np.where(turned, b, a), np.where(turned, a, b), np.where(turned, 1 - x, x)
    logs = _each(lgamma)(a1 + b1) - _each(lgamma)(a1) - _each(lgamma)(b1)
    with np.errstate(divide="ignore", under="ignore"):
        front = np.exp(np.asarray(logs, dtype=float) + a1 * np.log(x1) + b1 * np.log1p(-x1)) / a1
    part = np.where(x1 <= 0, 0.0, front * _beta_fraction(a1, b1, x1))
    return np.clip(np.where(turned, 1 - part, part), 0.0, 1.0)


def _beta_fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    c = np.ones(a.shape)
    d = 1 / _nonzero(1 - (a + b) * x / (a + 1))
    h = d.copy()
    for m in range(1, 100_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _nonzero(1 + numerator * d)
            c = _nonzero(1 + numerator / c)
            h = h * d * c
        if not (np.abs(d * c - 1) > 1e-15).any():
            break
    return h


def _nonzero(x: Floats) -> Floats:
    return np.where(np.abs(x) < TINY, TINY, x)
