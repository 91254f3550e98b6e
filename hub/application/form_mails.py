"""form_mails: mails that forms ask for are queued with the batch that read the form, and sent by the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from hub.application.subscribe import address
from hub.errors import HubError, RejectedError, RetryableError
from hub.sdk import smtp
from hub.sdk.connection import Connection
from hub.sdk.mail import Mail
from hub.sdk.source import InboxEntry
from hub.settings_sections import MailSection
from hub.store import mails, suppressions
from hub.store.database import Database, Session
from hub.store.inbox import ClaimedEntry

log = structlog.get_logger()

SEND_SECONDS = 1.0
"""How often it is looked whether a mail is due: somebody waits for it."""

LEASE = timedelta(minutes=5)
"""A mail that was taken and not told of is another's after this time; then it may go out twice, and is never lost."""

DAY = timedelta(days=1)
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
"""Between tries at a server that cannot be reached or asks for patience; the last one goes on."""

LONGEST = timedelta(days=2)
"""A mail that could not go out for so long is given up: nobody waits for it any more."""

_NEVER = frozenset({"complaint", "bounce", "asked"})
"""Why an address is written to no more, whoever types it. Who was erased may sign up again."""

_SMALL_WAIT = timedelta(minutes=10)


def queue(session: Session, connections: Mapping[str, Connection], done: Collection[ClaimedEntry]) -> None:
    """Queue what the connectors want mailed for entries that were worked on, in the same transaction."""
    wanted = [
        entry.id
        for entry in done
        if (known := connections.get(entry.entry.connection)) is not None and wanted_of(entry.entry, known) is not None
    ]
    mails.queue(session, wanted)


def wanted_of(entry: InboxEntry, connection: Connection) -> Callable[[str], Mail] | None:
    """What makes the mail that a connection wants for an entry, of the connection's public address; None for none.

    What cannot be read wants nothing.
    """
    source = connection.connector.source
    if source is None or source.mails is None:
        return None
    try:
        return source.mails(entry, connection.settings)
    except HubError:
        return None


@dataclass(frozen=True, slots=True)
class Sending:
    """What mails are sent with."""

    database: Database
    connections: Mapping[str, Connection]
    section: MailSection
    public_url: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def turn(self, stopping: threading.Event | None = None) -> int:
        """Send what is due; gives how many went out."""
        if not (self.section.host and self.section.sender):
            return 0
        count = 0
        while not (stopping and stopping.is_set()):
            with self.database.session() as session:
                claimed = mails.claim(session, LEASE, 1)  # more would outlive the lease while the server is slow
            if not claimed:
                return count
            count += self._send(claimed[0])
        return count

    def _send(self, one: mails.Claimed) -> bool:
        mail = self._mail(one)
        if mail is None or one.entry is None:
            self._end(one.id, "failed", "its form is stored or configured no more")
            return False
        point = ("emails", mail.to.lower())
        with self.database.session() as session:
            recipient = suppressions.digest(session, point).hex()
            if _NEVER & suppressions.reasons(session, point):
                mails.ended(session, one.id, "held", "its address is on the list of those nobody may write to")
                return False
            to_them, to_all = mails.counts_since(session, DAY, recipient, besides=one.id)
            if to_them >= self.section.per_address:
                mails.ended(session, one.id, "held", f"its address got {to_them} mails in 24 hours")
                return False
            if to_all >= self.section.per_day:
                mails.postpone(session, one.id, _SMALL_WAIT, f"{to_all} mails went out in 24 hours (mail.per_day)")
                return False
            mails.going_out(session, one.id, recipient)
        try:
            smtp.send(smtp.message(mail, self.section, f"hub.{one.id}.{one.attempts}", self.now()), self.section)
        except RejectedError as error:
            self._end(one.id, "failed", str(error))
            return False
        except RetryableError as error:
            self._later(one, str(error))
            return False
        with self.database.session() as session:
            mails.sent(session, one.id)
        return True

    def _mail(self, one: mails.Claimed) -> Mail | None:
        connection = self.connections.get(one.entry.connection) if one.entry else None
        if connection is None or one.entry is None:
            return None
        made = wanted_of(one.entry, connection)
        return made(address(self.public_url, connection.name)) if made else None

    def _end(self, mail: int, state: mails.MailState, reason: str) -> None:
        log.warning("forms.not_mailed", inbox_id=mail, state=state, reason=reason)
        with self.database.session() as session:
            mails.ended(session, mail, state, reason)

    def _later(self, one: mails.Claimed, reason: str) -> None:
        assert one.entry is not None
        if self.now() - one.entry.received_at > LONGEST:
            self._end(one.id, "failed", reason)
            return
        log.warning("forms.mail_waits", inbox_id=one.id, reason=reason, attempts=one.attempts)
        with self.database.session() as session:
            mails.postpone(session, one.id, WAITS[min(one.attempts, len(WAITS)) - 1], reason)
