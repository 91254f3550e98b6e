"""What the connector of newsletter and contact forms declares.

Sources: https://www.rfc-editor.org/rfc/rfc8058 (one-click unsubscribing), § 7 UWG and BGH I ZR 164/09 of 10 February
2011 (why a sign-up is confirmed by mail, and what has to be provable of it).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, Secrets, url_fault

Language = Literal["de", "en"]
_SHORTEST_SECRET = 16


class FormsSettings(ConnectionSettings):
    """One form, or several that ask for the same consent."""

    secret: Secrets = Field(
        description="Seals the links in mails, and signs what the shop's own server sends. A list while it is changed: "
        "links sealed with an old one work as long as it is in the list."
    )
    business: str = Field(min_length=1, max_length=200, description="Who writes, as the mail and the pages call it.")
    imprint: str = Field(
        "", max_length=2_000, description="Who is behind it, under every mail: name, address, register."
    )
    consent_text: str = Field(
        min_length=1,
        max_length=2_000,
        repr=False,
        description="What stands beside the box that people tick; the mail repeats it.",
    )
    text_version: str = Field(
        "1",
        max_length=40,
        repr=False,
        description="Raise it with every change of consent_text: it is kept with each consent.",
    )
    origins: tuple[str, ...] = Field(
        (), description="Pages that may send, such as https://shop.example.com; any page without it."
    )
    confirm: Literal["double", "single"] = Field(
        "double",
        description="double: nobody is opted in before they confirm by mail. single: the form alone is enough.",
    )
    language: Language = Field("de", description="The language of who tells none, de or en.")
    hours: int = Field(72, ge=1, le=720, description="How long a link to confirm works.")
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="The form's names for Hub's fields, where they differ: {vorname: first_name}. Other fields are "
        "kept as custom ones.",
    )
    trap: str = Field(
        "website", description="A field that people do not see: whoever fills it is a robot, and nothing is stored."
    )
    next: str | None = Field(None, description="Where a browser goes after confirming; a page of Hub's own without it.")
    rate_per_client: float = Field(0.5, gt=0, description="Requests a second from one address, five times as a burst.")
    rate: float = Field(50, gt=0, description="Requests a second of the connection in one API process.")

    @field_validator("secret")
    @classmethod
    def _is_hard_to_guess(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        # Whoever gets one mail may try secrets at home, as fast as they like.
        if any(len(secret.get_secret_value()) < _SHORTEST_SECRET for secret in secrets):
            raise ValueError(f"has fewer than {_SHORTEST_SECRET} letters: openssl rand -hex 32 makes a good one")
        return secrets

    @field_validator("business")
    @classmethod
    def _is_one_line(cls, text: str) -> str:
        return " ".join(text.split())  # it stands in the subject of a mail

    @field_validator("next")
    @classmethod
    def _is_a_page(cls, url: str | None) -> str | None:
        if url is not None and (fault := url_fault(url, allow_http=False)):
            raise ValueError(fault)
        return url


MANIFEST: Manifest[FormsSettings] = Manifest(
    slug="forms",
    name="Newsletter and contact forms",
    channel="web",
    roles=frozenset({"source"}),
    settings=FormsSettings,
    docs_url="https://www.rfc-editor.org/rfc/rfc8058",
    api_version="1",
    capabilities=frozenset({Capability.WEBHOOK, Capability.CONSENT}),
    topics={
        "submitted": "somebody sent the form: pending until they confirm by mail (with `confirm: single`, opted in)",
        "confirmed": "the link of the mail was used: opted in, with when and what stood beside the box",
        "unsubscribed": "the link to unsubscribe was used, or the mail program's button: opted out",
    },
    surveyed=("https://www.rfc-editor.org/rfc/rfc8058",),
    not_offered={
        "orders": "a form sells nothing",
        "products": "a form has no catalogue",
        "reviews": "a form for reviews is the shop's",
        "backfill": "a form keeps no history: sign-ups from before are imported by csv, each with its evidence",
        "complete": "events are whole",
        "subscribe": "a form is pointed at Hub by hand (README)",
        "privacy": "an erasure is asked for by people, and done in Hub",
    },
    sample_settings={
        "secret": ["forms-sample-secret", "forms-sample-secret-old"],
        "business": "Teeladen Ahrens",
        "consent_text": "Ja, ich möchte den Newsletter mit Angeboten zu Tee erhalten.",
        "text_version": "2026-03",
        "fields": {"vorname": "first_name", "nachname": "last_name"},
    },
)
