"""Orders as shops and tills really tell them: amounts that make the total, phones of customers abroad, typed texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from hub.mapping.order import missing, refunded
from hub.model.event import CartEvent, CustomerEvent, OrderEvent, OrderPartEvent
from hub.model.order import Order, Refund
from hub.sdk import registry
from hub.sdk.source import InboxEntry
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import RECEIVED_AT

AT = "2026-11-03T09:00:00Z"
HOME = {"first_name": "Amy", "last_name": "Stone", "address1": "1 Oak Ave", "city": "Boston", "country_code": "US"}


def parsed(connector: str, topic: str, body: Any, **fetched: Any) -> list[Any]:
    case = ConnectorCase(registry.get(connector), registry.folder(connector))
    found = {name: json.dumps({name: value}).encode() for name, value in fetched.items()}
    entry = InboxEntry("here", "e1", topic, {}, json.dumps(body).encode(), RECEIVED_AT, found)
    return list(case.source.parse(entry, case.settings))


def order_of(events: list[Any]) -> Order:
    [order] = [event.order for event in events if isinstance(event, OrderEvent)]
    return order


def people(events: list[Any]) -> set[str]:
    """Every phone that any event tells of its person."""
    known = [event.customer for event in events if isinstance(event, CustomerEvent)]
    own = {point.value for one in known for point in one.phones if point.usable}
    return own | {held.value for one in known for held in one.identifiers if held.kind == "phone"}


def shopify(**more: Any) -> dict[str, Any]:
    paid = {"id": 71, "created_at": AT, "updated_at": AT, "currency": "EUR", "total_price": "60.00"}
    return {**paid, "financial_status": "paid", "line_items": [{"id": 1, "quantity": 1, "price": "60.00"}], **more}


def woo(**more: Any) -> dict[str, Any]:
    line = {"id": 1, "quantity": 1, "total": "60.00"}
    return {"id": 72, "currency": "EUR", "total": "60.00", "date_created_gmt": AT[:-1], "line_items": [line], **more}


def euros(cents: int) -> dict[str, Any]:
    return {"amount": cents, "currency": "EUR"}


def square(customer: Mapping[str, Any] | None = None, **more: Any) -> list[Any]:
    line = {"uid": "a", "quantity": "1", "total_money": euros(6000)}
    order = {"id": "O7", "state": "COMPLETED", "created_at": AT, "total_money": euros(6000), "line_items": [line]}
    event = {"event_id": "e", "type": "order.updated", "created_at": AT, "data": {"object": {}}}
    fetched = {"order": {**order, **more}} | ({"customer": customer} if customer else {})
    return parsed("square", "order.updated", event, **fetched)


@pytest.mark.parametrize(
    "order",
    [
        {"phone": "(617) 555-0134", "billing_address": {"last_name": "Stone"}, "shipping_address": HOME},
        {"phone": "(617) 555-0134", "customer": {"id": 8, "default_address": HOME}},
        {"customer": {"id": 8, "default_address": HOME}, "billing_address": {"phone": "(617) 555-0134"}},
        {"customer": {"id": 8, "addresses": [HOME]}, "phone": "(617) 555-0134"},
    ],
    ids=["shipping", "profile", "profile_beside_billing", "address_book"],
)
def test_a_phone_of_a_shopify_order_is_dialled_where_anything_of_the_buyer_is(order: dict[str, Any]) -> None:
    events = parsed("shopify", "orders/updated", shopify(**order))

    assert people(events) == {"+16175550134"}
    assert order_of(events).contact_phone == "+16175550134"


def test_a_phone_of_a_woocommerce_order_is_dialled_where_the_shipping_address_is() -> None:
    billing = {"first_name": "Leo", "last_name": "Hart", "phone": "07400 987654", "country": ""}
    events = parsed("woocommerce", "order.updated", woo(billing=billing, shipping={"country": "GB", "city": "Leeds"}))

    assert people(events) == {"+447400987654"}
    assert order_of(events).contact_phone == "+447400987654"


def test_a_phone_of_a_woocommerce_account_is_dialled_where_its_shipping_address_is() -> None:
    account = {
        "id": 9,
        "date_created_gmt": AT[:-1],
        "billing": {"phone": "079 765 43 21"},
        "shipping": {"country": "CH"},
    }

    assert people(parsed("woocommerce", "customer.updated", account)) == {"+41797654321"}


def test_a_phone_of_who_collects_at_a_till_is_dialled_where_the_customer_lives() -> None:
    customer = {"id": "C7", "given_name": "Amy", "family_name": "Stone", "address": {"country": "US"}}
    recipient = {"display_name": "Amy Stone", "phone_number": "(617) 555-0134"}
    collected = [{"type": "PICKUP", "pickup_details": {"recipient": recipient}}]

    events = square(customer, customer_id="C7", fulfillments=collected)

    assert people(events) == {"+16175550134"}
    assert order_of(events).contact_phone == "+16175550134"


def test_an_empty_recipient_does_not_hide_the_next_one() -> None:
    there = {"type": "SHIPMENT", "shipment_details": {"recipient": {"phone_number": "+4915123456789"}}}

    events = square(fulfillments=[{"type": "PICKUP", "pickup_details": {"recipient": {}}}, there])

    assert people(events) == {"+4915123456789"}


def test_the_address_book_of_an_account_tells_phones_and_company_of_its_own_person_only() -> None:
    own = {"last_name": "Stone", "phone": "0664 7654321", "company": "Stein KG", "country_code": "AT"}
    other = {"first_name": "Oma", "last_name": "Erna", "phone": "0664 1111222", "country_code": "AT"}
    account = {"id": 8, "updated_at": AT, "first_name": "Amy", "last_name": "Stone", "addresses": [own, other]}

    [event] = parsed("shopify", "customers/update", account)

    assert people([event]) == {"+436647654321"}
    assert event.customer.company == "Stein KG"


def test_the_phone_typed_for_text_messages_reaches_the_guest() -> None:
    checkout = {"token": "t7", "created_at": AT, "currency": "EUR", "total_price": "5.00", "email": "m@laden.example"}

    assert people(parsed("shopify", "checkouts/update", checkout | {"sms_marketing_phone": "+4915123456789"})) == {
        "+4915123456789"
    }


def test_what_a_buyer_wrote_into_a_cart_is_kept() -> None:
    checkout = {"token": "t7", "created_at": AT, "currency": "EUR", "total_price": "5.00", "note": "Mit Schleife"}
    [event] = parsed("shopify", "checkouts/update", checkout | {"note_attributes": [{"name": "Tag", "value": "Mo"}]})

    assert isinstance(event, CartEvent)
    assert (event.cart.note, dict(event.cart.custom)) == ("Mit Schleife", {"Tag": "Mo"})


DUTY = {"shop_money": {"amount": "9.00", "currency_code": "EUR"}}


@pytest.mark.parametrize(
    "told",
    [
        {"line_items": [{"id": 1, "quantity": 1, "price": "51.00", "duties": [DUTY]}]},
        {"line_items": [{"id": 1, "quantity": 1, "price": "51.00"}], "current_total_duties_set": DUTY},
    ],
    ids=["of_lines", "current"],
)
def test_duties_are_found_wherever_shopify_tells_them(told: dict[str, Any]) -> None:
    order = order_of(parsed("shopify", "orders/updated", shopify(**told)))

    assert [line.total for line in order.lines if line.kind == "duty"] == [Decimal("9.00")]
    assert not missing(order)


@pytest.mark.parametrize(("outstanding", "net"), [("0.00", "20.00"), ("-30.00", "50.00")])
def test_goods_that_paid_for_others_of_the_order_are_off_it_once_nothing_is_owed(outstanding: str, net: str) -> None:
    """An exchange: goods of 40 came back, 10 in money; the rest paid for the goods that went out instead."""
    back = {"id": 5, "created_at": AT, "refund_line_items": [{"subtotal": 40.0, "total_tax": 0}]}
    back["transactions"] = [{"kind": "refund", "status": "success", "amount": "10.00", "currency": "EUR"}]
    told = shopify(current_total_price="20.00", total_outstanding=outstanding, taxes_included=True, refunds=[back])

    order = order_of(parsed("shopify", "orders/updated", told))

    assert order.total - refunded(order) == Decimal(net)


def test_a_promise_that_was_called_off_is_a_refund_of_nothing() -> None:
    void = {"kind": "void", "status": "success", "amount": "60.00", "currency": "EUR"}
    [event] = parsed("shopify", "refunds/create", {"id": 5, "order_id": 71, "created_at": AT, "transactions": [void]})

    assert isinstance(event, OrderPartEvent)
    assert isinstance(event.part, Refund)
    assert event.part.amount.amount == 0


def test_a_shipping_total_without_lines_is_a_part_of_the_total() -> None:
    order = order_of(parsed("woocommerce", "order.updated", woo(total="64.90", shipping_total="4.90")))

    assert not missing(order)


def test_what_a_buyer_typed_into_fields_of_a_plug_in_is_kept() -> None:
    meta = [{"key": "_wc_other/laden/widmung", "value": "Für Ida"}, {"key": "_edit_lock", "value": "1"}]
    place = {"method_id": "pickup_location", "total": "0.00", "meta_data": [{"key": "Abholort", "value": "Kiosk 4"}]}
    order = order_of(parsed("woocommerce", "order.updated", woo(meta_data=meta, shipping_lines=[place])))

    assert dict(order.custom) == {"widmung": "Für Ida", "Abholort": "Kiosk 4"}


@pytest.mark.parametrize(
    ("cents", "told"),
    [
        (6250, {"service_charges": [{"uid": "s", "name": "Service", "applied_money": euros(250)}]}),
        (3800, {"returns": [{"return_line_items": [{"total_money": euros(2000)}],
                             "return_service_charges": [{"total_money": euros(200)}]}]}),
        (3498, {"returns": [{"return_line_items": [{"total_money": euros(2000)}],
                             "return_tips": [{"applied_money": euros(500)}],
                             "rounding_adjustment": {"amount_money": euros(2)}}]}),
    ],
    ids=["charge_not_summed", "returned_charge", "returned_tip_and_rounding"],
)  # fmt: skip
def test_the_parts_of_an_order_at_a_till_make_its_total(cents: int, told: dict[str, Any]) -> None:
    assert not missing(order_of(square(total_money=euros(cents), **told)))


def test_where_to_put_the_goods_and_how_to_know_the_buyer_is_kept() -> None:
    curb = {"type": "PICKUP", "pickup_details": {"curbside_pickup_details": {"curbside_details": "Blauer Kombi"}}}
    brought = {"type": "DELIVERY", "delivery_details": {"dropoff_notes": "Hinter die Tonne"}}

    assert order_of(square(fulfillments=[curb, brought])).note == "Blauer Kombi\nHinter die Tonne"
