"""What a poll every minute costs when nothing changed, and that nothing is lost around its edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.application.backfill import OVERLAP
from hub.connectors.shopify.manifest import MANIFEST as SHOPIFY
from hub.connectors.shopify.source_history import backfill as shopify
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.registry import get
from tests.contract.test_shopify_history import Shop, bought

SINCE = datetime(2026, 2, 1, tzinfo=UTC)


def calls_of(slug: str, answer: Callable[[httpx.Request], httpx.Response]) -> int:
    """Calls of one poll."""
    connector = get(slug)
    own = connector.manifest.settings.model_validate(dict(connector.manifest.sample_settings))
    assert connector.source is not None
    assert connector.source.backfill is not None
    with HttpClient("https://x.example", transport=httpx.MockTransport(answer), budget=Budget(Limits())) as http:
        assert [item for page in connector.source.backfill(http, own, SINCE, None) for item in page.items] == []
        return http.calls


def nothing(request: httpx.Request) -> httpx.Response:
    """An account of one location or audience in which nothing changed."""
    if request.url.path.endswith("/locations"):
        return httpx.Response(200, json={"locations": [{"id": "L1"}]})
    if "graphql" in request.url.path:
        return httpx.Response(200, json={"data": {}})
    return httpx.Response(200, json=[] if "/wc/v3/" in request.url.path else {})


@pytest.mark.parametrize(
    ("slug", "most"),
    [
        ("shopify", 1),
        ("mailchimp", 1),
        ("woocommerce", 2),  # customers have no filter by change, so the list of those is a call of its own
        ("square", 5),  # four lists, and the locations that they are asked for
    ],
)
def test_a_poll_that_finds_nothing_costs_a_call_for_each_list_at_most(slug: str, most: int) -> None:
    assert calls_of(slug, nothing) <= most


# -- a vendor whose clock is wrong, whose orders share moments, and whose list changes while it is read

MINUTE = timedelta(minutes=1)
START = datetime(2026, 2, 1, 12, tzinfo=UTC)
SETTINGS = SHOPIFY.settings.model_validate(dict(SHOPIFY.sample_settings))


@dataclass
class Polled:
    """Polls of one shop as ``History`` makes them: since the last one began, with its overlap."""

    shop: Shop
    seen: dict[str, str] = field(default_factory=dict)
    began: datetime | None = None

    def poll(self, now: datetime) -> None:
        since = None if self.began is None else self.began - OVERLAP
        self.began = now
        transport = httpx.MockTransport(self.shop)
        with HttpClient("https://x.example", transport=transport, budget=Budget(Limits())) as http:
            for page in shopify(http, SETTINGS, since, None):
                for item in page.items:
                    _, _, number, version = item.event_id.split(":", 3)
                    self.seen[number] = max(self.seen.get(number, ""), version)


def vendor_time(at: datetime, skew: timedelta) -> str:
    return f"{at + skew:%Y-%m-%dT%H:%M:%SZ}"


@settings(max_examples=15, deadline=None)
@given(
    skew=st.integers(-50, 50),
    touches=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=25),
    while_paged=st.lists(st.integers(0, 7), max_size=6),
)
def test_whatever_the_clock_and_whatever_changes_the_last_state_of_each_order_is_read(
    skew: int, touches: list[tuple[int, int]], while_paged: list[int]
) -> None:
    # given eight orders of one moment in a shop whose clock is up to 50 minutes off, in pages of two
    off, held = timedelta(minutes=skew), dict[int, dict[str, Any]]()
    shop = Shop(most=80)
    clock = [START]
    waiting = list(while_paged)

    def touch(number: int) -> None:
        held[number] = bought(100 + number, vendor_time(clock[0], off))
        shop.orders = list(held.values())

    def changes(_: Shop) -> None:
        if waiting:
            touch(waiting.pop())

    for number in range(8):
        touch(number)
    shop.on_page = changes
    polled = Polled(shop)
    # when it is polled every minute while orders change, also between two pages
    for minute in range(6):
        for when, number in touches:
            if when == minute:
                touch(number)
        polled.poll(clock[0])
        clock[0] += MINUTE
    polled.poll(clock[0])
    # then the last state of every order was read
    wanted = {str(100 + number): order["updatedAt"] for number, order in held.items()}
    assert {number: polled.seen.get(number) for number in wanted} == wanted
