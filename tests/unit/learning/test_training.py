"""What data without labels, and people's answers, teach the model."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, replace
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.learning.estimation import Estimator, estimate, splinked
from hub.learning.sampling import MOST, Sample
from hub.learning.splink_model import dumped
from hub.learning.training import MOST_MOVED, MOST_RAISED, lent, near_births, near_firsts, peopled, refined, tempered
from hub.matching.features import Features
from hub.matching.scoring import Score, score
from hub.matching.weights import Model, Weights
from tests.support.examples import examples
from tests.unit.matching.people import HOME, PHONE, who

MODEL = Model(population=8192)
ANNA = {"first_name": "Anna", "last_name": "Berg"}
INITIAL = {"first_name": "A.", "last_name": "Berg"}
FIRST = ("Anna", "Bernd", "Carla", "Dieter", "Emma", "Fritz", "Greta", "Heinz", "Ida", "Jonas", "Klara", "Ludwig")
LAST = ("Berg", "Thal", "Wald", "Feldmann", "Steiner", "Brunner", "Ackermann", "Vogel", "Winter", "Sommer", "Lange")
AT_HOME = (who(**ANNA, **HOME), who(**INITIAL, **HOME))
"""A doubtful pair: one household, one initial."""


def base(count: int = 240) -> list[tuple[int, Features]]:
    """Records of invented people, two each, every fourth with a typing error in the date of birth."""
    random, found = Random(7), []
    for number in range(count // 2):
        told = {
            "first_name": random.choice(FIRST),
            "last_name": random.choice(LAST),
            "birth_date": f"{random.randrange(1940, 2005)}-{random.randrange(1, 13):02}-{random.randrange(2, 29):02}",
            "street": f"Lindenstr. {random.randrange(1, 40)}",
            "postal_code": f"{10115 + random.randrange(30)}",
            "city": "Berlin",
        }
        again = told | ({"birth_date": "1971-11-30"} if number % 4 == 0 else {})
        email = {"email": f"{told['first_name']}.{told['last_name']}{number}@example.de".lower()}
        found += [(2 * number, who(**told, **email)), (2 * number + 1, who(**again, **email))]
    return found


BASE = base()


def answered(accepted: int, rejected: int, pair: tuple[Features, Features] = AT_HOME) -> Model:
    told = score(*pair, MODEL)
    return refined([(told, True)] * accepted + [(told, False)] * rejected, MODEL)


def weighed(model: Model, pair: tuple[Features, Features] = AT_HOME) -> float:
    return score(*pair, model).weight


def test_no_answers_teach_nothing() -> None:
    assert refined([], MODEL) == MODEL


def test_accepted_pairs_raise_pairs_like_them_and_rejected_ones_lower_them() -> None:
    assert weighed(answered(0, 3)) < weighed(MODEL) < weighed(answered(3, 0))


def test_an_answer_about_one_pair_moves_another_that_is_alike() -> None:
    neighbours = (who(first_name="Carla", last_name="Wald", **HOME), who(first_name="C.", last_name="Wald", **HOME))
    assert weighed(answered(0, 3), neighbours) < weighed(MODEL, neighbours) < weighed(answered(3, 0), neighbours)


@given(accepted=st.integers(0, 40), rejected=st.integers(0, 40))
@settings(max_examples=examples(20), deadline=None)
def test_one_more_answer_never_moves_against_itself_and_never_by_more_than_the_bound(
    accepted: int, rejected: int
) -> None:
    now = answered(accepted, rejected)
    assert weighed(answered(accepted + 1, rejected)) >= weighed(now) >= weighed(answered(accepted, rejected + 1))
    shipped = asdict(MODEL.weights)
    assert all(abs(bits - shipped[name]) <= MOST_MOVED for name, bits in asdict(now.weights).items())
    assert MODEL.same <= now.same <= MODEL.same + MOST_RAISED
    assert MODEL.ask <= now.ask <= MODEL.ask + MOST_RAISED


@pytest.mark.parametrize("often", [1, 3, 100])
def test_opposite_answers_cancel(often: int) -> None:
    assert answered(often, often) == MODEL


def test_the_order_of_answers_does_not_matter() -> None:
    others = (who(**ANNA, phone=PHONE), who(**INITIAL, phone=PHONE))
    answers = [(score(*AT_HOME, MODEL), True)] * 5 + [(score(*others, MODEL), False)] * 4
    assert refined(answers, MODEL) == refined(answers[::-1], MODEL)


def test_only_what_decided_is_moved() -> None:
    """A shared door is bounded: the bound is what decided, not the street and the last name that it held back."""
    moved = {name for name, bits in asdict(answered(0, 9).weights).items() if bits != asdict(MODEL.weights)[name]}
    assert moved == {"bound_door", "initial"}


def test_rejecting_what_was_joined_raises_the_threshold() -> None:
    joined = Score(MODEL.same + 1, ())
    assert refined([(joined, False)] * 4, MODEL) == replace(MODEL, same=MODEL.same + 1)
    assert refined([(joined, True)] * 4, MODEL) == MODEL


def test_rejecting_all_that_is_asked_asks_less() -> None:
    asked = Score(MODEL.ask + 1, ())
    assert refined([(asked, False)] * 100, MODEL) == replace(MODEL, ask=MODEL.ask + MOST_RAISED)
    assert refined([(asked, True)] * 100, MODEL) == MODEL


def test_half_of_another_estimate_counts_for_what_no_household_shares() -> None:
    other = replace(MODEL, weights=Weights(birth_different=-2.0, national_id_different=-3.0, first_different=-1.0))
    told = tempered(MODEL, other, MODEL)
    assert told.weights == Weights(birth_different=-4.05, national_id_different=-4.0)
    assert tempered(MODEL, other, MODEL, alone=True).weights == other.weights


def test_another_estimate_never_makes_a_difference_speak_for_a_pair() -> None:
    absurd = replace(MODEL, weights=Weights(birth_different=30.0, national_id_different=-60.0))
    assert tempered(MODEL, absurd, MODEL).weights == Weights(birth_different=-0.5, national_id_different=-6.0)


@cache
def of_base(estimator: Estimator, *, most: int) -> Model:
    """Estimated once: Splink takes a second."""
    return estimate(BASE, Model(), estimator=estimator, most=most)


@pytest.mark.parametrize("most", [MOST, 160])
def test_an_estimate_depends_on_the_records_and_on_no_order_or_id(most: int) -> None:
    told = dumped(of_base("both", most=most))
    shuffled = BASE[:]
    Random(3).shuffle(shuffled)
    assert dumped(estimate([(f"r{1000 - one}", person) for one, person in shuffled], Model(), most=most)) == told


def test_dates_that_differ_often_speak_less_against_a_pair() -> None:
    names: tuple[Estimator, ...] = ("hub", "splink", "both")
    told = {name: of_base(name, most=MOST).weights for name in names}
    assert Weights().birth_different < told["hub"].birth_different < told["splink"].birth_different < -1
    mean = (told["hub"].birth_different + told["splink"].birth_different) / 2
    assert told["both"].birth_different == pytest.approx(mean, abs=1e-6)


def test_answers_are_part_of_the_estimate() -> None:
    family = [(1001, AT_HOME[0]), (1002, AT_HOME[1])]
    without = estimate(BASE + family, Model(), estimator="hub")
    rejected = estimate(BASE + family, Model(), {(1002, 1001): False}, estimator="hub")
    of_others = estimate(BASE + family, Model(), {(7001, 7002): False}, estimator="hub")
    assert weighed(rejected) < weighed(without)
    assert of_others == without


def test_splink_says_nothing_about_a_handful_of_records() -> None:
    assert splinked([person for _, person in BASE[:20]], Model())["comparisons"] == []


def test_nothing_teaches_nothing() -> None:
    assert estimate([], Model()) == replace(Model(), population=2.0)


def test_a_sample_keeps_few_records_with_their_pairs_whatever_the_order() -> None:
    def drawn(people: list[tuple[int, Features]]) -> Sample[int]:
        sample: Sample[int] = Sample(wanted=(11,), most=160)
        for one, person in people:
            sample.add(one, person)
        return sample

    sample = drawn(BASE)
    pairs = sample.pairs(sample.found())
    assert not sample.whole
    assert 50 < len(sample.people) <= 160
    assert sample.judged == {11: dict(BASE)[11]}
    assert any(a // 2 == b // 2 for a, b in pairs)
    assert drawn(BASE[::-1]).people == sample.people


def test_what_resolves_never_loads_splink() -> None:
    loaded = "import sys, hub.bootstrap, hub.api.app, hub.application.process, hub.learning.estimation as e; "
    told = "print({'splink', 'duckdb', 'pyarrow', 'pandas'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", loaded + told], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


# -- how often two records are one person (moj-analytical-services/splink#462, #876, #1069)


@pytest.mark.parametrize(("pairs", "population"), [(0, 1000), (500, 1000), (1000, 500), (3000, 1000 / 6), (9e9, 125)])
def test_the_more_records_a_person_has_the_likelier_two_are_one(pairs: float, population: float) -> None:
    assert peopled(Model(population=1000.0), pairs).population == pytest.approx(population)


# -- near dates of birth


def test_where_all_are_of_one_age_near_dates_say_little() -> None:
    ages = {(1940 + number % 65, 1 + number % 12, 1 + number % 28) for number in range(2_000)}
    pupils = {(2012, 1 + number % 12, 1 + number % 28) for number in range(2_000)}

    of_all, of_pupils = (near_births([], born, Model()).weights for born in (ages, pupils))

    assert of_pupils.birth_two_parts < of_all.birth_two_parts
    assert of_pupils.birth_digit < of_all.birth_digit
    assert abs(of_all.birth_day_month - Weights().birth_day_month) <= 3


def test_without_dates_of_birth_near_ones_are_as_shipped() -> None:
    assert near_births([], (), Model()) == Model()


# -- first names that look alike


def test_where_strangers_are_called_alike_a_name_that_is_nearly_another_says_less() -> None:
    # given a base of many names, and one where every second is called much like the others
    many, alike = [(first,) for first in FIRST] * 40, [("gerlinde",), ("erlinda",)] * 240

    of_many, of_alike = (near_firsts([], firsts, Model()).weights for firsts in (many, alike))

    assert of_alike.first_close < Weights().first_close < of_many.first_close
    assert of_alike.household_first_close == of_many.household_first_close


def test_without_names_first_names_that_look_alike_say_what_is_shipped() -> None:
    assert near_firsts([], (), Model()) == Model()


def test_an_answer_about_two_at_one_door_teaches_what_names_say_there() -> None:
    home = {"last_name": "Russell", "email": "russell@example.de"}
    found = score(who(first_name="Sofia", **home), who(first_name="Fosia", **home), MODEL)
    assert ("first_name", "alike in a household") in {(line.feature, line.level) for line in found.evidence}

    weights = refined([(found, True)] * 3, MODEL).weights

    assert weights.household_first_far > MODEL.weights.household_first_far
    assert weights.first_far == MODEL.weights.first_far


# -- a number that is lent


def test_what_a_number_proves_beside_another_first_name_is_told_by_birth_dates() -> None:
    def shared(first: str, born: str) -> Score:
        one = who(first_name="Anna", last_name="Berg", loyalty_id="K-4711", birth_date="1980-04-17")
        return score(one, who(first_name=first, last_name="Berg", loyalty_id="K-4711", birth_date=born), MODEL)

    mistyped, borrowed = shared("Xqnn", "1980-04-17"), shared("Jonas", "1955-09-02")

    shipped = Weights().bound_lent
    assert lent([mistyped] * 60, MODEL).weights.bound_lent > shipped + 3
    assert lent([borrowed] * 60, MODEL).weights.bound_lent < shipped - 2
    assert lent([shared("Anna", "1955-09-02")] * 60, MODEL) == MODEL
