"""What happens with a person stands in their history at the CRM: once, from now on, where the settings ask for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.model.case import Case
from hub.model.event import (
    CanonicalEvent,
    CaseEvent,
    FeedbackEvent,
    InteractionEvent,
    OrderEvent,
    OrderPartEvent,
)
from hub.model.feedback import Feedback
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.money import Money
from hub.model.order import Order, Refund
from hub.outbox.enqueue import Route
from hub.sandbox.hubspot import SandboxCrm
from hub.store import migrate
from hub.store.database import Database
from tests.integration.test_upgrade import back_to
from tests.support.doubles import customer, entry
from tests.support.hubspot import Way, hubspot

NOW = datetime.now(UTC).replace(microsecond=0)
KEY = RecordKey(kind="customer", external_id="1")
ANNA = entry([customer("1", name=("Anna", "Berg"), emails=["anna@example.com"])], "e1")
ORDER = Order(
    external_id="o1", number="1001", state="paid", placed_at=NOW, currency="EUR", total=Decimal("129.90"), note="secret"
)


def told(kind: Any, number: int, *, text: str = "", days: int = 0, channel: str = "email") -> CanonicalEvent:
    happened = Interaction(external_id=f"i{number}", kind=kind, channel=channel, text=text or None)
    return InteractionEvent(occurred_at=NOW - timedelta(days=days), interaction=happened, record=KEY)


def way_with(database: Database, *kinds: str, crm: SandboxCrm | None = None) -> Way:
    way = Way(database, crm or SandboxCrm())
    settings = hubspot().settings.model_copy(update={"activities": kinds})
    way.connection = replace(hubspot(), settings=settings)
    way.connections["crm"] = way.connection
    way.routes = (Route("crm", orders=True, activities=frozenset(kinds)),)
    return way


@pytest.fixture
def way(database: Database) -> Way:
    made = way_with(database, "order", "return", "message", "complaint")
    made.take(ANNA)
    return made


def titles(crm: SandboxCrm) -> list[str]:
    return [note["hs_note_body"].split("</strong>")[0].removeprefix("<strong>") for note in crm.notes()]


def test_orders_returns_messages_and_complaints_stand_at_the_contact(way: Way) -> None:
    # when all of it is told, before the contact is there
    refund = Refund(external_id="r1", amount=Money(amount=Decimal(30), currency="EUR"), at=NOW)
    way.take(
        entry([OrderEvent(occurred_at=NOW, order=ORDER, record=KEY)], "e2"),
        entry([OrderPartEvent(occurred_at=NOW, order_id="o1", part=refund)], "e3"),
        entry(
            [told("message", 1, text="Where is <my> parcel?", channel="whatsapp"), told("email_complained", 2)], "e4"
        ),
    )
    way.settle()
    # then each is one note of that contact, beside the deal
    [contact] = way.crm.contacts()
    assert sorted(titles(way.crm)) == [
        "Complaint (email, shop)",
        "Message (whatsapp, shop)",
        "Order placed: 1001 · 129.90 EUR (shop)",
        "Return or refund: 1001 · 30 EUR (shop)",
    ]
    assert {note["contact"] for note in way.crm.notes()} == {contact["id"]}
    assert any("Where is &lt;my&gt; parcel?" in note["hs_note_body"] for note in way.crm.notes())
    assert len(way.crm.deals()) == 1


def test_complaints_tickets_and_reviews_stand_there_too_once_each(database: Database) -> None:
    # given a return that is told in two states, a complaint and a review
    way = way_with(database, "return", "complaint", "review")
    back = Case(external_id="c1", kind="return", state="open", opened_at=NOW, number="R-1", reason="zu klein")
    upset = Case(external_id="c2", kind="complaint", state="open", opened_at=NOW, subject="Paket fehlt")
    stars = Feedback(external_id="f1", kind="review", channel="web", rating=Decimal(2), text="Zu spät")
    solved = back.model_copy(update={"state": "solved"})
    way.take(ANNA)
    way.take(
        entry([CaseEvent(occurred_at=NOW, case=back, record=KEY)], "e2"),
        entry([CaseEvent(occurred_at=NOW, case=upset, record=KEY)], "e3"),
        entry([FeedbackEvent(occurred_at=NOW, feedback=stars, record=KEY)], "e4"),
    )
    way.settle()
    way.take(entry([CaseEvent(occurred_at=NOW + timedelta(minutes=1), case=solved, record=KEY)], "e5"))
    way.settle()
    assert sorted(titles(way.crm)) == ["Complaint (shop)", "Return or refund: R-1 (shop)", "Review (web, shop)"]


def test_what_nobody_asked_for_is_not_appended(database: Database) -> None:
    way = way_with(database)
    way.take(ANNA, entry([told("message", 1, text="hello")], "e2"))
    way.settle()
    assert way.crm.notes() == []
    # and a kind that is switched on brings no history with it, also when the same is told again
    way = way_with(database, "message", crm=way.crm)
    way.take(entry([told("message", 1, text="hello"), told("email_clicked", 2)], "e3"))
    way.take(entry([told("message", 3, text="long ago", days=31)], "e4"))
    way.settle()
    assert way.crm.notes() == []
    way.take(entry([told("message", 4, text="new")], "e5"))
    way.settle()
    assert len(way.crm.notes()) == 1


@pytest.mark.parametrize(
    "fault", [{"kind": "silent"}, {"kind": "cut"}, {"status": 503}, {"kind": "silent", "before": True}]
)
def test_whatever_becomes_of_the_answer_it_is_appended_once(way: Way, fault: dict[str, Any]) -> None:
    way.settle()
    way.take(entry([told("message", number, text=f"words {number}") for number in range(3)], "e2"))
    way.crm.fail(path="/notes/batch/create", **fault)
    way.settle()
    assert len(way.crm.notes()) == 3
    assert way.rows() == {"delivered": 4}


def test_a_sender_that_is_killed_after_the_call_appends_nothing_twice(way: Way) -> None:
    way.settle()
    way.take(entry([told("message", 1, text="words")], "e2"))
    way.send()
    # given that nothing of the call was recorded
    with way.database.session() as session:
        session.run("UPDATE outbox SET state = 'pending', due_at = now() WHERE subject = 'activity'")
        session.run("DELETE FROM crosswalk WHERE subject = 'activity'")
    way.settle()
    assert len(way.crm.notes()) == 1
    assert way.failures() == []


def test_a_change_of_what_was_told_appends_nothing(way: Way) -> None:
    way.take(entry([OrderEvent(occurred_at=NOW, order=ORDER, record=KEY)], "e2"))
    way.settle()
    shipped = ORDER.model_copy(update={"state": "fulfilled"})
    way.take(entry([OrderEvent(occurred_at=NOW + timedelta(minutes=1), order=shipped, record=KEY)], "e3"))
    way.settle()
    assert len(way.crm.notes()) == 1


def test_what_a_person_wrote_stands_in_no_mirror(way: Way) -> None:
    way.take(entry([told("message", 1, text="words of mine")], "e2"))
    way.crm.fail(path="/notes/batch/create", kind="silent")
    way.send()
    way.pass_time()
    way.settle()
    with way.database.session() as session:
        mirrors = session.rows("SELECT properties FROM mirror")
    assert not any("words of mine" in text for (text,) in mirrors)


def test_an_entry_that_waited_too_long_for_its_person_is_left_out(way: Way) -> None:
    way.take(entry([told("message", 1, text="words")], "e2"))
    with way.database.session() as session:
        session.run("UPDATE fact SET happened_at = now() - interval '31 days'")
    way.settle()
    assert way.crm.notes() == []
    assert way.rows() == {"delivered": 2}


def test_a_database_from_before_takes_activities(database: Database, dsn: str) -> None:
    way = way_with(database, "message")
    way.take(ANNA)
    way.settle()
    back_to(dsn, "0014")
    migrate.migrate(dsn)
    way.take(entry([told("message", 1, text="words")], "e2"))
    way.settle()
    assert len(way.crm.notes()) == 1
