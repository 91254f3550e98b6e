"""Golden profiles and orders to HubSpot's contact and deal properties; pure.

All values are strings: dates are ISO 8601, several values of one property are joined by semicolons
(developers.hubspot.com/docs/api-reference/latest/crm/properties/guide). An empty string clears a property; it is sent
only for a property that Hub itself wrote and that no record supports any more (an undone merge).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from hub.connectors.hubspot.manifest import HubSpotSettings
from hub.connectors.hubspot.schemas_fields import CONTACT_PROPERTIES, DEFINITIONS, EMAIL_CONSENT, ORDER_KEY, PROFILE_ID
from hub.mapping.fieldmap import ProfileMap, texts_of_order
from hub.mapping.overrides import RULES, OwnFields
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.rendering import LINKED, order_write, profile_write
from hub.sdk.destination import Change, OrderChange, Write

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

FACTS = {name: fact for fact in facts.NAMES if (name := f"hub_{fact}") in CONTACT_PROPERTIES} | {
    "date_of_birth": "birth_date"
}
"""Properties of contacts, and the fact each holds."""

_instant = partial(facts.instant, timespec="milliseconds")

ESSENTIAL = frozenset(
    {
        *(PROFILE_ID, ORDER_KEY),
        *("deal_currency_code", "pipeline", "dealstage"),
        *(f"hub_{channel}_consent" for channel in facts.CHANNELS),
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
    found = {
        **settings.own_properties(profile),
        **CONTACT_FIELDS.read(profile),
        "hs_language": _language(profile.language),
        **facts.of_profile(profile, FACTS, _instant),
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
        rules=RULES,
        order_rules=RULES,
    )


def deal_properties(change: OrderChange, settings: HubSpotSettings) -> dict[str, str]:
    """The properties of an order's deal. The amount is net of refunds in the order's currency.

    No personal value is in the name. ``deal_fields`` of the settings come first: Hub's own properties stay Hub's.
    """
    order = change.order
    found = {
        **texts_of_order(settings.deal_fields, order),
        ORDER_KEY: change.key,
        "dealname": facts.title(change),
        "amount": facts.decimal(change.net),
        "deal_currency_code": order.currency,
        "closedate": _instant(order.placed_at),
        "pipeline": settings.deal_pipeline,
        "dealstage": getattr(settings, f"deal_stage_{facts.sale(change)}"),
        "hub_order_state": facts.state(change),
    }
    return settings.finished(order, found)


def unsubscribes(properties: Mapping[str, object], mirror: Mapping[str, object], settings: HubSpotSettings) -> bool:
    """Whether HubSpot's own subscriptions are ended too: of an opt-out that is news, or whose e-mails are."""
    touched = {EMAIL_CONSENT, "email", "hub_emails"} & properties.keys()
    return settings.unsubscribe and mirror.get(EMAIL_CONSENT) == "opted_out" and bool(touched)


def _language(language: str | None) -> str:
    # hs_language is a closed list; its two-letter codes are the part that every account knows.
    primary = (language or "").replace("_", "-").split("-")[0].lower()
    return primary if len(primary) == 2 else ""
