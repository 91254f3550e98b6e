"""The fields that Hub makes in ActiveCampaign; data alone.

Sources: developers.activecampaign.com/reference/create-a-contact-custom-field (types; a personalisation tag is in
capitals), …/reference/create-a-customfieldmeta (fields of deals have a label alone).
"""

from __future__ import annotations

from collections.abc import Mapping

PROFILE_ID = "HUB_PROFILE_ID"
ORDER_KEY = "Hub order key"

CONTACT_FIELDS: Mapping[str, str] = {
    PROFILE_ID: "text",
    **{f"HUB_{part}": "text" for part in ("STREET", "POSTAL_CODE", "CITY", "REGION", "COUNTRY", "COMPANY", "LANGUAGE")},
    "HUB_BIRTH_DATE": "date",
    **{f"HUB_{fact}": "textarea" for fact in ("EMAILS", "PHONES", "TAGS")},
    **{f"HUB_{fact}": "text" for fact in ("LOYALTY_IDS", "LIFETIME_VALUE", "LIFETIME_TOTALS", "ORDER_COUNT")},
    "HUB_FIRST_ORDER_AT": "date",
    "HUB_LAST_ORDER_AT": "date",
    **{f"HUB_{channel}_CONSENT": "text" for channel in ("EMAIL", "SMS", "WHATSAPP", "PHONE", "POST")},
    "HUB_EMAIL_CONSENT_AT": "date",
    "HUB_STAGE": "text",
    "HUB_SEGMENTS": "textarea",
}
"""Personalisation tag to type."""

DEAL_FIELDS: Mapping[str, str] = {ORDER_KEY: "text", "Hub order state": "text", "Hub order placed on": "date"}
"""Label to type."""


def title(name: str) -> str:
    """What a contact's field is called: ``Hub profile id``."""
    return name.replace("_", " ").capitalize()
