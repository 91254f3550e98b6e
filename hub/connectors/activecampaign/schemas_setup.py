"""What only the account knows: ids of fields and tags, its pipeline and user. Made, learned and checked.

Sources: developers.activecampaign.com/reference/retrieve-fields-1 and …/create-a-contact-custom-field (a field that
belongs to no list is seen nowhere: …/create-a-custom-field-relationship-to-lists, ``relid`` 0 for all),
…/list-all-custom-fields-2 (of deals), …/retrieve-all-tags, …/create-a-new-tag, …/list-all-pipelines,
…/get-user-loggedin; offload-project/laravel-waitlist#29 (tags are refused twice, and compared whatever their case).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import CONTACT, OWN
from hub.connectors.activecampaign.schemas import API
from hub.connectors.activecampaign.schemas_fields import CONTACT_FIELDS, DEAL_FIELDS, title
from hub.errors import did_you_mean
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of

SIZE = 100
DEAL_OWN = frozenset({"title", "value", "currency", "status", "stage", CONTACT, "description"})


def learn_ids(number: int, client: HttpClient, settings: ActiveCampaignSettings) -> ActiveCampaignSettings:
    """The settings with the ids of one kind that are written, as far as the account has them; asks for no others."""
    name, needed, there = _named(settings)[number]
    pinned = getattr(settings, name)
    if not (lacking := [one for one in needed if one not in pinned]):
        return settings
    found = there(client)
    told = {one: found[_plain(one)] for one in lacking if _plain(one) in found}
    return settings.model_copy(update={name: {**told, **pinned}})


def learn_pipeline(client: HttpClient, settings: ActiveCampaignSettings) -> ActiveCampaignSettings:
    """The settings with the account's first pipeline."""
    if settings.orders == "none" or settings.pipeline is not None:
        return settings
    first = next((int(one["id"]) for one in _rows(client, "dealGroups")), None)
    return settings.model_copy(update={"pipeline": first})


def learn_owner(client: HttpClient, settings: ActiveCampaignSettings) -> ActiveCampaignSettings:
    """The settings with the key's own user."""
    if settings.orders == "none" or settings.owner is not None:
        return settings
    return settings.model_copy(update={"owner": int(json_of(client.get(f"{API}/users/me"))["user"]["id"])})


LEARN: tuple[Callable[[HttpClient, ActiveCampaignSettings], ActiveCampaignSettings], ...] = (
    *(partial(learn_ids, number) for number in range(3)),
    learn_pipeline,
    learn_owner,
)


def prepare(client: HttpClient, settings: ActiveCampaignSettings) -> None:
    """Make the fields and tags that are missing, and show fields that belong to no list. What exists is left alone."""
    there = contact_fields(client)
    for name, kind in CONTACT_FIELDS.items():
        if name not in settings.field_ids and _plain(name) not in there:
            body = {"title": title(name), "type": kind, "perstag": name, "visible": 1}
            client.post(f"{API}/fields", {"field": body})
    for field in _rows(client, "fields"):
        if field.get("perstag") in CONTACT_FIELDS and not field.get("relations"):
            client.post(f"{API}/fieldRels", {"fieldRel": {"field": int(field["id"]), "relid": 0}})
    if settings.orders != "none":
        labels = deal_fields(client)
        for label, kind in DEAL_FIELDS.items():
            if label not in settings.deal_field_ids and _plain(label) not in labels:
                body = {"fieldLabel": label, "fieldType": kind}
                client.post(f"{API}/dealCustomFieldMeta", {"dealCustomFieldMetum": body})
    if lacking := [one for one in settings.tags if one not in settings.tag_ids]:
        held = tags(client)
        for one in lacking:
            if _plain(one) not in held:
                client.post(f"{API}/tags", {"tag": {"tag": one, "tagType": "contact", "description": "Hub"}})


