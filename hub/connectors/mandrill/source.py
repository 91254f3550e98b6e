"""Mandrill as a source: signed forms that hold a batch of events.

What is signed is the URL and every field, its name and its value, in the order of the names, with HMAC-SHA1 in base64
(https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests).
Mandrill asks a URL with HEAD before it makes a key for it, so a secret stands in the URL as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from urllib.parse import parse_qsl

from hub.connectors.mandrill.manifest import MandrillSettings
from hub.connectors.mandrill.schemas import Event, Form
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.mapping.body import form_fields, json_tree
from hub.mapping.mail_event import MailEvent, Words, events_of, happened
from hub.mapping.payload import Reading, read_tree
from hub.mapping.time import epoch
from hub.model.event import CanonicalEvent, Note
from hub.sdk.signatures import BodyHmac, UrlSecret
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Reply, Source

IN_URL: UrlSecret[MandrillSettings] = UrlSecret("secret", secrets=lambda settings: settings.webhook_secret)
WORDS: Words = {
    "send": "sent",
    "delivered": "delivered",
    "open": "opened",
    "click": "clicked",
    "hard_bounce": "bounced",
    "soft_bounce": "deferred",
    "deferral": "deferred",
    "reject": "failed",
    "spam": "complained",
    "unsub": "unsubscribed",
}


def signed(delivery: RawDelivery) -> bytes:
    """The URL, and the fields in the order of their names; of what is no form all its bytes, which nobody signs."""
    try:
        fields = parse_qsl(delivery.body.decode(), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return delivery.url.encode() + b"\n" + delivery.body
    return (delivery.url + "".join(name + value for name, value in sorted(fields))).encode()


SIGNATURE: BodyHmac[MandrillSettings] = BodyHmac(
    "x-mandrill-signature",
    secrets=lambda settings: settings.webhook_key,
    encoding="base64",
    algorithm="sha1",
    signed=signed,
)


def verify(delivery: RawDelivery, settings: MandrillSettings) -> None:
    """Raise VerificationError unless the URL has a live secret, and a live key signed it with the form."""
    IN_URL.verify(delivery, settings)
    SIGNATURE.verify(delivery, settings)


def sign(delivery: RawDelivery, settings: MandrillSettings) -> RawDelivery:
    """The inverse."""
    return SIGNATURE.sign(IN_URL.sign(delivery, settings), settings)


def answer(delivery: RawDelivery, settings: MandrillSettings) -> Reply | None:
    """HEAD and GET, before a key is made: 200 with the right secret in the URL."""
    if delivery.method not in ("GET", "HEAD"):
        return None
    try:
        IN_URL.verify(delivery, settings)
    except VerificationError:
        return Reply(status=401, body=b"wrong secret")
    return Reply(status=200, body=b"ok")


def name_event(delivery: RawDelivery, settings: MandrillSettings) -> EventName:
    """A batch has no id: the digest of what it holds."""
    form, _ = read_tree(Form, form_fields(delivery.body))
    return EventName(hashlib.sha256(form.events.encode()).hexdigest(), "events")


def parse(entry: InboxEntry, settings: MandrillSettings) -> Sequence[CanonicalEvent | Note]:
    """The events of a batch, each by itself."""
    if entry.topic != "events":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    form = reading.tree(Form, form_fields(entry.body))
    rows = json_tree(form.events.encode())
    if not isinstance(rows, list):
        raise PayloadError("not a list of events", path="mandrill_events")
    return events_of(rows, reading, Event, _told, source="mandrill", own=settings.own, region=settings.default_region)


def _told(event: Event, path: str) -> MailEvent:
    if event.event is None and event.msg is None:
        raise SkipEvent("of no mail: a list of addresses that was changed")
    what = happened(event.event, WORDS, path=f"{path}.event")
    if event.msg is None:
        raise PayloadError("missing", path=f"{path}.msg")
    # One mail may be opened and clicked again and again: neither the event's _id nor the mail's is the event's own.
    own = hashlib.blake2b((event.url or "").encode(), digest_size=6).hexdigest()
    return MailEvent(
        external_id=f"{event.event}:{event.msg.id}:{event.ts}:{own}",
        at=epoch(event.ts, path=f"{path}.ts"),
        address=event.msg.email,
        happened=what,
        message=event.msg.id,
        subject=event.msg.subject,
        url=event.url,
        campaign=next(iter(event.msg.tags), None),
        reason=event.msg.bounce_description,
    )


SOURCE = Source(parse=parse, verify=verify, sign=sign, name_event=name_event, answer=answer)
