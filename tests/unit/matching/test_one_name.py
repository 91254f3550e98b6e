"""Ten thousand people of one name in one city, and one person's thousands of records: no magnet, and no flood."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from hub.learning.evaluate import Found, in_memory
from hub.matching.features import Features
from hub.matching.questions import FREELY, MOST_OPEN, Question, opened
from hub.matching.weights import Model
from tests.unit.matching.people import RULES, who

CODES = tuple(f"1{number:04}" for number in range(0, 3000, 100))


def clustered(people: list[Features], *, train: bool = False) -> Found:
    return in_memory({f"{number:04}": one for number, one in enumerate(people)}, Model(), RULES, train=train)


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("housed", [False, True])
def test_people_of_one_name_in_one_postal_code_stay_themselves(housed: bool, train: bool) -> None:
    # given people of one name in one city, who tell their postal code, or where they live in it
    people = [
        who(
            first_name="Peter",
            last_name="Müller",
            city="Berlin",
            postal_code=CODES[number % len(CODES)],
            **({"street": f"{street} {number + 1}"} if housed else {}),
        )
        for number, street in enumerate(["Lindenallee", "Bergweg", "Am Markt", "Schulstr.", "Ringstr."] * 60)
    ]
    # when they are clustered, before any training and after it
    found = clustered(people, train=train)
    # then nobody is somebody else, and few are asked about
    assert len(found.clusters.groups) == len(people)
    assert len(found.doubtful) <= len(people)


def test_a_name_in_one_postal_code_is_asked_about_on_day_one() -> None:
    found = clustered([who(first_name="Änne", last_name="Brandstätter", postal_code="10969") for _ in range(2)])
    assert len(found.clusters.groups) == 2
    assert len(found.doubtful) == 1


def test_one_persons_many_records_are_asked_about_a_few_times_at_once() -> None:
    # given a guest of whom a third of all receipts tell an initial only
    door = {"last_name": "Brandstätter", "street": "Lindenallee 17", "postal_code": "24103", "city": "Kiel"}
    people = [
        who(first_name="H." if number % 3 == 0 else "Hannelore", company=f"Filiale {number}", **door)
        for number in range(150)
    ]
    # when they are clustered
    found = clustered(people)
    # then who is written out is one, and the fifty others do not ask for each of them
    assert max(map(len, found.clusters.groups)) == 100
    assert 1 <= len(found.doubtful) <= 50
    # and the order in which they came changes nothing
    turned = dict(reversed([(f"{number:04}", one) for number, one in enumerate(people)]))
    assert in_memory(turned, Model(), RULES, train=False).doubtful == found.doubtful


@pytest.mark.parametrize("seed", range(4))
def test_questions_are_few_to_each_person_and_a_function_of_the_set(seed: int) -> None:
    # given doubts between people, of some of whom many
    chance = Random(seed)
    pairs = {(min(pair), max(pair)) for pair in (chance.sample(range(30), 2) for _ in range(150))}
    pairs |= {(0, other) for other in range(1, 30)}
    doubts = [Question(*pair, chance.choice([1.5, 2.0, 3.0]), pair) for pair in sorted(pairs)]
    # when they are opened, in any order
    asked = opened(doubts)
    # then the surest of all is asked, nobody is asked about too often, and no order decides
    assert min(doubts, key=lambda each: (-each.weight, each.pair)).weight == max(each.weight for each in asked)
    assert max(Counter(side for each in asked for side in each[:2]).values()) <= MOST_OPEN
    assert set(opened(chance.sample(doubts, len(doubts)))) == set(asked)


def test_few_doubts_are_all_asked() -> None:
    doubts = [Question(0, other, 1.5, (0, other)) for other in range(1, 1 + FREELY)]
    assert opened(doubts) == doubts


def test_a_mistyped_name_in_a_mistyped_street_is_found_among_many_records() -> None:
    # given sixty records of one person, and one with an error in the last name and another in the street
    home = {"postal_code": "24103", "city": "Kiel"}
    people = [
        who(first_name="Hannelore", last_name="Brandstätter", street="Lindenallee 17", company=f"Nr {number}", **home)
        for number in range(60)
    ]
    people.append(who(first_name="Hannelore", last_name="Brandsxätter", street="Linndenallee 17", **home))
    # then the first name with the house and the postal code finds it, when coarser keys say nothing any more
    assert len(clustered(people).clusters.groups) == 1
