"""What public bug reports of such connectors got wrong in orders, read right by every shop of ours.

Money in two currencies (microsoft/BCApps#6138, Automattic/woocommerce-payments#5215), fees that lower and fees with tax
(taxjar/taxjar-woocommerce-plugin#183 and #298, mollie/WooCommerce#672, Starktail/woocommerce_fusion#190), orders nobody
has paid (mailchimp/mc-woocommerce#449 and #288, polarsource/polar#6674), and contact data that stand at an address only
(krokedil/klarna-checkout-for-woocommerce#429).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.errors import SkipEvent
from hub.mapping.order import is_open
from hub.model.event import CanonicalEvent, CartEvent, CustomerEvent, Note, OrderEvent, OrderPartEvent
from hub.model.identifier import Identifier
from hub.model.order import Order, Refund
from hub.sdk import registry
from hub.sdk.source import InboxEntry

Document = dict[str, Any]
AT = "2026-11-01T10:00:00Z"
UWE = {"first_name": "Uwe", "last_name": "Ort"}
ILSE = {"first_name": "Ilse", "last_name": "Feld"}


def parse(
    slug: str, topic: str, body: Document, found: Mapping[str, Document] | None = None, **settings: Any
) -> list[CanonicalEvent | Note]:
    connector = registry.get(slug)
    assert connector.source
    own = connector.manifest.settings.model_validate({**connector.manifest.sample_settings, **settings})
    fetched = {name: json.dumps(document).encode() for name, document in (found or {}).items()}
    now = datetime(2026, 11, 2, tzinfo=UTC)
    return list(connector.source.parse(InboxEntry("c", "e", topic, {}, json.dumps(body).encode(), now, fetched), own))


def order_of(events: Sequence[CanonicalEvent | Note]) -> Order:
    [event] = [event for event in events if isinstance(event, OrderEvent)]
    return event.order


def people(events: Sequence[CanonicalEvent | Note]) -> list[CustomerEvent]:
    return [event for event in events if isinstance(event, CustomerEvent)]


def reasons(events: Sequence[CanonicalEvent | Note]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Note)]


def money(shop: str, customers: str, currency: str = "JPY") -> Document:
    return {
        "shop_money": {"amount": shop, "currency_code": "EUR"},
        "presentment_money": {"amount": customers, "currency_code": currency},
    }


def shopify(**fields: Any) -> list[CanonicalEvent | Note]:
    line = {"id": 1, "title": "Stuhl", "quantity": 2, "price": "25.00"}
    base = {"id": 8, "created_at": AT, "currency": "EUR", "total_price": "50.00", "financial_status": "paid"}
    return parse("shopify", "orders/updated", {**base, "line_items": [line], **fields})


def woo(**fields: Any) -> list[CanonicalEvent | Note]:
    line = {"id": 1, "name": "Lampe", "quantity": 1, "subtotal": "100.00", "total": "100.00"}
    base = {"id": 9, "status": "completed", "currency": "EUR", "total": "100.00", "total_tax": "0.00"}
    return parse("woocommerce", "order.updated", {**base, "date_created_gmt": AT[:-1], "line_items": [line], **fields})


def euro(amount: int) -> Document:
    return {"amount": amount, "currency": "EUR"}


def square(found: Mapping[str, Document] | None = None, **fields: Any) -> list[CanonicalEvent | Note]:
    line = {"uid": "a", "name": "Tee", "quantity": "2", "total_money": euro(2380)}
    base = {"id": "O1", "created_at": AT, "state": "COMPLETED", "total_money": euro(2380), "line_items": [line]}
    event = {"type": "order.updated", "event_id": "e", "created_at": AT}
    pointer = {"object": {"order_updated": {"order_id": "O1"}}}
    fetched = {"order": {"order": {**base, **fields}}, **(found or {})}
    return parse("square", "order.updated", {**event, "data": pointer}, fetched)


# -- money of two currencies


YEN = {"kind": "refund", "status": "success", "amount": "1600", "currency": "JPY"}


@pytest.mark.parametrize(
    ("refund", "order", "amount"),
    [
        ({}, {}, ("1600", "JPY")),
        ({}, {"total_price_set": money("50.00", "8000")}, ("10.00", "EUR")),
        ({"refund_line_items": [{"subtotal": 9.5, "subtotal_set": money("9.50", "1600")}]}, {}, ("9.50", "EUR")),
        ({"refund_line_items": [{"subtotal": 9.5}]}, {}, ("9.5", "EUR")),
        ({"transactions": [{**YEN, "currency": None}]}, {"presentment_currency": "JPY"}, ("1600", "JPY")),
    ],
)
def test_a_refund_paid_in_the_customers_money_is_told_in_the_shops_where_the_payload_can(
    refund: Document, order: Document, amount: tuple[str, str]
) -> None:
    told = {"id": 5, "created_at": AT, "transactions": [YEN], **refund}

    [found] = order_of(shopify(refunds=[told], taxes_included=True, **order)).refunds

    assert (str(found.amount.amount), found.amount.currency) == amount


def test_a_refund_told_apart_is_in_the_money_that_was_paid_out_or_in_the_shops() -> None:
    bare = {"id": 5, "order_id": 8, "created_at": AT, "refund_line_items": [], "transactions": [YEN]}
    lines = [{"subtotal": 10, "subtotal_set": money("10.00", "1600")}]

    for body, amount in ((bare, ("1600", "JPY")), ({**bare, "refund_line_items": lines}, ("10.00", "EUR"))):
        [event] = parse("shopify", "refunds/create", body)
        assert isinstance(event, OrderPartEvent)
        assert isinstance(event.part, Refund)
        assert (str(event.part.amount.amount), event.part.amount.currency) == amount


# -- the parts make the total


def test_fees_that_lower_the_total_and_fees_with_tax_are_lines() -> None:
    fees = [
        {"id": 2, "name": "Expedite", "total": "10.00", "taxes": [{"total": "1.90"}]},
        {"id": 3, "name": "Gutschein &amp; Dank", "total": "-20.00", "taxes": []},
    ]

    events = woo(fee_lines=fees, total="91.90", total_tax="1.90")

    assert not reasons(events)
    assert [(line.kind, line.product.name, line.total) for line in order_of(events).lines[1:]] == [
        ("fee", "Expedite", Decimal("10.00")),
        ("fee", "Gutschein & Dank", Decimal("-20.00")),
    ]


def test_shopifys_duties_fees_tips_and_rounding_are_lines_where_the_total_holds_them() -> None:
    told = {
        "original_total_duties_set": money("7.00", "1120"),
        "original_total_additional_fees_set": money("1.50", "240"),
        "total_tip_received": "3.00",
        "total_cash_rounding_payment_adjustment_set": money("-0.02", "-3"),
    }

    whole = shopify(total_price="61.48", **told)
    assert not reasons(whole)
    assert [line.kind for line in order_of(whole).lines[1:]] == ["duty", "fee", "tip", "rounding"]
    # duties in the prices, rounding of what was received only
    included = shopify(total_price="51.50", duties_included=True, **{**told, "total_tip_received": None})
    assert not reasons(included)
    assert [line.kind for line in order_of(included).lines[1:]] == ["fee"]
    assert order_of(included).custom == {"cash_rounding": "-0.02"}


def test_tips_and_gift_cards_among_the_line_items_are_told_apart_from_goods() -> None:
    lines = [
        {"id": 1, "title": "Tip", "quantity": 1, "price": "5.00", "tip": {"payment_gateway": None}},
        {"id": 2, "title": "Gutschein", "quantity": 1, "price": "45.00", "gift_card": True},
    ]

    events = shopify(line_items=lines, total_tip_received="5.00")

    assert not reasons(events)
    assert [line.kind for line in order_of(events).lines] == ["tip", "gift_card"]


def test_a_discount_on_shipping_is_taken_off_once() -> None:
    shipping = {"title": "Post", "price": "9.90", "discount_allocations": [{"amount": "5.00"}]}

    for given in (shipping, {**shipping, "discounted_price": "4.90"}):
        events = shopify(total_price="54.90", shipping_lines=[given])
        assert not reasons(events)
        assert [line.amount for line in order_of(events).shipping] == [Decimal("4.90")]


def test_squares_rounding_service_charges_and_tips_are_lines_and_an_exchange_adds_up() -> None:
    events = square(
        total_money=euro(2900),
        total_tip_money=euro(200),
        service_charges=[{"uid": "s", "name": "Lieferung", "total_money": euro(322)}],
        rounding_adjustment={"uid": "r", "name": "Rundung", "amount_money": euro(-2)},
    )
    assert not reasons(events)
    assert [line.kind for line in order_of(events).lines[1:]] == ["fee", "tip", "rounding"]

    back = [{"source_order_id": "O0", "return_line_items": [{"uid": "b", "total_money": euro(1000)}]}]
    exchange = square(total_money=euro(1380), returns=back)
    assert not reasons(exchange)
    assert [(line.kind, line.total) for line in order_of(exchange).lines[1:]] == [("adjustment", Decimal("-10.00"))]
    assert [line.kind for line in order_of(square(returns=back)).lines] == ["product"]


@pytest.mark.parametrize("events", [shopify(total_price="57.00"), woo(total="107.00"), square(total_money=euro(3080))])
def test_a_part_nobody_knows_is_noted_before_the_order(events: list[CanonicalEvent | Note]) -> None:
    assert reasons(events) == ["the parts make 7.00 EUR less than the total"]
    assert isinstance(events[-1], OrderEvent)


def test_a_line_of_a_cart_is_after_its_discounts_as_one_of_an_order_is() -> None:
    line = {"key": "k", "quantity": 2, "price": "10.00", "line_price": "20.00"}
    cart = {"token": "t", "created_at": AT, "currency": "EUR", "total_price": "15.00"}
    off = {"discount_allocations": [{"amount": "5.00"}]}

    [event] = parse("shopify", "checkouts/update", {**cart, "line_items": [{**line, **off}, line]})

    assert isinstance(event, CartEvent)
    assert [one.total for one in event.cart.lines] == [Decimal("15.00"), Decimal("20.00")]


# -- revenue follows payment


@pytest.mark.parametrize(
    ("fields", "state", "waits"),
    [
        ({"financial_status": "paid"}, "paid", False),
        ({"financial_status": "partially_refunded"}, "paid", False),
        ({"financial_status": "pending"}, "open", True),
        ({"financial_status": "authorized"}, "open", True),
        ({"financial_status": "partially_paid"}, "open", True),
        ({"financial_status": "pending", "fulfillment_status": "fulfilled"}, "fulfilled", True),
        ({"financial_status": "expired"}, "failed", False),
        ({"financial_status": "voided"}, "cancelled", False),
        ({"financial_status": None, "total_outstanding": "0.00"}, "paid", False),
    ],
)
def test_shopifys_money_is_there_once_it_is_captured(fields: Document, state: str, waits: bool) -> None:
    order = order_of(shopify(**fields))

    assert (order.state, is_open(order)) == (state, waits)


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"status": "pending"}, True),
        ({"status": "on-hold", "payment_method": "bacs"}, True),
        ({"status": "processing"}, False),
        ({"status": "processing", "date_paid_gmt": "2026-11-01T10:00:05"}, False),
        ({"status": "processing", "payment_method": "cod", "date_paid_gmt": "2026-11-01T10:00:05"}, True),
        ({"status": "completed", "payment_method": "cod"}, False),
        ({"status": "failed"}, False),
    ],
)
def test_woocommerces_money_is_there_as_woocommerce_says_and_cash_with_the_delivery(
    fields: Document, waits: bool
) -> None:
    assert is_open(order_of(woo(**fields))) is waits


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "open"),
        ({"tenders": [{"id": "t"}], "net_amount_due_money": euro(0)}, "paid"),
        ({"tenders": [{"id": "t"}], "net_amount_due_money": euro(2380)}, "open"),
    ],
)
def test_an_open_order_of_squares_is_paid_once_nothing_is_due(fields: Document, state: str) -> None:
    assert order_of(square(state="OPEN", **fields)).state == state


# -- contact data at an address only, and presents


PHONE = {"phone": "0731 5550123", "company": "Ort GmbH", "address1": "A 1", "city": "Ulm", "country_code": "DE"}
WOO_PHONE = {"phone": "0731 5550123", "company": "Ort GmbH", "address_1": "A 1", "city": "Ulm", "country": "DE"}
NUMBER = "+497315550123"


def test_a_guest_with_a_phone_at_the_shipping_address_only_is_a_guest() -> None:
    for events in (
        shopify(shipping_address={**UWE, **PHONE}),
        woo(customer_id=0, billing={}, shipping={**UWE, **WOO_PHONE}),
        shopify(billing_address=UWE, shipping_address={**UWE, **PHONE}),
    ):
        [who] = people(events)
        assert who.customer.name
        assert (who.customer.name.full, who.customer.company) == ("Uwe Ort", "Ort GmbH")
        assert [point.value for point in who.customer.phones] == [NUMBER]
        assert [address.line1 for address in who.customer.addresses] == ["A 1"]
        assert order_of(events).contact_phone == NUMBER


def test_a_present_leaves_nothing_of_its_receiver_with_the_buyer() -> None:
    account = {"id": 7, "email": "kai@shop.example", "first_name": "Kai", "last_name": "Brandt", "updated_at": AT}
    known = {"customer": {"customer": {"id": "C1", "given_name": "Kai", "family_name": "Brandt", "updated_at": AT}}}
    receiver = {"display_name": "Ilse Feld", "phone_number": "0731 5550123", "address": {"address_line_1": "A 1"}}
    delivery = [{"uid": "f", "type": "DELIVERY", "delivery_details": {"recipient": receiver}}]
    for events in (
        shopify(customer=account, shipping_address={**ILSE, **PHONE}),
        shopify(customer=account, billing_address=UWE, shipping_address={**ILSE, **PHONE}),
        shopify(email="uwe@shop.example", billing_address=UWE, shipping_address={**ILSE, **PHONE}),
        woo(billing={**UWE, "email": "uwe@shop.example"}, shipping={**ILSE, **WOO_PHONE}),
        square(known, customer_id="C1", fulfillments=delivery),
        square(customer_id="C1", fulfillments=delivery),
    ):
        told = repr(people(events))
        assert "Ilse" not in told
        assert "5550123" not in told
        assert "A 1" not in told
        assert "Ort GmbH" not in told


def test_an_account_gets_what_only_its_billing_address_tells_as_of_the_order() -> None:
    account = {
        "id": 7,
        "email": "kai@shop.example",
        "first_name": "Kai",
        "last_name": "Brandt",
        "updated_at": "2026-11-05T00:00:00Z",
    }
    events = shopify(customer=account, billing_address={**UWE, **PHONE})

    own, beside = people(events)
    assert beside.customer.key == own.customer.key
    assert beside.occurred_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert beside.customer.identifiers == (Identifier(kind="phone", value=NUMBER, strength="weak"),)
    assert (beside.customer.company, beside.customer.addresses, beside.customer.name) == ("Ort GmbH", (), None)
    assert order_of(events).contact_phone == NUMBER


# -- what people wrote and chose


def test_notes_choices_and_metadata_are_kept_and_what_is_hidden_is_not() -> None:
    meta = [{"key": "_hidden", "value": "x"}, {"key": "Wunschtermin", "value": "14.03."}, {"key": "state", "value": {}}]
    shop = order_of(woo(customer_note="Bitte &amp; danke", meta_data=meta))
    assert (shop.note, shop.custom) == ("Bitte & danke", {"Wunschtermin": "14.03."})

    pickup = [{"uid": "f", "type": "PICKUP", "pickup_details": {"note": "Hintereingang"}}]
    till = order_of(
        square(
            metadata={"kasse": "3"},
            ticket_name="Tisch 4",
            reference_id="R-1",
            fulfillments=pickup,
            line_items=[{"name": "Tee", "quantity": "1", "total_money": euro(2380), "note": "ohne Zucker",
                         "modifiers": [{"name": "Hafermilch"}], "metadata": {"becher": "groß"}}],
        )
    )  # fmt: skip
    assert (till.note, till.number, till.custom) == ("Hintereingang", "R-1", {"kasse": "3", "ticket_name": "Tisch 4"})
    assert till.lines[0].custom == {"becher": "groß", "note": "ohne Zucker", "modifier": "Hafermilch"}


def test_boxes_ticked_at_the_checkout_are_consents_of_their_channel_and_never_explicit() -> None:
    ticked = {"email": "uwe@shop.example", "buyer_accepts_marketing": True, "buyer_accepts_sms_marketing": True}
    checkout = {"token": "t", "created_at": AT, "currency": "EUR", "total_price": "1.00", **ticked}

    for events in (shopify(**ticked), parse("shopify", "checkouts/create", checkout)):
        [who] = people(events)
        told = [(given.channel, given.state, given.explicit) for given in who.customer.consents]
        assert told == [("email", "opted_in", False), ("sms", "opted_in", False)]


# -- who is no customer


@pytest.mark.parametrize("role", ["administrator", "shop_manager", "editor", "author", "contributor"])
def test_the_shops_staff_are_no_customers_unless_the_connection_says_so(role: str) -> None:
    account = {"id": 1, "date_created_gmt": AT[:-1], "email": "chefin@shop.example", "role": role}

    with pytest.raises(SkipEvent, match="staff"):
        parse("woocommerce", "customer.updated", account)

    [who] = people(parse("woocommerce", "customer.updated", account, staff=True))
    assert who.customer.custom == {"role": role}


@pytest.mark.parametrize("role", [None, "customer", "subscriber", "wholesale_customer"])
def test_buyers_are_customers_whatever_their_role(role: str | None) -> None:
    account = {"id": 1, "date_created_gmt": AT[:-1], "email": "uwe@shop.example", "role": role}

    assert len(people(parse("woocommerce", "customer.updated", account))) == 1
