"""Profiles as people and other systems see them: found and shown. Reads only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.errors import PayloadError, UnreadableError
from hub.mapping.email import email
from hub.mapping.name import fold
from hub.mapping.phone import phone
from hub.model.keys import identifier_id
from hub.model.profile import DestinationReference, Profile
from hub.store import facts, profiles
from hub.store.database import Session
from hub.store.profiles import FullRow

_NUMBER = re.compile(r"\+?[\d\s()/.-]{5,}")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A profile that cannot be read: in a list it stands alone with its reason, and hides no other."""

    id: UUID
    reason: str
    updated_at: datetime


def listed(row: FullRow) -> Profile | Unreadable:
    """The canonical profile, or why there is none."""
    try:
        return shown(row)
    except UnreadableError as error:
        return Unreadable(row.id, str(error), row.updated_at)


def shown(row: FullRow) -> Profile:
    """The canonical profile. Where a suppressed person's erasure has arrived, the destination is ``suppressed``.

    Raises UnreadableError.
    """
    profile = row.profile()
    if not profile.suppressed:
        return profile
    return profile.model_copy(update={"destinations": tuple(map(_suppressed, profile.destinations))})


def _suppressed(place: DestinationReference) -> DestinationReference:
    return place.model_copy(update={"state": "suppressed"}) if place.state == "in_sync" else place


def get(session: Session, profile_id: UUID) -> Profile | None:
    """One profile; a retired id gives the winner's."""
    row = profiles.get(session, profile_id)
    return shown(row) if row else None


def find(
    session: Session,
    *,
    identifier: str | None = None,
    text: str | None = None,
    region: str = "DE",
    after: UUID | None = None,
    limit: int,
    updated_since: datetime | None = None,
    after_change: datetime | None = None,
) -> list[Profile | Unreadable]:
    """Profiles that carry an identifier (``kind:value``) and whose name, e-mail, phone or city hold the text, by id.

    ``region`` reads phone numbers without a country. With ``updated_since`` those that changed then or later, in the
    order of their changes (``hub.store.profiles.find``). Raises PayloadError when the identifier cannot be read.
    """
    carried = parse_identifier(identifier, region) if identifier else None
    words = search_words(text, region) if text else []
    if text and not words:
        return []
    rows = profiles.find(
        session,
        carrying=carried,
        words=words,
        after=after,
        limit=limit,
        updated_since=updated_since,
        after_change=after_change,
    )
    return [listed(row) for row in rows]


def parse_identifier(text: str, region: str) -> UUID:
    """The id of ``email:a@b.c``, ``phone:030 …``, ``account:<network>:<id>``, ``loyalty:<number>`` or another kind.

    Raises PayloadError without quoting the value.
    """
    kind, _, value = text.partition(":")
    kind, value = kind.strip().lower(), value.strip()
    if not kind or not value:
        raise PayloadError("must be kind:value, such as email:name@example.org", path="identifier")
    if kind in ("email", "phone"):
        point = email(value) if kind == "email" else phone(value, region)
        value = point.value if point else value
    return identifier_id(kind, value)


def search_words(text: str, region: str) -> list[str]:
    """Folded words, each to begin a word of the profile; a phone number is one word, however it is written."""
    if _NUMBER.fullmatch(text.strip()) and (number := phone(text, region)):
        return ["".join(filter(str.isdigit, number.value))]
    return fold(text).split()


def timeline(
    session: Session, profile_id: UUID, *, before: tuple[Any, UUID] | None = None, limit: int = 50
) -> list[dict[str, Any]] | None:
    """What happened with a person, newest first; None when there is no such profile. Retired ids are followed."""
    row = profiles.get(session, profile_id)
    return facts.timeline(session, row.id, before=before, limit=limit) if row else None
