"""Golden profiles and orders to the fields of contacts, leads and opportunities; pure.

Values stand here as text, as the mirror keeps them; ``schemas.fields_of`` makes numbers and booleans of them. Sources:
developer.salesforce.com/docs/platform/field-reference/references/field-reference/salesforce-field-reference-contact.html
(and …-lead.html, …-opportunity.html), …/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_opportunity.htm (CloseDate, StageName, Amount, CurrencyIsoCode).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.mapping.fieldmap import OrderMap
from hub.mapping.overrides import OwnFields
from hub.model.consent import ConsentChannel
from hub.model.profile import Profile
from hub.sdk.crm.rendering import LINKED, order_write, profile_write
from hub.sdk.destination import Change, OrderChange, Write

PROFILE_ID, ORDER_KEY = "Hub_Profile_Id__c", "Hub_Order_Key__c"
MERGED_INTO = "Hub_Merged_Into__c"
COMPANY = "Account"
"""Where a contact's write names its company; no field of Salesforce's. ``AccountId`` takes its place."""

EMAIL_OPT_OUT = "HasOptedOutOfEmail"
OPT_OUTS: Mapping[ConsentChannel, str] = {"email": EMAIL_OPT_OUT, "phone": "DoNotCall"}
"""Salesforce's own opt-outs. They are set and never taken back (law L7)."""

CONSENTS: Mapping[ConsentChannel, str] = {
    "email": "Hub_Email_Consent__c",
    "sms": "Hub_SMS_Consent__c",
    "whatsapp": "Hub_WhatsApp_Consent__c",
    "phone": "Hub_Phone_Consent__c",
    "post": "Hub_Post_Consent__c",
}
PERSON_FIELDS = {
    PROFILE_ID: "Text(36), External ID, Unique",
    MERGED_INTO: "Text(18)",
    **dict.fromkeys(CONSENTS.values(), "Text(20)"),
    "Hub_Email_Consent_At__c": "Date/Time",
    "Hub_Emails__c": "Long Text Area",
    "Hub_Phones__c": "Long Text Area",
    "Hub_Tags__c": "Long Text Area",
    "Hub_Loyalty_Ids__c": "Text(255)",
    "Hub_Language__c": "Text(20)",
    "Hub_Lifetime_Value__c": "Number(16, 2)",
    "Hub_Lifetime_Totals__c": "Text(255)",
    "Hub_Order_Count__c": "Number(18, 0)",
    "Hub_First_Order_At__c": "Date/Time",
    "Hub_Last_Order_At__c": "Date/Time",
}
ORDER_FIELDS = {ORDER_KEY: "Text(255), External ID, Unique", "Hub_Order_State__c": "Text(20)"}
"""Hub's own fields and what they are, as Salesforce's set-up words it."""

ESSENTIAL_OF_ORDERS = ("StageName", "CloseDate", "CurrencyIsoCode")
ESSENTIAL = frozenset({PROFILE_ID, ORDER_KEY, EMAIL_OPT_OUT, *ESSENTIAL_OF_ORDERS, *CONSENTS.values()})
"""Never left out, whatever is refused: by what a record is found, what an amount means, and every opt-out."""


def render(change: Change, settings: SalesforceSettings) -> Write | None:
    """The minimal write for a change, or None when nothing differs or nothing may be sent."""
    if isinstance(change, OrderChange):
        return order_write(change, _opportunity(change, settings), own=ORDER_KEY) if settings.takes_orders else None
    wanted = person(change.profile, settings)
    return profile_write(change, wanted, own=PROFILE_ID, email="Email", phone="Phone")


def person(profile: Profile, settings: SalesforceSettings) -> dict[str, str]:
    """The fields of a person; what nobody knows is left out. Hub's own fields stay Hub's."""
    contact = settings.person == "contact"
    own = {**_facts(profile), **_consents(profile)} if settings.custom_fields == "all" else {}
    found = {
        **settings.own_properties(profile),
        PROFILE_ID: str(profile.id),
        "FirstName": profile.name.first,
        "LastName": profile.name.last or (None if profile.name.first else profile.name.full),
        "Email": next(iter(profile.emails), None),
        "Phone": next(iter(profile.phones), None),
        **_address(profile, "Mailing" if contact else "", "Code" if settings.country_codes else ""),
        "Birthdate": profile.birth_date.isoformat() if profile.birth_date and contact else None,
        COMPANY if contact else "Company": profile.company if settings.accounts != "none" or not contact else None,
        **{field: "true" for channel, field in OPT_OUTS.items() if _state(profile, channel)[0] == "opted_out"},
        **own,
    }
    return settings.finished(profile, {name: value for name, value in found.items() if value})


