"""Law L10: what Hub wrote to a CRM and comes back says nothing new, and what a person changed there is kept."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hub.application.judge import Judge
from hub.application.resend import resend
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import at, customer, entry, store
from tests.support.hubspot import client_of
from tests.support.two_way import TwoWay

MAIL = "anna@example.com"
PHONE, CORRECTED = "+49541987654", "+49541987655"


@pytest.fixture
def way(database: Database) -> TwoWay:
    made = TwoWay(database)
    made.take(anna())
    made.send()
    return made


def anna(event_id: str = "e1", *, when: float = 0, **fields: Any) -> Any:
    told = {"name": ("Anna", "Berg"), "emails": [MAIL], "phones": [PHONE], **fields}
    return entry([customer("1", when=at(when), **told)], event_id)


def contact(way: TwoWay) -> dict[str, Any]:
    [one] = way.crm.contacts()
    return one


def test_a_write_that_comes_back_by_webhook_and_poll_changes_nothing_and_writes_nothing(way: TwoWay) -> None:
    before, golden = way.writes(), way.person()
    way.hear()
    way.poll()
    way.settle()
    assert (way.writes(), way.person(), len(way.crm.contacts())) == (before, golden, 1)
    assert [record["connection"] for record in golden["records"]] == ["shop"]


def test_of_three_fields_that_come_back_the_one_a_person_changed_is_told_and_not_written_back(way: TwoWay) -> None:
    way.crm.edit(contact(way)["id"], phone="0541 987655")
    before = way.writes()
    way.hear()
    way.settle()
    person = way.person()
    assert person["phones"] == [CORRECTED, PHONE]
    assert (person["name"]["full"], person["emails"]) == ("Anna Berg", [MAIL])
    # the number stays as it was typed; Hub's own list of all numbers is one write, and its echo none
    assert (contact(way)["phone"], contact(way)["hub_phones"]) == ("0541 987655", f"{CORRECTED};{PHONE}")
    way.hear()
    way.settle()
    assert way.writes() == before + 1
    with way.database.session() as session:
        [[state]] = session.rows("SELECT state FROM record WHERE connection = 'crm'")
    assert '"phones"' in state
    assert '"emails"' not in state
    assert '"name"' not in state


def test_an_edit_stays_corrected_when_an_older_source_speaks_again(way: TwoWay) -> None:
    way.crm.edit(contact(way)["id"], phone="0541 987655")
    way.hear()
    way.settle()
    # the shop tells its old number once more, of an order that is older than the edit
    way.take(anna("e2", when=1))
    way.settle()
    assert (contact(way)["phone"], way.person()["phones"][0]) == ("0541 987655", CORRECTED)


def test_a_late_echo_of_an_older_write_is_no_edit(way: TwoWay) -> None:
    echo = way.webhook()
    way.take(anna("e2", when=9, phones=["+49301111111"]))
    late = way.webhook(way.crm.told() or [_changed(contact(way)["id"])])
    assert echo is not None
    assert late is not None
    fetched_before_the_second_write = _with_body(way, late)
    way.send()
    way.take(fetched_before_the_second_write)
    way.settle()
    assert way.person()["phones"][0] == "+49301111111"
    assert contact(way)["phone"] == "+49301111111"
    with way.database.session() as session:
        assert session.rows("SELECT 1 FROM record WHERE connection = 'crm'") == []


def test_a_person_who_sets_back_what_hub_wrote_before_is_heard(way: TwoWay) -> None:
    way.take(anna("e2", when=9, phones=["+49301111111"]))
    way.send()
    way.hear()
    way.crm.edit(contact(way)["id"], phone=PHONE)
    way.hear()
    way.settle()
    assert way.person()["phones"][0] == PHONE
    assert contact(way)["phone"] == PHONE


def test_an_edit_that_hub_wrote_over_before_it_heard_of_it_is_not_lost(way: TwoWay) -> None:
    way.take(anna("e2", when=9, phones=["+49301111111"]))
    way.crm.edit(contact(way)["id"], phone="0541 987655")
    way.send()
    assert contact(way)["phone"] == "+49301111111"
    way.hear()
    way.settle()
    way.hear()
    assert (contact(way)["phone"], way.person()["phones"][0]) == (CORRECTED, CORRECTED)


def test_what_the_shop_tells_too_before_the_edit_is_heard_is_not_a_persons_value(way: TwoWay) -> None:
    # found by 1,500 random schedules of the ring
    way.crm.edit(contact(way)["id"], phone="0541 987655")
    way.take(anna("e2", when=5, phones=[CORRECTED]))
    way.send()
    way.hear()
    way.settle()
    assert way.person()["phones"][0] == CORRECTED
    way.take(anna("e3", when=9))
    way.settle()
    assert way.person()["phones"][0] == PHONE


def test_a_webhook_that_overtakes_the_answer_to_its_own_write_is_an_echo(database: Database) -> None:
    # mautic#5401: the webhook of a new record came before the record was noted, and made a second one
    way = TwoWay(database)
    way.take(anna())
    way.crm.fail(path="batch/upsert", kind="silent")
    way.send()
    way.hear()
    assert len(way.crm.contacts()) == 1
    way.settle()
    way.hear()
    way.settle()
    assert (len(way.crm.contacts()), len(way.person()["records"])) == (1, 1)


def test_a_contact_made_by_hand_is_a_record_and_no_second_contact(way: TwoWay) -> None:
    made = way.crm.add(firstname="Tom", lastname="Ahrens", phone="0541 334455", jobtitle="Koch")
    way.hear()
    way.take(entry([customer("2", when=at(5), name=("Tom", "Ahrens"), phones=["+49541334455"])], "e5"))
    way.settle()
    way.hear()
    way.settle()
    [tom] = [one for one in way.crm.contacts() if one["id"] == made]
    assert (len(way.crm.contacts()), tom["jobtitle"]) == (2, "Koch")
    assert tom["hub_profile_id"] == str(way.person(1)["id"])
    assert {record["connection"] for record in way.person(1)["records"]} == {"crm", "shop"}


def test_a_changed_email_makes_no_second_contact(way: TwoWay) -> None:
    # mautic#5712, mautic#4895: a changed e-mail made a second person, and the old address went on getting mail
    way.crm.edit(contact(way)["id"], email="anna.berg@example.org")
    way.hear()
    way.settle()
    assert len(way.crm.contacts()) == 1
    assert way.person()["emails"][0] == "anna.berg@example.org"
    assert contact(way)["email"] == "anna.berg@example.org"


def test_a_merge_made_by_a_person_there_is_a_judgement_with_who_and_when(way: TwoWay) -> None:
    way.take(entry([customer("2", when=at(3), name=("Anne", "Klein"), emails=["klein@example.com"])], "e2"))
    way.send()
    first, second = (one["id"] for one in way.crm.contacts())
    left = way.crm.merge_by_hand(first, second)
    way.hear()
    way.settle()
    with way.database.session() as session:
        [[verdict, by]] = session.rows("SELECT verdict, by FROM judgement")
        profiles = session.rows("SELECT count(*) FROM profile")
    assert (verdict, by, profiles) == ("same", "HubSpot userId:4711", [(1,)])
    assert [one["id"] for one in way.crm.contacts()] == [left]


def test_a_merge_that_is_told_again_undoes_no_split_that_people_made_since(way: TwoWay) -> None:
    way.take(entry([customer("2", when=at(3), name=("Anne", "Klein"), emails=["klein@example.com"])], "e2"))
    way.send()
    way.crm.merge_by_hand(*(one["id"] for one in way.crm.contacts()))
    told = way.crm.told()
    for _ in range(2):
        again = way.webhook(told)
        assert again is not None
        store(way.database, [again])
        way.work()
        way.settle()
        with way.database.session() as session:
            held = session.rows("SELECT id FROM judgement WHERE verdict = 'same' AND withdrawn_at IS NULL")
        for [one] in held:
            Judge(way.processing).withdraw(one, "Tom")
            way.settle()
        told = [one for one in told if "merge" in one["subscriptionType"]]
    with way.database.session() as session:
        assert session.rows("SELECT count(*) FROM judgement") == [(1,)]
        assert session.rows("SELECT count(*) FROM profile") == [(2,)]


def test_a_merge_that_hub_made_there_comes_back_as_no_judgement(way: TwoWay) -> None:
    way.take(entry([customer("2", when=at(3), name=("Anna", "Berg"), emails=["berg@example.com"])], "e2"))
    way.settle()
    way.take(entry([customer("2", when=at(5), name=("Anna", "Berg"), emails=[MAIL, "berg@example.com"])], "e3"))
    way.settle()
    before = way.writes()
    way.hear()
    way.settle()
    with way.database.session() as session:
        assert session.rows("SELECT count(*) FROM judgement") == [(0,)]
    assert (len(way.crm.contacts()), way.writes()) == (1, before)


def test_a_contact_deleted_there_is_not_made_anew_and_nobody_is_erased(way: TwoWay) -> None:
    way.crm.delete_by_hand(contact(way)["id"])
    way.hear()
    way.take(anna("e2", when=9, name=("Anna", "Klein")))
    way.settle()
    assert way.crm.contacts() == []
    assert way.person()["name"]["last"] == "Klein"
    # until somebody says so
    resend(way.processing, "crm", missing=False, client=client_of(way.crm))
    way.settle()
    assert contact(way)["lastname"] == "Klein"


def test_a_replay_long_after_says_what_it_said_then(way: TwoWay) -> None:
    way.crm.edit(contact(way)["id"], phone="0541 987655")
    way.hear()
    way.settle()
    way.take(anna("e2", when=10_000_000_000, phones=["+49301111111"]))
    way.settle()
    with way.database.session() as session:
        session.run("DELETE FROM write_print")
        session.run("INSERT INTO inbox_queue (inbox_id, step, due_at) SELECT id, 'process', now() FROM inbox")
    golden = way.person()
    way.work()
    way.settle()
    assert way.person() == golden


def _changed(contact_id: str) -> dict[str, Any]:
    return {"subscriptionType": "contact.propertyChange", "objectId": int(contact_id), "occurredAt": 1_773_051_330_000}


def _with_body(way: TwoWay, entry_: Any) -> Any:
    """The contact as it stands now, as a poll brings it."""
    shown = way.crm.known("contacts", contact(way)["id"]).shown()
    body = orjson.dumps({name: shown[name] for name in ("id", "properties", "updatedAt")})
    return NewEntry("crm", "late", "contact", "{}", body, entry_.received_at)
