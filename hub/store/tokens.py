"""API tokens. Only a digest is stored.

A token is 256 random bits, so a plain hash is enough, and looking it up by its hash tells nothing by the time it takes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from hub.store.database import Session

Role = Literal["shop", "viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = ("shop", "viewer", "operator", "admin")
"""Each may do all that those before it may. A shop is told how to greet people, and nothing else."""

OF_PEOPLE: tuple[Role, ...] = ROLES[1:]
"""Those that somebody of the house may have."""

_PREFIX = "hub_"
_LENGTH = len(_PREFIX) + 43
_COLUMNS = "id, name, role, created_at, expires_at, coalesce(expires_at <= now(), false), connection"


@dataclass(frozen=True, slots=True)
class Token:
    """A stored token, without its text."""

    id: UUID
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    """None: it never does."""
    expired: bool = False
    connection: str | None = None
    """The shop whose token it is; None for all others."""


def create(
    session: Session,
    role: Role,
    name: str,
    now: datetime,
    *,
    lifetime: timedelta | None = None,
    connection: str | None = None,
) -> tuple[Token, str]:
    """Make a token; its text is given this once and never again. Without ``lifetime`` it never expires."""
    text = _PREFIX + secrets.token_urlsafe(32)
    row = session.one(
        f"""
        INSERT INTO token (id, name, role, digest, created_at, expires_at, connection)
        VALUES (%s, %s, %s, %s, %s, now() + %s::interval, %s) RETURNING {_COLUMNS}
        """,
        [uuid4(), name, role, digest(text), now, lifetime, connection],
    )
    assert row is not None
    return Token(*row), text


def is_shaped(text: str) -> bool:
    """True when a text may be a token of ours at all."""
    return len(text) == _LENGTH and text.startswith(_PREFIX) and text.isascii()


def roles(session: Session) -> dict[bytes, Role]:
    """The digests of all tokens and their roles, also of those that have expired: their bearers are told so."""
    return {bytes(row[0]): row[1] for row in session.rows("SELECT digest, role FROM token")}


def of_bearer(session: Session, text: str) -> Token | None:
    """The token of the bearer of this text, expired or not, or None when it is no token (any more)."""
    row = session.one(f"SELECT {_COLUMNS} FROM token WHERE digest = %s", [digest(text)])
    return Token(*row) if row else None


def role_of(session: Session, text: str) -> Role | None:
    """What the bearer of this text may do, or None when it is no token (any more)."""
    token = of_bearer(session, text)
    return token.role if token and not token.expired else None


def page(session: Session) -> list[Token]:
    """All tokens, oldest first."""
    return [Token(*row) for row in session.rows(f"SELECT {_COLUMNS} FROM token ORDER BY created_at, id")]


def revoke(session: Session, token_id: UUID) -> bool:
    """Forget a token; False when there is none of that id."""
    return bool(session.run("DELETE FROM token WHERE id = %s", [token_id]))


def digest(text: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(text.encode()).digest()
