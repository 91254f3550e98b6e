"""Values that people pin at a profile: they hold against every source, until a person changes them or lets them go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from hub.application.process import Processing, process_these
from hub.errors import NotFound, RefusedError, RejectedError, did_you_mean
from hub.model.profile import Profile
from hub.model.text import tidy
from hub.normalise.own import CONNECTION, PINNED, WrittenPin, parse
from hub.outbox.echo import fields_of
from hub.profiles import view
from hub.sdk.source import InboxEntry
from hub.store import audit, event_search, inbox
from hub.store.inbox import NewEntry

FIELDS: Mapping[str, str] = {
    "first_name": "name",
    "last_name": "name",
    "full_name": "name",
    "email": "emails",
    "phone": "phones",
    "birth_date": "birth_date",
    "language": "language",
    "company": "company",
}
"""What can be pinned, each with the attribute of a profile it belongs to; ``custom.NAME`` beside them."""

LONGEST = 1_000
"""Characters of a value."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What was pinned or let go: ``attribute`` of the profile that ``profile`` leads to, by event ``event``."""

    profile: UUID
    attribute: str
    event: int


class Pins:
    """Pins and lets go. ``waken`` announces that a destination has something to deliver; ``region`` is of phones."""

    def __init__(
        self,
        processing: Processing,
        *,
        region: str = "DE",
        waken: Callable[[str], None] = lambda destination: None,
    ) -> None:
        self._processing, self._region, self._waken = processing, region, waken

    def pin(self, profile: UUID, field: str, value: str, by: str) -> Pinned:
        """Pin a value. It is in the audit log, without the value.

        Raises NotFound, RejectedError (no such field, or nothing that could stand in it), RefusedError for somebody who
        asked to be erased.
        """
        text = tidy(value).strip()
        if not text or len(text) > LONGEST:
            raise RejectedError(f"a pinned value has 1 to {LONGEST} characters")
        attribute = _attribute(field)

        def fields(person: Profile) -> dict[str, str]:
            # A name is one value of several parts: the others stay as they are.
            parts = {"first_name": person.name.first, "last_name": person.name.last} if attribute == "name" else {}
            others = {} if field == "full_name" else {name: part for name, part in parts.items() if part}
            return {**others, field: text}

        return self._write(profile, attribute, by, fields, ())

    def release(self, profile: UUID, field: str, by: str) -> Pinned:
        """Let a pinned value go: sources count again. Raises as ``pin`` does."""
        attribute = _attribute(field)
        return self._write(profile, attribute, by, lambda person: {}, (attribute,))

    def _write(
        self,
        profile: UUID,
        attribute: str,
        by: str,
        fields: Callable[[Profile], Mapping[str, str]],
        released: tuple[str, ...],
    ) -> Pinned:
        with self._processing.database.session() as session:
            person = view.get(session, profile)
            if person is None:
                raise NotFound("there is no such profile")
            if person.suppressed:
                raise RefusedError("this person is not to be contacted or was erased: nothing more is kept of them")
            now, id_ = session.now(), uuid4()
            sources = [record for record in person.records if record.connection != CONNECTION] or list(person.records)
            pin = WrittenPin(
                id=id_, record=sources[0], fields=fields(person), released=released, region=self._region, by=by, at=now
            )
            if not released:
                _fits(pin, attribute)
            inbox.insert(session, [NewEntry(CONNECTION, str(id_), PINNED, "{}", pin.body(), now)])
            event = event_search.id_of(session, CONNECTION, str(id_))
            audit.note(session, by, "profile.release" if released else "profile.pin", person.id)
        assert event is not None
        for destination in process_these(self._processing, [event]).destinations:
            self._waken(destination)
        return Pinned(person.id, attribute, event)


def _attribute(field: str) -> str:
    if field.startswith("custom.") and field != "custom.":
        return field
    if field not in FIELDS:
        raise RejectedError(f"{field!r} cannot be pinned{did_you_mean(field, FIELDS)}; custom.NAME can")
    return FIELDS[field]


def _fits(pin: WrittenPin, attribute: str) -> None:
    """Refuse what the canonical model would leave out, before it is kept."""
    told, _ = parse(InboxEntry(CONNECTION, str(pin.id), PINNED, {}, pin.body(), pin.at))
    customer = getattr(told, "customer", None)
    held = customer is not None and attribute in fields_of(customer)
    usable = all(point.usable for point in (*customer.emails, *customer.phones)) if customer else False
    if not held or not usable:
        raise RejectedError(f"that cannot stand in {attribute}")
