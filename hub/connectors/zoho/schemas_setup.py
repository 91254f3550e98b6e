"""Zoho CRM's set-up: the fields that Hub needs there, and what a live check tells of them.

Sources: zoho.com/crm/developer/docs/api/v8/field-meta.html, …/create-custom-field.html (five fields a call, seen by
everybody unless profiles are named).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.connectors.zoho.manifest import ZohoSettings
from hub.connectors.zoho.schemas import outcomes, request, rows
from hub.connectors.zoho.schemas_fields import ESSENTIAL, FIELDS, ORDER_KEY, PROFILE_ID
from hub.errors import AuthError
from hub.sdk.checked import Checked
from hub.sdk.crm.calls import chunks
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient

FIELDS_AT_ONCE = 5


def prepare(client: HttpClient, settings: ZohoSettings) -> None:
    """Make the fields that are missing. Raises AuthError where Zoho CRM makes none: the connection rests until then."""
    for module, wanted in _wanted(settings).items():
        there = _described(client, module)
        missing = [name for name in wanted if name not in there]
        for several in chunks(missing, FIELDS_AT_ONCE):
            made = [{"field_label": name.replace("_", " "), **wanted[name]} for name in several]
            asked = request("POST", "/settings/fields", {"fields": made}, {"module": module})
            told = outcomes(_sent(client, asked), "fields")
            # What somebody made meanwhile is a duplicate, and there all the same.
            refused = {one.code for one in told if one.status != "success"} - {"DUPLICATE_DATA"}
            lacking = sorted(set(several) - _described(client, module).keys())
            if lacking:
                words = f" ({', '.join(sorted(refused))})" if refused else ""
                raise AuthError(f"Zoho CRM has no {module} field {', '.join(lacking)}{words}: make it (README)")


def check(client: HttpClient, settings: ZohoSettings) -> Checked:
    """Try the token, and compare fields, stages and currency with what Hub needs. Writes nothing."""
    told = Checked()
    for module, wanted in _wanted(settings).items():
        there = _described(client, module)
        if not told.works:
            told.works.append("the token is accepted")
        lacking = [name for name in wanted if name not in there]
        made = f"{len(lacking)} fields of {module} are missing, and made at the next start: {', '.join(lacking)}"
        told.works.append(made if lacking else f"all of Hub's fields of {module} are there")
        for name in {PROFILE_ID, ORDER_KEY} & there.keys():
            if not there[name].get("unique"):
                told.wrong.append(f"{module}.{name} must allow no duplicate values")
        if module == "Deals":
            _check_deals(told, there, settings)
    return told


def _check_deals(told: Checked, there: Mapping[str, Mapping[str, Any]], settings: ZohoSettings) -> None:
    listed = there.get("Stage", {}).get("pick_list_values") or []
    stages = {one.get("actual_value") for one in listed if isinstance(one, dict)}
    for name in ("stage_open", "stage_won", "stage_lost"):
        if stages and getattr(settings, name) not in stages:
            told.wrong.append(f"{name}: there is no stage {getattr(settings, name)!r}")
    several = "Currency" in there
    if several == (settings.org_currency is not None):
        advice = "leave org_currency out" if several else "set org_currency to the account's own"
        told.wrong.append(f"the account has {'several currencies' if several else 'one currency'}: {advice}")


def fields(client: HttpClient, settings: ZohoSettings) -> dict[str, list[str]]:
    """The fields of contacts and deals."""
    modules = {"fields": "Contacts", **({"order_fields": "Deals"} if settings.orders != "none" else {})}
    return {section: [*_described(client, module)] for section, module in modules.items()}


def _wanted(settings: ZohoSettings) -> dict[str, Mapping[str, Mapping[str, Any]]]:
    every = FIELDS if settings.custom_fields == "all" else ESSENTIAL
    return {module: named for module, named in every.items() if module == "Contacts" or settings.orders != "none"}


def _described(client: HttpClient, module: str) -> dict[str, dict[str, Any]]:
    answer = client.get("/crm/v8/settings/fields", {"module": module})
    return {str(one.get("api_name")): one for one in rows(answer, "fields")}


def _sent(client: HttpClient, asked: HttpRequest) -> Any:
    return client.request(asked.method, asked.path, query=asked.query, body=asked.body, accept=asked.accept)
