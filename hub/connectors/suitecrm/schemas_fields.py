"""Hub's own fields in SuiteCRM; data alone. An administrator makes them in Studio, which puts ``_c`` behind a name."""

from __future__ import annotations

PROFILE_ID, ORDER_KEY = "hub_profile_id_c", "hub_order_key_c"
PEOPLE = (
    PROFILE_ID,
    *(f"hub_{fact}_c" for fact in ("emails", "phones", "tags", "loyalty_ids", "language")),
    *(f"hub_{fact}_c" for fact in ("lifetime_value", "lifetime_totals", "order_count")),
    *(f"hub_{fact}_c" for fact in ("first_order_at", "last_order_at", "email_consent_at")),
    *(f"hub_{channel}_consent_c" for channel in ("email", "sms", "whatsapp", "phone", "post")),
)
ORDERS = (ORDER_KEY, "hub_order_state_c")

MOVED = ("opportunities", "notes", "calls", "meetings", "tasks", "cases", "documents")
"""What of a contact goes along when it is merged."""

BLANK = (
    *("first_name", "title", "department", "description", "phone_mobile", "phone_work", "phone_home", "phone_other"),
    *("phone_fax", "birthdate", "assistant", "assistant_phone"),
    *(f"primary_address_{part}" for part in ("street", "city", "state", "postalcode", "country")),
    *(f"alt_address_{part}" for part in ("street", "city", "state", "postalcode", "country")),
)
