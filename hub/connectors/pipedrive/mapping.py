"""Golden profiles and orders to the properties of Pipedrive's persons and deals, as text; pure.

What is not Pipedrive's own is named as in ``schemas_fields``, or as people named a field of theirs; ``schemas`` gives
each its key and form. "" clears a property, and is sent only for what Hub wrote and no record supports any more.
"""

from __future__ import annotations

from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.connectors.pipedrive.schemas_fields import MARKETING_STATUS, ORDER_KEY, PERSON_FIELDS, PROFILE_ID
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.destination import OrderChange

LISTS = {"emails": "email", "phones": "phone"}
"""Lists of a person, and what Hub calls the main one of each."""

PERSON = {"name": "full_name", "email": "emails.0", "phone": "phones.0", "hub_address": "address"}
DEAL = {
    ORDER_KEY: "key",
    "title": "title",
    "value": "net",
    "currency": "currency",
    "hub_order_state": "state",
    "hub_order_placed_at": "placed_on",
}


def more_of_order(change: OrderChange, settings: PipedriveSettings) -> dict[str, str]:
    """``won_time`` is sent when a deal is won, and only then (…/docs/api/v1/Deals)."""
    sale = facts.sale(change)
    return {
        "status": "won" if sale == "open" and settings.won == "placed" else sale,
        "won_time": facts.instant(change.order.placed_at),
        "stage_id": str(settings.deal_stage or ""),
    }


MAP: CrmMap[PipedriveSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    link_property="person_id",
    phone="phone",
    lines="hub_order_lines",
    lists=True,
    facts={
        **{name: fact for fact in facts.NAMES if (name := f"hub_{fact}") in PERSON_FIELDS},
        **{several: several for several in LISTS},
    },
    person=lambda settings: {**PERSON, "company": "company"} if settings.organizations else PERSON,
    order=lambda _: DEAL,
    order_fields=lambda settings: settings.deal_fields,
    more_of_order=more_of_order,
    also_of_order=("stage_id",),
    moment=facts.day,
    opt_outs={MARKETING_STATUS: ("email",)},
    refused="unsubscribed",
    essential_too=("currency", "status", "won_time", "content"),
    kept_too=("org_id",),
)
