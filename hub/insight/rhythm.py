"""A customer's own rhythm: how likely somebody still buys, how often, and when that changes. MBG/NBD, closed forms.

Each customer orders at random times at a rate of their own (gamma: ``r``, ``alpha``), and after every order, the first
one too, leaves for good with a chance of their own (beta: ``a``, ``b``). Batislam, Denizel, Filiztekin, "Empirical
validation and comparison of models for customer base analysis", Int. J. of Research in Marketing 24 (2007). BG/NBD
(Fader, Hardie, Lee, Marketing Science 24, 2005, https://brucehardie.com/notes/004/) lets nobody leave after the first
order, so that it calls every one-time buyer alive for ever; it is here to be held against published numbers only.

``x`` is the number of repeat orders, ``tx`` the time from the first order to the last, ``t`` from the first until now.
Times and ``alpha`` are in days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from hub.insight.maximise import maximise
from hub.insight.special_functions import Floats, gauss_tail

Kind = Literal["mbg", "bg"]

_BOUNDS = (-7.0, 9.0)
"""Logarithms of parameters: 0.0009 to 8,100. Whoever arrives there is on the edge, not at an answer."""

_FIRST_LOOK = 2_000


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The parameters; ``alpha`` in days."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, x: ArrayLike, tx: ArrayLike, t: ArrayLike) -> Floats:
        """The probability that somebody has not left by now."""
        repeats, last, now = _floats(x, tx, t)
        odds = self.a / (self.b + repeats) * ((self.alpha + now) / (self.alpha + last)) ** (self.r + repeats)
        return np.asarray(1 / (1 + odds), dtype=np.float64)

    def falls_to(self, p: float, x: ArrayLike, tx: ArrayLike) -> Floats:
        """The ``t`` at which ``alive`` has fallen to ``p``; before the last order where it is lower from the start."""
        repeats, last = _floats(x, tx)
        odds = (1 / p - 1) * (self.b + repeats) / self.a
        with np.errstate(over="ignore"):
            return np.asarray((self.alpha + last) * odds ** (1 / (self.r + repeats)) - self.alpha, dtype=np.float64)

    def orders_again(self, x: ArrayLike, tx: ArrayLike, t: ArrayLike, days: ArrayLike) -> Floats:
        """The probability of at least one order in the next ``days``."""
        repeats, last, now, ahead = _floats(x, tx, t, days)
        none = ((self.alpha + now) / (self.alpha + now + ahead)) ** (self.r + repeats)
        return self.alive(repeats, last, now) * (1 - none)

    def expected(self, x: ArrayLike, tx: ArrayLike, t: ArrayLike, days: ArrayLike) -> Floats:
        """The expected number of orders in the next ``days``.

        Euler's transformation of the published form, so that the series ends soon, with (a − 1) divided out, so that
        it holds for a = 1.
        """
        repeats, last, now, ahead = _floats(x, tx, t, days)
        z = ahead / (self.alpha + now + ahead)
        shrunk = np.log1p(-z)
        tail = gauss_tail(self.a + self.b - self.r, self.a, self.a + self.b + repeats, z)
        less = self.a - 1
        flat = -shrunk if abs(less) < 1e-9 else -np.expm1(less * shrunk) / less
        orders = (self.a + self.b + repeats) * (flat - np.exp(less * shrunk) * tail)
        return self.alive(repeats, last, now) * orders


def log_likelihood(rhythm: Rhythm, x: Floats, tx: Floats, t: Floats, counts: Floats, kind: Kind = "mbg") -> float:
    """Of all these customers; ``counts`` of them are alike."""
    r, alpha, a, b = rhythm.r, rhythm.alpha, rhythm.a, rhythm.b
    # ln Γ(v + n) − ln Γ(v) is a sum of n logarithms, and there are few different numbers of orders.
    orders = np.arange(int(x.max(initial=0)) + 1)
    of_r, of_b, of_both = (np.concatenate(([0.0], np.cumsum(np.log(one + orders)))) for one in (r, b, a + b))
    place = x.astype(np.int64)
    rate = of_r[place] + r * np.log(alpha)
    if kind == "mbg":
        stays = (of_b - of_both)[place + 1]
        left = np.log(a) - np.log(b + x) + (r + x) * (np.log(alpha + t) - np.log(alpha + tx))
        each = rate + stays - (r + x) * np.log(alpha + t) + np.logaddexp(0.0, left)
    else:
        stays = (of_b - of_both)[place]
        still = -(r + x) * np.log(alpha + t)
        gone = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + tx)
        each = rate + stays + np.where(x > 0, np.logaddexp(still, gone), still)
    return float(counts @ each)


def fit(
    x: ArrayLike,
    tx: ArrayLike,
    t: ArrayLike,
    counts: ArrayLike | None = None,
    *,
    kind: Kind = "mbg",
    prior: Rhythm | None = None,
) -> Rhythm:
    """The parameters under which these customers are the likeliest; with a ``prior`` they are drawn towards it.

    The prior is weak: log-normal, a factor of e for one standard deviation.
    """
    repeats, last, now = _floats(x, tx, t)
    alike = np.ones_like(repeats) if counts is None else np.asarray(counts, dtype=np.float64)
    usual = prior or Rhythm(0.5, float(np.median(now)) or 1.0, 0.8, 1.5)
    centre = np.log([usual.r, usual.alpha, usual.a, usual.b])
    start = centre
    if len(repeats) > 2 * _FIRST_LOOK:
        # From where a part of them leads, two or three steps are left to go with all.
        some = slice(None, None, len(repeats) // _FIRST_LOOK)
        near = fit(repeats[some], last[some], now[some], alike[some], kind=kind, prior=prior)
        start = np.log([near.r, near.alpha, near.a, near.b])

    def likelihood(point: Floats) -> float:
        found = log_likelihood(Rhythm(*np.exp(point)), repeats, last, now, alike, kind)
        if prior is None:
            return found
        return found - float(((point - centre) ** 2).sum()) / 2

    return Rhythm(*(float(one) for one in np.exp(maximise(likelihood, start, _BOUNDS))))


def at_the_edge(rhythm: Rhythm) -> bool:
    """Whether the search ended at a bound: the data does not say when people leave."""
    point = np.log([rhythm.r, rhythm.alpha, rhythm.a, rhythm.b])
    return bool((np.abs(point - _BOUNDS[0]) < 0.1).any() or (np.abs(point - _BOUNDS[1]) < 0.1).any())


def grouped(x: ArrayLike, tx: ArrayLike, t: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    """Equal customers as one row each, with how many there are: a fit takes a tenth of the time."""
    rows = np.column_stack(_floats(x, tx, t))
    found, counts = np.unique(rows, axis=0, return_counts=True)
    return found[:, 0], found[:, 1], found[:, 2], counts.astype(np.float64)


def _floats(*values: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.asarray(each, dtype=np.float64) for each in values)
