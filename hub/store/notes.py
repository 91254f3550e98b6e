"""Notes on entries: parts that were left out or changed while the rest was read. Paths and reasons, no values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.model.event import Note
from hub.store.database import Session

MOST = 50
"""Notes kept of one entry."""


def add(session: Session, notes: Mapping[int, Sequence[Note]]) -> None:
    """Keep the notes on entries, by inbox id; those of before were cleared."""
    rows = [
        (inbox_id, position, note.path[:200], note.reason[:500])
        for inbox_id, of_entry in notes.items()
        for position, note in enumerate(dict.fromkeys(of_entry))
        if position < MOST
    ]
    if rows:
        session.run(
            """
            INSERT INTO inbox_note (inbox_id, position, path, reason)
            SELECT * FROM unnest(%b::bigint[], %b::smallint[], %b::text[], %b::text[])
            ON CONFLICT (inbox_id, position) DO UPDATE SET path = excluded.path, reason = excluded.reason
            """,
            [*map(list, zip(*rows, strict=True))],
        )


def of_entry(session: Session, inbox_id: int) -> list[dict[str, str]]:
    """The parts of an entry that were left out or changed when it was read last."""
    rows = session.rows("SELECT path, reason FROM inbox_note WHERE inbox_id = %s ORDER BY position", [inbox_id])
    return [{"path": path, "reason": reason} for path, reason in rows]
