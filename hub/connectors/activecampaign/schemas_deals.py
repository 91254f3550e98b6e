"""Deals as requests, and what ActiveCampaign answers.

Sources: developers.activecampaign.com/reference/deal (value in hundredths), …/reference/create-a-deal-new (lower-case
currency; ``owner`` where the pipeline assigns nobody), …/reference/list-all-deals (``filters[search]``),
…/reference/list-all-custom-field-values-2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import httpx

from hub.connectors.activecampaign import schemas
from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import CONTACT, reference
from hub.connectors.activecampaign.schemas import API, GONE, REFUSED, Deals, OneDeal, get
from hub.connectors.activecampaign.schemas_setup import DEAL_OWN
from hub.sdk.crm import Call, Found, Item, Key, Made, Problem, Script
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import HttpRequest

HUNDREDTHS = 100
"""A deal's value is in these of its currency, whichever that is."""


def write_order(items: Sequence[Item], settings: ActiveCampaignSettings) -> Call[Answers]:
    """Create or update one deal. Pipeline and owner are given once; what people make of them stays."""
    [item] = items
    told, ids = item.properties, settings.deal_field_ids
    own = {
        "contact" if name == CONTACT else name: _typed(name, value)
        for name, value in told.items()
        if name in DEAL_OWN and value
    }
    customs = [
        {"customFieldId": schemas.number(ids[name]), "fieldValue": value} for name, value in told.items() if name in ids
    ]
    first = {"group": str(settings.pipeline), "owner": str(settings.owner)} if item.id is None else {}
    method, path = ("PUT", f"{API}/deals/{item.id}") if item.id else ("POST", f"{API}/deals")
    body = {"deal": {**first, **own, **({"fields": customs} if customs else {})}}

    def answered(response: httpx.Response) -> Made | Problem:
        if not response.is_success:
            return schemas.problem(response)
        return Made(read_as(OneDeal, response).deal.id, item.id is None)

    return Call(HttpRequest(method, path, body, accept=REFUSED), lambda response: {item.write.key: answered(response)})


def _typed(name: str, value: str) -> int | str:
    try:
        if name == "value":
            return int((Decimal(value) * HUNDREDTHS).to_integral_value())
        return int(value) if name == "status" else value
    except (ArithmeticError, ValueError):
        return value  # a mapping file's: ActiveCampaign refuses it by name


def find_orders(keys: Sequence[Key], _: ActiveCampaignSettings) -> Iterator[Call[Sequence[Found]]]:
    """The deals of these orders, by the end of their titles."""

    def found(key: str, response: httpx.Response) -> Sequence[Found]:
        deals = read_as(Deals, response).deals
        return [Found(one.id, key) for one in deals if (one.title or "").endswith(reference(key))]

    for _name, key in keys:
        query = {"filters[search]": reference(key), "filters[search_field]": "title"}
        yield Call(get("deals", query), partial(found, key))


def order_values(
    ids: Sequence[str], names: Sequence[str], settings: ActiveCampaignSettings
) -> Script[Mapping[str, Mapping[str, Any]]]:
    """What stands in these properties of these deals."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in ids:
        response = yield get(f"deals/{one}", accept=GONE)
        if response.status_code in GONE:
            continue
        deal = read_as(OneDeal, response).deal.model_dump()
        deal["value"] = deal["value"] and Decimal(deal["value"]) / HUNDREDTHS
        rows = read_as(schemas.DealData, (yield get("dealCustomFieldData", {"filters[dealId]": one}))).data
        customs = {row.field: row.value for row in rows}
        found[one] = {
            name: deal[name] if name in DEAL_OWN else customs.get(settings.deal_field_ids.get(name, ""))
            for name in names
        }
    return found
