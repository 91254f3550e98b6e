"""Finds the parameters a likelihood is greatest for: damped Newton steps, derivatives by differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hub.insight.special_functions import Floats

_STEP = 1e-4
_MOST_STEPS = 200
_LONGEST = 1.5
"""Of the logarithm of a parameter in one step: it is taken at most four and a half times as large."""


def maximise(likelihood: Callable[[Floats], float], start: Floats, bounds: tuple[float, float]) -> Floats:
    """The logarithms of positive parameters for which a smooth function is greatest, within bounds.

    Levenberg's damping: where the function is not concave, or a step is no gain, steps turn towards the gradient.
    """
    point, damping = np.clip(np.asarray(start, dtype=np.float64), *bounds), 1e-3
    value = likelihood(point)
    for _ in range(_MOST_STEPS):
        gradient, curvature = _derivatives(likelihood, point, value)
        gained = False
        while damping < 1e12:
            scale = np.maximum(np.abs(np.diag(curvature)), 1e-8)
            system = -curvature + damping * np.diag(scale)
            try:
                np.linalg.cholesky(system)
            except np.linalg.LinAlgError:
                damping *= 4
                continue
            step = np.clip(np.linalg.solve(system, gradient), -_LONGEST, _LONGEST)
            there = np.clip(point + step, *bounds)
            found = likelihood(there)
            if np.isfinite(found) and found >= value:
                gained = found - value > 1e-9 * (1 + abs(value)) or np.abs(there - point).max() > 1e-5
                point, value, damping = there, found, max(damping / 8, 1e-10)
                break
            damping *= 4
        if not gained:
            break
    return point


def _derivatives(likelihood: Callable[[Floats], float], point: Floats, value: float) -> tuple[Floats, Floats]:
    size = len(point)
    steps = np.eye(size) * _STEP
    up = np.array([likelihood(point + step) for step in steps])
    down = np.array([likelihood(point - step) for step in steps])
    gradient = (up - down) / (2 * _STEP)
    curvature = np.diag((up - 2 * value + down) / _STEP**2)
    for one in range(size):
        for other in range(one):
            both = likelihood(point + steps[one] + steps[other])
            neither = likelihood(point - steps[one] - steps[other])
            mixed = (both + neither - up[one] - down[one] - up[other] - down[other] + 2 * value) / (2 * _STEP**2)
            curvature[one, other] = curvature[other, one] = mixed
    return gradient, curvature
