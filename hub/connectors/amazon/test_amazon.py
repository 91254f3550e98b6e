"""Amazon's orders: what other programs stumbled over, each as a small input, and what is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.amazon import CONNECTOR
from hub.connectors.amazon.manifest import MANIFEST, AmazonSettings, oauth
from hub.connectors.amazon.source import SOURCE, backfill, check, parse
from hub.errors import Forbidden, HubError, RateLimited, RejectedError, SkipEvent
from hub.model.event import CustomerEvent, OrderEvent
from hub.model.order import Order
from hub.sdk.connection import Connection, open_client
from hub.sdk.oauth import GrantRevoked, form, read_answer, renewal_fields
from hub.sdk.source import BackfillPage, InboxEntry
from hub.sdk.testkit.wire import SampleTokens

SETTINGS = AmazonSettings.model_validate(dict(MANIFEST.sample_settings))
NOW = datetime(2026, 3, 9, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "samples" / "order"


def body(case: str, **change: Any) -> dict[str, Any]:
    return {**json.loads((SAMPLES / case / "body.json").read_bytes()), **change}


def parsed(case: str, **change: Any) -> tuple[CustomerEvent | None, Order]:
    entry = InboxEntry("amazon", "1", "order", {}, json.dumps(body(case, **change)).encode(), NOW)
    found = list(parse(entry, SETTINGS))
    who = next((one for one in found if isinstance(one, CustomerEvent)), None)
    return who, next(one.order for one in found if isinstance(one, OrderEvent))


def home(**change: str) -> dict[str, Any]:
    given: dict[str, Any] = body("unshipped")["recipient"]["deliveryAddress"]
    return {"deliveryAddress": {**given, **change}}


def asked(
    answers: Callable[[httpx.Request], httpx.Response], cursor: dict[str, Any] | None = None
) -> list[BackfillPage]:
    connection = Connection("amazon", CONNECTOR, SETTINGS, tokens=SampleTokens())
    with open_client(connection, SOURCE, transport=httpx.MockTransport(answers)) as http:
        return list(backfill(http, SETTINGS, datetime(2026, 3, 1, 12, tzinfo=UTC), cursor))


@pytest.mark.parametrize("case", ["unshipped", "shipped_to_another_person", "through_amazon_business"])
def test_no_relay_gets_into_hub(case: str) -> None:
    """amzn/selling-partner-api-models#5030: every company had the reseller's one address, and so was one customer."""
    who, order = parsed(case)

    assert "marketplace.amazon" not in repr(who) + repr(order)
    assert "SARL" not in repr(who)


def test_two_companies_behind_the_reseller_are_two() -> None:
    ney, _ = parsed("through_amazon_business")
    ohm, _ = parsed(
        "through_amazon_business", recipient=home(name="Jan Ohm", companyName="Ohm KG", phone="0431 555111")
    )

    assert ney is not None
    assert ohm is not None
    assert ney.customer.key != ohm.customer.key
    assert (ney.customer.company, ohm.customer.company) == ("Ney Segel GmbH", "Ohm KG")


@pytest.mark.parametrize("phone", ["+1 480-463-5824 ext. 48215", "+1 480-463-5824 x48215", "4804635824;ext=48215"])
def test_two_buyers_of_one_pool_number_are_two(phone: str) -> None:
    """frappe/ecommerce_integrations#99: Amazon's numbers with an extension. Without it, strangers share them."""
    one, order = parsed("relayed_phone", recipient=home(name="Ed Shore", phone=phone))
    other, _ = parsed("relayed_phone", orderId="113-9", buyer={}, recipient=home(name="Flo Reef", phone=phone))

    assert one is not None
    assert other is not None
    assert one.customer.phones == other.customer.phones == ()
    assert one.customer.key != other.customer.key
    assert order.contact_phone is None


def test_without_a_restricted_role_there_are_orders_and_nobody() -> None:
    """amzn/selling-partner-api-models#5306, #5131, docs#1275: no buyer, no address, or one without name and street."""
    bare: dict[str, Any] = {"deliveryAddress": {"city": "Hamburg", "postalCode": "20457", "countryCode": "DE"}}

    for change in ({"buyer": None, "recipient": None}, {"buyer": {}, "recipient": bare}):
        who, order = parsed("unshipped", **change)
        assert who is None
        assert str(order.total) == "93.90"


def test_what_the_own_shop_sold_is_not_counted_twice() -> None:
    with pytest.raises(SkipEvent, match="the shop tells it"):
        parsed("sold_in_the_own_shop")


