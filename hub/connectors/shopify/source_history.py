"""Shopify's history by the GraphQL Admin API: customers, orders, abandoned checkouts, oldest change first.

REST is legacy since 2024-10-01 and gone for new apps (https://shopify.dev/docs/api/admin-rest). A page's cursor names a
place in the order of change, so that what changes meanwhile moves behind it and is read again, and nothing is skipped.
How large a page may be depends on what it costs (https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits: no
query may ask for more than 1,000 points): a page that costs too much is asked for again with half of the objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.connectors.shopify.manifest import ShopifySettings
from hub.connectors.shopify.mapping_graphql import WEBHOOK
from hub.connectors.shopify.schemas_queries import CHANGED, MORE_LINES, QUERIES
from hub.connectors.shopify.source_graphql import TooCostlyError, ask
from hub.errors import ConfigError
from hub.sdk.http import HttpClient
from hub.sdk.paginate import DONE, following
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry

FIRST = {"customers": 100, "orders": 25, "abandonedCheckouts": 50}
TOPICS = {"customers": "customers/update", "orders": "orders/updated", "abandonedCheckouts": "checkouts/update"}
_OF_REST = {"checkouts": "abandonedCheckouts"}

SHAPE = "x-hub-shape"
"""The header of an item that has the shape of GraphQL and not that of a webhook."""


def backfill(
    client: HttpClient, settings: ShopifySettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Pages of the shop's history, those changed at or after ``since``; raises ConfigError without access token.

    A cursor of the days of REST goes on at the beginning of its list.
    """
    if settings.access_token is None:
        raise ConfigError(["access_token: is needed for the backfill"])
    roots = list(cursor["roots"]) if cursor and "roots" in cursor else list(QUERIES)
    if cursor is None and since is not None:
        changed = ask(client, settings, CHANGED, {"query": _search(since)})
        roots = [root for root in QUERIES if (changed.get(root) or {}).get("nodes")]
    root = str(cursor["resource"]) if cursor else next(iter(roots), DONE)
    root = _OF_REST.get(root, root)
    after = cursor.get("after") if cursor else None
    first = int((cursor or {}).get("first") or FIRST.get(root, 1))
    seen: set[str] = set()
    while root != DONE:
        found, first = _page(client, settings, root, {"after": after, "query": _search(since)}, first)
        items = [_item(root, one) for one in _whole(client, settings, root, found)]
        page = found.get("pageInfo") or {}
        coming = page.get("endCursor") if page.get("hasNextPage") and items else None
        if coming is None or coming in seen:
            root, after = following(roots, root), None
            first = FIRST.get(root, 1)
        else:
            after = str(coming)
            seen.add(after)
        yield BackfillPage(items=items, cursor={"resource": root, "after": after, "first": first, "roots": roots})


def _page(
    client: HttpClient, settings: ShopifySettings, root: str, variables: Mapping[str, Any], first: int
) -> tuple[Mapping[str, Any], int]:
    """A page, and how many objects it was asked for."""
    while True:
        try:
            return ask(client, settings, QUERIES[root], {**variables, "first": first}).get(root) or {}, first
        except TooCostlyError:
            if first == 1:
                raise
            first = max(1, first // 2)


def _search(since: datetime | None) -> str | None:
    """https://shopify.dev/docs/api/usage/search-syntax."""
    return f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'" if since else None


def _whole(
    client: HttpClient, settings: ShopifySettings, root: str, found: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """The objects of a page, with the lines of an order that did not fit into it."""
    for one in found.get("nodes") or ():
        lines = one.get("lineItems") or {}
        page = lines.get("pageInfo") or {}
        if root == "orders" and page.get("hasNextPage"):
            nodes = list(lines.get("nodes") or ())
            while page.get("hasNextPage"):
                asked = {"id": one.get("id"), "after": page.get("endCursor")}
                more = (ask(client, settings, MORE_LINES, asked).get("order") or {}).get("lineItems") or {}
                nodes += more.get("nodes") or ()
                rest = more.get("pageInfo") or {}
                page = rest if rest.get("endCursor") != page.get("endCursor") else {}
            one = {**one, "lineItems": {"nodes": nodes}}
        yield one


def _item(root: str, found: Mapping[str, Any]) -> BackfillItem:
    version = found.get("updatedAt") or found.get("createdAt")
    number = str(found.get("id")).rpartition("/")[2]
    return BackfillItem(
        event_id=f"graphql:{root}:{number}:{version}",
        topic=TOPICS[root],
        body=orjson.dumps(found),
        headers={SHAPE: "graphql"},
    )


_THERE = "query Hub($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def deleted(client: HttpClient, settings: ShopifySettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """Orders that the shop has no more (https://shopify.dev/docs/api/admin-graphql/latest/queries/nodes)."""
    asked = [f"gid://shopify/Order/{one}" for one in ids]
    found = ask(client, settings, _THERE, {"ids": asked}).get("nodes") or ()
    there = {str(one.get("id")).rpartition("/")[2] for one in found if one}
    for one in sorted(set(ids) - there):
        yield BackfillItem(f"deleted:orders:{one}", "orders/delete", orjson.dumps({"id": one}))


def as_webhook(entry: InboxEntry) -> bytes:
    """The body of an entry in the shape of its topic's webhook."""
    shape = WEBHOOK.get(entry.topic) if entry.headers.get(SHAPE) == "graphql" else None
    if shape is None:
        return entry.body
    found = orjson.loads(entry.body)
    return orjson.dumps(shape(found)) if isinstance(found, dict) else entry.body
