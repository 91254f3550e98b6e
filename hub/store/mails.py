"""Mails that forms want sent: which wait, which were sent, and how many went to whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from hub.sdk.source import InboxEntry
from hub.store import text
from hub.store.database import Session

MailState = Literal["waiting", "sent", "failed", "held"]


@dataclass(frozen=True, slots=True)
class MailRow:
    """``reason`` says why it failed, is held or waits once more; it names nobody."""

    id: int
    connection: str
    state: MailState
    due_at: datetime
    attempts: int
    reason: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail to send now, ``attempts`` of which this one is. ``entry`` is None where its body is stored no more."""

    id: int
    attempts: int
    entry: InboxEntry | None


def queue(session: Session, ids: Collection[int]) -> None:
    """Queue a mail for these entries of the inbox, each once however often the entry is worked on."""
    if ids:
        session.run(
            "INSERT INTO mail (inbox_id, connection) SELECT id, connection FROM inbox WHERE id = ANY(%b) "
            "ORDER BY id ON CONFLICT (inbox_id) DO NOTHING",
            [sorted(ids)],
        )


def claim(session: Session, lease: timedelta, limit: int) -> list[Claimed]:
    """Take mails that are due. Who does not say how it went within ``lease`` lets another try it again."""
    rows = session.rows(
        """
        WITH due AS (
            SELECT inbox_id FROM mail WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at, inbox_id
            LIMIT %s FOR UPDATE SKIP LOCKED),
        taken AS (
            UPDATE mail SET due_at = now() + %s, attempts = attempts + 1 FROM due WHERE mail.inbox_id = due.inbox_id
            RETURNING mail.inbox_id, mail.attempts)
        SELECT t.inbox_id, t.attempts, i.connection, i.event_id, i.topic, i.headers, i.body, i.received_at
        FROM taken t JOIN inbox i ON i.id = t.inbox_id ORDER BY t.inbox_id
        """,
        [limit, lease],
    )
    found = []
    for one, attempts, name, event, topic, headers, body, at in rows:
        entry = InboxEntry(name, event, topic, text.read(headers, "headers"), bytes(body), at) if body else None
        found.append(Claimed(one, attempts, entry))
    return found


def going_out(session: Session, mail: int, recipient: str) -> None:
    """It counts from now on, in the transaction of ``counts_since``; ``ended`` and ``postpone`` take that back.

    Where whoever sends it dies it goes on to count, as it may have gone out. ``recipient`` is a keyed digest of the
    address: it only counts.
    """
    session.run("UPDATE mail SET sent_at = now(), recipient = %s WHERE inbox_id = %s", [recipient, mail])


def sent(session: Session, mail: int) -> None:
    """It went out."""
    session.run("UPDATE mail SET state = 'sent', sent_at = now(), reason = '' WHERE inbox_id = %s", [mail])


def ended(session: Session, mail: int, state: MailState, reason: str) -> None:
    """It will not go out, for this reason."""
    session.run("UPDATE mail SET state = %s, sent_at = NULL, reason = %s WHERE inbox_id = %s", [state, reason, mail])


def postpone(session: Session, mail: int, wait: timedelta, reason: str) -> None:
    """Try it again later."""
    session.run(
        "UPDATE mail SET due_at = now() + %s, sent_at = NULL, reason = %s WHERE inbox_id = %s", [wait, reason, mail]
    )


def again(session: Session, mail: int) -> bool:
    """Send it once more, whatever became of it; False where there is none."""
    sql = "UPDATE mail SET state = 'waiting', due_at = now(), attempts = 0, reason = '' WHERE inbox_id = %s"
    return session.run(sql, [mail]) > 0


def counts_since(session: Session, age: timedelta, recipient: str, *, besides: int) -> tuple[int, int]:
    """How many went out, or go out now, in so long a time: to this recipient, and to all; one mail does not count.

    Until the transaction ends nobody else counts: two who send at once would each find room for one mail more.
    """
    session.run("SELECT pg_advisory_xact_lock(hashtext('hub.mail'))")
    row = session.one(
        "SELECT count(*) FILTER (WHERE recipient = %s), count(*) FROM mail "
        "WHERE sent_at > now() - %s AND inbox_id <> %s",
        [recipient, age, besides],
    )
    return (row[0], row[1]) if row else (0, 0)


def page(session: Session, states: Sequence[MailState] = (), limit: int = 50) -> list[MailRow]:
    """The newest first."""
    rows = session.rows(
        "SELECT inbox_id, connection, state, due_at, attempts, reason, sent_at FROM mail "
        "WHERE cardinality(%s::text[]) = 0 OR state = ANY(%s) ORDER BY inbox_id DESC LIMIT %s",
        [list(states), list(states), limit],
    )
    return [MailRow(*row) for row in rows]
