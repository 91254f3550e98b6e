"""``hub backfill --dry-run``: the first items of a history, as Hub reads them. Nothing is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hub.cli import output

if TYPE_CHECKING:
    from hub.normalise.trial import AsRead
    from hub.sdk.connection import Connection

FIRST = 20
_HIDDEN = {"occurred_at"}


def show_first(connection: Connection, since: datetime | None, *, json: bool) -> None:
    """Read the first items and show what became of each: its values, or why it would be parked or skipped."""
    from hub.intake.backfill import first_items
    from hub.normalise.trial import as_read

    entries = first_items(connection, since=since, most=FIRST, now=datetime.now(UTC))
    found = as_read(entries, connection)
    if json:
        output.show_json([document_of(each) for each in found])
        return
    for number, each in enumerate(found, 1):
        show_one(each, f"{number}. ")
    output.say(f"{len(found)} items read, nothing was stored")


def show_one(each: AsRead, head: str = "") -> None:
    """One entry for people: what became of it, every value, every note."""
    output.show(f"{head}{each.entry.topic}: {each.state}{f', {each.reason}' if each.reason else ''}")
    for event in each.events:
        document = event.model_dump(mode="json", exclude_defaults=True)
        output.show(f"   {type(event).__name__} of {document['occurred_at']}")
        for path, value in _values(document):
            output.show(f"     {path}: {value}")
    for note in each.notes:
        output.show(f"   note: {note.path}: {note.reason}")


def document_of(found: AsRead) -> dict[str, Any]:
    """The same for ``--json``."""
    return {
        "event_id": found.entry.event_id,
        "topic": found.entry.topic,
        "state": found.state,
        "reason": found.reason,
        "events": [
            {"type": type(event).__name__, **event.model_dump(mode="json", exclude_defaults=True)}
            for event in found.events
        ],
        "notes": [note.model_dump() for note in found.notes],
    }


def _values(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [
            found
            for name, inner in value.items()
            if path or name not in _HIDDEN
            for found in _values(inner, f"{path}.{name}" if path else name)
        ]
    if isinstance(value, list):
        return [found for place, inner in enumerate(value) for found in _values(inner, f"{path}.{place}")]
    return [(path, value)]
