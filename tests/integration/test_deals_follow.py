"""A deal follows what is told apart from its order: refunds, its deletion. And who is not routed says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.mapping.expression.when import compile_condition
from hub.model.event import DeletionEvent, OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import Order, Payment, Refund
from hub.model.profile import Profile
from hub.outbox.enqueue import Route
from hub.profiles import view
from hub.store import explanations
from hub.store.database import Database
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import Way

ORDER = Order(external_id="o1", state="paid", placed_at=at(0), currency="EUR", total=Decimal(100))
KEY = RecordKey(kind="customer", external_id="1")


def refund(external_id: str, amount: int, currency: str = "EUR") -> Refund:
    return Refund(external_id=external_id, amount=Money(amount=Decimal(amount), currency=currency))


def refunded(external_id: str, amount: int, event_id: str) -> Any:
    return entry([OrderPartEvent(occurred_at=at(9), order_id="o1", part=refund(external_id, amount))], event_id)


@pytest.fixture
def way(database: Database) -> Way:
    made = Way(database)
    made.take(
        entry([customer("1", name=("Anna", "Berg"), emails=["anna@example.com"])], "e1"),
        entry([OrderEvent(occurred_at=at(1), order=ORDER, record=KEY)], "e2"),
    )
    made.settle()
    assert deal(made) == ("100", "closedwon")
    return made


def deal(way: Way) -> tuple[str, str]:
    [found] = way.crm.deals()
    return found["amount"], found["dealstage"]


def test_a_deal_follows_a_refund_told_apart_from_its_order(way: Way) -> None:
    way.take(refunded("r1", 30, "e3"))
    way.settle()
    assert deal(way) == ("70", "closedwon")
    with way.database.session() as session:
        [(order,)] = session.rows("SELECT key FROM outbox WHERE subject = 'order'")
        attempt = explanations.attempts(session, order)[0]
    assert attempt["events"] == [3]  # and it names the refund's event
    way.take(refunded("r2", 70, "e4"))
    way.settle()
    assert deal(way) == ("0", "closedlost")


def test_a_deal_follows_the_deletion_of_its_order(way: Way) -> None:
    gone = DeletionEvent(occurred_at=at(9), record=RecordKey(kind="order", external_id="o1"), kind="order")
    way.take(entry([gone], "e3"))
    way.settle()
    assert deal(way)[1] == "closedlost"


def test_a_deal_follows_a_payment_told_apart_from_its_order(database: Database) -> None:
    way = Way(database)
    placed = ORDER.model_copy(update={"state": "open"})
    way.take(
        entry([customer("1", name=("Anna", "Berg"), emails=["anna@example.com"])], "e1"),
        entry([OrderEvent(occurred_at=at(1), order=placed, record=KEY)], "e2"),
    )
    way.settle()
    assert deal(way) == ("100", "contractsent")
    paid = Payment(external_id="p1", amount=Money(amount=Decimal(100), currency="EUR"), method="card")
    way.take(entry([OrderPartEvent(occurred_at=at(9), order_id="o1", part=paid)], "e3"))
    way.settle()
    assert deal(way) == ("100", "closedwon")


def test_a_refund_that_came_before_its_order_is_in_the_deal(database: Database) -> None:
    way = Way(database)
    way.take(refunded("r1", 30, "e1"))
    way.take(
        entry([customer("1", emails=["anna@example.com"])], "e2"),
        entry([OrderEvent(occurred_at=at(1), order=ORDER, record=KEY)], "e3"),
    )
    way.settle()
    assert deal(way) == ("70", "closedwon")


def test_one_refund_told_twice_counts_once_and_a_failed_one_not_at_all(way: Way) -> None:
    listed = ORDER.model_copy(update={"refunds": (refund("r1", 30),)})
    failed = OrderPartEvent(
        occurred_at=at(9), order_id="o1", part=refund("r2", 50).model_copy(update={"state": "failed"})
    )
    way.take(
        refunded("r1", 30, "e3"),
        entry([failed], "e4"),
        entry([OrderEvent(occurred_at=at(10), order=listed, record=KEY)], "e5"),
    )
    way.settle()
    assert deal(way) == ("70", "closedwon")


def test_a_profile_that_no_route_takes_is_not_in_sync(database: Database) -> None:
    way = Way(database)
    way.take(entry([customer("1", name=("Anna", "Berg"), emails=["anna@example.com"])], "e1"))
    # given a route that is narrowed before the row goes out
    way.routes = (Route("crm", compile_condition("consent.email == 'opted_in'")),)
    way.settle()
    with database.session() as session:
        [found] = view.find(session, text="Anna", limit=1)
    assert isinstance(found, Profile)
    assert (way.crm.contacts(), way.rows()) == ([], {"delivered": 1})
    assert [place.state for place in found.destinations] == ["not_routed"]
