"""Golden profiles and orders to the properties of Pipedrive's persons and deals, as text; pure.

What is not Pipedrive's own is named as in ``schemas_fields``, or as people named a field of theirs; ``schemas`` gives
each its key and form. "" clears a property, and is sent only for what Hub wrote and no record supports any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.connectors.pipedrive.schemas_fields import DEAL_FIELDS, MARKETING_STATUS, ORDER_KEY, PERSON_FIELDS, PROFILE_ID
from hub.mapping.fieldmap import texts_of_order
from hub.mapping.overrides import RULES, OwnFields
from hub.model.address import Address
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.crm.rendering import FREED, order_write, profile_write
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write

UNSUBSCRIBED = "unsubscribed"
LOST = "lost_phones"
"""Where a write keeps the phone numbers that Hub wrote and that are this person's no more."""

LISTS = {"emails": EMAIL, "phones": "phone"}
"""Lists of a person, and what Hub calls the main one of each."""

FACTS = {
    **{name: fact for fact in facts.NAMES if (name := f"hub_{fact}") in PERSON_FIELDS},
    **{several: several for several in LISTS},
}

ESSENTIAL_OF_DEALS = ("currency", "status", "won_time")
ESSENTIAL = frozenset(
    {PROFILE_ID, ORDER_KEY, *ESSENTIAL_OF_DEALS, MARKETING_STATUS, *(n for n in PERSON_FIELDS if "_consent" in n)}
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
    found = {
        **settings.own_properties(profile),
        "name": facts.full_name(profile),
        "email": next(iter(profile.emails), ""),
        "phone": next(iter(profile.phones), ""),
        "company": profile.company if settings.organizations else "",
        "hub_address": _line(profile.addresses[0]) if profile.addresses else "",
        **facts.of_profile(profile, FACTS, facts.day),
        MARKETING_STATUS: UNSUBSCRIBED if "email" in facts.opted_out(profile) else "",
    }
    return settings.finished(profile, {name: value for name, value in found.items() if value})


def deal_properties(change: OrderChange, settings: PipedriveSettings) -> dict[str, str]:
    """The properties of an order's deal. The value is net of refunds in the order's currency.

    No personal value is in the title. ``won_time`` is sent when a deal is won, and only then (…/docs/api/v1/Deals).
    """
    order = change.order
    found = {
        **texts_of_order(settings.deal_fields, order),
        ORDER_KEY: change.key,
        "title": facts.title(change),
        "value": facts.decimal(change.net),
        "currency": order.currency,
        "status": _status(change, settings),
        "won_time": facts.instant(order.placed_at),
        "stage_id": str(settings.deal_stage or ""),
        "hub_order_state": facts.state(change),
        "hub_order_placed_at": facts.day(order.placed_at),
    }
    return settings.finished(order, {name: value for name, value in found.items() if value})


def own_fields(settings: PipedriveSettings) -> OwnFields:
    """What a mapping file may change: not what records are found by or linked with, no list of people's, no consent."""
    deals = ("title", "value", "stage_id", *ESSENTIAL_OF_DEALS, *DEAL_FIELDS, *settings.deal_fields)
    return OwnFields(
        ("name", "company", *PERSON_FIELDS, *settings.profile_fields),
        kept=(*ESSENTIAL, *LISTS, *LISTS.values(), "org_id", "person_id"),
        order_written=None if settings.orders == "none" else deals,
        rules=RULES,
        order_rules=RULES,
    )


def _lost(change: ProfileChange, several: str, main: str, held: Sequence[str]) -> list[str]:
    told = str(change.mirror.get(several) or change.mirror.get(main) or "") if change.external_ids else ""
    return [one for one in told.split(";") if one not in ("", *held)]


def _status(change: OrderChange, settings: PipedriveSettings) -> str:
    status = facts.sale(change)
    return "won" if status == "open" and settings.won == "placed" else status


def _line(address: Address) -> str:
    town = " ".join(filter(None, (address.postal_code, address.city)))
    return ", ".join(filter(None, (address.line1, address.line2, town, address.region, address.country)))
