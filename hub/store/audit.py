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


def page(session: Session, *, before: int | None = None, subject: str | None = None, limit: int) -> list[Entry]:
    """The newest first, from ``before`` (an entry's id) on; all, or those about one id."""
    rows = session.rows(
        """
        SELECT id, at, who, action, subject FROM audit
        WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
            AND (%(subject)s::text IS NULL OR subject = %(subject)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"before": before, "subject": subject, "limit": limit},
    )
    return [Entry(*row) for row in rows]
