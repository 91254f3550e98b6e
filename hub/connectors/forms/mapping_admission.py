"""What of a request becomes an event: a form that was sent, or a link that was used. Pure.

Whoever has the page open may send it, with anybody's address in it. So nothing but the address is believed before
somebody who reads that mailbox has confirmed it, unless the shop's own server signed the sending.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from hub.connectors.forms import mapping_pages as pages
from hub.connectors.forms.manifest import FormsSettings, Language
from hub.connectors.forms.mapping_links import LONGEST, Purpose, seal, unseal
from hub.connectors.forms.schemas import Fields
from hub.errors import PayloadError, VerificationError
from hub.mapping.body import form_fields, json_tree
from hub.mapping.email import email
from hub.mapping.time import instant
from hub.sdk.signatures import BodyHmac
from hub.sdk.source import RawDelivery, Reply

SEALED: BodyHmac[FormsSettings] = BodyHmac("x-hub-form", lambda settings: settings.secret, "hex")
"""What Hub itself signs once it has read a request; nothing else is stored."""

VOUCHED: BodyHmac[FormsSettings] = BodyHmac(
    "x-forms-signature", lambda settings: settings.secret, "hex", prefix="sha256="
)
"""What the shop's own server signs: the raw body."""

_OWN = ("id", "language", "page", "newsletter")
_MOST_FIELDS, _LONGEST_FIELD = 60, 1_000
_NO = ("", "0", "false", "no", "off", "nein")


def admit(delivery: RawDelivery, settings: FormsSettings) -> RawDelivery | Reply:
    """The event as it is stored, or the answer where there is none. Raises VerificationError."""
    purpose = used(delivery)
    if purpose is not None:
        return _followed(purpose, delivery, settings)
    origin = delivery.headers.get("origin")
    if (
        settings.origins
        and origin
        and origin.rstrip("/").lower() not in {one.rstrip("/").lower() for one in settings.origins}
    ):
        raise VerificationError("another origin")
    vouched = VOUCHED.header in delivery.headers
    if vouched:
        VOUCHED.verify(delivery, settings)
    told = _told(delivery, settings)
    if told is None:
        return pages.refusal(delivery, settings.language, "unreadable")
    language: Language = _language(told, delivery, settings)
    if told.pop(settings.trap, "").strip() and not vouched:
        return pages.sent(delivery, language, settings)  # a robot cannot tell
    point = email(told.get("email"))
    if point is None or not point.usable:
        return pages.refusal(delivery, language, "address")
    given = {name: text for name, text in told.items() if name not in _OWN and text}
    tree = {
        "type": "submitted",
        "id": told.get("id") or _digest(told, delivery.received_at),
        "at": delivery.received_at.isoformat(),
        "language": language,
        "fields": {**{name: text for name, text in given.items() if name in Fields.model_fields}, "email": point.value},
        "custom": {name: text for name, text in given.items() if name not in Fields.model_fields},
        "text_version": settings.text_version,
        "consent_text": settings.consent_text,
        "page": _page(told, delivery),
        "vouched": vouched,
        "newsletter": told.get("newsletter", "yes").strip().lower() not in _NO,
    }
    if len(seal("confirm", tree, settings.secret[0])) > LONGEST:
        return pages.refusal(delivery, language, "long")
    return _stored(tree, delivery, settings)


def used(delivery: RawDelivery) -> Purpose | None:
    """Which link it is, None for a form that is sent."""
    step = urlsplit(delivery.url).path.rstrip("/").rpartition("/")[2]
    return "confirm" if step == "confirm" else "unsubscribe" if step == "unsubscribe" else None


def opened(delivery: RawDelivery, purpose: Purpose, settings: FormsSettings) -> dict[str, Any] | None:
    """What the link tells, None where it is none of ours. It works ``hours`` long; unsubscribing always does."""
    return unseal(purpose, delivery.query.get("t", ""), settings.secret)


def is_over(told: Mapping[str, Any], at: datetime, settings: FormsSettings) -> bool:
    """Whether it is too late to confirm."""
    return at > instant(str(told.get("at")), path="at") + timedelta(hours=settings.hours)


def _followed(purpose: Purpose, delivery: RawDelivery, settings: FormsSettings) -> RawDelivery | Reply:
    told = opened(delivery, purpose, settings)
    if told is None:
        return pages.refusal(delivery, settings.language, "link", html=True)
    language: Language = "en" if told.get("language") == "en" else "de"
    if purpose == "confirm" and is_over(told, delivery.received_at, settings):
        return pages.refusal(delivery, language, "over", html=True)
    done = {
        "type": "confirmed" if purpose == "confirm" else "unsubscribed",
        "done_at": delivery.received_at.isoformat(),
        "family": delivery.family,
    }
    return _stored({**told, **done}, delivery, settings)


def _stored(tree: Mapping[str, Any], delivery: RawDelivery, settings: FormsSettings) -> RawDelivery:
    body = orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)
    kept = {
        "content-type": "application/json",
        "accept": "text/html" if pages.is_browser(delivery) else "application/json",
    }
    return SEALED.sign(
        replace(delivery, url=delivery.url.partition("?")[0], query={}, headers=kept, body=body), settings
    )


def _told(delivery: RawDelivery, settings: FormsSettings) -> dict[str, str] | None:
    """The fields as texts; None where the body is neither JSON nor a form, or asks for too much room."""
    try:
        if delivery.headers.get("content-type", "").partition(";")[0].strip() == "application/x-www-form-urlencoded":
            tree: Any = form_fields(delivery.body)
        else:
            tree = json_tree(delivery.body)
    except PayloadError:
        return None
    if not isinstance(tree, dict) or len(tree) > _MOST_FIELDS:
        return None
    texts = {settings.fields.get(str(name), str(name)): _text(value) for name, value in tree.items()}
    return None if any(len(name) > 80 or len(text) > _LONGEST_FIELD for name, text in texts.items()) else texts


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _language(told: Mapping[str, str], delivery: RawDelivery, settings: FormsSettings) -> Language:
    for text in (told.get("language", ""), delivery.headers.get("accept-language", "")):
        if text[:2].lower() == "de":
            return "de"
        if text[:2].lower() == "en":
            return "en"
    return settings.language


def _page(told: Mapping[str, str], delivery: RawDelivery) -> str | None:
    """Where the form stood, without what a link to it carried: that may name the person."""
    url = told.get("page") or delivery.headers.get("referer", "")
    return url.partition("?")[0].partition("#")[0][:500] or None


def _digest(told: Mapping[str, str], at: datetime) -> str:
    """The same for the same form within an hour: a button that is pressed twice sends one mail."""
    text = orjson.dumps([at.strftime("%Y%m%d%H"), dict(told)], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16).hexdigest()