def own_fields(settings: SalesforceSettings) -> OwnFields:
    """What a mapping file may change: not what records are found by, and no consent."""
    contact = settings.person == "contact"
    address = [f"{'Mailing' if contact else ''}{part}" for part in ("Street", "PostalCode", "City", "State", "Country")]
    standard = ("FirstName", "LastName", "Phone", *address, *((COMPANY, "Birthdate") if contact else ("Company",)))
    order = ("Name", "Amount", *ESSENTIAL_OF_ORDERS, *ORDER_FIELDS, *settings.opportunity_fields)
    return OwnFields(
        (*standard, *PERSON_FIELDS, *settings.profile_fields),
        kept=(*ESSENTIAL, *OPT_OUTS.values(), "Email", "Hub_Email_Consent_At__c", MERGED_INTO, LINKED),
        order_written=order if settings.takes_orders else None,
    )


def _address(profile: Profile, prefix: str, suffix: str) -> dict[str, str | None]:
    if not profile.addresses:
        return {}
    home = profile.addresses[0]
    return {
        f"{prefix}Street": "\n".join(filter(None, (home.line1, home.line2))),
        f"{prefix}PostalCode": home.postal_code,
        f"{prefix}City": home.city,
        f"{prefix}State{suffix}": home.region,
        f"{prefix}Country{suffix}": home.country,
    }


def _facts(profile: Profile) -> dict[str, str | None]:
    orders = profile.orders
    return {
        "Hub_Emails__c": ";".join(profile.emails[1:] and profile.emails),
        "Hub_Phones__c": ";".join(profile.phones[1:] and profile.phones),
        "Hub_Tags__c": ";".join(profile.tags),
        "Hub_Loyalty_Ids__c": ";".join(profile.loyalty_ids),
        "Hub_Language__c": profile.language,
        "Hub_Lifetime_Value__c": _decimal(orders.totals[0].amount) if len(orders.totals) == 1 else None,
        "Hub_Lifetime_Totals__c": "; ".join(f"{total.currency} {_decimal(total.amount)}" for total in orders.totals),
        "Hub_Order_Count__c": str(orders.count) if orders.count else None,
        "Hub_First_Order_At__c": _instant(orders.first_at),
        "Hub_Last_Order_At__c": _instant(orders.last_at),
    }


def _consents(profile: Profile) -> dict[str, str | None]:
    found = {field: _state(profile, channel)[0] for channel, field in CONSENTS.items()}
    return {**found, "Hub_Email_Consent_At__c": _instant(_state(profile, "email")[1])}


def _state(profile: Profile, channel: ConsentChannel) -> tuple[str | None, datetime | None]:
    """A channel's marketing consent and since when; an opt-out from everything is one from it (law L7)."""
    held = {consent.channel: consent for consent in profile.consents if consent.purpose == "marketing"}
    general, own = held.get("any"), held.get(channel)
    refused = general is not None and general.state == "opted_out"
    consent = general if refused or own is None else own
    return (None, None) if consent is None or consent.state == "unknown" else (consent.state, consent.at)


def _opportunity(change: OrderChange, settings: SalesforceSettings) -> dict[str, str]:
    """The fields of an order's opportunity, the amount net of refunds. No personal value is in the name.

    An org of one currency reads every amount as its own: an order in another goes without (``org_currency``).
    """
    order, own = change.order, settings.org_currency
    state = {"Hub_Order_State__c": "deleted" if change.deleted else order.state}
    money = {"Amount": _decimal(change.net), **({} if own else {"CurrencyIsoCode": order.currency})}
    found = {
        **OrderMap(settings.opportunity_fields).read(order),
        ORDER_KEY: change.key,
        "Name": f"{order.number or order.external_id} ({change.connection})"[:120],
        "CloseDate": order.placed_at.astimezone(UTC).date().isoformat(),
        "StageName": _stage(change, settings),
        **(money if own in (None, order.currency) else {}),
        **(state if settings.custom_fields == "all" else {}),
    }
    return settings.finished(order, found)


def _stage(change: OrderChange, settings: SalesforceSettings) -> str:
    nothing_left = change.net <= 0 < change.order.total
    if change.deleted or nothing_left or change.order.state in ("cancelled", "refunded", "failed"):
        return settings.stage_lost
    return settings.stage_open if change.is_open else settings.stage_won


def _instant(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if value else None


def _decimal(value: Decimal) -> str:
    return format(value, "f")
