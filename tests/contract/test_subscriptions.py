"""Webhooks at vendors: made once each, found again, put back, taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest

from hub.application.subscribe import advice, subscribe, unsubscribe
from hub.errors import ConfigError, RejectedError
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from hub.sdk.subscriptions import Standing
from hub.sdk.testkit.wire import SampleTokens

OURS = "https://hub.example.com/webhooks/shop"
OTHERS = "https://other.example.com/in"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Connection]:
    """A connection whose vendor is a function of the request."""

    def made(vendor: Callable[[httpx.Request], httpx.Response], slug: str, **options: Any) -> Connection:
        def opened(one: Connection, part: Any, *, background: bool = False) -> Any:
            return open_client(one, part, transport=httpx.MockTransport(vendor), budget=Budget(Limits()))

        monkeypatch.setattr("hub.application.subscribe.open_client", opened)
        return load_connections({"shop": (slug, options)}, default_region="DE")["shop"]

    return made


def states(before: Standing) -> tuple[int, int, int, int]:
    return len(before.kept), len(before.inactive), len(before.doubled), len(before.lacking)


# -- Shopify


class Shopify:
    """The three operations of https://shopify.dev/docs/api/admin-graphql/latest/objects/WebhookSubscription."""

    def __init__(self) -> None:
        self.hooks: dict[str, dict[str, str]] = {}
        self.forbidden: set[str] = set()
        self.silent: set[str] = set()
        self.made = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["x-shopify-access-token"] == "shpat_1"
        asked = orjson.loads(request.content)
        query, given = asked["query"], asked.get("variables") or {}
        if "webhookSubscriptionCreate" in query:
            return self._answer("webhookSubscriptionCreate", self._create(given))
        if "webhookSubscriptionDelete" in query:
            found = self.hooks.pop(given["id"], None)
            errors = [] if found else [{"field": ["id"], "message": "Webhook subscription does not exist"}]
            return self._answer("webhookSubscriptionDelete", {"userErrors": errors})
        names = sorted(self.hooks, key=lambda name: int(name.rpartition("/")[2]))
        start = int(given.get("after") or 0)
        page = {"hasNextPage": start + 5 < len(names), "endCursor": str(start + 5)}
        nodes = [{"id": name, **self.hooks[name]} for name in names[start : start + 5]]
        return self._answer("webhookSubscriptions", {"nodes": nodes, "pageInfo": page})

    def _create(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if given["topic"] in self.forbidden:
            message = f"You do not have permission to create or update webhooks with {given['topic']} topic."
            return {"userErrors": [{"field": ["topic"], "message": message}]}
        if given["topic"] in self.silent:
            return {"webhookSubscription": None, "userErrors": []}
        self.made += 1
        assert given["webhook"]["format"] == "JSON"
        uri = given["webhook"]["uri"]
        self.hooks[f"gid://shopify/WebhookSubscription/{self.made}"] = {"topic": given["topic"], "uri": uri}
        return {"webhookSubscription": {"id": f"gid://shopify/WebhookSubscription/{self.made}"}, "userErrors": []}

    def _answer(self, name: str, value: Any) -> httpx.Response:
        return httpx.Response(200, json={"data": {name: value}})


def shopify(at: Callable[..., Connection], shop: Shopify) -> Connection:
    return at(shop, "shopify", webhook_secret="s", shop="a.myshopify.com", access_token="shpat_1")


def test_shopify_every_topic_but_the_mandatory_ones_is_made_once(at: Callable[..., Connection]) -> None:
    # given an app of which another address hears already
    shop = Shopify()
    shop.hooks["gid://shopify/WebhookSubscription/0"] = {"topic": "ORDERS_CREATE", "uri": OTHERS}
    connection = shopify(at, shop)
    # when Hub subscribes, twice
    assert states(subscribe(connection, OURS)) == (0, 0, 0, 20)
    assert states(subscribe(connection, OURS)) == (20, 0, 0, 0)
    # then each is there once, by the API's own name, and the privacy topics are left to a person
    own = sorted(hook["topic"] for hook in shop.hooks.values() if hook["uri"] == OURS)
    assert len(own) == 20
    assert {"ORDERS_CREATE", "CUSTOMER_TAGS_ADDED", "CUSTOMERS_WHATS_APP_MARKETING_CONSENT_UPDATE"} < set(own)
    assert not any("REDACT" in topic or "DATA_REQUEST" in topic for topic in own)
    assert "customers/redact" in advice(connection)
    # and what Shopify removed for its failures is put back, and all of ours is taken away
    del shop.hooks[next(name for name, hook in shop.hooks.items() if hook["topic"] == "ORDERS_PAID")]
    assert subscribe(connection, OURS).lacking == ("orders/paid",)
    unsubscribe(connection, OURS)
    assert [hook["uri"] for hook in shop.hooks.values()] == [OTHERS]


def test_shopify_a_topic_without_its_scope_costs_itself_alone(at: Callable[..., Connection]) -> None:
    shop = Shopify()
    shop.forbidden = {"CHECKOUTS_CREATE"}
    with pytest.raises(RejectedError, match="checkouts/create: You do not have permission"):
        subscribe(shopify(at, shop), OURS)
    assert len(shop.hooks) == 19


def test_shopify_a_topic_that_is_silently_not_made_is_said(at: Callable[..., Connection]) -> None:
    # as of Shopify/shopify-api-js#853: ORDERS_CREATE comes back empty, without an error
    shop = Shopify()
    shop.silent = {"ORDERS_CREATE"}
    with pytest.raises(RejectedError, match="orders/create: no subscription came back"):
        subscribe(shopify(at, shop), OURS)


# -- Square


class Square:
    """https://developer.squareup.com/reference/square/webhook-subscriptions-api."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, dict[str, Any]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer personal"
        assert request.headers["square-version"]
        name = request.url.path.removeprefix("/v2/webhooks/subscriptions").strip("/")
        body = orjson.loads(request.content or b"{}").get("subscription") or {}
        if request.method == "POST":
            name = f"wbhk_{len(self.subscriptions) + 1}"
            assert len(orjson.loads(request.content)["idempotency_key"]) <= 45
            self.subscriptions[name] = {"id": name, "signature_key": f"key of {name}", **body}
            return httpx.Response(200, json={"subscription": self.subscriptions[name]})
        if name and name not in self.subscriptions:
            return httpx.Response(404, json={"errors": [{"code": "NOT_FOUND"}]})
        if request.method == "PUT":
            self.subscriptions[name] |= body
            return httpx.Response(200, json={"subscription": self.subscriptions[name]})
        if request.method == "DELETE":
            del self.subscriptions[name]
            return httpx.Response(200, json={})
        assert request.url.params["include_disabled"] == "true"
        return httpx.Response(200, json={"subscriptions": list(self.subscriptions.values())})


def square(at: Callable[..., Connection], vendor: Square) -> Connection:
    return at(vendor, "square", signature_key="k", access_token="oauth", application_token="personal")


def test_square_one_subscription_carries_all_and_keeps_its_key(at: Callable[..., Connection]) -> None:
    vendor = Square()
    connection = square(at, vendor)
    # given a subscription of ours
    subscribe(connection, OURS)
    assert "signature_key" in advice(connection)
    # when Square switches it off, or an older Hub did not know a topic
    one = vendor.subscriptions["wbhk_1"]
    one["enabled"] = False
    one["event_types"] = [*one["event_types"][1:], "invoice.created"]
    subscribe(connection, OURS)
    # then that same one is changed, as another would sign with another key, and a topic of somebody else's stays
    assert list(vendor.subscriptions) == ["wbhk_1"]
    assert (one["enabled"], len(one["event_types"]), one["signature_key"]) == (True, 13, "key of wbhk_1")
    assert subscribe(connection, OURS).well
    unsubscribe(connection, OURS)
    assert vendor.subscriptions == {}


def test_square_of_two_subscriptions_one_goes_and_no_topic_with_it(at: Callable[..., Connection]) -> None:
    vendor = Square()
    connection = square(at, vendor)
    subscribe(connection, OURS)
    first = vendor.subscriptions["wbhk_1"]
    second = {**first, "id": "wbhk_2", "event_types": first["event_types"][:2]}
    first["event_types"] = first["event_types"][1:]
    vendor.subscriptions["wbhk_2"] = second
    subscribe(connection, OURS)
    assert subscribe(connection, OURS).well


def test_square_without_any_token_it_is_said(at: Callable[..., Connection]) -> None:
    with pytest.raises(ConfigError, match="application_token"):
        subscribe(at(Square(), "square", signature_key="k"), OURS)


# -- Mailchimp


class Mailchimp:
    """https://mailchimp.com/developer/marketing/api/list-webhooks/: one address once for each list."""

    def __init__(self) -> None:
        self.lists: dict[str, dict[str, dict[str, Any]]] = {"aa": {}, "bb": {}}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.removeprefix("/3.0/lists").strip("/").split("/")
        if parts == [""]:
            return httpx.Response(200, json={"lists": [{"id": name} for name in self.lists]})
        hooks = self.lists[parts[0]]
        body = orjson.loads(request.content or b"{}")
        if request.method == "POST":
            if any(hook["url"].partition("?")[0] == body["url"].partition("?")[0] for hook in hooks.values()):
                return httpx.Response(400, json={"detail": "Sorry, you can't set up multiple WebHooks for one URL"})
            name = f"h{len(hooks) + 1}"
            hooks[name] = {"id": name, **body}
            return httpx.Response(200, json=hooks[name])
        if len(parts) == 3 and parts[2] not in hooks:
            return httpx.Response(404, json={})
        if request.method == "PATCH":
            hooks[parts[2]] |= body
            return httpx.Response(200, json=hooks[parts[2]])
        if request.method == "DELETE":
            del hooks[parts[2]]
            return httpx.Response(204)
        return httpx.Response(200, json={"webhooks": list(hooks.values())})


def test_mailchimp_every_audience_sends_every_topic_with_the_newest_secret(at: Callable[..., Connection]) -> None:
    vendor = Mailchimp()
    # given one audience with a webhook that a person made for two topics, and one with a secret of before
    vendor.lists["aa"]["p"] = {"id": "p", "url": f"{OURS}?secret=new", "events": {"subscribe": True, "campaign": True}}
    vendor.lists["bb"]["o"] = {"id": "o", "url": f"{OURS}?secret=leaked", "events": {"subscribe": True}}
    vendor.lists["bb"]["x"] = {"id": "x", "url": f"{OTHERS}?secret=new", "events": {"subscribe": True}}
    connection = at(vendor, "mailchimp", webhook_secret=["new", "old"], api_key="k-us1")
    # when Hub subscribes
    assert states(subscribe(connection, OURS)) == (0, 5, 0, 5)
    # then both send all five, the person's stays as it was beside that, and the one that is refused is gone
    assert subscribe(connection, OURS).well
    assert list(vendor.lists["aa"]) == ["p"]
    assert vendor.lists["aa"]["p"]["events"]["campaign"] is True
    assert sorted(hook["url"] for hook in vendor.lists["bb"].values()) == [f"{OURS}?secret=new", f"{OTHERS}?secret=new"]
    # and when an audience is added, its webhook lacks
    vendor.lists["cc"] = {}
    assert not subscribe(connection, OURS).well
    assert subscribe(connection, OURS).well
    unsubscribe(connection, OURS)
    assert [hook["url"] for hooks in vendor.lists.values() for hook in hooks.values()] == [f"{OTHERS}?secret=new"]


# -- Meta


class Graph:
    """https://developers.facebook.com/docs/graph-api/webhooks/subscriptions-edge and the edges subscribed_apps."""

    def __init__(self) -> None:
        self.app: dict[str, dict[str, Any]] = {}
        self.places: dict[str, set[str]] = {}
        self.old_page = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        edge = request.url.path.removeprefix("/v26.0/")
        token = request.headers["authorization"].removeprefix("Bearer ")
        assert "access_token" not in request.url.params, "tokens stay out of URLs"
        if edge == "77/subscriptions":
            assert token == "77|hush"
            return self._app(request)
        if edge.endswith("/subscribed_apps"):
            place = edge.partition("/")[0]
            assert token == ("page token" if place == "11" else "system")
            return self._place(request, place)
        assert (edge, token) == ("11", "system")
        return httpx.Response(200, json={"access_token": "page token", "id": "11"})

    def _app(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            body = orjson.loads(request.content)
            assert body["verify_token"] == "verify-me"
            fields = [{"name": name, "version": "v26.0"} for name in body["fields"].split(",")]
            self.app[body["object"]] = {"callback_url": body["callback_url"], "active": True, "fields": fields}
        if request.method == "DELETE":
            self.app.pop(request.url.params["object"], None)
        data = [{"object": name, **one} for name, one in self.app.items()]
        return httpx.Response(200, json={"data": data} if request.method == "GET" else {"success": True})

    def _place(self, request: httpx.Request, place: str) -> httpx.Response:
        if request.method == "POST":
            query = parse_qs(request.url.query.decode())
            if self.old_page and "message_edits" in request.url.params.get("subscribed_fields", ""):
                error = {"code": 100, "message": "(#100) Param subscribed_fields[2] must be one of {feed, messages}"}
                return httpx.Response(400, json={"error": error})
            self.places[place] = set(query.get("subscribed_fields", [""])[0].split(","))
        if place not in self.places:
            return httpx.Response(200, json={"data": []})
        if place == "22":
            return httpx.Response(200, json={"data": [{"whatsapp_business_api_data": {"id": "77"}}]})
        return httpx.Response(200, json={"data": [{"id": "77", "subscribed_fields": sorted(self.places[place])}]})


def meta(at: Callable[..., Connection], graph: Graph, **options: Any) -> Connection:
    own = {"app_secret": "hush", "verify_token": "verify-me", "access_token": "system", "app_id": "77"}
    return at(graph, "meta", **{**own, "pages": ["11"], "whatsapp_accounts": ["22"], **options})


def test_meta_the_app_subscribes_and_is_let_into_page_and_account(at: Callable[..., Connection]) -> None:
    graph = Graph()
    connection = meta(at, graph)
    assert states(subscribe(connection, OURS)) == (0, 0, 0, 16)
    assert subscribe(connection, OURS).well
    assert {"messages", "leadgen", "feed"} < graph.places["11"]
    assert set(graph.app) == {"page", "instagram", "whatsapp_business_account"}
    # when Meta takes the app off the page, as it does after an hour of failures
    del graph.places["11"]
    assert set(subscribe(connection, OURS).lacking) == {
        "page.messaging", "page.feed", "page.ratings", "page.mention", "page.leadgen",
    }  # fmt: skip
    assert subscribe(connection, OURS).well
    unsubscribe(connection, OURS)
    assert graph.app == {}


def test_meta_only_what_the_settings_name_and_nobody_elses_address_is_replaced(at: Callable[..., Connection]) -> None:
    graph = Graph()
    graph.app["page"] = {"callback_url": OTHERS, "active": True, "fields": ["feed"]}
    subscribe(meta(at, graph, objects=["instagram"]), OURS)
    assert set(graph.app) == {"page", "instagram"}
    with pytest.raises(RejectedError, match="another address"):
        subscribe(meta(at, graph, objects=["page"]), OURS)
    assert graph.app["page"]["callback_url"] == OTHERS


def test_meta_a_page_that_does_not_know_a_field_gets_the_others(at: Callable[..., Connection]) -> None:
    # as of restfb/restfb#1210: one field that is not offered at pages refuses the whole call
    graph = Graph()
    graph.old_page = True
    connection = meta(at, graph, objects=["page"])
    subscribe(connection, OURS)
    assert "messages" in graph.places["11"]
    assert subscribe(connection, OURS).well


def test_meta_without_the_apps_id_it_is_said(at: Callable[..., Connection]) -> None:
    with pytest.raises(ConfigError, match="app_id"):
        subscribe(meta(at, Graph(), app_id=None), OURS)


# -- Pipedrive and Zoho CRM


def test_pipedrive_one_webhook_of_persons_is_made_with_its_password(at: Callable[..., Connection]) -> None:
    hooks: dict[int, dict[str, Any]] = {
        1: {"event_object": "person", "event_action": "*", "subscription_url": OURS, "version": "1.0"}
    }

    def vendor(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            hooks[len(hooks) + 1] = orjson.loads(request.content)
        if request.method == "DELETE":
            del hooks[int(request.url.path.rpartition("/")[2])]
        data = [{"id": number, "is_active": 1, **hook} for number, hook in hooks.items()]
        return httpx.Response(200, json={"success": True, "data": data})

    # given a webhook of version 1, which tells another form
    connection = at(vendor, "pipedrive", api_token="t", webhook_password="p")
    assert states(subscribe(connection, OURS)) == (0, 0, 0, 1)
    assert states(subscribe(connection, OURS)) == (1, 0, 0, 0)
    told = hooks[2]
    assert (told["version"], told["event_action"], told["event_object"]) == ("2.0", "*", "person")
    assert (told["http_auth_user"], told["http_auth_password"]) == ("hub", "p")
    unsubscribe(connection, OURS)
    assert [*hooks] == [1]
    # and none is made that nobody could tell from a stranger's
    with pytest.raises(ConfigError, match="webhook_password is missing"):
        subscribe(at(vendor, "pipedrive", api_token="t"), OURS)


def test_zoho_a_channel_is_renewed_before_its_week_is_over(at: Callable[..., Connection]) -> None:
    channels: dict[str, dict[str, Any]] = {}
    now = ["Mon, 02 Mar 2026 12:00:00 GMT"]

    def vendor(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            headers = {"date": now[0]}
            found = {"watch": [*channels.values()]}
            return (
                httpx.Response(200, json=found, headers=headers) if channels else httpx.Response(204, headers=headers)
            )
        if request.method == "DELETE":
            del channels[request.url.params["channel_ids"]]
            return httpx.Response(200, json={"watch": [{"code": "SUCCESS", "status": "success"}]})
        [told] = orjson.loads(request.content)["watch"]
        assert (told["channel_id"] in channels) == (request.method == "PUT")
        channels[told["channel_id"]] = told
        return httpx.Response(200, json={"watch": [{"code": "SUCCESS", "status": "success"}]})

    own = {"client_id": "a", "client_secret": "s", "data_centre": "eu", "webhook_secret": "word"}
    connection = replace(at(vendor, "zoho", **own), tokens=SampleTokens())
    # given a channel, which lives for less than a week
    assert states(subscribe(connection, OURS)) == (0, 0, 0, 1)
    [first] = channels.values()
    assert first["channel_expiry"] == "2026-03-09T11:00:00+00:00"
    assert first["notify_url"] == f"{OURS}?token=word"
    assert states(subscribe(connection, OURS)) == (1, 0, 0, 0)
    # when half of its week is over, it is renewed, and stays one
    now[0] = "Fri, 06 Mar 2026 12:00:00 GMT"
    assert states(subscribe(connection, OURS)) == (0, 1, 0, 1)
    [renewed] = channels.values()
    assert renewed["channel_expiry"] == "2026-03-13T11:00:00+00:00"
    unsubscribe(connection, OURS)
    assert channels == {}
