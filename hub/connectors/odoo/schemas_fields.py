"""The fields that Hub makes in Odoo; data alone."""

from __future__ import annotations

from collections.abc import Mapping

from hub.sdk.crm import facts

PROFILE_ID, ORDER_KEY, MERGED = "x_hub_profile_id", "x_hub_order_key", "x_hub_merged_into"
FIELDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "res.partner": {
        PROFILE_ID: ("char", "Hub: profile"),
        MERGED: ("char", "Hub: merged into"),
        "x_hub_emails": ("char", "Hub: all e-mails"),
        "x_hub_phones": ("char", "Hub: all phones"),
        "x_hub_address": ("char", "Hub: own address"),
        "x_hub_company": ("char", "Hub: company"),
        "x_hub_birth_date": ("date", "Hub: date of birth"),
        "x_hub_tags": ("char", "Hub: tags"),
        "x_hub_loyalty_ids": ("char", "Hub: loyalty numbers"),
        "x_hub_lifetime_value": ("float", "Hub: lifetime value"),
        "x_hub_lifetime_totals": ("char", "Hub: lifetime value by currency"),
        "x_hub_order_count": ("integer", "Hub: orders"),
        "x_hub_first_order_at": ("datetime", "Hub: first order"),
        "x_hub_last_order_at": ("datetime", "Hub: last order"),
        **{f"x_hub_{channel}_consent": ("char", f"Hub: marketing consent, {channel}") for channel in facts.CHANNELS},
        "x_hub_email_consent_at": ("datetime", "Hub: marketing consent, e-mail, since"),
    },
    "crm.lead": {
        ORDER_KEY: ("char", "Hub: order"),
        "x_hub_order_state": ("char", "Hub: order's state"),
        "x_hub_ordered_at": ("datetime", "Hub: ordered"),
        "x_hub_amount": ("char", "Hub: amount in the order's currency"),
        "x_hub_currency": ("char", "Hub: currency"),
        "x_hub_lines": ("text", "Hub: goods"),
    },
}
"""Fields that Hub creates: name to type and label. Names of fields that are not Odoo's own begin with ``x_``."""
