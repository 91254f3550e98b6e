"""Golden profiles and orders to the fields of contacts, leads and opportunities; pure.

Values stand here as text, as the mirror keeps them; ``schemas.fields_of`` makes numbers and booleans of them. Sources:
developer.salesforce.com/docs/platform/field-reference/references/field-reference/salesforce-field-reference-contact.html
(and …-lead.html, …-opportunity.html), …/docs/atlas.en-us.object_reference.meta/object_reference/
sforce_api_objects_opportunity.htm (CloseDate, StageName, Amount, CurrencyIsoCode).
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.connectors.salesforce.schemas_fields import (
    CONSENTS,
    MERGED_INTO,
    ORDER_FIELDS,
    ORDER_KEY,
    PERSON_FIELDS,
    PROFILE_ID,
)
from hub.mapping.fieldmap import texts_of_order
from hub.mapping.overrides import RULES, OwnFields
from hub.model.consent import ConsentChannel
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.rendering import LINKED, order_write, profile_write
from hub.sdk.destination import Change, OrderChange, Write

COMPANY = "Account"
"""Where a contact's write names its company; no field of Salesforce's. ``AccountId`` takes its place."""

EMAIL_OPT_OUT = "HasOptedOutOfEmail"
OPT_OUTS: Mapping[ConsentChannel, str] = {"email": EMAIL_OPT_OUT, "phone": "DoNotCall"}
"""Salesforce's own opt-outs. They are set and never taken back (law L7)."""

FACTS = {
    **{name: fact for fact in facts.NAMES if (name := f"Hub_{fact.title()}__c") in PERSON_FIELDS},
    **{name: f"{channel}_consent" for channel, name in CONSENTS.items()},
}

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
    own = facts.of_profile(profile, FACTS, facts.instant) if settings.custom_fields == "all" else {}
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
        **{field: "true" for channel, field in OPT_OUTS.items() if channel in facts.opted_out(profile)},
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
        rules=RULES,
        order_rules=RULES,
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


def _opportunity(change: OrderChange, settings: SalesforceSettings) -> dict[str, str]:
    """The fields of an order's opportunity, the amount net of refunds. No personal value is in the name.

    An org of one currency reads every amount as its own: an order in another goes without (``org_currency``).
    """
    order, own = change.order, settings.org_currency
    state = {"Hub_Order_State__c": facts.state(change)}
    money = {"Amount": facts.decimal(change.net), **({} if own else {"CurrencyIsoCode": order.currency})}
    found = {
        **texts_of_order(settings.opportunity_fields, order),
        ORDER_KEY: change.key,
        "Name": facts.title(change)[:120],
        "CloseDate": facts.day(order.placed_at),
        "StageName": getattr(settings, f"stage_{facts.sale(change)}"),
        **(money if own in (None, order.currency) else {}),
        **(state if settings.custom_fields == "all" else {}),
    }
    return settings.finished(order, found)
