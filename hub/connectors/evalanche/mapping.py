"""Golden profiles to attributes of a pool; pure.

The name of an attribute has capital letters and digits alone (addAttribute,
help.evalanche.cloud/hc/de/articles/360042666831-SOAP-Pool). Hub makes attributes of its own: which a pool has for names
and places differs, so that a mapping or ``profile_fields`` says those.
"""

from __future__ import annotations

from hub.connectors.evalanche.manifest import EvalancheSettings
from hub.sdk.crm import facts
from hub.sdk.crm.mailing_map import MailMap

PROFILE_ID = "HUBPROFILEID"
FIELDS = {
    "HUBFIRSTNAME": "name.first",
    "HUBLASTNAME": "last_name",
    "HUBLANGUAGE": "language_code",
    "HUBCOUNTRY": "addresses.0.country",
    "HUBPOSTALCODE": "addresses.0.postal_code",
    "HUBCITY": "addresses.0.city",
    "HUBCOMPANY": "company",
    "HUBTAGS": "tags",
    "HUBSTAGE": "traits.stage",
    "HUBSEGMENTS": "traits.segments",
    "HUBORDERS": "order_count",
    "HUBVALUE": "lifetime_value",
    "HUBLASTORDERON": "last_order_at",
}
TEXT, DATE, INTEGER = 5, 9, 20
"""Types of attributes (getAttributes, help.evalanche.cloud/hc/en-us/articles/360042666831-SOAP-Pool)."""
TYPES = {"HUBORDERS": INTEGER, "HUBLASTORDERON": DATE}
"""Attributes that are no text."""

MAP: MailMap[EvalancheSettings] = MailMap(
    own=PROFILE_ID, fields=lambda _: FIELDS, lists=lambda settings: settings.lists, moment=facts.day
)
