"""Golden profiles and orders to columns of Odoo's ``load``; pure.

A column is a field's name; ``/id`` behind it means the External ID of the record it leads to, ``/.id`` its number.
Values are texts, and an empty one clears the field. Times are UTC without a zone. Countries have External IDs of their
code (odoo/odoo: odoo/addons/base/data/res_country_data.xml), but for GB. The address of a contact of the type "contact"
is its company's: Odoo copies it from one to the other both ways (odoo/odoo: res_partner.py, ``_fields_sync`` and
``_handle_first_contact_creation``; OCA/partner-contact#1212), so that a private address would become the company's.
"""

from __future__ import annotations

from hub.connectors.odoo.manifest import OdooSettings
from hub.connectors.odoo.schemas_fields import FIELDS, MERGED, ORDER_KEY, PROFILE_ID
from hub.connectors.odoo.source_columns import COMPANY, READS, column_of
from hub.model.address import Address
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.destination import OrderChange

PARENT, PARTNER = "parent_id/.id", "partner_id/.id"
ADDRESS = frozenset({"street", "street2", "zip", "city", "country_id/id"})
OPT_OUT = "opt_out"


def more(profile: Profile, settings: OdooSettings) -> dict[str, str]:
    """The language, the opt-out of an old Odoo, and the address: beside that of a company, where there is one."""
    refused = settings.unsubscribe == "opt_out" and "email" in facts.opted_out(profile)
    found = {"lang": _language(profile.language, settings.languages), OPT_OUT: "1" if refused else ""}
    home = profile.addresses[0] if profile.addresses else Address()
    if settings.companies == "records" and profile.company:
        return {**found, COMPANY: profile.company, "x_hub_address": facts.in_one_line(home)}
    return {
        **found,
        "x_hub_company": profile.company or "",
        "street": home.line1 or "",
        "street2": home.line2 or "",
        "zip": home.postal_code or "",
        "city": home.city or "",
        "country_id/id": column_of(home.country),
    }


def order(settings: OdooSettings) -> dict[str, str]:
    """Columns of an opportunity."""
    return {
        ORDER_KEY: "key",
        "name": "title",
        settings.revenue_field: "net",
        "x_hub_order_state": "state",
        "x_hub_ordered_at": "placed_at",
        "x_hub_amount": "net",
        "x_hub_currency": "currency",
    }


def more_of_order(change: OrderChange, settings: OdooSettings) -> dict[str, str]:
    """Odoo sums up amounts in the company's currency: one in another currency stands in ``x_hub_amount`` alone."""
    sale = facts.sale(change)
    stage = settings.stage_won if sale == "won" else settings.stage_open
    return {
        "type": "opportunity",
        **({} if change.order.currency == settings.currency else {settings.revenue_field: ""}),
        "stage_id/.id" if stage.isdigit() else "stage_id/id": stage,
        "probability": {"lost": "0", "won": "100", "open": "10"}[sale],
        "active": "0" if sale == "lost" else "1",
    }


def _language(language: str | None, installed: tuple[str, ...]) -> str:
    wanted = (language or "").replace("-", "_").lower()
    same = [code for code in installed if code.lower() == wanted]
    near = [code for code in installed if wanted and code.split("_")[0].lower() == wanted.split("_")[0]]
    return next(iter((*same, *near)), "")


MAP: CrmMap[OdooSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    link_property=PARTNER,
    phone="phone",
    lines="x_hub_lines",
    facts={name: fact for fact in facts.NAMES if (name := f"x_hub_{fact}") in FIELDS["res.partner"]},
    person=lambda _: {"name": "full_name", "email": "emails.0", "phone": "phones.0"},
    more=more,
    archives={"active": "0"},
    reads=lambda _: READS,
    also=(COMPANY, "lang", *sorted(ADDRESS), "x_hub_address", "x_hub_company"),
    order=order,
    order_fields=lambda settings: settings.order_fields,
    more_of_order=more_of_order,
    also_of_order=("x_hub_lines",),
    moment=facts.day_and_time,
    essential_too=(
        *(PARTNER, "stage_id/id", "stage_id/.id", "active", "probability", "x_hub_amount", "x_hub_currency"),
        *("body", "date", "message_id", "message_type", "subtype_id/id", "model"),
    ),
    kept_too=(OPT_OUT, MERGED, PARENT, "type"),
    # of a column that leads to another record, Odoo tells the name, and not what was written
    untold=lambda name: "/" in name,
)
