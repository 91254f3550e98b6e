"""Hub's own fields in Freshsales; data alone. A custom field's key is ``cf_`` and its label in small letters."""

from __future__ import annotations

from collections.abc import Mapping

PROFILE_ID, ORDER_KEY, EMAIL_OPT_OUT = "cf_hub_profile_id", "cf_hub_order_key", "cf_hub_email_opt_out"
TEXT, NUMBER, DATE, CHECKBOX = "text", "number", "date", "checkbox"

FIELDS: Mapping[str, Mapping[str, str]] = {
    "contact": {
        PROFILE_ID: TEXT,
        EMAIL_OPT_OUT: CHECKBOX,
        "cf_hub_birth_date": DATE,
        **dict.fromkeys(("cf_hub_emails", "cf_hub_phones", "cf_hub_tags", "cf_hub_loyalty_ids"), TEXT),
        **dict.fromkeys(("cf_hub_language", "cf_hub_lifetime_totals", "cf_hub_email_consent_at"), TEXT),
        **{f"cf_hub_{channel}_consent": TEXT for channel in ("email", "sms", "whatsapp", "phone", "post")},
        **dict.fromkeys(("cf_hub_lifetime_value", "cf_hub_order_count"), NUMBER),
        **dict.fromkeys(("cf_hub_first_order_at", "cf_hub_last_order_at"), DATE),
    },
    "deal": {ORDER_KEY: TEXT, "cf_hub_order_state": TEXT, "cf_hub_order_lines": TEXT},
}
"""By record: what an administrator makes."""
