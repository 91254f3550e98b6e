"""Golden profiles and orders to columns of Odoo's ``load``; pure.

A column is a field's name; ``/id`` behind it means the External ID of the record it leads to, ``/.id`` its number.
Values are texts, and an empty one clears the field. Times are UTC without a zone. Countries have External IDs of their
code (odoo/odoo: odoo/addons/base/data/res_country_data.xml), but for GB. The address of a contact of the type "contact"
is its company's: Odoo copies it from one to the other both ways (odoo/odoo: res_partner.py, ``_fields_sync`` and
``_handle_first_contact_creation``; OCA/partner-contact#1212), so that a private address would become the company's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.connectors.odoo.manifest import OdooSettings
from hub.mapping.fieldmap import OrderMap, ProfileMap
from hub.model.address import Address
from hub.model.consent import ConsentChannel
from hub.model.order import Order
from hub.model.profile import Profile
from hub.sdk.crm.rendering import order_write, profile_write
from hub.sdk.destination import Change, OrderChange, Write

PROFILE_ID, ORDER_KEY, MERGED = "x_hub_profile_id", "x_hub_order_key", "x_hub_merged_into"
COMPANY, PARENT, PARTNER = "company", "parent_id/.id", "partner_id/.id"
ADDRESS = frozenset({"street", "street2", "zip", "city", "country_id/id"})
EMAIL_CONSENT = "x_hub_email_consent"
OPT_OUT = "opt_out"
CHANNELS: tuple[ConsentChannel, ...] = ("email", "sms", "whatsapp", "phone", "post")

FIELDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "res.partner": {
        PROFILE_ID: ("char", "Hub: profile"),
        MERGED: ("char", "Hub: merged into"),
        "x_hub_emails": ("char", "Hub: all e-mails"),
        "x_hub_phones": ("char", "Hub: all phones"),
        "x_hub_address": ("char", "Hub: own address"),
        "x_hub_company": ("char", "Hub: company"),
        "x_hub_birth_date": ("date", "Hub: date of birth"),
        "x_hub_tags": ("char", "Hub: tags"),
        "x_hub_loyalty_ids": ("char", "Hub: loyalty numbers"),
        "x_hub_lifetime_value": ("float", "Hub: lifetime value"),
        "x_hub_lifetime_totals": ("char", "Hub: lifetime value by currency"),
        "x_hub_order_count": ("integer", "Hub: orders"),
        "x_hub_first_order_at": ("datetime", "Hub: first order"),
        "x_hub_last_order_at": ("datetime", "Hub: last order"),
        **{f"x_hub_{channel}_consent": ("char", f"Hub: marketing consent, {channel}") for channel in CHANNELS},
        "x_hub_email_consent_at": ("datetime", "Hub: marketing consent, e-mail, since"),
    },
    "crm.lead": {
        ORDER_KEY: ("char", "Hub: order"),
        "x_hub_order_state": ("char", "Hub: order's state"),
        "x_hub_ordered_at": ("datetime", "Hub: ordered"),
        "x_hub_amount": ("char", "Hub: amount in the order's currency"),
        "x_hub_currency": ("char", "Hub: currency"),
        "x_hub_lines": ("text", "Hub: goods"),
    },
}
"""Fields that Hub creates: name to type and label. Names of fields that are not Odoo's own begin with ``x_``."""

ESSENTIAL = frozenset(
    {
        *(PROFILE_ID, ORDER_KEY, PARTNER, "name"),
        *("stage_id/id", "stage_id/.id", "active", "probability", "x_hub_amount", "x_hub_currency"),
        *(f"x_hub_{channel}_consent" for channel in CHANNELS),
    }
)
"""Never left out, whatever is refused: whose a record is, what an opportunity means, and every opt-out."""

PERSON = ProfileMap({"email": "emails.0", "phone": "phones.0"})


def render(change: Change, settings: OdooSettings) -> Write | None:
    """The minimal write for a change, or None when nothing differs or nothing may be sent."""
    if isinstance(change, OrderChange):
        if settings.orders == "none":
            return None
        return order_write(change, opportunity(change, settings), own=ORDER_KEY, link_property=PARTNER)
    wanted = contact(change.profile, settings)
    if settings.unsubscribe == "opt_out" and (refuses(wanted) or change.mirror.get(OPT_OUT)):
        wanted[OPT_OUT] = "1"  # an opt-in never lifts it
    write = profile_write(change, wanted, own=PROFILE_ID, emails="x_hub_emails", phone="phone")
    return replace(write, irreversible=("unsubscribe",)) if write and blacklists(write, settings) else write


def refuses(properties: Mapping[str, Any]) -> bool:
    """Whether the person wants no marketing by e-mail."""
    return properties.get(EMAIL_CONSENT) == "opted_out"


