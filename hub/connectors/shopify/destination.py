"""Labels customers by tags and metafields of the namespace ``hub``, and writes nothing else.

``tagsAdd`` and ``tagsRemove`` leave all other tags alone, which ``customerUpdate`` would replace. Ten customers share a
call: a mutation costs 10 points, and a call may cost 1,000.

Sources: shopify.dev/docs/api/admin-graphql/latest/mutations/tagsAdd, …/tagsRemove, …/metafieldsSet (25 at most),
…/metafieldsDelete (all with ``userErrors``; scope write_customers), shopify.dev/docs/apps/build/apis/graphql-admin/
rate-limits; community.shopify.com/t/…/34674 (an update of the customer overwrites the tags of others).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from hub.connectors.shopify.manifest import HUB_TAG, ShopifySettings
from hub.connectors.shopify.source import api_root, authorise, scopes
from hub.connectors.shopify.source_graphql import data_of
from hub.sdk.checked import Checked
from hub.sdk.crm.dialect import Answers, Batch, Call, Item, Made, Problem
from hub.sdk.crm.labels import ADD, FIELDS, REMOVE, Labels
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient

SIZE = 10
NAMESPACE = "hub"


def update(items: Sequence[Item], settings: ShopifySettings) -> Call[Answers]:
    """Write the labels of up to ten customers: each mutation has an alias that tells whose it is."""
    parts, declared, variables = [], [], {}
    for place, item in enumerate(items):
        for name, kind, mutation, value in _mutations(item):
            alias = f"{name}{place}"
            declared.append(f"${alias}: {kind}")
            parts.append(f"{alias}: {mutation.replace('$', f'${alias}')} {{ userErrors {{ message }} }}")
            variables[alias] = value
    query = f"mutation({', '.join(declared)}) {{ {' '.join(parts)} }}"

    def told(response: httpx.Response) -> Answers:
        data = data_of(response)
        return {item.write.key: _answer(item, place, data) for place, item in enumerate(items)}

    path = f"/admin/api/{settings.api_version}/graphql.json"
    return Call(HttpRequest("POST", path, {"query": query, "variables": variables}), told)


def _mutations(item: Item) -> list[tuple[str, str, str, Any]]:
    """Of a customer: a name, the variable's type, the mutation and the variable's value."""
    owner = f"gid://shopify/Customer/{item.id}"
    told = [(name, str(value)) for name, value in item.properties.items() if name in FIELDS]
    kept = [
        {"ownerId": owner, "namespace": NAMESPACE, "key": name, "value": value, "type": "single_line_text_field"}
        for name, value in told
        if value
    ]
    gone = [{"ownerId": owner, "namespace": NAMESPACE, "key": name} for name, value in told if not value]
    added, removed = ([HUB_TAG + one for one in item.properties.get(way, ())] for way in (ADD, REMOVE))
    found: list[tuple[str, str, str, Any]] = [
        ("set", "[MetafieldsSetInput!]!", "metafieldsSet(metafields: $)", kept),
        ("delete", "[MetafieldIdentifierInput!]!", "metafieldsDelete(metafields: $)", gone),
        ("add", "[String!]!", f'tagsAdd(id: "{owner}", tags: $)', added),
        ("remove", "[String!]!", f'tagsRemove(id: "{owner}", tags: $)', removed),
    ]
    return [one for one in found if one[3]]


def _answer(item: Item, place: int, data: Mapping[str, Any]) -> Made | Problem:
    answers = [data.get(f"{name}{place}") for name, *_ in _mutations(item)]
    if any(not isinstance(one, Mapping) for one in answers):
        return Problem("the destination gave no answer for this record")
    errors = [error for one in answers if one for error in one.get("userErrors") or ()]
    if not errors:
        return Made(str(item.id))
    words = "; ".join(str(error.get("message") or "") for error in errors)
    return Problem(words, "gone" if "exist" in words.lower() else "refused")


def lacks(settings: ShopifySettings) -> str | None:
    """What is missing for customers to be labelled."""
    needed = ("customers_from", "shop", "access_token")
    missing = next((name for name in needed if getattr(settings, name) is None), None)
    return f"{missing}: is required to write labels to Shopify" if missing else None


def check(client: HttpClient, settings: ShopifySettings) -> Checked:
    """Whether the token may write customers. Writes nothing."""
    found = Checked()
    found.scopes(("write_customers",), scopes(client, settings))
    return found


LABELS: Labels[ShopifySettings] = Labels(Batch(SIZE, update), tags=lambda settings: settings.customer_tags)

DESTINATION = LABELS.destination(authorise=authorise, api_root=api_root, check=check, lacks=lacks)
