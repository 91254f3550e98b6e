"""set_traits: keep what a person says of a trait, or take it back, and tell routes and destinations at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.application import overrides
from hub.application.insight import Wake, refreshed
from hub.application.process import Processing
from hub.errors import NotFound, RefusedError
from hub.model.keys import record_id
from hub.model.profile import Profile
from hub.profiles import view
from hub.store import audit
from hub.store import overrides as store
from hub.store.database import Session
from hub.store.overrides import OverrideRow


@dataclass(frozen=True, slots=True)
class Said:
    """``value`` is what holds now. ``profile`` is whose it is: a retired id was followed."""

    profile: UUID
    trait: str
    value: Any
    by: str
    until: datetime | None = None


class SetTraits:
    """``waken`` announces that a destination has something to deliver."""

    def __init__(self, processing: Processing, *, waken: Callable[[str], None] = lambda destination: None) -> None:
        self._processing = processing
        self._wake: Wake = lambda queue, destination: waken(destination)

    def put(self, profile: UUID, name: str, value: str, by: str, reason: str, until: datetime | None = None) -> Said:
        """From now on this holds, until the day or until it is taken back. It is in the audit log.

        Raises NotFound, RejectedError; RefusedError for somebody erased, and for the score of somebody who is no lead.
        """
        with self._processing.database.session() as session:
            person, now = _person(session, profile), session.now()
            told, words = overrides.checked(name, value, reason, until, now)
            if name == "lead_score" and person.traits.lead_score is None:
                raise RefusedError(
                    "this is no lead: nobody has a score who has bought, or where leads are not configured"
                )
            row = OverrideRow(person.id, name, told, by, now, words, until)
            store.forget(session, [person.id], name)
            store.put(session, _record_of(person), row)
            audit.note(session, by, "profile.trait", person.id)
            return self._renewed(session, person, name, by, until)

    def withdraw(self, profile: UUID, name: str, by: str) -> Said:
        """What is worked out holds again. Raises NotFound where nothing was said."""
        with self._processing.database.session() as session:
            person = _person(session, profile)
            if not store.forget(session, [person.id], name):
                raise NotFound(f"nobody set the {name} of this person")
            audit.note(session, by, "profile.trait_withdrawn", person.id)
            return self._renewed(session, person, name, by, None)

    def _renewed(self, session: Session, person: Profile, name: str, by: str, until: datetime | None) -> Said:
        refreshed(session, self._processing, [person.id], self._wake)
        now = view.get(session, person.id)
        return Said(person.id, name, getattr(now.traits, name) if now else None, by, until)


def _person(session: Session, profile: UUID) -> Profile:
    person = view.get(session, profile)
    if person is None:
        raise NotFound("there is no such profile")
    if person.suppressed:
        raise RefusedError("this person is not to be contacted or was erased: nothing more is kept of them")
    return person


def _record_of(person: Profile) -> UUID:
    """The record that it hangs on, and that it moves with."""
    one = person.records[0]
    return record_id(one.connection, one.kind, one.external_id)
