"""What people, sources and limits say about clusters, against what the scores say; and what clustering costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.matching import clustering
from hub.matching.clustering import MOST_CHOICES, MOST_VALUES, NONE, Clusters, Constraints, cluster, clustered
from hub.matching.features import Features
from hub.matching.rules import IdentifierRule, IdentityRules
from hub.matching.scoring import Crowd, Score, score
from hub.matching.weights import Model
from tests.support.examples import examples
from tests.unit.matching.people import BORN, PHONE, who
from tests.unit.matching.test_scoring import PERSONS

MODEL = Model()
ANNA = who(first_name="Anna", last_name="Berg", email="anna.berg@example.de")
BERT = who(first_name="Bert", last_name="Kurz", birth_date=BORN, email="bert@example.org")
NAMELESS = Features()
SURE = 20.0


def found(
    *people: Features, sure: Iterable[tuple[int, int]] = (), bits: float = SURE, constraints: Constraints[int] = NONE
) -> Clusters[int]:
    return clustered(dict(enumerate(people)), dict.fromkeys(sure, bits), MODEL, {}, constraints)


def test_whom_people_join_stays_joined_whatever_speaks_against_it() -> None:
    assert found(ANNA, BERT, ANNA, constraints=Constraints(together=[(2, 1), (1, 0)])) == Clusters([[0, 1, 2]], [])


def test_whom_people_tell_apart_never_meets_directly_or_by_a_chain() -> None:
    chain = [(0, 1), (1, 2)]
    apart = Constraints(apart=[((0,), (2,))])
    assert found(ANNA, ANNA, ANNA, sure=[*chain, (0, 2)], constraints=apart) == Clusters(
        [[0, 1], [2]], [(0, 2), (1, 2)]
    )
    assert found(ANNA, ANNA, ANNA, sure=chain, constraints=apart) == Clusters([[0, 1], [2]], [(1, 2)])


def test_every_record_of_one_side_is_kept_from_every_record_of_the_other() -> None:
    apart = Constraints(apart=[((0, 1), (2, 3))])
    everybody = combinations(range(4), 2)
    assert found(ANNA, ANNA, ANNA, ANNA, sure=everybody, constraints=apart).groups == [[0, 1], [2, 3]]


def test_what_people_say_beats_a_link_of_the_source_which_still_joins_all_others() -> None:
    constraints = Constraints(apart=[((0,), (1,))], links=[(0, 1, 2)])
    assert found(ANNA, ANNA, ANNA, constraints=constraints).groups == [[0, 2], [1]]
    constraints = Constraints(apart=[((1,), (0, 2))], links=[(0, 1, 2)])
    assert found(ANNA, ANNA, ANNA, constraints=constraints).groups == [[0, 2], [1]]


def test_a_sure_pair_never_makes_a_cluster_larger_than_the_limit_and_a_must_link_may() -> None:
    pairs = list(pairwise(range(4)))
    limit = Constraints(most_records=2)
    assert found(*[ANNA] * 4, sure=pairs, constraints=limit) == Clusters([[0, 1], [2, 3]], [(1, 2)])
    joined = Constraints(together=[(0, 1, 2)], most_records=2)
    assert found(*[ANNA] * 4, sure=pairs, constraints=joined) == Clusters([[0, 1, 2], [3]], [(2, 3)])


def test_a_record_that_people_placed_is_not_ambiguous_any_more() -> None:
    could_be_both = [(0, 2), (1, 2)]
    assert found(ANNA, BERT, NAMELESS, sure=could_be_both, bits=5.0).groups == [[0], [1], [2]]
    placed = Constraints(together=[(1, 2)])
    assert found(ANNA, BERT, NAMELESS, sure=could_be_both, bits=5.0, constraints=placed) == Clusters(
        [[0], [1, 2]], [(0, 2)]
    )
    excluded = Constraints(apart=[((1,), (2,))])
    only_anna = Clusters([[0, 2], [1]], [(1, 2)])
    assert found(ANNA, BERT, NAMELESS, sure=could_be_both, bits=5.0, constraints=excluded) == only_anna
    one_person = Constraints(together=[(0, 1)])
    assert found(ANNA, BERT, NAMELESS, sure=could_be_both, bits=5.0, constraints=one_person).refused == could_be_both


def test_of_two_who_could_be_one_person_the_pairs_of_all_that_are_told_alike_are_refused() -> None:
    annas, berts, nobody = range(MOST_CHOICES + 5), range(100, 103), 200
    people = dict.fromkeys(annas, ANNA) | dict.fromkeys(berts, BERT) | {nobody: NAMELESS}
    sure = {(one, nobody): 5.0 for one in (*annas, *berts)}
    alone = [[one] for one in sorted(people)]
    assert clustered(people, sure, MODEL, {}) == Clusters(alone, sorted(sure))


def test_records_that_are_not_clustered_are_ignored() -> None:
    constraints = Constraints(together=[(0, 7), (8, 9)], apart=[((0,), (7,)), ((8,), (9,))], links=[(1, 7)])
    assert found(ANNA, BERT, constraints=constraints) == Clusters([[0], [1]], [])


def test_the_reference_keeps_to_links_of_the_source_and_to_what_people_say() -> None:
    anna, bert = replace(ANNA, links=("1f",)), replace(BERT, links=("1f",))
    assert cluster({1: anna, 2: bert}, MODEL).groups == [[1, 2]]
    assert cluster({1: anna, 2: bert}, MODEL, constraints=Constraints(apart=[((1,), (2,))])).groups == [[1], [2]]


def test_an_identifier_the_rules_call_certain_joins_unless_too_many_people_share_it() -> None:
    anna, bert, zoe = (who(first_name=first, loyalty_id="4711") for first in ("Anna", "Bert", "Zoe"))
    assert cluster({1: anna, 2: bert}, MODEL).groups == [[1], [2]]
    certain = IdentityRules(identifiers={"loyalty": IdentifierRule(strength="certain", max_people=2)})
    assert cluster({1: anna, 2: bert}, MODEL, certain).groups == [[1, 2]]
    assert cluster({1: anna, 2: bert, 3: zoe}, MODEL, certain).groups == [[1], [2], [3]]


@dataclass(frozen=True)
class Case:
    people: Mapping[int, Features]
    sure: Mapping[tuple[int, int], float]
    constraints: Constraints[int]

    def clusters(self) -> Clusters[int]:
        return clustered(self.people, self.sure, MODEL, {}, self.constraints)

    def component_of(self, one: int) -> set[int]:
        joined = self.joined()
        return next(component for component in joined if one in component)

    def joined(self, *, sure: bool = True) -> list[set[int]]:
        """What must-links, and sure pairs, tie together."""
        components = [{one} for one in self.people]
        ties = [*self.constraints.together, *self.constraints.links, *(self.sure if sure else ())]
        for tie in ties:
            touched = [component for component in components if component & set(tie)]
            components = [component for component in components if component not in touched]
            components.append(set().union(*touched))
        return components

    def only(self, some: set[int]) -> Case:
        sure = {pair: bits for pair, bits in self.sure.items() if pair[0] in some}
        return Case({one: self.people[one] for one in some}, sure, self.constraints)


NUMBERS = range(8)
SIDES = st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True)
APART = st.permutations(NUMBERS).flatmap(
    lambda mixed: st.tuples(st.integers(1, 3), st.integers(1, 3)).map(
        lambda cut: (tuple(mixed[: cut[0]]), tuple(mixed[cut[0] : cut[0] + cut[1]]))
    )
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    people = dict(enumerate(draw(st.lists(PERSONS, min_size=len(NUMBERS), max_size=len(NUMBERS)))))
    # Not what the records would score: more pairs, and more contradictions, than that would give.
    pairs = st.sampled_from(list(combinations(NUMBERS, 2)))
    sure = draw(st.dictionaries(pairs, st.integers(8, 32).map(lambda bits: bits / 2), max_size=14))
    groups = st.lists(SIDES.map(tuple), max_size=2)
    constraints = Constraints(
        together=draw(groups), apart=draw(st.lists(APART, max_size=2)), most_records=draw(st.integers(1, 9)),
        links=draw(groups),
    )  # fmt: skip
    return Case(people, sure, constraints)


@settings(deadline=None, max_examples=examples(60))
@given(cases())
def test_components_are_clustered_the_same_together_and_each_on_its_own(case: Case) -> None:
    alone = [case.only(component).clusters() for component in case.joined()]
    whole = case.clusters()
    assert whole.groups == sorted(group for part in alone for group in part.groups)
    assert sorted(whole.refused) == sorted(pair for part in alone for pair in part.refused)


@settings(deadline=None, max_examples=examples(60))
@given(cases(), st.randoms(use_true_random=False))
def test_no_order_matters(case: Case, chance) -> None:
    def mixed(things: Iterable[Any]) -> list[Any]:
        return sorted(things, key=lambda _: chance.random())

    given_ = case.constraints
    other = Constraints(
        together=[mixed(group) for group in mixed(given_.together)],
        apart=[tuple(mixed(map(mixed, sides))) for sides in mixed(given_.apart)],
        most_records=given_.most_records,
        links=[mixed(group) for group in mixed([*given_.links, *given_.links])],
    )
    turned = Case(dict(mixed(case.people.items())), dict(mixed(case.sure.items())), other)
    assert turned.clusters() == case.clusters()


@settings(deadline=None, max_examples=examples(60))
@given(cases())
def test_what_is_said_holds(case: Case) -> None:
    clusters = case.clusters()
    place = {one: number for number, group in enumerate(clusters.groups) for one in group}
    told_apart = {
        frozenset((place[one], place[other]))
        for left, right in case.constraints.apart
        for one, other in product(left, right)
    }
    assert all(len(pair) == 2 for pair in told_apart), "who is apart is in two clusters"
    for group in (*case.constraints.together, *case.constraints.links):
        for pair in combinations({place[one] for one in group}, 2):
            assert frozenset(pair) in told_apart, "a must-link gives way to nothing else"
    largest = max(map(len, case.joined(sure=False)))
    assert max(map(len, clusters.groups)) <= max(case.constraints.most_records, largest)
    assert set(clusters.refused) == {(a, b) for a, b in case.sure if place[a] != place[b]}


@settings(deadline=None, max_examples=examples(60))
@given(cases(), APART, st.booleans())
def test_one_more_judgement_changes_its_components_only_and_its_end_restores_them(
    case: Case, sides: tuple[tuple[int, ...], tuple[int, ...]], same: bool
) -> None:
    before = case.clusters()
    old = case.constraints
    more = (
        replace(old, together=[*old.together, sides[0] + sides[1]]) if same else replace(old, apart=[*old.apart, sides])
    )
    judged = replace(case, constraints=more)
    touched = set().union(*(judged.component_of(one) for side in sides for one in side))
    after = judged.clusters()
    assert [group for group in after.groups if not touched & set(group)] == [
        group for group in before.groups if not touched & set(group)
    ]
    assert replace(judged, constraints=old).clusters() == before


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Features, Features]]:
    """The pairs of persons that clustering weighs, which is what it costs."""
    pairs: list[tuple[Features, Features]] = []

    def noted(one: Features, other: Features, model: Model, crowd: Crowd) -> Score:
        pairs.append((one, other))
        return score(one, other, model, crowd)

    monkeypatch.setattr(clustering, "score", noted)
    return pairs


def several(number: int) -> dict[int, Features]:
    """Records that tell nothing in common but their last name."""
    return {
        one: who(first_name=f"{chr(97 + one % 26)}a{chr(97 + one // 26 % 26)}", last_name="Berg", phone=PHONE)
        for one in range(number)
    }


@pytest.mark.parametrize("shape", ["group", "chain", "star"])
def test_ten_thousand_records_that_people_joined_are_one_without_a_comparison(
    scored: list[tuple[Features, Features]], shape: str
) -> None:
    people = dict.fromkeys(range(10_000), ANNA)
    star = [(5_000, one) for one in people if one != 5_000]
    shapes: dict[str, list[tuple[int, ...]]] = {"group": [tuple(people)], "chain": [*pairwise(people)], "star": [*star]}
    together = shapes[shape]
    assert clustered(people, {}, MODEL, {}, Constraints(together=together)).groups == [list(people)]
    assert scored == []


def test_five_thousand_against_five_thousand_never_meet(scored: list[tuple[Features, Features]]) -> None:
    people = dict.fromkeys(range(10_000), ANNA)
    halves = list(range(5_000)), list(range(5_000, 10_000))
    assert clustered(people, {(4_999, 5_000): SURE}, MODEL, {}, Constraints(halves, [halves])).groups == list(halves)
    assert scored == []


def test_a_star_of_ten_thousand_stops_at_the_limit(scored: list[tuple[Features, Features]]) -> None:
    people = dict.fromkeys(range(10_000), ANNA)
    star = {(0, one): SURE for one in range(1, 10_000)}
    clusters = clustered(people, star, MODEL, {}, Constraints(most_records=100))
    assert (len(clusters.groups[0]), len(clusters.refused)) == (100, 9_900)
    assert len(scored) <= 100


def test_a_record_that_could_be_many_is_compared_as_a_few(scored: list[tuple[Features, Features]]) -> None:
    people = several(500)
    clustered(people, {(0, one): 5.0 for one in range(1, 500)}, MODEL, {})
    choices = MOST_CHOICES * (MOST_CHOICES - 1) // 2
    assert len(scored) <= choices + 500


def test_a_large_cluster_is_compared_by_few_values(scored: list[tuple[Features, Features]]) -> None:
    people = several(500)
    constraints = Constraints(together=[tuple(range(400))])
    clustered(people, {(0, one): SURE for one in range(400, 500)}, MODEL, {}, constraints)
    assert len(scored) <= 100
    assert (
        max(len(getattr(one, field.name)) for pair in scored for one in pair for field in fields(Features))
        <= MOST_VALUES
    )


def test_a_bucket_of_two_hundred_where_all_pairs_are_sure_is_joined_step_by_step(
    scored: list[tuple[Features, Features]],
) -> None:
    people = dict.fromkeys(range(200), ANNA)
    sure = dict.fromkeys(combinations(people, 2), 5.0)
    assert clustered(people, sure, MODEL, {}).groups == [list(people)]
    assert len(scored) < 200


def test_two_people_are_told_apart_once_however_many_pairs_say_otherwise(
    scored: list[tuple[Features, Features]],
) -> None:
    annas, berts = tuple(range(50)), tuple(range(50, 100))
    people = dict.fromkeys(annas, ANNA) | dict.fromkeys(berts, BERT)
    clusters = clustered(people, dict.fromkeys(product(annas, berts), SURE), MODEL, {}, Constraints([annas, berts]))
    assert (clusters.groups, len(clusters.refused)) == ([list(annas), list(berts)], 2_500)
    assert len(scored) == 1
