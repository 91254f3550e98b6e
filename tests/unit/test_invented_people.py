"""The people that identity is measured on."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from benchmarks.people import AGAIN, COLUMNS, people
from hub.mapping.email import email
from hub.mapping.phone import phone


def test_the_same_seed_gives_the_same_people_and_more_of_them_begin_alike() -> None:
    few = list(people(200, seed=7))
    assert few == list(people(200, seed=7)) == list(islice(people(10_000, seed=7), 200))
    assert few != list(people(200, seed=8))


def test_three_records_in_ten_are_of_someone_known() -> None:
    rows = list(people(5_000))
    assert {column for row in rows for column in row} == set(COLUMNS)
    assert [row["record_id"] for row in rows] == [f"r{number}" for number in range(5_000)]
    persons = Counter(row["cluster_id"] for row in rows)
    assert abs(1 - len(persons) / len(rows) - AGAIN) < 0.02


def test_nobody_is_reached_who_might_exist() -> None:
    rows = list(people(2_000))
    addresses = [point.value for row in rows if (point := email(row.get("email"))) and point.usable]
    hosts = {address.rpartition("@")[2].rpartition(".example.")[2] for address in addresses if ".example." in address}
    assert {"com", "de", "org"} <= hosts
    numbers = [point.value for row in rows if (point := phone(row.get("phone"))) and point.usable]
    assert sum(number.startswith("+49150") for number in numbers) > 0.95 * len(numbers)
