# ruff: noqa: N818 - SkipEvent, RateLimited, Unavailable and NotFound say what is; an "Error" behind them says nothing
"""The error tree. What Hub does about an error is a property of its type.

HubError
├── ConfigError            stop at start-up; every fault is listed at once
├── VerificationError      refuse the delivery with 401; count it; store nothing
├── PayloadError           park the inbox entry; never retried by itself
├── SkipEvent              done, with a reason; not a fault
├── RetryableError         try again, after ``retry_after`` seconds where the other side named them
│   ├── RateLimited        not a failed attempt: the budget was spent
│   └── Unavailable        time-out, reset, 5xx, half a body
├── AuthError              pause the connection until its credentials change
│   └── Forbidden          403: pause it, unless other records of the batch are written
├── RejectedError          this record is refused for good; the destination's words are kept
│   └── NotFound           the other side says that what was asked for does not exist (404)
├── ConflictError          a match conflict at the destination: look the person up again, once
├── RefusedError           what a person asked for contradicts what is stored: nothing was changed
├── UnreadableError        a stored row is broken, or a newer Hub wrote it: it fails alone, with its reason
└── BugError               everything else: alert
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import ClassVar, Literal

Recovery = Literal["stop", "refuse", "park", "skip", "retry", "pause", "reject", "find", "decline", "alert"]


class HubError(Exception):
    """Base of every error Hub raises on purpose. Messages never hold personal values or secrets."""

    done: Sequence[object] = ()
    """What of a batch was finished before this ended it: ``WriteResult`` each, of a destination's ``send``."""
    begun: Collection[str] = ()
    """Of the others the keys of those of which something was carried out before."""
    brief: str = ""
    """The message without the other side's words, for the log; "" where it holds none."""
    recovery: ClassVar[Recovery] = "alert"
    row_state: ClassVar[str] = "dead"
    http_status: ClassVar[int] = 500
    log_level: ClassVar[str] = "error"


class ConfigError(HubError):
    """The configuration has faults; ``faults`` lists each as ``path: what is wrong``."""

    recovery = "stop"
    row_state = "-"

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class VerificationError(HubError):
    """The signature is missing, wrong or too old."""

    recovery = "refuse"
    row_state = "-"
    http_status = 401
    log_level = "warning"


class PayloadError(HubError):
    """The body cannot be read; ``path`` names where, without the value found there."""

    recovery = "park"
    row_state = "parked"
    http_status = 202
    log_level = "warning"

    def __init__(self, reason: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason


class SkipEvent(HubError):
    """The event is understood and of no interest; the message is the reason."""

    recovery = "skip"
    row_state = "skipped"
    http_status = 202
    log_level = "debug"


LONGEST_RETRY_AFTER = 3600.0
"""The longest wait in seconds that another system may ask for: then it is tried again, and may ask for more."""


class RetryableError(HubError):
    """The same request may succeed later. ``retry_after`` is in seconds, or None.

    The other side's number is taken for what it is worth: at most an hour counts, and what is no number, or below zero,
    counts as none.
    """

    recovery = "retry"
    row_state = "retrying"
    http_status = 503
    log_level = "warning"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        sound = retry_after is not None and isfinite(retry_after) and retry_after >= 0
        self.retry_after = min(retry_after, LONGEST_RETRY_AFTER) if sound and retry_after is not None else None


class RateLimited(RetryableError):
    """The other side's budget is spent; waiting is not a failed attempt."""

    http_status = 429
    log_level = "info"


class Unavailable(RetryableError):
    """Time-out, connection reset, 5xx, or an answer that breaks off.

    ``uncertain`` is True when the request may have been carried out all the same.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, uncertain: bool = False) -> None:
        super().__init__(message, retry_after=retry_after)
        self.uncertain = uncertain


class AuthError(HubError):
    """The credentials were refused."""

    recovery = "pause"
    row_state = "retrying"
    http_status = 502


class Forbidden(AuthError):
    """The credentials are good, and do not allow this (403): where others are written, it is this record alone."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One value that a destination refused by the name of its property; ``code`` is its own word for why.

    ``missing`` is True when it has no such property, so that no value would do.
    """

    property: str
    code: str
    missing: bool = False


class RejectedError(HubError):
    """The destination refuses this record for good. The message holds its own words, scrubbed.

    ``refused`` are the values at fault, where it named them: the record goes out without.
    """

    recovery = "reject"
    row_state = "rejected"
    http_status = 422
    log_level = "warning"

    def __init__(self, message: str, *, refused: Sequence[Refusal] = ()) -> None:
        super().__init__(message)
        self.refused = tuple(refused)


class NotFound(RejectedError):
    """What was asked for does not exist there; a completion takes it for an empty body."""

    http_status = 404


class ConflictError(HubError):
    """The destination knows another record under the same match key."""

    recovery = "find"
    row_state = "retrying"
    http_status = 409
    log_level = "warning"


class RefusedError(HubError):
    """What a person asked for contradicts what is stored; nothing was changed.

    ``faults`` tell more, each as (path, what is there): for the person who asked, never for a log.
    """

    recovery = "decline"
    row_state = "-"
    http_status = 409
    log_level = "info"

    def __init__(self, message: str, faults: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.faults = list(faults)


class UnreadableError(HubError):
    """A stored row is broken, or was written by a newer Hub: it fails alone, and the others go through."""

    row_state = "rejected"


class BugError(HubError):
    """An invariant of Hub itself is broken."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the nearest right name, "" when none is near; to be put after a fault."""
    match = get_close_matches(name, list(known), n=1)
    return f"; did you mean {match[0]!r}?" if match else ""
