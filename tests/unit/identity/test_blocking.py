"""Who is compared with whom."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.identity.blocking import buckets, candidates, keys
from hub.identity.features import Person
from tests.unit.identity.people import BORN, HOME, PHONE, who
from tests.unit.identity.test_scoring import PERSONS, SAME


def test_the_keys_of_a_record() -> None:
    record = who(first_name="Anna", last_name="Berg", email="a.berg7@example.de", phone=PHONE, birth_date=BORN, **HOME)
    assert keys(record) == {
        ("email", "aberg7@example.de"), ("local", "aberg7"), ("phone", "023125101"), ("birth", "19800417"),
        ("name", "06|174"), ("name_year", "06|1980"), ("name_year", "174|1980"), ("name_postal", "06|10969"),
        ("name_postal", "174|10969"), ("name_city", "06|berlin"), ("name_city", "174|berlin"), ("door", "12|lind"),
    }  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_one_person_is_found(one: dict[str, str], other: dict[str, str]) -> None:
    assert candidates(buckets({1: who(**one), 2: who(**other)})) == {(1, 2)}


def test_an_overfull_bucket_proposes_nobody() -> None:
    found = {("phone", "023125101"): [1, 2, 3, 4], ("name", "06|174"): [4, 2]}
    assert candidates(found, most=3) == {(2, 4)}


@settings(deadline=None)
@given(st.lists(PERSONS, max_size=6), st.randoms())
def test_candidates_do_not_depend_on_order(people: list[Person], random) -> None:
    numbered = list(enumerate(people))
    shuffled = random.sample(numbered, len(numbered))
    assert candidates(buckets(dict(shuffled))) == candidates(buckets(dict(numbered)))
