"""Golden profiles and orders to the fields of people and opportunities; pure.

Values stand here as text, as the mirror keeps them; ``schemas.fields_of`` makes Twenty's forms of them. A part of a
composite field has a name with a dot. Source: github.com/twentyhq/twenty packages/twenty-shared composite types
(FULL_NAME, EMAILS, PHONES, CURRENCY).
"""

from __future__ import annotations

from hub.connectors.twenty.manifest import TwentySettings
from hub.connectors.twenty.schemas_fields import EMAIL, EMAIL_OPT_OUT, FIELDS, ORDER_KEY, PHONE, PROFILE_ID
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap

COMPANY = "company"
"""Where a person's write names the company; ``companyId`` takes its place."""


def _own(fact: str) -> str:
    first, *more = fact.split("_")
    return "hub" + "".join(part.capitalize() for part in (first, *more))


def person(settings: TwentySettings) -> dict[str, str]:
    """Fields of a person."""
    return {
        "name.firstName": "name.first",
        "name.lastName": "last_name",
        EMAIL: "emails.0",
        PHONE: "phones.0",
        **({COMPANY: "company"} if settings.companies != "none" else {}),
    }


AMOUNT, CURRENCY = "amount.amountMicros", "amount.currencyCode"
ORDER = {
    ORDER_KEY: "key",
    "name": "title",
    AMOUNT: "net",
    CURRENCY: "currency",
    "closeDate": "placed_at",
    "hubOrderState": "state",
}

MAP: CrmMap[TwentySettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    email=EMAIL,
    phone=PHONE,
    lines="hubOrderLines",
    link_property="pointOfContactId",
    lists=True,
    facts={
        **{name: fact for fact in facts.NAMES if (name := _own(fact)) in FIELDS["person"]},
        "hubAddress": "address",
    },
    person=person,
    order=lambda _: ORDER,
    order_fields=lambda settings: settings.opportunity_fields,
    more_of_order=lambda change, settings: {"stage": getattr(settings, f"stage_{facts.sale(change)}")},
    also_of_order=("stage",),
    moment=facts.instant,
    opt_outs={EMAIL_OPT_OUT: ("email",)},
    essential_too=("stage", CURRENCY, "title", "bodyV2"),
)
