"""Which orders count, and what is left of them: revenue follows payment, money is added within one currency only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module
from itertools import permutations
from typing import Any

import orjson
import pytest

from hub.application.process import Processing, process_batch
from hub.matching.rules import IdentityRules
from hub.model.event import CanonicalEvent, DeletionEvent, OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.keys import fact_id
from hub.model.money import Money
from hub.model.order import Order, Payment, Refund
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection
from hub.store import explanations, facts, identity_status, versions
from hub.store.database import Database
from tests.support.doubles import Crm, at, by_name, empty, entry, routes_to, source, store

ONE = RecordKey(kind="customer", external_id="1")


def order(total: str, state: str, *, when: int = 1, number: str = "o1", **fields: Any) -> OrderEvent:
    made = Order.model_validate(
        {"external_id": number, "placed_at": at(0), "currency": "EUR", "total": total, "state": state, **fields}
    )
    return OrderEvent(occurred_at=at(when), order=made, record=ONE)


def refund(amount: str, currency: str = "EUR", number: str = "r1", *, when: int = 2, **fields: Any) -> OrderPartEvent:
    money = Money(amount=Decimal(amount), currency=currency)
    return OrderPartEvent(occurred_at=at(when), order_id="o1", part=Refund(external_id=number, amount=money, **fields))


def payment(amount: str, state: str | None = "completed", number: str = "p1", currency: str = "EUR") -> OrderPartEvent:
    money = Money(amount=Decimal(amount), currency=currency)
    return OrderPartEvent(
        occurred_at=at(2), order_id="o1", part=Payment(external_id=number, amount=money, method="card", state=state)
    )


def processed(database: Database, events: Sequence[CanonicalEvent], shop: Connection | None = None) -> dict[str, Any]:
    """The orders of the one profile, after each event in a batch of its own."""
    crm = Crm().connection("crm")
    work = Processing(
        database, by_name(shop or source("shop"), crm), routes_to(crm), IdentityRules(), SurvivorshipRules()
    )
    for number, event in enumerate(events):
        store(database, [entry([event], f"e{number}:{event.occurred_at}")])
        while process_batch(work).entries:
            pass
    while process_batch(work).entries:
        pass
    with database.session() as session:
        [[golden]] = session.rows("SELECT golden FROM profile")
    found: dict[str, Any] = orjson.loads(golden).get("orders", {})
    return found


def totals(found: dict[str, Any]) -> tuple[int, list[tuple[str, str]]]:
    return found.get("count", 0), [(each["amount"], each["currency"]) for each in found.get("totals", [])]


@pytest.mark.parametrize("unpaid", [{"state": "open"}, {"state": "fulfilled", "payment_due": True}])
def test_an_order_nobody_has_paid_is_no_revenue_and_stands_apart(database: Database, unpaid: dict[str, Any]) -> None:
    found = processed(database, [order("50", **unpaid)])

    assert totals(found) == (0, [])
    assert totals(found["open"]) == (1, [("50", "EUR")])
    assert "first_at" not in found


def test_a_source_that_says_paid_is_believed_whatever_the_state(database: Database) -> None:
    assert totals(processed(database, [order("50", "open", payment_due=False)])) == (1, [("50", "EUR")])


def test_where_the_connection_says_placed_an_order_counts_at_once(database: Database) -> None:
    found = processed(database, [order("50", "open")], source("shop", revenue="placed"))

    assert totals(found) == (1, [("50", "EUR")])
    assert "open" not in found


@pytest.mark.parametrize(("revenue", "above"), [("placed", [(1, Decimal(50))]), ("paid", [])])
def test_status_counts_orders_against_the_limits_as_their_connection_does(
    database: Database, revenue: str, above: list[tuple[int, Decimal]]
) -> None:
    processed(database, [order("50", "open")], source("shop", revenue=revenue))

    with database.session() as session:
        large = identity_status.large(session, 10, 10, Decimal(49))

    assert [(each.orders, each.revenue) for each in large] == above


@pytest.mark.parametrize("events", list(permutations([order("50", "open"), payment("50"), refund("8")])))
def test_a_payment_told_apart_makes_it_revenue_in_any_order(
    database: Database, events: Sequence[CanonicalEvent]
) -> None:
    empty(database)
    events = [*events, order("20", "open", number="o2")]

    found = processed(database, events)

    assert totals(found) == (1, [("42", "EUR")])
    assert totals(found["open"]) == (1, [("20", "EUR")])


@pytest.mark.parametrize(
    "promised", [payment("50", "approved"), payment("50", "failed"), payment("20"), payment("50", currency="USD")]
)
def test_a_promise_a_part_or_other_money_is_no_payment_of_it(database: Database, promised: OrderPartEvent) -> None:
    assert totals(processed(database, [order("50", "open"), promised])) == (0, [])


def test_an_order_that_is_paid_later_counts_and_one_set_back_does_not(database: Database) -> None:
    paid = processed(database, [order("50", "open"), order("50", "paid", when=3), order("50", "open", when=2)])
    assert (totals(paid), "open" in paid) == ((1, [("50", "EUR")]), False)

    back = processed(database, [order("50", "failed", when=4)])
    assert totals(back) == (0, [])


def test_a_refund_in_the_customers_currency_is_never_subtracted_by_its_number(database: Database) -> None:
    # Field case 02: an order of EUR 50, and JPY 1600 paid out for it.
    found = processed(database, [order("50", "paid"), refund("1600", "JPY"), refund("5", number="r2")])

    assert totals(found) == (1, [("45", "EUR")])
    with database.session() as session:
        held = facts.stored_orders(session, [fact_id("shop", "order", "o1")])[fact_id("shop", "order", "o1")]
        [[profile]] = session.rows("SELECT id FROM profile")
        [listed] = explanations.orders(session, profile, 10)
    assert (held.refunded, held.paid, held.deleted) == (Decimal(5), True, False)
    assert (listed.refunded, listed.otherwise) == (Decimal(5), ["1600 JPY"])


def test_orders_in_two_currencies_are_two_totals(database: Database) -> None:
    found = processed(database, [order("50", "paid"), order("70", "paid", number="o2", currency="CHF")])

    assert totals(found) == (2, [("70", "CHF"), ("50", "EUR")])


def test_goods_taken_off_and_their_money_told_apart_are_one_reduction(database: Database) -> None:
    parts = [refund("25", number="r1", basis="goods"), refund("25", number="r2", basis="money")]

    assert totals(processed(database, [order("50", "paid"), *parts])) == (1, [("25", "EUR")])


def test_money_beyond_the_goods_counts(database: Database) -> None:
    parts = [refund("25", basis="goods"), refund("30", number="r2", basis="money"), refund("1", number="r3")]

    assert totals(processed(database, [order("100", "paid"), *parts])) == (1, [("69", "EUR")])


def test_orders_stored_before_are_open_after_the_upgrade_where_nobody_had_paid(database: Database) -> None:
    step = import_module("hub.store.migrations.versions.0008_orders")
    update = step._UP[step._UP.index("UPDATE fact") :].strip().rstrip(";")
    told = [order("1", "open"), order("50", "paid", number="o2")]
    tricky = {"note": 'no "state":"open" of its own', "number": 'N"1'}
    processed(database, [one.model_copy(update={"order": one.order.model_copy(update=tricky)}) for one in told])
    with database.session() as session:
        session.run("UPDATE fact SET aspect = NULL")
        versions.queue_all(session)
    assert totals(processed(database, [])) == (2, [("51", "EUR")])
    with database.session() as session:
        session.run(update)

        found: dict[str, str | None] = dict(session.rows("SELECT external_id, aspect FROM fact"))
        # and the profile follows once 0009 has it folded again
        again = import_module("hub.store.migrations.versions.0009_records")._UP
        assert session.run(again[again.index("INSERT INTO reresolve") :].strip().rstrip(";")) == 1
    assert found == {"o1": "open", "o2": None}
    assert totals(processed(database, [])) == (1, [("50", "EUR")])


GONE = DeletionEvent(occurred_at=at(3), record=RecordKey(kind="order", external_id="o1"), kind="order")


@pytest.mark.parametrize("events", list(permutations([order("50", "paid"), GONE, order("50", "paid", when=4)])))
def test_an_order_taken_back_from_the_trash_counts_again_in_any_order(
    database: Database, events: Sequence[CanonicalEvent]
) -> None:
    # WooCommerce's order.restored, after its order.deleted
    assert totals(processed(database, events)) == (1, [("50", "EUR")])


@pytest.mark.parametrize("events", list(permutations([order("50", "paid"), GONE, order("50", "paid", when=2)])))
def test_stale_news_of_a_deleted_order_does_not_bring_it_back(
    database: Database, events: Sequence[CanonicalEvent]
) -> None:
    assert totals(processed(database, events)) == (0, [])


def test_the_first_and_last_order_are_found_among_currencies_and_parts_of_a_second(database: Database) -> None:
    # As text 09:00:00.5Z sorts before 09:00:00Z.
    early = order("10", "paid", number="o1", placed_at=at(0))
    late = order("10", "paid", number="o2", placed_at=at(0.5), currency="USD")

    found = processed(database, [early, late])

    assert (found["first_at"], found["last_at"]) == ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00.500000Z")
