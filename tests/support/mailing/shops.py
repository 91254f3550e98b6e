"""Two shops' customers in memory, as far as Hub labels them; they refuse, loudly, whatever else is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
import orjson

from tests.support.mailing.double import answer


@dataclass
class Customer:
    """A customer with what the shop's people gave it, and Hub's labels."""

    labels: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=lambda: {"Stammkunde"})
    note: str = "ruft lieber an"


@dataclass
class Shop:
    """Customers by id."""

    slug: ClassVar[str]
    customers: dict[str, Customer] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    calls: int = 0

    def settings(self) -> dict[str, Any]:
        """The connection's settings, with fake secrets."""
        raise NotImplementedError

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        raise NotImplementedError

    def refuses(self, value: Any) -> bool:
        """Whether a value holds a text that is refused."""
        return any(text in str(value) for text in self.refused)


class WooCommerceShop(Shop):
    """POST /customers/batch, as WooCommerce's reference and its class WC_Data have it."""

    slug: ClassVar[str] = "woocommerce"

    def settings(self) -> dict[str, Any]:
        return {
            "base_url": "https://laden.example.de", "webhook_secret": "x" * 16, "consumer_key": "ck_x",
            "consumer_secret": "cs_x", "customers_from": "crm",
        }  # fmt: skip

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        assert (request.method, request.url.path) == ("POST", "/wp-json/wc/v3/customers/batch")
        body = orjson.loads(request.content)
        assert body.keys() == {"update"}
        assert len(body["update"]) <= 100
        return answer(200, {"update": [self._updated(one) for one in body["update"]]})

    def _updated(self, told: dict[str, Any]) -> dict[str, Any]:
        assert told.keys() == {"id", "meta_data"}, "a customer is changed"
        customer = self.customers.get(str(told["id"]))
        if customer is None:
            error = {"code": "woocommerce_rest_invalid_id", "message": "Invalid resource ID.", "data": {"status": 400}}
            return {"id": told["id"], "error": error}
        if self.refuses(told["meta_data"]):
            error = {
                "code": "rest_invalid_param",
                "message": "Invalid parameter(s): meta_data",
                "data": {"status": 400},
            }
            return {"id": told["id"], "error": error}
        for one in told["meta_data"]:
            assert one.keys() == {"key", "value"}
            name = one["key"].removeprefix("_hub_")
            assert name != one["key"], "meta data of somebody else are written"
            if one["value"] is None:
                customer.labels.pop(name, None)
            else:
                customer.labels[name] = one["value"]
        return {"id": told["id"], "email": "…", "meta_data": []}


class ShopifyShop(Shop):
    """The four mutations, as Shopify's reference has them; each must name its errors."""

    slug: ClassVar[str] = "shopify"

    def settings(self) -> dict[str, Any]:
        return {
            "webhook_secret": "x" * 16, "shop": "laden.myshopify.com", "access_token": "shpat_x",
            "customers_from": "crm", "customer_tags": {"vip": "contains(traits.segments, 'vip')"},
        }  # fmt: skip

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        assert re.fullmatch(r"/admin/api/[0-9-]+/graphql\.json", request.url.path)
        body = orjson.loads(request.content)
        called = re.findall(r"(\w+): (\w+)\(([^)]*)\) \{ userErrors \{ message \} \}", body["query"])
        assert {name for _, name, _ in called} <= {"metafieldsSet", "metafieldsDelete", "tagsAdd", "tagsRemove"}
        assert len(called) * 10 <= 1000, "the call costs more than any may"
        return answer(200, {"data": {alias: self._done(name, given, body["variables"][alias], alias)
                                     for alias, name, given in called}})  # fmt: skip

    def _done(self, name: str, given: str, value: Any, alias: str) -> dict[str, Any]:
        assert f"${alias}" in given
        owners = (
            {one["ownerId"] for one in value} if name.startswith("metafields") else set(re.findall('"([^"]+)"', given))
        )
        [owner] = owners
        customer = self.customers.get(owner.removeprefix("gid://shopify/Customer/"))
        if customer is None:
            return {"userErrors": [{"message": "Owner does not exist."}]}
        if self.refuses(value):
            return {"userErrors": [{"message": "Value is not allowed."}]}
        if name.startswith("metafields"):
            assert len(value) <= 25
            assert {one["namespace"] for one in value} == {"hub"}, "metafields of somebody else are written"
        for one in value:
            if name == "metafieldsSet":
                customer.labels[one["key"]] = one["value"]
            elif name == "metafieldsDelete":
                customer.labels.pop(one["key"], None)
            else:
                assert one.startswith("hub:"), "tags of somebody else are written"
                (customer.tags.add if name == "tagsAdd" else customer.tags.discard)(one)
        return {"userErrors": []}


SHOPS: dict[str, type[Shop]] = {one.slug: one for one in (ShopifyShop, WooCommerceShop)}
