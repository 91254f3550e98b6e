"""Golden profiles to Klaviyo's: a few attributes of its own, and properties of any names; pure."""

from __future__ import annotations

from hub.connectors.klaviyo.manifest import KlaviyoSettings
from hub.sdk.crm import facts
from hub.sdk.crm.mailing_map import MailMap

PROFILE_ID = "hub_profile_id"
ATTRIBUTES = frozenset({"first_name", "last_name", "organization"})
LOCATION = frozenset({"city", "country", "zip", "region"})
NUMBERS = frozenset({"hub_orders", "hub_value"})
FIELDS = {
    "first_name": "name.first",
    "last_name": "last_name",
    "organization": "company",
    "city": "addresses.0.city",
    "region": "addresses.0.region",
    "zip": "addresses.0.postal_code",
    "country": "addresses.0.country",
    "hub_language": "language_code",
    "hub_tags": "tags",
    "hub_loyalty_ids": "loyalty_ids",
    "hub_stage": "traits.stage",
    "hub_segments": "traits.segments",
    "hub_orders": "order_count",
    "hub_value": "lifetime_value",
    "hub_last_order_on": "last_order_at",
}

MAP: MailMap[KlaviyoSettings] = MailMap(
    own=PROFILE_ID, fields=lambda _: FIELDS, lists=lambda settings: settings.lists, moment=facts.day
)
