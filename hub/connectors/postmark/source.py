"""Postmark as a source: one unsigned event a request, to a URL with a secret in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hub.connectors.postmark.manifest import MANIFEST, PostmarkSettings
from hub.connectors.postmark.schemas import Event, Head
from hub.errors import PayloadError, SkipEvent
from hub.mapping.mail_event import Happened, MailEvent, Words, happened, mail_events
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.signatures import UrlSecret
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Source

IN_URL: UrlSecret[PostmarkSettings] = UrlSecret("secret", secrets=lambda settings: settings.webhook_secret)
_WORDS: Words = {"delivery": "delivered", "open": "opened", "click": "clicked", "spamcomplaint": "complained"}
_BOUNCES: Words = {
    "hardbounce": "bounced",
    "bademailaddress": "bounced",
    "spamcomplaint": "complained",
    "unsubscribe": "unsubscribed",
    "transient": "deferred",
    "softbounce": "deferred",
    "dnserror": "deferred",
    "blocked": "failed",
    "spamnotification": "failed",
    "dmarcpolicy": "failed",
    "manuallydeactivated": "failed",
    "smtpapierror": "failed",
    "unknown": "failed",
}
"""Types of bounces (https://postmarkapp.com/developer/api/bounce-api#bounce-types); answers of programs, which come as
a type too, are none."""
_SUPPRESSED: Words = {"hardbounce": "bounced", "spamcomplaint": "complained", "manualsuppression": "unsubscribed"}


def name_event(delivery: RawDelivery, settings: PostmarkSettings) -> EventName:
    """Kind, mail and a digest: there is no id, and a mail may be opened twice in one second."""
    head = read(Head, delivery.body)
    digest = hashlib.blake2b(delivery.body, digest_size=12).hexdigest()
    return EventName(f"{head.kind}:{head.message or ''}:{digest}", head.kind)


def parse(entry: InboxEntry, settings: PostmarkSettings) -> Sequence[CanonicalEvent | Note]:
    """What became of the mail. Raises SkipEvent for other kinds, PayloadError with the path of what is missing."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    told = _told(reading.read(Event, entry.body), entry.event_id)
    return reading.of(mail_events(told, source="postmark", own=settings.own, region=settings.default_region))


def _told(event: Event, event_id: str) -> MailEvent:
    address, where = (
        (event.email, "Email") if event.kind in ("Bounce", "SpamComplaint") else (event.recipient, "Recipient")
    )
    if address is None:
        raise PayloadError("missing", path=where)
    time, path = {
        "Delivery": (event.delivered_at, "DeliveredAt"),
        "Bounce": (event.bounced_at, "BouncedAt"),
        "SpamComplaint": (event.bounced_at, "BouncedAt"),
        "SubscriptionChange": (event.changed_at, "ChangedAt"),
    }.get(event.kind, (event.received_at, "ReceivedAt"))
    return MailEvent(
        external_id=event_id,
        at=instant(time, path=path),
        address=address,
        happened=_happened(event),
        message=event.message,
        subject=event.subject,
        url=event.link,
        campaign=event.tag,
        reason=event.type or event.reason,
        by_person=event.kind != "SubscriptionChange" or (event.origin == "Recipient" and bool(event.suppresses)),
        details={"stream": event.stream} if event.stream else {},
    )


def _happened(event: Event) -> Happened:
    """A suppression that was taken back by somebody is told, and loosens no opt-out."""
    if event.kind == "Bounce":
        return happened(event.type, _BOUNCES, path="Type")
    if event.kind != "SubscriptionChange":
        return happened(event.kind, _WORDS, path="RecordType")
    if event.suppresses is None:
        raise PayloadError("missing", path="SuppressSending")
    return happened(event.reason, _SUPPRESSED, path="SuppressionReason") if event.suppresses else "subscribed"


SOURCE = Source(parse=parse, verify=IN_URL.verify, sign=IN_URL.sign, name_event=name_event)
