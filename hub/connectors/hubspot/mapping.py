"""Golden profiles and orders to HubSpot's contact and deal properties; pure.

All values are strings: dates are ISO 8601, several values of one property are joined by semicolons
(developers.hubspot.com/docs/api-reference/latest/crm/properties/guide). An empty string clears a property; it is sent
only for a property that Hub itself wrote and that no record supports any more (an undone merge).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hub.connectors.hubspot.manifest import HubSpotSettings
from hub.mapping.fieldmap import OrderMap, ProfileMap
from hub.mapping.overrides import OwnFields
from hub.model.consent import ConsentChannel
from hub.model.profile import Profile
from hub.sdk.crm.rendering import LINKED, order_write, profile_write
from hub.sdk.destination import Change, OrderChange, Write

PROFILE_ID = "hub_profile_id"
ORDER_KEY = "hub_order_key"
EMAIL_CONSENT = "hub_email_consent"
CONSENT_CHANNELS: tuple[ConsentChannel, ...] = ("email", "sms", "whatsapp", "phone", "post")

CONTACT_FIELDS = ProfileMap(
    {
        "email": "emails.0",
        "firstname": "name.first",
        "lastname": "name.last",
        "phone": "phones.0",
        "address": "addresses.0.line1",
        "zip": "addresses.0.postal_code",
        "city": "addresses.0.city",
        "state": "addresses.0.region",
        "country": "addresses.0.country",
        "company": "company",
    }
)

Definition = dict[str, str | bool]


def _definition(name: str, label: str, kind: str = "string", *, unique: bool = False) -> Definition:
    field_type = {"string": "text", "number": "number", "datetime": "date"}[kind]
    made: Definition = {"groupName": "hub", "name": name, "label": label, "type": kind, "fieldType": field_type}
    return {**made, "hasUniqueValue": True} if unique else made


DEFINITIONS: Mapping[str, tuple[Definition, ...]] = {
    "contacts": (
        _definition(PROFILE_ID, "Hub profile id", unique=True),
        _definition("hub_emails", "All e-mail addresses"),
        _definition("hub_phones", "All phone numbers"),
        _definition("hub_tags", "Tags"),
        _definition("hub_loyalty_ids", "Loyalty numbers"),
        _definition("hub_lifetime_value", "Lifetime value", "number"),
        _definition("hub_lifetime_totals", "Lifetime value by currency"),
        _definition("hub_order_count", "Orders", "number"),
        _definition("hub_first_order_at", "First order", "datetime"),
        _definition("hub_last_order_at", "Last order", "datetime"),
        _definition(EMAIL_CONSENT, "Marketing consent: e-mail"),
        _definition("hub_email_consent_at", "Marketing consent: e-mail, since", "datetime"),
        _definition("hub_sms_consent", "Marketing consent: SMS"),
        _definition("hub_whatsapp_consent", "Marketing consent: WhatsApp"),
        _definition("hub_phone_consent", "Marketing consent: phone"),
        _definition("hub_post_consent", "Marketing consent: post"),
    ),
    "deals": (
        _definition(ORDER_KEY, "Hub order key", unique=True),
        _definition("hub_order_state", "Order state"),
    ),
}
"""What ``prepare`` creates. HubSpot allows ten unique properties for each object; Hub takes one."""


ESSENTIAL = frozenset(
    {
        *(PROFILE_ID, ORDER_KEY),
        *("deal_currency_code", "pipeline", "dealstage"),
        *(f"hub_{channel}_consent" for channel in CONSENT_CHANNELS),
    }
)
"""Never left out, whatever is refused: by what a record is found, what an amount and a deal mean, and every opt-out."""


def render(change: Change, settings: HubSpotSettings) -> Write | None:
    """The minimal write for a change, or None when nothing differs or nothing may be sent."""
    if isinstance(change, OrderChange):
        wanted = {} if settings.orders == "none" else deal_properties(change, settings)
        return order_write(change, wanted, own=ORDER_KEY) if wanted else None
    wanted = contact_properties(change.profile, settings)
    write = profile_write(change, wanted, own=PROFILE_ID, emails="hub_emails", phone="phone")
    if write is None or not unsubscribes(write.properties, write.mirror, settings):
        return write
    return replace(write, irreversible=("unsubscribe",))


def contact_properties(profile: Profile, settings: HubSpotSettings) -> dict[str, str]:
    """The properties of a profile's contact; what the profile does not know is left out.

    ``profile_fields`` of the settings come first: Hub's own properties stay Hub's.
    """
    orders = profile.orders
    found = {
        **settings.own_properties(profile),
        PROFILE_ID: str(profile.id),
        **CONTACT_FIELDS.read(profile),
        "date_of_birth": profile.birth_date.isoformat() if profile.birth_date else "",
        "hs_language": _language(profile.language),
        "hub_emails": ";".join(profile.emails[1:] and profile.emails),
        "hub_phones": ";".join(profile.phones[1:] and profile.phones),
        "hub_tags": ";".join(profile.tags),
        "hub_loyalty_ids": ";".join(profile.loyalty_ids),
        "hub_lifetime_value": _decimal(orders.totals[0].amount) if len(orders.totals) == 1 else "",
        "hub_lifetime_totals": "; ".join(f"{total.currency} {_decimal(total.amount)}" for total in orders.totals),
        "hub_order_count": str(orders.count) if orders.count else "",
        "hub_first_order_at": _instant(orders.first_at),
        "hub_last_order_at": _instant(orders.last_at),
        **_consents(profile),
    }
    return settings.finished(profile, {name: value for name, value in found.items() if value})


def own_fields(settings: HubSpotSettings) -> OwnFields:
    """What a mapping file may change: not what contacts and deals are found by, what merges free, and no consent."""
    defined = {kind: [str(one["name"]) for one in definitions] for kind, definitions in DEFINITIONS.items()}
    consents = [name for name in defined["contacts"] if name.endswith(("_consent", "_consent_at"))]
    deals = (*defined["deals"], "dealname", "amount", "deal_currency_code", "closedate", "pipeline", "dealstage")
    return OwnFields(
        (*CONTACT_FIELDS.properties, "date_of_birth", "hs_language", *defined["contacts"], *settings.profile_fields),
        kept=(*ESSENTIAL, *consents, "email", "hub_emails", LINKED),
        order_written=None if settings.orders == "none" else (*deals, *settings.deal_fields),
    )


def deal_properties(change: OrderChange, settings: HubSpotSettings) -> dict[str, str]:
    """The properties of an order's deal. The amount is net of refunds in the order's currency.

    No personal value is in the name. ``deal_fields`` of the settings come first: Hub's own properties stay Hub's.
    """
    order = change.order
    found = {
        **OrderMap(settings.deal_fields).read(order),
        ORDER_KEY: change.key,
        "dealname": f"{order.number or order.external_id} ({change.connection})",
        "amount": _decimal(change.net),
        "deal_currency_code": order.currency,
        "closedate": _instant(order.placed_at),
        "pipeline": settings.deal_pipeline,
        "dealstage": _stage(change, settings),
        "hub_order_state": "deleted" if change.deleted else order.state,
    }
    return settings.finished(order, found)


def unsubscribes(properties: Mapping[str, object], mirror: Mapping[str, object], settings: HubSpotSettings) -> bool:
    """Whether HubSpot's own subscriptions are ended too: of an opt-out that is news, or whose e-mails are."""
    touched = {EMAIL_CONSENT, "email", "hub_emails"} & properties.keys()
    return settings.unsubscribe and mirror.get(EMAIL_CONSENT) == "opted_out" and bool(touched)


