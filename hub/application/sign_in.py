"""sign in: who may open the console, by password, by API token, or by a link that works once.

A wrong name costs as much time as a wrong password, so that neither tells the other.
"""

from __future__ import annotations

import threading
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.errors import NotFound, RefusedError
from hub.store import audit, console_sessions, tokens, users
from hub.store.database import Database, Session
from hub.store.users import Role, User

TAKEN = "name"
"""The path of the fault that a name is somebody else's."""

LEAST_LETTERS = 12
"""Of a password: NIST SP 800-63B asks for length and not for kinds of characters."""

MOST_LETTERS = 200

COMMAND_LINE = "command line"
"""Who did it, where nobody was signed in. No user has this name."""

SOMEBODY = "somebody"
"""Who, in the audit log, where a sign-in failed and no user was meant: what was typed may be a password."""

_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(2)
"""Each digest takes 64 MB for a moment: no more than two at a time, however many ask."""


def add_user(session: Session, name: str, role: Role, password: str | None, *, by: str = COMMAND_LINE) -> User:
    """Add somebody; without a password only a link opens the console. Raises RefusedError."""
    added = users.add(session, named(name), role, digest(password) if password is not None else "")
    if added is None:
        raise RefusedError("there is a user of this name already")
    audit.note(session, by, "user.add", added.id)
    return added


def named(name: str) -> str:
    """A name as it is kept. Raises RefusedError."""
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise RefusedError("a name has 1 to 100 letters")
    if name == COMMAND_LINE:
        raise RefusedError("this is what the audit log calls the command line; take another name")
    if name == SOMEBODY:
        raise RefusedError("this is what the audit log calls whoever could not sign in; take another name")
    return name


def change_password(session: Session, name: str, password: str, *, by: str = COMMAND_LINE) -> None:
    """Give somebody another password, and end their sessions. Raises NotFound, RefusedError."""
    user = found(session, name)
    users.give_password(session, user.id, digest(password))
    console_sessions.close_all(session, user.id)
    audit.note(session, by, "user.password", user.id)


def change_role(session: Session, name: str, role: Role, *, by: str = COMMAND_LINE) -> User:
    """Change what somebody may do; it holds at once, for open sessions too. Raises NotFound, RefusedError.

    Nobody takes their own rights away: the console would be left without who can give them back.
    """
    user = found(session, name)
    if user.name == by and user.role != role:
        raise RefusedError("your own role is changed by another admin, or by `hub user role`")
    users.give_role(session, user.name, role)
    audit.note(session, by, "user.role", user.id)
    return user


def remove_user(session: Session, name: str, *, by: str = COMMAND_LINE) -> User:
    """Remove somebody; their sessions end at once. Raises NotFound, RefusedError."""
    user = found(session, name)
    if user.name == by:
        raise RefusedError("you are removed by another admin, or by `hub user remove`")
    users.remove(session, user.name)
    audit.note(session, by, "user.remove", user.id)
    return user


def found(session: Session, name: str) -> User:
    """The user of a name. Raises NotFound."""
    user = users.named(session, name.strip())
    if user is None:
        raise NotFound("there is no user of this name; `hub user list` shows all")
    return user


def link(session: Session, name: str, root: str, *, by: str = COMMAND_LINE) -> str:
    """The address that opens the console for somebody once, within the hour. Raises NotFound.

    The secret stands behind ``#``: browsers send that part to no server, so that no log has it.
    """
    user = found(session, name)
    audit.note(session, by, "user.link", user.id)
    return f"{root}/console/enter#{console_sessions.issue_ticket(session, user.id)}"


def by_password(database: Database, name: str, password: str) -> str | None:
    """A new session's text, or None when name and password do not belong together."""
    with database.session() as session:
        user = users.named(session, name.strip())
    right = _matches(user.password if user else "", password)
    with database.session() as session:
        if not right or user is None:
            refused(session, user)
            return None
        return _opened(session, user)


def refused(session: Session, user: User | None = None) -> None:
    """Note that a sign-in failed: of a user, or of nobody that is known."""
    audit.note(session, user.name if user else SOMEBODY, "session.refused", user.id if user else "")


def by_token(session: Session, text: str) -> str | None:
    """A new session's text, or None for what is no token (any more), and for a shop's: a shop sees no people."""
    held = tokens.of_bearer(session, text) if tokens.is_shaped(text) else None
    if held is None or held.expired or held.role not in tokens.OF_PEOPLE:
        refused(session)
        return None
    audit.note(session, held.name or f"token {held.id}", "session.open", held.id)
    return console_sessions.open_(session, token_id=held.id)


def by_ticket(session: Session, text: str) -> str | None:
    """A new session's text, or None for a link that was used or is too old."""
    user_id = console_sessions.take_ticket(session, text)
    user = next((one for one in users.page(session) if one.id == user_id), None)
    if user is None:
        refused(session)
    return _opened(session, user) if user else None


def by_identity(session: Session, subject: str, name: str, role: Role | None) -> str:
    """A new session's text for somebody whom an OpenID provider vouches for; ``role`` is what their groups say.

    A user is known by ``subject`` alone: names and addresses change and are others' at some providers (OpenID Connect
    Core 1.0, 5.7). Who comes for the first time becomes a user where a role is known and nobody has the name. Raises
    RefusedError for everybody else.
    """
    user = users.of_subject(session, subject)
    if user is None:
        if users.named(session, name.strip()) is not None:
            raise RefusedError("there is another user of this name", [(TAKEN, name)])
        if role is None:
            raise RefusedError("nobody gave them a role in Hub")
        user = users.add(session, named(name), role, "", subject=subject)
        if user is None:
            raise RefusedError("there is another user of this name", [(TAKEN, name)])
        audit.note(session, user.name, "user.add", user.id)
    if role is not None and role != user.role:
        users.give_role(session, user.name, role)
        audit.note(session, user.name, "user.role", user.id)
    return _opened(session, user)


def connect(session: Session, user_id: UUID, subject: str) -> None:
    """From now on, who the provider calls so is this user. Raises RefusedError where it is somebody else already."""
    user = next((one for one in users.page(session) if one.id == user_id), None)
    holder = users.of_subject(session, subject)
    if user is None or (holder is not None and holder.id != user.id):
        raise RefusedError("this account of the provider is another user's", [(TAKEN, subject)])
    if user.subject is not None and user.subject != subject:
        raise RefusedError("this user is connected with another account of the provider", [(TAKEN, subject)])
    if user.subject is None:
        users.bind(session, user.id, subject)
        audit.note(session, user.name, "user.connect", user.id)


def _opened(session: Session, user: User) -> str:
    audit.note(session, user.name, "session.open", user.id)
    return console_sessions.open_(session, user_id=user.id)


def digest(password: str) -> str:
    """What is stored of a password. Raises RefusedError for one that is too short or too long."""
    if not LEAST_LETTERS <= len(password) <= MOST_LETTERS:
        raise RefusedError(f"a password has {LEAST_LETTERS} to {MOST_LETTERS} letters")
    with _at_once:
        return _hasher.hash(password)


def _matches(stored: str, password: str) -> bool:
    try:
        with _at_once:
            return _hasher.verify(stored or _nobody(), password[: MOST_LETTERS + 1]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash("nobody's")