def test_a_cancelled_order_without_amount_takes_the_earlier_one_back() -> None:
    _, order = parsed("cancelled_without_amount")

    assert (order.state, order.currency, order.external_id) == ("cancelled", "EUR", "302-1000005-0000005")
    with pytest.raises(SkipEvent, match="no amount"):
        parsed("cancelled_without_amount", salesChannel={"channelName": "AMAZON", "marketplaceId": "ANEWONE0000"})


def test_the_filters_stand_beside_a_page_token_and_a_repeated_token_ends_the_walk() -> None:
    """amzn/selling-partner-api-models#5144 (400 without them) and #2297 (the same page again and again)."""
    seen: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(dict(request.url.params))
        return httpx.Response(200, json={"orders": [body("unshipped")], "pagination": {"nextToken": "same"}})

    pages = asked(answer)

    assert len(pages) == 2
    assert pages[-1].cursor["done"] is True
    first, second = seen
    assert second == {**first, "paginationToken": "same"}
    assert first["lastUpdatedAfter"] == "2026-03-01T12:00:00Z"
    assert "orderStatuses" not in first  # #3945: with filters by status, orders were missing


def test_a_token_of_yesterday_begins_the_list_anew_and_a_refused_list_is_refused() -> None:
    old = {"since": "2026-01-01T00:00:00Z", "token": "yesterday", "done": False}
    words = {
        "errors": [{"code": "InvalidInput", "message": "The input you have submitted is not valid.", "details": ""}]
    }

    def answer(request: httpx.Request) -> httpx.Response:
        if "paginationToken" in request.url.params:
            return httpx.Response(400, json=words)
        return httpx.Response(200, json={"orders": [body("unshipped")]})

    [page] = asked(answer, old)
    assert page.items[0].event_id == "order:302-1000001-0000001:2026-03-02T10:00:00Z"

    # #5365: includedData was refused for a day
    with pytest.raises(RejectedError, match="The input you have submitted is not valid"):
        asked(lambda _: httpx.Response(400, json=words), old)


@pytest.mark.parametrize(
    ("status", "headers", "kind", "words"),
    [
        (403, {}, Forbidden, "Access to requested resource is denied"),  # docs#1301
        (429, {"x-amzn-RateLimit-Limit": "0.0167"}, RateLimited, "You exceeded your quota"),
        (429, {"x-amzn-RateLimit-Limit": "0"}, RateLimited, "You exceeded your quota"),
        (429, {}, RateLimited, "You exceeded your quota"),
    ],
)
def test_refusals_keep_amazons_words_and_say_when_to_come_back(
    status: int, headers: dict[str, str], kind: type[HubError], words: str
) -> None:
    said = {"errors": [{"code": "Unauthorized", "message": f"{words} for the requested resource.", "details": ""}]}

    with pytest.raises(kind, match=words) as refused:
        asked(lambda _: httpx.Response(status, json=said, headers=headers))

    if isinstance(refused.value, RateLimited):
        known = headers.get("x-amzn-RateLimit-Limit") == "0.0167"
        assert refused.value.retry_after == pytest.approx(59.9 if known else 178.6, abs=0.1)


def test_a_check_tells_orders_from_buyers() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        allowed = "BUYER" not in request.url.params["includedData"]
        return httpx.Response(200 if allowed else 403, json={"orders": []})

    with open_client(
        Connection("amazon", CONNECTOR, SETTINGS, tokens=SampleTokens()),
        SOURCE,
        transport=httpx.MockTransport(answer),
    ) as http:
        with pytest.raises(Forbidden):
            check(http, SETTINGS)
        found = check(http, SETTINGS.model_copy(update={"people": False}))
    assert found.works == ["orders can be read"]


def test_tokens_are_those_of_login_with_amazon() -> None:
    declared = oauth(SETTINGS)
    sent, headers = form(declared, renewal_fields(declared, "Atzr|sample", now=0))

    assert declared.token_url == "https://api.amazon.com/auth/o2/token"
    assert declared.place("Atza|1") == {"x-amz-access-token": "Atza|1"}
    assert b"grant_type=refresh_token&refresh_token=Atzr%7Csample&client_id=amzn1.application" in sent
    assert "authorization" not in headers
    with pytest.raises(GrantRevoked):
        read_answer(declared, httpx.Response(400, json={"error": "invalid_grant", "error_description": "…"}))
