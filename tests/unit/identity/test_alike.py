"""Records that are told alike, to the letter."""

from __future__ import annotations

import pytest

from hub.matching.alike import MOST, alike, groups
from hub.matching.blocking import buckets
from hub.matching.clustering import cluster
from hub.matching.everybody import Whole
from hub.matching.features import Features
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED
from hub.matching.weights import Model
from tests.unit.identity.people import PHONE, who

SABINE = who(first_name="Sabine", last_name="Möller", email="sabine.moeller@example.de")
MANY = dict.fromkeys(range(500), SABINE)
MODEL = Model()


def test_of_many_who_are_told_alike_the_first_stand_in_buckets() -> None:
    assert {tuple(members) for members in buckets(MANY).values()} == {tuple(range(MOST))}
    assert buckets(dict.fromkeys(range(MOST), SABINE)) == buckets(MANY)


def test_all_of_them_are_one_person_with_whom_one_of_them_is_one() -> None:
    shop = who(first_name="Sabine", last_name="Möller", email="sabine.moeller@example.de", phone=PHONE)
    assert cluster({**MANY, 500: shop}, MODEL).groups == [list(range(501))]


@pytest.mark.parametrize(
    "nobody",
    [
        who(email="keine@kasse.example"),
        who(last_name="Möller", email="x81@example.de"),
        who(first_name="Sabine", last_name="Möller"),
        who(first_name="Sabine", last_name="Möller", email="info@example.de"),
        Features(),
    ],
)
def test_nobody_is_told_alike_without_both_names_and_an_identifier_of_their_own(nobody: Features) -> None:
    assert alike(nobody) is None
    assert groups(dict.fromkeys(range(500), nobody), {}, SHARED) == []


def test_an_identifier_of_very_many_people_makes_nobody_one() -> None:
    assert groups(MANY, {}, SHARED) == [list(range(500))]
    assert groups(MANY, {"sabinemoeller@example.de": 2}, SHARED) == [list(range(500))]
    assert groups(MANY, {"sabinemoeller@example.de": SHARED}, SHARED) == []


def test_few_are_compared_as_all_others_are() -> None:
    assert groups(dict.fromkeys(range(MOST), SABINE), {}, SHARED) == []


def test_all_records_at_once_are_looked_at_in_the_same_way() -> None:
    whole = Everybody(IdentityRules())
    for person in MANY.values():
        whole.add(person)
    whole.ready()
    assert whole.links() == [list(range(500))]
    assert [len(whole.fellows(number)) for number in (0, MOST - 1, MOST, 499)] == [MOST - 1, 0, 0, 0]
