"""The advisory locks of identity, all held to the end of the transaction, and always taken in this order.

Rules, then rows of records, then facts, then counting. Who places records takes rules, then profiles.
"""

from __future__ import annotations

from hub.store.database import Session

_RULES = 0x48554202  # "HUB" + 2
_COUNTING = 0x48554205
_PEOPLE = 0x48554206
_AGAIN = 0x48554207


def rules(session: Session) -> None:
    """Keep the rules and weights as they are. Everybody who records or places holds this; they share it."""
    session.run("SELECT pg_advisory_xact_lock_shared(%s)", [_RULES])


def rules_alone(session: Session) -> None:
    """Wait until nobody works by the rules and weights in force, and keep everybody from it: others come."""
    session.run("SELECT pg_advisory_xact_lock(%s)", [_RULES])


def counting(session: Session) -> None:
    """One transaction at a time counts who stands under a key, from here to its commit. The last lock to be taken."""
    session.run("SELECT pg_advisory_xact_lock(%s)", [_COUNTING])


def people(session: Session) -> None:
    """People who decide are served one after the other."""
    session.run("SELECT pg_advisory_xact_lock(%s)", [_PEOPLE])


def again(session: Session) -> bool:
    """Whether this is the one that takes records to be recorded again: profiles are taken whole."""
    row = session.one("SELECT pg_try_advisory_xact_lock(%s)", [_AGAIN])
    return bool(row and row[0])
