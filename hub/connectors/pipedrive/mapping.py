"""Golden profiles and orders to the properties of Pipedrive's persons and deals, as text; pure.

What is not Pipedrive's own is named as in ``schemas_fields``, or as people named a field of theirs; ``schemas`` gives
each its key and form. "" clears a property, and is sent only for what Hub wrote and no record supports any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.connectors.pipedrive.schemas_fields import MARKETING_STATUS, ORDER_KEY, PERSON_FIELDS, PROFILE_ID
from hub.mapping.fieldmap import OrderMap
from hub.model.address import Address
from hub.model.consent import ConsentChannel
from hub.model.profile import Profile
from hub.sdk.crm.rendering import FREED, order_write, profile_write
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write

CONSENT_CHANNELS: tuple[ConsentChannel, ...] = ("email", "sms", "whatsapp", "phone", "post")
UNSUBSCRIBED = "unsubscribed"
LOST = "lost_phones"
"""Where a write keeps the phone numbers that Hub wrote and that are this person's no more."""

ESSENTIAL = frozenset(
    {PROFILE_ID, ORDER_KEY, "currency", "status", MARKETING_STATUS, *(n for n in PERSON_FIELDS if "_consent" in n)}
)
"""Never left out, whatever is refused: by what a record is found, what an amount and a deal mean, and every opt-out."""


def render(change: Change, settings: PipedriveSettings) -> Write | None:
    """The minimal write for a change, or None when nothing differs or nothing may be sent."""
    if isinstance(change, OrderChange):
        if settings.orders == "none":
            return None
        return order_write(change, deal_properties(change, settings), own=ORDER_KEY, link_property="person_id")
    profile = change.profile
    write = profile_write(change, person_properties(profile, settings), own=PROFILE_ID, emails="emails", phone="phone")
    if write is None or write.erase:
        return write
    lost = {
        "emails": _lost(change, "emails", "email", profile.emails),
        "phones": _lost(change, "phones", "phone", profile.phones),
    }
    return replace(
        write,
        body={name: lost[several] for name, several in ((FREED, "emails"), (LOST, "phones")) if lost[several]},
        # Where nobody knows whether this was carried out, what was to go may still be there.
        unsure={name: ";".join((*gone, *getattr(profile, name))) for name, gone in lost.items() if gone},
        irreversible=(UNSUBSCRIBED,) if write.properties.get(MARKETING_STATUS) else (),
    )


def person_properties(profile: Profile, settings: PipedriveSettings) -> dict[str, str]:
    """The properties of a profile's person; what the profile does not know is left out."""
    orders = profile.orders
    found = {
        **settings.own_properties(profile),
        PROFILE_ID: str(profile.id),
        "name": profile.name.full or " ".join(filter(None, (profile.name.first, profile.name.last))),
        "email": next(iter(profile.emails), ""),
        "emails": ";".join(profile.emails[1:] and profile.emails),
        "phone": next(iter(profile.phones), ""),
        "phones": ";".join(profile.phones[1:] and profile.phones),
        "company": profile.company if settings.organizations else "",
        "hub_address": _line(profile.addresses[0]) if profile.addresses else "",
        "hub_birth_date": profile.birth_date.isoformat() if profile.birth_date else "",
        "hub_language": profile.language,
        "hub_tags": ";".join(profile.tags),
        "hub_loyalty_ids": ";".join(profile.loyalty_ids),
        "hub_lifetime_value": _decimal(orders.totals[0].amount) if len(orders.totals) == 1 else "",
        "hub_lifetime_totals": "; ".join(f"{total.currency} {_decimal(total.amount)}" for total in orders.totals),
        "hub_order_count": str(orders.count) if orders.count else "",
        "hub_first_order_at": _day(orders.first_at),
        "hub_last_order_at": _day(orders.last_at),
        **_consents(profile),
    }
    return {name: value for name, value in found.items() if value}


def deal_properties(change: OrderChange, settings: PipedriveSettings) -> dict[str, str]:
    """The properties of an order's deal. The value is net of refunds in the order's currency.

    No personal value is in the title. ``won_time`` is sent when a deal is won, and only then (…/docs/api/v1/Deals).
    """
    order = change.order
    found = {
        **OrderMap(settings.deal_fields).read(order),
        ORDER_KEY: change.key,
        "title": f"{order.number or order.external_id} ({change.connection})",
        "value": _decimal(change.net),
        "currency": order.currency,
        "status": _status(change, settings),
        "won_time": _instant(order.placed_at),
        "stage_id": str(settings.deal_stage or ""),
        "hub_order_state": "deleted" if change.deleted else order.state,
        "hub_order_placed_at": _day(order.placed_at),
    }
    return {name: value for name, value in found.items() if value}


def _lost(change: ProfileChange, several: str, main: str, held: Sequence[str]) -> list[str]:
    told = str(change.mirror.get(several) or change.mirror.get(main) or "") if change.external_ids else ""
    return [one for one in told.split(";") if one not in ("", *held)]


def _consents(profile: Profile) -> dict[str, str]:
    held = {consent.channel: consent for consent in profile.consents if consent.purpose == "marketing"}
    general = held.get("any")
    found: dict[str, str] = {}
    for channel in CONSENT_CHANNELS:
        refused = general is not None and general.state == "opted_out"
        consent = general if refused else held.get(channel) or general  # law L7: an opt-out from everything wins
        if consent is None or consent.state == "unknown":
            continue
        found[f"hub_{channel}_consent"] = consent.state
        if channel == "email":
            found["hub_email_consent_at"] = _day(consent.at)
            found[MARKETING_STATUS] = UNSUBSCRIBED if consent.state == "opted_out" else ""
    return found


def _status(change: OrderChange, settings: PipedriveSettings) -> str:
    nothing_left = change.net <= 0 < change.order.total
    if change.deleted or nothing_left or change.order.state in ("cancelled", "refunded", "failed"):
        return "lost"
    return "open" if change.is_open and settings.won == "paid" else "won"


def _line(address: Address) -> str:
    town = " ".join(filter(None, (address.postal_code, address.city)))
    return ", ".join(filter(None, (address.line1, address.line2, town, address.region, address.country)))


def _day(value: datetime | None) -> str:
    return value.astimezone(UTC).date().isoformat() if value else ""


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _decimal(value: Decimal) -> str:
    return format(value, "f")
