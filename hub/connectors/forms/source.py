"""Newsletter and contact forms as a source: a form is sent, a link of a mail is used.

Sources: https://www.rfc-editor.org/rfc/rfc8058 (one-click unsubscribing by POST),
https://fetch.spec.whatwg.org/#http-cors-protocol (what a browser asks before a script sends).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from hub.connectors.forms import mapping_pages as pages
from hub.connectors.forms.manifest import MANIFEST, FormsSettings, Language
from hub.connectors.forms.mapping import events_of
from hub.connectors.forms.mapping_admission import SEALED, admit, is_over, opened, used
from hub.connectors.forms.mapping_mail import mail
from hub.connectors.forms.schemas import Form
from hub.errors import PayloadError, SkipEvent
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk import cors
from hub.sdk.mail import Mail
from hub.sdk.source import EventName, InboxEntry, Public, RawDelivery, Reply, Source


def headers(asked: Mapping[str, str], settings: FormsSettings) -> Mapping[str, str]:
    """A page on another host sees an answer only with these."""
    return cors.shown(asked)


def asked(delivery: RawDelivery, settings: FormsSettings) -> Reply | None:
    """A browser's question before it sends, and the pages behind the links of a mail: those change nothing."""
    if delivery.method == "OPTIONS":
        return cors.may_send(delivery, "POST, OPTIONS", "content-type")
    purpose = used(delivery)
    if delivery.method not in ("GET", "HEAD") or purpose is None:
        return None
    told = opened(delivery, purpose, settings)
    if told is None:
        return pages.refusal(delivery, settings.language, "link", html=True)
    language: Language = "en" if told.get("language") == "en" else "de"
    if purpose == "confirm" and is_over(told, delivery.received_at, settings):
        return pages.refusal(delivery, language, "over", html=True)
    return pages.asking(purpose, language, settings)


def accepted(delivery: RawDelivery, settings: FormsSettings) -> Reply:
    """The answer once it is stored."""
    form = read(Form, delivery.body)
    language: Language = "en" if form.language == "en" else "de"
    if form.type == "confirmed":
        return pages.done("confirmed", language, settings)
    if form.type == "unsubscribed":
        return pages.done("unsubscribed", language, settings)
    mailed = settings.confirm == "double" and form.newsletter
    return pages.sent(delivery, language, settings, "sent" if mailed else "taken")


def name_event(delivery: RawDelivery, settings: FormsSettings) -> EventName:
    """A form is confirmed once, however often its link is used; unsubscribing holds each time, once a minute."""
    tree = json_tree(delivery.body)
    kind, form = (str(tree.get("type")), str(tree.get("id"))) if isinstance(tree, dict) else ("None", "None")
    if kind not in MANIFEST.topics:
        raise PayloadError("none that a form sends", path="type")
    if kind == "unsubscribed":
        return EventName(f"{kind}:{form}:{_minute(str(tree.get('done_at')))}", kind)
    return EventName(f"{kind}:{form}", kind)


def _minute(text: str) -> str:
    at: datetime = instant(text, path="done_at")
    return at.strftime("%Y%m%d%H%M")


def parse(entry: InboxEntry, settings: FormsSettings) -> Sequence[CanonicalEvent | Note]:
    """What a form, or the use of a link, tells."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    form = reading.read(Form, entry.body)
    reading.notes += [
        Note(path=f"custom.{name}", reason="no text, which is left out")
        for name, value in form.custom.items()
        if isinstance(value, dict | list)
    ]
    return reading.of(events_of(form, settings))


def mails(entry: InboxEntry, settings: FormsSettings) -> Callable[[str], Mail] | None:
    """The mail with the link, for a form that asks for more than it proves."""
    if entry.topic != "submitted" or settings.confirm != "double":
        return None
    form, tree = read(Form, entry.body), json_tree(entry.body)
    if not form.newsletter or not isinstance(tree, dict):
        return None
    return lambda url: mail(form, tree, url, settings)


PUBLIC: Public[FormsSettings] = Public(
    admit=admit,
    accepted=accepted,
    asked=asked,
    headers=headers,
    pace=lambda settings: (settings.rate_per_client, settings.rate),
)

SOURCE = Source(parse=parse, verify=SEALED.verify, sign=SEALED.sign, name_event=name_event, public=PUBLIC, mails=mails)
