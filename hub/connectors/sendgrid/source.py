"""SendGrid as a source: signed batches of events.

What is signed is the timestamp header and the raw body, with ECDSA over P-256 and SHA-256; the signature is DER in
base64. The page does not say whether a later try has a later time, so an old one is no reason to refuse: an event that
comes twice has its id, and changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hub.connectors.sendgrid.manifest import SendgridSettings
from hub.connectors.sendgrid.schemas import Event
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.mapping.body import json_tree
from hub.mapping.mail_event import MailEvent, Words, events_of, happened
from hub.mapping.payload import Reading
from hub.mapping.time import epoch
from hub.model.event import CanonicalEvent, Note
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Source

_HEADER = "x-twilio-email-event-webhook-signature"
_TIME = "x-twilio-email-event-webhook-timestamp"
_TEST = "test_"
"""What a private key for tests and the demo begins with: 64 hexadecimal digits follow, the number of P-256."""

WORDS: Words = {
    "processed": "sent",
    "delivered": "delivered",
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "deferred": "deferred",
    "dropped": "failed",
    "blocked": "failed",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "group_resubscribe": "subscribed",
}


def verify(delivery: RawDelivery, settings: SendgridSettings) -> None:
    """Raise VerificationError unless one of the live keys signed time and body."""
    try:
        signature = base64.b64decode(delivery.headers.get(_HEADER, ""), validate=True)
    except binascii.Error:
        raise VerificationError("no signature that can be read") from None
    keys = [key for one in settings.verification_key if (key := _public(one.get_secret_value()))]
    if not signature or not any(_signed(key, signature, _message(delivery)) for key in keys):
        raise VerificationError("wrong signature")


def sign(delivery: RawDelivery, settings: SendgridSettings) -> RawDelivery:
    """The inverse, with the private key of tests; the same bytes have the same signature (RFC 6979)."""
    timed = replace(delivery, headers={_TIME: "1772442600", **delivery.headers})
    key = _private(settings.verification_key[0].get_secret_value())
    if key is None:
        return timed
    made = key.sign(_message(timed), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return replace(timed, headers={**timed.headers, _HEADER: base64.b64encode(made).decode()})


def _message(delivery: RawDelivery) -> bytes:
    return delivery.headers.get(_TIME, "").encode() + delivery.body


def _signed(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _private(text: str) -> ec.EllipticCurvePrivateKey | None:
    try:
        return ec.derive_private_key(int(text.removeprefix(_TEST), 16), ec.SECP256R1()) if text[:5] == _TEST else None
    except ValueError:
        return None


def _public(text: str) -> ec.EllipticCurvePublicKey | None:
    if private := _private(text):
        return private.public_key()
    try:
        found = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, ec.EllipticCurvePublicKey) else None


def name_event(delivery: RawDelivery, settings: SendgridSettings) -> EventName:
    """A batch has no id: the digest of its bytes; its events have ids of their own."""
    json_tree(delivery.body)
    return EventName(hashlib.sha256(delivery.body).hexdigest(), "events")


def parse(entry: InboxEntry, settings: SendgridSettings) -> Sequence[CanonicalEvent | Note]:
    """The events of a batch, each by itself."""
    if entry.topic != "events":
        raise SkipEvent(f"topic not read: {entry.topic}")
    rows = json_tree(entry.body)
    if not isinstance(rows, list):
        raise PayloadError("not a list of events")
    return events_of(rows, Reading(), Event, _told, source="sendgrid", own=settings.own, region=settings.default_region)


def _told(event: Event, path: str) -> MailEvent:
    what = happened(event.event, WORDS, path=f"{path}.event")
    if what == "bounced" and (event.type == "blocked" or (event.status or "").startswith("5.7.")):
        what = "failed"  # refused for its content or sender: the address is not to blame
    marks: Mapping[str, str | None] = {
        "group": event.asm_group_id,
        "status": event.status,
        "machine": "true" if event.sg_machine_open else None,
    }
    return MailEvent(
        external_id=event.sg_event_id,
        at=epoch(event.timestamp, path=f"{path}.timestamp"),
        address=event.email,
        happened=what,
        message=event.smtp_id or event.sg_message_id,
        url=event.url,
        campaign=event.marketing_campaign_name,
        reason=event.reason,
        by_person=event.event != "group_resubscribe",
        details={name: text for name, text in marks.items() if text},
    )


SOURCE = Source(parse=parse, verify=verify, sign=sign, name_event=name_event)
