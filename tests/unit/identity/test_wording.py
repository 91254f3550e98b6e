"""Evidence in words: every level that scoring can give has a sentence, and names both values. Pure."""

from __future__ import annotations

import ast
import inspect
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.record_state import State, apply_customer, micros
from hub.matching import comparison, names, scoring
from hub.matching.features import features_of
from hub.matching.rules import IdentityRules
from hub.matching.scoring import score
from hub.matching.weights import Model
from hub.matching.wording import SENTENCES, lines
from hub.model.address import Address
from hub.model.customer import ChannelAccount
from hub.model.identifier import Identifier
from tests.support.doubles import at, customer

RULES = IdentityRules()
MODEL = Model()


def state(**told: Any) -> State:
    """The state of a record that told this once."""
    made: State = {}
    event = customer("1", **told)
    apply_customer(made, event, [micros(event.occurred_at), 0, 1])
    return made


def words(one: State, other: State, crowd: dict[str, int] | None = None) -> list[str]:
    found = score(features_of(one, RULES), features_of(other, RULES), MODEL, crowd or {})
    return [line.text for line in lines(one, other, found, MODEL, RULES, crowd or {})]


def literals(function: Any) -> set[str]:
    """Every text in a function's source."""
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function)))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


_WRITERS = {"personal", "link", "proof", "Evidence"}


# -- no level without a sentence


def test_every_level_of_every_comparison_has_a_sentence() -> None:
    levels = {
        "email": comparison.EMAIL,
        "phone": comparison.PHONE,
        "address": tuple(filter(None, comparison.PLACE)),
        "birth_date": comparison.BIRTH,
        "national_id": comparison.NATIONAL_ID,
    }
    wanted = {(feature, level) for feature, found in levels.items() for level in found}
    assert wanted - SENTENCES.keys() == set()


def test_every_likeness_of_names_has_a_sentence() -> None:
    alike = {"exact", "part", "alias", "typo", "close", "initial", "far", "different", "initial_different"}
    assert {text for text in literals(names.likeness) if text and " " not in text} <= alike
    wanted = {(name, level) for name in ("first_name", "last_name") for level in alike}
    wanted |= {(name, f"swapped {level}") for name, level in wanted}
    assert wanted - SENTENCES.keys() == set()


def test_every_line_that_scoring_writes_literally_has_a_sentence() -> None:
    tree = ast.parse(inspect.getsource(scoring))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    naming = [call for call in calls if ast.unparse(call.func).rpartition(".")[2] in _WRITERS]
    literally = [[a.value for a in call.args[:2] if isinstance(a, ast.Constant)] for call in naming]
    written = {(found[0], found[1]) for found in literally if len(found) == 2}
    assert written
    assert written - SENTENCES.keys() == set()


WORDS = st.sampled_from(
    ["Anna", "Änne", "Anne", "A.", "Alex", "Alexander", "Müller", "Mueller", "Muler", "Berg", "Berg-Ohm", "Bert", "O"]
)
PEOPLE = st.builds(
    state,
    name=st.none() | st.tuples(WORDS, st.none() | WORDS),
    emails=st.lists(
        st.sampled_from(
            ["anna.b@web.de", "anna.b@gmx.de", "annab1@web.de", "anna.b@wbe.de", "info@berg-ohm.example", "x9@web.de"]
        ),
        max_size=2,
        unique=True,
    ),
    phones=st.lists(st.sampled_from(["+493023125017", "+493023125018", "+4940555017"]), max_size=1),
    addresses=st.lists(
        st.sampled_from(
            [
                Address(line1="Am Ei 1", postal_code="20457", city="Hamburg"),
                Address(line1="Am Ei 7", postal_code="20457", city="Hamburg"),
                Address(line1="Werderstr. 9", postal_code="20475", city="Hamburg"),
                Address(city="Kiel"),
            ]
        ),
        max_size=1,
    ).map(tuple),
    birth_date=st.none()
    | st.sampled_from([date(1980, 2, 3), date(1980, 3, 2), date(1980, 2, 8), date(1980, 1, 1), date(1951, 9, 9)]),
    national_id=st.none() | st.sampled_from(["12345678", "12345679", "1234"]),
    loyalty_ids=st.lists(st.sampled_from(["L1", "L2"]), max_size=1).map(tuple),
    accounts=st.lists(
        st.sampled_from(
            [ChannelAccount(network="messenger", account_id="P:1"), ChannelAccount(network="handle", account_id="anna")]
        ),
        max_size=1,
    ).map(tuple),
    identifiers=st.lists(
        st.sampled_from([Identifier(kind="email", value="anna.b@web.de", strength="weak")]), max_size=1
    ),
)
CROWDS = st.dictionaries(
    st.sampled_from(
        ["annab@web.de", "023125017", "loyalty:L1", "messenger:P:1", "handle:anna", "national_id:12345678"]
    ),
    st.sampled_from([2, 5, scoring.SHARED]),
)


@given(PEOPLE, PEOPLE, CROWDS)
def test_whatever_is_told_every_line_has_a_sentence_and_the_weights_add_up(
    one: State, other: State, crowd: dict[str, int]
) -> None:
    found = score(features_of(one, RULES), features_of(other, RULES), MODEL, crowd)
    told = lines(one, other, found, MODEL, RULES, crowd)
    assert [(line.feature, line.level) for line in told if (line.feature, line.level) not in SENTENCES] == []
    assert abs(sum(line.weight for line in told) - found.weight) < 1e-6


@given(PEOPLE, PEOPLE, CROWDS)
def test_a_line_with_values_names_them(one: State, other: State, crowd: dict[str, int]) -> None:
    found = score(features_of(one, RULES), features_of(other, RULES), MODEL, crowd)
    for line in lines(one, other, found, MODEL, RULES, crowd):
        if "{both}" in SENTENCES[line.feature, line.level]:
            assert line.one is not None, line
            assert line.other is not None, line


# -- what it reads like


def test_names_are_shown_as_their_sources_spelled_them() -> None:
    told = words(state(name=("Alex", "Müller")), state(name=("Alexander", "MUELLER")))
    assert told == [
        "first names agree, one is a short or other form: Alex and Alexander (+3.0 bits)",
        "last names agree: Müller and MUELLER (+9.5 bits)",
        "before any evidence: two records taken at random are hardly ever one person (-13.3 bits)",
    ]


def test_of_several_addresses_the_one_that_counts_is_shown() -> None:
    one = state(emails=["a.ohm@example.de", "anna@example.org"])
    assert words(one, state(emails=["anna@example.org"]))[0].startswith("the same e-mail: anna@example.org (")


def test_what_so_many_share_says_so() -> None:
    one, other = state(phones=["+493023125017"]), state(phones=["+493023125017"])
    assert words(one, other, {"023125017": scoring.SHARED})[0] == (
        "the same phone, but so many share it that it proves nothing: +493023125017 (+0.0 bits)"
    )


def test_a_national_id_is_never_shown() -> None:
    one = state(national_id="12345678")
    assert words(one, one)[0].startswith("the same national id (")
    assert not any("12345678" in line for line in words(one, one))


def test_an_earlier_name_is_shown_where_it_is_what_agrees() -> None:
    one = state(name=("Anna", "Berg"), when=at(1))
    apply_customer(one, customer("1", name=("Anna", "Ohm"), when=at(2)), [micros(at(2)), 0, 2])
    assert words(one, state(name=("Anna", "Berg")))[1].startswith("last names agree: Berg (")
