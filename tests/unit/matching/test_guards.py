"""Nothing merges two people because one value is common: everyday cases, records in and clusters out."""

from __future__ import annotations

from typing import Any

import pytest

from hub.learning.training import frequencies
from hub.matching.blocking import buckets
from hub.matching.clustering import Clusters, cluster, crowds
from hub.matching.features import Features
from hub.matching.questions import reviews
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED, outcome, score
from hub.matching.version import identity
from hub.matching.weights import Model
from tests.unit.matching.people import who

RULES = IdentityRules()
DAY_ONE = identity(RULES).model
HOME: dict[str, str] = {"street": "Lindenstr. 12", "postal_code": "10969", "city": "Berlin"}
AWAY: dict[str, str] = {"street": "Am Hang 3", "postal_code": "80331", "city": "München"}
PHONE, MOBILE, TILL = "030 23125 101", "0152 28817 386", "030 23125 199"
BORN = "1980-04-17"


def people(*records: Features) -> dict[int, Features]:
    return dict(enumerate(records))


def clusters(*records: Features, model: Model = DAY_ONE) -> list[list[int]]:
    return cluster(people(*records), model, RULES).groups


def asked(one: Features, other: Features, model: Model = DAY_ONE) -> bool:
    """Whether these two stay apart, and a person is asked about them."""
    found: Clusters[int] = cluster(people(one, other), model, RULES)
    crowd = crowds(buckets(people(one, other)), people(one, other), RULES)
    pair = score(one, other, model, crowd)
    return found.groups == [[0], [1]] and bool(reviews(found, {(0, 1): pair}, people(one, other), model, crowd))


# -- one value in common, two people


APART: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a desk's mailbox": (
        {"first_name": "Anna", "last_name": "Berg", "email": "info@baeckerei-berg.example"},
        {"first_name": "Jörg", "last_name": "Klein", "email": "info@baeckerei-berg.example"},
    ),
    "a family's phone": (
        {"first_name": "Anna", "last_name": "Berg", "phone": PHONE},
        {"first_name": "Thomas", "last_name": "Berg", "phone": PHONE},
    ),
    "husband and wife in one mailbox": (
        {"first_name": "Sabine", "last_name": "Möller", "email": "moeller.familie@example.de", **HOME},
        {"first_name": "Holger", "last_name": "Möller", "email": "moeller.familie@example.de", **HOME},
    ),
    "husband and wife in one mailbox, and one phone": (
        {"first_name": "Sabine", "last_name": "Möller", "email": "moeller@example.de", "phone": PHONE},
        {"first_name": "Holger", "last_name": "Möller", "email": "moeller@example.de", "phone": PHONE},
    ),
    "senior and junior at one address": (
        {"first_name": "Karl", "last_name": "Berg sen.", "birth_date": "1950-01-12", **HOME},
        {"first_name": "Karl", "last_name": "Berg jun.", "birth_date": "1984-06-30", **HOME},
    ),
    "father and son of one name, told by their birth dates alone": (
        {"first_name": "Karl", "last_name": "Berg", "birth_date": "1950-01-12", "phone": PHONE, **HOME},
        {"first_name": "Karl", "last_name": "Berg", "birth_date": "1984-06-30", "phone": PHONE, **HOME},
    ),
    "twins": (
        {"first_name": "Lena", "last_name": "Schäfer", "birth_date": BORN, "phone": PHONE, **HOME},
        {"first_name": "Jonas", "last_name": "Schäfer", "birth_date": BORN, "phone": PHONE, **HOME},
    ),
    "twins with names alike": (
        {"first_name": "Marie", "last_name": "Schäfer", "birth_date": BORN, **HOME},
        {"first_name": "Mathilda", "last_name": "Schäfer", "birth_date": BORN, **HOME},
    ),
    "neighbours of one name": (
        {"first_name": "Peter", "last_name": "Schmidt", "email": "peter.schmidt61@example.de", "city": "Berlin"},
        {"first_name": "Peter", "last_name": "Schmidt", "email": "schmidt.p@example.org", "city": "Berlin"},
    ),
    "a common mailbox name at two providers": (
        {"first_name": "Anna", "last_name": "Berg", "email": "berg@web.de"},
        {"first_name": "Thomas", "last_name": "Berg", "email": "berg@gmx.de"},
    ),
    "one birth date": (
        {"first_name": "Anna", "last_name": "Berg", "birth_date": BORN},
        {"first_name": "Jürgen", "last_name": "Weiß", "birth_date": BORN},
    ),
}


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART)
def test_two_people_with_a_value_in_common_stay_two(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert clusters(who(**one), who(**other)) == clusters(who(**other), who(**one)) == [[0], [1]]


ONE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "umlauts and a sharp s, transliterated": (
        {"first_name": "Jürgen", "last_name": "Weiß", "street": "Gänsstraße 7", "postal_code": "70173"},
        {"first_name": "Juergen", "last_name": "Weiss", "street": "Gaensstrasse 7", "postal_code": "70173"},
    ),
    "umlauts dropped by the till": (
        {"first_name": "Jörg", "last_name": "Müller", "phone": PHONE},
        {"first_name": "JORG", "last_name": "MULLER", "phone": PHONE},
    ),
    "first and last name swapped": (
        {"first_name": "Sabine", "last_name": "Möller", "phone": PHONE},
        {"first_name": "Möller", "last_name": "Sabine", "phone": PHONE},
    ),
    "a nickname": (
        {"first_name": "Johannes", "last_name": "Berg", "phone": PHONE, "city": "Berlin"},
        {"first_name": "Hannes", "last_name": "Berg", "phone": PHONE, "city": "Berlin"},
    ),
    "married": (
        {"first_name": "Claudia", "last_name": "Vogt", "email": "claudia81@example.de"},
        {"first_name": "Claudia", "last_name": "Brandt", "email": "claudia81@example.de"},
    ),
    "moved": (
        {"first_name": "Claudia", "last_name": "Vogt", "email": "claudia81@example.de", **HOME},
        {"first_name": "Claudia", "last_name": "Vogt", "email": "claudia81@example.de", **AWAY},
    ),
    "moved and married, the birth date and the mailbox are left": (
        {"first_name": "Claudia", "last_name": "Vogt", "email": "claudia81@example.de", "birth_date": BORN, **HOME},
        {"first_name": "Claudia", "last_name": "Brandt", "email": "claudia81@example.de", "birth_date": BORN, **AWAY},
    ),
    "an initial at the till": (
        {"first_name": "Sabine", "last_name": "Möller", "phone": PHONE},
        {"first_name": "S.", "last_name": "Möller", "phone": PHONE},
    ),
    "a new loyalty card, everything else as before": (
        {"first_name": "Sabine", "last_name": "Möller", "email": "s.moeller@example.de", "loyalty_id": "100", **HOME},
        {"first_name": "Sabine", "last_name": "Möller", "email": "s.moeller@example.de", "loyalty_id": "200", **HOME},
    ),
}


