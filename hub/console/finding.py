"""Finding people by what somebody typed, as the commands and the API find them."""

from __future__ import annotations

from uuid import UUID

from hub.console.house import House
from hub.errors import PayloadError
from hub.model.profile import Profile
from hub.profiles import view


def found(house: House, text: str, after: UUID | None, limit: int) -> list[Profile | view.Unreadable]:
    """Who matches a text, as ``hub profile search`` finds them: also by ``email:…`` and the like."""
    text = text.strip()
    is_identifier = text.partition(":")[0].strip().lower() in view.IDENTIFIER_KINDS and ":" in text
    with house.database.session() as session:
        try:
            return view.find(
                session,
                identifier=text if is_identifier else None,
                text=None if is_identifier else text or None,
                region=house.region,
                connections=house.connections,
                after=after,
                limit=limit,
            )
        except PayloadError:  # somebody is still typing it
            return []
