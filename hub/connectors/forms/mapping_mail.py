"""The mail with the link to confirm. It advertises nothing: it may go to somebody who never asked for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from hub.connectors.forms.manifest import FormsSettings, Language
from hub.connectors.forms.mapping_links import link, linked
from hub.connectors.forms.schemas import Form
from hub.sdk.mail import Mail

TEXTS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "subject": "Bitte bestätigen Sie Ihre Anmeldung bei {business}",
        "asked": "mit dieser E-Mail-Adresse hat sich jemand bei {business} angemeldet:",
        "hello": "Guten Tag,",
        "do": "Wenn Sie das waren, bestätigen Sie bitte Ihre Anmeldung. Der Link gilt {hours} Stunden:",
        "button": "Anmeldung bestätigen",
        "not_you": "Wenn Sie es nicht waren, brauchen Sie nichts zu tun: Ohne Bestätigung schicken wir Ihnen nichts.",
        "never": "Sie möchten keine Werbung von uns:",
    },
    "en": {
        "subject": "Please confirm your sign-up at {business}",
        "asked": "somebody signed up at {business} with this e-mail address:",
        "hello": "Hello,",
        "do": "If that was you, please confirm your sign-up. The link works for {hours} hours:",
        "button": "Confirm sign-up",
        "not_you": "If it was not you, there is nothing to do: we send you nothing unless you confirm.",
        "never": "You want no advertising from us:",
    },
}


def mail(form: Form, tree: Mapping[str, Any], url: str, settings: FormsSettings) -> Mail:
    """The mail to whoever a form names. ``url`` is the connection's public address, ``tree`` the form as it came."""
    language: Language = "en" if form.language == "en" else "de"
    words = {
        name: text.format(business=settings.business, hours=settings.hours) for name, text in TEXTS[language].items()
    }
    secret = settings.secret[0]
    confirm = link(url, "confirm", linked(tree), secret)
    kept = {"email": form.fields.email}
    off = {**{name: tree[name] for name in ("id", "at", "language", "text_version") if name in tree}, "fields": kept}
    unsubscribe = link(url, "unsubscribe", {**off, "type": "submitted", "consent_text": ""}, secret)
    lines = [
        words["hello"], "", words["asked"], "", f"    {form.consent_text}", "", words["do"], "", confirm, "",
        words["not_you"], "", f"{words['never']} {unsubscribe}",
        *(["", "-- ", settings.imprint] if settings.imprint else []),
    ]  # fmt: skip
    imprint = (
        f"<hr><p style='color:#555'>{escape(settings.imprint).replace(chr(10), '<br>')}</p>" if settings.imprint else ""
    )
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"></head><body>'
        f"<p>{words['hello']}</p><p>{escape(words['asked'])}</p><blockquote>{escape(form.consent_text)}</blockquote>"
        f'<p>{escape(words["do"])}</p><p><a href="{escape(confirm)}">{words["button"]}</a></p>'
        f"<p>{escape(words['not_you'])}</p>"
        f'<p>{words["never"]} <a href="{escape(unsubscribe)}">{escape(settings.business)}</a></p>'
        f"{imprint}</body></html>"
    )
    return Mail(
        to=form.fields.email,
        subject=words["subject"],
        text="\n".join(lines),
        html=html,
        language=language,
        unsubscribe=unsubscribe,
    )
