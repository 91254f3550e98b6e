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
from typing import Any

from hub.connectors.odoo.manifest import OdooSettings
from hub.connectors.odoo.schemas_fields import FIELDS, MERGED, ORDER_KEY, PROFILE_ID
from hub.mapping.fieldmap import ProfileMap, texts_of_order
from hub.mapping.overrides import RULES, OwnFields
from hub.model.address import Address
from hub.model.order import Order
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.rendering import order_write, profile_write
from hub.sdk.destination import Change, OrderChange, Write

COMPANY, PARENT, PARTNER = "company", "parent_id/.id", "partner_id/.id"
ADDRESS = frozenset({"street", "street2", "zip", "city", "country_id/id"})
EMAIL_CONSENT = "x_hub_email_consent"
OPT_OUT = "opt_out"

FACTS = {name: fact for fact in facts.NAMES if (name := f"x_hub_{fact}") in FIELDS["res.partner"]}

ESSENTIAL = frozenset(
    {
        *(PROFILE_ID, ORDER_KEY, PARTNER, "name"),
        *("stage_id/id", "stage_id/.id", "active", "probability", "x_hub_amount", "x_hub_currency"),
        *(f"x_hub_{channel}_consent" for channel in facts.CHANNELS),
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
    found = {
        **settings.own_properties(profile),
        "name": facts.full_name(profile),
        **PERSON.read(profile),
        **_place(profile, settings),
        "lang": _language(profile.language, settings.languages),
        **facts.of_profile(profile, FACTS, facts.day_and_time),
    }
    return settings.finished(profile, {name: value for name, value in found.items() if value})


def own_fields(settings: OdooSettings) -> OwnFields:
    """What a mapping file may change: not what records are found by or linked with, no consent.

    Of a column that leads to another record, such as ``country_id/id``, Odoo tells the name, and not what was written.
    """
    consents = [name for name in FIELDS["res.partner"] if "_consent" in name]
    orders = ("name", settings.revenue_field, "stage_id/id", "stage_id/.id", "probability", *FIELDS["crm.lead"])
    return OwnFields(
        ("name", "phone", COMPANY, "lang", *sorted(ADDRESS), *FIELDS["res.partner"], *settings.profile_fields),
        kept=(*(ESSENTIAL - {"name"}), *consents, OPT_OUT, MERGED, PARENT, "email", "x_hub_emails", "active", "type"),
        order_written=None if settings.orders == "none" else (*orders, *settings.order_fields),
        rules=RULES,
        order_rules=RULES,
        untold=lambda name: "/" in name,
    )


def opportunity(change: OrderChange, settings: OdooSettings) -> dict[str, str]:
    """What an order's opportunity should hold. Its amount is net of refunds, and no personal value is in its name.

    Odoo sums up amounts in the company's currency: one in another currency stands in ``x_hub_amount`` alone.
    """
    order = change.order
    sale = facts.sale(change)
    stage = settings.stage_won if sale == "won" else settings.stage_open
    found = {
        **texts_of_order(settings.order_fields, order),
        ORDER_KEY: change.key,
        "name": facts.title(change),
        "type": "opportunity",
        settings.revenue_field: facts.decimal(change.net) if order.currency == settings.currency else "",
        "stage_id/.id" if stage.isdigit() else "stage_id/id": stage,
        "probability": {"lost": "0", "won": "100", "open": "10"}[sale],
        "active": "0" if sale == "lost" else "1",
        "x_hub_order_state": facts.state(change),
        "x_hub_ordered_at": facts.day_and_time(order.placed_at),
        "x_hub_amount": facts.decimal(change.net),
        "x_hub_currency": order.currency,
        "x_hub_lines": _goods(order),
    }
    return settings.finished(order, {name: value for name, value in found.items() if value})


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


def _goods(order: Order) -> str:
    lines = (line for line in order.lines if line.kind == "product")
    return "\n".join(f"{line.quantity:f} x {line.product.name or line.product.sku or '?'}" for line in lines)


def _language(language: str | None, installed: tuple[str, ...]) -> str:
    wanted = (language or "").replace("-", "_").lower()
    same = [code for code in installed if code.lower() == wanted]
    near = [code for code in installed if wanted and code.split("_")[0].lower() == wanted.split("_")[0]]
    return next(iter((*same, *near)), "")
