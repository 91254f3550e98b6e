"""What of a record is compared, and how its names and values are folded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.matching import comparison, names
from hub.matching.contacts import mistyped
from hub.matching.features import Features, Place, Spelling, features_of, merged
from hub.matching.names import likeness, phonetic
from hub.matching.rules import IdentifierRule, IdentityRules
from tests.unit.matching.people import PHONE, RULES, state, who

WORDS = st.lists(st.text("abeimnou", min_size=1, max_size=7), min_size=1, max_size=3).map(tuple)


def test_a_record_as_it_is_compared() -> None:
    found = who(
        first_name="Jörg",
        last_name="Müller jun.",
        email="Joerg.Mueller+shop@googlemail.com",
        phone="030 23125 101",
        birth_date="17.04.1980",
        street="Lindenstraße 12 a",
        postal_code="10969",
        city="Köln",
        company="Müller & Söhne",
        national_id="12 345/67",
        handle="JoergM",
    )
    assert found == Features(
        names=(Spelling(("jorg",), ("muller",)),),
        suffixes=("jr",),
        emails=("joerg.mueller+shop@gmail.com",),
        phones=("+493023125101",),
        places=(Place("lindenst" + "a", frozenset({"lindenst"}), ("12",), "10969", "koln"),),
        births=((1980, 4, 17),),
        companies=("mueller soehne",),
        national_ids=("1234567",),
        handles=("joergm",),
    )


STAMP = [0, 0, 0]


def test_what_the_rules_block_is_not_compared() -> None:
    rules = IdentityRules(
        identifiers={
            "phone": IdentifierRule(strength="weak", blocked=frozenset({PHONE})),
            "email": IdentifierRule(strength="weak"),
            "loyalty": IdentifierRule(strength="off"),
        }
    )
    told = state(email="anna@example.de", phone=PHONE, loyalty_id="7", handle="anna")
    assert features_of(told, rules) == Features(weak=("anna@example.de",), handles=("anna",))


def test_whose_address_it_may_not_be() -> None:
    told = state(email="anna@example.de") | {
        "identifiers": {
            "email:mia@example.de": ["weak", STAMP],
            "email:info@example.de": ["strong", STAMP],
            "email:x1@marketplace.amazon.de": ["weak", STAMP],
            "email:anna@example.de": ["weak", STAMP],
            "phone:+493023125109": ["weak", STAMP],
            "account:messenger:p:1": ["strong", STAMP],
            "loyalty:7": ["weak", STAMP],
        },
        "links": {"abc": [True, STAMP]},
    }
    assert features_of(told, RULES) == Features(
        emails=("anna@example.de",),
        weak=("mia@example.de",),
        roles=("info@example.de",),
        phones=("+493023125109",),
        accounts=("messenger:p:1",),
        links=("abc",),
    )


@pytest.mark.parametrize(
    ("unusable", "meant"),
    [
        ('"jay berg" <jay@example.de>', "jay@example.de"), ("anna.berg7example.de", "anna.berg7example.de"),
        ("none@example.com", ""), ("keine.angabe", ""), ("test@test", ""), ("null", ""),
    ],
)  # fmt: skip
def test_what_an_unusable_address_was_meant_to_be(unusable: str, meant: str) -> None:
    assert mistyped(unusable) == meant


def test_nothing_told_is_nothing_compared() -> None:
    assert features_of({}, RULES) == Features()


def test_a_handle_told_as_a_name_is_none() -> None:
    assert who(full_name="anna_berg77").names == ()


@pytest.mark.parametrize(
    ("name", "email", "expected"),
    [
        ({"first_name": "J.", "last_name": "Marin"}, "jean.marin@example.fr", ("jean",)),
        ({"last_name": "Marin"}, "marin_jean7@example.fr", ("jean",)),
        ({"first_name": "K", "last_name": "Marin"}, "jean.marin@example.fr", ("k",)),
        ({"last_name": "Marin"}, "familie.marin@example.fr", ()),
        ({"first_name": "Luc", "last_name": "Marin"}, "jean.marin@example.fr", ("luc",)),
    ],
)
def test_a_mailbox_tells_the_first_name_that_is_missing(
    name: dict[str, str], email: str, expected: tuple[str, ...]
) -> None:
    assert [spelling.first for spelling in who(email=email, **name).names] == [expected]


def test_names_of_before_are_compared_too() -> None:
    told = {"name": [{"first": "Anna", "last": "Berg"}, [0, 0, 0]], "other_names": [["anna", "klein"]]}
    assert features_of(told, RULES).names == (Spelling(("anna",), ("berg",)), Spelling(("anna",), ("klein",)))


def test_of_a_record_with_names_without_end_its_own_and_a_few_are_compared() -> None:
    # given a file that gave all its rows one id: each of its names would be compared with everybody's
    digits = str.maketrans("0123456789", "abcdefghij")
    others = sorted(["anna", f"klein{n}".translate(digits)] for n in range(1_000))
    told = {"name": [{"first": "Zora", "last": "Zorn"}, [0, 0, 0]], "other_names": others}
    names = features_of(told, RULES).names
    assert len(names) < 50
    assert Spelling(("zora",), ("zorn",)) in names


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("muller", "muller", "exact"),
        ("hans peter", "hanspeter", "exact"),
        ("lesley cheryl", "lesley", "part"),
        ("hans d", "hans dieter", "part"),
        ("hans otto", "hans dieter", "close"),
        ("alexander", "sascha", "alias"),
        ("robert", "bob", "alias"),
        ("vitali aldo", "aldo", "alias"),
        ("katharina", "kahtarina", "typo"),
        ("nicole", "nicloe", "typo"),
        ("a", "anna", "initial"),
        ("a", "bert", "different"),
        ("a", "a", "initial"),
        ("jan", "jana", "different"),
        ("patrick", "patricia", "different"),
        ("anna", "bert", "different"),
    ],
)
def test_how_alike_first_names_are(one: str, other: str, level: str) -> None:
    assert likeness(tuple(one.split()), tuple(other.split())) == level


def test_last_names_have_no_short_forms() -> None:
    assert likeness(("robert",), ("bob",), given=False) == "different"
    assert likeness(("belperi",), ("belperio",), given=False) == "typo"


@pytest.mark.parametrize(("one", "other"), [("meyer", "maier"), ("schmidt", "schmitt"), ("stefan", "stephan")])
def test_what_sounds_alike_has_one_phonetic_key(one: str, other: str) -> None:
    assert phonetic(one) == phonetic(other)


@given(WORDS, WORDS, st.booleans())
def test_likeness_is_symmetric(one: tuple[str, ...], other: tuple[str, ...], given_name: bool) -> None:
    assert likeness(one, other, given=given_name) == likeness(other, one, given=given_name)


LETTERS = st.text("acdeghiklmnorstvyz", min_size=2, max_size=8)
NAMES = st.sampled_from(["katharina", "ekaterini", "xiaoming", "hsiaoming", "abdelaziz", "moritz", "kosta", "hubertus"])


@given(LETTERS | NAMES, LETTERS | NAMES, st.booleans())
def test_what_is_plainly_two_names_is_two_names_by_the_longer_way(one: str, other: str, given_name: bool) -> None:
    short = likeness.__wrapped__((one,), (other,), given=given_name)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(names, "_plainly_two", lambda one, other, *, given: False)
        assert likeness.__wrapped__((one,), (other,), given=given_name) == short


@pytest.mark.parametrize("given_name", [True, False])
def test_no_two_well_known_names_are_plainly_two_and_one(given_name: bool) -> None:
    # given names beside those that come next by their first letters, and by their last
    told = sorted(word for word in names._BY_NAME if len(word) > 1)[::2]
    pairs = [*pairwise(told), *pairwise(sorted(told, key=lambda word: word[::-1])), *zip(told, told[7:], strict=False)]
    plain = [pair for pair in pairs if names._plainly_two(*pair, given=given_name)]
    assert plain
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(names, "_plainly_two", lambda one, other, *, given: False)
        assert {names._one_word(*pair, given=given_name) for pair in plain} == {"different"}


def test_two_records_of_one_person_are_one_person() -> None:
    shop, till = who(first_name="Anna", email="anna@example.de"), who(last_name="Berg", phone="030 23125 101")
    assert merged(shop, till) == Features(
        names=(Spelling(("anna",), ()), Spelling((), ("berg",))),
        emails=("anna@example.de",),
        phones=("+493023125101",),
    )


@pytest.mark.parametrize(("last", "level"), [("k9999@example.com", "exact"), ("nobody@example.net", "different")])
def test_addresses_without_end_are_not_all_compared_with_all(
    last: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, ...]] = []
    rank = comparison._email

    def counted(*pair: str) -> int:
        compared.append(pair)
        return rank(*pair)

    monkeypatch.setattr(comparison, "_email", counted)
    one = Features(emails=tuple(f"k{n}@example.com" for n in range(10_000)))
    other = Features(emails=(*(f"{n}.w@example.org" for n in range(10_000)), last))
    assert comparison.email_level(one, other)[0] == level
    assert len(compared) < 5_000
