"""Hub's own columns and its table in Dataverse; data alone.

Source: learn.microsoft.com/power-apps/developer/data-platform/webapi/create-update-column-definitions-using-web-api.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PROFILE_ID, ORDER, ORDER_KEY, CONTACT = "hub_profile_id", "hub_order", "hub_order_key", "hub_contact"
NAVIGATION = "hub_Contact"
"""What the lookup of an order's contact is called where it is written."""


def _column(kind: str, **values: Any) -> dict[str, Any]:
    return {"@odata.type": f"Microsoft.Dynamics.CRM.{kind}AttributeMetadata", **values}


def _text(length: int) -> dict[str, Any]:
    return _column("String", FormatName={"Value": "Text"}, MaxLength=length)


_LONG = _column("Memo", Format="TextArea", MaxLength=10_000)
_MOMENT = _column("DateTime", Format="DateAndTime")
_MONEY = _column("Decimal", MinValue=-100_000_000_000, MaxValue=100_000_000_000, Precision=2)

FIELDS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "contact": {
        PROFILE_ID: _text(36),
        **{f"hub_{channel}_consent": _text(20) for channel in ("email", "sms", "whatsapp", "phone", "post")},
        "hub_email_consent_at": _MOMENT,
        **dict.fromkeys(("hub_emails", "hub_phones", "hub_tags"), _LONG),
        **dict.fromkeys(("hub_loyalty_ids", "hub_lifetime_totals"), _text(1000)),
        "hub_language": _text(35),
        "hub_lifetime_value": _MONEY,
        "hub_order_count": _column("Integer", MinValue=0, MaxValue=2_147_483_647),
        "hub_first_order_at": _MOMENT,
        "hub_last_order_at": _MOMENT,
    },
    ORDER: {
        ORDER_KEY: _text(300),
        "hub_amount": _MONEY,
        "hub_currency": _text(3),
        "hub_placed_on": _column("DateTime", Format="DateOnly"),
        **dict.fromkeys(("hub_stage", "hub_state"), _text(40)),
        "hub_lines": _LONG,
    },
}
"""By table: what ``prepare`` makes; ``hub_name`` comes with the table."""
