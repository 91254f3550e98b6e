"""What Hub keeps of a form: of its sending, of the confirmation, and of unsubscribing. Hub's own shape."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class Fields(VendorModel):
    """What the form asked, as far as Hub has a field for it."""

    email: str
    first_name: str | None = None
    last_name: str | None = None
    full_name: str | None = None
    phone: str | None = None
    birth_date: str | None = None
    street: str | None = None
    house_number: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    company: str | None = None


class Form(VendorModel):
    """``id`` is that of the sending in all three. ``vouched``: the shop's own server sent and signed it."""

    type: str
    id: str
    at: TimeText
    language: str
    fields: Fields
    custom: dict[str, Any] = Field(default_factory=dict)
    """What else the form asked, as it calls it."""
    text_version: str
    consent_text: str = ""
    page: str | None = None
    vouched: bool = False
    newsletter: bool = True
    done_at: TimeText | None = Field(None, description="When the link was used.")
    family: str | None = Field(None, description="IPv4 or IPv6, of whoever used the link; never the address.")
