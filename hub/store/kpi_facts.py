"""What key figures count besides orders: consents, addresses that went stale, messages that wait, complaints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.store import text
from hub.store.database import Session
from hub.store.facts import NOT_ERASED


@dataclass(frozen=True, slots=True)
class ContactCounts:
    """People: who can be written to (``emails``), who agreed to it, and who could be a year ago (``known``).

    ``stale`` of the last went since: bounced, complained of mail, or unsubscribed.
    """

    emails: int = 0
    opted_in: int = 0
    known: int = 0
    stale: int = 0


_CONTACTS = """
    WITH told AS (
        SELECT p.id, p.created_at FROM profile p WHERE NOT p.suppressed AND p.golden LIKE '%%"emails":["%%'),
    gone AS (
        SELECT DISTINCT r.profile_id FROM fact f JOIN record r ON r.id = f.record_id
        WHERE f.kind = 'interaction' AND f.received_at >= %(since)s AND f.happened_at >= %(since)s
            AND substring(f.payload from '"kind":"([a-z_]+)"')
                IN ('email_bounced', 'email_complained', 'email_unsubscribed'))
    SELECT count(*), count(*) FILTER (WHERE created_at < %(since)s),
        count(*) FILTER (WHERE created_at < %(since)s AND id IN (SELECT profile_id FROM gone))
    FROM told
    """

# The text is searched before it is read as JSON: of most profiles nobody has to read more.
_AGREED = """
    SELECT id, golden FROM profile
    WHERE id > %s AND NOT suppressed AND golden LIKE '%%"emails":["%%' AND golden LIKE '%%"state":"opted_in"%%'
    ORDER BY id LIMIT 10000
    """


def contacts(session: Session, since: datetime) -> ContactCounts:
    """Of everybody with an e-mail address; ``since`` is a year ago."""
    row = session.one(_CONTACTS, {"since": since})
    emails, known, stale = row or (0, 0, 0)
    return ContactCounts(emails, _agreed(session), known, stale)


def _agreed(session: Session) -> int:
    """How many agreed to marketing by e-mail. A profile that cannot be read counts as one that did not."""
    after, number = UUID(int=0), 0
    while rows := session.rows(_AGREED, [after]):
        number += sum(_agrees(golden) for _, golden in rows)
        after = rows[-1][0]
    return number


def _agrees(golden: str) -> bool:
    told = text.or_else(golden, {}).get("consents") or ()
    wanted = {"channel": "email", "purpose": "marketing", "state": "opted_in"}
    return any(wanted.items() <= one.items() for one in told)


def messages(session: Session, since: datetime) -> list[tuple[UUID, datetime, bool]]:
    """(profile, time, whether the business spoke) of what was written to and fro, person by person, oldest first."""
    return session.rows(
        f"""
        SELECT r.profile_id, f.happened_at, f.payload LIKE '%%"direction":"out"%%'
        FROM fact f JOIN record r ON r.id = f.record_id
        WHERE f.kind = 'interaction' AND f.received_at >= %s AND f.happened_at >= %s
            AND substring(f.payload from '"kind":"([a-z_]+)"') IN ('message', 'mention', 'comment', 'email_replied')
            AND {NOT_ERASED}
        ORDER BY 1, 2, f.id
        """,
        [since, since],
    )


def complaints(session: Session, since: datetime) -> list[tuple[datetime, datetime | None]]:
    """(opened, closed) of complaints and tickets that were opened since then."""
    rows = session.rows(
        """
        SELECT f.happened_at, substring(f.payload from '"closed_at":"([^"]+)"') FROM fact f
        WHERE f.kind = 'case' AND f.happened_at >= %s
            AND substring(f.payload from '"kind":"([a-z_]+)"') = 'complaint' ORDER BY 1
        """,
        [since],
    )
    return [(opened, datetime.fromisoformat(closed) if closed else None) for opened, closed in rows]
