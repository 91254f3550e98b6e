"""What stands between the two transactions of identity: nothing of it is lost, told twice, or held up by another."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hub.application import placing
from hub.application import process as stage
from hub.application.placing import Placed, Processing, place, place_left_behind
from hub.application.process import process_batch
from hub.application.suppress_address import suppress_address
from hub.identity import resolve
from hub.model.event import CanonicalEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.keys import profile_id, record_id
from hub.model.order import Order
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles.survive import survive
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import facts, identity_locks, inbox, marks, records
from hub.store.database import Database, Session
from hub.store.marks import Mark, Told
from tests.integration.test_incremental import RULES
from tests.support.doubles import Crm, at, by_name, customer, empty, entry, source, store

ANNA, BERT = (record_id("shop", "customer", one) for one in ("anna", "bert"))


@pytest.fixture(scope="module")
def postgres(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database(size=4) as database:
        yield database


@pytest.fixture
def database(postgres: Database) -> Database:
    empty(postgres)
    return postgres


def work(database: Database, *routes: Route, crm: Crm | None = None) -> Processing:
    connections = by_name(source("shop"), (crm or Crm()).connection("crm"))
    return Processing(database, connections, routes, RULES, SurvivorshipRules())


def told(database: Database, *events: CanonicalEvent) -> None:
    with database.session() as session:
        number = session.rows("SELECT count(*) FROM inbox")[0][0]
    store(database, [entry([event], f"e{number + one}", connection="shop") for one, event in enumerate(events)])


def drain(processing: Processing) -> None:
    while process_batch(processing).entries:
        pass


def only_recorded(monkeypatch: pytest.MonkeyPatch, processing: Processing) -> None:
    """As when the worker is killed between its two transactions."""
    with monkeypatch.context() as patched:
        patched.setattr(stage, "place_marks", lambda *given, **named: Placed())
        process_batch(processing)


def failing(patched: pytest.MonkeyPatch, *names: str) -> None:
    def fails(session: Session, members: Any, *given: Any, **named: Any) -> Any:
        if any(row.external_id in names for rows in members.values() for row in rows):
            raise ZeroDivisionError
        return survive(session, members, *given, **named)

    patched.setattr(placing, "survive", fails)


def counted(database: Database, what: str) -> int:
    with database.session() as session:
        return int(session.rows(f"SELECT count(*) FROM {what}")[0][0])


def test_who_was_left_behind_and_is_at_fault_fails_nobody_who_came_since(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a mark of somebody who cannot be placed, that was left behind by who was killed
    processing = work(database)
    told(database, customer("anna", company="Berg"))
    only_recorded(monkeypatch, processing)
    with database.session() as session:
        session.run("UPDATE mark SET at = at - interval '1 minute'")
    # when the next batch takes it along
    told(database, customer("bert", company="Ohm"))
    with monkeypatch.context() as patched:
        failing(patched, "anna")
        drain(processing)
    # then the other one is placed, and who is at fault is set aside alone
    with database.session() as session:
        assert [one for _, one, _ in marks.set_aside(session, 5)] == [[ANNA]]
    assert counted(database, "profile") == 1


def test_who_was_to_be_compared_is_when_what_was_set_aside_is_mended(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given somebody who told that they are Anna, and was set aside by a fault of Hub
    processing = work(database)
    told(database, customer("anna", name=("Anna", "Berg"), emails=["anna@berg.example"]), customer("bert"))
    drain(processing)
    told(database, customer("bert", when=at(5), name=("Anna", "Berg"), emails=["anna@berg.example"]))
    with monkeypatch.context() as patched:
        failing(patched, "bert")
        drain(processing)
    assert (counted(database, "profile"), counted(database, "inbox_outcome")) == (2, 1)
    # when they are told of again, with nothing new to compare them by
    told(database, customer("bert", when=at(6), name=("Anna", "Berg"), emails=["anna@berg.example"], language="de"))
    drain(processing)
    # then they are one, and nothing waits for a person
    assert (counted(database, "profile"), counted(database, "mark"), counted(database, "inbox_outcome")) == (1, 0, 0)


def test_what_came_back_and_cannot_be_settled_fails_nobody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given two people who were recorded together with something that came back, and that nobody can read
    processing = work(database)
    told(database, customer("anna", company="Berg"), customer("bert", company="Ohm"))
    only_recorded(monkeypatch, processing)
    with database.session() as session:
        [mark] = marks.take_first(session)
        mark.told.back = [{"fresh": {"crm": {"1": [{}, "no time"]}}, "edited": {"crm": {str(profile_id(ANNA)): [1]}}}]
        marks.remove(session, [mark.id])
        marks.add(session, mark)
    # when they are placed
    drain(processing)
    told(database, customer("clara", company="Vogt"))
    drain(processing)
    # then all are, nothing is parked, and only what is at fault is set aside, for good
    assert (counted(database, "profile"), counted(database, "inbox_outcome"), counted(database, "mark")) == (3, 0, 1)
    read = record_id("crm", "contact", "1")
    with database.session() as session:
        assert [one for _, one, _ in marks.set_aside(session, 5)] == [[read]]
        assert marks.counts(session)[::2] == (0, 1)
        # until somebody has it tried again
        assert placing.try_all_again(session) == 1
        assert marks.counts(session)[::2] == (1, 0)


def test_what_is_told_of_an_order_goes_with_it_to_who_was_named_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an order that was recorded for Anna, and for Bert before Anna was placed
    processing = work(database, Route("crm", activities=frozenset({"order"})))
    told(database, customer("anna", emails=["a@berg.example"]), customer("bert", emails=["b@ohm.example"]))
    drain(processing)
    told(database, ordered("anna", 10))
    only_recorded(monkeypatch, processing)
    told(database, ordered("bert", 20))
    process_batch(processing)
    # when Anna is placed
    drain(processing)
    # then the order is in Bert's history, once
    with database.session() as session:
        found = session.rows("SELECT profile_id FROM outbox WHERE subject = 'activity'")
    assert found == [(profile_id(BERT),)]
    assert counted(database, "mark") == 0


def ordered(by: str, when: float) -> OrderEvent:
    now = datetime.now(UTC)
    order = Order(external_id="1", state="paid", placed_at=now, currency="EUR", total=Decimal(10))
    return OrderEvent(
        occurred_at=now + timedelta(seconds=when), order=order, record=RecordKey(kind="customer", external_id=by)
    )


def test_halves_of_a_mark_tell_every_fact_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given two people with an order each, and somebody at fault beside them
    processing = work(database)
    told(database, customer("anna"), customer("bert"), customer("clara"), ordered("anna", 10))
    only_recorded(monkeypatch, processing)
    seen: list[frozenset[UUID]] = []

    def noted(*given: Any, **named: Any) -> Any:
        resolved = resolve.resolve(*given, **named)
        seen.append(resolved.resolution.told)
        return resolved

    # when they are placed in halves
    with monkeypatch.context() as patched:
        patched.setattr(placing, "resolve", noted)
        failing(patched, "clara")
        drain(processing)
    # then the order is told whole, with all, and after that in one of the halves at a time
    whole, *parts = seen
    assert len(whole) == 1
    assert [one for one in parts if one] in ([whole], [whole, whole])
    with database.session() as session:
        assert facts.hanging_on(session, whole) == dict.fromkeys(whole, ANNA)


def test_who_is_placed_is_held_also_when_waiting_came_to_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given Anna, whom another worker holds as long as we wait, and Bert, who has nothing to do with her
    processing = work(database)
    both = [
        customer("anna", name=("Anna", "Berg"), emails=["anna@berg.example"]),
        customer("anna-2", name=("Anne", "Berg"), phones=["+4930111111"]),
        customer("bert", company="Ohm"),
    ]
    told(database, *both)
    drain(processing)
    second = record_id("shop", "customer", "anna-2")
    with database.session() as session:
        session.run("INSERT INTO match (one, other, weight) VALUES (%s, %s, 30)", sorted((ANNA, second)))
    monkeypatch.setattr(resolve, "_AWAITED", 1)
    with database.session() as other, database.session() as session:
        assert records.hold_records(other, [second])
        assert records.hold_profiles_of(other, [second])
        # when both are placed by who waits, and gives up on her
        placed = place(session, processing, Mark({ANNA, BERT}), session.now(), wait=True)
        assert placed.put_off is not None
        assert placed.put_off.records == {ANNA}
        # then nobody else can place Bert until the end
        with database.session() as third:
            assert records.hold_profiles_of(third, [BERT]) == {}


def test_marks_of_other_rules_do_not_keep_those_of_entries_from_their_turn(database: Database) -> None:
    with database.session() as session:
        for number in range(marks.MOST + 2):
            marks.add(session, Mark({UUID(int=number)}, again=True, tries=1))
        waits = marks.add(session, Mark({ANNA}, tries=1))
        own = marks.add(session, Mark({BERT}))
        assert [one.id for one in marks.take_with(session, own)] == [own, waits]
        assert [one.id for one in marks.take_first(session)][:2] == [waits, own]


def test_what_people_edited_there_is_not_undone_before_it_is_placed(database: Database) -> None:
    # given a profile that is to be written, and an edit of its record there that is recorded and not placed yet
    crm = Crm()
    processing = work(database, Route("crm"), crm=crm)
    told(database, customer("anna", company="Berg"))
    drain(processing)
    edited = {"fresh": {}, "edited": {"crm": {str(profile_id(ANNA)): [1]}}}
    with database.session() as session:
        mark = marks.add(session, Mark(told=Told(back=[edited])))
    sender = Sender(database, processing.connections["crm"], processing.routes, "test")
    # when it is delivered
    deliver(sender)
    # then it waits, for seconds
    assert crm.people == {}
    with database.session() as session:
        [[waits]] = session.rows("SELECT due_at - now() FROM outbox")
        assert timedelta() < waits <= timedelta(seconds=5)
        marks.remove(session, [mark])
        session.run("UPDATE outbox SET due_at = now()")
    deliver(sender)
    assert len(crm.people) == 1


def test_an_address_is_suppressed_for_who_was_being_placed_just_then(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a worker that read the list, and is about to commit a profile with the address
    processing = work(database)
    told(database, customer("anna", emails=["anna@berg.example"]))
    only_recorded(monkeypatch, processing)
    waited: list[Sequence[UUID]] = []
    with database.session() as session:
        [mark] = marks.take_first(session)
        place(session, processing, mark, session.now())
        marks.remove(session, [mark.id])
        # when the address is put on the list meanwhile
        real = identity_locks.rules_alone

        def commits_first(other: Session) -> None:
            session.connection.commit()
            real(other)

        monkeypatch.setattr(identity_locks, "rules_alone", commits_first)
        waited.append(suppress_address(processing, "email:anna@berg.example", "DE"))
    # then they are opted out
    assert waited == [[profile_id(ANNA)]]
    with database.session() as session:
        [[golden]] = session.rows("SELECT golden FROM profile")
    assert '"opted_out"' in golden
    assert place_left_behind(processing).records == 0
    with database.session() as session:
        assert inbox.due(session, "process") == {}


def test_who_waits_for_an_answer_waits_for_who_took_the_mark(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a mark that another worker has, and is placing
    processing = work(database)
    told(database, customer("anna", company="Berg"))
    only_recorded(monkeypatch, processing)
    with database.session() as session:
        [mark] = marks.take_first(session)
        answered: list[Placed] = []
        asking = threading.Thread(
            target=lambda: answered.append(placing.place_marks(processing, [mark.id], wait=True)), daemon=True
        )
        asking.start()
        asking.join(0.2)
        # then whoever waits for it goes on only when it is placed
        assert answered == []
        place(session, processing, mark, session.now())
        marks.remove(session, [mark.id])
    asking.join(10)
    assert [one.records for one in answered] == [0]
    assert counted(database, "profile") == 1