def check(client: HttpClient, settings: ActiveCampaignSettings) -> Checked:
    """Try the key, and compare fields, lists, automations and pipelines with what Hub needs. Writes nothing."""
    found = Checked()
    client.get(f"{API}/users/me")
    found.works.append("the API key is accepted")
    for name, needed, there in _named(settings):
        held, pinned = there(client) if needed else {}, getattr(settings, name)
        own = {*CONTACT_FIELDS, *DEAL_FIELDS, *settings.tags}
        lacking = [one for one in needed if one not in pinned and _plain(one) not in held]
        if made := [one for one in lacking if one in own]:
            found.works.append(f"made at the next start: {', '.join(made)}")
        for one in lacking:
            if one not in own:
                found.wrong.append(f"there is no field {one!r}{did_you_mean(one, list(held))}")
    for kind, path, wanted in (
        ("list", "lists", settings.lists),
        ("automation", "automations", settings.automations),
        ("pipeline", "dealGroups", [str(settings.pipeline)] if settings.pipeline and settings.orders != "none" else ()),
    ):
        ids = {str(one["id"]) for one in _rows(client, path)} if wanted else set()
        found.wrong += [f"there is no {kind} {one}" for one in wanted if one not in ids]
    return found


def fields(client: HttpClient, settings: ActiveCampaignSettings) -> dict[str, list[str]]:
    """The fields of contacts, by their personalisation tags, and of deals, by their labels."""
    told = {"fields": [*OWN, *(str(one.get("perstag")) for one in _rows(client, "fields"))]}
    if settings.orders != "none":
        labels = [str(one.get("fieldLabel")) for one in _rows(client, "dealCustomFieldMeta")]
        told["order_fields"] = [*sorted(DEAL_OWN), *labels]
    return told


def contact_fields(client: HttpClient) -> dict[str, str]:
    """The id of each field of contacts, by its tag and by its title."""
    rows = _rows(client, "fields")
    named = {_plain(str(one.get("title"))): str(one["id"]) for one in reversed(rows)}
    return {**named, **{_plain(str(one.get("perstag"))): str(one["id"]) for one in reversed(rows)}}


def fields_by_id(client: HttpClient, settings: ActiveCampaignSettings) -> dict[str, str]:
    """What each field of contacts is called here, by its id: as the settings name it, else its personalisation tag."""
    own = {_plain(one): one for one in settings.profile_fields}
    found = {
        str(one["id"]): own.get(_plain(str(one.get("title"))), str(one.get("perstag")))
        for one in _rows(client, "fields")
    }
    return {**found, **{number: name for name, number in settings.field_ids.items()}}


def contact_tags(client: HttpClient) -> dict[str, str]:
    """The name of each tag of contacts, by its id."""
    return {str(one["id"]): str(one.get("tag")) for one in _rows(client, "tags")}


def deal_fields(client: HttpClient) -> dict[str, str]:
    """The id of each field of deals, by its label."""
    return {_plain(str(one.get("fieldLabel"))): str(one["id"]) for one in _rows(client, "dealCustomFieldMeta")}


def tags(client: HttpClient) -> dict[str, str]:
    """The id of each tag of contacts, by its name."""
    rows = (one for one in _rows(client, "tags") if one.get("tagType") == "contact")
    return {_plain(str(one.get("tag"))): str(one["id"]) for one in rows}


def _named(settings: ActiveCampaignSettings) -> list[tuple[str, list[str], Callable[[HttpClient], dict[str, str]]]]:
    """What is named in the settings by which field, what is needed, and who knows it."""
    people = dict.fromkeys((*CONTACT_FIELDS, *settings.profile_fields, *settings.mapped_fields))
    orders = dict.fromkeys((*DEAL_FIELDS, *settings.deal_fields, *settings.mapped_order_fields))
    deals = [one for one in orders if one not in DEAL_OWN] if settings.orders != "none" else []
    return [
        ("field_ids", [one for one in people if one not in OWN], contact_fields),
        ("deal_field_ids", deals, deal_fields),
        ("tag_ids", [*settings.tags], tags),
    ]


def _rows(client: HttpClient, path: str) -> list[dict[str, Any]]:
    """All there are, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        answer = json_of(client.get(f"{API}/{path}", {"limit": str(SIZE), "offset": str(len(found))}))
        page = answer.get(path) or []
        found += page
        if len(page) < SIZE:
            return found


def _plain(name: str) -> str:
    return name.strip().casefold()
