"""Laws L6 and L9 at the CRM: one person, one record, whatever fails on the way, and nobody waits for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.application.process import process_batch
from hub.errors import Unavailable
from hub.matching.rules import IdentifierRule, IdentityRules
from hub.model.event import OrderEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order
from hub.outbox import policy
from hub.outbox.deliver import NO_CUSTOMER, Sender, deliver
from hub.sdk.destination import Write
from hub.store import destinations, outbox
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import Crm, at, customer, entry, store
from tests.support.hubspot import Way

MAIL = "anna@example.com"


@pytest.fixture
def way(database: Database) -> Way:
    made = Way(database)
    made.take(entry([customer("0", emails=["first@example.com"])], "e0"))
    made.send()  # the properties are made
    assert [contact["email"] for contact in made.crm.contacts()] == ["first@example.com"]
    return made


def anna(event_id: str = "e1", *, when: int = 0, **fields: Any) -> NewEntry:
    told = {"name": ("Anna", "Berg"), "emails": [MAIL], **fields}
    return entry([customer("1", when=at(when), **told)], event_id)


def order(event_id: str, total: str, *, key: str = "1", when: int = 1) -> NewEntry:
    made = Order(external_id="o1", state="paid", placed_at=at(0), currency="EUR", total=Decimal(total))
    return entry([OrderEvent(occurred_at=at(when), order=made, record=RecordKey(kind="customer", external_id=key))],
                 event_id)  # fmt: skip


def annas(way: Way) -> list[dict[str, Any]]:
    return [contact for contact in way.crm.contacts() if contact.get("email") != "first@example.com"]


def one_anna(way: Way) -> dict[str, Any]:
    [contact] = annas(way)
    assert way.crm.stats()["duplicates"] == 0
    return contact


# -- L6: one person, one record


@pytest.mark.parametrize("kind", ["silent", "cut"])
def test_a_create_whose_answer_never_came_makes_one_record(way: Way, kind: str) -> None:
    way.take(anna())
    way.crm.fail(path="batch/upsert", kind=kind)
    way.send()
    assert way.rows() == {"delivered": 1, "retrying": 1}
    way.settle()
    assert (one_anna(way)["firstname"], way.rows()) == ("Anna", {"delivered": 2})


def test_a_create_that_never_got_there_is_made_later(way: Way) -> None:
    way.take(anna())
    way.crm.fail(path="batch/upsert", kind="silent", before=True)
    way.settle()
    assert one_anna(way)["firstname"] == "Anna"


class PowerCut(BaseException):
    """The process is gone."""


def die_before_recording(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    """Send, and lose the process before it could note what came of it."""
    recorded = outbox.record

    def die(session: Any, name: Any, subject: Any, results: Sequence[Any]) -> None:
        if results:
            raise PowerCut
        recorded(session, name, subject, results)

    with monkeypatch.context() as dying:
        dying.setattr(outbox, "record", die)
        with pytest.raises(PowerCut):
            way.send()


def test_a_crash_between_sending_and_recording_makes_one_record(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    way.take(anna())
    die_before_recording(monkeypatch, way)
    assert len(annas(way)) == 1  # it is there, and Hub knows nothing of it
    way.settle()
    assert (one_anna(way)["firstname"], way.rows()) == ("Anna", {"delivered": 2})


def test_a_crash_and_news_in_between_make_one_record(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    way.take(anna())
    die_before_recording(monkeypatch, way)
    way.take(anna("e2", when=9, name=("Anna", "Klein"), emails=["anna@example.de", MAIL]))
    way.settle()
    assert one_anna(way)["lastname"] == "Klein"


def test_a_crash_and_a_merge_in_between_make_one_record(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    way.take(anna(), entry([customer("2", emails=["berg@example.de"])], "e2"))
    die_before_recording(monkeypatch, way)
    way.take(entry([customer("2", when=at(5), emails=[MAIL])], "e3"))
    way.settle()
    assert (one_anna(way)["email"], way.rows()) == (MAIL, {"delivered": 2})


def test_a_person_the_crm_already_had_is_updated(way: Way) -> None:
    way.crm.add(email=MAIL, firstname="A.", jobtitle="Bäckerin")
    way.take(anna())
    way.settle()
    contact = one_anna(way)
    assert (contact["firstname"], contact["jobtitle"]) == ("Anna", "Bäckerin")


def test_two_senders_at_once_make_one_record_each(way: Way) -> None:
    way.take(*(entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"k{n}") for n in range(250)))
    senders = [threading.Thread(target=way.send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    way.settle()
    stats = way.crm.stats()
    assert (stats["contacts"], stats["contacts_created"], stats["duplicates"]) == (251, 251, 0)
    assert way.rows() == {"delivered": 251}


def test_only_one_process_sends_and_another_takes_over_when_its_lease_runs_out(way: Way) -> None:
    way.take(anna())
    with way.database.session() as session:
        assert destinations.lease(session, "crm", "somebody:1:x", timedelta(seconds=60))
    assert (way.send(), annas(way)) == (0, [])
    with way.database.session() as session:
        session.run("UPDATE destination_state SET lease_until = now() - interval '1 second'")
    way.send()
    assert one_anna(way)["email"] == MAIL


def test_a_merge_leaves_one_record_with_everything_both_had(way: Way) -> None:
    way.take(
        anna(), entry([customer("2", emails=["berg@example.de"], company="Berg KG")], "e2"), order("e3", "12", key="2")
    )
    way.settle()
    assert len(annas(way)) == 2
    way.take(entry([customer("2", when=at(5), emails=[MAIL, "berg@example.de"])], "e4"))
    way.settle()
    contact = one_anna(way)
    assert (contact["email"], contact["company"], contact["hub_order_count"]) == (MAIL, "Berg KG", "1")
    assert [deal["contacts"] for deal in way.crm.deals()] == [[contact["id"]]]
    assert way.rows() == {"delivered": 3}


def test_a_merge_whose_answer_never_came_leaves_one_record(way: Way) -> None:
    way.take(anna(), entry([customer("2", emails=["berg@example.de"])], "e2"))
    way.settle()
    way.take(entry([customer("2", when=at(5), emails=[MAIL])], "e3"))
    way.crm.fail(path="contacts/merge", kind="silent")
    way.settle()
    assert (one_anna(way)["email"], way.rows()) == (MAIL, {"delivered": 2})


def test_a_merge_while_both_are_on_their_way_leaves_one_record(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    way.take(anna(), entry([customer("2", emails=["berg@example.de"])], "e2"))
    recorded = outbox.record

    def meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(outbox, "record", recorded)
        way.take(entry([customer("2", when=at(5), emails=[MAIL])], "e3"))
        recorded(*arguments)

    monkeypatch.setattr(outbox, "record", meanwhile)
    way.settle()
    assert (one_anna(way)["email"], way.rows()) == (MAIL, {"delivered": 2})


def test_an_undone_merge_gives_each_a_record_again(database: Database) -> None:
    rules = IdentityRules(identifiers={"email": IdentifierRule(strength="strong", max_people=1)})
    way = Way(database, rules=rules)
    two = entry([customer("2", name=("Anna", None), emails=["berg@example.de"], company="Berg KG")], "e2")
    way.take(anna(), two, order("e3", "12", key="2"))
    way.settle()
    way.take(entry([customer("2", when=at(5), emails=[MAIL])], "e4"))
    way.settle()
    assert len(way.crm.contacts()) == 1
    # when two people turn out to use the inbox
    way.take(entry([customer("1", when=at(6), name=("Bert", "Berg"))], "e5"))
    way.settle()
    contacts = {contact["firstname"]: contact for contact in way.crm.contacts()}
    assert sorted(contacts) == ["Anna", "Bert"]
    assert (contacts["Anna"]["company"], contacts["Bert"].get("company")) == ("Berg KG", None)
    assert [deal["contacts"] for deal in way.crm.deals()] == [[contacts["Anna"]["id"]]]
    assert way.failures() == []


def test_who_is_the_same_after_an_undone_merge_as_before_it_gets_a_record_again_too(database: Database) -> None:
    rules = IdentityRules(identifiers={"email": IdentifierRule(strength="strong", max_people=1)})
    way = Way(database, rules=rules)
    way.take(anna(), entry([customer("2", name=("Anna", "Klein"), emails=["klein@example.de"])], "e2"))
    way.settle()
    # given an account that seems to be both, until it turns out to be somebody else's
    way.take(entry([customer("3", emails=[MAIL, "klein@example.de"])], "e3"))
    way.settle()
    assert len(way.crm.contacts()) == 1
    way.take(entry([customer("3", when=at(6), name=("Bert", "Berg"))], "e4"))
    way.settle()
    names = sorted((contact["firstname"], contact["lastname"]) for contact in way.crm.contacts())
    assert names == [("Anna", "Berg"), ("Anna", "Klein"), ("Bert", "Berg")]


def test_nothing_that_did_not_change_is_sent(way: Way) -> None:
    way.take(anna())
    way.settle()
    before = way.crm.stats()["calls"]
    way.take(anna("e2", when=1))  # told again, nothing new
    way.settle()
    assert way.crm.stats()["calls"] == before


def test_many_changes_of_one_profile_are_one_write(way: Way) -> None:
    way.take(*(anna(f"e{n}", when=n, company=f"Berg {n}") for n in range(1, 30)))
    before = way.crm.calls["POST /crm/v3/objects/contacts/batch/upsert"]
    way.settle()
    written = way.crm.calls["POST /crm/v3/objects/contacts/batch/upsert"] - before
    assert (one_anna(way)["company"], written) == ("Berg 29", 1)


def test_news_while_a_row_is_being_sent_are_sent_after_it(database: Database) -> None:
    crm = Crm()
    destination = crm.connection("crm")
    work = Way(database)
    work.through(destination)

    def meanwhile(_: Sequence[Write]) -> None:
        crm.after = lambda writes: None
        work.take(anna("e2", when=1, company="new"))

    crm.after = meanwhile
    work.take(anna(company="old"))
    deliver(Sender(database, destination, work.routes, "here:1:a"))
    [person] = crm.people.values()
    assert (person["golden"]["company"], work.rows()) == ("new", {"delivered": 1})


# -- L9: nobody waits for another


def several(count: int) -> list[NewEntry]:
    return [entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"k{n}") for n in range(count)]


def test_one_rejected_record_keeps_the_crms_words_and_the_other_99_are_delivered(way: Way) -> None:
    way.crm.blocked.add("k37@example.com")
    way.take(*several(100))
    way.settle()
    assert way.rows() == {"delivered": 100, "rejected": 1}
    [failure] = way.failures()
    assert "GDPR_BLOCKLISTED" in failure["reason"]
    assert "k37" not in failure["reason"]
    assert len(way.crm.contacts()) == 100


def test_a_rejected_record_is_tried_again_when_it_changes(way: Way) -> None:
    way.crm.blocked.add("k@example.org")
    way.take(entry([customer("1", emails=["k@example.org"])], "e1"))
    way.settle()
    assert way.rows() == {"delivered": 1, "rejected": 1}
    way.take(entry([customer("1", when=at(1), emails=["k@example.com"])], "e2"))
    way.settle()
    assert way.rows() == {"delivered": 2}


def test_a_rate_limit_is_waited_out_and_is_no_failed_attempt(way: Way) -> None:
    way.take(anna())
    way.crm.fail(path="batch/upsert", status=429, retry_after=7)
    way.send()
    with way.database.session() as session:
        [(state, attempts)] = session.rows("SELECT state, attempts FROM outbox WHERE state <> 'delivered'")
        paused = destinations.state_of(session, "crm")
        tried = session.rows("SELECT count(*) FROM attempt WHERE outcome <> 'delivered'")
        wait = session.rows("SELECT extract(epoch FROM not_before - now())::float8 FROM destination_state")[0][0]
    assert (state, attempts, tried, paused.failures) == ("pending", 0, [(0,)], 0)
    assert 5 < wait <= 7
    calls = way.crm.stats()["calls"]
    assert (way.send(), way.crm.stats()["calls"]) == (0, calls)  # it is left alone until then
    way.settle()
    assert one_anna(way)["email"] == MAIL


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502},
        {"status": 423},
        {"kind": "cut"},
        {"kind": "cut", "before": True},
        {"kind": "silent"},
    ],
)
def test_half_an_answer_none_a_lock_or_a_fault_is_tried_again(way: Way, fault: dict[str, Any]) -> None:
    way.take(*several(5))
    way.crm.fail(path="batch/upsert", times=2, **fault)
    way.send()
    assert way.rows() == {"delivered": 1, "retrying": 5}
    way.settle()
    stats = way.crm.stats()
    assert (way.rows(), stats["contacts"], stats["duplicates"]) == ({"delivered": 6}, 6, 0)


def test_refused_credentials_pause_the_destination_and_new_ones_end_it_at_once(way: Way) -> None:
    way.take(anna())
    stale = way.sender()
    way.crm.token = "pat-eu1-newer"
    deliver(stale)
    calls = way.crm.stats()["calls"]
    deliver(stale)
    with way.database.session() as session:
        [(state, attempts)] = session.rows("SELECT state, attempts FROM outbox WHERE state <> 'delivered'")
    assert (state, attempts, way.crm.stats()["calls"]) == ("pending", 0, calls)
    # when the operator configures the new token, nobody waits for the pause to end
    fresh = way.sender()
    settings = fresh.connection.settings.model_copy(update={"timeout_seconds": 21.0, "access_token": "new"})
    renewed = type(fresh.connection)("crm", fresh.connection.connector, settings)
    deliver(Sender(way.database, renewed, way.routes, fresh.owner, client=fresh.client))
    assert one_anna(way)["email"] == MAIL


def test_a_dead_destination_is_left_alone_and_its_rows_are_dead_in_the_end(database: Database) -> None:
    crm = Crm()
    destination = crm.connection("crm")
    way = Way(database)
    way.through(destination)

    def down(_: Sequence[Write]) -> None:
        raise Unavailable("down")

    crm.before = down
    way.take(*several(20))
    sender = Sender(database, destination, way.routes, "here:1:a")
    for _ in range(policy.BREAKER_AFTER):
        deliver(sender)
        with database.session() as session:
            session.run("UPDATE outbox SET due_at = now()")
    with database.session() as session:
        assert destinations.state_of(session, "crm").rest is not None
    assert deliver(sender) == 0
    for _ in range(8 * policy.MAX_ATTEMPTS):  # a search for the one at fault is given up, and counts for those it met
        way.pass_time()
        deliver(sender)
    assert way.rows() == {"dead": 20}
    assert {(dead["attempts"], dead["reason"]) for dead in way.failures()} == {(policy.MAX_ATTEMPTS, "down")}
    # and put back by hand once it lives
    crm.before = lambda writes: None
    with database.session() as session:
        assert outbox.redrive(session) == 20
    way.pass_time()
    deliver(sender)
    assert (way.rows(), len(crm.people)) == ({"delivered": 20}, 20)


def test_a_slow_destination_does_not_slow_another_nor_the_processing(database: Database) -> None:
    slow, fast = Crm(), Crm()
    tortoise, hare = slow.connection("tortoise", batch=1), fast.connection("hare")
    way = Way(database)
    way.through(tortoise, hare)
    stuck, go_on = threading.Event(), threading.Event()

    def hang(_: Sequence[Write]) -> None:
        stuck.set()
        go_on.wait(30)

    slow.before = hang
    way.take(*several(20))
    hanging = threading.Thread(target=deliver, args=(Sender(database, tortoise, way.routes, "here:1:a"),))
    hanging.start()
    try:
        assert stuck.wait(60)
        started = time.monotonic()
        # while it hangs, events are processed, also of people it is being sent, and the other one gets everything
        way.take(entry([customer("c0", when=at(9), company="Berg KG")], "later"))
        deliver(Sender(database, hare, way.routes, "here:1:b"))
        taken = time.monotonic() - started
        assert (len(fast.people), len(slow.people), taken < 25) == (20, 0, True)
    finally:
        go_on.set()
        hanging.join(30)
    way.pass_time()
    deliver(Sender(database, tortoise, way.routes, "here:1:a"))
    assert (way.rows(), len(slow.people)) == ({"delivered": 40}, 20)


def test_a_profile_is_on_the_way_again_although_another_worker_processes(way: Way) -> None:
    store(way.database, several(50))
    sending = threading.Thread(target=lambda: [way.send() for _ in range(5)])
    sending.start()
    while process_batch(way.processing, 5).entries:
        pass
    sending.join(30)
    way.settle()
    assert (way.rows(), way.crm.stats()["duplicates"]) == ({"delivered": 51}, 0)


def test_an_order_that_waits_for_its_customer_says_so(way: Way) -> None:
    # given an order whose person goes there by no route
    way.take(anna(), order("e2", "10"))
    with way.database.session() as session:
        session.run("DELETE FROM outbox WHERE subject = 'profile'")
    # when it is due, then it waits, and whoever looks reads for what
    way.send()
    with way.database.session() as session:
        [row] = session.rows("SELECT state, attempts, reason FROM outbox")
    assert tuple(row) == ("pending", 0, NO_CUSTOMER)


def test_the_order_of_an_erased_person_waits_for_no_record_of_theirs(way: Way) -> None:
    # given an order whose person has no record there, and never will: they were erased
    way.take(anna(), order("e2", "10"))
    with way.database.session() as session:
        session.run("UPDATE profile SET suppressed = true")
        session.run("DELETE FROM outbox WHERE subject = 'profile'")
    # when it is due
    way.send()
    # then it is done with, instead of being put off for ever
    assert set(way.rows()) == {"delivered"}
    assert way.crm.deals() == []
