"""The logarithm of the gamma function, and the tail of Gauss' series that expected orders need. Over whole arrays.

numpy has neither, and scipy is 140 MB for two functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_SHIFT = 10
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)
"""Bernoulli numbers over 2k(2k-1): Abramowitz and Stegun 6.1.41."""

_MOST_TERMS = 5_000
_SMALL = 1e-8
_LOOKED = 8
"""Terms between two looks at whether any still matters."""


def log_gamma(values: ArrayLike) -> Floats:
    """Ln Γ(v) for v > 0, to some 13 digits: the recurrence Γ(v + 1) = v Γ(v) up to where Stirling's series is exact."""
    v = np.asarray(values, dtype=np.float64)
    below = v < _SHIFT
    shifted = np.where(below, v + _SHIFT, v)
    inverse = 1 / shifted
    square = inverse * inverse
    series = inverse * (
        _STIRLING[0]
        + square * (_STIRLING[1] + square * (_STIRLING[2] + square * (_STIRLING[3] + square * _STIRLING[4])))
    )
    stirling = (shifted - 0.5) * np.log(shifted) - shifted + 0.5 * np.log(2 * np.pi) + series
    if not below.any():
        return np.asarray(stirling, dtype=np.float64)
    product = np.ones_like(v)
    for step in range(_SHIFT):
        product = np.where(below, product * (v + step), product)
    return np.asarray(stirling - np.where(below, np.log(product), 0.0), dtype=np.float64)


def gauss_tail(one: ArrayLike, other: ArrayLike, below: ArrayLike, z: ArrayLike) -> Floats:
    """G of ₂F₁(one, other − 1; below; z) = 1 + (other − 1) · G: finite where ``other`` is 1. 0 ≤ z < 1.

    Gauss' series, term by term until no term matters any more.
    """
    a, b, c, point = np.broadcast_arrays(
        *(np.asarray(each, dtype=np.float64) for each in (one, other, below, z)),
    )
    term = a / c * point
    total = term.copy()
    for n in range(1, _MOST_TERMS):
        term = term * (a + n) * (b + n - 1) / ((c + n) * (n + 1)) * point
        total += term
        if not n % _LOOKED and not np.any(np.abs(term) > _SMALL * (1 + np.abs(total))):
            break
    return np.asarray(total, dtype=np.float64)
