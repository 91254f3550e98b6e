"""What every CRM's dialect must do with entries in people's histories, once per dialect, against its double."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest

from hub.model.activity import ACTIVITY_KINDS
from hub.sdk.destination import ActivityChange
from hub.sdk.manifest import Capability
from tests.support.crm import AFTER, BEFORE, House, doubles
from tests.support.crm.cast import ANNA, BERT, ORDER, one, order, person
from tests.support.crm.house import Happened
from tests.support.doubles import at

KEYS = tuple(UUID(int=0xAC00 + number) for number in range(60))
WORDS = 'Where is <my> parcel?\nWrite to <a.berg@example.com> & "me" — Grüße'
SAYING = "Verboten"


@cache
def _prepared(slug: str) -> House:
    return House(doubles()[slug](), activities=list(ACTIVITY_KINDS)).prepare()


def histories() -> list[str]:
    """The doubles of the CRMs that keep a history of people for Hub."""
    return [slug for slug, double in doubles().items() if hasattr(double, "activities")]


@pytest.fixture(params=histories())
def house(request: pytest.FixtureRequest) -> House:
    return _prepared(request.param).copy()


def told(text: str = WORDS, title: str = "Message (whatsapp, shop)") -> Happened:
    return Happened("message", at(3), title, text)


def entries(house: House, key: UUID) -> list[Any]:
    return [entry for entry in house.double.activities() if entry["owner"] == str(key)]


@pytest.mark.parametrize("slug", [slug for slug in doubles() if not slug.startswith("plain")])
def test_every_crm_appends_activities_or_says_why_not(slug: str) -> None:
    manifest = House(doubles()[slug]()).connection.connector.manifest
    offered = Capability.ACTIVITIES in manifest.capabilities
    assert offered is (slug in histories())
    assert offered is not bool(manifest.not_offered.get("activities"))


def test_an_entry_stands_at_its_person_with_its_words_and_moment(house: House) -> None:
    house.known(person(ANNA, phone="+4989123456"), person(BERT))
    house.happened(KEYS[0], ANNA, told())
    house.settle()
    [entry] = house.double.activities()
    assert entry["owner"] == str(KEYS[0])
    assert entry["person"] == one(house.double, ANNA)["id"]
    held = json.dumps(entry["values"], ensure_ascii=False)
    assert "Message (whatsapp, shop)" in held
    # and nothing of the words is lost, whether the CRM shows HTML or text
    assert "a.berg@example.com" in held
    assert "my" in held
    assert "Grüße" in held
    assert f"{at(3):%Y-%m-%d}" in held
    # and no more of the person than the entry tells
    assert not any(text in held for text in ("anna@example.com", "Amsel", "4989123456"))


def test_what_people_wrote_is_no_html_where_the_crm_shows_html(house: House) -> None:
    house.known(person(ANNA))
    house.happened(KEYS[0], ANNA, told("<img src=x onerror=alert(1)>"))
    house.settle()
    [entry] = entries(house, KEYS[0])
    bodies = [value for value in entry["values"].values() if isinstance(value, str) and "onerror" in value]
    assert bodies
    for body in bodies:
        assert "<strong>" not in body or "&lt;img" in body
        assert "&amp;lt;" not in body


def test_no_entry_comes_before_its_person(house: House) -> None:
    house.happened(KEYS[0], ANNA, told())
    house.deliver()
    assert house.double.activities() == []
    house.known(person(ANNA))
    house.settle()
    assert len(entries(house, KEYS[0])) == 1


def deliver_two(house: House) -> None:
    house.happened(KEYS[0], ANNA, told())
    house.happened(KEYS[1], BERT, told("other words"))
    house.settle()


@pytest.mark.parametrize("fault", [*AFTER, *BEFORE])
def test_it_is_appended_once_whatever_becomes_of_any_call(house: House, fault: str) -> None:
    house.known(person(ANNA), person(BERT))
    house.settle()
    calm = house.copy()
    deliver_two(calm)
    for number in range(1, calm.hostile.calls + 1):
        way = house.copy()
        way.hostile.at[number] = fault
        deliver_two(way)
        assert [len(entries(way, key)) for key in KEYS[:2]] == [1, 1], f"{fault} at call {number}"


def test_a_sender_that_is_killed_after_the_call_appends_nothing_twice(house: House) -> None:
    house.known(person(ANNA))
    house.happened(KEYS[0], ANNA, told())
    house.settle()
    # given that nothing of the call was recorded
    row = house.tables.outbox[KEYS[0]]
    row.state, row.uncertain = "pending", False
    house.tables.crosswalk = {name: held for name, held in house.tables.crosswalk.items() if name[0] != "activity"}
    house.settle()
    assert len(entries(house, KEYS[0])) == 1


def test_many_entries_of_one_batch_each_stand_once(house: House) -> None:
    house.known(person(ANNA), person(BERT))
    for number, key in enumerate(KEYS):
        house.happened(key, (ANNA, BERT)[number % 2], told(f"words {number}"))
    house.settle()
    assert sorted(str(entry["owner"]) for entry in house.double.activities()) == sorted(map(str, KEYS))


def test_entries_follow_a_merge_of_profiles(house: House) -> None:
    house.known(person(ANNA), person(BERT))
    house.happened(KEYS[0], BERT, told())
    house.settle()
    # when the two are one, with an entry that still waits
    house.happened(KEYS[1], BERT, told("waiting"))
    house.merged(person(ANNA, "anna@example.com", "bert@example.com"), loser=BERT)
    house.settle()
    # then the new one stands at the record that is left, and the old one only once
    [entry] = entries(house, KEYS[1])
    assert entry["person"] == one(house.double, ANNA)["id"]
    assert len(entries(house, KEYS[0])) == 1


def test_nothing_is_appended_to_an_erased_person_and_nothing_of_theirs_is_left(house: House) -> None:
    house.known(person(ANNA), person(BERT))
    house.happened(KEYS[0], ANNA, told())
    house.happened(KEYS[1], BERT, told("of Bert"))
    house.settle()
    # when the person wants to be forgotten, and something is told of them still
    house.erased(ANNA)
    house.happened(KEYS[2], ANNA, told("late"))
    house.settle()
    assert entries(house, KEYS[2]) == []
    assert entries(house, KEYS[0]) == []
    assert len(entries(house, KEYS[1])) == 1


def test_an_entry_of_a_record_that_was_deleted_there_waits_for_the_new_one(house: House) -> None:
    house.known(person(ANNA), person(BERT))
    house.settle()
    # given that people deleted a record
    house.double.delete_person(one(house.double, ANNA)["id"])
    house.happened(KEYS[0], ANNA, told())
    house.happened(KEYS[1], BERT, told("of Bert"))
    house.deliver()
    # then the other one's is not held up
    assert len(entries(house, KEYS[1])) == 1
    assert entries(house, KEYS[0]) == []
    # and this one stands at the record that is made anew
    house.known(person(ANNA, city="Bonn"))
    house.settle()
    assert [entry["person"] for entry in entries(house, KEYS[0])] == [one(house.double, ANNA)["id"]]


def test_a_refused_entry_holds_up_no_other(house: House) -> None:
    house.double.refuse(SAYING)
    house.known(person(ANNA), person(BERT))
    house.happened(KEYS[0], ANNA, told(f"{SAYING} words"))
    house.happened(KEYS[1], BERT, told("fine"))
    house.settle()
    assert entries(house, KEYS[0]) == []
    assert house.states()[KEYS[0]] == "rejected"
    assert len(entries(house, KEYS[1])) == 1


def test_the_longest_entry_is_taken(house: House) -> None:
    house.known(person(ANNA))
    house.happened(KEYS[0], ANNA, told("ä<" * 1000, title="Order placed: " + "9" * 300))
    house.settle()
    assert len(entries(house, KEYS[0])) == 1


def test_orders_and_consents_are_no_entries_of_their_own(house: House) -> None:
    house.known(person(ANNA, consent="opted_out"))
    house.ordered(ORDER, order("1001"), ANNA)
    house.settle()
    assert house.double.activities() == []


# -- tasks


DESKS = ("dynamics", "espocrm", "hubspot", "odoo", "pipedrive", "salesforce", "zoho")


@pytest.fixture(params=DESKS)
def desk(request: pytest.FixtureRequest) -> House:
    """A house before a CRM, whose user 7 is Mara."""
    return _desk(request.param).copy()


@cache
def _desk(slug: str) -> House:
    return House(doubles()[slug](), activities=list(ACTIVITY_KINDS), task_owners={"Mara": "7"}).prepare()


def work(owner: str = "Mara", text: str = "asked for an offer") -> Happened:
    title = "Task: lead to qualified, for Mara, due 2026-03-05 (insight)"
    return Happened("task", at(3), title, text, due=at(3) + timedelta(days=1), owner=owner)


def test_a_task_is_one_that_is_due_and_is_its_owners(desk: House) -> None:
    # given a hand-over that asks Mara, and one that asks somebody whom nobody named to the CRM
    desk.known(person(ANNA), person(BERT))
    desk.happened(KEYS[0], ANNA, work())
    desk.happened(KEYS[1], BERT, work("Tim"))
    desk.happened(KEYS[2], ANNA, told())
    desk.settle()
    # then each is a task of its day, the first one Mara's, and none is done
    [task] = entries(desk, KEYS[0])
    assert task["person"] == one(desk.double, ANNA)["id"]
    held = json.dumps(task["values"], ensure_ascii=False, default=str)
    assert f"{at(3) + timedelta(days=1):%Y-%m-%d}" in held
    assert "lead to qualified, for Mara" in held
    assert "asked for an offer" in held
    assert "Task: " not in held
    assert any(re.fullmatch(r"(\{'id': ')?7('\})?", str(value)) for value in task["values"].values())
    [other] = entries(desk, KEYS[1])
    assert not any(re.fullmatch(r"(\{'id': ')?7('\})?", str(value)) for value in other["values"].values())
    assert "Completed" not in held
    # and any other entry stands as ever
    [note] = entries(desk, KEYS[2])
    assert note["values"].keys() != task["values"].keys() or desk.double.slug == "salesforce"
    # and nothing of an erased person is left
    desk.erased(ANNA)
    desk.settle()
    assert [entries(desk, key) for key in (KEYS[0], KEYS[2])] == [[], []]


@pytest.mark.parametrize("fault", [*[*AFTER][:1], *[*BEFORE][:1]])
def test_a_task_is_made_once_whatever_becomes_of_any_call(desk: House, fault: str) -> None:
    desk.known(person(ANNA), person(BERT))
    desk.settle()
    for number in range(1, 8):
        way = desk.copy()
        way.hostile.at[number] = fault
        way.happened(KEYS[0], ANNA, work())
        way.happened(KEYS[1], BERT, work())
        way.settle()
        assert [len(entries(way, key)) for key in KEYS[:2]] == [1, 1], f"{fault} at call {number}"
    # and when the two are one, each stands at the record that is left
    way.merged(person(ANNA, "anna@example.com", "bert@example.com"), loser=BERT)
    way.settle()
    assert [entry["person"] for key in KEYS[:2] for entry in entries(way, key)] == [one(way.double, ANNA)["id"]] * 2


# -- tried on the field: each report of a peer, made again ------------------------------------------------------------


def of(slug: str) -> House:
    """A house before this CRM, with somebody in it."""
    house = _prepared(slug).copy()
    house.known(person(ANNA))
    house.settle()
    return house


def test_a_synchronisation_that_runs_again_appends_nothing_again(house: House) -> None:
    # ringcentral/hubspot-embeddable-ringcentral-phone#175: the same messages came again with each synchronisation
    house.known(person(ANNA))
    house.happened(KEYS[0], ANNA, told())
    house.settle()
    calls = house.hostile.calls
    for _ in range(3):
        house.settle()
    assert house.hostile.calls == calls
    assert len(house.double.activities()) == 1


def test_a_note_has_the_time_that_hubspot_wants_and_nobody_as_its_owner() -> None:
    # dust-tt/dust#22132: notes that HubSpot's pages did not show, for want of the right time and for a wrong owner
    house = of("hubspot")
    house.happened(KEYS[0], ANNA, told())
    house.settle()
    [entry] = entries(house, KEYS[0])
    assert entry["values"]["hs_timestamp"] == f"{at(3):%Y-%m-%dT%H:%M:%S}.000Z"
    assert "hubspot_owner_id" not in entry["values"]


def test_a_task_is_of_a_person_and_takes_no_more_than_salesforce_does() -> None:
    # mautic/mautic#8989 (too long a name stopped all), jsforce/jsforce#1006 (an account as WhoId), jsforce/jsforce#995
    # (CreatedDate and Type cannot be set), funraise/Funraise-Salesforce#11 (the status is a picklist of the org's own)
    house = House(doubles()["salesforce"](), activities=["message"], activity_status="Erledigt").prepare()
    house.known(person(ANNA, company="Ohm GmbH"))
    house.happened(KEYS[0], ANNA, told(title="Message " + "x" * 300))
    house.settle()
    [entry] = entries(house, KEYS[0])
    assert str(entry["person"]).startswith("003")
    assert len(entry["values"]["Subject"]) == 255
    assert entry["values"]["Status"] == "Erledigt"
    assert entry["values"].keys() == {"Subject", "Description", "ActivityDate", "Status", "Hub_Activity_Key__c"}


def test_odoo_shows_tags_as_people_wrote_them_and_neither_as_markup_nor_escaped_twice() -> None:
    # pantalytics/odoo-mcp-pro#33 and #147 (escaped markup in the chatter), erpipe-org/mcp-odoo#62 (<a@b> was lost),
    # ivnvxd/mcp-server-odoo#50 (message_post tells all followers)
    house = of("odoo")
    house.happened(KEYS[0], ANNA, told("forward to <a.schmidt@example.com> if a<b"))
    house.settle()
    [entry] = entries(house, KEYS[0])
    assert entry["values"]["body"].endswith("<br>forward to &lt;a.schmidt@example.com&gt; if a&lt;b")
    assert not any(request.url.path.endswith("/message_post") for request in house.hostile.told)


def test_the_moment_is_in_utc_and_says_so() -> None:
    # ringcentral/rc-unified-crm-extension#4 and #72: calls stood twelve hours too early, in a zone that nobody named
    for slug in ("dynamics", "espocrm", "freshsales", "pipedrive", "salesforce", "twenty", "zoho"):
        house = of(slug)
        house.happened(KEYS[0], ANNA, told())
        house.settle()
        [entry] = entries(house, KEYS[0])
        assert f"{at(3):%Y-%m-%d %H:%M} UTC" in str(entry["values"]), slug


def test_what_a_person_wrote_calls_no_user_of_espocrm() -> None:
    # espocrm/espocrm application/Espo/Hooks/Note/Mentions.php: "@name" in a post notifies that user
    house = of("espocrm")
    house.happened(KEYS[0], ANNA, told("@admin please, or a.berg@example.com"))
    house.settle()
    [entry] = entries(house, KEYS[0])
    assert "@admin" not in entry["values"]["post"]
    assert "a.berg@example.com" in entry["values"]["post"]


def test_a_post_that_espocrm_keeps_is_told_and_its_person_is_erased_all_the_same() -> None:
    # given a post that is too old for the user who wrote it to delete
    house = of("espocrm")
    house.happened(KEYS[0], ANNA, told())
    house.settle()
    house.double.old_notes = {entry["id"] for entry in entries(house, KEYS[0])}  # type: ignore[attr-defined]
    house.erased(ANNA)
    house.settle()
    row = house.tables.outbox[ANNA]
    assert (row.state, "1 are left" in row.reason) == ("rejected", True)
    assert house.double.people() == []


def test_a_preview_shows_what_an_entry_starts_with(house: House) -> None:
    house.known(person(ANNA))
    house.settle()
    house.happened(KEYS[0], ANNA, told())
    [row] = house.due("activity")
    change = house._change("activity", row)
    destination, settings = house.destination, house.connection.settings
    assert destination.append is not None
    assert isinstance(change, ActivityChange)
    write = destination.append(change, settings)
    assert write is not None
    planned = [(one.method, one.path) for one in destination.plan([write], settings)]
    before = house.hostile.calls
    house.settle()
    sent = [(request.method, request.url.path) for request in house.hostile.told[before:]]
    assert planned
    assert all(any(path.endswith(shown.partition("?")[0]) for _, path in sent) for _, shown in planned)
