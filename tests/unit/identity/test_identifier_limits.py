"""What the rules say of a kind of identifier: how long a value is somebody's, how many one has, whom to trust."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.application.guards import shared_guards, unused_guards
from hub.mapping.record_state import State, apply_customer, apply_link, micros
from hub.matching.clustering import cluster
from hub.matching.features import Features, Period, features_of
from hub.matching.rules import IdentityRules
from hub.matching.scoring import Evidence, score
from hub.matching.version import identity
from hub.matching.windows import contemporary, united
from hub.matching.wording import lines
from hub.model.customer import ChannelAccount
from hub.store.matches import CrowdRow
from hub.store.records import RecordRow
from tests.support.doubles import START, customer

PHONE, OTHER_PHONE = "+493023125101", "+493023125102"
MAIL = "anna.berg@example.de"
ANNA = ("Anna", "Berg")


def rules(**kinds: Mapping[str, Any]) -> IdentityRules:
    return IdentityRules.model_validate({"identifiers": kinds})


def told(day: int = 0, **fields: Any) -> State:
    """The state of a record that told this on a day."""
    made: State = {}
    when = START + timedelta(days=day)
    apply_customer(made, customer("1", when=when, **fields), [micros(when), 0, 1])
    return made


def groups(by: IdentityRules, *records: State) -> list[list[int]]:
    people = {number: features_of(record, by) for number, record in enumerate(records)}
    return cluster(people, identity(by).model, by).groups


def evidence(by: IdentityRules, one: State, other: State) -> dict[tuple[str, str], float]:
    found = score(features_of(one, by), features_of(other, by), identity(by).model)
    return {(line.feature, line.level): line.weight for line in found.evidence}


# -- within_days


TWO_YEARS = rules(phone={"within_days": 730})


def test_a_number_told_years_apart_joins_nobody_and_speaks_against_nobody() -> None:
    # given a number that Anna told and, three years later, somebody called A. Berg
    first, later = told(name=ANNA, phones=[PHONE]), told(3 * 365, name=("A.", "Berg"), phones=[PHONE])
    # when no window is set, they are one; with two years, they are not joined by it
    assert groups(IdentityRules(), first, later) == [[0, 1]]
    assert groups(TWO_YEARS, first, later) == [[0], [1]]
    # then the number is no evidence either way
    assert {feature for feature, _ in evidence(TWO_YEARS, first, later)} == {"first_name", "last_name"}


@pytest.mark.parametrize(("days", "joined"), [(729, True), (730, True), (731, False)])
def test_the_window_is_the_days_between_the_two_tellings(days: int, joined: bool) -> None:
    first, later = told(name=ANNA, phones=[PHONE]), told(days, name=ANNA, phones=[PHONE])
    for pair in ((first, later), (later, first)):
        assert (("phone", "exact") in evidence(TWO_YEARS, *pair)) is joined


def test_a_number_told_again_in_between_bridges_the_years() -> None:
    records = [told(days, name=("A.", "Berg"), phones=[PHONE]) for days in (0, 1200, 600)]
    assert groups(TWO_YEARS, *records[:2]) == [[0], [1]]
    assert groups(TWO_YEARS, *records) == [[0, 1, 2]]


def test_other_evidence_joins_all_the_same() -> None:
    first, later = (told(day, name=ANNA, phones=[PHONE], emails=[MAIL]) for day in (0, 3 * 365))
    assert groups(TWO_YEARS, first, later) == [[0, 1]]


def test_of_two_numbers_the_one_of_the_time_counts() -> None:
    first = told(name=ANNA, phones=[PHONE])
    later = told(3 * 365, name=ANNA, phones=[PHONE])
    apply_customer(later, customer("1", phones=[OTHER_PHONE]), [micros(START), 0, 1])
    assert ("phone", "exact") not in evidence(TWO_YEARS, first, later)
    apply_customer(first, customer("1", phones=[OTHER_PHONE]), [micros(START), 0, 1])
    assert ("phone", "exact") in evidence(TWO_YEARS, first, later)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("email", {"emails": [MAIL]}),
        ("loyalty", {"loyalty_ids": ("4711",)}),
        ("account", {"accounts": (ChannelAccount(network="messenger", account_id="P:1"),)}),
        ("handle", {"accounts": (ChannelAccount(network="handle", account_id="anna"),)}),
        ("national_id", {"national_id": "12345678"}),
    ],
)
def test_every_kind_has_its_window(kind: str, fields: dict[str, Any]) -> None:
    window = rules(**{kind: {"within_days": 30}})
    records = [told(day, name=ANNA, **fields) for day in (0, 31)]
    assert groups(IdentityRules(), *records) == [[0, 1]]
    assert groups(window, *records) == [[0], [1]]


def test_what_is_certain_joins_only_within_its_window() -> None:
    window = rules(loyalty={"strength": "certain", "within_days": 30})
    people = [("Anna", 0), ("Bert", 25), ("Zoe", 100)]
    records = [told(day, name=(first, None), loyalty_ids=("4711",)) for first, day in people]
    assert groups(window, *records) == [[0, 1], [2]]
    assert groups(rules(loyalty={"strength": "certain"}), *records) == [[0, 1, 2]]


def test_a_link_of_the_source_has_a_window_too() -> None:
    states = []
    for day in (0, 31):
        state = told(day, name=("Anna" if day else "Bert", None))
        apply_link(state, "1f", [micros(START + timedelta(days=day)), 0, 1])
        states.append(state)
    assert groups(IdentityRules(), *states) == [[0, 1]]
    assert groups(rules(link={"within_days": 30}), *states) == [[0], [1]]


def test_a_record_tells_times_only_where_a_window_is_set() -> None:
    record = told(phones=[PHONE], emails=[MAIL])
    assert features_of(record, IdentityRules()).periods == ()
    half, at = 365 * 86_400_000_000, micros(START)
    assert features_of(record, TWO_YEARS).periods == (Period("phone", PHONE, at - half, at + half),)


PEOPLE = st.builds(
    lambda spans: Features(
        phones=tuple(sorted({value for value, _, _ in spans})),
        periods=tuple(sorted(Period("phone", value, since, since + length) for value, since, length in spans)),
    ),
    st.lists(st.tuples(st.sampled_from([PHONE, OTHER_PHONE]), st.integers(0, 30), st.integers(1, 9)), max_size=5),
)


@settings(deadline=None)
@given(PEOPLE, PEOPLE)
def test_who_comes_first_does_not_matter(one: Features, other: Features) -> None:
    assert contemporary(one, other) == contemporary(other, one)[::-1]


@settings(deadline=None)
@given(PEOPLE, PEOPLE)
def test_a_cluster_had_a_number_whenever_one_of_its_records_had_it(one: Features, other: Features) -> None:
    both = united(Features(phones=(PHONE, OTHER_PHONE)), (*one.periods, *other.periods))
    for moment in range(45):
        had = [
            {each.value for each in told.periods if each.since <= moment <= each.until} for told in (one, other, both)
        ]
        assert had[0] | had[1] == had[2]
    assert len(both.periods) <= len({*one.periods, *other.periods})


# -- max_per_person


def test_two_loyalty_numbers_speak_against_one_person_unless_the_rules_allow_two() -> None:
    one, other = (told(name=ANNA, phones=[PHONE], loyalty_ids=(number,)) for number in ("1", "2"))
    weight: float = getattr(identity(IdentityRules()).model.weights, "loyalty_different")  # noqa: B009
    assert evidence(IdentityRules(), one, other)["loyalty", "other"] == weight < 0
    for allowed in (2, None):
        found = evidence(rules(loyalty={"max_per_person": allowed}), one, other)
        assert not [line for line in found if line[0] == "loyalty"]


def test_a_third_number_speaks_against_a_person_that_has_two_already() -> None:
    two = rules(loyalty={"max_per_person": 2})
    known = told(name=ANNA, loyalty_ids=("1", "2"))
    assert ("loyalty", "too_many") in evidence(two, known, told(name=ANNA, loyalty_ids=("3",)))
    assert ("loyalty", "too_many") not in evidence(two, known, told(name=ANNA, loyalty_ids=("2",)))


def test_what_one_record_has_too_much_of_says_nothing_about_two() -> None:
    many = told(name=ANNA, loyalty_ids=("1", "2", "3"))
    found = evidence(IdentityRules(), many, told(name=ANNA, loyalty_ids=("3",)))
    assert ("loyalty", "exact") in found
    assert ("loyalty", "other") not in found


@pytest.mark.parametrize(
    ("kind", "field", "values"),
    [
        ("email", "emails", [[MAIL], ["zoe@example.org"]]),
        ("phone", "phones", [[PHONE], ["+4940555017"]]),
        ("national_id", "national_id", ["12345678", "99887766"]),
        ("handle", "accounts", [(ChannelAccount(network="handle", account_id=name),) for name in ("anna", "zoe")]),
        (
            "account",
            "accounts",
            [(ChannelAccount(network="messenger", account_id=name),) for name in ("P:1", "P:2")],
        ),
    ],
)
def test_every_kind_has_its_limit(kind: str, field: str, values: list[Any]) -> None:
    one, other = (told(name=ANNA, **{field: value}) for value in values)
    limited = rules(**{kind: {"max_per_person": 1}})
    assert evidence(limited, one, other)[kind, "other"] == identity(limited).model.weights.too_many < 0
    for by in (IdentityRules(), rules(**{kind: {"max_per_person": 2}})):
        assert evidence(by, one, other).get((kind, "other"), 0) > identity(by).model.weights.too_many
    agreeing = evidence(limited, one, one)
    assert (kind, "other") not in agreeing


def test_a_number_that_is_only_written_otherwise_is_no_second_one() -> None:
    limited = rules(email={"max_per_person": 1})
    one, other = (told(name=ANNA, emails=[value]) for value in ("anna.berg@gmail.com", "annaberg@gmail.com"))
    assert ("email", "other") not in evidence(limited, one, other)


def test_accounts_are_counted_by_network() -> None:
    limited = rules(account={"max_per_person": 1})
    one, other = (
        told(name=ANNA, accounts=(ChannelAccount(network=network, account_id="P:1"),))
        for network in ("messenger", "instagram")
    )
    assert ("account", "other") not in evidence(limited, one, other)


def test_a_kind_that_is_off_has_no_limit() -> None:
    off = rules(loyalty={"strength": "off"})
    assert identity(off).model.per_person == {}


def test_numbers_are_counted_over_the_whole_cluster() -> None:
    # given three records, two of which are Anna beside doubt, and a nickname on her phone with a third number
    anna = [told(name=ANNA, phones=[PHONE], emails=[MAIL], loyalty_ids=(number,)) for number in ("1", "2")]
    third = told(name=("A.", "Berg"), phones=[PHONE], loyalty_ids=("3",))
    # when one person may have two numbers, the third is one too many for both together, and none for each alone
    two = rules(loyalty={"max_per_person": 2})
    assert groups(two, anna[0], third) == groups(two, anna[1], third) == [[0, 1]]
    assert groups(two, *anna, third) == [[0, 1], [2]]
    assert groups(rules(loyalty={"max_per_person": 3}), *anna, third) == [[0, 1, 2]]


# -- the order of trust


ALL_KINDS: dict[str, Any] = {
    "phones": [PHONE],
    "emails": [MAIL],
    "loyalty_ids": ("4711",),
    "accounts": (ChannelAccount(network="messenger", account_id="P:1"),),
}


def named(by: IdentityRules) -> list[str]:
    record = told(name=ANNA, **ALL_KINDS)
    found = score(features_of(record, by), features_of(record, by), identity(by).model)
    return [line.feature for line in lines(record, record, found, identity(by).model, by)]


def test_evidence_names_identifiers_in_the_order_of_trust() -> None:
    usual = [feature for feature in named(IdentityRules()) if feature in IdentityRules().order]
    assert usual == ["account", "loyalty", "email", "phone"]
    turned = rules(phone={}, email={}, loyalty={}, account={})
    assert [feature for feature in named(turned) if feature in turned.order] == ["phone", "email", "loyalty", "account"]


def test_what_is_no_identifier_keeps_its_place() -> None:
    turned = rules(phone={}, email={}, loyalty={}, account={})
    places = [
        [(place, feature) for place, feature in enumerate(named(by)) if feature not in by.order]
        for by in (IdentityRules(), turned)
    ]
    assert places[0] == places[1]


def test_the_order_changes_no_weight() -> None:
    turned = rules(phone={}, email={}, loyalty={}, account={})
    record = told(name=ANNA, **ALL_KINDS)
    one, other = (
        score(features_of(record, by), features_of(record, by), identity(by).model) for by in (IdentityRules(), turned)
    )
    assert one == other
    assert isinstance(one.evidence[0], Evidence)


def test_guards_name_identifiers_in_the_order_of_trust() -> None:
    record = RecordRow(UUID(int=1), "shop", "customer", "1", None, told(emails=["info@example.de"], phones=["1"]))
    record.state["phones"]["1"][0][1] = False
    crowds = [
        CrowdRow(number, kind, f"{kind}:1", 99, 300, True) for number, kind in enumerate(["phone", "email", "loyalty"])
    ]
    for by, order in (
        (IdentityRules(), ["loyalty", "email", "phone"]),
        (rules(phone={}, email={}, loyalty={}), ["phone", "email", "loyalty"]),
    ):
        people = {record.id: features_of(record.state, by)}
        assert [guard["kind"] for guard in shared_guards([record], people, crowds, by)] == order
        unused = [guard["kind"] for guard in unused_guards([record], by)]
        assert unused == [kind for kind in order if kind != "loyalty"]
