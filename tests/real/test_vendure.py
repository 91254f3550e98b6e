"""A purchase in a running Vendure 3.7 is read as the right order and person, and what becomes of it too.

``tests/real/vendure.sh`` installs it once; then ``pytest -m real -n0 tests/real/test_vendure.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from hub.connectors.vendure import CONNECTOR
from hub.connectors.vendure.manifest import VendureSettings
from hub.connectors.vendure.source import SOURCE, backfill, check, parse
from hub.errors import AuthError
from hub.mapping.order import is_open, missing, refunded
from hub.model.event import CanonicalEvent, CustomerEvent, Note, OrderEvent
from hub.sdk.connection import Connection, open_client
from hub.sdk.source import InboxEntry
from tests.real.vendure_server import RealVendure, running

pytestmark = pytest.mark.real

HOME = {
    "fullName": "Wiebke Sandig", "streetLine1": "Deichstraße 12", "postalCode": "25813", "city": "Husum",
    "countryCode": "DE", "phoneNumber": "04841 231250",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> Iterator[RealVendure]:
    with running() as made:
        yield made


def settings_of(shop: RealVendure, api_key: str | None = None) -> VendureSettings:
    return VendureSettings.model_validate({"base_url": shop.root, "api_key": api_key or shop.api_key})


def told(shop: RealVendure, order: str, since: datetime | None) -> list[CanonicalEvent | Note]:
    """What a backfill gives of one order, now."""
    settings = settings_of(shop)
    with open_client(Connection("shop", CONNECTOR, settings), SOURCE) as http:
        items = [item for page in backfill(http, settings, since, None) for item in page.items]
    [item] = [one for one in items if one.event_id.startswith(f"backfill:order:{order}:")]
    return list(parse(InboxEntry("shop", item.event_id, item.topic, {}, item.body, datetime.now(UTC)), settings))


def order_of(events: list[CanonicalEvent | Note]) -> OrderEvent:
    [event] = [one for one in events if isinstance(one, OrderEvent)]
    return event


def test_a_key_is_checked(shop: RealVendure) -> None:
    for key, works in ((None, True), ("invented", False)):
        settings = settings_of(shop, key)
        with open_client(Connection("shop", CONNECTOR, settings), SOURCE) as http:
            if works:
                assert len(check(http, settings).works) == 2
            else:
                with pytest.raises(AuthError):
                    check(http, settings)


def test_a_purchase_and_what_becomes_of_it(shop: RealVendure) -> None:
    mail = f"Wiebke.{uuid4().hex[:8]}@Example.de"
    order = shop.buy({"firstName": "Wiebke", "lastName": "Sandig", "emailAddress": mail}, HOME)
    after = datetime.now(UTC)

    # the guest and the order, though only its payment is as new as the purchase
    events = told(shop, order, after)
    [who, *_] = events
    assert isinstance(who, CustomerEvent)
    assert [point.value for point in who.customer.emails] == [mail.lower()]
    bought = order_of(events).order
    assert (bought.state, is_open(bought)) == ("open", True)
    assert not missing(bought)
    assert bought.shipping_address is not None
    assert bought.shipping_address.city == "Husum"
    assert {one.kind for one in bought.lines} == {"product"}

    # the money comes, one piece is taken off, and its money goes back: it counts once
    raw = shop.admin("query($o: ID!) { order(id: $o) { payments { id } lines { id } } }", o=order)["order"]
    payment, line = raw["payments"][0]["id"], raw["lines"][1]["id"]
    shop.settle(payment)
    paid = order_of(told(shop, order, after))
    assert (paid.order.state, paid.order.total) == ("paid", bought.total)
    shop.cancel(order, line)
    off = bought.lines[1].total or Decimal(0)
    shop.refund(payment, int(off * 100))
    later = order_of(told(shop, order, after))
    assert (later.order.total, refunded(later.order)) == (bought.total, off)
    assert not missing(later.order)
    assert later.occurred_at > paid.occurred_at
