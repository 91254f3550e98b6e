"""Who did what, when, on which id. Ids and names of users only: no personal data of customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class Entry:
    """One action: ``action`` as ``profile.view``, ``subject`` an id, or "" where it has none."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str


def note(session: Session, who: str, action: str, subject: object = "") -> None:
    """Write it down, in the transaction of what was done."""
    session.run("INSERT INTO audit (who, action, subject) VALUES (%s, %s, %s)", [who, action, str(subject)])


def note_once(session: Session, who: str, action: str, subject: object = "") -> None:
    """Write it down unless the same stands among the newest entries already, and is younger than a minute."""
    session.run(
        """
        INSERT INTO audit (who, action, subject) SELECT %(who)s, %(action)s, %(subject)s
        WHERE NOT EXISTS (
            SELECT FROM (SELECT at, who, action, subject FROM audit ORDER BY id DESC LIMIT 50) AS newest
            WHERE who = %(who)s AND action = %(action)s AND subject = %(subject)s AND at > now() - interval '1 minute')
        """,
        {"who": who, "action": action, "subject": str(subject)},
    )


def page(
    session: Session,
    *,
    before: int | None = None,
    subject: str | None = None,
    who: str | None = None,
    area: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[Entry]:
    """The newest first, from ``before`` (an entry's id) on.

    All, or those about one id, by one person, of one ``area`` (what stands before the dot of an action: ``user``), from
    ``since`` on, and before ``until``.
    """
    rows = session.rows(
        """
        SELECT id, at, who, action, subject FROM audit
        WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
            AND (%(subject)s::text IS NULL OR subject = %(subject)s)
            AND (%(who)s::text IS NULL OR who = %(who)s)
            AND (%(area)s::text IS NULL OR split_part(action, '.', 1) = %(area)s)
            AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {
            "before": before,
            "subject": subject,
            "who": who,
            "area": area,
            "since": since,
            "until": until,
            "limit": limit,
        },
    )
    return [Entry(*row) for row in rows]
