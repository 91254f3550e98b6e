"""Reconcile: what a source holds against Hub, item by item; what lacks is found, named, and fetched."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from hub.application.process import Processing, process_batch
from hub.application.reconcile import Comparison, Reconciling, by_hour, by_kind, reconcile
from hub.errors import ConfigError, RateLimited, Unavailable
from hub.matching.rules import IdentityRules
from hub.model.event import CanonicalEvent, DeletionEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order, OrderState
from hub.outbox.health import of_source
from hub.profiles import view
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection
from hub.sdk.source import BackfillItem, BackfillPage
from hub.store import reconciliations, stats
from hub.store.database import Database
from tests.support.doubles import at, by_name, customer, entry, source, store

IDA = RecordKey(kind="customer", external_id="7")


def body(events: Iterable[CanonicalEvent]) -> bytes:
    return orjson.dumps([event.model_dump(mode="json", exclude_defaults=True) for event in events])


def order(number: str, *, changed: float, total: str = "10.00", state: OrderState = "paid") -> OrderEvent:
    placed = Order(external_id=number, state=state, placed_at=at(0), currency="EUR", total=Decimal(total))
    return OrderEvent(occurred_at=at(changed), order=placed, record=IDA)


@dataclass
class Shop:
    """A shop whose list holds ``items``; it deletes orders without a word."""

    items: list[tuple[str, Sequence[CanonicalEvent]]] = field(default_factory=list)
    orders: set[str] = field(default_factory=set)
    asked: list[tuple[datetime | None, tuple[str, ...]]] = field(default_factory=list)
    away: bool = False
    slow: int = 0
    pages_read: list[int] = field(default_factory=list)

    def connection(self) -> Connection:
        return source(
            "shop", backfill=self.pages, deleted=self.deleted, api_root=lambda settings: "https://shop.example.com"
        )

    def pages(self, _: Any, settings: Any, since: datetime | None, cursor: Mapping[str, Any] | None) -> Iterator[Any]:
        if self.away:
            raise Unavailable("503")
        items = [BackfillItem(event_id, "events", body(events)) for event_id, events in self.items]
        for start in range((cursor or {"next": 0})["next"], len(items), 2):
            if start and self.slow:
                self.slow -= 1
                raise RateLimited("429", retry_after=7)
            self.pages_read.append(start)
            yield BackfillPage(items[start : start + 2], {"next": start + 2})

    def deleted(self, _: Any, settings: Any, ids: Sequence[str]) -> Iterator[BackfillItem]:
        self.asked.append((None, tuple(ids)))
        for one in ids:
            if one not in self.orders:
                gone = DeletionEvent(
                    occurred_at=at(9_000), record=RecordKey(kind="order", external_id=one), kind="order"
                )
                yield BackfillItem(f"gone:{one}", "events", body([gone]))


def work(database: Database, connection: Connection) -> None:
    rules = Processing(database, by_name(connection), (), IdentityRules(), SurvivorshipRules())
    while process_batch(rules).entries:
        pass


def revenue(database: Database) -> tuple[int, list[str]]:
    with database.session() as session:
        [ida] = view.find(session, limit=2)
    return ida.orders.count, [str(total.amount) for total in ida.orders.totals]  # type: ignore[union-attr]


def test_what_is_missing_or_older_is_found_and_fetched_and_the_second_comparison_finds_nothing(
    database: Database,
) -> None:
    # given a shop with two orders and a customer, of which Hub missed one order and the latest states of the others
    ida = customer("7", when=at(0), name=("Ida", "Sommer"), emails=["ida@sommer.example"])
    renamed = customer("7", when=at(50), name=("Ida", "Winter"), emails=["ida@sommer.example"])
    shop = Shop(
        [("c", [renamed]), ("o1", [order("1", changed=60, total="12.00")]), ("o2", [order("2", changed=70)])],
        orders={"1", "2"},
    )
    connection = shop.connection()
    store(database, [entry([ida], "w1"), entry([order("1", changed=5)], "w2")])
    work(database, connection)
    # when it is compared without repair
    seen = reconcile(database, connection, since=None, repair=False)
    # then each gap is named, and nothing was fetched
    named = {(gap.kind, gap.external_id): gap.standing for gap in seen.gaps}
    assert named == {("customer", "7"): "older", ("order", "1"): "older", ("order", "2"): "missing"}
    assert (seen.open_gaps, revenue(database)) == (3, (1, ["10.00"]))
    # when it is repaired
    done = reconcile(database, connection, since=None)
    work(database, connection)
    # then everything is here, and another comparison says so
    assert (done.repaired, done.open_gaps, revenue(database)) == (3, 0, (2, ["22.00"]))
    again = reconcile(database, connection, since=None)
    assert (again.found, again.gaps) == ({"same": 3, "repaired": 0}, [])
    assert by_kind(again) == [("customer", {"same": 1}), ("order", {"same": 2})]
    with database.session() as session:
        kept = reconciliations.page(session)["shop"]
    assert kept.found == {"same": 3, "repaired": 0}
    assert (sum(hour.items for hour in kept.hours), sum(hour.gaps for hour in kept.hours)) == (3, 0)


def test_gaps_are_told_by_the_hour_of_the_source(database: Database) -> None:
    shop = Shop([("o1", [order("1", changed=60)]), ("o2", [order("2", changed=3_660)])], orders={"1", "2"})
    store(database, [entry([order("1", changed=60)], "w")])
    work(database, shop.connection())
    found = reconcile(database, shop.connection(), since=None, repair=False)
    assert by_hour(found) == [(at(3_600), "order", {"missing": 1})]


def test_a_version_that_changed_nothing_we_keep_is_no_gap(database: Database) -> None:
    # given an order that was touched at the shop without a change that Hub reads
    shop = Shop([("o1", [order("1", changed=99)])], orders={"1"})
    store(database, [entry([order("1", changed=5)], "w")])
    work(database, shop.connection())
    assert reconcile(database, shop.connection(), since=None).found == {"same": 1, "repaired": 0}


def test_what_waits_in_the_inbox_or_cannot_be_read_is_no_gap(database: Database) -> None:
    shop = Shop([("o1", [order("1", changed=5)])], orders={"1"})
    connection = shop.connection()
    first = reconcile(database, connection, since=None)
    second = reconcile(database, connection, since=None)
    assert (first.found, second.found) == ({"missing": 1, "repaired": 1}, {"waiting": 1, "repaired": 0})

    shop.pages = lambda *_: iter([BackfillPage([BackfillItem("x", "events", b"{")], {})])  # type: ignore[method-assign]
    assert reconcile(database, shop.connection(), since=None).found == {"parked": 1, "repaired": 0}


def test_an_order_deleted_without_a_word_leaves_the_totals_and_a_restored_one_comes_back(database: Database) -> None:
    # given two orders, of which the shop has deleted one for good
    ida = customer("7", when=at(0), name=("Ida", "Sommer"), emails=["ida@sommer.example"])
    shop = Shop([("o2", [order("2", changed=70)])], orders={"2"})
    connection = shop.connection()
    store(database, [entry([ida], "w0"), entry([order("1", changed=5)], "w1"), entry([order("2", changed=70)], "w2")])
    work(database, connection)
    assert revenue(database) == (2, ["20.00"])
    # when it is compared
    done = reconcile(database, connection, since=None)
    work(database, connection)
    # then only the order that was not in the list was asked for, and it is in no total any more
    assert (shop.asked, done.found["deleted"]) == ([(None, ("1",))], 1)
    assert revenue(database) == (1, ["10.00"])
    # when the shop takes it back from the trash
    shop.items.append(("o1-again", [order("1", changed=9_500)]))
    shop.orders.add("1")
    reconcile(database, connection, since=None)
    work(database, connection)
    # then it counts again
    assert revenue(database) == (2, ["20.00"])


def test_an_entry_that_was_parked_and_can_be_read_now_is_worked_on_again(database: Database) -> None:
    # given an item that an earlier release could not read
    shop = Shop([("o1", [order("1", changed=5)])], orders={"1"})

    def refuses(*_: Any) -> Any:
        raise ValueError("a fault of that release")

    broken = source("shop", read=refuses)
    with database.session() as session:
        session.run("SELECT 1")
    store(database, [entry([order("1", changed=5)], "o1")])
    work(database, broken)
    # when it is compared by a release that can
    done = reconcile(database, shop.connection(), since=None)
    work(database, shop.connection())
    # then it is here
    assert done.found == {"missing": 1, "repaired": 1}
    assert reconcile(database, shop.connection(), since=None).found == {"same": 1, "repaired": 0}


def test_by_the_clock_one_process_at_a_time_and_an_outage_is_no_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.intake.backfill.WAITS", ())
    shop = Shop([("o1", [order("1", changed=5)])], orders={"1"}, away=True)
    task = Reconciling(database, shop.connection(), timedelta(hours=6))
    stopping = threading.Event()
    # when the shop is away, nothing is compared, people are told, and it is left alone for a while
    assert task.run_if_due(stopping) is None
    with database.session() as session:
        health = of_source("shop", stats.source_troubles(session)["shop"])
    assert (health.state, "hub reconcile shop" in health.advice) == ("resting", True)
    shop.away = False
    assert task.run_if_due(stopping) is None
    # then it is tried again
    with database.session() as session:
        session.run("UPDATE completion_rest SET not_before = now()")
    done = task.run_if_due(stopping)
    assert isinstance(done, Comparison)
    assert done.repaired == 1
    # and after that it is not due, and all is well
    assert task.run_if_due(stopping) is None
    with database.session() as session:
        assert stats.source_troubles(session) == {}


def test_a_refusal_for_the_rate_in_the_midst_is_waited_for_and_no_page_is_read_twice(database: Database) -> None:
    # given a shop of two pages that says 429 once before the second
    shop = Shop([(f"o{one}", [order(str(one), changed=one)]) for one in (1, 2, 3)], orders={"1", "2", "3"}, slow=1)
    waited: list[float] = []
    # when it is compared
    found = reconcile(database, shop.connection(), since=None, sleep=waited.append)
    # then all is fetched, each page was read once, and the wait is the one it asked for
    assert (found.repaired, shop.pages_read, waited) == (3, [0, 2], [7.0])


def test_a_connector_without_a_list_says_why(database: Database) -> None:
    with pytest.raises(ConfigError, match="no backfill"):
        reconcile(database, source("shop"), since=None)
