"""fetched: entries of thin events get the bodies that were fetched for them; those that lack some are told apart."""

from __future__ import annotations

from collections.abc import Mapping

from hub.sdk.connection import Connection
from hub.store import inbox
from hub.store.database import Session
from hub.store.inbox import ClaimedEntry


def completed(
    session: Session, claimed: list[ClaimedEntry], connections: Mapping[str, Connection]
) -> tuple[list[ClaimedEntry], list[ClaimedEntry]]:
    """Give entries their fetched bodies; those that lack some are for the step ``complete``."""
    thin = [c for c in claimed if _completes(connections.get(c.entry.connection))]
    if not thin:
        return claimed, []
    fetched = inbox.completions(session, [c.id for c in thin])
    ready, incomplete = list[ClaimedEntry](), list[ClaimedEntry]()
    for entry in claimed:
        connection = connections.get(entry.entry.connection)
        if connection is None or not _completes(connection):
            ready.append(entry)
            continue
        whole = entry.with_completions(fetched.get(entry.id, {}))
        (incomplete if _lacks(whole, connection) else ready).append(whole)
    return ready, incomplete


def _completes(connection: Connection | None) -> bool:
    source = connection.connector.source if connection else None
    return source is not None and source.completions is not None


def _lacks(entry: ClaimedEntry, connection: Connection) -> bool:
    """True when the connector wants bodies that are not stored. An entry it cannot read is left to ``normalise``."""
    source = connection.connector.source
    if source is None or source.completions is None:
        return False
    try:
        return bool(source.completions(entry.entry, connection.settings))
    except Exception:
        return False
