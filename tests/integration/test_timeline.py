"""A person's timeline: sign-up, changes and consents from the records, beside orders, refunds and messages."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from hub.model.address import Address
from hub.model.case import Case
from hub.model.consent import Consent
from hub.model.event import CONTACT_LISTS, CanonicalEvent, CaseEvent, FeedbackEvent, InteractionEvent, OrderEvent
from hub.model.feedback import Feedback
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.order import Order, ProductReference
from hub.model.profile import Profile
from hub.profiles import view
from hub.profiles.explanation import explanation
from hub.profiles.survivorship import SurvivorshipRules
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


SHIRT = ProductReference(external_id="p1", name="Leinenhemd")


def test_cases_feedback_views_and_appointments_stand_at_their_own_time_and_in_their_newest_state(
    database: Database,
) -> None:
    # given a return that was solved, a review, a search, a product that was looked at, an appointment that was moved
    opened = Case(external_id="r1", kind="return", state="open", opened_at=at(10), number="R-17", reason="zu klein")
    solved = opened.model_copy(update={"state": "solved", "closed_at": at(50)})
    visit = Interaction(
        external_id="v", kind="appointment", channel="store", subject="Beratung", starts_at=at(900), state="booked"
    )
    moved = visit.model_copy(update={"starts_at": at(1800), "state": "moved"})
    review = Feedback(
        external_id="f", kind="review", channel="web", rating=Decimal(4), product=SHIRT, text="Passt\nsehr gut"
    )
    seen = Interaction(external_id="s", kind="product_viewed", channel="web", product=SHIRT, url="https://a.example/1")
    searched = Interaction(external_id="q", kind="searched", channel="web", query="hemd leinen")
    events: list[CanonicalEvent] = [
        customer("7", when=at(0), name=("Ida", "Sommer"), emails=["ida@sommer.example"]),
        CaseEvent(occurred_at=at(50), case=solved, record=KEY),
        CaseEvent(occurred_at=at(10), case=opened, record=KEY),
        FeedbackEvent(occurred_at=at(60), feedback=review, record=KEY),
        InteractionEvent(occurred_at=at(5), interaction=moved, record=KEY),
        InteractionEvent(occurred_at=at(1), interaction=visit, record=KEY),
        InteractionEvent(occurred_at=at(20), interaction=seen, record=KEY),
        InteractionEvent(occurred_at=at(15), interaction=searched, record=KEY),
    ]
    way = Way(database)
    # when the older states come after the newer ones
    for number, event in enumerate(events):
        way.take(entry([event], f"e{number}"))
    # then the newest state of each holds
    assert told(way) == [
        ("interaction", "appointment store: Beratung", 1800),
        ("feedback", "review 4 of 5 Leinenhemd: Passt sehr gut", 60),
        ("interaction", "product viewed web: Leinenhemd", 20),
        ("interaction", "searched web: hemd leinen", 15),
        ("case", "return R-17 solved: zu klein", 10),
        ("sign_up", "customer 7", 0),
    ]


def test_what_a_person_is_to_the_business_is_told_by_each_source_and_explained(database: Database) -> None:
    # given a lead that became a customer of the shop, and is a supplier by another record of the same person
    way = Way(database)
    mail = ["ida@sommer.example"]
    for number, (key, when, kind) in enumerate(
        [("7", 10, "customer"), ("7", 0, "lead"), ("8", 5, "supplier"), ("9", 3, "customer")]
    ):
        told_of = customer(key, when=at(when), name=("Ida", "Sommer"), emails=mail, contact_kind=kind)
        way.take(entry([told_of], f"e{number}"))
    # then each source's newest word holds, each kind once
    with database.session() as session:
        [ida] = view.find(session, limit=2)
        explained = explanation(session, ida.id, SurvivorshipRules(), {}, field="contact_kinds")
    assert isinstance(ida, Profile)
    assert ida.contact_kinds == ("customer", "supplier")
    assert explained is not None
    assert [(value["field"], value["value"]) for value in explained["values"]] == [
        ("contact_kinds.0", "customer"),
        ("contact_kinds.1", "supplier"),
    ]
