"""What Hub needs in an Odoo before it writes: who it is there, and fields of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.connectors.odoo import schemas
from hub.connectors.odoo.manifest import OdooSettings
from hub.connectors.odoo.schemas import call
from hub.connectors.odoo.schemas_fields import FIELDS, ORDER_KEY, PROFILE_ID
from hub.errors import AuthError, RejectedError
from hub.sdk.checked import Checked
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient

_MODELS: Mapping[str, str] = {"res.partner": "base.model_res_partner", "crm.lead": "crm.model_crm_lead"}


def learn(client: HttpClient, settings: OdooSettings) -> OdooSettings:
    """The settings with the user's number, which JSON-RPC wants in each call. Raises AuthError for a wrong login."""
    if settings.api == "json2" or settings.user_id:
        return settings
    user = _ask(client, schemas.rpc("common", "authenticate", [settings.database, settings.login, "", {}]))
    if not isinstance(user, int) or not user:
        raise AuthError("Odoo refuses the login or its API key")
    return settings.model_copy(update={"user_id": user})


def prepare(client: HttpClient, settings: OdooSettings) -> None:
    """Create the fields that are missing. Raises AuthError where Hub's user may not: then an administrator has to.

    One by one: Odoo sets up all its models anew for each, and for twenty that takes longer than a call may.
    """
    own, columns = learn(client, settings), ["name", "field_description", "ttype", "model_id/id", "state", "index"]
    for model, names in _missing(client, own).items():
        for name in names:
            kind, label = FIELDS[model][name]
            row = [name, label, kind, _MODELS[model], "manual", "1" if name in (PROFILE_ID, ORDER_KEY) else "0"]
            request = call(own, "ir.model.fields", "load", fields=columns, data=[row])
            schemas.loaded(client.request("POST", request.path, body=request.body, accept=request.accept))


def check(client: HttpClient, settings: OdooSettings) -> Checked:
    """Try the credentials, and compare fields, currency and languages with what Hub needs. Writes nothing."""
    found, own = Checked(), learn(client, settings)
    _ask(client, call(own, "res.users", "context_get"))
    found.works.append("the API key is accepted")
    for model, lacking in _missing(client, own).items():
        made = f"{len(lacking)} fields of {model} are missing, and made at the next start: {', '.join(lacking)}"
        found.works.append(made if lacking else f"all fields of {model} are there")
    if own.unsubscribe == "blacklist":
        try:
            _ask(client, call(own, "mail.blacklist", "fields_get", allfields=["email"], attributes=["type"]))
        except RejectedError:
            found.wrong.append("unsubscribe: this Odoo has no blacklist; set opt_out (up to 11) or none")
    installed = call(own, "res.lang", "search_read", domain=[["active", "=", True]], fields=["code"])
    codes = {row.get("code") for row in _rows(client, installed)}
    found.wrong += [f"languages: {code} is not installed in Odoo" for code in own.languages if code not in codes]
    companies = _rows(client, call(own, "res.company", "search_read", domain=[], fields=["currency_id"]))
    currencies = {str(held[1]) for row in companies if isinstance(held := row.get("currency_id"), list) and held[1:]}
    if own.orders != "none" and own.currency not in currencies:
        found.wrong.append(f"currency: the company's is {', '.join(sorted(currencies))}, not {own.currency}")
    return found


def fields(client: HttpClient, settings: OdooSettings) -> dict[str, list[str]]:
    """The fields of people and leads; one that leads to another record may also be written by its ids.

    Sources: odoo.com/documentation/18.0/developer/reference/external_api.html (fields_get),
    …/applications/essentials/export_import_data.html (``field/id`` and ``field/.id`` name other records).
    """
    own, found = learn(client, settings), dict[str, list[str]]()
    models = {"fields": "res.partner", **({"order_fields": "crm.lead"} if settings.orders != "none" else {})}
    for section, model in models.items():
        told = _ask(client, call(own, model, "fields_get", attributes=["type"]))
        linked = [name for name, one in told.items() if str(one.get("type")).startswith(("many2", "one2"))]
        found[section] = [*told, *(f"{name}/{key}" for name in linked for key in ("id", ".id"))]
    return found


def _missing(client: HttpClient, settings: OdooSettings) -> dict[str, list[str]]:
    missing: dict[str, list[str]] = {}
    for model, fields in FIELDS.items():
        if model == "crm.lead" and settings.orders == "none":
            continue
        asked = call(settings, model, "fields_get", allfields=list(fields), attributes=["type"])
        there = _ask(client, asked)
        missing[model] = [name for name in fields if name not in there]
    return missing


def _ask(client: HttpClient, request: HttpRequest) -> Any:
    return schemas.answer(client.request(request.method, request.path, body=request.body, accept=request.accept))


def _rows(client: HttpClient, request: HttpRequest) -> list[dict[str, Any]]:
    return schemas.records(client.request(request.method, request.path, body=request.body, accept=request.accept))
