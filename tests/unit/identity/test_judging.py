"""What people decided: what contradicts it, what it implies, and what a split undoes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.matching.clustering import Constraints, clustered
from hub.matching.constraints import Conflict, conflict, implied_by, together_apart, undone_by_split
from hub.matching.features import Features
from hub.matching.weights import Model
from hub.model.judgement import Judgement, Verdict

A, B, C, D, E = (UUID(int=number) for number in range(1, 6))
AT = datetime(2026, 3, 1, tzinfo=UTC)


def judgement(number: int, verdict: Verdict, one: set[UUID], other: set[UUID]) -> Judgement:
    return Judgement(number, verdict, frozenset(one), frozenset(other), "ina", "seen in the shop", AT)


AB = judgement(1, "same", {A}, {B})
BC = judgement(2, "same", {B}, {C})
AC_APART = judgement(3, "different", {A}, {C})


def test_what_contradicts_nothing_stands() -> None:
    assert conflict(AB, []) is None
    assert conflict(AC_APART, [AB, judgement(4, "same", {C}, {D})]) is None
    assert conflict(BC, [AB, judgement(4, "different", {A}, {D})]) is None


def test_same_is_refused_where_it_would_join_by_a_chain_whom_another_tells_apart() -> None:
    found = conflict(BC, [AB, AC_APART])
    assert found == Conflict(BC, (A, C), (AB, BC), AC_APART)
    assert (found.against, found.cyclic) == ((AB, AC_APART), False)


def test_different_is_refused_where_a_chain_of_same_leads_from_one_side_to_the_other() -> None:
    found = conflict(replace(AC_APART, id=0), [AB, BC, judgement(4, "same", {C}, {D})])
    assert found == Conflict(replace(AC_APART, id=0), (A, C), (AB, BC))
    assert found.against == (AB, BC)


def test_the_shortest_chain_is_named() -> None:
    short = judgement(9, "same", {A}, {C, D})
    assert conflict(AC_APART, [AB, BC, short]) == Conflict(AC_APART, (A, C), (short,))


@pytest.mark.parametrize("verdict", ["same", "different", "hold"])
def test_a_judgement_that_names_a_record_on_both_sides_is_cyclic(verdict: Verdict) -> None:
    new = judgement(0, verdict, {A, B}, {B, C})
    found = conflict(new, [])
    assert found == Conflict(new, (B, B))
    assert (found.cyclic, found.against) == (True, ())


def test_what_was_withdrawn_contradicts_nothing_any_more() -> None:
    assert conflict(BC, [replace(AB, withdrawn_at=AT), AC_APART]) is None
    assert conflict(BC, [AB, replace(AC_APART, withdrawn_at=AT)]) is None


def test_a_hold_stands_against_same_until_it_is_ended() -> None:
    hold = judgement(5, "hold", {A}, {B})
    assert conflict(AB, [hold]) == Conflict(AB, (A, B), (AB,), hold)


def test_same_is_implied_by_the_chain_that_says_so_already() -> None:
    others = judgement(4, "same", {D}, {E})
    assert implied_by(judgement(0, "same", {A}, {C}), [AB, BC, others]) == (AB, BC)
    assert implied_by(judgement(0, "same", {A}, {B}), [AB, BC, others]) == (AB,)
    assert implied_by(judgement(0, "same", {A}, {C, D}), [AB, BC, others]) == ()


def test_different_is_implied_where_every_pair_is_told_apart_already() -> None:
    apart = judgement(4, "different", {C}, {D, E})
    assert implied_by(judgement(0, "different", {E}, {A, B}), [AB, BC, apart]) == (AB, BC, apart)
    assert implied_by(judgement(0, "different", {E}, {C}), [AB, BC, apart]) == (apart,)
    assert implied_by(judgement(0, "different", {E}, {A, B}), [AB, apart]) == ()
    assert implied_by(judgement(0, "different", {C}, {D, A}), [apart, AC_APART]) == (apart, AC_APART)


def test_a_persons_different_says_more_than_a_hold() -> None:
    hold, different = judgement(4, "hold", {A}, {B}), judgement(5, "different", {A}, {B})
    assert implied_by(replace(different, id=0), [hold]) == ()
    assert implied_by(replace(hold, id=0), [different]) == (different,)


def test_clustering_gets_what_bears_on_its_records() -> None:
    existing = [AB, judgement(4, "same", {C, D}, {E}), AC_APART, judgement(5, "hold", {A, B}, {D, E})]
    withdrawn = [replace(each, withdrawn_at=AT) for each in existing]
    assert together_apart([*withdrawn, *existing], [A, C, D]) == Constraints([[C, D]], [([A], [C]), ([A], [D])])
    everybody = dict.fromkeys((A, B, C, D, E)).keys()
    assert together_apart(existing, everybody) == Constraints([[A, B], [C, D, E]], [([A], [C]), ([A, B], [D, E])])


def test_a_split_undoes_merges_and_leaves_of_each_what_it_does_not_contradict() -> None:
    merge = judgement(4, "same", {A, B}, {C, D})
    split = judgement(0, "different", {A, B, C}, {D})
    assert undone_by_split(split, [merge]) == [(merge, (replace(merge, id=0, other=frozenset({C})),))]
    split = judgement(0, "different", {A, B}, {C, D})
    parts = (replace(merge, id=0, one=frozenset({A}), other=frozenset({B})),
             replace(merge, id=0, one=frozenset({C}), other=frozenset({D})))  # fmt: skip
    assert undone_by_split(split, [merge]) == [(merge, parts)]


def test_a_split_leaves_alone_what_it_does_not_contradict() -> None:
    within = judgement(4, "same", {C}, {D})
    kept = [within, judgement(5, "different", {A}, {E}), replace(AB, withdrawn_at=AT)]
    assert undone_by_split(judgement(0, "different", {A}, {B, C, D}), [*kept, AB]) == [(AB, ())]


def test_what_a_split_cannot_undo_is_told_by_conflict() -> None:
    elsewhere = [judgement(4, "same", {A}, {E}), judgement(5, "same", {E}, {B})]
    split = judgement(0, "different", {A}, {B})
    assert undone_by_split(split, elsewhere) == []
    assert conflict(split, elsewhere) == Conflict(split, (A, B), tuple(elsewhere))


def test_thousands_of_records_are_linear() -> None:
    left, right = ([UUID(int=number) for number in numbers] for numbers in (range(5_000), range(5_000, 10_000)))
    chain = [judgement(number, "same", {a}, {b}) for number, (a, b) in enumerate(pairwise([*left, *right]), 1)]
    apart = judgement(20_000, "different", set(left), set(right))
    found = conflict(apart, chain)
    assert found is not None
    assert (found.records, found.chain) == ((left[0], right[0]), tuple(chain[:5_000]))
    assert implied_by(replace(apart, id=0), [apart]) == (apart,)
    assert together_apart([apart], {*left, *right}) == Constraints([], [(left, right)])


RECORDS = [UUID(int=number) for number in range(1, 7)]


@st.composite
def drawn(draw: st.DrawFn) -> list[Judgement]:
    verdicts: list[Verdict] = ["same", "different"]
    given_ = draw(st.lists(st.tuples(st.sampled_from(verdicts), st.permutations(RECORDS),
                                     st.integers(1, 2), st.integers(1, 2)), max_size=8))  # fmt: skip
    return [
        judgement(number, verdict, set(mixed[:one]), set(mixed[one : one + other]))
        for number, (verdict, mixed, one, other) in enumerate(given_, 1)
    ]


@given(drawn())
def test_judgements_without_conflict_can_all_be_kept_to_and_no_others(judgements: list[Judgement]) -> None:
    kept: list[Judgement] = []
    for each in judgements:
        clash = conflict(each, kept)
        people = dict.fromkeys(RECORDS, Features())
        groups = clustered(people, {}, Model(), {}, together_apart([*kept, each], RECORDS)).groups
        place = {one: number for number, group in enumerate(groups) for one in group}
        holds = all(
            (place[one] == place[other]) == (judged.verdict == "same")
            for judged in (*kept, each)
            for one, other in product(judged.one, judged.other)
        )
        assert holds == (clash is None)
        if clash is None:
            kept.append(each)
        else:
            assert conflict(each, clash.against) == clash, "those named are enough to contradict it"


@given(drawn(), drawn())
def test_what_implies_a_judgement_leaves_room_for_it_and_is_named_completely(
    judgements: list[Judgement], more: list[Judgement]
) -> None:
    kept: list[Judgement] = []
    for each in judgements:
        if conflict(each, kept) is None:
            kept.append(each)
    for new in more:
        if implied_by(new, kept):
            assert conflict(new, kept) is None
            assert implied_by(new, implied_by(new, kept)), "those named are enough to imply it"


@given(drawn(), st.permutations(RECORDS), st.integers(1, 5))
def test_a_split_can_stand_after_what_it_undoes(judgements: list[Judgement], mixed: list[UUID], cut: int) -> None:
    merges = [each for each in judgements if each.verdict == "same"]
    split = judgement(0, "different", set(mixed[:cut]), set(mixed[cut:]))
    undone = undone_by_split(split, merges)
    in_force = [each for each in merges if each not in [gone for gone, _ in undone]]
    in_force += [part for _, parts in undone for part in parts]
    assert conflict(split, in_force) is None
    assert all(part.one and part.other and part.id == 0 for _, parts in undone for part in parts)
