"""What is about to be written to a system that people edit as well is noted before, so that its echo is known.

The webhook of a write may come back before the answer to it, and must not find the door open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.outbox import echo
from hub.sdk.connection import Connection
from hub.sdk.destination import Write
from hub.store import returned
from hub.store.database import Database
from hub.store.due import DueRow


def keep_prints(
    database: Database, connection: Connection, writes: Sequence[Write], rows: Mapping[str, DueRow]
) -> None:
    """Note what these writes say of people, by fingerprints. Nothing where the connection is not read from."""
    source = connection.connector.source
    if source is None or source.reads is None:
        return
    kept = []
    for write in writes:
        if write.kind != "profile" or write.erase:
            continue
        key = rows[write.key].mirror_key
        told = source.reads(write.external_id or write.key, write.mirror, connection.settings)
        kept.append((key, echo.digests(key, told)))
    if kept:
        with database.session() as session:
            returned.keep_prints(session, connection.name, kept)
