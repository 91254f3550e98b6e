"""Salesforce's set-up: the fields that Hub needs there, created or named, and what a live check tells of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.connectors.salesforce.mapping import COMPANY
from hub.connectors.salesforce.schemas import (
    APEX_MERGE,
    API,
    SIZE,
    answer,
    any_of,
    creations,
    errors_of,
    query,
    rows,
    saved,
)
from hub.connectors.salesforce.schemas_fields import (
    ACTIVITY_KEY,
    MERGED_INTO,
    ORDER_FIELDS,
    ORDER_KEY,
    PERSON_FIELDS,
    PROFILE_ID,
)
from hub.errors import AuthError, RejectedError
from hub.sdk.checked import Checked
from hub.sdk.crm.calls import chunks
from hub.sdk.http import HttpClient, json_of

PERMISSIONS = "Hub_Fields"
"""The permission set that lets its users see the fields that Hub created."""


def prepare(client: HttpClient, settings: SalesforceSettings) -> None:
    """See that Hub's fields are there, and create them with ``create_fields``.

    Raises AuthError where one is not: the connection rests until it is there. Sources: …/docs/atlas.en-us.api_tooling.
    meta/api_tooling/sforce_api_objects_customfield.htm (POST with FullName and Metadata), …/docs/platform/
    object-reference/references/standard-objects/object-fieldpermissions.html (who may see a field is told by permission
    sets; a new one is seen by nobody: simple-salesforce/simple-salesforce#621).
    """
    advice = "create what is missing (README of the connector), or set custom_fields: essential"
    lacking = _lacking(client, settings)
    if lacking and settings.create_fields:
        try:
            _create(client, lacking)
        except RejectedError as error:
            raise AuthError(f"Hub's fields cannot be created: {error}") from None
        lacking = _lacking(client, settings)
        advice = f"in Salesforce, assign the permission set {PERMISSIONS} to Hub's user"
    if lacking:
        names = ", ".join(f"{sobject}.{name}" for sobject, name in lacking)
        raise AuthError(f"Salesforce has no {names}, or hides it from Hub's user: {advice}")


def _lacking(client: HttpClient, settings: SalesforceSettings) -> list[tuple[str, str]]:
    needed = _needed(settings)
    held = {sobject: _described(client, sobject) for sobject, _ in needed}
    return sorted((sobject, name) for sobject, names in needed for name in names - held[sobject].keys())


def _create(client: HttpClient, lacking: Sequence[tuple[str, str]]) -> None:
    """Create fields of Hub's own, and a permission set that shows them. What is there already is left alone."""
    asked = query([f"SELECT Id FROM PermissionSet WHERE {any_of([('Name', PERMISSIONS)])}"])
    sets = rows(client.request(asked.method, asked.path, body=asked.body, accept=asked.accept))
    made = {"Name": PERMISSIONS, "Label": "Hub fields"}
    parent = sets[0]["Id"] if sets else saved(client.post(f"{API}/sobjects/PermissionSet", made))
    kinds = {**PERSON_FIELDS, **ORDER_FIELDS}
    own = [(sobject, name) for sobject, name in lacking if name in kinds]
    for sobject, name in own:
        body = {"FullName": f"{sobject}.{name}", "Metadata": metadata(name, kinds[name])}
        told = client.request("POST", f"{API}/tooling/sobjects/CustomField", body=body, accept=frozenset({400}))
        codes = {error.code for error in errors_of(json_of(told))} - {"DUPLICATE_DEVELOPER_NAME"}
        if codes:
            raise RejectedError(f"Salesforce does not create {sobject}.{name}: {', '.join(sorted(codes))}")
    shown = {"ParentId": parent, "PermissionsRead": True, "PermissionsEdit": True}
    seen = [{**shown, "SobjectType": sobject, "Field": f"{sobject}.{name}"} for sobject, name in own]
    for some in chunks(seen, SIZE):
        asked = creations("FieldPermissions", some)
        client.request(asked.method, asked.path, body=asked.body)


def metadata(name: str, kind: str) -> dict[str, Any]:
    """A field's kind, worded as in Salesforce's set-up, for its Tooling API."""
    label, sizes = name.removesuffix("__c").replace("_", " "), [int(size) for size in re.findall(r"\d+", kind)]
    if kind.startswith("Text"):
        unique = "Unique" in kind
        more = {"externalId": True, "unique": True, "caseSensitive": False} if unique else {}
        return {"label": label, "type": "Text", "length": sizes[0], **more}
    if kind.startswith("Number"):
        return {"label": label, "type": "Number", "precision": sum(sizes), "scale": sizes[1]}
    if kind == "Date/Time":
        return {"label": label, "type": "DateTime"}
    return {"label": label, "type": "LongTextArea", "length": 32_768, "visibleLines": 3}


def check(client: HttpClient, settings: SalesforceSettings) -> Checked:
    """Try the token, and compare fields, stages, currency and calls left with what Hub needs. Writes nothing.

    Sources: developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-describe.html (fields),
    …/headers-api-usage.html (Sforce-Limit-Info: api-usage=used/allowed in 24 hours).
    """
    told = Checked()
    for sobject, needed in _needed(settings):
        response = client.get(f"{API}/sobjects/{sobject}/describe", accept=frozenset({403}))
        fields = _fields_in(response)
        if not told.works:
            told.works.append("the token is accepted")
            told.works.append(f"calls of 24 hours: {response.headers.get('sforce-limit-info', 'not told')}")
        if lacking := sorted(needed - fields.keys()):
            told.wrong.append(f"{sobject} has no {', '.join(lacking)}, or hides it from Hub's user")
        else:
            told.works.append(f"all of Hub's fields of {sobject} are there")
        for name in {PROFILE_ID, ORDER_KEY} & fields.keys():
            if not (fields[name].get("externalId") and fields[name].get("unique")):
                told.wrong.append(f"{sobject}.{name} must be an External ID, and Unique")
        if sobject == "Opportunity":
            _check_orders(told, fields, settings)
    if settings.merge == "apex" and client.get(APEX_MERGE, accept=frozenset({400, 403, 404, 405})).status_code == 404:
        told.wrong.append("merge: apex: the org has no class at /services/apexrest/hub/merge (README)")
    return told


def _check_orders(told: Checked, fields: Mapping[str, Any], settings: SalesforceSettings) -> None:
    listed = fields.get("StageName", {}).get("picklistValues") or []
    stages = {one.get("value") for one in listed if one.get("active")}
    for name in ("stage_open", "stage_won", "stage_lost"):
        if stages and getattr(settings, name) not in stages:
            told.wrong.append(f"{name}: there is no stage {getattr(settings, name)!r}")
    several = "CurrencyIsoCode" in fields
    if several == (settings.org_currency is not None):
        advice = "leave org_currency out" if several else "set org_currency to the org's own"
        told.wrong.append(f"the org has {'several currencies' if several else 'one currency'}: {advice}")


def fields(client: HttpClient, settings: SalesforceSettings) -> dict[str, list[str]]:
    """The fields that Hub's user may see of a person's records, and of opportunities."""
    kinds = {"fields": settings.sobject, **({"order_fields": "Opportunity"} if settings.takes_orders else {})}
    return {section: list(_described(client, sobject)) for section, sobject in kinds.items()}


def _needed(settings: SalesforceSettings) -> list[tuple[str, set[str]]]:
    every = settings.custom_fields == "all"
    person = {*PERSON_FIELDS} if every else {PROFILE_ID, *({MERGED_INTO} if settings.merge == "mark" else ())}
    order = {*ORDER_FIELDS} if every else {ORDER_KEY}
    kinds = [(settings.sobject, {*person, *settings.profile_fields, *settings.mapped_fields} - {COMPANY})]
    kinds += [("Task", {ACTIVITY_KEY})] if settings.activities else []
    return [*kinds, ("Opportunity", {*order, *settings.opportunity_fields})] if settings.takes_orders else kinds


def _described(client: HttpClient, sobject: str) -> dict[str, dict[str, Any]]:
    return _fields_in(client.get(f"{API}/sobjects/{sobject}/describe", accept=frozenset({403})))


def _fields_in(response: httpx.Response) -> dict[str, dict[str, Any]]:
    body = answer(response)
    listed = body.get("fields") if isinstance(body, dict) else None
    return {str(one.get("name")): one for one in listed or () if isinstance(one, dict)}
