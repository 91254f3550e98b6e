"""Contacts as requests, and what ActiveCampaign answers.

Sources: see ``schemas``, and developers.activecampaign.com/reference/update-a-contact-new.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import httpx

from hub.connectors.activecampaign import schemas
from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import OWN
from hub.connectors.activecampaign.schemas import API, REFUSED, Whole
from hub.connectors.activecampaign.schemas_fields import PROFILE_ID
from hub.sdk.crm import Call, Item, Made
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import HttpRequest


def write_person(items: Sequence[Item], settings: ActiveCampaignSettings) -> Call[Answers]:
    """Create or update one contact. An e-mail is never cleared; lists, tags and automations are for ``settle``."""
    [item] = items
    told, ids = {PROFILE_ID: item.write.key, **item.properties}, settings.field_ids
    own = {name: told[name] for name in OWN if name in told and (name != "email" or told[name])}
    if settings.phone_only and not (told if item.id is None else item.write.mirror).get("email"):
        own |= {"email": None, **({} if item.id else {"allowNullEmail": True})}
    rows = [{"field": ids[name], "value": value} for name, value in told.items() if name in ids]
    method, path = ("PUT", f"{API}/contacts/{item.id}") if item.id else ("POST", f"{API}/contacts")
    body = {"contact": {**own, "fieldValues": rows}}
    return Call(HttpRequest(method, path, body, accept=REFUSED), partial(_written, item))


def _written(item: Item, response: httpx.Response) -> Answers:
    if not response.is_success:
        return {item.write.key: schemas.problem(response)}
    return {item.write.key: Made(read_as(Whole, response).contact.id, item.id is None)}
