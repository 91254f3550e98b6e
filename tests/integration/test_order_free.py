"""Laws L2 and L3: any order, any repetition, any split into batches, any number of workers give the same end."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.application.process import Processing, process_batch
from hub.matching.rules import IdentifierRule, IdentityRules
from hub.model.case import Case
from hub.model.consent import Consent
from hub.model.event import (
    CanonicalEvent,
    CaseEvent,
    ConsentEvent,
    DeletionEvent,
    InteractionEvent,
    LinkEvent,
    OrderEvent,
    OrderPartEvent,
)
from hub.model.identifier import Identifier, RecordKey
from hub.model.interaction import Interaction
from hub.model.money import Money
from hub.model.order import Order, Refund
from hub.outbox.deliver import Sender, deliver
from hub.profiles.survivorship import SurvivorshipRules
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import Crm, at, by_name, customer, empty, entry, routes_to, source, store
from tests.support.examples import examples

RULES = IdentityRules(
    identifiers={
        "email": IdentifierRule(strength="strong", max_people=2),
        "phone": IdentifierRule(strength="weak", max_people=2),
    }
)
PEOPLE = [("Anna", "Berg"), ("A.", "Berg"), ("Andrea", "Berg"), ("Bert", "Berg"), (None, "Berg"), None]
EMAILS = ["berg@example.com", "anna@example.com", "bert@example.de"]
PHONES = ["+493023125101", "+493023125102"]
IDS = st.sampled_from(["1", "2", "3", "4"])
TIMES = st.integers(0, 6).map(lambda minutes: at(60 * minutes))


@pytest.fixture(scope="module")
def shared_database(postgres_server: Any) -> Iterator[Database]:
    """One database for all examples: each of them takes its rows out itself."""
    with postgres_server.database() as database:
        yield database


# -- small universes --------------------------------------------------------------------------------------------------


@st.composite
def customers(draw: st.DrawFn) -> CanonicalEvent:
    weak = draw(st.lists(st.sampled_from(EMAILS), max_size=1))
    return customer(
        draw(IDS),
        when=draw(TIMES),
        name=draw(st.sampled_from(PEOPLE)),
        emails=draw(st.lists(st.sampled_from(EMAILS), max_size=2, unique=True)),
        phones=draw(st.lists(st.sampled_from(PHONES), max_size=1)),
        whole=draw(st.sampled_from([(), ("emails",), ("emails", "phones")])),
        identifiers=[Identifier(kind="email", value=value, strength="weak") for value in weak],
        company=draw(st.sampled_from([None, "Berg KG", "Bäckerei Berg"])),
        consents=draw(st.lists(consents(), max_size=1)),
    )


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    return Consent(
        channel="email",
        state=draw(st.sampled_from(["opted_in", "opted_out", "pending"])),
        at=draw(st.none() | TIMES),
        explicit=draw(st.booleans()),
    )


@st.composite
def orders(draw: st.DrawFn) -> CanonicalEvent:
    order = Order(
        external_id=draw(st.sampled_from(["o1", "o2"])),
        state=draw(st.sampled_from(["open", "paid", "cancelled"])),
        placed_at=at(0),
        currency="EUR",
        total=Decimal(draw(st.sampled_from(["10.00", "25.50"]))),
    )
    return OrderEvent(occurred_at=draw(TIMES), order=order, record=draw(st.none() | keys()))


@st.composite
def refunds(draw: st.DrawFn) -> CanonicalEvent:
    money = Money(amount=Decimal(draw(st.sampled_from(["1.00", "2.00"]))), currency="EUR")
    order, refund = draw(st.sampled_from([("o1", "r1"), ("o1", "r2"), ("o2", "r3")]))
    return OrderPartEvent(occurred_at=draw(TIMES), order_id=order, part=Refund(external_id=refund, amount=money))


def keys() -> st.SearchStrategy[RecordKey]:
    return st.builds(RecordKey, kind=st.just("customer"), external_id=IDS)


def others() -> st.SearchStrategy[CanonicalEvent]:
    note = Interaction(external_id="n1", kind="note", channel="web")
    kinds = ("customer", "supplier")
    gone = RecordKey(kind="order", external_id="o1")
    return st.one_of(
        st.builds(ConsentEvent, occurred_at=TIMES, record=keys(), consent=consents()),
        st.builds(LinkEvent, occurred_at=TIMES, records=st.tuples(keys(), keys()), reason=st.just("merged")),
        st.builds(DeletionEvent, occurred_at=TIMES, record=keys()),
        st.builds(DeletionEvent, occurred_at=TIMES, record=st.just(gone), kind=st.just("order")),
        st.builds(InteractionEvent, occurred_at=TIMES, interaction=st.just(note), record=keys()),
        st.builds(CaseEvent, occurred_at=TIMES, case=cases(), record=st.none() | keys()),
        st.builds(customer, IDS, when=TIMES, contact_kind=st.sampled_from(kinds)),
    )


def cases() -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        external_id=st.just("c1"),
        kind=st.just("return"),
        state=st.sampled_from(["open", "solved"]),
        opened_at=TIMES,
    )


EVENTS = st.one_of(customers(), customers(), customers(), orders(), refunds(), others())
UNIVERSES = st.lists(EVENTS, min_size=1, max_size=9)


def entries_of(events: Sequence[CanonicalEvent]) -> list[NewEntry]:
    """One delivery each; what decides a tie in source time, the arrival, stays with the event."""
    return [
        entry([event], f"e{number}", connection=("shop", "till")[number % 2], received_at=at(10_000 + number))
        for number, event in enumerate(events)
    ]


# -- running them -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """What must be the same however we got there. Profile ids are not: the first to come gives the id."""

    clusters: list[list[tuple[str, str, str]]]
    golden: list[str]
    delivered: list[str]
    deals: list[tuple[str, str, str]]
    cases: list[tuple[str, str, str]]


def run(database: Database, batches: Sequence[Sequence[NewEntry]], *, threads: int = 1, delivering: bool = True) -> End:
    """Store and process batch by batch, delivering in between; gives the end state."""
    empty(database)
    crm = Crm()
    destination = crm.connection("crm")
    connections = by_name(source("shop"), source("till"), destination)
    processing = Processing(database, connections, routes_to(destination), RULES, SurvivorshipRules())
    sender = Sender(database, destination, processing.routes, uuid4().hex)
    for batch in batches:
        store(database, batch)
        work(processing, threads)
        if delivering:
            deliver(sender)
    pass_time(database)  # parts that came before their order look again, orders wait for their customer
    work(processing, threads)
    deliver(sender)
    pass_time(database)
    deliver(sender)
    return end(database, crm)


def pass_time(database: Database) -> None:
    with database.session() as session:
        session.run("UPDATE inbox_queue SET due_at = now()")
        session.run("UPDATE outbox SET due_at = now() WHERE state IN ('pending', 'retrying')")


def work(processing: Processing, threads: int) -> None:
    def drain() -> None:
        while process_batch(processing, 3 if threads > 1 else 100).entries:
            pass

    workers = [threading.Thread(target=drain) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def end(database: Database, crm: Crm) -> End:
    with database.session() as session:
        rows = session.rows("SELECT profile_id, connection, kind, external_id FROM record ORDER BY 2, 3, 4")
        golden = session.rows("SELECT golden FROM profile ORDER BY golden")
        cases = session.rows("""
            SELECT f.connection, f.payload, coalesce(r.external_id, '')
            FROM fact f LEFT JOIN record r ON r.id = f.record_id
            WHERE f.kind = 'case' ORDER BY 1""")
        parked = session.rows("SELECT reason FROM inbox_outcome")
        failed = session.rows("SELECT subject, reason FROM outbox WHERE state NOT IN ('delivered', 'pending')")
    assert (parked, failed) == ([], [])
    clusters: dict[Any, list[tuple[str, str, str]]] = {}
    for profile, *record in rows:
        clusters.setdefault(profile, []).append(tuple(record))
    holders = {known: json.dumps(held["golden"]["records"]) for known, held in crm.people.items()}
    return End(
        clusters=sorted(clusters.values()),
        golden=[row[0] for row in golden],
        delivered=sorted(json.dumps(held["golden"], sort_keys=True) for held in crm.people.values()),
        cases=cases,
        deals=sorted((key, deal["total"], holders.get(deal["contact"], "?")) for key, deal in crm.orders.items()),
    )


QUICK = settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def batched(deliveries: Sequence[NewEntry], chance: random.Random) -> list[list[NewEntry]]:
    """The same deliveries in another order, some of them again, cut into batches anywhere."""
    shuffled = [*deliveries, *chance.choices(deliveries, k=3)]
    chance.shuffle(shuffled)
    cuts = sorted(chance.choices(range(len(shuffled) + 1), k=chance.randint(0, 4)))
    return [shuffled[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]


@QUICK
@given(UNIVERSES, st.integers(0, 2**32))
def test_any_order_any_repetition_any_batches(
    shared_database: Database, events: list[CanonicalEvent], seed: int
) -> None:
    deliveries = entries_of(events)
    assert run(shared_database, batched(deliveries, random.Random(seed))) == run(shared_database, [deliveries])


@settings(QUICK, max_examples=examples(8))
@given(UNIVERSES, st.integers(0, 2**32))
def test_any_number_of_workers(shared_database: Database, events: list[CanonicalEvent], seed: int) -> None:
    deliveries = entries_of(events)
    several = run(shared_database, batched(deliveries, random.Random(seed)), threads=2)
    assert several == run(shared_database, [deliveries])


BERG = ("Anna", "Berg")
PHONE = PHONES[:1]
FOUND: dict[str, list[CanonicalEvent]] = {
    # each of these once gave two ends; the last event is told first in one of the two orders
    "a corrected name meets a phone that it does not repeat": [
        customer("1", when=at(1), name=("Bert", "Berg"), phones=PHONE),
        customer("2", when=at(1), name=BERG, phones=PHONE),
        customer("2", when=at(2), name=("Bert", "Berg")),
    ],
    "a name corrected to another one of the family makes an initial ambiguous": [
        customer("1", when=at(1), name=("Bert", "Berg"), phones=PHONE),
        customer("3", when=at(1), name=("A.", "Berg"), phones=PHONE),
        customer("5", when=at(1), name=BERG, phones=PHONE),
        customer("1", when=at(2), name=("Andrea", "Berg")),
    ],
    "a name that was corrected long ago counts where an inbox is shared": [
        customer("1", when=at(1), name=BERG, emails=EMAILS[:1]),
        customer("2", when=at(1), name=("Bert", "Berg"), emails=EMAILS[:1]),
        customer("3", when=at(1), name=("Claus", "Berg"), emails=EMAILS[:1]),
        customer("3", when=at(2), name=BERG, emails=EMAILS[:1]),
    ],
    "an order that forgot its customer": [
        OrderEvent(
            occurred_at=at(1),
            order=Order(external_id="o1", state="open", placed_at=at(0), currency="EUR", total=Decimal(5)),
            record=RecordKey(kind="customer", external_id="1"),
        ),
        OrderEvent(
            occurred_at=at(2),
            order=Order(external_id="o1", state="paid", placed_at=at(0), currency="EUR", total=Decimal(5)),
        ),
    ],
    "an order of a customer of whom nothing is told is deleted": [
        LinkEvent(occurred_at=at(0), records=(RecordKey(kind="customer", external_id="1"),) * 2, reason="merged"),
        OrderEvent(
            occurred_at=at(1),
            order=Order(external_id="o1", state="paid", placed_at=at(0), currency="EUR", total=Decimal(5)),
            record=RecordKey(kind="customer", external_id="1"),
        ),
        DeletionEvent(occurred_at=at(2), record=RecordKey(kind="order", external_id="o1"), kind="order"),
    ],
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_before(shared_database: Database, name: str) -> None:
    deliveries = [
        entry([event], f"e{number}", received_at=at(100 + number)) for number, event in enumerate(FOUND[name])
    ]
    forwards = run(shared_database, [[one] for one in deliveries])
    backwards = run(shared_database, [[one] for one in reversed(deliveries)])
    assert forwards == backwards == run(shared_database, [deliveries])


def test_whom_an_initial_could_be_counts_also_where_they_are_not_touched(shared_database: Database) -> None:
    # given an initial on a phone of two it could be, so that it stays apart, and an account of its own for two of them
    people = [
        customer("1", name=BERG, phones=PHONE, emails=EMAILS[:1]),
        customer("2", name=("Andrea", "Berg"), phones=PHONE),
        customer("3", name=("A.", "Berg"), phones=PHONE, emails=EMAILS[1:2]),
        customer("4", emails=EMAILS[:1]),
        customer("5", emails=EMAILS[1:2]),
    ]
    # when only those two accounts are told of in a later batch
    told = [customer("4", when=at(1), company="Berg KG"), customer("5", when=at(1), company="Berg KG")]
    deliveries = [entry([event], f"e{n}") for n, event in enumerate([*people, *told])]
    ended = run(shared_database, [deliveries[:5], deliveries[5:]])
    # then the initial is nobody else's still
    assert [[record[2] for record in cluster] for cluster in ended.clusters] == [["1", "4"], ["2"], ["3", "5"]]


def test_a_split_takes_the_order_along(shared_database: Database) -> None:
    # given two records joined by an inbox, and an order of the second
    order = Order(external_id="o1", state="paid", placed_at=at(0), currency="EUR", total=Decimal(5))
    joined: list[CanonicalEvent] = [
        customer("1", when=at(1), name=BERG, emails=EMAILS[:1]),
        customer("3", when=at(1), name=("Bert", "Berg"), emails=EMAILS[:1]),
        OrderEvent(occurred_at=at(1), order=order, record=RecordKey(kind="customer", external_id="3")),
    ]
    # when a third person turns up there, so that the inbox is shared and the first two are parted again
    shared = customer("5", when=at(2), name=("Claus", "Berg"), emails=EMAILS[:1])
    deliveries = [entry([event], f"e{n}", received_at=at(100 + n)) for n, event in enumerate([*joined, shared])]
    ended = run(shared_database, [deliveries[:3], deliveries[3:]])
    # then each stands alone, there too, and the order is at the one who placed it
    assert [len(cluster) for cluster in ended.clusters] == [1, 1, 1]
    assert len(ended.delivered) == 3
    assert [json.loads(holder) for *_, holder in ended.deals] == [
        [{"connection": "shop", "external_id": "3", "kind": "customer"}]
    ]
