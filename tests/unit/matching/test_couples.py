"""People of one household or place: names that only look alike, streets of another town, rows told twice."""

from __future__ import annotations

import pytest

from hub.mapping.name import fold, person_name
from hub.matching.clustering import cluster
from hub.matching.comparison import place_level
from hub.matching.features import Features, Place, Spelling, features_of
from hub.matching.given_names import gender
from hub.matching.names import COUPLE, likeness
from hub.matching.packing import packed, unpacked
from hub.matching.rules import IdentityRules
from hub.matching.scoring import outcome, score
from hub.matching.short_forms import shortest
from hub.matching.weights import Model

MODEL = Model()


def named(first: str, last: str = "Doering", **told: tuple[str, ...]) -> Features:
    spelled = Spelling((shortest(fold(first)),), (fold(last),))
    return Features(names=(spelled,), **told)  # type: ignore[arg-type]


def on_one_mailbox(one: str, other: str) -> str:
    mailbox = ("paar@post.example",)
    return outcome(score(named(one, emails=mailbox), named(other, emails=mailbox), MODEL).weight, MODEL)


@pytest.mark.parametrize(
    "couple",
    [
        "Jana/John", "Julia/Julian", "Andrea/Andreas", "Simon/Simone", "Christian/Christina", "Alexander/Alexandra",
        "Antonia/Antonio", "Lea/Leo", "Oliver/Olivia", "Marina/Martin", "Lars/Lara", "Kerstin/Karsten", "Uwe/Ute",
        "Dominik/Dominique", "Tina/Timo", "Petra/Peter", "Kai/Kaia", "Gabriel/Gabriele", "Karl/Karla",
    ],
)  # fmt: skip
def test_a_couple_on_one_mailbox_is_two_people_or_a_question(couple: str) -> None:
    one, other = couple.split("/")
    assert on_one_mailbox(one, other) != "same"
    assert on_one_mailbox(other, one) == on_one_mailbox(one, other)


@pytest.mark.parametrize(
    "spelled",
    [
        "Stefan/Stephan", "Katharina/Catharina", "Jürgen/Juergen", "Christina/Kristina", "Thorsten/Torsten",
        "Michael/Micheal", "Andreas/Andraes", "Alexnder/Alexander", "Hanna/Johanna", "Alexandra/Alex", "Jess/Jessica",
        "Theresa/Terry", "Yannick/Jannik", "Mohamed/Mohammed", "Maike/Meike",
    ],
)  # fmt: skip
def test_one_name_in_two_spellings_is_one_person(spelled: str) -> None:
    assert on_one_mailbox(*spelled.split("/")) == "same"


@pytest.mark.parametrize("names", ["Anna/Anne", "Maria/Marie", "Max/Maxi", "Ann/Anna"])
def test_two_well_known_forms_of_one_name_are_no_typing_error(names: str) -> None:
    one, other = names.lower().split("/")
    assert likeness((one,), (other,)) == likeness((other,), (one,)) == "alias"


def test_whose_a_name_is_where_many_countries_agree() -> None:
    assert [gender(name) for name in ("jana", "john", "julian", "nicola", "xqzt")] == [
        "female",
        "male",
        "male",
        None,
        None,
    ]
    assert likeness(("julia",), ("julian",)) == COUPLE


def lives(street: str, number: str, postal: str, city: str) -> Features:
    return Features(places=(Place(street, frozenset((street,)), (number,), postal, city),))


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (("63", "10115", "berlin"), ("63", "70173", "stuttgart"), "different"),
        (("63", "10115", ""), ("63", "70173", ""), "different"),
        (("63", "10115", "berlin"), ("63", "10115", "berlin"), "door"),
        (("63", "10115", "berlin"), ("63", "10151", "berlin"), "door"),
        (("63", "", ""), ("63", "70173", "stuttgart"), "door"),
        (("63", "10115", "berlin"), ("65", "10115", "berlin"), "neighbours"),
        (("63", "10115", "berlin"), ("163", "10115", "berlin"), "neighbours"),
        (("63", "10115", "berlin"), ("217", "10115", "berlin"), "moved_postal"),
        (("63", "10115", "berlin"), ("217", "13187", "berlin"), "moved_city"),
        (("63", "10115", "berlin"), ("63", "13187", "berlin"), "moved_street"),
    ],
)
def test_a_street_is_in_a_place_and_far_numbers_are_no_neighbours(
    one: tuple[str, str, str], other: tuple[str, str, str], level: str
) -> None:
    assert place_level(lives("lindenweg", *one), lives("lindenweg", *other))[0] == level


def test_a_row_that_is_told_many_times_is_one_record_and_no_crowd() -> None:
    # given one row of a file sixty times, and the same person told in another way
    home = Place("lindenweg", frozenset(("lindenweg",)), ("63",), "10115", "berlin")
    row = Features(names=(Spelling(("ida",), ("sommer",)),), places=(home,))
    other = Features(names=(Spelling(("ida", "marie"), ("sommer",)),), places=(home,))
    people = {**dict.fromkeys(range(60), row), 60: other}
    assert cluster(people, MODEL).groups == [list(range(61))]


def addressed(**name: str) -> Features:
    told = person_name(**name)
    assert told is not None
    held = {"name": [told.model_dump(exclude_none=True), [0, 0, 0]]}
    mailbox = {"emails": {"mueller@post.example": [["mueller@post.example", True], [0, 0, 0]]}}
    return features_of({**held, **mailbox}, IdentityRules())


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ({"full": "Herr Mueller"}, {"full": "Frau Müller"}, False),
        ({"full": "Frau Dr. Mueller"}, {"full": "Herr Prof. Dr. Mueller"}, False),
        ({"first": "Herr", "last": "Mueller"}, {"first": "Frau", "last": "Mueller"}, False),
        ({"full": "Mr Mueller"}, {"full": "Mrs Mueller"}, False),
        ({"full": "Herr Mueller"}, {"full": "Hr. Müller"}, True),
        ({"full": "Herr Mueller"}, {"full": "Mueller"}, True),
        ({"full": "Herr Mueller jun."}, {"full": "Herr Mueller"}, True),
        ({"full": "Herr Anna Mueller"}, {"full": "Frau Anna Mueller"}, True),
        ({"first": "Thomas", "last": "Mueller"}, {"full": "Herr Mueller"}, True),
    ],
)
def test_whom_only_the_salutation_tells_apart_is_two_people(
    one: dict[str, str], other: dict[str, str], found: bool
) -> None:
    first, second = addressed(**one), addressed(**other)
    judged = score(first, second, MODEL)
    assert (outcome(judged.weight, MODEL) == "same") == found
    assert ("salutation_different" in {each.level for each in judged.evidence}) != found
    assert outcome(score(second, first, MODEL).weight, MODEL) == outcome(judged.weight, MODEL)
    assert [unpacked(packed(each)) for each in (first, second)] == [first, second]
