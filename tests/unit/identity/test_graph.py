"""Clusters: who is one person, told by identifiers and names alone."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.identity.graph import Edge, Node, assign, clusters, edges, more_people_than
from hub.identity.matching import Name
from hub.model.keys import profile_id

PHONE, MAIL, OTHER = UUID(int=1001), UUID(int=1002), UUID(int=1003)
NAMES = [("anna", "berg"), ("a", "berg"), ("andrea", "berg"), ("bert", "berg"), ("", "berg"), ("", ""), ("anna", "")]


def record(number: int) -> UUID:
    return UUID(int=number)


def node(number: int, name: tuple[str, str] = ("", ""), **links: str) -> Node:
    ids = {"phone": PHONE, "mail": MAIL, "other": OTHER}
    return Node(record(number), name, {ids[kind]: strength for kind, strength in links.items()})


def groups(nodes: list[Node], shared: frozenset[UUID] = frozenset()) -> list[list[int]]:
    return [[member.int for member in group] for group in clusters(nodes, edges(nodes, shared))]


def test_a_strong_identifier_joins_whatever_the_names() -> None:
    assert groups([node(1, ("anna", "berg"), mail="strong"), node(2, ("bert", "kurz"), mail="strong")]) == [[1, 2]]


def test_a_familys_phone_does_not_join_its_members() -> None:
    family = [node(1, ("anna", "berg"), phone="weak"), node(2, ("bert", "berg"), phone="weak")]
    assert groups(family) == [[1], [2]]


def test_the_same_person_at_two_channels_is_joined_by_the_phone() -> None:
    assert groups([node(1, ("anna", "berg"), phone="weak"), node(2, ("anna", "klein"), phone="weak")]) == [[1, 2]]


def test_an_initial_that_could_be_two_people_stays_apart() -> None:
    nodes = [
        node(1, ("anna", "berg"), phone="weak"),
        node(2, ("andrea", "berg"), phone="weak"),
        node(3, ("a", "berg"), phone="weak"),
    ]
    assert groups(nodes) == [[1], [2], [3]]


def test_an_initial_that_can_be_one_only_is_joined() -> None:
    nodes = [
        node(1, ("anna", "berg"), phone="weak"),
        node(2, ("bert", "berg"), phone="weak"),
        node(3, ("a", "berg"), phone="weak"),
    ]
    assert groups(nodes) == [[1, 3], [2]]


def test_the_nameless_join_one_person_but_choose_none_of_a_family() -> None:
    anna, bert = node(1, ("anna", "berg"), phone="weak"), node(2, ("bert", "berg"), phone="weak")
    nameless = [node(3, phone="weak"), node(4, phone="weak")]
    assert groups([anna, *nameless]) == [[1, 3, 4]]
    assert groups([anna, bert, *nameless]) == [[1], [2], [3, 4]]


def test_a_shared_identifier_proves_nothing() -> None:
    both = [node(1, ("anna", "berg"), mail="strong"), node(2, ("anna", "berg"), mail="strong")]
    assert groups(both, frozenset({MAIL})) == [[1], [2]]


def test_a_weak_link_between_strong_ones_does_not_bring_strangers_in() -> None:
    nodes = [
        node(1, ("anna", "berg"), mail="strong"),
        node(2, ("anna", "berg"), mail="strong"),
        node(3, ("bert", "kurz"), mail="weak"),
    ]
    assert groups(nodes) == [[1, 2], [3]]


def test_a_chain_is_one_cluster() -> None:
    nodes = [node(1, mail="strong"), node(2, mail="strong", other="strong"), node(3, other="strong"), node(4)]
    assert groups(nodes) == [[1, 2, 3], [4]]


def test_people_are_names_that_contradict_one_another() -> None:
    family = [("anna", "berg"), ("a", "berg"), ("bert", "berg"), ("", "berg"), ("", "")]
    assert [more_people_than(limit, family) for limit in (0, 1, 2)] == [True, True, False]
    assert not more_people_than(0, [("", ""), ("", "berg")])


def test_an_initial_does_not_hide_the_two_it_could_be() -> None:
    assert more_people_than(1, [("anna", "berg"), ("andrea", "berg"), ("a", "berg")])


@given(st.lists(st.sampled_from(NAMES)), st.sampled_from(NAMES), st.integers(0, 4))
def test_one_more_name_never_makes_fewer_people(names: list[Name], more: Name, limit: int) -> None:
    # Sharing is for ever: with a count that could fall, it would depend on who was heard first.
    assert more_people_than(limit, [*names, more]) >= more_people_than(limit, names)


def test_many_spellings_of_few_people_are_counted_in_no_time() -> None:
    spellings = [(f"{first} {middle:02d}", "") for first in ("anna", "bert", "carl", "dora") for middle in range(40)]
    assert not more_people_than(4, spellings)
    assert more_people_than(3, spellings)


NODES = st.builds(
    Node,
    st.integers(1, 8).map(record),
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from([PHONE, MAIL, OTHER]), st.sampled_from(["weak", "strong"])),
)


@given(st.lists(NODES, max_size=7, unique_by=lambda one: one.id), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(nodes: list[Node], chance: object) -> None:
    turned = sorted(nodes, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert groups(nodes) == groups(turned)


@given(st.lists(NODES, max_size=7, unique_by=lambda one: one.id))
def test_every_edge_is_between_two_carriers(nodes: list[Node]) -> None:
    carried = {one.id: one.links for one in nodes}
    for edge in edges(nodes, frozenset()):
        assert edge.one != edge.other
        assert edge.identifier in carried[edge.one]
        assert edge.identifier in carried[edge.other]


def test_clusters_follow_edges_whatever_their_direction() -> None:
    nodes = [node(3), node(1), node(2)]
    made = [Edge(record(3), record(1), MAIL), Edge(record(2), record(3), MAIL)]
    assert clusters(nodes, made) == clusters(nodes, made[::-1]) == [[record(1), record(2), record(3)]]


OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def test_a_new_cluster_is_seeded_by_its_first_record() -> None:
    assert assign([[record(1), record(2)]], {}, {}) == [profile_id(record(1))]


def test_a_merge_keeps_the_oldest_profile() -> None:
    active = {profile_id(record(1)): NEW, profile_id(record(2)): OLD}
    assert assign([[record(1), record(2)]], active, {}) == [profile_id(record(2))]


def test_a_split_gives_each_part_an_id_of_its_own_and_the_old_one_back() -> None:
    kept, gone = profile_id(record(1)), profile_id(record(2))
    assert assign([[record(1)], [record(2), record(3)]], {kept: OLD}, {gone: NEW}) == [kept, gone]


def test_a_part_that_never_was_a_profile_is_seeded_anew() -> None:
    kept = profile_id(record(1))
    assert assign([[record(1)], [record(2)]], {kept: OLD}, {}) == [kept, profile_id(record(2))]


@given(st.lists(st.integers(1, 20), unique=True, min_size=1), st.data())
def test_no_two_clusters_ever_get_one_id(numbers: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(numbers)))
    parts = [part for part in ([record(n) for n in numbers[:cut]], [record(n) for n in numbers[cut:]]) if part]
    seeds = [profile_id(record(n)) for n in numbers]
    active = dict.fromkeys(data.draw(st.lists(st.sampled_from(seeds), unique=True)), OLD)
    retired = {seed: NEW for seed in seeds if seed not in active and data.draw(st.booleans())}
    ids = assign(parts, active, retired)
    assert len(set(ids)) == len(parts)
