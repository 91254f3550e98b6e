"""No statement of a batch looks at more rows the more there are stored: PostgreSQL's own plans, on fresh tables.

Statistics of a table that was just filled are wrong or missing, and that is when a lookup by key turns into a scan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from hub.application.process import process_batch
from hub.model.event import OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import Order, Refund
from hub.store.database import Database, Session
from hub.store.inbox import NewEntry
from tests.support import servers
from tests.support.doubles import at, customer, entry, store
from tests.support.hubspot import Way


@pytest.fixture
def database(postgres_server: servers.Postgres) -> Iterator[Database]:
    """One that no other test had before: what was analysed there while it was small leads to other plans."""
    with postgres_server.database() as made:
        yield made


STORED, BATCH = 900, 20
MOST = 30 * BATCH
"""Rows that one step of a plan may look at: above what a batch needs, below what is stored."""
_PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


def person(number: int, *, when: int = 0) -> NewEntry:
    """A customer with an order and a refund of it."""
    key = RecordKey(kind="customer", external_id=str(number))
    order = Order(
        external_id=f"o{number}", state="paid", placed_at=at(0), currency="EUR", total=Decimal(10), number=f"#{number}"
    )
    part = Refund(external_id=f"r{number}", amount=Money(amount=Decimal(1), currency="EUR"))
    told = customer(
        str(number), when=at(when), name=(f"Anna{number}", f"Berg{when}x{number}"), emails=[f"a{number}@example.com"]
    )
    return entry(
        [
            told,
            OrderEvent(occurred_at=at(when + 1), order=order, record=key),
            OrderPartEvent(occurred_at=at(when + 2), order_id=order.external_id, part=part),
        ],
        f"e{number}-{when}",
    )


def rows_looked_at(plan: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    removed = sum(plan.get(f"Rows Removed by {reason}", 0) for reason in ("Filter", "Join Filter", "Index Recheck"))
    told = f"{plan['Node Type']} {plan.get('Relation Name', '')} {plan.get('Index Name', '')}".strip()
    yield int((plan["Actual Rows"] + removed) * plan["Actual Loops"]), told
    for below in plan.get("Plans", ()):
        yield from rows_looked_at(below)


@contextmanager
def plans(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[int, str]]]:
    """Per statement that runs meanwhile the step that looked at the most rows, and how many those were."""
    worst: dict[str, tuple[int, str]] = {}

    def explained(run: Any) -> Any:
        def spy(self: Session, sql: str, parameters: Any = None) -> Any:
            if sql.split(maxsplit=1)[0] in _PLANNED:
                with self.connection.transaction(force_rollback=True):
                    [[[found]]] = self.connection.execute(
                        b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + sql.encode(), parameters
                    ).fetchall()
                name = " ".join(sql.split())
                worst[name] = max(worst.get(name, (0, "")), *rows_looked_at(found["Plan"]))
            return run(self, sql, parameters)

        return spy

    with monkeypatch.context() as patched:
        for name in ("rows", "run"):
            patched.setattr(Session, name, explained(getattr(Session, name)))
        yield worst


@pytest.mark.parametrize("analysed", [False, True], ids=["fresh tables", "analysed tables"])
def test_a_batch_looks_at_rows_of_its_own_and_not_at_all_that_are_stored(
    database: Database, monkeypatch: pytest.MonkeyPatch, analysed: bool
) -> None:
    # given many people with orders, all delivered
    way = Way(database)
    way.take(*(person(number) for number in range(STORED)))
    way.settle()
    if analysed:
        with database.session() as session:
            session.run("ANALYZE")
    # when a few of them and a few new ones are told of, and delivered
    store(database, [person(number, when=10) for number in range(STORED - BATCH // 2, STORED + BATCH // 2)])
    with plans(monkeypatch) as worst:
        assert process_batch(way.processing).entries == BATCH
        way.send()
    # then no step of any plan looked at more than the batch's own rows
    assert len(worst) > 30
    assert {name: found for name, found in worst.items() if found[0] > MOST} == {}
