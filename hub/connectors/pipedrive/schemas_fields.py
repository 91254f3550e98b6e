"""The fields that Hub makes in Pipedrive, with label and type; data alone.

Source: developers.pipedrive.com/docs/api/v1/PersonFields (types; only text, numbers and the like can be searched).
"""

from __future__ import annotations

from collections.abc import Mapping

Definitions = Mapping[str, tuple[str, str]]

PROFILE_ID = "hub_profile_id"
ORDER_KEY = "hub_order_key"
MARKETING_STATUS = "marketing_status"
"""Pipedrive's own field of persons, there only where the company uses Campaigns."""

PERSON_FIELDS: Definitions = {
    PROFILE_ID: ("Hub profile id", "varchar"),
    "hub_address": ("Hub address", "text"),
    "hub_birth_date": ("Hub date of birth", "date"),
    "hub_language": ("Hub language", "varchar"),
    "hub_tags": ("Hub tags", "text"),
    "hub_loyalty_ids": ("Hub loyalty numbers", "text"),
    "hub_lifetime_value": ("Hub lifetime value", "double"),
    "hub_lifetime_totals": ("Hub lifetime value by currency", "text"),
    "hub_order_count": ("Hub orders", "double"),
    "hub_first_order_at": ("Hub first order", "date"),
    "hub_last_order_at": ("Hub last order", "date"),
    "hub_email_consent": ("Hub consent: e-mail", "varchar"),
    "hub_email_consent_at": ("Hub consent: e-mail, since", "date"),
    "hub_sms_consent": ("Hub consent: SMS", "varchar"),
    "hub_whatsapp_consent": ("Hub consent: WhatsApp", "varchar"),
    "hub_phone_consent": ("Hub consent: phone", "varchar"),
    "hub_post_consent": ("Hub consent: post", "varchar"),
}

DEAL_FIELDS: Definitions = {
    ORDER_KEY: ("Hub order key", "varchar"),
    "hub_order_state": ("Hub order state", "varchar"),
    "hub_order_lines": ("Hub order lines", "text"),
    "hub_order_placed_at": ("Hub order placed", "date"),
}
