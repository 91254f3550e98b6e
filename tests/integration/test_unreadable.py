"""One row that cannot be read, or one entry that cannot be stored, fails alone, wherever it is among others."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub.api.app import Api
from hub.application import process as stage
from hub.application.answer_review import Reviewer
from hub.application.review import shown
from hub.identity.record import record
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.matching.rules import IdentityRules
from hub.matching.version import identity
from hub.model.event import CanonicalEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.keys import profile_id, record_id
from hub.outbox.deliver import Sender, deliver
from hub.profiles import view
from hub.sdk.connection import Connection
from hub.store import due, facts, outbox, profiles, reviews, tokens, training
from hub.store.database import Database
from tests.integration.test_process import drain, order, processing, states
from tests.support.doubles import Crm, at, customer, entry, routes_to, source, store

NUL = "M\x00ü\x1b[31mller"


def profile(number: int) -> UUID:
    return profile_id(record_id("shop", "customer", str(number)))


def people(count: int) -> list[Any]:
    return [
        entry([customer(str(n), name=("Anna", f"Berg{n}"), emails=[f"anna{n}@example.com"])], f"e{n}")
        for n in range(count)
    ]


def renamed(event: OrderEvent, external_id: str) -> OrderEvent:
    return event.model_copy(update={"order": event.order.model_copy(update={"external_id": external_id})})


def damage(database: Database, sql: str, *given: object) -> None:
    with database.session() as session:
        assert session.run(sql, list(given)) == 1


def sent(database: Database, crm: Crm, connection: Connection) -> dict[str, tuple[str, str]]:
    deliver(Sender(database, connection, routes_to(connection), "test"))
    with database.session() as session:
        rows = outbox.page(session, states=("pending", "retrying", "delivered", "rejected", "dead"))
    return {f"{row['subject']} {row['key']}": (row["state"], row["reason"]) for row in rows}


# -- on the way in


def test_a_nul_in_any_text_of_a_customer_stops_nobody_and_reaches_reviews_and_orders(database: Database) -> None:
    # given a customer with a NUL in the name, in the street's company and in a tag, and an order of hers
    crm = Crm()
    connection = crm.connection("crm")
    odd = customer("1", name=(NUL, "Berg"), emails=["anna@example.com"], company="B\x00erg", tags=("a\x00",))
    store(database, [entry([odd], "e1"), entry([order("10")], "e2"), *people(3)[2:]])
    drain(processing(database))
    # then everything is done, and goes out, orders too
    assert {state for state, _ in states(database).values()} == {"done"}
    assert {state for state, _ in sent(database, crm, connection).values()} <= {"delivered", "pending"}
    assert {state for state, _ in sent(database, crm, connection).values()} == {"delivered"}
    assert len(crm.orders) == 1
    with database.session() as session:
        assert reviews.page(session, limit=10) == []
        assert reviews.read_stakes(session) == 0
        assert profiles.suppressed(session, [profile(1)]) == set()


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([customer("1", when=datetime.fromisoformat("9999-12-31T23:59:59.999999+00:00"))], "occurred_at: a time"),
        ([customer("1", when=datetime.fromisoformat("0001-01-01T00:00:00+00:00"))], "occurred_at: a time"),
        ([renamed(order("10"), "o\x00")], "order.external_id: an id with a NUL character"),
        ([order("1e4000")], "order.total: an amount of more than a hundred digits"),
    ],
    ids=["9999", "0001", "order id", "endless number"],
)
def test_what_no_row_can_hold_is_parked_before_it_is_stored_and_nothing_is_halved(
    database: Database, events: list[CanonicalEvent], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = people(30)
    shop = source("shop", read=lambda taken, _: made[taken.event_id])
    made = {each.event_id: [customer(each.event_id)] for each in entries} | {"e17": events}
    store(database, entries)
    work = processing(database, shop)
    calls: list[int] = []
    real = record

    def counted(*given: Any) -> Any:
        calls.append(1)
        return real(*given)

    monkeypatch.setattr(stage, "record", counted)
    drain(work)
    found = states(database)
    assert {name for name, (state, _) in found.items() if state != "done"} == {"e17"}
    assert found["e17"][1].startswith(f"events: {reason}")
    assert len(calls) == 1


def test_an_entry_that_only_the_database_refuses_is_found_in_few_steps_and_no_other_is_worked_on_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given two of 64 people that nothing before the database finds fault with
    with database.session() as session:
        session.run("ALTER TABLE record ADD CHECK (external_id NOT IN ('9', '50'))")
    store(database, people(64))
    attempts: list[int] = []
    real = stage._work

    def counted(*given: Any) -> Any:
        attempts.append(len(given[2]))
        return real(*given)

    monkeypatch.setattr(stage, "_work", counted)
    drain(processing(database))
    found = states(database)
    assert {name: state for name, (state, _) in found.items() if state != "done"} == {"e9": "parked", "e50": "parked"}
    # then each costs two attempts per halving at most, and the work is that of a few batches
    assert len(attempts) <= 1 + 2 * 2 * 6
    assert sum(attempts) <= 64 * 6


def test_a_stored_record_that_cannot_be_read_parks_its_own_news_alone_and_says_which(database: Database) -> None:
    store(database, people(5))
    work = processing(database)
    drain(work)
    damage(database, "UPDATE record SET state = '{\"half' WHERE external_id = '2'")
    news = [entry([customer(str(n), when=at(9), company="Berg KG")], f"n{n}") for n in range(5)]
    store(database, news)
    drain(work)
    found = states(database)
    assert {name for name, (state, _) in found.items() if state == "parked"} == {"n2"}
    broken = record_id("shop", "customer", "2")
    assert (
        found["n2"][1] == f"Hub failed on this entry (UnreadableError): record {broken} cannot be read: it is no JSON"
    )
    with database.session() as session:
        assert sum(1 for _ in training.states(database)) == 4
        # and what was not its own went on
        assert len([row for row in view.find(session, limit=10) if row.company]) == 4  # type: ignore[union-attr]


# -- on the way out


@pytest.mark.parametrize("golden", ['{"half', '{"emails": 7, "records": []}', "[]", "\x01"])
def test_a_golden_profile_that_cannot_be_read_is_rejected_alone_with_its_reason(
    database: Database, golden: str
) -> None:
    crm = Crm()
    connection = crm.connection("crm")
    store(database, people(4))
    drain(processing(database))
    damage(database, "UPDATE profile SET golden = %s WHERE id = %s", golden, profile(2))
    found = sent(database, crm, connection)
    state, reason = found.pop(f"profile {profile(2)}")
    assert (state, str(profile(2)) in reason) == ("rejected", True)
    assert {state for state, _ in found.values()} == {"delivered"}
    with database.session() as session:
        listed = view.find(session, limit=10)
    assert [isinstance(each, view.Unreadable) for each in sorted(listed, key=lambda each: each.id == profile(2))] == [
        False, False, False, True,
    ]  # fmt: skip


def test_an_order_that_cannot_be_read_is_rejected_alone(database: Database) -> None:
    crm = Crm()
    connection = crm.connection("crm")
    store(database, [*people(2), entry([order("5", key=RecordKey(kind="customer", external_id="1"))], "o")])
    drain(processing(database))
    damage(database, "UPDATE fact SET payload = '{}' WHERE kind = 'order'")
    sent(database, crm, connection)
    found = sent(database, crm, connection)
    assert sorted(state for state, _ in found.values()) == ["delivered", "delivered", "rejected"]
    with database.session() as session:
        session.run("UPDATE fact SET payload = '{'")
        [item] = facts.timeline(session, profile(1))
    assert list(item["payload"]) == ["unreadable"]


def test_a_mirror_that_cannot_be_read_is_nothing_known_and_is_written_anew(database: Database) -> None:
    crm = Crm()
    connection = crm.connection("crm")
    store(database, people(2))
    drain(processing(database))
    sent(database, crm, connection)
    damage(database, "UPDATE mirror SET properties = '{\"ha' WHERE key = %s", profile(1))
    with database.session() as session:
        session.run("UPDATE outbox SET state = 'pending'")
        rows = {row.key: row for row in due.due_rows(session, "crm", "profile", 10)}
        assert due.at_destinations(session, [profile(1)])["crm"][profile(1)] == "uncertain"
    assert (rows[profile(1)].mirror, rows[profile(1)].uncertain, rows[profile(0)].uncertain) == ({}, True, False)
    assert {state for state, _ in sent(database, crm, connection).values()} == {"delivered"}


# -- in front of people


def test_pages_of_profiles_and_reviews_show_the_others_and_name_the_one(database: Database) -> None:
    # given three pairs of doubtful people, and one profile that nobody can read
    store(database, people(6))
    drain(processing(database))
    ids = [record_id("shop", "customer", str(n)) for n in range(6)]
    with database.session() as session:
        for one, other in zip(ids[::2], ids[1::2], strict=True):
            session.run("INSERT INTO match VALUES (%s, %s, 5.0)", sorted((one, other)))
        _, token = tokens.create(session, "viewer", "test", at(0))
    damage(database, "UPDATE profile SET golden = '{\"half' WHERE id = %s", profile(0))

    work = processing(database)
    waits = GroupCommit(database.dsn)
    intake = WebhookIntake({}, waits, public_url="https://hub.example.com", max_body_bytes=1)
    reviewer = Reviewer(work, waken=lambda destination: None)
    app = Api(intake, waits, database, {}, in_force=work.in_force, reviewer=reviewer)

    async def asked() -> tuple[Any, Any, int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://hub.example.com") as client:
            client.headers["authorization"] = f"Bearer {token}"
            listed = await client.get("/api/v1/profiles")
            waiting = await client.get("/api/v1/reviews")
            one = await client.get(f"/api/v1/profiles/{profile(0)}")
            return listed.json(), waiting.json(), one.status_code

    listed, waiting, status = asyncio.run(asked())
    assert (len(listed["items"]), [each["id"] for each in listed["unreadable"]]) == (5, [str(profile(0))])
    assert (len(waiting["items"]), len(waiting["unreadable"])) == (2, 1)
    assert str(profile(0)) in waiting["unreadable"][0]["reason"]
    assert status == 500
    with database.session() as session:
        found = shown(session, reviews.page(session, limit=10), identity(IdentityRules()))
    assert sorted("unreadable" in each for each in found) == [False, False, True]


def test_no_statement_casts_stored_text_to_json() -> None:
    from pathlib import Path

    import hub.store

    folder = Path(hub.store.__file__).parent
    cast = [
        f"{path.name}:{number}"
        for path in folder.glob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "::json" in line or "->>" in line or "jsonb" in line or "AS json" in line
    ]
    assert cast == []