@pytest.mark.parametrize(("one", "other"), ONE.values(), ids=ONE)
def test_one_person_told_in_two_ways_is_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert clusters(who(**one), who(**other)) == clusters(who(**other), who(**one)) == [[0, 1]]


def test_moved_and_married_with_nothing_but_the_birth_date_left_is_not_decided_by_the_machine() -> None:
    before = who(first_name="Claudia", last_name="Vogt", birth_date=BORN, phone=PHONE, **HOME)
    after = who(first_name="Claudia", last_name="Brandt", birth_date=BORN, phone=MOBILE, **AWAY)
    assert clusters(before, after) == [[0], [1]]


def test_two_loyalty_numbers_part_those_whom_little_else_joins() -> None:
    # given two who agree on initial, last name and phone
    one, other = ({"first_name": first, "last_name": "Möller", "phone": PHONE} for first in ("Sabine", "S."))
    assert clusters(who(**one), who(**other)) == [[0, 1]]
    # when each has a loyalty number of their own, then a person is asked
    assert asked(who(**one, loyalty_id="100"), who(**other, loyalty_id="200"))


# -- the same full name and nothing else


def test_on_day_one_a_name_alone_is_for_a_person_to_decide() -> None:
    for first, last in (("Peter", "Schmidt"), ("Xaver", "Zirngiebl")):
        assert asked(who(first_name=first, last_name=last), who(first_name=first, last_name=last))


def test_on_day_one_a_name_and_a_city_are_for_a_person_to_decide_too() -> None:
    # Whether everybody lives in Berlin is not known before the data was counted.
    known = {"first_name": "Peter", "last_name": "Schmidt", "city": "Berlin"}
    assert asked(who(**known), who(**known))


def test_once_names_are_counted_a_rare_one_may_join_and_a_common_one_never_does() -> None:
    # given a base of two thousand, of whom one in fifty is called Peter Schmidt
    base = [who(first_name="Peter", last_name="Schmidt")] * 40
    base += [who(first_name=f"Vorname{chr(97 + n % 26)}", last_name=f"Name{chr(97 + n // 80)}") for n in range(1_960)]
    rare = who(first_name="Xaver", last_name="Zirngiebl")
    model = frequencies([*base, rare], DAY_ONE)
    # then the frequent name is no more than a name, and the rare one says who it is
    assert outcome(score(base[0], base[1], model).weight, model) == "ask"
    assert clusters(base[0], base[1], model=model) == [[0], [1]]
    assert outcome(score(rare, rare, model).weight, model) == "same"


