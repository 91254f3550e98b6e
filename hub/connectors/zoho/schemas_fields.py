"""Hub's own fields in Zoho CRM; data alone.

Source: zoho.com/crm/developer/docs/api/v8/create-custom-field.html (data types and their lengths). The API name of a
field is its label with underscores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PROFILE_ID, ORDER_KEY, EMAILS = "Hub_Profile_ID", "Hub_Order_Key", "Hub_Emails"


def _text(length: int, *, unique: bool = False) -> dict[str, Any]:
    return {"data_type": "text", "length": length, **({"unique": {"case_sensitive": False}} if unique else {})}


_LONG = {"data_type": "textarea", "length": 2000, "textarea": {"type": "small"}}

ESSENTIAL: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "Contacts": {PROFILE_ID: _text(36, unique=True)},
    "Deals": {ORDER_KEY: _text(255, unique=True)},
}
FIELDS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "Contacts": {
        **ESSENTIAL["Contacts"],
        **{f"Hub_{channel}_Consent": _text(20) for channel in ("Email", "Sms", "Whatsapp", "Phone", "Post")},
        "Hub_Email_Consent_At": {"data_type": "datetime"},
        **dict.fromkeys((EMAILS, "Hub_Phones", "Hub_Tags"), _LONG),
        **dict.fromkeys(("Hub_Loyalty_Ids", "Hub_Lifetime_Totals"), _text(255)),
        "Hub_Language": _text(20),
        "Hub_Lifetime_Value": {"data_type": "double", "length": 16, "decimal_place": 2},
        "Hub_Order_Count": {"data_type": "integer", "length": 9},
        "Hub_First_Order_At": {"data_type": "datetime"},
        "Hub_Last_Order_At": {"data_type": "datetime"},
    },
    "Deals": {**ESSENTIAL["Deals"], "Hub_Order_State": _text(20)},
}
"""By module: what ``prepare`` makes."""
