"""``hub check --live``: every connector with an API tells what works, what is wrong, and what it could not test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from hub.application.check_live import Finding, check_live
from hub.sdk.connection import Connection, load_connections
from hub.sdk.registry import get, slugs

Answers = Mapping[str, tuple[int, Any]]
SCOPES = [f"crm.{a}.{b}.{c}" for a in ("objects", "schemas") for b in ("contacts", "deals") for c in ("read", "write")]
STAGES = [{"id": "contractsent"}, {"id": "closedwon"}, {"id": "closedlost"}]
HUBSPOT: Answers = {
    "/crm/v3/properties/contacts": (200, {"results": [{"name": "hub_profile_id"}]}),
    "/crm/v3/properties/deals": (
        200,
        {"results": [{"name": "hub_order_key"}, {"name": "hub_order_state"}, {"name": "hub_order_lines"}]},
    ),
    "/oauth/v2/private-apps/get/access-token-info": (200, {"scopes": [*SCOPES, "communication_preferences.write"]}),
    "/account-info/v3/api-usage/daily/private-apps": (200, {"results": [{"currentUsage": 7, "usageLimit": 250000}]}),
    "/crm/v3/pipelines/deals": (200, {"results": [{"id": "default", "stages": STAGES}]}),
}


LISTS_OF_SHOPWARE = ("order", "customer", "newsletter-recipient", "product", "product-review")


def connection(slug: str, **options: Any) -> Connection:
    return load_connections({"it": (slug, options)}, default_region="DE")["it"]


def answering(answers: Answers, **headers: str) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        status, body = answers.get(request.url.path, (404, {"message": "no such thing"}))
        return httpx.Response(status, json=body, headers=headers)

    return httpx.MockTransport(answer)


def found(made: Connection, answers: Answers, **headers: str) -> Finding:
    (finding,) = check_live(made, transport=answering(answers, **headers))
    assert "secret" not in finding.said.replace("webhook_secret", "").replace("app_secret", "").replace(
        "shop_secret", ""
    )
    return finding


def hubspot(**options: Any) -> Connection:
    return connection("hubspot", access_token="pat-secret", **options)


SHOP = {"shop_secret": "s" * 64, "client_id": "SWIA1", "client_secret": "of-the-integration"}


def test_an_app_that_needs_no_person_is_given_a_token_for_the_check_alone() -> None:
    # given a source whose tokens are in the database, which is not open here
    made = connection("shopware", base_url="https://shop.example.com", **SHOP)
    rows = {f"/api/search/{name}": (200, {"total": 0, "data": []}) for name in LISTS_OF_SHOPWARE}
    token = {"/api/oauth/token": (200, {"token_type": "Bearer", "expires_in": 600, "access_token": "t1"})}
    # then what it may read is told, and so is a refusal of its credentials
    well = found(made, {**rows, **token})
    assert (well.ok, "orders" in well.said) == (True, True)
    refusal = {"errors": [{"code": "4", "status": "401", "title": "Client authentication failed"}]}
    refused = found(made, {**rows, "/api/oauth/token": (401, refusal)})
    assert (refused.ok, refused.said) == (False, "AuthError: the token server answered 401")


def test_hubspot_tells_token_scopes_properties_stages_and_limits() -> None:
    limits = {"x-hubspot-ratelimit-max": "190", "x-hubspot-ratelimit-interval-milliseconds": "10000"}
    finding = found(hubspot(), HUBSPOT, **limits)

    assert finding.ok
    for said in (
        "the token is accepted", "15 properties of contacts are missing, and made at the next start",
        "all properties of deals are there", "190 calls in 10 seconds are allowed", "all scopes are granted",
        "7 of 250000 calls of today are used",
    ):  # fmt: skip
        assert said in finding.said


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"/oauth/v2/private-apps/get/access-token-info": (200, {"scopes": SCOPES[1:]})}, {},
         "WRONG: the credentials lack the scopes communication_preferences.write, crm.objects.contacts.read"),
        ({}, {"deal_pipeline": "shop"}, "WRONG: deal_pipeline: there is no pipeline 'shop' in HubSpot"),
        ({}, {"deal_stage_won": "won"}, "WRONG: deal_stage_won: the pipeline has no stage 'won'"),
        ({}, {"calls_per_10_seconds": 200}, "WRONG: calls_per_10_seconds is 200, and HubSpot allows 100"),
    ],
)  # fmt: skip
def test_hubspot_tells_what_is_wrong(change: Answers, options: dict[str, Any], said: str) -> None:
    limits = {"x-hubspot-ratelimit-max": "100", "x-hubspot-ratelimit-interval-milliseconds": "10000"}
    finding = found(hubspot(**options), {**HUBSPOT, **change}, **limits)

    assert (finding.ok, said in finding.said) == (False, True), finding.said


def test_what_hubspot_does_not_tell_is_said_to_be_untested() -> None:
    some = {path: HUBSPOT[path] for path in ("/crm/v3/properties/contacts", "/crm/v3/properties/deals")}
    finding = found(hubspot(), some)

    assert finding.ok
    for what in ("its scopes", "pipeline and stages of deals", "calls in a day", "calls in 10 seconds"):
        assert f"not tested: {what}" in finding.said


GRANTED: Callable[..., Any] = lambda *scopes: {  # noqa: E731
    "data": {"currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in scopes]}}
}
SHOPIFY = {"webhook_secret": "hush", "shop": "hafen.myshopify.com", "access_token": "shpat_secret"}
GRAPHQL = "/admin/api/2026-07/graphql.json"
WOO = {
    "webhook_secret": "hush", "base_url": "https://laden.example.de", "consumer_key": "ck_secret",
    "consumer_secret": "cs_secret",
}  # fmt: skip
SQUARE = {"signature_key": "hush", "access_token": "sq_secret"}
CHIMP = {"webhook_secret": "hush", "api_key": "key_secret-us21", "audiences": ["a1", "a2"]}
META = {"app_secret": "hush", "verify_token": "hush-hush", "access_token": "meta_secret"}


@pytest.mark.parametrize(
    ("slug", "options", "answers", "ok", "said"),
    [
        ("shopify", SHOPIFY, {GRAPHQL: (200, GRANTED("read_customers", "write_orders"))}, True,
         "all scopes are granted"),
        ("shopify", SHOPIFY, {GRAPHQL: (200, GRANTED("read_orders"))}, False, "lack the scope read_customers"),
        ("shopify", SHOPIFY, {GRAPHQL: (401, {"errors": "Invalid API key"})}, False, "AuthError"),
        ("shopify", {"webhook_secret": "hush"}, {}, True, "not tested"),
        ("woocommerce", WOO, {"/wp-json/wc/v3/customers": (200, []), "/wp-json/wc/v3/orders": (200, [])}, True,
         "orders can be read"),
        ("woocommerce", WOO, {"/wp-json/wc/v3/customers": (401, {"message": "cannot list"})}, False, "AuthError"),
        ("woocommerce", {"webhook_secret": "hush"}, {}, True, "not tested"),
        ("square", SQUARE, {"/oauth2/token/status": (200, {"scopes": ["CUSTOMERS_READ", "ORDERS_READ"]})}, False,
         "lack the scope PAYMENTS_READ"),
        ("square", {"signature_key": "hush"}, {}, True, "no access_token is set"),
        ("mailchimp", CHIMP, {"/3.0/ping": (200, {}), "/3.0/lists/a1": (200, {"id": "a1"})}, False,
         "there is no audience 'a2'"),
        ("mailchimp", {"webhook_secret": "hush"}, {}, True, "not tested"),
        ("meta", META, {"/v26.0/me": (200, {"id": "1"})}, True, "permissions and expiry of the token"),
        ("meta", META, {"/v26.0/me": (400, {"error": {"code": 190}})}, False, "AuthError"),
        ("meta", {"app_secret": "hush", "verify_token": "hush-hush"}, {}, True, "no access_token is set"),
    ],
)  # fmt: skip
def test_sources_tell_what_their_credentials_are_good_for(
    slug: str, options: dict[str, Any], answers: Answers, ok: bool, said: str
) -> None:
    finding = found(connection(slug, **options), answers)

    assert (finding.ok, said in finding.said) == (ok, True), finding.said


def test_every_connector_that_has_an_api_is_checked() -> None:
    unchecked = {
        slug
        for slug in slugs()
        for part in (get(slug).source, get(slug).destination)
        if part
        and part.check is None
        and part.authorise is not None
        and not getattr(part, "reads", None)  # a CRM that is read back is asked as a destination
    }
    assert unchecked == set()
