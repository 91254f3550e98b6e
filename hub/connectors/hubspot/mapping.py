"""Golden profiles and orders to HubSpot's contact and deal properties; pure.

All values are strings: dates are ISO 8601, several values of one property are joined by semicolons
(developers.hubspot.com/docs/api-reference/latest/crm/properties/guide). An empty string clears a property; it is sent
only for a property that Hub itself wrote and that no record supports any more (an undone merge).
"""

from __future__ import annotations

from functools import partial

from hub.connectors.hubspot.manifest import HubSpotSettings
from hub.connectors.hubspot.schemas_fields import ACTIVITY_KEY, CONTACT_PROPERTIES, ORDER_KEY, PROFILE_ID
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap

CONTACT = {
    "email": "emails.0",
    "firstname": "name.first",
    "lastname": "name.last",
    "phone": "phones.0",
    "address": "addresses.0.line1",
    "zip": "addresses.0.postal_code",
    "city": "addresses.0.city",
    "state": "addresses.0.region",
    "country": "addresses.0.country",
    "company": "company",
    "date_of_birth": "birth_date",
    "hs_language": "language_code",
}

DEAL = {
    ORDER_KEY: "key",
    "dealname": "title",
    "amount": "net",
    "deal_currency_code": "currency",
    "closedate": "placed_at",
    "hub_order_state": "state",
}

LINE_ITEM = {
    "name": "name",
    "hs_sku": "sku",
    "quantity": "quantity",
    "price": "price",
    "hs_line_item_currency_code": "currency",
}

MAP: CrmMap[HubSpotSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    phone="phone",
    lines="hub_order_lines",
    facts={name: fact for fact in facts.NAMES if (name := f"hub_{fact}") in CONTACT_PROPERTIES},
    person=lambda _: CONTACT,
    order=lambda _: DEAL,
    line=LINE_ITEM,
    order_fields=lambda settings: settings.deal_fields,
    more_of_order=lambda change, settings: {
        "pipeline": settings.deal_pipeline,
        "dealstage": getattr(settings, f"deal_stage_{facts.sale(change)}"),
    },
    moment=partial(facts.instant, timespec="milliseconds"),
    essential_too=("deal_currency_code", "pipeline", "dealstage", ACTIVITY_KEY, "hs_note_body", "hs_task_body"),
)
