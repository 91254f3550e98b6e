"""Golden profiles and orders to the fields of contacts and deals; pure.

Values stand here as text, as the mirror keeps them; ``schemas.body`` makes Freshsales' forms of them.
"""

from __future__ import annotations

from hub.connectors.freshsales.manifest import FreshsalesSettings
from hub.connectors.freshsales.schemas_fields import EMAIL_OPT_OUT, FIELDS, ORDER_KEY, PROFILE_ID
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.destination import OrderChange

COMPANY, ACCOUNT = "company", "sales_account_id"
"""Where a contact's write names its company, and where it has the id of the account instead."""

ORDER = {
    ORDER_KEY: "key", "name": "title", "amount": "net", "expected_close": "placed_on", "cf_hub_order_state": "state",
}  # fmt: skip


def person(settings: FreshsalesSettings) -> dict[str, str]:
    """Fields of a contact."""
    return {
        "first_name": "name.first",
        "last_name": "last_name",
        "email": "emails.0",
        "mobile_number": "phones.0",
        "address": "street",
        "city": "addresses.0.city",
        "state": "addresses.0.region",
        "zipcode": "addresses.0.postal_code",
        "country": "addresses.0.country",
        **({COMPANY: "company"} if settings.accounts != "none" else {}),
    }


def more_of_order(change: OrderChange, settings: FreshsalesSettings) -> dict[str, str | None]:
    """The stage; an amount in another currency would be read as one in the account's own."""
    stage = getattr(settings, f"stage_{facts.sale(change)}")
    foreign = change.order.currency != settings.currency
    return {"deal_stage_id": str(stage) if stage else None, **({"amount": ""} if foreign else {})}


MAP: CrmMap[FreshsalesSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    email="email",
    phone="mobile_number",
    lines="cf_hub_order_lines",
    lists=True,
    facts={name: fact for fact in facts.NAMES if (name := f"cf_hub_{fact}") in FIELDS["contact"]},
    person=person,
    order=lambda _: ORDER,
    order_fields=lambda settings: settings.deal_fields,
    more_of_order=more_of_order,
    also_of_order=("deal_stage_id",),
    moment=facts.day,
    opt_outs={EMAIL_OPT_OUT: ("email",)},
    essential_too=("deal_stage_id",),
)
