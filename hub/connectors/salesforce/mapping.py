"""Golden profiles and orders to the fields of contacts, leads and opportunities; pure.

Values stand here as text, as the mirror keeps them; ``schemas.fields_of`` makes numbers and booleans of them. Sources:
developer.salesforce.com/docs/platform/field-reference/references/field-reference/salesforce-field-reference-contact.html
(and …-lead.html, …-opportunity.html), …/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_opportunity.htm (CloseDate, StageName, Amount, CurrencyIsoCode).
"""

from __future__ import annotations

from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.connectors.salesforce.schemas_fields import (
    ACTIVITY_KEY,
    CONSENTS,
    MERGED_INTO,
    ORDER_KEY,
    PERSON_FIELDS,
    PROFILE_ID,
)
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.destination import OrderChange

COMPANY = "Account"
"""Where a contact's write names its company; no field of Salesforce's. ``AccountId`` takes its place."""

EMAIL_OPT_OUT = "HasOptedOutOfEmail"
FACTS = {
    **{name: fact for fact in facts.NAMES if (name := f"Hub_{fact.title()}__c") in PERSON_FIELDS},
    **{name: f"{channel}_consent" for channel, name in CONSENTS.items()},
}


def person(settings: SalesforceSettings) -> dict[str, str]:
    """Fields of a contact or lead."""
    contact, code = settings.person == "contact", "Code" if settings.country_codes else ""
    prefix = "Mailing" if contact else ""
    company = COMPANY if contact else "Company"
    return {
        "FirstName": "name.first",
        "LastName": "last_name",
        "Email": "emails.0",
        "Phone": "phones.0",
        f"{prefix}Street": "street",
        f"{prefix}PostalCode": "addresses.0.postal_code",
        f"{prefix}City": "addresses.0.city",
        f"{prefix}State{code}": "addresses.0.region",
        f"{prefix}Country{code}": "addresses.0.country",
        **({"Birthdate": "birth_date"} if contact else {}),
        **({company: "company"} if settings.accounts != "none" or not contact else {}),
    }


def order(settings: SalesforceSettings) -> dict[str, str]:
    """Fields of an opportunity."""
    found = {ORDER_KEY: "key", "Name": "title", "Amount": "net", "CloseDate": "placed_on"}
    found |= {"Hub_Order_State__c": "state"} if settings.custom_fields == "all" else {}
    return found if settings.org_currency else {**found, "CurrencyIsoCode": "currency"}


def more_of_order(change: OrderChange, settings: SalesforceSettings) -> dict[str, str]:
    """An org of one currency reads every amount as its own: an order in another goes without (``org_currency``)."""
    foreign = settings.org_currency not in (None, change.order.currency)
    return {
        "Name": facts.title(change)[:120],
        "StageName": getattr(settings, f"stage_{facts.sale(change)}"),
        **({"Amount": ""} if foreign else {}),
    }


MAP: CrmMap[SalesforceSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    email="Email",
    phone="Phone",
    lines="Description",
    facts=FACTS,
    has_facts=lambda settings: settings.custom_fields == "all",
    person=person,
    order=order,
    order_fields=lambda settings: settings.opportunity_fields,
    more_of_order=more_of_order,
    moment=facts.instant,
    opt_outs={EMAIL_OPT_OUT: ("email",), "DoNotCall": ("phone",)},
    essential_too=(
        *("StageName", "CloseDate", "CurrencyIsoCode"),
        *(ACTIVITY_KEY, "Subject", "Description", "ActivityDate", "Status"),
    ),
    kept_too=(MERGED_INTO,),
    takes_orders=lambda settings: settings.takes_orders,
)
