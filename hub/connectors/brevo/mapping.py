"""Golden profiles to Brevo's contact attributes; pure.

Attributes are written in capitals. FIRSTNAME and LASTNAME are those of a new account; an older or translated one calls
them PRENOM, VORNAME …, which a mapping file can name. A value that does not fit its attribute's type is ignored
(developers.brevo.com/reference/create-contact), so that numbers go out as numbers.
"""

from __future__ import annotations

from hub.connectors.brevo.manifest import BrevoSettings
from hub.sdk.crm import facts
from hub.sdk.crm.mailing_map import MailMap

PROFILE_ID = "HUB_PROFILE_ID"
FIELDS = {
    "FIRSTNAME": "name.first",
    "LASTNAME": "last_name",
    "HUB_LANGUAGE": "language_code",
    "HUB_COUNTRY": "addresses.0.country",
    "HUB_POSTAL_CODE": "addresses.0.postal_code",
    "HUB_CITY": "addresses.0.city",
    "HUB_COMPANY": "company",
    "HUB_BIRTH_DATE": "birth_date",
    "HUB_LOYALTY_IDS": "loyalty_ids",
    "HUB_TAGS": "tags",
    "HUB_STAGE": "traits.stage",
    "HUB_SEGMENTS": "traits.segments",
    "HUB_ORDER_COUNT": "order_count",
    "HUB_LIFETIME_VALUE": "lifetime_value",
    "HUB_LAST_ORDER_ON": "last_order_at",
}
TYPES = {
    "HUB_ORDER_COUNT": "float",
    "HUB_LIFETIME_VALUE": "float",
    "HUB_LAST_ORDER_ON": "date",
    "HUB_BIRTH_DATE": "date",
}
"""Attributes that are no text."""

MAP: MailMap[BrevoSettings] = MailMap(
    own=PROFILE_ID, fields=lambda _: FIELDS, lists=lambda settings: settings.lists, moment=facts.day
)
