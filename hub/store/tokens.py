"""API tokens. Only a digest is stored.

A token is 256 random bits, so a plain hash is enough, and looking it up by its hash tells nothing by the time it takes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from hub.store.database import Session

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")
"""Each may do all that those before it may."""

_PREFIX = "hub_"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token afterwards."""

    id: UUID
    name: str
    role: Role
    created_at: datetime


def create(session: Session, role: Role, name: str, now: datetime) -> tuple[Token, str]:
    """Make a token; its text is given this once and never again."""
    text = _PREFIX + secrets.token_urlsafe(32)
    token = Token(uuid4(), name, role, now)
    session.run(
        "INSERT INTO token (id, name, role, digest, created_at) VALUES (%s, %s, %s, %s, %s)",
        [token.id, name, role, _digest(text), now],
    )
    return token, text


def held(session: Session, text: str) -> Token | None:
    """The token of the bearer of this text, or None when it is no token (any more)."""
    row = session.one("SELECT id, name, role, created_at FROM token WHERE digest = %s", [_digest(text)])
    return Token(*row) if row else None


def role_of(session: Session, text: str) -> Role | None:
    """What the bearer of this text may do, or None when it is no token (any more)."""
    token = held(session, text)
    return token.role if token else None


def page(session: Session) -> list[Token]:
    """All tokens, oldest first."""
    return [Token(*row) for row in session.rows("SELECT id, name, role, created_at FROM token ORDER BY created_at, id")]


def revoke(session: Session, token_id: UUID) -> bool:
    """Forget a token; False when there is none of that id."""
    return bool(session.run("DELETE FROM token WHERE id = %s", [token_id]))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
