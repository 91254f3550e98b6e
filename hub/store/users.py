"""People who log in to the console: names, roles and digests of passwords."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from hub.store.database import Session

Role = Literal["viewer", "support", "operator", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "support", "operator", "admin")
"""Each may do all that those before it may. A viewer sees no personal data in full."""

_COLUMNS = "id, name, role, created_at, password, subject"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a name of their own. ``password`` is a digest, empty where a link or a provider opens the console.

    ``subject`` is who they are at an OpenID provider: its address and their id there.
    """

    id: UUID
    name: str
    role: Role
    created_at: datetime
    password: str = field(repr=False, default="")
    subject: str | None = None


def add(session: Session, name: str, role: Role, password: str, *, subject: str | None = None) -> User | None:
    """Add somebody by the digest of a password; None when the name is taken."""
    row = session.one(
        f"""
        INSERT INTO console_user (id, name, role, password, subject) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (name) DO NOTHING RETURNING {_COLUMNS}
        """,
        [uuid4(), name, role, password, subject],
    )
    return User(*row) if row else None


def named(session: Session, name: str) -> User | None:
    """Who has this name."""
    row = session.one(f"SELECT {_COLUMNS} FROM console_user WHERE name = %s", [name])
    return User(*row) if row else None


def of_subject(session: Session, subject: str) -> User | None:
    """Who this is at an OpenID provider."""
    row = session.one(f"SELECT {_COLUMNS} FROM console_user WHERE subject = %s", [subject])
    return User(*row) if row else None


def bind(session: Session, user_id: UUID, subject: str) -> None:
    """Remember who somebody is at an OpenID provider."""
    session.run("UPDATE console_user SET subject = %s WHERE id = %s", [subject, user_id])


def page(session: Session) -> list[User]:
    """Everybody, by name."""
    return [User(*row) for row in session.rows(f"SELECT {_COLUMNS} FROM console_user ORDER BY name")]


def give_role(session: Session, name: str, role: Role) -> bool:
    """Change what somebody may do; it holds for open sessions too. False when there is nobody of that name."""
    return bool(session.run("UPDATE console_user SET role = %s WHERE name = %s", [role, name]))


def give_password(session: Session, user_id: UUID, password: str) -> None:
    """Keep another digest."""
    session.run("UPDATE console_user SET password = %s WHERE id = %s", [password, user_id])


def remove(session: Session, name: str) -> bool:
    """Forget somebody, and end their sessions. False when there is nobody of that name."""
    return bool(session.run("DELETE FROM console_user WHERE name = %s", [name]))
