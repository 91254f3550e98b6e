"""Everybody at once: the same pairs, crowds and clusters as ``clustering.cluster`` has, in less memory."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.matching.blocking import buckets
from hub.matching.clustering import Constraints, cluster, clustered, crowds
from hub.matching.everybody import Carried, Everybody, components
from hub.matching.features import Features, Spelling
from hub.matching.rules import IdentityRules
from hub.matching.version import identity

RULES = IdentityRules.model_validate({"identifiers": {"email": {"max_people": 1}, "phone": {"max_records": 3}}})
NAMES = [Spelling(("anna",), ("berg",)), Spelling(("bert",), ("berg",)), Spelling((), ("berg",))]

persons = st.builds(
    Features,
    names=st.sampled_from(NAMES).map(lambda name: (name,)),
    emails=st.lists(st.sampled_from(["a.berg@example.com", "b@example.de"]), max_size=2, unique=True).map(tuple),
    phones=st.lists(st.sampled_from(["+493023125101", "+493023125102"]), max_size=1).map(tuple),
    links=st.lists(st.sampled_from(["x", "y"]), max_size=1).map(tuple),
)


def whole(people: list[Features]) -> Everybody:
    made = Everybody(RULES)
    for each in people:
        made.add(each)
    made.ready()
    return made


@settings(deadline=None)
@given(st.lists(persons, max_size=9))
def test_it_is_what_clustering_from_nothing_looks_at(people: list[Features]) -> None:
    model, numbered = identity(RULES).model, dict(enumerate(people))
    seen: list[int] = []

    made = whole(people)
    pairs = made.sure(model, seen.append)

    assert made.crowd == crowds(buckets(numbered), numbered, RULES)
    assert sum(seen) == len(people)
    sure = pairs.of(range(len(people)))
    assert list(pairs.ties()) == list(sure)
    found = clustered(made.people, sure, model, made.crowd, Constraints(links=made.links()))
    assert found == cluster(numbered, model, RULES)


def test_what_proves_nothing_is_told_with_how_many_carry_it() -> None:
    anna, bert = (
        Features(names=(name,), emails=("a.berg@example.com",), phones=("+493023125101",)) for name in NAMES[:2]
    )

    assert whole([anna, bert, anna, bert]).shared == {
        ("email", "aberg@example.com"): Carried(4, 2),
        ("phone", "023125101"): Carried(4, 2),
    }


def test_components_are_what_hangs_together() -> None:
    assert components(7, [(5, 6), (1, 3), (3, 0)]) == [[0, 1, 3], [5, 6]]
    assert components(3, []) == []
