"""Reconcile at the destination: what does not stand there as Hub knows it is found, listed, and repaired by rule."""

from __future__ import annotations

from typing import Any

import pytest

from hub.application.drift import Comparison, Repair, compare
from hub.store import drifts
from hub.store.database import Database
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import client_of
from tests.support.two_way import TwoWay

NUMBERS = [f"+4954198765{n}" for n in range(5)]


@pytest.fixture
def way(database: Database) -> TwoWay:
    made = TwoWay(database)
    people = [
        customer(str(n), when=at(n), name=("Anna", f"Berg{n}"), emails=[f"anna{n}@example.com"], phones=[number])
        for n, number in enumerate(NUMBERS)
    ]
    made.take(*(entry([one], f"e{n}") for n, one in enumerate(people)))
    made.settle()
    made.hear()
    return made


def look(way: TwoWay, *, repair: Repair = "ask", sample: int | None = None) -> Comparison:
    return compare(way.database, way.connection, sample=sample, repair=repair, client=client_of(way.crm))


def unheard(way: TwoWay, place: int, **properties: str) -> dict[str, Any]:
    """Somebody changes a contact, and its webhook is lost."""
    contact = way.crm.contacts()[place]
    way.crm.edit(contact["id"], **properties)
    way.crm.events.clear()
    return contact


def test_where_nothing_was_changed_there_is_no_drift(way: TwoWay) -> None:
    found = look(way)
    assert (found.looked_at, found.drifts, found.open) == (5, [], 0)


def test_a_sweep_lists_what_was_changed_emptied_and_deleted_and_leaves_it_to_a_person(way: TwoWay) -> None:
    first = unheard(way, 0, phone="0541 111111")
    second = unheard(way, 1, lastname="")
    third = way.crm.contacts()[2]
    way.crm.delete_by_hand(third["id"])
    found = look(way)
    assert {(one.external_id, one.property, one.standing) for one in found.drifts} == {
        (first["id"], "phone", "differs"),
        (second["id"], "lastname", "emptied"),
        (third["id"], "", "gone"),
    }
    with way.database.session() as session:
        assert {row[1:3] for row in drifts.page(session, "crm", 10)} == {
            (one.external_id, one.property) for one in found.drifts
        }
    # another spelling of what Hub wrote is no drift
    last = way.crm.contacts()[-1]
    unheard(way, -1, phone=f"0{last['phone'].removeprefix('+49')}")
    assert len(look(way).drifts) == 3


def test_drift_is_written_over_again(way: TwoWay) -> None:
    before = unheard(way, 0, phone="0541 111111")
    assert look(way, repair="write").repaired == 1
    way.settle()
    assert way.crm.contacts()[0]["phone"] == before["phone"]
    assert look(way).drifts == []


def test_drift_is_taken_over_as_a_persons_edit(way: TwoWay) -> None:
    before = unheard(way, 0, phone="0541 111111")
    with way.database.session() as session:
        session.run("UPDATE mirror SET updated_at = updated_at - interval '1 minute'")
    assert look(way, repair="take").repaired == 1
    way.work()
    way.settle()
    assert way.crm.contacts()[0]["phone"] == "0541 111111"
    golden = [way.person(place)["phones"] for place in range(5)]
    assert ["+49541111111", before["phone"]] in golden
    assert look(way).drifts == []


def test_a_sample_looks_at_so_many_each_once(way: TwoWay) -> None:
    looked = look(way, sample=3)
    assert looked.looked_at == 3
    assert look(way, sample=50).looked_at == 5
