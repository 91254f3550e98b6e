"""When to try again, when to give up, when to leave a destination alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
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
AUTH_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 600))
"""How long refused credentials rest, after each refusal in a row: a token that works again is soon found out, by the
next call that waits. New credentials are tried at once."""


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


def auth_pause(refusals: int) -> timedelta:
    """How long a destination that refused the credentials so often in a row (from 1) is left alone."""
    return AUTH_PAUSES[min(refusals, len(AUTH_PAUSES)) - 1]


# -- what cannot be undone, while much is coming in --------------------------------------------------------------------

BULK = 500
"""Entries due at once from which on it is a bulk load: one whole batch. Ordinary traffic is worked off as it comes."""

BEHIND = timedelta(seconds=30)
"""The first entry has waited so long: more is coming in than is worked off."""

AT_REST = timedelta(seconds=3)
"""A bulk load is over once no entry has waited longer, besides the other conditions."""

LONGEST_HOLD = timedelta(hours=24)
"""After this a held write goes out all the same, and an error is logged: the law asks for opt-outs and erasures to be
passed on without undue delay, and training that never ends must not keep them for ever."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much is coming in.

    ``fetching``: history of some connection is being read. ``due``: entries to be worked on, counted up to ``BULK``;
    ``waited``: how long the first of them has. ``rereading``: entries from before an upgrade wait to be read once more.
    ``resolving``: records wait to be resolved again. ``training``: weights are being trained, or it is time to.
    """

    fetching: bool = False
    due: int = 0
    waited: timedelta = timedelta()
    rereading: bool = False
    resolving: bool = False
    training: bool = False


def bulk_load(load: Load, *, begun: bool) -> str:
    """Why who is one person may change for many at once; "" in ordinary traffic. ``begun``: so it was just before.

    A bulk load begins when history is being read, when a whole batch of entries is due or the first has waited for
    half a minute, when stored entries are read once more or records wait to be resolved again, or when weights are to
    be trained. It ends when none of it is so any more and what is due has waited for no more than seconds.
    """
    if load.fetching:
        return "history is being read"
    if load.due >= BULK or load.waited > (AT_REST if begun else BEHIND):
        return "events wait to be resolved"
    if load.rereading:
        return "what was stored before the upgrade is read once more"
    if load.resolving:
        return "records wait to be resolved again"
    if load.training:
        return "weights are being trained, or about to be"
    return ""


def must_wait(*, irreversible: bool, records: int, waited: timedelta, rereading: bool = False) -> bool:
    """Whether a write waits for the end of a bulk load, ``waited`` since it was first held.

    Only what cannot be undone does, and only for people who were put together of several records: an opt-out that
    their one record told is theirs, whatever training will say. While stored entries are read once more, even one
    record may name an address that its source replaced long ago: then everybody's waits.
    """
    return irreversible and (records > 1 or rereading) and waited < LONGEST_HOLD
