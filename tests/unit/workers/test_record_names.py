"""How people name the records of a profile."""

from __future__ import annotations

from uuid import UUID

import pytest

from hub.application.record_names import anywhere, meant
from hub.model.keys import record_id
from hub.model.profile import RecordReference


def name(connection: str, kind: str, external_id: str) -> tuple[UUID, RecordReference]:
    reference = RecordReference(connection=connection, kind=kind, external_id=external_id)
    return record_id(connection, kind, external_id), reference


CUSTOMER, GUEST, TILL, PERSON = (
    name("shop", "customer", "1"),
    name("shop", "guest", "1"),
    name("till", "customer", "77"),
    name("social", "person", "page:77"),
)
HELD = dict([CUSTOMER, GUEST, TILL, PERSON])


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("shop:customer:1", {CUSTOMER[0]}),
        (" till:customer:77 ", {TILL[0]}),
        ("till:77", {TILL[0]}),
        ("shop:1", {CUSTOMER[0], GUEST[0]}),
        ("social:person:page:77", {PERSON[0]}),
        ("social:page:77", {PERSON[0]}),
        (str(TILL[0]), {TILL[0]}),
        (str(TILL[0]).upper(), {TILL[0]}),
        ("till:78", set()),
        ("till", set()),
        ("", set()),
        (str(record_id("till", "customer", "78")), set()),
    ],
)
def test_a_text_stands_for_records_of_the_profile(text: str, records: set[UUID]) -> None:
    assert meant([text, "shop:guest:1"], HELD) == [records, {GUEST[0]}]


def test_a_whole_name_goes_before_one_it_could_be_short_for() -> None:
    whole, odd = name("shop", "customer", "1"), name("shop", "guest", "customer:1")

    assert meant(["shop:customer:1"], dict([whole, odd])) == [{whole[0]}]


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("shop:customer:1", CUSTOMER[0]),
        ("social:person:page:77", PERSON[0]),
        (str(TILL[0]), TILL[0]),
        ("shop:1", None),
        ("shop::1", None),
        ("anything", None),
    ],
)
def test_a_whole_name_is_one_record_wherever_it_is(text: str, record: UUID | None) -> None:
    assert anywhere(text) == record
