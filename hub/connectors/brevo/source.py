"""Brevo as a source: what became of the mails that it sent, and its contacts (``source_contacts``).

Unsigned; the secret is the token of the webhook.

Facts: https://developers.brevo.com/docs/secured-webhooks (``Authorization: Bearer`` of one's own choice),
…/docs/how-to-use-webhooks (an event that is refused with a 4xx but 429, or with any 5xx, is dropped for good; 429 is
tried again after 10 minutes, 1, 2 and 8 hours). With ``batched: true`` a request is a list of events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hub.connectors.brevo import source_contacts as contacts
from hub.connectors.brevo.manifest import API_ROOT, BrevoSettings
from hub.connectors.brevo.mapping import MAP
from hub.connectors.brevo.schemas import authorise, waits
from hub.connectors.brevo.schemas_events import MailTold
from hub.errors import PayloadError, SkipEvent
from hub.mapping.body import json_tree
from hub.mapping.mail_event import MailEvent, Words, events_of, happened
from hub.mapping.payload import Reading
from hub.mapping.time import epoch
from hub.model.event import CanonicalEvent, Note
from hub.sdk.completing import fetched
from hub.sdk.crm.mailing_reading import reads
from hub.sdk.signatures import SharedSecret
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Source

MAILS = "mail_events"
BEARER: SharedSecret[BrevoSettings] = SharedSecret(
    "authorization", secrets=lambda settings: settings.webhook_secret or (), prefix="Bearer "
)
WORDS: Words = {
    "request": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "unique_opened": "opened",
    "click": "clicked",
    "hard_bounce": "bounced",
    "invalid_email": "bounced",
    "soft_bounce": "deferred",
    "deferred": "deferred",
    "blocked": "failed",
    "error": "failed",
    "spam": "complained",
    "unsubscribe": "unsubscribed",
    "unsubscribed": "unsubscribed",
    "proxy_open": "opened",
    "unique_proxy_open": "opened",
}
_MACHINE = frozenset({"proxy_open", "unique_proxy_open"})


def name_event(delivery: RawDelivery, settings: BrevoSettings) -> EventName:
    """There is no id: the digest of what was sent."""
    body = json_tree(delivery.body)
    if contacts.is_contact(body):
        return EventName(contacts.name_of(body), contacts.ONE)
    topic = contacts.TOLD if contacts.is_about_contacts(body) else MAILS
    return EventName(hashlib.sha256(delivery.body).hexdigest(), topic)


def parse(entry: InboxEntry, settings: BrevoSettings) -> Sequence[CanonicalEvent | Note]:
    """The event, or the events of a batch, each by itself."""
    if entry.topic in (contacts.TOLD, contacts.ONE):
        return contacts.parse(entry, settings)
    if entry.topic != MAILS:
        raise SkipEvent(f"topic not read: {entry.topic}")
    body = json_tree(entry.body)
    if not isinstance(body, list | dict):
        raise PayloadError("neither an event nor a list of events")
    rows = body if isinstance(body, list) else [body]
    return events_of(rows, Reading(), MailTold, _told, source="brevo", own=settings.own, region=settings.default_region)


def _told(event: MailTold, path: str) -> MailEvent:
    what = happened(event.event, WORDS, path=f"{path}.event")
    millis, seconds = event.ts_epoch, event.ts_event or event.ts
    if event.email is None:
        raise PayloadError("missing", path=f"{path}.email")
    if millis is None and seconds is None:
        raise PayloadError("missing", path=f"{path}.ts_epoch")
    told = (event.event, event.message_id, event.email, millis or seconds, event.link or event.url)
    return MailEvent(
        external_id=hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest(),
        at=epoch(millis / 1000 if millis else seconds or 0, path=f"{path}.ts_epoch"),
        address=event.email,
        happened=what,
        message=event.message_id,
        subject=event.subject,
        url=event.link or event.url,
        campaign=event.campaign or event.tag,
        reason=event.reason.strip() if event.reason and event.reason.strip() else None,
        details={"machine": "true"} if event.event in _MACHINE else {},
    )


SOURCE = Source(
    parse=parse,
    verify=BEARER.verify,
    sign=BEARER.sign,
    name_event=name_event,
    retry_status=429,
    completions=contacts.completions,
    complete=fetched,
    backfill=contacts.backfill,
    lists=contacts.LISTS,
    authorise=authorise,
    api_root=lambda settings: settings.base_url or API_ROOT,
    waits=waits,
    reads=reads(MAP),
)
