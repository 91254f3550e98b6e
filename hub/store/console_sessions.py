"""Sessions of the console, and links that open one once. Only digests are stored: the texts are 256 random bits."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub.store.database import Session
from hub.store.tokens import digest
from hub.store.users import Role

LIFETIME = timedelta(hours=12)
TICKET_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a session belongs to: the name of a user, or of an API token; ``user`` is the id of a user.

    ``connected`` is whether the user is known to an OpenID provider.
    """

    name: str
    role: Role
    user: UUID | None = None
    connected: bool = False


def open_(session: Session, *, user_id: UUID | None = None, token_id: UUID | None = None) -> str:
    """Begin a session of a user or of a token's bearer; gives its text, this once. Sessions that are over are gone."""
    session.run("DELETE FROM console_session WHERE expires_at <= now()")
    text = secrets.token_urlsafe(32)
    session.run(
        """
        INSERT INTO console_session (digest, user_id, token_id, expires_at) VALUES (%s, %s, %s, now() + %s::interval)
        """,
        [digest(text), user_id, token_id, LIFETIME],
    )
    return text


def bearer(session: Session, text: str) -> Bearer | None:
    """Whose session this is, with their role of this moment; None when it is over, or its token is."""
    row = session.one(
        """
        SELECT coalesce(u.name, nullif(t.name, ''), 'token ' || t.id), coalesce(u.role, t.role), u.id,
            u.subject IS NOT NULL
        FROM console_session s LEFT JOIN console_user u ON u.id = s.user_id LEFT JOIN token t ON t.id = s.token_id
        WHERE s.digest = %s AND s.expires_at > now() AND coalesce(t.expires_at > now(), true)
        """,
        [digest(text)],
    )
    return Bearer(*row) if row else None


def close(session: Session, text: str) -> None:
    """End a session."""
    session.run("DELETE FROM console_session WHERE digest = %s", [digest(text)])


def close_all(session: Session, user_id: UUID) -> None:
    """End every session of a user."""
    session.run("DELETE FROM console_session WHERE user_id = %s", [user_id])


def issue_ticket(session: Session, user_id: UUID) -> str:
    """A text that opens one session of a user, once and within the hour."""
    session.run("DELETE FROM console_ticket WHERE expires_at <= now()")
    text = secrets.token_urlsafe(32)
    session.run(
        "INSERT INTO console_ticket (digest, user_id, expires_at) VALUES (%s, %s, now() + %s::interval)",
        [digest(text), user_id, TICKET_LIFETIME],
    )
    return text


def take_ticket(session: Session, text: str) -> UUID | None:
    """The user a ticket is of; it is used up. None when there is no such ticket (any more)."""
    row = session.one(
        "DELETE FROM console_ticket WHERE digest = %s RETURNING CASE WHEN expires_at > now() THEN user_id END",
        [digest(text)],
    )
    return row[0] if row else None
