"""When to try again, when to give up, when to leave a destination alone. Pure."""

from __future__ import annotations

from datetime import timedelta

MAX_ATTEMPTS = 14
"""Attempts of one row until it is dead; with the ladder below that is a little over two days."""

_LADDER = (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 14400, 28800, 28800, 43200)
BREAKER_AFTER = 5
"""Failures after which a destination is left alone for a while."""

HEALTHY_AFTER = 3
"""Answers in a row that end the failures before them: one that fails half of its calls gives no three in a row."""

POISONOUS = 3
"""Records whose calls may fail while the destination counts as sound: then it is them."""

_BREAKER_SECONDS = (5, 15, 30, 60, 120, 300)
AUTH_PAUSE = timedelta(minutes=10)
"""Refused credentials are tried again this often; new credentials at once."""


def next_attempt(attempts: int, *, jitter: float = 0.0) -> timedelta | None:
    """How long to wait after the ``attempts``-th failure (from 1), or None to give up. ``jitter`` is 0 to 1."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return timedelta(seconds=_LADDER[min(attempts, len(_LADDER)) - 1] * (1.0 + 0.2 * jitter))


def breaker_pause(failures: int) -> timedelta | None:
    """How long a destination that failed ``failures`` calls is left alone, or None while it may be called."""
    if failures < BREAKER_AFTER:
        return None
    step = min(failures - BREAKER_AFTER, len(_BREAKER_SECONDS) - 1)
    return timedelta(seconds=_BREAKER_SECONDS[step])
