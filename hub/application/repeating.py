"""Repeats a transaction that others got in the way of: what is tried once more sees what they did."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_incrementing

from hub.errors import RetryableError

TRANSIENT = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, RetryableError)
"""What passes when the same is done once more."""

ATTEMPTS = 10
"""Times something is tried for which a person waits, when batches get in between."""

Done = TypeVar("Done")


def repeated(
    attempt: Callable[[], Done], *, pause: float, told: Callable[[BaseException], None] = lambda error: None
) -> Done:
    """What ``attempt`` gives. After the first failure it waits ``pause`` seconds, and so much longer after each other.

    ``told`` hears what failed before each further attempt. Raises what the last one raised, and at once what does not
    pass by itself.
    """
    trying = Retrying(
        retry=retry_if_exception_type(TRANSIENT),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_incrementing(start=pause, increment=pause),
        before_sleep=lambda state: told(error) if state.outcome and (error := state.outcome.exception()) else None,
        reraise=True,
    )
    return trying(attempt)
