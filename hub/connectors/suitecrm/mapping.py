"""Golden profiles and orders to SuiteCRM's attributes, as text; pure.

Sources: github.com/SuiteCRM/SuiteCRM modules/Contacts/vardefs.php, modules/Opportunities/vardefs.php,
include/SugarObjects/templates/person/vardefs.php (names of fields).
"""

from __future__ import annotations

from decimal import Decimal

from hub.connectors.suitecrm.manifest import SuiteSettings
from hub.connectors.suitecrm.schemas_fields import ORDER_KEY, PEOPLE, PROFILE_ID
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.destination import OrderChange

EMAIL, OPTED_OUT, NEVER_CALL = "email1", "email_opt_out", "do_not_call"
COMPANY, ACCOUNT = "account_name", "account_id"
DEFAULT_CURRENCY = "-99"

PERSON = {
    "first_name": "name.first",
    "last_name": "last_name",
    EMAIL: "emails.0",
    "phone_mobile": "phones.0",
    "primary_address_street": "street",
    "primary_address_postalcode": "addresses.0.postal_code",
    "primary_address_city": "addresses.0.city",
    "primary_address_state": "addresses.0.region",
    "primary_address_country": "addresses.0.country",
    "birthdate": "birth_date",
    COMPANY: "company",
}
OPPORTUNITY = {ORDER_KEY: "key", "name": "title", "date_closed": "placed_on", "hub_order_state_c": "state"}


def more_of_order(change: OrderChange, settings: SuiteSettings) -> dict[str, str | None]:
    """An amount is of the currency that its id names; where SuiteCRM has none for an order's, it gets no amount."""
    own = change.order.currency == settings.currency
    currency = DEFAULT_CURRENCY if own else settings.currencies.get(change.order.currency)
    told = {"amount": facts.decimal(max(change.net, Decimal(0))), "currency_id": currency} if currency else {}
    return {**told, "sales_stage": getattr(settings, f"stage_{facts.sale(change)}")}


MAP: CrmMap[SuiteSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    email=EMAIL,
    phone="phone_mobile",
    lines="description",
    facts={name: fact for fact in facts.NAMES if (name := f"hub_{fact}_c") in PEOPLE},
    person=lambda _: PERSON,
    order=lambda _: OPPORTUNITY,
    order_fields=lambda settings: settings.opportunity_fields,
    more_of_order=more_of_order,
    also_of_order=("amount", "currency_id", "sales_stage"),
    moment=facts.day,
    opt_outs={OPTED_OUT: ("email",), NEVER_CALL: ("phone",)},
    refused="1",
    essential_too=("amount", "currency_id", "sales_stage", "name"),
)
