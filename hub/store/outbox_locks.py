"""Locks on outbox rows ahead of statements that touch them in another order.

Everybody takes them by destination and key, as ``outbox.enqueue`` does: two who differ would wait for each other, and
what one of them did would be lost.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from hub.store.database import Session


def with_orders(
    session: Session, destination: str, keys: Collection[UUID], known: Collection[UUID], renewed: Collection[UUID]
) -> None:
    """Lock these rows, and orders and activities: those that wait for profiles ``known``, and all of ones ``renewed``.

    An array, not a join: on tables that were never analysed PostgreSQL looks at all rows for each of a join's.
    """
    session.run(
        """
        SELECT FROM outbox WHERE destination = %(destination)s AND key = ANY(%(keys)b::uuid[] || ARRAY(
            SELECT key FROM outbox WHERE profile_id = ANY(%(known)b) AND destination = %(destination)s
                AND subject IN ('order', 'activity')
                AND (state = 'pending' AND due_at > now() OR profile_id = ANY(%(renewed)b))))
        ORDER BY key FOR UPDATE
        """,
        {"keys": list(keys), "known": list(known), "renewed": list(renewed), "destination": destination},
    )


def of_profiles(session: Session, profiles: Collection[UUID]) -> None:
    """Lock all rows of these profiles, their orders among them, at every destination."""
    session.run("SELECT FROM outbox WHERE profile_id = ANY(%b) ORDER BY destination, key FOR UPDATE", [list(profiles)])
