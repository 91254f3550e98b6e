"""A time that lies ahead of its arrival counts as its arrival, whatever tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hub.model.case import Case
from hub.model.event import (
    CanonicalEvent,
    CartEvent,
    CaseEvent,
    DeletionEvent,
    InteractionEvent,
    OrderEvent,
    OrderPartEvent,
)
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.money import Money
from hub.model.order import Cart, Fulfilment, Order, Payment, Refund
from hub.normalise.ahead import TOLERANCE, arrived
from tests.support.doubles import customer

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
AHEAD = datetime(2036, 3, 1, 9, tzinfo=UTC)
KEY = RecordKey(kind="customer", external_id="1")
EUR = Money(amount=Decimal(5), currency="EUR")


def order(at: datetime) -> Order:
    refund, payment = Refund(external_id="r", amount=EUR, at=at), Payment(external_id="p", amount=EUR, at=at)
    return Order(
        external_id="1",
        state="paid",
        placed_at=at,
        currency="EUR",
        total=Decimal(9),
        refunds=(refund,),
        payments=(payment,),
    )


def every(occurred: datetime, told: datetime) -> list[CanonicalEvent]:
    part = Refund(external_id="r", amount=EUR, at=told)
    cart = Cart(external_id="c", currency="EUR", total=Decimal(1), started_at=told)
    return [
        customer("1", when=occurred),
        OrderEvent(occurred_at=occurred, order=order(told), record=KEY),
        OrderPartEvent(occurred_at=occurred, order_id="1", part=part),
        CartEvent(occurred_at=occurred, cart=cart),
        CaseEvent(occurred_at=occurred, case=Case(external_id="1", kind="return", state="open", opened_at=told)),
        InteractionEvent(
            occurred_at=occurred, record=KEY, interaction=Interaction(external_id="i", kind="message", channel="web")
        ),
        DeletionEvent(occurred_at=occurred, record=KEY),
    ]


@pytest.mark.parametrize(("occurred", "told"), [(AHEAD, AHEAD), (AHEAD, NOW), (NOW, AHEAD)])
def test_whatever_tells_it(occurred: datetime, told: datetime) -> None:
    found, notes = arrived(every(occurred, told), NOW)

    assert list(found) == every(NOW, NOW)
    paths = {"occurred_at"} if occurred == AHEAD else set()
    if told == AHEAD:
        paths |= {
            "order.placed_at",
            "order.refunds.at",
            "order.payments.at",
            "part.at",
            "cart.started_at",
            "case.opened_at",
        }
    assert {note.path for note in notes} == paths
    assert {note.reason for note in notes} == {"2036-03-01 09:00 UTC lies ahead of its arrival: counts as its arrival"}
    # and a second reading gives the same
    assert arrived(every(occurred, told), NOW) == (found, notes)


def test_a_clock_or_a_zone_that_is_a_little_off_decides_as_before() -> None:
    told = every(NOW + TOLERANCE, NOW + TOLERANCE)
    assert arrived(told, NOW) == (told, ())


def test_a_shipment_and_an_appointment_may_be_planned() -> None:
    planned = NOW + timedelta(days=40)
    later = Fulfilment(external_id="f", kind="pickup", at=planned)
    visit = Interaction(external_id="v", kind="appointment", channel="store", starts_at=planned, ends_at=planned)
    told: list[CanonicalEvent] = [
        OrderPartEvent(occurred_at=NOW, order_id="1", part=later),
        InteractionEvent(occurred_at=NOW, interaction=visit, record=KEY),
    ]
    assert arrived(told, NOW) == (told, ())
