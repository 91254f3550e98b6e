"""Traits follow every event: the life cycle of a customer in the batch that brings an order, a refund, a merge."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from hub.model.event import CanonicalEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order, Refund
from hub.model.money import Money
from hub.model.profile import Profile
from hub.profiles import view
from hub.store.database import Database
from tests.support.doubles import Crm, at, by_name, customer, entry, routes_to, source
from tests.support.hubspot import Way

DAY = timedelta(days=1)


def order(who: str, number: str, when: datetime, total: str = "20.00", **fields: object) -> OrderEvent:
    told = Order.model_validate(
        {"external_id": number, "state": "paid", "placed_at": when, "currency": "EUR", "total": total, **fields}
    )
    return OrderEvent(occurred_at=max(when, at(0)), record=RecordKey(kind="customer", external_id=who), order=told)


def ida(database: Database) -> Profile:
    with database.session() as session:
        [found] = view.find(session, limit=2)
    assert isinstance(found, Profile)
    return found


IDA = customer("7", name=("Ida", "Sommer"), emails=["ida@sommer.example"])


def test_somebody_without_orders_is_a_potential_customer(database: Database) -> None:
    way = Way(database)
    way.take(entry([IDA], "e1"))
    assert ida(database).traits.stage == "potential"
    with database.session() as session:
        assert session.rows("SELECT 1 FROM trait") == []


def test_the_stage_follows_an_order_in_the_same_batch(database: Database) -> None:
    way = Way(database)
    now = _now(database)
    way.take(entry([IDA, order("7", "o1", now - 3 * DAY)], "e1"))
    traits = ida(database).traits
    assert (traits.stage, traits.stage_since, traits.last_order_via) == ("new", (now - 3 * DAY).date(), "shop")


def test_a_full_refund_takes_the_order_away_and_a_test_order_never_counts(database: Database) -> None:
    way = Way(database)
    now = _now(database)
    way.take(entry([IDA, order("7", "o1", now - 3 * DAY), order("7", "o2", now - DAY, test=True)], "e1"))
    assert ida(database).traits.stage == "new"
    back = Refund(external_id="r1", amount=Money(amount=Decimal("20.00"), currency="EUR"), at=now)
    way.take(entry([order("7", "o1", now - 3 * DAY, refunds=[back], state="refunded")], "e2", received_at=now))
    assert ida(database).traits.stage == "potential"


def _now(database: Database) -> datetime:
    with database.session() as session:
        return session.now()
