"""Who is one person, who is not, and who is for a human to decide."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.learning.training import adjusted, bounded, frequencies
from hub.matching.bounds import bound
from hub.matching.contacts import crowd_key
from hub.matching.features import Features, features_of, merged
from hub.matching.rules import IdentifierRule, IdentityRules
from hub.matching.scoring import SHARED, Evidence, Score, outcome, score
from hub.matching.weights import Model, Weights, trusted
from tests.support.examples import examples
from tests.unit.matching.people import BORN, HOME, PHONE, RULES, who

MODEL = Model(population=8192)
"""A prior of 13 bits."""

ANNA = {"first_name": "Anna", "last_name": "Müller"}
EMAIL = "anna.mueller81@example.de"

SAME = {
    "umlaut written out": (ANNA | HOME, {"first_name": "Anna", "last_name": "Mueller"} | HOME),
    "umlaut dropped": (ANNA | HOME, {"first_name": "ANNA", "last_name": "Muller"} | HOME),
    "first and last name swapped": (ANNA | HOME, {"first_name": "Müller", "last_name": "Anna"} | HOME),
    "a newsletter without a name": (ANNA | {"email": EMAIL}, {"email": EMAIL}),
    "a tag in the mailbox": (ANNA | {"email": EMAIL}, {"email": "anna.mueller81+shop@example.de"}),
    "a typing error in the e-mail": (ANNA | {"email": EMAIL}, ANNA | {"email": "anna.muller81@example.de"}),
    "an initial at the till": (ANNA | {"phone": PHONE}, {"first_name": "A.", "last_name": "Müller", "phone": PHONE}),
    "a nickname": (
        {"first_name": "Alexander", "last_name": "Berg", "phone": PHONE},
        {"first_name": "Sascha", "last_name": "Berg", "phone": PHONE},
    ),
    "a marriage": (ANNA | {"email": EMAIL}, {"first_name": "Anna", "last_name": "Klein", "email": EMAIL}),
    "a move": (
        ANNA | {"birth_date": BORN} | HOME,
        ANNA | {"birth_date": BORN, "street": "Am Hang 3", "postal_code": "80331", "city": "München"},
    ),
    "day and month of birth swapped": (
        ANNA | {"birth_date": "1980-04-07", "city": "Berlin"},
        ANNA | {"birth_date": "1980-07-04", "city": "Berlin"},
    ),
    "one handle": ({"first_name": "Anna", "handle": "anna_m"}, {"last_name": "Müller", "handle": "anna_m"}),
}
NOT_SAME = {
    "a household": (
        ANNA | {"phone": PHONE} | HOME,
        {"first_name": "Bert", "last_name": "Müller", "phone": PHONE} | HOME,
    ),
    "a couple's mailbox": (ANNA | {"email": EMAIL}, {"first_name": "Bert", "last_name": "Müller", "email": EMAIL}),
    "twins": (
        ANNA | {"birth_date": BORN} | HOME,
        {"first_name": "Bert", "last_name": "Müller", "birth_date": BORN} | HOME,
    ),
    "father and son": (
        {"first_name": "Karl", "last_name": "Berg sen.", "birth_date": "1950-01-12"} | HOME,
        {"first_name": "Karl", "last_name": "Berg jun.", "birth_date": "1984-06-30"} | HOME,
    ),
    "a role inbox": (
        ANNA | {"email": "info@example.de"},
        {"first_name": "Bert", "last_name": "Klein", "email": "info@example.de"},
    ),
    "mailboxes with a number each": ({"email": "anna81@example.de"}, {"email": "anna82@example.de"}),
    "only a city": ({"last_name": "Müller", "city": "Berlin"}, {"first_name": "Anna", "city": "Berlin"}),
    "nothing in common": (ANNA, {"email": EMAIL}),
    "a family's mailbox, and no name": (
        ANNA | {"email": "familie.mueller@example.de"},
        {"email": "familie.mueller@example.de"},
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_one_person(one: dict[str, str], other: dict[str, str]) -> None:
    assert outcome(score(who(**one), who(**other), MODEL).weight, MODEL) == "same"


@pytest.mark.parametrize(("one", "other"), NOT_SAME.values(), ids=NOT_SAME)
def test_not_one_person(one: dict[str, str], other: dict[str, str]) -> None:
    assert outcome(score(who(**one), who(**other), MODEL).weight, MODEL) != "same"


def test_the_explanation_adds_up() -> None:
    model = replace(MODEL, weights=Weights(first_exact=8.0, last_exact=10.5))
    found = score(who(**ANNA, **HOME), who(first_name="Anna", last_name="Mueler", **HOME), model)
    assert found == Score(
        7.5,
        (
            Evidence("first_name", "exact", 8.0),
            Evidence("last_name", "typo", 8.0),
            Evidence("address", "door", 16.0),
            Evidence("household", "bound", -10.0),
            Evidence("first_name", "same in a household", -1.5),
        ),
    )


def test_an_equal_first_name_in_one_household_has_a_least_weight_however_common() -> None:
    model = replace(MODEL, first={"anna": 2.0})
    anna = who(**ANNA, **HOME)
    assert outcome(score(anna, anna, model).weight, model) == "same"
    assert Evidence("first_name", "common in a household", 2.5) in score(anna, anna, model).evidence
    apart = score(who(**ANNA, city="Berlin"), who(**ANNA, city="Berlin"), model)
    assert all(line.level != "common in a household" for line in apart.evidence)


@pytest.mark.parametrize("way", ["ramimakhlouf", "makhlouframi"])
def test_a_name_run_together_in_one_field_is_the_name(way: str) -> None:
    whole = who(first_name="Rami", last_name="Makhlouf")
    assert score(whole, who(first_name=way), MODEL).weight == score(whole, whole, MODEL).weight


@given(st.floats(1_000, 1_000_000))
def test_what_a_mailbox_and_a_name_prove_is_the_same_to_the_letter_in_bases_of_any_size(population: float) -> None:
    # 7.5 of the mailbox, 1 of a second link, 6.5 of the first name: where thousands of pairs stand, at a limit
    told = who(**ANNA, **HOME, email=EMAIL)
    assert score(told, told, Model(population=population)).weight == 15.0


def test_last_names_that_share_more_letters_say_more() -> None:
    nasser, nasir, rahimi, rahmani = (who(first_name="Omar", last_name=last) for last in
                                      ("Nasser", "Nasir", "Rahimi", "Rahmani"))  # fmt: skip
    assert score(nasser, nasir, MODEL).weight > score(rahimi, rahmani, MODEL).weight


@pytest.mark.parametrize(("first", "other"), [("Sofia", "Fosia"), ("Gerlinde", "Erlinda"), ("Lisa", "Luisa")])
def test_first_names_that_look_alike_speak_for_one_person_among_strangers_and_against_at_one_door(
    first: str, other: str
) -> None:
    one, two = {"first_name": first, "last_name": "Russell"}, {"first_name": other, "last_name": "Russell"}
    strangers = score(who(**one, birth_date=BORN), who(**two, birth_date=BORN), MODEL)
    at_one_door = score(who(**one, **HOME), who(**two, **HOME), MODEL)
    assert first_bits(strangers) > 0 > first_bits(at_one_door)
    assert outcome(strangers.weight, MODEL) != "different"
    assert outcome(at_one_door.weight, MODEL) != "same"


def first_bits(found: Score) -> float:
    return sum(line.weight for line in found.evidence if line.feature == "first_name")


def test_an_equal_first_name_is_chosen_before_one_that_looks_alike() -> None:
    # given somebody known by two spellings, of which one has the first name and the other the last name
    known = merged(who(first_name="Daisy", last_name="Hghes"), who(first_name="Sdasy", last_name="Hughes"))
    found = score(known, who(first_name="Daisy", last_name="Hugghes"), MODEL)
    assert ("first_name", "exact") in {(line.feature, line.level) for line in found.evidence}


def test_a_rare_name_says_more_than_a_common_one() -> None:
    model = replace(MODEL, last={"muller": 4.0, "rohrdanz": 13.0})
    common = score(who(**ANNA), who(**ANNA), model).weight
    rare = score(who(first_name="Anna", last_name="Röhrdanz"), who(first_name="Anna", last_name="Röhrdanz"), model)
    assert rare.weight > common + 4


def test_the_more_people_there_are_the_less_a_name_says_but_a_mailbox_says_the_same() -> None:
    million = Model(population=1_000_000)
    name, mailbox = who(**ANNA), who(email=EMAIL)
    assert score(name, name, million).weight < score(name, name, MODEL).weight
    assert score(mailbox, mailbox, million).weight == pytest.approx(score(mailbox, mailbox, MODEL).weight)


def test_a_mailbox_of_many_proves_nothing() -> None:
    mailbox = who(email=EMAIL)
    assert outcome(score(mailbox, mailbox, MODEL, {"annamueller81@example.de": 4}).weight, MODEL) == "different"


def test_what_too_many_share_speaks_neither_for_nor_against() -> None:
    one = replace(
        who(email=EMAIL, phone=PHONE, national_id="1234567", loyalty_id="L7", handle="anna"), accounts=("a:1",)
    )
    keys = {
        "annamueller81@example.de", "023125101", "national_id:1234567", "loyalty:L7", "handle:anna", "a:1",
    }  # fmt: skip
    found = score(one, one, MODEL, dict.fromkeys(keys, SHARED))
    features = ("email", "phone", "national_id", "handle", "account", "loyalty")
    assert found == Score(-13.0, tuple(Evidence(feature, "shared", 0.0) for feature in features))


def test_of_two_mailboxes_in_common_the_one_of_fewer_people_counts() -> None:
    both = replace(who(**ANNA), emails=("a@example.de", "b@example.de"))
    crowd = {"a@example.de": SHARED}
    assert score(both, both, MODEL, crowd).weight == score(who(**ANNA, email="b@example.de"), both, MODEL, crowd).weight


def test_what_is_like_a_shared_value_proves_nothing() -> None:
    crowd = {"annamueller81@example.de": SHARED, "023125101": SHARED}
    one, other = who(email=EMAIL, phone=PHONE), who(email="anna.muller81@example.de", phone=PHONE[:-1] + "2")
    assert score(one, other, MODEL, crowd).weight <= -MODEL.prior < 0 < score(one, other, MODEL).weight


def test_a_weak_address_proves_as_much_as_a_phone() -> None:
    order = replace(who(), weak=(EMAIL,))
    found = score(who(email=EMAIL), order, MODEL)
    assert found == Score(2.5, (Evidence("email", "weak", 15.5),))
    assert found.weight == pytest.approx(score(who(phone=PHONE), who(phone=PHONE), MODEL).weight)
    assert outcome(found.weight, MODEL) == "ask"


def test_a_desks_address_hardly_says_anything() -> None:
    info = "info@example.de"
    assert [e.level for e in score(who(email=info), who(email=info), MODEL).evidence] == ["role"]
    assert score(who(email=info), who(email=EMAIL), MODEL) == Score(-MODEL.prior, ())


def test_initials_at_one_company_are_no_typing_error() -> None:
    assert score(who(email="f.j@example.de"), who(email="h.k@example.de"), MODEL).evidence[0].level == "different"


@pytest.mark.parametrize(
    ("host", "other", "level"),
    [
        ("hotmail.it", "hotmail.de", "local"), ("yahoo.co.uk", "yahoo.com", "local"), ("gmx.de", "web.de", "local"),
        ("example.de", "exmaple.de", "near"),
    ],
)  # fmt: skip
def test_one_name_at_two_providers_is_two_mailboxes(host: str, other: str, level: str) -> None:
    found = score(who(email=f"anna.berg@{host}"), who(email=f"anna.berg@{other}"), MODEL)
    assert found.evidence[0].level == level


def test_a_company_is_a_household() -> None:
    firm, other = "Berg & Söhne GmbH", "Berg und Söhne Gmbh & Co. KG"
    colleagues = who(first_name="Anna", company=firm), who(first_name="Bert", company=other)
    assert outcome(score(*colleagues, MODEL).weight, MODEL) == "different"
    assert outcome(score(who(company=firm), who(company=firm), MODEL).weight, MODEL) == "different"
    name = {"last_name": "Röhrdanz"}
    with_company = score(who(**name, company=firm), who(**name, company=other), MODEL)
    assert score(who(**name), who(**name), MODEL).weight < with_company.weight < MODEL.same
    assert Evidence("company", "different", -0.5) in score(who(company=firm), who(company="Kran AG"), MODEL).evidence


def test_two_loyalty_numbers_or_accounts_of_one_network_speak_against() -> None:
    anna = who(**ANNA, email=EMAIL)
    one = replace(anna, loyalty_ids=("1",), accounts=("messenger:p:1",))
    found = score(one, replace(anna, loyalty_ids=("2",), accounts=("messenger:p:2",)), MODEL)
    assert found.weight == score(anna, anna, MODEL).weight - 4
    assert found.evidence[-2:] == (Evidence("account", "other", -1.0), Evidence("loyalty", "other", -3.0))


def test_accounts_of_two_networks_say_nothing() -> None:
    assert score(Features(accounts=("messenger:p:1",)), Features(accounts=("whatsapp:2",)), MODEL) == Score(-13.0, ())


def test_rules_change_what_a_kind_proves() -> None:
    strong = IdentityRules(identifiers={"phone": IdentifierRule(strength="strong")})
    weak = IdentityRules(identifiers={"loyalty": IdentifierRule(strength="weak")})
    assert trusted(MODEL, RULES) is MODEL
    assert trusted(MODEL, strong) == replace(MODEL, weights=replace(MODEL.weights, bound_phone=6.0))
    bits = {"bound_loyalty": 2.5}
    assert trusted(MODEL, weak) == replace(MODEL, weights=replace(MODEL.weights, **bits))


def test_disagreement_weighs_less_where_it_is_common_among_sure_pairs() -> None:
    sure = [score(who(**ANNA, **HOME, birth_date=BORN, national_id="1234567"),
                  who(first_name=first, last_name="Müller", **HOME, birth_date=BORN, national_id="1234567"), MODEL)
            for first in ("Anna", "Anna", "Anna", "Zdenko") * 30]  # fmt: skip
    learned = adjusted(sure, MODEL).weights
    assert -4 < learned.first_different < -2
    assert learned.last_different < Weights().last_different
    assert learned.phone_different == pytest.approx(Weights().phone_different)


@pytest.mark.parametrize(("moved", "sure"), [(0, True), (1, False)])
def test_a_mailbox_tells_how_often_one_persons_addresses_differ(moved: int, sure: bool) -> None:
    # given a till's customers, known by name and address, some of whom told a mailbox twice
    elsewhere = {"street": "Am Hang 3", "postal_code": "80331", "city": "München"}
    anna = who(**ANNA, **HOME, email=EMAIL)
    told = [score(anna, who(**ANNA, **home, email=EMAIL), MODEL) for home in (HOME, elsewhere if moved else HOME) * 60]

    learned = adjusted(told, MODEL).weights

    assert (learned.address_different < Weights().address_different) == sure
    # and a family's mailbox tells nothing about addresses
    family = [score(anna, who(first_name="Bert", last_name="Müller", **HOME, email=EMAIL), MODEL)] * 60
    assert adjusted(family, MODEL).weights.address_different == Weights().address_different


def test_frequencies_are_those_of_the_records() -> None:
    model = frequencies([who(**ANNA), who(**ANNA), who(first_name="Bert", last_name="Müller")], MODEL)
    assert model.population == 3.0
    assert model.first["bert"] > model.first["anna"] > 0


PERSONS = st.fixed_dictionaries(
    {},
    optional={
        "first_name": st.sampled_from(["Anna", "A.", "Jana", "Anja", "Bert", "Müller", "Hans Peter"]),
        "last_name": st.sampled_from(["Müller", "Mueller", "Klein", "Anna", "Berg jun.", "Berg sen."]),
        "email": st.sampled_from([EMAIL, "anna.muller81@example.de", "info@example.de", "anna.m@example.org", "anna"]),
        "phone": st.sampled_from([PHONE, "+493023125102", "030 23125 107"]),
        "birth_date": st.sampled_from([BORN, "1980-04-18", "1970-01-01", "17.04.1990", "1980-12-04"]),
        "street": st.sampled_from(["Lindenstr. 12", "Lindenstraße 13", "Am Hang 3", "12 Linden Street"]),
        "postal_code": st.sampled_from(["10969", "10996", "80331"]),
        "city": st.sampled_from(["Berlin", "Berlni", "München"]),
        "national_id": st.sampled_from(["1234567", "1234576", "99", "7654321"]),
        "handle": st.sampled_from(["anna_m", "bert77"]),
        "company": st.sampled_from(["Berg GmbH", "Berg Bau", "Kran AG"]),
        "loyalty_id": st.sampled_from(["7", "8"]),
    },
).map(lambda fields: who(**fields))


CLUSTERS = st.lists(PERSONS, min_size=1, max_size=3).map(lambda records: reduce(merged, records))
CROWDS = st.dictionaries(st.sampled_from([crowd_key(EMAIL), crowd_key(PHONE), "am@example.org"]), st.integers(2, 9))


@settings(deadline=None, max_examples=examples(100))
@given(CLUSTERS, CLUSTERS, CROWDS)
def test_scoring_is_symmetric(one: Features, other: Features, crowd: dict[str, int]) -> None:
    found, back = score(one, other, MODEL, crowd), score(other, one, MODEL, crowd)
    assert found.weight == pytest.approx(back.weight)
    assert sorted(found.evidence) == sorted(back.evidence)


MODELS = (
    MODEL,
    Model(population=64),
    replace(MODEL, first={"anna": 12.5}, last={"klein": 14.0}, per_person={"email": 1, "phone": 1, "loyalty": 1}),
    replace(MODEL, weights=Weights(birth_different=3.0, email_different=2.0, address_different=2.0, bound_second=-1.0)),
    replace(MODEL, weights=Weights(first_different=6.0, suffix_different=2.0, too_many=1.0, bound_lent=3.0)),
)
"""The shipped weights, those of a trained model, and some that no training gives."""


@settings(deadline=None, max_examples=examples(200))
@given(CLUSTERS, CLUSTERS, CROWDS, st.sampled_from(MODELS))
def test_no_pair_has_more_bits_than_its_bound(
    one: Features, other: Features, crowd: dict[str, int], model: Model
) -> None:
    assert bound(one, other, model) >= score(one, other, model, crowd).weight


def test_a_family_at_one_door_is_dropped_by_the_bound() -> None:
    bert = who(first_name="Bert", last_name="Müller", phone=PHONE, **HOME)
    assert bound(who(**ANNA, phone=PHONE, **HOME), bert, MODEL) < MODEL.ask
    anna = who(**ANNA, email=EMAIL)
    assert bound(anna, anna, MODEL) >= score(anna, anna, MODEL).weight >= MODEL.same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # the domain of the one is short, that of the other long
        ({"email": "anna.berg@ab.example"}, {"email": "anna.berg@abcd.exampl"}),
        # a mailbox of one person and one of a family's are one at gmail
        ({"email": "haus.berg@gmail.com"}, {"email": "hausberg@gmail.com"}),
        ({"email": "familie.berg@gmail.com"}, {"email": "familieberg@gmail.com"}),
    ],
)
def test_neither_side_is_the_first(one: dict[str, str], other: dict[str, str]) -> None:
    assert score(who(**one), who(**other), MODEL) == score(who(**other), who(**one), MODEL)


@given(PERSONS)
def test_missing_is_neutral(one: Features) -> None:
    assert score(one, features_of({}, RULES), MODEL) == Score(-MODEL.prior, ())


def test_a_door_proves_more_where_nobody_shares_one() -> None:
    alone = [score(who(**ANNA, **HOME), who(**ANNA, **HOME), MODEL)] * 300
    housemates = [score(who(**ANNA, **HOME), who(first_name="Bert", last_name="Müller", **HOME), MODEL)] * 300
    assert bounded(alone, MODEL).weights.bound_door > 2 > 0 > bounded(housemates, MODEL).weights.bound_door
    assert bounded([], MODEL).weights.bound_door == pytest.approx(MODEL.weights.bound_door)
