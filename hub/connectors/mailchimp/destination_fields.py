"""Golden profiles to the merge fields of a Mailchimp audience; pure.

A merge tag has at most ten characters, and a free account's audience at most 30 fields, so that only what campaigns ask
for is written (mailchimp.com/developer/marketing/docs/merge-fields/).
"""

from __future__ import annotations

from hub.connectors.mailchimp.manifest import MailchimpSettings
from hub.sdk.crm import facts
from hub.sdk.crm.mailing_map import MailMap

PROFILE_ID = "HUBID"
ARCHIVED = "HUBARCHIVE"
"""Says that Hub archived the contact, and nobody else did."""
LANGUAGE = "language"
"""No merge field, but a property of the contact."""

FIELDS = {
    "FNAME": "name.first",
    "LNAME": "last_name",
    LANGUAGE: "language_code",
    "HUBCITY": "addresses.0.city",
    "HUBCOUNTRY": "addresses.0.country",
    "HUBSTAGE": "traits.stage",
    "HUBSEGMENT": "traits.segments",
    "HUBORDERS": "order_count",
    "HUBVALUE": "lifetime_value",
    "HUBLASTORD": "last_order_at",
}
TYPES = {"HUBORDERS": "number", "HUBVALUE": "number", "HUBLASTORD": "date"}
"""Merge fields that are no text."""

MAP: MailMap[MailchimpSettings] = MailMap(
    own=PROFILE_ID, fields=lambda _: FIELDS, tags=lambda settings: settings.tags, moment=facts.day
)
