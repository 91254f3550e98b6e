"""Products and reviews as users of other integrations reported them, each made again as a small input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.model.event import CustomerEvent, FeedbackEvent, ProductEvent
from hub.model.feedback import Feedback
from hub.model.product import Product
from hub.sdk.registry import get
from hub.sdk.source import InboxEntry

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def told(slug: str, topic: str, body: Mapping[str, Any]) -> list[Any]:
    connector = get(slug)
    settings = connector.manifest.settings.model_validate(dict(connector.manifest.sample_settings))
    assert connector.source is not None
    return list(connector.source.parse(InboxEntry(slug, "1", topic, {}, json.dumps(body).encode(), NOW), settings))


def product(slug: str, topic: str, body: Mapping[str, Any]) -> Product:
    [event] = [one for one in told(slug, topic, body) if isinstance(one, ProductEvent)]
    return event.product


def shopify(**more: Any) -> Product:
    return product(
        "shopify", "products/update", {"id": 7, "title": "Jacke", "updated_at": "2026-02-01T10:00:00Z", **more}
    )


def bigcommerce(**more: Any) -> Product:
    sold = {"id": 7, "name": "Jacke", "date_modified": "2026-02-01T10:00:00Z", **more}
    return product("bigcommerce", "store/product/updated", {"product": sold, "currency": "EUR"})


def review(**more: Any) -> tuple[Feedback, list[CustomerEvent]]:
    body = {"review": {"id": 1, "date_created": "2026-02-01T10:00:00Z", **more}, "product_id": 7}
    events = told("bigcommerce", "store/review/updated", body)
    [feedback] = [one.feedback for one in events if isinstance(one, FeedbackEvent)]
    return feedback, [one for one in events if isinstance(one, CustomerEvent)]


def test_a_price_whose_currency_is_not_told_is_no_price() -> None:
    # woocommerce/woocommerce#61395, microsoft/BCApps#8561: a price was taken in the currency of whoever read it
    [variant] = shopify(variants=[{"id": 1, "price": "19.99"}]).variants
    assert variant.price is None


def test_every_tag_comes_and_not_the_first_alone() -> None:
    # airbytehq/airbyte#38671
    assert shopify(tags="Regen, Winter , ,Regen").tags == ("Regen", "Winter")


def test_variants_of_which_the_ids_alone_are_told_are_variants() -> None:
    # airbytehq/airbyte#45390, airbytehq/airbyte#37767
    found = shopify(variants=[{"id": 1}, {"id": "2"}]).variants
    assert [(one.external_id, one.sku, one.name) for one in found] == [("1", None, None), ("2", None, None)]


def test_each_variant_has_its_own_price_and_the_product_none_of_theirs() -> None:
    # facebook/facebook-for-woocommerce#469: sometimes that of 50 g was shown, sometimes that of 200 g
    tea = bigcommerce(variants=[{"id": 1, "calculated_price": 4.5}, {"id": 2, "calculated_price": 16}])
    assert [one.price.amount for one in tea.variants if one.price] == [Decimal("4.5"), Decimal(16)]
    assert tea.price is None


def test_what_one_costs_now_is_the_sale_price() -> None:
    # facebook/facebook-for-woocommerce#850
    found = bigcommerce(price=49.95, sale_price=24.95, calculated_price=24.95)
    assert found.price is not None
    assert found.price.amount == Decimal("24.95")


def test_products_are_known_by_their_ids_and_not_by_their_names() -> None:
    # frappe/erpnext#7920, OCA/connector-prestashop#109: matched by the name, and made again as "_1"
    one, other = shopify(id=7, title="Jacke"), shopify(id=8, title="Jacke")
    assert (one.external_id, other.external_id) == ("7", "8")


@pytest.mark.parametrize("name", ["Théière", [{"id": "1", "value": "Théière"}, {"id": "2", "value": "Teapot"}]])
def test_a_name_is_read_in_one_language_and_in_several(name: Any) -> None:
    # OCA/connector-prestashop#121: a shop of two languages gives lists where one of a single gives texts
    sold = {"id": 1, "name": name, "date_upd": "2026-02-01 10:00:00", "manufacturer_name": False}
    found = product("prestashop", "product", {"product": sold})
    assert (found.name, found.brand) == ("Théière", None)


@pytest.mark.parametrize("address", ["", None])
def test_a_review_without_an_address_is_of_nobody(address: str | None) -> None:
    # getdatakick/revws#11: an imported review has none
    feedback, people = review(email=address, name="", rating=4)
    assert feedback.rating == 4
    assert people == []


@pytest.mark.parametrize("rating", [0, None, 6, "", "vier"])
def test_no_stars_are_not_the_worst_of_them(rating: Any) -> None:
    # Codeinwp/templates-patterns-collection#142, drawrowfly/amazon-product-api#115
    assert review(rating=rating)[0].rating is None
