"""What people were alerted of, since when, and when they were told last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.store.database import Session

DIGEST = "digest"
"""The key of the weekly digest."""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """``seen_at`` is when it was found last; ``failed`` says how sending went wrong, "" where it did not."""

    key: str
    kind: str
    text: str
    since: datetime
    seen_at: datetime
    sent_at: datetime | None
    failed: str


def note(session: Session, found: Mapping[str, tuple[str, str]], quiet: timedelta) -> None:
    """Note what is found now, (kind, text) by key; what was not found for ``quiet`` is over, and forgotten."""
    if found:
        keys = sorted(found)
        session.run(
            """
            INSERT INTO alert AS held (key, kind, text, since, seen_at)
            SELECT key, kind, text, now(), now()
            FROM unnest(%b::text[], %b::text[], %b::text[]) AS given (key, kind, text)
            ON CONFLICT (key) DO UPDATE SET seen_at = excluded.seen_at, text = excluded.text
            """,
            [keys, [found[key][0] for key in keys], [found[key][1] for key in keys]],
        )
    session.run("DELETE FROM alert WHERE seen_at < now() - %s AND key <> %s", [quiet, DIGEST])


def claim(session: Session, repeat: timedelta, again: timedelta) -> list[AlertRow]:
    """Take what is to be told now: nobody was told, or ``repeat`` ago; after a failure, ``again`` ago.

    Taken is taken: another process does not tell it, too.
    """
    rows = session.rows(
        """
        UPDATE alert SET sent_at = now(), sent = sent + 1
        WHERE key = ANY(ARRAY(
            SELECT key FROM alert WHERE key <> %s AND seen_at = now() AND (sent_at IS NULL
                OR sent_at <= now() - CASE WHEN failed = '' THEN %s::interval ELSE %s::interval END)
            ORDER BY key FOR UPDATE SKIP LOCKED))
        RETURNING key, kind, text, since, seen_at, sent_at, failed
        """,
        [DIGEST, repeat, again],
    )
    return sorted((AlertRow(*row) for row in rows), key=lambda row: row.key)


def claim_digest(session: Session, every: timedelta, again: timedelta) -> bool:
    """Whether the digest is due, and is this process's to send."""
    session.run(
        "INSERT INTO alert (key, kind, text, since, seen_at) VALUES (%s, %s, '', now(), now()) ON CONFLICT DO NOTHING",
        [DIGEST, DIGEST],
    )
    return bool(
        session.run(
            """
            UPDATE alert SET sent_at = now(), seen_at = now(), sent = sent + 1
            WHERE key = %s AND (sent_at IS NULL
                OR sent_at <= now() - CASE WHEN failed = '' THEN %s::interval ELSE %s::interval END)
            """,
            [DIGEST, every, again],
        )
    )


def set_failed(session: Session, keys: Sequence[str], failed: str) -> None:
    """Note how telling these went; "" where it went well."""
    session.run("UPDATE alert SET failed = %s WHERE key = ANY(%b)", [failed, list(keys)])


def page(session: Session) -> list[AlertRow]:
    """All that is not over, the oldest first."""
    rows = session.rows(
        "SELECT key, kind, text, since, seen_at, sent_at, failed FROM alert WHERE key <> %s ORDER BY since, key",
        [DIGEST],
    )
    return [AlertRow(*row) for row in rows]


def complaint_times(session: Session, since: datetime) -> list[datetime]:
    """When complaints were opened since then."""
    rows = session.rows(
        """
        SELECT happened_at FROM fact WHERE kind = 'case' AND happened_at >= %s
            AND substring(payload from '"kind":"([a-z_]+)"') = 'complaint'
        """,
        [since],
    )
    return [row[0] for row in rows]