def _consents(profile: Profile) -> dict[str, str]:
    held = {consent.channel: consent for consent in profile.consents if consent.purpose == "marketing"}
    general = held.get("any")
    found: dict[str, str] = {}
    for channel in CONSENT_CHANNELS:
        own = held.get(channel)
        refused = general is not None and general.state == "opted_out"
        consent = general if refused or own is None else own  # law L7: an opt-out from everything wins
        if consent is None or consent.state == "unknown":
            continue
        found[f"hub_{channel}_consent"] = consent.state
        if channel == "email":
            found["hub_email_consent_at"] = _instant(consent.at)
    return found


def _stage(change: OrderChange, settings: HubSpotSettings) -> str:
    order = change.order
    nothing_left = change.net <= 0 < order.total
    if change.deleted or nothing_left or order.state in ("cancelled", "refunded", "failed"):
        return settings.deal_stage_lost
    if change.is_open:
        return settings.deal_stage_open
    return settings.deal_stage_won


def _language(language: str | None) -> str:
    # hs_language is a closed list; its two-letter codes are the part that every account knows.
    primary = (language or "").replace("_", "-").split("-")[0].lower()
    return primary if len(primary) == 2 else ""


def _instant(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else ""


def _decimal(value: Decimal) -> str:
    return format(value, "f")
