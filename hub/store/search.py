"""Profiles by the numbers that people have in their hands: of an order, of a customer, of a record in a CRM."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from hub.model.facts import plain_number
from hub.model.keys import fact_id
from hub.store.database import Session

BEGINNING = "left(external_id, 100)"
"""Of an id as much as an index surely holds: the expression of the index ``record_external_id``."""

MOST = 100
"""Profiles that one number stands for, as far as anybody wants to know."""


def holders(session: Session, text: str, connections: Iterable[str], *, only: bool = False) -> set[UUID]:
    """The profiles with a record, an order or a record at a destination that is called exactly this.

    ``connections`` are those whose orders and destinations are looked through; with ``only`` no other has a say. Every
    part is a look-up by key.
    """
    names = list(connections)
    of_record, of_order = (
        ("AND connection = ANY(%(places)s)", "AND f.connection = ANY(%(places)s)") if only else ("", "")
    )
    rows = session.rows(
        f"""
        (SELECT profile_id FROM record WHERE {BEGINNING} = left(%(text)s, 100) AND external_id = %(text)s {of_record}
            LIMIT {MOST})
        UNION (SELECT r.profile_id FROM fact f JOIN record r ON r.id = f.record_id
            WHERE f.number = %(number)s {of_order} LIMIT {MOST})
        UNION (SELECT r.profile_id FROM fact f JOIN record r ON r.id = f.record_id WHERE f.id = ANY(%(orders)s))
        UNION (SELECT coalesce(a.profile_id, c.key) FROM crosswalk c LEFT JOIN alias a ON a.id = c.key
            WHERE c.destination = ANY(%(places)s) AND c.subject = 'profile' AND c.external_id = %(text)s)
        UNION (SELECT r.profile_id FROM crosswalk c JOIN fact f ON f.id = c.key JOIN record r ON r.id = f.record_id
            WHERE c.destination = ANY(%(places)s) AND c.subject = 'order' AND c.external_id = %(text)s)
        """,
        {
            "text": text,
            "number": plain_number(text),
            "orders": [fact_id(name, "order", text) for name in names],
            "places": names,
        },
    )
    return {row[0] for row in rows}


def of_id(session: Session, one: UUID) -> set[UUID]:
    """The profile with this id, the one it was merged into, or the one that this record belongs to."""
    rows = session.rows(
        """
        SELECT id FROM profile WHERE id = %(id)s
        UNION SELECT profile_id FROM alias WHERE id = %(id)s
        UNION SELECT profile_id FROM record WHERE id = %(id)s
        """,
        {"id": one},
    )
    return {row[0] for row in rows}
