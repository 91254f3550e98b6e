"""What is read again, after an upgrade or by replay, replaces what the same entries told before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from hub.application.process import Processing
from hub.model.event import CanonicalEvent, OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import Order, Refund, RefundBasis
from hub.store import inbox, migrate, notes
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.integration.test_process import drain, golden, processing
from tests.integration.test_upgrade import back_to
from tests.support.doubles import START, at, customer, entry, store

Again = Callable[[], None]
KEY = RecordKey(kind="customer", external_id="1")
YEARS = timedelta(days=3650)


def refund(external_id: str, basis: RefundBasis | None, second: float = 2) -> OrderPartEvent:
    part = Refund(
        external_id=external_id, amount=Money(amount=Decimal(20), currency="EUR"), basis=basis, state="success"
    )
    return OrderPartEvent(occurred_at=at(second), order_id="o1", part=part)


def order(second: float = 1, *refunds: Refund) -> OrderEvent:
    told = Order(external_id="o1", state="paid", placed_at=at(1), currency="EUR", total=Decimal(100), refunds=refunds)
    return OrderEvent(occurred_at=at(second), record=KEY, order=told)


def total(database: Database) -> str:
    [one] = golden(database)
    [amount] = one["orders"]["totals"]
    return str(amount["amount"])


def as_before(database: Database, event_id: str, *events: CanonicalEvent) -> None:
    """Let the stored entry be one that the Hub of before read as these events."""
    with database.session() as session:
        session.run("UPDATE inbox SET body = %s WHERE event_id = %s", [entry(events, event_id).body, event_id])


@pytest.fixture(params=["upgrade", "replay"])
def again(request: pytest.FixtureRequest, database: Database, dsn: str) -> Again:
    def upgrade() -> None:
        back_to(dsn, "0012")
        migrate.migrate(dsn)

    def replay() -> None:
        with database.session() as session:
            inbox.requeue(session)

    return upgrade if request.param == "upgrade" else replay


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (refund("r1", "goods"), refund("r1", "money")),
        (refund("r1", "money"), refund("r1", "goods")),
        (refund("r1", None), refund("r1", "money")),
        (refund("r1", None), refund("payment-1", "money")),
    ],
    ids=["goods to money", "money to goods", "a side is told now", "under another id"],
)
def test_a_refund_that_is_read_otherwise_now_counts_once(
    database: Database, again: Again, before: OrderPartEvent, now: OrderPartEvent
) -> None:
    # given an order, and money given back for it, told twice: as goods by another event, and so by this one
    work = processing(database)
    store(database, [entry([customer("1"), order()], "e1"), entry([refund("r0", "goods", 3)], "e2")])
    store(database, [entry([before], "e3")])
    drain(work)
    # when the release reads that one otherwise
    as_before(database, "e3", now)
    again()
    drain(work)
    # then what was read before is gone
    assert isinstance(now.part, Refund)
    basis = now.part.basis
    # goods twice are 40; goods and the money for them are 20
    assert total(database) == ("80" if basis == "money" else "60")
    with database.session() as session:
        told = session.rows("SELECT external_id, aspect FROM fact WHERE kind = 'refund'")
    assert sorted(told) == sorted([("r0", "goods"), (now.part.external_id, basis)])
    # and once more changes nothing
    with database.session() as session:
        versions = session.rows("SELECT id, version FROM profile")
    again()
    drain(work)
    with database.session() as session:
        assert session.rows("SELECT id, version FROM profile") == versions


def test_an_order_that_tells_its_refund_no_more_has_none(database: Database, again: Again) -> None:
    work = processing(database)
    given = Refund(external_id="r1", amount=Money(amount=Decimal(20), currency="EUR"))
    store(database, [entry([customer("1"), order(1, given)], "e1")])
    drain(work)
    assert total(database) == "80"
    as_before(database, "e1", customer("1"), order(1))
    again()
    drain(work)
    assert total(database) == "100"


def test_what_another_event_told_later_is_not_replaced(database: Database, again: Again) -> None:
    work = processing(database)
    store(database, [entry([customer("1"), order()], "e1"), entry([refund("r1", None)], "e2")])
    store(database, [entry([refund("r1", "money", 5)], "e3")])
    drain(work)
    as_before(database, "e2", refund("r1", "goods"))
    again()
    drain(work)
    with database.session() as session:
        assert session.rows("SELECT aspect FROM fact WHERE kind = 'refund'") == [("money",)]


# -- times ahead of their arrival


def told(number: int, name: str, *, ahead: bool = False) -> NewEntry:
    when = at(number) + (YEARS if ahead else timedelta())
    events = [customer("1", when=when, name=(name, "Berg"), emails=[f"{name.lower()}@example.com"], whole=["emails"])]
    return entry(events, f"e{number}", received_at=at(number))


STORY = (told(1, "Anna"), told(2, "Anja", ahead=True), told(3, "Anne"))


@pytest.mark.parametrize("order", list(permutations(STORY)))
def test_a_time_ahead_of_its_arrival_loses_against_later_news_in_any_order(
    database: Database, order: Sequence[NewEntry]
) -> None:
    work = processing(database)
    for one in order:
        store(database, [one])
        drain(work)
    [found] = golden(database)
    assert (found["name"]["first"], found["emails"]) == ("Anne", ["anne@example.com"])
    with database.session() as session:
        [ahead] = session.rows("SELECT id FROM inbox WHERE event_id = 'e2'")
        [note] = notes.of_entry(session, ahead[0])
    assert note["path"] == "occurred_at"
    assert note["reason"].endswith("lies ahead of its arrival: counts as its arrival")
    # and a replay changes nothing
    with database.session() as session:
        inbox.requeue(session)
    drain(work)
    assert golden(database) == [found]


def test_what_stood_above_everything_before_the_upgrade_is_read_again(
    database: Database, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a database of before, where a time in ten years won over everything that was told later
    work: Processing = processing(database)
    with monkeypatch.context() as before:
        before.setattr("hub.normalise.batch.arrived", lambda events, received_at: (events, ()))
        store(database, STORY)
        store(database, [entry([order(YEARS.total_seconds())], "e4", received_at=at(4))])
        store(database, [entry([order(9)], "e5", received_at=at(9))])
        drain(work)
    [found] = golden(database)
    assert found["name"]["first"] == "Anja"
    # when it is upgraded, an entry at a time
    back_to(dsn, "0012")
    migrate.migrate(dsn)
    drain(work)
    # then what came later holds
    [found] = golden(database)
    assert (found["name"]["first"], found["emails"]) == ("Anne", ["anne@example.com"])
    with database.session() as session:
        assert session.rows("SELECT version_at FROM fact WHERE kind = 'order'") == [(at(9),)]
        ahead = f"%{int((START + YEARS).timestamp())}%"
        assert session.rows("SELECT id FROM record WHERE state LIKE %s", [ahead]) == []
