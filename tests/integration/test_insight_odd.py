"""What bad input gets: erased people, orders of the future, employees, several currencies, one product, ten people."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.application import insight, report
from hub.application.report import besides
from hub.application.traits import Insight
from hub.model.event import CanonicalEvent, PrivacyEvent
from hub.model.identifier import RecordKey
from hub.store import touches
from hub.store.database import Database
from tests.integration.test_behaviour import did
from tests.integration.test_traits import DAY, everybody, now_of, order
from tests.support.doubles import customer, entry
from tests.support.hubspot import Way


def lines(*names: str) -> list[dict[str, Any]]:
    return [{"product": {"name": name}, "quantity": "1"} for name in names]


def person(who: str) -> CanonicalEvent:
    return customer(who, emails=[f"{who}@x.example"])


def erased(who: str, now: datetime) -> CanonicalEvent:
    key = RecordKey(kind="customer", external_id=who)
    return PrivacyEvent(occurred_at=now, external_id=f"p-{who}", action="erasure", record=key)


def rows(database: Database, *names: str) -> dict[str, list[Any]]:
    with database.session() as session:
        return {one.name: one.documents() for one in report.report(session, Insight(), list(names))}


def test_who_is_erased_is_in_no_model_and_no_figure_from_the_next_run_on(database: Database) -> None:
    """woocommerce-admin #3810, getlago/lago-api #2285: deleted customers stayed in the analytics."""
    # given five people who bought the same two things, came by an advertisement, and wait for an answer
    way, now = Way(database), now_of(database)
    events: list[CanonicalEvent] = []
    for number in range(5):
        who = f"c{number}"
        events += [
            person(who),
            did(who, f"v{number}", "page_viewed", now - 3 * DAY, url="https://x.example/?utm_source=ad&utm_medium=cpc"),
            did(who, f"m{number}", "message", now - 3 * DAY, text="Hallo?", direction="in"),
            order(who, f"o{number}", now - 2 * DAY, "20.00", lines=lines("Tea", "Pot")),
        ]
    way.take(entry(events, "e1", received_at=now))
    insight.run(way.processing, fit=True)
    with database.session() as session:
        assert len([row for row in touches.every_pair(session) if row.item]) == 2
        assert besides(session).waiting == 5
    assert sum(row["last"] for row in rows(database, "attribution")["attribution"]) == 100.0
    # when two of them are erased, and the next run fits
    way.take(entry([erased("c0", now), erased("c1", now)], "e2", received_at=now))
    insight.run(way.processing, fit=True)
    # then nothing speaks of them
    with database.session() as session:
        assert [row for row in touches.every_pair(session) if row.item] == []
        assert besides(session).waiting == 3
        assert session.rows("SELECT count(*) FROM customer_stat") == [(3,)]
        assert session.rows("SELECT count(*) FROM behaviour") == [(3,)]
    found = rows(database, "attribution", "funnel", "life-cycle")
    assert sum(row["last"] for row in found["attribution"]) == 60.0
    assert next(row["people"] for row in found["funnel"] if row["step"] == "order") == 3


def test_an_order_of_the_future_is_not_there_yet_in_any_report(database: Database) -> None:
    """As where the clock of a machine was ahead: else an order dated ahead is as of its arrival."""
    way, now = Way(database), now_of(database)
    events: list[CanonicalEvent] = []
    for number in range(6):
        who = f"c{number}"
        came = did(who, f"v{number}", "page_viewed", now - 3 * DAY, url="https://x.example/?utm_source=ad")
        ahead = order(who, f"o{number}", now + 400 * DAY, "20.00", lines=lines("Tea", "Pot"))
        events += [person(who), came, ahead]
    way.take(entry(events, "e1", received_at=now + 401 * DAY))
    insight.run(way.processing, fit=True)
    found = rows(database, *report.REPORTS)
    assert found["attribution"] == []
    assert found["products"] == []
    assert found["forecast-by-channel"] == []
    assert {one.traits.stage for one in everybody(database)} == {"potential"}
    assert {one.traits.next_products for one in everybody(database)} == {()}


def test_an_employee_with_5000_orders_and_two_currencies_moves_nobody_else(database: Database) -> None:
    way, now = Way(database), now_of(database)
    events: list[CanonicalEvent] = []
    for number in range(60):
        who = f"c{number}"
        events.append(person(who))
        for place in range(1 + number % 4):
            paid = "CHF" if number % 7 == 0 else "EUR"
            at = now - (30 * place + number % 29 + 1) * DAY
            events.append(order(who, f"o{number}-{place}", at, "30.00", currency=paid, lines=lines("Tea")))
    way.take(entry(events, "e1", received_at=now))
    insight.run(way.processing, fit=True)
    before = {one.records[0].external_id: one.traits for one in everybody(database)}
    staff: list[CanonicalEvent] = [person("staff")]
    staff += [
        order("staff", f"s{number}", now - timedelta(hours=7 * number + 1), "9999.00", lines=lines("Tea"))
        for number in range(5_000)
    ]
    for start in range(0, len(staff), 500):
        way.take(entry(staff[start : start + 500], f"s{start}", received_at=now))
    insight.run(way.processing, fit=True)
    after = {one.records[0].external_id: one.traits for one in everybody(database)}
    assert after["staff"].stage is not None
    told = Counter(after[who].stage == before[who].stage for who in before)
    assert told[True] >= 55
    worth = [value for who in before if (value := after[who].order_value) is not None]
    assert worth
    assert max(worth) < 500
    found = rows(database, *report.REPORTS)
    assert {row["currency"] for row in found["life-cycle"] if row.get("currency")} <= {"EUR", "CHF"}


@pytest.mark.parametrize("people", [1, 10])
def test_ten_customers_and_one_product_make_every_report_and_no_number_out_of_nothing(
    database: Database, people: int
) -> None:
    way, now = Way(database), now_of(database)
    events: list[CanonicalEvent] = []
    for number in range(people):
        events += [
            person(f"c{number}"),
            order(f"c{number}", f"o{number}", now - (number + 1) * DAY, lines=lines("Tea")),
        ]
    way.take(entry(events, "e1", received_at=now))
    insight.run(way.processing, fit=True)
    with database.session() as session:
        found = {one.name: one for one in report.report(session, Insight(), list(report.REPORTS))}
    for name in ("products", "personas", "forecast", "forecast-by-channel", "attribution", "leads", "holdout"):
        assert found[name].rows == [], name
        assert found[name].notes, name
    assert {one.traits.alive for one in everybody(database)} == {None}
