"""Golden profiles and orders to EspoCRM's attributes; pure.

All values are kept as text here; the request has EspoCRM's own types. ``emailAddressData`` and ``phoneNumberData``
stand for the list of all of them, by ";", the main one first. Moments are UTC, ``YYYY-MM-DD HH:mm:ss``
(docs.espocrm.com/development/api, "Date and time values").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.schemas_fields import CONSENTS, FIELDS, ORDER_KEY, PROFILE_ID
from hub.mapping.fieldmap import ProfileMap, texts_of_order
from hub.mapping.overrides import RULES, OwnFields
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.rendering import order_write, profile_write
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write

EMAIL, PHONE = "emailAddress", "phoneNumber"
OPTED_OUT = {EMAIL: f"{EMAIL}IsOptedOut", PHONE: f"{PHONE}IsOptedOut"}
NEVER_CALL = "doNotCall"
REFUSALS = {OPTED_OUT[EMAIL]: {"email"}, OPTED_OUT[PHONE]: {"sms", "whatsapp"}, NEVER_CALL: {"phone"}}
"""EspoCRM's own opt-outs, and the channels that each is of."""

COMPANY = "company"
"""Where the name of a contact's company is kept; EspoCRM wants the id of an account in ``accountId``."""

LISTS = {one: frozenset({one, f"{one}Data", OPTED_OUT[one]}) for one in (EMAIL, PHONE)}
"""What is part of a list that EspoCRM replaces as a whole."""

DROPPED = "dropped"
"""Where a write keeps the e-mails and phones that Hub wrote to this record, and that are not the person's any more."""

PERSON_FIELDS = ProfileMap(
    {
        EMAIL: "emails.0",
        "firstName": "name.first",
        PHONE: "phones.0",
        "addressPostalCode": "addresses.0.postal_code",
        "addressCity": "addresses.0.city",
        "addressState": "addresses.0.region",
        "addressCountry": "addresses.0.country",
    }
)

FACTS = {
    **{name: fact for fact in facts.NAMES if (name := f"cHub{fact.title().replace('_', '')}") in FIELDS["people"]},
    f"{EMAIL}Data": "emails",
    f"{PHONE}Data": "phones",
}

ESSENTIAL = frozenset(
    {PROFILE_ID, ORDER_KEY, *("amount", "amountCurrency", "stage", "closeDate"), *OPTED_OUT.values(), NEVER_CALL}
)
"""Never left out, whatever is refused: by what a record is found, what an amount means, and every opt-out."""


def render(change: Change, settings: EspoSettings) -> Write | None:
    """The minimal write for a change, or None when nothing differs or nothing may be sent."""
    if isinstance(change, OrderChange):
        wanted = {} if settings.orders == "none" else opportunity(change, settings)
        return order_write(change, wanted, own=ORDER_KEY) if wanted else None
    wanted = person(change.profile, settings)
    write = profile_write(change, wanted, own=PROFILE_ID, email=EMAIL, emails=f"{EMAIL}Data", phone=PHONE)
    if write is None or write.erase:
        return write
    refuses = {NEVER_CALL, *OPTED_OUT.values()} & {name for name, value in write.properties.items() if value}
    known = {EMAIL: change.profile.emails, PHONE: change.profile.phones}
    lost = {field: _lost(change, field, held) for field, held in known.items()}
    touched = [field for field, parts in LISTS.items() if parts & write.properties.keys()]
    dropped = [*lost[EMAIL], *lost[PHONE]]
    return replace(
        write,
        body={DROPPED: dropped} if dropped else {},
        # where nobody knows whether this was carried out, the record may have the old ones, the new ones or both
        unsure={f"{field}Data": ";".join((*lost[field], *known[field])) for field in touched},
        irreversible=("opt out",) if refuses else write.irreversible,
    )


def person(profile: Profile, settings: EspoSettings) -> dict[str, str]:
    """The attributes of a profile's contact or lead; what the profile does not know is left out.

    ``profile_fields`` of the settings come first: Hub's own attributes stay Hub's.
    """
    name, address = profile.name, profile.addresses[0] if profile.addresses else None
    found = {
        **settings.own_properties(profile),
        **PERSON_FIELDS.read(profile),
        "lastName": name.last or ("" if name.first else name.full) or "",
        "addressStreet": "\n".join(filter(None, (address.line1, address.line2))) if address else "",
        COMPANY if settings.people == "contacts" else "accountName": profile.company or "",
        **facts.of_profile(profile, FACTS, facts.day_and_time),
        **{flag: "true" for flag, channels in REFUSALS.items() if channels & facts.opted_out(profile)},
    }
    return settings.finished(profile, {name: value for name, value in found.items() if value})


def opportunity(change: OrderChange, settings: EspoSettings) -> dict[str, str]:
    """The attributes of an order's opportunity. The amount is net of refunds in the order's currency.

    No personal value is in the name. ``opportunity_fields`` come first: Hub's own attributes stay Hub's.
    """
    order = change.order
    found = {
        **texts_of_order(settings.opportunity_fields, order),
        ORDER_KEY: change.key,
        "name": facts.title(change),
        "amount": facts.decimal(max(change.net, Decimal(0))),  # EspoCRM's least amount of an opportunity
        "amountCurrency": order.currency,
        "closeDate": facts.day(order.placed_at),
        "stage": getattr(settings, f"stage_{facts.sale(change)}"),
        "cHubOrderState": facts.state(change),
    }
    return settings.finished(order, found)


def own_fields(settings: EspoSettings) -> OwnFields:
    """What a mapping file may change: not what records are found by or linked with, no list of people's, no consent."""
    orders = ("name", "amount", "amountCurrency", "closeDate", "stage", *FIELDS["Opportunity"])
    named = ("lastName", "addressStreet", COMPANY if settings.people == "contacts" else "accountName")
    return OwnFields(
        (*PERSON_FIELDS.properties, *named, *FIELDS["people"], *settings.profile_fields),
        kept=(*ESSENTIAL, *CONSENTS.values(), "cHubEmailConsentAt", *LISTS, *(f"{field}Data" for field in LISTS)),
        order_written=None if settings.orders == "none" else (*orders, *settings.opportunity_fields),
        rules=RULES,
        order_rules=RULES,
    )


def _lost(change: ProfileChange, field: str, known: Sequence[str]) -> list[str]:
    """What Hub wrote, or may have written, and is not the person's any more."""
    written = str(change.mirror.get(f"{field}Data") or change.mirror.get(field) or "").split(";")
    return [one for one in written if one not in ("", *known)]
