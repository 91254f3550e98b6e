"""Scored pairs to people."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.matching.blocking import buckets, cap
from hub.matching.clustering import MOST_VALUES, Clusters, cluster, crowds, linked
from hub.matching.features import Features
from hub.matching.questions import QUESTION, reviews
from hub.matching.rules import IdentifierRule, IdentityRules
from hub.matching.scoring import SHARED, score
from hub.matching.weights import Model
from tests.support.examples import examples
from tests.unit.matching.people import BORN, HOME, PHONE, who
from tests.unit.matching.test_scoring import PERSONS

MODEL = Model()
FAMILY = "berg@example.de"


def groups(*people: Features) -> list[list[int]]:
    return cluster(dict(enumerate(people)), MODEL).groups


def test_records_of_one_person_are_chained_by_what_they_share() -> None:
    shop = who(first_name="Anna", last_name="Berg", email="anna.berg@example.de", **HOME)
    letter = who(email="anna.berg@example.de")
    till = who(first_name="Anna", last_name="Berg", phone=PHONE, **HOME)
    receipt = who(first_name="A", last_name="Berg", phone=PHONE)
    stranger = who(first_name="Zoe", last_name="Klein", email="zoe@example.org")
    assert groups(shop, letter, till, receipt, stranger) == [[0, 1, 2, 3], [4]]


def test_a_nameless_record_in_a_familys_mailbox_stays_apart() -> None:
    anna, bert = (who(first_name=first, last_name="Berg", email=FAMILY) for first in ("Anna", "Bert"))
    assert groups(anna, bert, who(email=FAMILY)) == [[0], [1], [2]]
    assert groups(anna, who(email=FAMILY)) == [[0, 1]]


def test_an_initial_on_a_familys_phone_stays_apart() -> None:
    anna, alma = (who(first_name=first, last_name="Berg", phone=PHONE, birth_date=born)
                  for first, born in (("Anna", BORN), ("Alma", "2009-11-30")))  # fmt: skip
    assert groups(anna, alma, who(first_name="A.", last_name="Berg", phone=PHONE)) == [[0], [1], [2]]


def test_a_chain_does_not_hold_where_its_ends_speak_against_each_other() -> None:
    father = who(first_name="Karl", last_name="Berg", birth_date="1950-01-12", email="karl1950@example.de", **HOME)
    son = who(first_name="Karl", last_name="Berg", birth_date="1984-06-30", email="karl1984@example.org", **HOME)
    letter = who(first_name="Karl", last_name="Berg", email="karl1984@example.org", **HOME)
    assert groups(father, son, letter) == [[0], [1, 2]]


def test_what_is_left_to_a_human() -> None:
    one = who(first_name="Anna", last_name="Berg", email="anna.berg@example.de")
    other = who(first_name="Anna", last_name="Berg", phone=PHONE, city="Berlin")
    model = Model(same=12.0)
    pair = score(one, other, model)
    found = cluster({1: one, 2: other}, model)
    assert found == Clusters([[1], [2]], [])
    assert reviews(found, {(1, 2): pair}, {1: one, 2: other}, model, {}) == [(1, 2, pair)]


def test_who_shares_a_mailbox_is_counted_by_contradicting_first_names() -> None:
    people = {
        number: who(first_name=first, last_name="Berg", email=FAMILY, phone=PHONE if first == "Anna" else "")
        for number, first in enumerate(["Anna", "A.", "Anna Maria", "Bert", "Bertt", "Zoe"])
    }
    assert crowds(buckets(people), people) == {"berg@example.de": 3}


def test_a_value_of_more_people_or_records_than_the_rules_allow_is_shared() -> None:
    people = {number: who(first_name=first, phone=PHONE) for number, first in enumerate(["Anna", "Bert", "Zoe"])}
    value = "023125101"
    assert crowds(buckets(people), people) == {value: 3}
    for limit in ({"max_people": 2}, {"max_records": 2}):
        rules = IdentityRules(identifiers={"phone": IdentifierRule(strength="weak", **limit)})
        assert crowds(buckets(people), people, rules) == {value: SHARED}
    crowded = dict.fromkeys(range(cap("phone") + 1), people[0])
    assert crowds(buckets(crowded), crowded) == {value: SHARED}


@settings(deadline=None, max_examples=examples(60))
@given(st.lists(PERSONS, max_size=8), st.randoms())
def test_clusters_do_not_depend_on_the_order_of_records(people: list[Features], random) -> None:
    numbered = list(enumerate(people))
    shuffled = random.sample(numbered, len(numbered))
    assert cluster(dict(shuffled), MODEL) == cluster(dict(numbered), MODEL)


@settings(deadline=None)
@given(st.lists(PERSONS, max_size=8))
def test_clusters_are_a_partition(people: list[Features]) -> None:
    found = cluster(dict(enumerate(people)), MODEL)
    assert sorted(one for group in found.groups for one in group) == list(range(len(people)))


@settings(deadline=None)
@given(st.lists(PERSONS, min_size=2, max_size=8))
def test_records_out_of_reach_of_one_another_can_be_clustered_apart(people: list[Features]) -> None:
    numbered = dict(enumerate(people))
    reach = {one: {one} for one in numbered}
    found = buckets(numbered)
    # Of many who are told alike a bucket names the first; the letter ties the others to them.
    for members in [*found.values(), *linked(numbered, crowds(found, numbered))]:
        together = set[int]().union(*(reach[one] for one in members))
        reach.update(dict.fromkeys(together, together))
    apart = [
        group
        for part in {min(part): part for part in reach.values()}.values()
        for group in cluster({one: numbered[one] for one in part}, MODEL).groups
    ]
    assert sorted(apart) == cluster(numbered, MODEL).groups


def test_a_value_that_joins_counts_however_many_others_a_person_has() -> None:
    # given somebody whose mailboxes form a chain longer than the values that a step compares
    letters = [first + second + first for first in "bcdfg" for second in "klmnprstvz"]
    anna = who(first_name="Anna", last_name="Berg")
    chain = {
        f"r{number:02}": replace(anna, emails=(f"{letters[number]}@example.com", f"{letters[number + 1]}@example.com"))
        for number in range(2 * MOST_VALUES)
    }
    # then all are one, since each step sees the mailbox that it goes by
    assert cluster(chain, MODEL).groups == [sorted(chain)]


def test_of_two_people_one_review_is_asked_however_many_records_they_have() -> None:
    doubt = score(who(first_name="Anna", last_name="Berg"), who(first_name="Anna", last_name="Berg"), Model())
    told = {pair: doubt._replace(weight=bits) for pair, bits in {(1, 3): 1.0, (2, 3): 2.0, (1, 4): 0.5}.items()}

    people = dict.fromkeys((1, 2, 3, 4), who(first_name="Anna", last_name="Berg", phone=PHONE))
    found = reviews(Clusters([[1, 2], [3], [4]], []), told, people, Model(), {})
    assert found == [(2, 3, told[2, 3]), (1, 4, told[1, 4])]


def test_nobody_is_asked_about_two_people_who_are_told_apart_by_all_that_is_known_of_them() -> None:
    # given two records that might be one person's, and another record of each of the two
    name = {"first_name": "Anna", "last_name": "Berg"}
    people = {
        1: who(**name, email="anna.berg@example.de"),
        2: who(**name, email="anna.berg@example.de", birth_date="1980-04-17"),
        3: who(**name, phone=PHONE),
        4: who(**name, phone=PHONE, birth_date="1991-12-02"),
    }
    model = Model(population=1_000, same=8.0)
    doubt = score(people[1], people[3], model)
    assert model.ask + QUESTION < doubt.weight < model.same
    # when the four are two people
    apart = Clusters([[1, 2], [3, 4]], [])
    # then these two are not asked about, because their dates of birth differ
    assert reviews(apart, {(1, 3): doubt}, people, model, {}) == []
    assert reviews(Clusters([[1], [2], [3], [4]], []), {(1, 3): doubt}, people, model, {}) == [(1, 3, doubt)]
