"""The properties that Hub makes in HubSpot; data alone.

Source: developers.hubspot.com/docs/api-reference/latest/crm/properties/guide (types and field types).
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.connectors.hubspot.manifest import HubSpotSettings

PROFILE_ID = "hub_profile_id"
ORDER_KEY = "hub_order_key"
LINE_KEY = "hub_line_key"
ACTIVITY_KEY = "hub_activity_key"
EMAIL_CONSENT = "hub_email_consent"

Definition = dict[str, str | bool]


def _definition(name: str, label: str, kind: str = "string", *, unique: bool = False) -> Definition:
    field_type = {"string": "text", "number": "number", "datetime": "date"}[kind]
    made: Definition = {"groupName": "hub", "name": name, "label": label, "type": kind, "fieldType": field_type}
    return {**made, "hasUniqueValue": True} if unique else made


DEFINITIONS: Mapping[str, tuple[Definition, ...]] = {
    "contacts": (
        _definition(PROFILE_ID, "Hub profile id", unique=True),
        _definition("hub_emails", "All e-mail addresses"),
        _definition("hub_phones", "All phone numbers"),
        _definition("hub_tags", "Tags"),
        _definition("hub_loyalty_ids", "Loyalty numbers"),
        _definition("hub_lifetime_value", "Lifetime value", "number"),
        _definition("hub_lifetime_totals", "Lifetime value by currency"),
        _definition("hub_order_count", "Orders", "number"),
        _definition("hub_first_order_at", "First order", "datetime"),
        _definition("hub_last_order_at", "Last order", "datetime"),
        _definition(EMAIL_CONSENT, "Marketing consent: e-mail"),
        _definition("hub_email_consent_at", "Marketing consent: e-mail, since", "datetime"),
        _definition("hub_sms_consent", "Marketing consent: SMS"),
        _definition("hub_whatsapp_consent", "Marketing consent: WhatsApp"),
        _definition("hub_phone_consent", "Marketing consent: phone"),
        _definition("hub_post_consent", "Marketing consent: post"),
    ),
    "deals": (
        _definition(ORDER_KEY, "Hub order key", unique=True),
        _definition("hub_order_state", "Order state"),
        {**_definition("hub_order_lines", "Order lines"), "fieldType": "textarea"},
    ),
    "line_items": (_definition(LINE_KEY, "Hub line key", unique=True),),
    **dict.fromkeys(
        ("notes", "tasks"),
        (
            _definition(ACTIVITY_KEY, "Hub activity key", unique=True),
            _definition("hub_activity_kind", "Activity kind"),
        ),
    ),
}
"""What ``prepare`` creates. HubSpot allows ten unique properties for each object; Hub takes one."""

CONTACT_PROPERTIES = tuple(str(one["name"]) for one in DEFINITIONS["contacts"])


def is_needed(kind: str, settings: HubSpotSettings) -> bool:
    """Whether this connection needs Hub's own properties of a kind of record."""
    deals = settings.orders != "none"
    lines = deals and settings.order_lines == "records"
    histories = {"notes": bool(settings.activities), "tasks": "task" in settings.activities}
    return {"deals": deals, "line_items": lines, **histories}.get(kind, True)
