"""What the lists, tags and automations of a contact take, as they stand there. Pure.

Sources: see ``hub.connectors.activecampaign.destination``.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import AUTOMATION, LIST
from hub.connectors.activecampaign.schemas import ACTIVE, API, BOUNCED, GONE, UNSUBSCRIBED, Whole, post
from hub.sdk.destination import HttpRequest

NO_AUTOMATION = "SubscriberSeries"
"""What a 403 says of an automation that is gone; any other is about the API key."""


def request(
    record: str, name: str, wanted: bool, there: Whole, tagged: Mapping[str, str], settings: ActiveCampaignSettings
) -> HttpRequest | None:
    """What one list, tag or automation takes; None where nothing is to be done, or may be."""
    kind, _, one = name.partition(" ")
    if f"{kind} " == LIST:
        return status(record, one, ACTIVE) if one not in there.rows and may_join(there) else None
    if f"{kind} " == AUTOMATION:
        entered = one in {each.automation for each in there.automations}
        return None if entered else post("contactAutomations", "contactAutomation", 403, contact=record, automation=one)
    tag = settings.tag_ids.get(one, "")
    if wanted:
        return None if tag in tagged else post("contactTags", "contactTag", contact=record, tag=tag)
    return HttpRequest("DELETE", f"{API}/contactTags/{tagged[tag]}", None, accept=GONE) if tag in tagged else None


def may_join(there: Whole) -> bool:
    """Whether a contact may be put on a list it was never on: not who bounced, or left all the lists they were on."""
    held = {*there.rows.values()}
    bounced = BOUNCED in held or there.contact.bounced_hard not in (None, "", "0")
    return not bounced and (UNSUBSCRIBED not in held or ACTIVE in held)


def status(record: str, one: str, told: str) -> HttpRequest:
    """Set how a contact stands on a list."""
    return post("contactLists", "contactList", list=one, contact=record, status=told)


def left_by(there: Whole, settings: ActiveCampaignSettings) -> list[str]:
    """The lists that an opt-out leaves: those they are on, and Hub's, so that nobody adds them."""
    silent = (UNSUBSCRIBED, BOUNCED)
    return [one for one in dict.fromkeys((*there.rows, *settings.lists)) if there.rows.get(one) not in silent]
