"""Golden profiles and orders to EspoCRM's attributes; pure.

All values are kept as text here; the request has EspoCRM's own types. ``emailAddressData`` and ``phoneNumberData``
stand for the list of all of them, by ";", the main one first. Moments are UTC, ``YYYY-MM-DD HH:mm:ss``
(docs.espocrm.com/development/api, "Date and time values").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hub.connectors.espocrm.manifest import EspoSettings
from hub.mapping.fieldmap import OrderMap, ProfileMap
from hub.mapping.overrides import OwnFields
from hub.model.profile import Profile
from hub.sdk.crm.rendering import order_write, profile_write
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write

PROFILE_ID = "cHubProfileId"
ORDER_KEY = "cHubOrderKey"
EMAIL, PHONE = "emailAddress", "phoneNumber"
OPTED_OUT = {EMAIL: f"{EMAIL}IsOptedOut", PHONE: f"{PHONE}IsOptedOut"}
NEVER_CALL = "doNotCall"
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

CONSENTS = {channel: f"cHub{channel.capitalize()}Consent" for channel in ("email", "sms", "whatsapp", "phone", "post")}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "people": {
        PROFILE_ID: "varchar",
        "cHubTags": "text",
        "cHubLoyaltyIds": "varchar",
        "cHubLifetimeValue": "float",
        "cHubLifetimeTotals": "varchar",
        "cHubOrderCount": "int",
        "cHubFirstOrderAt": "datetime",
        "cHubLastOrderAt": "datetime",
        "cHubBirthDate": "date",
        "cHubLanguage": "varchar",
        **dict.fromkeys(CONSENTS.values(), "varchar"),
        "cHubEmailConsentAt": "datetime",
    },
    "Opportunity": {ORDER_KEY: "varchar", "cHubOrderState": "varchar"},
}
"""Hub's own fields, by their types in EspoCRM's Entity Manager. Without the first of each Hub writes nothing."""

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
    orders, name, address = profile.orders, profile.name, profile.addresses[0] if profile.addresses else None
    found = {
        **settings.own_properties(profile),
        PROFILE_ID: str(profile.id),
        **PERSON_FIELDS.read(profile),
        "lastName": name.last or ("" if name.first else name.full) or "",
        f"{EMAIL}Data": ";".join(profile.emails[1:] and profile.emails),
        f"{PHONE}Data": ";".join(profile.phones[1:] and profile.phones),
        "addressStreet": "\n".join(filter(None, (address.line1, address.line2))) if address else "",
        COMPANY if settings.people == "contacts" else "accountName": profile.company or "",
        "cHubTags": ";".join(profile.tags),
        "cHubLoyaltyIds": ";".join(profile.loyalty_ids),
        "cHubLifetimeValue": format(orders.totals[0].amount, "f") if len(orders.totals) == 1 else "",
        "cHubLifetimeTotals": "; ".join(f"{total.currency} {total.amount:f}" for total in orders.totals),
        "cHubOrderCount": str(orders.count) if orders.count else "",
        "cHubFirstOrderAt": _moment(orders.first_at),
        "cHubLastOrderAt": _moment(orders.last_at),
        "cHubBirthDate": profile.birth_date.isoformat() if profile.birth_date else "",
        "cHubLanguage": profile.language or "",
        **_consents(profile),
    }
    return settings.finished(profile, {name: value for name, value in found.items() if value})


def opportunity(change: OrderChange, settings: EspoSettings) -> dict[str, str]:
    """The attributes of an order's opportunity. The amount is net of refunds in the order's currency.

    No personal value is in the name. ``opportunity_fields`` come first: Hub's own attributes stay Hub's.
    """
    order = change.order
    found = {
        **OrderMap(settings.opportunity_fields).read(order),
        ORDER_KEY: change.key,
        "name": f"{order.number or order.external_id} ({change.connection})",
        "amount": format(max(change.net, Decimal(0)), "f"),  # EspoCRM's least amount of an opportunity
        "amountCurrency": order.currency,
        "closeDate": order.placed_at.astimezone(UTC).date().isoformat(),
        "stage": _stage(change, settings),
        "cHubOrderState": "deleted" if change.deleted else order.state,
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
    )


def _lost(change: ProfileChange, field: str, known: Sequence[str]) -> list[str]:
    """What Hub wrote, or may have written, and is not the person's any more."""
    written = str(change.mirror.get(f"{field}Data") or change.mirror.get(field) or "").split(";")
    return [one for one in written if one not in ("", *known)]


def _consents(profile: Profile) -> dict[str, str]:
    held = {consent.channel: consent for consent in profile.consents if consent.purpose == "marketing"}
    general = held.get("any")
    found: dict[str, str] = {}
    for channel, name in CONSENTS.items():
        own = next((consent for key, consent in held.items() if key == channel), None)
        # law L7: an opt-out from everything wins
        consent = general if own is None or (general and general.state == "opted_out") else own
        if consent is not None and consent.state != "unknown":
            found[name] = consent.state
            found |= {"cHubEmailConsentAt": _moment(consent.at)} if channel == "email" else {}
    refused = {channel for channel, name in CONSENTS.items() if found.get(name) == "opted_out"}
    flags = {OPTED_OUT[EMAIL]: {"email"}, OPTED_OUT[PHONE]: {"sms", "whatsapp"}, NEVER_CALL: {"phone"}}
    return found | {flag: "true" for flag, channels in flags.items() if channels & refused}


def _stage(change: OrderChange, settings: EspoSettings) -> str:
    nothing_left = change.net <= 0 < change.order.total
    if change.deleted or nothing_left or change.order.state in ("cancelled", "refunded", "failed"):
        return settings.stage_lost
    return settings.stage_open if change.is_open else settings.stage_won


def _moment(value: datetime | None) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value else ""
