"""The labelled people that identity finds hard: what each set promises."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import pytest

from benchmarks.kinds import COLUMNS, KINDS, TEST, TUNING, rows
from benchmarks.kinds.homes import MANY
from benchmarks.people import Row
from benchmarks.people_words import NEAR_FIRST
from hub.mapping.email import email
from hub.mapping.phone import phone

SOME = 400
STRONG = ("email", "phone", "national_id", "loyalty_id")
NAMED = ("first_name", "last_name", "full_name", "email")
SCRIPTS = ("polish", "arabic", "chinese", "vietnamese", "turkish", "cyrillic", "greek")


def told(kind: str, seed: int = TUNING, count: int = SOME) -> list[Row]:
    return list(rows(kind, seed, count))


def by_person(records: list[Row]) -> dict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in records:
        found[row["cluster_id"]].append(row)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_people_and_another_seed_others(kind: str) -> None:
    assert told(kind) == told(kind)
    assert told(kind) != told(kind, TEST)


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_is_told_once_and_of_somebody_and_some_are_of_one_person(kind: str) -> None:
    records = told(kind)
    assert [row["record_id"] for row in records] == [f"r{number}" for number in range(len(records))]
    assert SOME <= len(records) <= SOME + 2 * max(MANY)
    assert {column for row in records for column in row} <= set(COLUMNS)
    assert all(row["cluster_id"] and any(row.get(name) for name in NAMED) for row in records)
    assert 1 < len(by_person(records)) < len(records)


@pytest.mark.parametrize("kind", KINDS)
def test_two_people_share_an_identifier_only_where_the_kind_says_so(kind: str) -> None:
    # given a whole set, so that chance has room
    owners: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows(kind, TEST):
        for column in STRONG:
            if value := row.get(column):
                owners[column, value].add(row["cluster_id"])
    # then no value of one's own is another's, and what the kind is about does happen
    assert {column for (column, _), people in owners.items() if len(people) > 1} == KINDS[kind].shared


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_reached_who_might_exist(kind: str) -> None:
    records = told(kind)
    addresses = [point.value for row in records for point in [email(row.get("email"))] if point]
    assert all(".example." in address for address in addresses)
    numbers = [point.value for row in records for point in [phone(row.get("phone"))] if point]
    assert all(number.startswith("+49150") for number in numbers)


def test_one_person_has_five_to_sixty_records_by_name_and_address_between_those_of_others() -> None:
    records = told("many_records", count=1_000)
    people = by_person(records)
    sizes = Counter(len(each) for name, each in people.items() if name[-1].isdigit())
    assert set(sizes) == set(MANY)
    assert sum("email" in row or "phone" in row for row in records) < 0.1 * len(records)
    assert all(row["street"] for row in records)
    following = [one["cluster_id"] == other["cluster_id"] for one, other in pairwise(records)]
    assert sum(following) < 0.2 * len(following)


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_carried_name_is_written_in_several_ways(kind: str) -> None:
    several = [each for each in by_person(told(kind)).values() if len(each) > 1]
    differing = [each for each in several if len({(row["first_name"], row["last_name"]) for row in each}) > 1]
    assert len(differing) > 0.4 * len(several)


def test_a_card_is_sometimes_borrowed_by_somebody_of_another_first_name() -> None:
    holders: defaultdict[str, set[str]] = defaultdict(set)
    records = told("registers", count=3_000)
    for row in records:
        if card := row.get("loyalty_id"):
            holders[card].add(row["cluster_id"])
    borrowed = sum(len(people) > 1 for people in holders.values())
    assert 0.02 < borrowed / len(holders) < 0.15


def test_the_odd_dates_are_on_no_calendar_or_before_1900_and_one_persons_stay_the_same() -> None:
    births = [row["birth_date"] for row in told("births_odd", count=2_000) if "birth_date" in row]
    impossible = [born for born in births if not _on_the_calendar(born)]
    assert 0.08 < len(impossible) / len(births) < 0.25
    assert 0.2 < sum("1800" < born < "1900" for born in births) / len(births) < 0.4
    assert Counter(impossible).most_common(1)[0][1] > 1


def _on_the_calendar(born: str) -> bool:
    try:
        return bool(date.fromisoformat(born))
    except ValueError:
        return False


def test_a_column_with_the_month_first_has_it_first_throughout() -> None:
    births = [row["birth_date"].split("/") for row in told("births_month_first") if "birth_date" in row]
    assert all(1 <= int(month) <= 12 for month, _, _ in births)
    assert sum(int(day) > 12 for _, day, _ in births) > 0.4 * len(births)


def test_two_of_near_names_live_at_one_door() -> None:
    pairs = {frozenset(pair.split("/")) for pair in NEAR_FIRST}
    names: defaultdict[tuple[str | None, str | None], set[str]] = defaultdict(set)
    for row in told("name_pairs"):
        names[row.get("street"), row.get("postal_code")].add(row["first_name"])
    assert sum(any(pair <= told for pair in pairs) for told in names.values()) > 20


def test_historical_persons_have_no_identifier_and_several_first_names() -> None:
    records = told("historical")
    assert not any(column in row for row in records for column in STRONG)
    several = [each for each in by_person(records).values() if len(each) > 2]
    assert sum(len({row["first_name"] for row in each}) > 1 for each in several) > 0.8 * len(several)