def blacklists(write: Write, settings: OdooSettings) -> bool:
    """Whether e-mails go on Odoo's blacklist: of an opt-out that is news, or whose e-mails are."""
    touched = {EMAIL_CONSENT, "email", "x_hub_emails"} & write.properties.keys()
    return settings.unsubscribe == "blacklist" and refuses(write.mirror) and bool(touched)


def contact(profile: Profile, settings: OdooSettings) -> dict[str, str]:
    """What a profile's contact should hold. ``profile_fields`` of the settings come first: Hub's own stay Hub's."""
    orders = profile.orders
    found = {
        **settings.own_properties(profile),
        PROFILE_ID: str(profile.id),
        "name": profile.name.full or " ".join(filter(None, (profile.name.first, profile.name.last))),
        **PERSON.read(profile),
        **_place(profile, settings),
        "lang": _language(profile.language, settings.languages),
        "x_hub_emails": ";".join(profile.emails[1:] and profile.emails),
        "x_hub_phones": ";".join(profile.phones[1:] and profile.phones),
        "x_hub_birth_date": profile.birth_date.isoformat() if profile.birth_date else "",
        "x_hub_tags": ";".join(profile.tags),
        "x_hub_loyalty_ids": ";".join(profile.loyalty_ids),
        "x_hub_lifetime_value": format(orders.totals[0].amount, "f") if len(orders.totals) == 1 else "",
        "x_hub_lifetime_totals": "; ".join(f"{total.currency} {total.amount:f}" for total in orders.totals),
        "x_hub_order_count": str(orders.count) if orders.count else "",
        "x_hub_first_order_at": _time(orders.first_at),
        "x_hub_last_order_at": _time(orders.last_at),
        **_consents(profile),
    }
    return {name: value for name, value in found.items() if value}


def opportunity(change: OrderChange, settings: OdooSettings) -> dict[str, str]:
    """What an order's opportunity should hold. Its amount is net of refunds, and no personal value is in its name.

    Odoo sums up amounts in the company's currency: one in another currency stands in ``x_hub_amount`` alone.
    """
    order = change.order
    lost = change.deleted or change.net <= 0 < order.total or order.state in ("cancelled", "refunded", "failed")
    won = not lost and not change.is_open
    stage = settings.stage_won if won else settings.stage_open
    found = {
        **OrderMap(settings.order_fields).read(order),
        ORDER_KEY: change.key,
        "name": f"{order.number or order.external_id} ({change.connection})",
        "type": "opportunity",
        settings.revenue_field: format(change.net, "f") if order.currency == settings.currency else "",
        "stage_id/.id" if stage.isdigit() else "stage_id/id": stage,
        "probability": "0" if lost else "100" if won else "10",
        "active": "0" if lost else "1",
        "x_hub_order_state": "deleted" if change.deleted else order.state,
        "x_hub_ordered_at": _time(order.placed_at),
        "x_hub_amount": format(change.net, "f"),
        "x_hub_currency": order.currency,
        "x_hub_lines": _goods(order),
    }
    return {name: value for name, value in found.items() if value}


def _place(profile: Profile, settings: OdooSettings) -> dict[str, str]:
    address = profile.addresses[0] if profile.addresses else Address()
    country = (address.country or "").lower()
    under = settings.companies == "records" and bool(profile.company)
    city = " ".join(filter(None, (address.postal_code, address.city)))
    if under:
        parts = (address.line1, address.line2, city, address.country)
        return {COMPANY: profile.company or "", "x_hub_address": ", ".join(filter(None, parts))}
    return {
        "x_hub_company": profile.company or "",
        "street": address.line1 or "",
        "street2": address.line2 or "",
        "zip": address.postal_code or "",
        "city": address.city or "",
        "country_id/id": f"base.{'uk' if country == 'gb' else country}" if country else "",
    }


def _consents(profile: Profile) -> dict[str, str]:
    held = {consent.channel: consent for consent in profile.consents if consent.purpose == "marketing"}
    general = held.get("any")
    found: dict[str, str] = {}
    for channel in CHANNELS:
        refused = general is not None and general.state == "opted_out"
        consent = general if refused or channel not in held else held[channel]  # law L7: a general opt-out wins
        if consent is None or consent.state == "unknown":
            continue
        found[f"x_hub_{channel}_consent"] = consent.state
        if channel == "email":
            found["x_hub_email_consent_at"] = _time(consent.at)
    return found


def _goods(order: Order) -> str:
    lines = (line for line in order.lines if line.kind == "product")
    return "\n".join(f"{line.quantity:f} x {line.product.name or line.product.sku or '?'}" for line in lines)


def _language(language: str | None, installed: tuple[str, ...]) -> str:
    wanted = (language or "").replace("-", "_").lower()
    same = [code for code in installed if code.lower() == wanted]
    near = [code for code in installed if wanted and code.split("_")[0].lower() == wanted.split("_")[0]]
    return next(iter((*same, *near)), "")


def _time(value: datetime | None) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value else ""
