"""What every CRM's dialect must do with entries in people's histories, once per dialect, against its double."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from uuid import UUID

import pytest

from hub.model.activity import ACTIVITY_KINDS
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
