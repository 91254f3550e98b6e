"""Golden profiles and orders to the fields of contacts and deals; pure.

Values stand here as text, as the mirror keeps them; ``schemas.fields_of`` makes numbers, booleans and lookups of them.
Sources: zoho.com/crm/developer/docs/api/v8/insert-records.html (what a contact and a deal need, the form of each type:
a moment with its offset), …/field-meta.html (fields of contacts and deals).
"""

from __future__ import annotations

from datetime import datetime

from hub.connectors.zoho.manifest import ZohoSettings
from hub.connectors.zoho.schemas_fields import FIELDS, ORDER_KEY, PROFILE_ID
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.destination import OrderChange

COMPANY, ACCOUNT = "Account_Name", "Account_Name.id"
"""Where a contact's write names its company, and where it has the id of the account instead."""

EMAIL_OPT_OUT = "Email_Opt_Out"
FACTS = {name: fact for fact in facts.NAMES if (name := f"Hub_{fact.title()}") in FIELDS["Contacts"]}
FACTS[PROFILE_ID] = "profile_id"


def moment(value: datetime | None) -> str:
    """Such as 2026-03-01T12:00:00+00:00; "" for none."""
    return facts.instant(value).replace("Z", "+00:00")


def person(settings: ZohoSettings) -> dict[str, str]:
    """Fields of a contact."""
    return {
        "First_Name": "name.first",
        "Last_Name": "last_name",
        "Email": "emails.0",
        "Phone": "phones.0",
        "Mailing_Street": "street",
        "Mailing_Zip": "addresses.0.postal_code",
        "Mailing_City": "addresses.0.city",
        "Mailing_State": "addresses.0.region",
        "Mailing_Country": "addresses.0.country",
        "Date_of_Birth": "birth_date",
        **({COMPANY: "company"} if settings.accounts != "none" else {}),
    }


def order(settings: ZohoSettings) -> dict[str, str]:
    """Fields of a deal."""
    found = {ORDER_KEY: "key", "Deal_Name": "title", "Amount": "net", "Closing_Date": "placed_on"}
    found |= {"Hub_Order_State": "state"} if settings.custom_fields == "all" else {}
    return found if settings.org_currency else {**found, "Currency": "currency"}


def more_of_order(change: OrderChange, settings: ZohoSettings) -> dict[str, str | None]:
    """An account of one currency reads every amount as its own: an order in another goes without (``org_currency``)."""
    foreign = settings.org_currency not in (None, change.order.currency)
    return {
        "Deal_Name": facts.title(change)[:120],
        "Stage": getattr(settings, f"stage_{facts.sale(change)}"),
        "Pipeline": settings.pipeline,
        **({"Amount": ""} if foreign else {}),
    }


MAP: CrmMap[ZohoSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    email="Email",
    phone="Phone",
    lines="Description",
    link_property="Contact_Name",
    facts=FACTS,
    has_facts=lambda settings: settings.custom_fields == "all",
    person=person,
    order=order,
    order_fields=lambda settings: settings.deal_fields,
    more_of_order=more_of_order,
    also_of_order=("Stage", "Pipeline"),
    moment=moment,
    opt_outs={EMAIL_OPT_OUT: ("email",)},
    essential_too=("Stage", "Pipeline", "Currency", "Note_Title", "Note_Content", "Subject"),
)
