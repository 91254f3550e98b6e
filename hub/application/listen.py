"""listen: sources that tell of news by themselves are read at once. One process at a time listens to a connection.

What is read, and how far, is the history's affair (``backfill``): news only says when. So whatever is missed while
nobody listens is read by the next run.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import structlog

from hub.application.backfill import read_now
from hub.errors import HubError, RefusedError
from hub.sdk.connection import Connection, open_client
from hub.store import backfills
from hub.store.database import Database

log = structlog.get_logger()

CHECK_SECONDS = 30.0
"""How long it is waited until a connection that was cut is made again, or another process has ended."""


@dataclass(frozen=True, slots=True)
class Listening:
    """One connection whose source can ``listen``."""

    database: Database
    connection: Connection

    def run_if_due(self, stopping: threading.Event) -> int | None:
        """Listen until it is to stop or the line is cut; gives how often there was news, None where another listens."""
        name, source = self.connection.name, self.connection.connector.source
        if source is None or source.listen is None:
            return None
        with backfills.alone(self.database.dsn, f"listen {name}") as first:
            if not first:
                return None
            heard, unread = 0, False
            try:
                with open_client(self.connection, source, background=True) as client:
                    for news in source.listen(client, self.connection.settings):
                        if stopping.is_set():
                            break
                        heard += news
                        unread = (news or unread) and not self._read(stopping)
            except HubError as error:
                log.warning("listen.cut", connection=name, error=type(error).__name__, reason=str(error))
            return heard

    def _read(self, stopping: threading.Event) -> bool:
        """Read what is new; False while another run is at it, whose look may have been before the news."""
        try:
            read_now(self.database, self.connection, stopping)
        except RefusedError:
            return False
        return True
