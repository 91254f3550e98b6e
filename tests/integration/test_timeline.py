"""A person's timeline: sign-up, changes and consents from the records, beside orders, refunds and messages."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.event import CONTACT_LISTS, CanonicalEvent, InteractionEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.order import Order
from hub.profiles import view
from hub.profiles.timeline import timeline
from hub.store.database import Database
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import Way

KEY = RecordKey(kind="customer", external_id="7")
ROAD = Address(line1="Am Hof 1", city="Bonn")
EVENTS: tuple[CanonicalEvent, ...] = (
    customer("7", when=at(0), name=("Ida", "Sommer"), emails=["alt@sommer.example"], whole=CONTACT_LISTS),
    customer("7", when=at(10), name=("Ida", "Sommer"), emails=["neu@sommer.example"], whole=CONTACT_LISTS),
    customer("7", when=at(20), name=("Ida", "Winter"), emails=["neu@sommer.example"], addresses=(ROAD,)),
    customer("7", when=at(30), name=("Ida", "Winter"), emails=["neu@sommer.example"], addresses=(ROAD,)),
    customer("7", when=at(40), consents=(Consent(channel="email", state="opted_out", at=at(40), explicit=True),)),
    OrderEvent(
        occurred_at=at(50),
        record=KEY,
        order=Order(
            external_id="o1", number="#1001", state="paid", placed_at=at(15), currency="EUR", total=Decimal("5.00")
        ),
    ),
    InteractionEvent(
        occurred_at=at(60),
        record=KEY,
        interaction=Interaction(external_id="m1", kind="message", channel="whatsapp", text="Wo bleibt\nmein Paket?"),
    ),
)
EXPECTED = [
    ("interaction", "message whatsapp in: Wo bleibt mein Paket?", 60),
    ("consent", "marketing by email: opted out", 40),
    ("profile_change", "name: Ida Winter, address: Am Hof 1, Bonn", 20),
    ("order", "#1001", 15),
    ("profile_change", "e-mail: neu@sommer.example", 10),
    ("sign_up", "customer 7", 0),
]


def told(way: Way, **part: object) -> list[tuple[str, str, int]]:
    with way.database.session() as session:
        [ida] = view.find(session, limit=2)
        items = timeline(session, ida.id, **part)  # type: ignore[arg-type]
    assert items is not None
    return [(item["kind"], item["subject"], int((item["at"] - at(0)).total_seconds())) for item in items]


@pytest.mark.parametrize(
    "order", [tuple(range(7)), (6, 5, 4, 3, 2, 1, 0), (3, 0, 6, 2, 4, 1, 5), (2, 3, 1, 0, 5, 4, 6)], ids=str
)
def test_it_is_the_same_in_whatever_order_events_come(database: Database, order: Sequence[int]) -> None:
    way = Way(database)
    for number in (*order, order[0]):
        way.take(entry([EVENTS[number]], f"e{number}"))
    assert told(way) == EXPECTED


def test_it_is_walked_page_by_page(database: Database) -> None:
    way = Way(database)
    way.take(*(entry([event], f"e{number}") for number, event in enumerate(EVENTS)))
    seen: list[str] = []
    before = None
    with way.database.session() as session:
        [ida] = view.find(session, limit=2)
        for _ in itertools.repeat(None, 4):
            page = timeline(session, ida.id, before=before, limit=2) or []
            seen += [item["subject"] for item in page]
            if page:
                before = page[-1]["at"], UUID(str(page[-1]["id"]))
    assert seen == [subject for _, subject, _ in EXPECTED]


def test_a_guest_signed_up_for_nothing(database: Database) -> None:
    way = Way(database)
    way.take(entry([customer("g1", kind="guest", emails=["gast@sommer.example"])], "e1"))
    assert told(way) == [("first_seen", "guest g1", 0)]
