"""Golden profiles to listmonk's subscribers: a name, and attributes of any names; pure."""

from __future__ import annotations

from hub.connectors.listmonk.manifest import ListmonkSettings
from hub.sdk.crm import facts
from hub.sdk.crm.mailing_map import MailMap

PROFILE_ID = "hub_profile_id"
NAME = "name"
"""No attribute, but a field of the subscriber."""

FIELDS = {
    NAME: "full_name",
    "first_name": "name.first",
    "last_name": "last_name",
    "language": "language_code",
    "country": "addresses.0.country",
    "city": "addresses.0.city",
    "company": "company",
    "hub_tags": "tags",
    "hub_stage": "traits.stage",
    "hub_segments": "traits.segments",
    "hub_orders": "order_count",
    "hub_value": "lifetime_value",
    "hub_last_order_on": "last_order_at",
}
NUMBERS = frozenset({"hub_orders", "hub_value"})

MAP: MailMap[ListmonkSettings] = MailMap(
    own=PROFILE_ID, fields=lambda _: FIELDS, lists=lambda settings: settings.lists, moment=facts.day
)
