"""What would be sent next, without taking it: no lease, no lock, nothing written."""

from __future__ import annotations

from uuid import UUID

import orjson

from hub.store.database import Session
from hub.store.outbox import DueRow, Subject

# As in hub.store.outbox: the ids of those merged into this profile belong to it, its own first. Rows that wait for a
# retry are shown too: nobody wants to wait for the answer to "what would go out".
_PEEK = """
    SELECT o.key, o.profile_id, o.version, o.attempts, o.uncertain, o.events, m.properties,
        ARRAY(
            SELECT x.external_id FROM crosswalk x
            WHERE x.destination = o.destination AND x.subject = o.subject AND NOT x.merged
                AND (x.key = o.key OR (o.subject = 'profile'
                    AND x.key IN (SELECT a.id FROM alias a WHERE a.profile_id = o.key)))
            ORDER BY (x.key = o.key) DESC, x.created_at, x.external_id),
        CASE WHEN o.subject = 'order' THEN (
            SELECT x.external_id FROM crosswalk x WHERE x.destination = o.destination AND x.subject = 'profile'
                AND x.key = o.profile_id AND NOT x.merged ORDER BY x.created_at LIMIT 1) END
    FROM outbox o LEFT JOIN mirror m ON m.destination = o.destination AND m.key = o.key
    WHERE o.destination = %(destination)s AND o.subject = %(subject)s AND o.state IN ('pending', 'retrying')
        AND (%(key)s::uuid IS NULL OR o.key = %(key)s OR o.profile_id = %(key)s)
    ORDER BY o.due_at, o.key LIMIT %(limit)s
    """


def peek(session: Session, destination: str, subject: Subject, *, key: UUID | None, limit: int) -> list[DueRow]:
    """Rows that wait, the first due first; with ``key`` only those of that profile or order."""
    rows = session.rows(_PEEK, {"destination": destination, "subject": subject, "key": key, "limit": limit})
    return [
        DueRow(
            key=row[0],
            profile_id=row[1],
            version=row[2],
            attempts=row[3],
            uncertain=row[4],
            events=row[5],
            mirror=orjson.loads(row[6] or "{}"),
            external_ids=list(row[7]),
            contact_id=row[8],
        )
        for row in rows
    ]
