"""People are found by what they, or the agent, have at hand: numbers, dates, parts of names, in any spelling."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from hub.errors import NotFound, RefusedError
from hub.model.event import OrderEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order
from hub.model.profile import Profile
from hub.profiles import view
from hub.store.database import Database
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import Way
from tests.support.servers import Postgres

CONNECTIONS = ("shop", "till", "crm")
JUERGEN = RecordKey(kind="customer", external_id="K-2077")


def order(number: str, external_id: str) -> OrderEvent:
    placed = Order(
        external_id=external_id, number=number, state="paid", placed_at=at(0), currency="EUR", total=Decimal("9.90")
    )
    return OrderEvent(occurred_at=at(0), order=placed, record=JUERGEN)


@pytest.fixture
def way(database: Database) -> Way:
    return told(database)


@pytest.fixture(scope="module")
def read_only(postgres_server: Postgres) -> Iterator[Way]:
    """The same, for tests that only look."""
    with postgres_server.database() as shared:
        yield told(shared)


def told(database: Database) -> Way:
    made = Way(database)
    made.take(
        entry(
            [
                customer(
                    "K-2077",
                    name=("Jürgen", "Großmüller"),
                    emails=["j.grossmueller@post.example"],
                    phones=["+491712345678"],
                    birth_date="1980-02-29",
                ),
                order("#DE-40117", "5550001"),
            ],
            "e1",
        ),
        entry([customer("K-2078", name=("Jutta", "Groß"), emails=["jutta@post.example"])], "e2"),
        entry([customer("K-2079", name=("Jutta", "Klein"), emails=["klein@post.example"])], "e3", connection="till"),
    )
    made.settle()
    return made


def found(way: Way, text: str) -> list[str | None]:
    with way.database.session() as session:
        people = view.find(session, text=text, connections=CONNECTIONS, limit=10)
    return [one.name.full for one in people if isinstance(one, Profile)]


@pytest.mark.parametrize(
    "text",
    [
        "#DE-40117", "de40117", "DE 40117",  # an order's number, however it is written
        "5550001",  # its id at the shop
        "K-2077", "shop:customer:K-2077", "shop:K-2077", "shop:DE-40117",  # the customer's number
        "29.02.1980", "1980-02-29", "29 Feb 1980",
        "0171 2345678", "+49 (0)171 234 56 78", "0049171/2345678", "01712345",
        "j.grossmueller@post", "grossmueller@",
        "Großmüller", "Grossmuller", "GROSSMUELLER", "jurgen gross", "juergen",
    ],
)  # fmt: skip
def test_one_person_is_found(read_only: Way, text: str) -> None:
    assert found(read_only, text) == ["Jürgen Großmüller"]


def test_a_number_of_the_crm_leads_to_its_person_also_after_a_merge(way: Way) -> None:
    [contact] = [one["id"] for one in way.crm.contacts() if one["firstname"] == "Jürgen"]
    assert found(way, contact) == ["Jürgen Großmüller"]
    [deal] = [one["id"] for one in way.crm.deals()]
    assert found(way, deal) == ["Jürgen Großmüller"]


def test_a_number_is_looked_for_at_the_connection_that_is_named(way: Way) -> None:
    [contact] = [one["id"] for one in way.crm.contacts() if one["firstname"] == "Jürgen"]
    assert found(way, f"crm:{contact}") == ["Jürgen Großmüller"]
    assert found(way, "till:K-2077") == []
    assert found(way, "till:DE-40117") == []


def test_what_several_have_is_a_question_that_names_them(way: Way) -> None:
    with way.database.session() as session:
        assert str(view.only_one(session, "de-40117")) == str(view.find(session, text="jürgen", limit=1)[0].id)
        with pytest.raises(RefusedError, match="2 people match") as several:
            view.only_one(session, "jutta")
        with pytest.raises(NotFound):
            view.only_one(session, "Waldemar")
    # their records tell them apart, and no personal value is in the text
    assert sorted(said for _, said in several.value.faults) == [
        "shop:customer:K-2078; 0 orders",
        "till:customer:K-2079; 0 orders",
    ]


def test_what_cannot_be_stored_finds_nobody(way: Way) -> None:
    assert found(way, "K-\x002077\x00") == ["Jürgen Großmüller"]
    assert found(way, "\x00") == []


def test_every_look_up_is_by_an_index(way: Way) -> None:
    from hub.store import search

    with way.database.session() as session:
        session.run("SET LOCAL enable_seqscan = off")
        for text, index in (("record", "record_external_id"), ("fact f", "fact_number")):
            condition = f"{search.BEGINNING} = 'x'" if text == "record" else "number = 'x'"
            plan = "\n".join(row[0] for row in session.rows(f"EXPLAIN SELECT 1 FROM {text} WHERE {condition}"))
            assert index in plan


def test_an_id_longer_than_an_index_holds_is_stored_and_found(way: Way) -> None:
    long = "".join(chr(0x4E00 + number) for number in range(8_000))
    way.take(entry([customer(long, name=("Lang", "Nummer"), emails=["lang@post.example"])], "e9"))

    assert found(way, long) == ["Lang Nummer"]
    assert found(way, long[:-1]) == []
