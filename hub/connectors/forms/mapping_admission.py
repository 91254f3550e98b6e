"""What of a request becomes an event: a form that was sent, or a link that was used. Pure.

Whoever has the page open may send it, with anybody's address in it. So nothing but the address is believed before
somebody who reads that mailbox has confirmed it, unless the shop's own server signed the sending.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from hub.connectors.forms import mapping_pages as pages
from hub.connectors.forms.manifest import FormsSettings, Language
from hub.connectors.forms.mapping_links import LONGEST, Purpose, linked, seal, unseal
from hub.connectors.forms.schemas import Fields
from hub.errors import PayloadError, VerificationError
from hub.mapping.body import form_fields, json_tree, multipart_fields
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
_MOST_FIELDS, _LONGEST_NAME, _LONGEST_FIELD, _LONGEST_MESSAGE = 60, 80, 1_000, 10_000
_PAGE, _LONGEST_PAGE = re.compile(r"https?://[^\s/@,;]+(/[^\s,;]*)?", re.IGNORECASE), 500
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
    if isinstance(told, str):
        return pages.refusal(delivery, settings.language, told)
    language: Language = _language(told, delivery, settings)
    if told.pop(settings.trap, "").strip() and not vouched:
        # A robot cannot tell; the operator can, whose browser may have filled in a field of that name.
        return replace(pages.sent(delivery, language, settings), told=f"the field {settings.trap} is filled in (trap)")
    point = email(told.get("email"))
    if point is None or not point.usable:
        return pages.refusal(delivery, language, "address")
    given = {name: text for name, text in told.items() if name not in _OWN and text}
    tree = {
        "type": "submitted",
        "id": _id(told, delivery.received_at, vouched=vouched),
        "at": delivery.received_at.isoformat(),
        "language": language,
        "fields": {**{name: text for name, text in given.items() if name in Fields.model_fields}, "email": point.value},
        "custom": {name: text for name, text in given.items() if name not in Fields.model_fields},
        "text_version": settings.text_version,
        "consent_text": settings.consent_text,
        "page": _page(told, delivery),
        "vouched": vouched,
        "newsletter": _asks_for_mail(told),
    }
    if len(seal("confirm", linked(tree), settings.secret[0])) > LONGEST:
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
    if host := delivery.headers.get("host"):
        kept["host"] = host  # by it an event that came over HTTP is told from one that was fetched
    return SEALED.sign(
        replace(delivery, url=delivery.url.partition("?")[0], query={}, headers=kept, body=body), settings
    )


def _told(delivery: RawDelivery, settings: FormsSettings) -> dict[str, str] | Literal["unreadable", "long"]:
    """The fields as texts; else why not: the body is neither JSON nor a form, or asks for too much room."""
    kind = delivery.headers.get("content-type", "")
    try:
        match kind.partition(";")[0].strip().lower():
            case "application/x-www-form-urlencoded":
                tree: Any = form_fields(delivery.body)
            case "multipart/form-data":
                tree = multipart_fields(delivery.body, kind)
            case _:
                tree = json_tree(delivery.body)
    except PayloadError:
        return "unreadable"
    if not isinstance(tree, dict):
        return "unreadable"
    texts = {settings.fields.get(str(name), str(name)): _text(value) for name, value in tree.items()}
    if len(texts) > _MOST_FIELDS or any(_too_long(name, text) for name, text in texts.items()):
        return "long"
    return texts


def _too_long(name: str, text: str) -> bool:
    return len(name) > _LONGEST_NAME or len(text) > (_LONGEST_MESSAGE if name == "message" else _LONGEST_FIELD)


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
    url = (told.get("page") or delivery.headers.get("referer", "")).partition("?")[0].partition("#")[0]
    return url if len(url) <= _LONGEST_PAGE and _PAGE.fullmatch(url) else None  # it stands in the evidence


def _asks_for_mail(told: Mapping[str, str]) -> bool:
    """A browser sends no box that is not ticked: where somebody writes a message, silence is a no."""
    said = told.get("newsletter")
    return "message" not in told if said is None else said.strip().lower() not in _NO


def _id(told: Mapping[str, str], at: datetime, *, vouched: bool) -> str:
    """The same for the same form within a minute: a button that is pressed twice sends one mail.

    Only the shop's server may name it: a page's field ``id`` is often the form's own, and the same for everybody.
    """
    named = told.get("id")
    if vouched and named:
        return named
    text = orjson.dumps([at.strftime("%Y%m%d%H%M"), dict(told)], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16).hexdigest()
