"""Who is compared with whom."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.matching.blocking import FINEST, NEIGHBOURS, buckets, candidates, cap, hashed, keys
from hub.matching.features import Features
from tests.unit.matching.people import BORN, HOME, PHONE, who
from tests.unit.matching.test_scoring import PERSONS, SAME


def test_the_keys_of_a_record() -> None:
    record = who(first_name="Anna", last_name="Berg", email="a.berg7@example.de", phone=PHONE, birth_date=BORN, **HOME)
    assert keys(record) == {
        ("email", "aberg7@example.de"), ("local", "aberg7"), ("domain", "example.de"), ("phone", "023125101"),
        ("birth", "19800417"), ("word_birth", "06|19800417"), ("word_birth", "174|19800417"),
        ("word_year", "06|1980"), ("word_year", "174|1980"), ("name", "06|174"),
        ("word_postal", "06|10969"), ("word_postal", "174|10969"), ("word_city", "06|berlin"),
        ("word_city", "174|berlin"), ("door", "12|lind"), ("street", "12|lind|10969"),
        ("name_year", "06|174|1980"), ("name_day", "06|174|0417"), ("birth_postal", "19800417|10969"),
        ("name_birth", "06|174|19800417"), ("name_postal", "06|174|10969"),
        ("word_door", "06|12|10969"), ("word_door", "174|12|10969"), ("name_door", "06|174|12|lind"),
    }  # fmt: skip


def test_a_name_at_a_door_is_found_with_the_postal_code_alone_and_with_the_city_alone() -> None:
    told = {"first_name": "Anna", "last_name": "Berg", "street": HOME["street"]}
    by_code, by_city = (keys(who(**told, **{part: HOME[part]})) for part in ("postal_code", "city"))
    assert {kind for kind, _ in by_code & by_city} & FINEST == {"name_door"}


def test_a_value_is_no_other_kinds() -> None:
    record = Features(handles=("7",), loyalty_ids=("7",), national_ids=("7",), accounts=("page:7",), links=("7",))
    assert keys(record) == {
        ("handle", "handle:7"), ("loyalty", "loyalty:7"), ("national_id", "national_id:7"), ("account", "page:7"),
        ("link", "7"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "junk",
    [
        {"email": "null"}, {"email": "test@test"}, {"email": "none@example.com"}, {"email": "kein@noemail.com"},
        {"email": "nicht.angegeben"}, {"phone": "+49000000"}, {"first_name": "-", "last_name": "n/a"},
        {"full_name": "Unbekannt", "birth_date": "-"},
    ],
)  # fmt: skip
def test_junk_is_found_under_nothing(junk: dict[str, str]) -> None:
    assert keys(who(**junk)) == set()


@pytest.mark.parametrize("kind", ["email", "phone", "account", "loyalty", "handle", "national_id"])
def test_the_bucket_of_an_identifier_dies_late(kind: str) -> None:
    assert cap(kind) == 200


def test_a_source_is_believed_however_many_it_links() -> None:
    assert cap("link") >= 1_000_000


def test_a_key_is_the_same_number_in_every_process() -> None:
    found = {hashed(key): key for key in [("email", "a@example.de"), ("emai", "la@example.de"), ("local", "ä")]}
    assert sorted(found) == [-6635854932069728415, -3484530110359650866, 237432541399071326]
    assert all(-(2**63) <= number < 2**63 for number in found)


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_one_person_is_found(one: dict[str, str], other: dict[str, str]) -> None:
    assert candidates(buckets({1: who(**one), 2: who(**other)})) == {(1, 2)}


def test_an_overfull_bucket_proposes_nobody() -> None:
    found = {("phone", "023125101"): [1, 2, 3, 4], ("name", "06|174"): [4, 2]}
    assert candidates(found, most=3) == {(2, 4)}


@pytest.mark.parametrize("kind", sorted(FINEST))
def test_in_a_large_bucket_of_one_persons_each_is_compared_with_its_neighbours(kind: str) -> None:
    # given more records at one door, or of one name there, than are compared with one another
    most = cap(kind)
    found = {(kind, "06|12|lind|10969"): list(range(3 * most))}
    pairs = candidates(found)
    # then every record costs as much as the others, and they still hang together
    assert {other - one for one, other in pairs} == set(range(1, NEIGHBOURS + 1))
    assert len(pairs) <= 3 * most * NEIGHBOURS


@settings(deadline=None)
@given(st.lists(PERSONS, max_size=6), st.randoms())
def test_candidates_do_not_depend_on_order(people: list[Features], random) -> None:
    numbered = list(enumerate(people))
    shuffled = random.sample(numbered, len(numbered))
    assert candidates(buckets(dict(shuffled))) == candidates(buckets(dict(numbered)))
