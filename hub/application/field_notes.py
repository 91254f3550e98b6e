"""Notes that people write at a person, in the field or at the desk: events of the built-in source ``hub``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from hub.application.process import Processing, process_these
from hub.errors import NotFound, RefusedError, RejectedError
from hub.model.text import tidy
from hub.normalise.own import CONNECTION, TOPIC, WrittenNote
from hub.profiles import view
from hub.store import audit, event_search, inbox
from hub.store.inbox import NewEntry

LONGEST = 10_000
"""Characters of a note."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A note that is stored. ``profile`` is whose it is: a retired id was followed."""

    id: UUID
    profile: UUID
    event: int


class Notes:
    """Writes notes. ``waken`` announces that a destination has something to deliver."""

    def __init__(self, processing: Processing, *, waken: Callable[[str], None] = lambda destination: None) -> None:
        self._processing = processing
        self._waken = waken

    def write(self, profile: UUID, text: str, by: str, *, note: UUID | None = None) -> Kept:
        """Keep a note. The same ``note`` a second time is kept once. It is in the audit log, without its text.

        Raises NotFound, RejectedError (no text, or too much), RefusedError for somebody who asked to be erased.
        """
        words = tidy(text).strip()
        if not words:
            raise RejectedError("a note needs a text")
        if len(words) > LONGEST:
            raise RejectedError(f"a note has at most {LONGEST} characters, this one has {len(words)}")
        id_ = note or uuid4()
        with self._processing.database.session() as session:
            person = view.get(session, profile)
            if person is None:
                raise NotFound("there is no such profile")
            if person.suppressed:
                raise RefusedError("this person is not to be contacted or was erased: nothing more is kept of them")
            now = session.now()
            written = WrittenNote(id=id_, record=person.records[0], text=words, by=by, at=now)
            new = inbox.insert(session, [NewEntry(CONNECTION, str(id_), TOPIC, "{}", written.body(), now)])
            event = event_search.id_of(session, CONNECTION, str(id_))
            if new:
                audit.note(session, by, "profile.note", person.id)
        assert event is not None
        # Whoever wrote it sees it at once. A worker that took it first does the same.
        for destination in process_these(self._processing, [event]).destinations:
            self._waken(destination)
        return Kept(id_, person.id, event)