# -- values that very many carry


def named(number: int) -> dict[str, str]:
    """Somebody of the till: 300 of these have different names, some of them the same first name."""
    first = ["Anna", "Bernd", "Claudia", "Dirk", "Elke", "Frank", "Gisela", "Holger", "Ilse", "Jörg", "Karin", "Lutz"]
    syllables = ["be", "da", "fi", "go", "ku", "la", "mi", "no", "pe", "ru", "sa", "ti", "vo", "wa", "zu", "ha", "ja"]
    last = syllables[number % 17] + syllables[number // 17 % 17] + "mann"
    return {"first_name": first[number % 12], "last_name": last.title()}


def test_the_tills_default_phone_joins_nobody() -> None:
    # given 300 customers of the till with its default phone, of whom one is known in the shop by her e-mail
    records = people(*(who(**named(number), phone=TILL) for number in range(300)))
    records[300] = who(**named(7), phone=TILL, email="holger.nofi@example.de")
    records[301] = who(**named(7), email="holger.nofi@example.de")
    # then the phone is known to be shared, and joins nobody; other evidence does
    assert crowds(buckets(records), records, RULES)["023125199"] == SHARED
    found = cluster(records, DAY_ONE, RULES).groups
    assert [group for group in found if len(group) > 1] == [[300, 301]]


def test_few_customers_on_the_tills_default_phone_are_not_joined_by_it_either() -> None:
    # given eleven customers, one more than a phone may have
    records = people(*(who(**named(number), phone=TILL) for number in range(11)))
    assert crowds(buckets(records), records, RULES) == {"023125199": SHARED}
    # then even a twelfth of whom only the last name is told is nobody of these
    records[11] = who(last_name=named(3)["last_name"], phone=TILL)
    assert cluster(records, DAY_ONE, RULES).groups == [[number] for number in range(12)]


def test_a_junk_mailbox_of_ten_thousand_strangers_joins_nobody() -> None:
    records = people(*(who(**named(number), email="keine@kasse.example") for number in range(300)))
    assert cluster(records, DAY_ONE, RULES).groups == [[number] for number in range(300)]


def test_a_desks_mailbox_does_not_join_the_nameless() -> None:
    desk = "buchhaltung@example.de"
    assert clusters(who(email=desk), who(email=desk), who(first_name="Anna", last_name="Berg", email=desk)) == [
        [0],
        [1],
        [2],
    ]


def test_a_marketplaces_relay_address_is_no_identity() -> None:
    # given an address that the marketplace gives to each order, told twice by mistake with two names
    relay = "a1b2c3d4e5@marketplace.amazon.de"
    one, other = (
        who(first_name=first, last_name=last, email=relay) for first, last in (("Anna", "Berg"), ("Jörg", "Ohm"))
    )
    assert one.emails == other.emails == ()
    assert clusters(one, other) == [[0], [1]]
    # then even without a name it joins nobody
    assert clusters(who(email=relay), who(email=relay), one) == [[0], [1], [2]]


@pytest.mark.parametrize(
    "junk",
    [
        {"email": "keine@keine.de", "phone": "0000000000"},
        {"email": "noreply@example.de"},
        {"email": "test@test.de", "first_name": "Test", "last_name": "Test"},
        {"phone": "123"},
        {"email": "xyz@marketplace.amazon.de", "phone": "000"},
        {},
    ],
)
def test_a_record_with_nothing_but_junk_is_a_profile_of_its_own_and_no_magnet(junk: dict[str, str]) -> None:
    anna = who(first_name="Anna", last_name="Berg", email="anna.berg@example.de", phone=PHONE)
    assert clusters(who(**junk), who(**junk), anna, who(**junk)) == [[0], [1], [2], [3]]


def test_a_shared_mailbox_is_no_bridge_between_two_people() -> None:
    # given a couple with mailboxes of their own and a common one, each told with all they have
    anna = who(first_name="Anna", last_name="Berg", email="anna.berg81@example.de")
    bert = who(first_name="Bert", last_name="Berg", email="bert.berg79@example.de")
    both = "familie.berg@example.de"
    shared = [who(first_name=first, last_name="Berg", email=both) for first in ("Anna", "Bert")]
    nobody = who(email=both)
    # then each finds their own, and who is told by the common one alone belongs to neither
    found = clusters(anna, bert, *shared, nobody)
    assert {0, 1} & set(next(group for group in found if 4 in group)) == set()
    assert not any({0, 1} <= set(group) or {2, 3} <= set(group) for group in found)
