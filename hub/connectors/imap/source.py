"""Any mailbox as a source: read by UID over IMAP, and told of new mail by IDLE. What speaks to it is beside it.

In: mails. Each becomes a small document (``schemas_message``) before it is stored, so that a mail of 40 MB costs no
more than its first 256 KB. Out: canonical events (``mapping``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hub.connectors.imap import mapping, schemas
from hub.connectors.imap.manifest import ImapSettings
from hub.connectors.imap.schemas_message import Fetched, document
from hub.connectors.imap.source_mailbox import opened
from hub.errors import PayloadError, SkipEvent
from hub.mapping.payload import Reading, read
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

MAIL, REPORT = "mail", "report"
_A_DAY = timedelta(days=1)


def parse(entry: InboxEntry, settings: ImapSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of one mail. Raises SkipEvent for what no customer wrote, PayloadError without a sender."""
    if entry.topic not in (MAIL, REPORT):
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    return reading.of(mapping.events(reading.read(schemas.Mail, entry.body), settings))


def backfill(
    http: HttpClient, settings: ImapSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Pages of mails by UID. The cursor holds, for each folder, its UIDVALIDITY and the last UID that was read.

    Where UIDVALIDITY is another one, the folder is read anew: each mail has the event id that it had, so none is
    doubled. ``since`` leaves out what the server took earlier.
    """
    at: dict[str, Any] = dict(cursor or {})
    with opened(http, settings) as mailbox:
        for folder in (*settings.folders, *settings.sent_folders):
            validity = mailbox.examine(folder)
            held = at.get(folder) or {}
            last = int(held.get("uid", 0)) if held.get("validity") == validity else 0
            for mails, uid in mailbox.pages(folder, last, since - _A_DAY if since else None):
                at = {**at, folder: {"validity": validity, "uid": uid}}
                yield BackfillPage([item(one) for one in mails], at)
    if not at:
        yield BackfillPage([], {folder: {} for folder in settings.folders})


def item(mail: Fetched) -> BackfillItem:
    """A mail as it is stored. One that cannot be read is kept under where it lies, to be parked and seen."""
    body = document(mail)
    try:
        told = read(schemas.Mail, body)
        name = mapping.identity(told) if mail.head else f"{mail.folder}:{mail.uid}"
        topic = REPORT if told.report or told.complaint else MAIL
    except PayloadError:
        name, topic = f"{mail.folder}:{mail.uid}", MAIL
    return BackfillItem(f"{topic}:{name}", topic, body)


def listen(http: HttpClient, settings: ImapSettings) -> Iterator[bool]:
    """True whenever there is new mail, and False every second without; ends at once where the server has no IDLE."""
    if settings.idle:
        with opened(http, settings) as mailbox:
            yield from mailbox.news(settings.folders[0])


def check(http: HttpClient, settings: ImapSettings) -> Checked:
    """Sign in, and open each folder."""
    found = Checked()
    with opened(http, settings) as mailbox:
        found.works.append("the server lets us in")
        for folder in (*settings.folders, *settings.sent_folders):
            found.reads(f"the folder {folder}", partial(mailbox.examine, folder))
        if settings.idle and not mailbox.can_idle:
            found.untested.append("idle: the server cannot, so new mail waits for the next run")
    if settings.verified_by is None:
        found.untested.append("verified_by: is not set, so no sender's address is taken as proven")
    return found


SOURCE = Source(
    parse=parse,
    backfill=backfill,
    changed=lambda settings, cursor: True,
    listen=listen,
    check=check,
    walks_json=False,
)
