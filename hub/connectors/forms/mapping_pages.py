"""What a browser is shown, and what a script is told: pages without a script, in German and English. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Literal

import orjson

from hub.connectors.forms.manifest import FormsSettings, Language
from hub.sdk.source import RawDelivery, Reply

Refusal = Literal["unreadable", "address", "long", "link", "over"]

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#14532d;"
    "color:#fff;cursor:pointer}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action *; frame-ancestors 'none'; base-uri 'none'"
# The address of a page holds the link: it must reach nobody else, and no cache.
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
    "x-content-type-options": "nosniff",
}
_STATUS: Mapping[Refusal, int] = {"unreadable": 400, "address": 422, "long": 413, "link": 404, "over": 410}

TEXTS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "unreadable": "Das Formular konnte nicht gelesen werden.",
        "address": "Das ist keine gültige E-Mail-Adresse.",
        "long": "Das sind zu viele Angaben.",
        "link": "Dieser Link ist unvollständig. Bitte öffnen Sie ihn noch einmal aus der E-Mail.",
        "over": "Dieser Link ist abgelaufen. Bitte melden Sie sich noch einmal an.",
        "sent": "Fast fertig: Wir haben Ihnen eine E-Mail geschickt. Bitte bestätigen Sie darin Ihre Anmeldung.",
        "taken": "Vielen Dank, Ihre Nachricht ist angekommen.",
        "confirm": "Möchten Sie Post von {business} an Ihre E-Mail-Adresse erhalten?",
        "confirm_button": "Ja, Anmeldung bestätigen",
        "confirmed": "Vielen Dank, Ihre Anmeldung ist bestätigt.",
        "unsubscribe": "Möchten Sie keine Post von {business} mehr erhalten?",
        "unsubscribe_button": "Abmelden",
        "unsubscribed": "Sie sind abgemeldet und erhalten keine Werbung mehr von uns.",
    },
    "en": {
        "unreadable": "The form could not be read.",
        "address": "This is no valid e-mail address.",
        "long": "This is too much to take.",
        "link": "This link is incomplete. Please open it once more from the e-mail.",
        "over": "This link has expired. Please sign up once more.",
        "sent": "Almost done: we have sent you an e-mail. Please confirm your sign-up there.",
        "taken": "Thank you, your message has arrived.",
        "confirm": "Would you like to receive mail from {business}?",
        "confirm_button": "Yes, confirm",
        "confirmed": "Thank you, your sign-up is confirmed.",
        "unsubscribe": "Would you like to receive no more mail from {business}?",
        "unsubscribe_button": "Unsubscribe",
        "unsubscribed": "You are unsubscribed and will get no more advertising from us.",
    },
}


def is_browser(delivery: RawDelivery) -> bool:
    """Whether a page is wanted; scripts and the shop's server want JSON."""
    return "text/html" in delivery.headers.get("accept", "")


def page(language: Language, heading: str, text: str, settings: FormsSettings | None, button: str = "") -> bytes:
    """A page with a text and, where something is to be done, one button: programs that look at links press none."""
    business = escape(settings.business) if settings else ""
    form = f'<form method="post"><button>{escape(button)}</button></form>' if button else ""
    title = escape(heading or (settings.business if settings else ""))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{business or title}</h1><p>{escape(text)}</p>{form}</main></body></html>"
    ).encode()


def refusal(delivery: RawDelivery, language: Language, why: Refusal, *, html: bool = False) -> Reply:
    """Why nothing was taken, in the form that was asked for."""
    text, status = TEXTS[language][why], _STATUS[why]
    if html or is_browser(delivery):
        return Reply(status, page(language, text, text, None), "text/html; charset=utf-8", _HEADERS)
    return Reply(status, orjson.dumps({"success": False, "reason": why, "message": text}), "application/json")


def sent(delivery: RawDelivery, language: Language, settings: FormsSettings, what: str = "sent") -> Reply:
    """That it was taken, and what comes next."""
    text = TEXTS[language][what]
    if is_browser(delivery):
        return Reply(200, page(language, text, text, settings), "text/html; charset=utf-8", _HEADERS)
    return Reply(200, orjson.dumps({"success": True, "message": text}), "application/json")


def asking(purpose: Literal["confirm", "unsubscribe"], language: Language, settings: FormsSettings) -> Reply:
    """The page behind a link: it asks, and only its button does something."""
    words = TEXTS[language]
    text = words[purpose].format(business=settings.business)
    body = page(language, text, text, settings, words[f"{purpose}_button"])
    return Reply(200, body, "text/html; charset=utf-8", _HEADERS)


def done(what: Literal["confirmed", "unsubscribed"], language: Language, settings: FormsSettings) -> Reply:
    """What a used link answers; a page of the shop's own where it has one."""
    if what == "confirmed" and settings.next:
        return Reply(303, headers={**_HEADERS, "location": settings.next})
    text = TEXTS[language][what]
    return Reply(200, page(language, text, text, settings), "text/html; charset=utf-8", _HEADERS)
