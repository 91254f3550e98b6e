"""suppress_address: puts an address on the list of those nobody writes to, and lets every system hear of it."""

from __future__ import annotations

import time
from uuid import UUID

from hub.application.judge import ATTEMPTS
from hub.application.placing import TRANSIENT, Processing, place_these
from hub.errors import RefusedError
from hub.profiles.view import holders, parse_identifier
from hub.store import records, suppressions
from hub.store.suppressions import Entry

_LISTS = {"email": "emails", "phone": "phones"}


def suppress_address(processing: Processing, identifier: str, region: str) -> list[UUID]:
    """Keep ``email:…`` or ``phone:…``; gives the profiles that carry it now, which are opted out by it.

    Raises PayloadError for what cannot be read, RefusedError for another kind of identifier; neither quotes it.
    """
    kind, value = parse_identifier(identifier, region)
    if kind not in _LISTS:
        raise RefusedError("only an e-mail address or a phone number can be suppressed: email:name@example.org")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _suppressed(processing, kind, value)
        except TRANSIENT:
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.02 * attempt)
    raise AssertionError("unreachable")


def _suppressed(processing: Processing, kind: str, value: str) -> list[UUID]:
    with processing.database.session() as session:
        now = session.now()
        suppressions.note(session, [Entry((_LISTS[kind], value), "asked", now, "hub")])
        carrying = sorted(holders(session, kind, value))
        touched = [row.id for row in records.load(session, carrying, []).values()]
        if touched:
            place_these(session, processing, frozenset(touched), now)
    return carrying
