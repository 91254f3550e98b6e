"""Products over the REST API: the newest state of each, page by page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.model.event import ProductEvent
from hub.model.money import Money
from hub.model.product import Product, Variant
from hub.store.database import Database
from tests.integration.test_api import running
from tests.support.doubles import at, entry, store


def product(number: str, cents: int, **more: Any) -> Product:
    price = Money(amount=Decimal(cents) / 100, currency="EUR")
    return Product(external_id=number, name=f"Hemd {number}", price=price, **more)


def test_the_newest_state_of_each_product_page_by_page(database: Database) -> None:
    # given products of two shops, one told twice, the older state last
    shirt = product("p1", 4990, categories=("Hemden",), variants=(Variant(external_id="v1", sku="H-39"),))
    told = [
        ("shop", ProductEvent(occurred_at=at(10), product=shirt)),
        ("shop", ProductEvent(occurred_at=at(0), product=product("p1", 5990))),
        ("shop", ProductEvent(occurred_at=at(0), product=product("p2", 100, state="archived"))),
        ("till", ProductEvent(occurred_at=at(0), product=product("p1", 1))),
    ]
    with running(database) as hub:
        store(database, [entry([event], f"e{n}", connection=shop) for n, (shop, event) in enumerate(told)])
        hub.processed()
        # when they are read, one a page
        found, following = [], None
        while True:
            page = hub.get("/products", connection="shop", limit=1, **({"cursor": following} if following else {}))
            found += page["items"]
            following = page["next"]
            if following is None:
                break
        everything = hub.get("/products")["items"]
    # then each is there once, as it was told last
    assert sorted((item["product"]["external_id"], item["product"]["price"]["amount"]) for item in found) == [
        ("p1", "49.9"),
        ("p2", "1"),
    ]
    assert len(everything) == 3
    [one] = [item for item in found if item["product"]["external_id"] == "p1"]
    assert (one["connection"], one["product"]["variants"][0]["sku"]) == ("shop", "H-39")


def test_one_that_cannot_be_read_fails_alone(database: Database) -> None:
    # given a product that a newer Hub wrote
    with running(database) as hub:
        store(database, [entry([ProductEvent(occurred_at=at(0), product=product(n, 1))], n) for n in ("p1", "p2")])
        hub.processed()
        with database.session() as session:
            session.run("""UPDATE fact SET payload = '{"colour": 1}' WHERE external_id = 'p1'""")
        page = hub.get("/products")
    assert [item["product"]["external_id"] for item in page["items"]] == ["p2"]
    assert "newer" in page["unreadable"][0]["reason"] or "this version" in page["unreadable"][0]["reason"]
