"""Ridge logistic regression by iteratively reweighted least squares. Small, exact and the same every time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hub.insight.special_functions import Floats

_MOST_STEPS = 100
_FARTHEST = 30.0


@dataclass(frozen=True, slots=True)
class Logistic:
    """``weights`` of features that were centred by ``means`` and scaled by ``scales``; in logarithms of odds."""

    intercept: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def parts(self, features: Floats) -> Floats:
        """What each feature adds to the logarithm of the odds."""
        told: Floats = (features - np.array(self.means)) / np.array(self.scales) * np.array(self.weights)
        return told

    def probability(self, features: Floats) -> Floats:
        """Of each row."""
        return sigmoid(self.intercept + self.parts(features).sum(axis=1))


def sigmoid(log_odds: Floats) -> Floats:
    """The probability of odds."""
    told: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -_FARTHEST, _FARTHEST)))
    return told


def fit(features: Floats, outcomes: Floats, *, ridge: float = 1.0) -> Logistic:
    """The weights for 0/1 outcomes; ``ridge`` draws all but the intercept towards 0."""
    means, scales = features.mean(axis=0), features.std(axis=0)
    scales = np.where(scales > 1e-9, scales, 1.0)
    rows = np.column_stack([np.ones(len(features)), (features - means) / scales])
    penalty = np.diag([1e-6, *[ridge] * features.shape[1]])
    weights = np.zeros(rows.shape[1])
    for _ in range(_MOST_STEPS):
        p = sigmoid(rows @ weights)
        curvature = (rows * (p * (1 - p))[:, None]).T @ rows + penalty
        step = np.linalg.solve(curvature, rows.T @ (outcomes - p) - penalty @ weights)
        weights = weights + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    return Logistic(
        float(weights[0]), tuple(map(float, weights[1:])), tuple(map(float, means)), tuple(map(float, scales))
    )


def auc(scores: Floats, outcomes: Floats) -> float:
    """How often somebody with the outcome scores above somebody without; ties count half. nan without both."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    hits = outcomes.sum()
    misses = len(outcomes) - hits
    if not hits or not misses:
        return float("nan")
    return float((ranks[outcomes > 0].sum() - hits * (hits + 1) / 2) / (hits * misses))


def brier(probabilities: Floats, outcomes: Floats) -> float:
    """The mean square of what was wrong; lower is better."""
    return float(((probabilities - outcomes) ** 2).mean())
