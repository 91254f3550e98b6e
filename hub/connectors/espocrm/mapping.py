"""Golden profiles and orders to EspoCRM's attributes; pure.

All values are kept as text here; the request has EspoCRM's own types. ``emailAddressData`` and ``phoneNumberData``
stand for the list of all of them, by ";", the main one first. Moments are UTC, ``YYYY-MM-DD HH:mm:ss``
(docs.espocrm.com/development/api, "Date and time values").
"""

from __future__ import annotations

from decimal import Decimal

from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.schemas_fields import FIELDS, ORDER_KEY, PROFILE_ID
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap

EMAIL, PHONE = "emailAddress", "phoneNumber"
OPTED_OUT = {EMAIL: f"{EMAIL}IsOptedOut", PHONE: f"{PHONE}IsOptedOut"}
NEVER_CALL = "doNotCall"

COMPANY = "company"
"""Where the name of a contact's company is kept; EspoCRM wants the id of an account in ``accountId``."""

LISTS = {one: frozenset({one, f"{one}Data", OPTED_OUT[one]}) for one in (EMAIL, PHONE)}
"""What is part of a list that EspoCRM replaces as a whole."""

PERSON = {
    EMAIL: "emails.0",
    "firstName": "name.first",
    "lastName": "last_name",
    PHONE: "phones.0",
    "addressStreet": "street",
    "addressPostalCode": "addresses.0.postal_code",
    "addressCity": "addresses.0.city",
    "addressState": "addresses.0.region",
    "addressCountry": "addresses.0.country",
}

OPPORTUNITY = {
    ORDER_KEY: "key",
    "name": "title",
    "amountCurrency": "currency",
    "closeDate": "placed_on",
    "cHubOrderState": "state",
}

MAP: CrmMap[EspoSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    email=EMAIL,
    phone=PHONE,
    lines="description",
    lists=True,
    facts={
        **{name: fact for fact in facts.NAMES if (name := f"cHub{fact.title().replace('_', '')}") in FIELDS["people"]},
        f"{EMAIL}Data": "emails",
        f"{PHONE}Data": "phones",
    },
    person=lambda settings: {**PERSON, COMPANY if settings.people == "contacts" else "accountName": "company"},
    order=lambda _: OPPORTUNITY,
    order_fields=lambda settings: settings.opportunity_fields,
    more_of_order=lambda change, settings: {
        "amount": facts.decimal(max(change.net, Decimal(0))),  # EspoCRM's least amount of an opportunity
        "stage": getattr(settings, f"stage_{facts.sale(change)}"),
    },
    also_of_order=("amount", "stage"),
    moment=facts.day_and_time,
    opt_outs={OPTED_OUT[EMAIL]: ("email",), OPTED_OUT[PHONE]: ("sms", "whatsapp"), NEVER_CALL: ("phone",)},
    essential_too=("amount", "amountCurrency", "stage", "closeDate", "post"),
)
