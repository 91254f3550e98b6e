"""Golden profiles and orders to ActiveCampaign's contacts and deals, as text; pure.

A contact's own fields have a personalisation tag, by which they are named here, and a deal's a label. A list, a tag and
an automation is a property each ("list 3"), so that what is no longer wanted is left alone or left, each by itself.
"""

from __future__ import annotations

from decimal import Decimal

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.schemas_fields import CONTACT_FIELDS, ORDER_KEY, PROFILE_ID
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.mailing_map import met
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.destination import Change, OrderChange, Write

LIST, TAG, AUTOMATION = "list ", "tag ", "automation "
"""How the properties begin that are no field of a contact's."""

OPTED_OUT = "unsubscribed"
"""Whether a contact is active on no list: ActiveCampaign has no opt-out beside those of its lists."""

OWN = ("email", "firstName", "lastName", "phone")
PERSON = {
    "email": "emails.0",
    "firstName": "name.first",
    "lastName": "last_name",
    "phone": "phones.0",
    "HUB_STREET": "street",
    "HUB_POSTAL_CODE": "addresses.0.postal_code",
    "HUB_CITY": "addresses.0.city",
    "HUB_REGION": "addresses.0.region",
    "HUB_COUNTRY": "addresses.0.country",
    "HUB_COMPANY": "company",
    "HUB_STAGE": "traits.stage",
    "HUB_SEGMENTS": "traits.segments",
}
DEAL = {
    ORDER_KEY: "key",
    "title": "title",
    "currency": "currency",
    "Hub order state": "state",
    "Hub order placed on": "placed_on",
}
CONTACT = "contact_id"
"""Where a deal's write has the id of its contact."""

STATUS = {"open": "0", "won": "1", "lost": "2"}
REFERENCE = 12
"""Characters of an order's key at the end of a deal's title: ActiveCampaign finds a deal by nothing else of Hub's."""


def more(profile: Profile, settings: ActiveCampaignSettings) -> dict[str, str]:
    """Lists for whom Hub knows an opt-in of, tags for everybody, automations for whoever did not refuse e-mail."""
    consent = facts.consents(profile).get("email")
    state = consent.state if consent else "unknown"
    wanted = {LIST: settings.lists if state == "opted_in" else {}, TAG: settings.tags}
    wanted |= {AUTOMATION: settings.automations if state != "opted_out" else {}}
    return {
        f"{kind}{one}": "true" for kind, several in wanted.items() for one in met(profile, several).split(";") if one
    }


def more_of_order(change: OrderChange, settings: ActiveCampaignSettings) -> dict[str, str | None]:
    """A deal's value is at least 0 (developers.activecampaign.com/reference/create-a-deal-new)."""
    sale = facts.sale(change)
    stage = getattr(settings, f"stage_{sale}")
    return {
        "title": f"{facts.title(change)} {reference(change.key)}",
        "value": facts.decimal(max(change.net, Decimal(0))),
        "currency": change.order.currency.lower(),
        "status": STATUS[sale],
        "stage": str(stage) if stage else "",
    }


def reference(key: str) -> str:
    """The end of an order's key, as its deal's title has it."""
    return f"#{key[-REFERENCE:]}"


MAP: CrmMap[ActiveCampaignSettings] = CrmMap(
    own=PROFILE_ID,
    order_own=ORDER_KEY,
    phone="phone",
    lines="description",
    link_property=CONTACT,
    facts={name: fact for fact in facts.NAMES if (name := f"HUB_{fact.upper()}") in CONTACT_FIELDS},
    person=lambda _: PERSON,
    order=lambda _: DEAL,
    order_fields=lambda settings: settings.deal_fields,
    more=more,
    more_of_order=more_of_order,
    also_of_order=("value", "status", "stage"),
    moment=facts.day,
    opt_outs={OPTED_OUT: ("email",)},
    essential_too=("value", "currency", "status", "stage", "note"),
)


def render(change: Change, settings: ActiveCampaignSettings) -> Write | None:
    """The minimal write. Nobody becomes a contact who has no address: without one, ActiveCampaign takes only phones."""
    if isinstance(change, OrderChange) or change.external_ids or change.erased or change.profile.emails:
        return MAP.render(change, settings)
    return MAP.render(change, settings) if settings.phone_only and change.profile.phones else None
