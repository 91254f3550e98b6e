"""suppress_address: puts an address on the list of those nobody writes to, and lets every system hear of it."""

from __future__ import annotations

from uuid import UUID

from hub.application.placing import Processing, place_marks
from hub.application.repeating import repeated
from hub.errors import RefusedError
from hub.profiles.view import holders, parse_identifier
from hub.store import identity_locks, marks, records, suppressions
from hub.store.marks import Mark
from hub.store.suppressions import Entry

_LISTS = {"email": "emails", "phone": "phones"}


def suppress_address(processing: Processing, identifier: str, region: str) -> list[UUID]:
    """Keep ``email:…`` or ``phone:…``; gives the profiles that carry it now, which are opted out by it.

    Raises PayloadError for what cannot be read, RefusedError for another kind of identifier; neither quotes it.
    """
    kind, value = parse_identifier(identifier, region)
    if kind not in _LISTS:
        raise RefusedError("only an e-mail address or a phone number can be suppressed: email:name@example.org")
    return repeated(lambda: _suppressed(processing, kind, value), pause=0.02)


def _suppressed(processing: Processing, kind: str, value: str) -> list[UUID]:
    with processing.database.session() as session:
        suppressions.note(session, [Entry((_LISTS[kind], value), "asked", session.now(), "hub")])
    with processing.database.session() as session:
        # Who read the list before that has told of it nobody: wait until they are done, and their profiles are there.
        identity_locks.rules_alone(session)
    with processing.database.session() as session:
        carrying = sorted(holders(session, kind, value))
        touched = set(records.load(session, carrying, []))
        told = [marks.add(session, Mark(folded=touched))] if touched else []
    place_marks(processing, told, wait=True)
    return carrying
