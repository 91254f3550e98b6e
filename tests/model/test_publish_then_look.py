"""Publish, then look (decision 0017), in every interleaving at statement boundaries; and what each safeguard is for.

Every scenario holds with the whole protocol. Each safeguard is taken away once: then there is an order of statements
that ends wrong, and the test says what goes wrong there.
"""

from __future__ import annotations

import pytest

from tests.model.postgres_model import View, World, Wrong, explore, followed
from tests.model.publish_then_look import Told, Without, equal_to_cluster_of_all, start, system


def told(*keys: str, name: str = "a") -> Told:
    return Told(name, frozenset(keys))


ONE, OTHER = (1, told("e1")), (2, told("e1"))

TWINS = start(ONE, OTHER)
"""Two new records of one person at once."""
KILLED = start(ONE, OTHER, kills=1)
CHAIN = start((2, told("e1", "e2")), (3, told("e2")), before=[ONE])
"""Whoever comes last joins what the others did."""
BRIDGES = start((3, told("e2", "e1")), (4, told("e3", "e2")), before=[ONE, (5, told("e3"))])
TWICE = start((1, told("e2")), ONE, before=[OTHER])
"""Two entries of one record, taken by two workers."""
LEAVES = start((2, told("e2")), (1, told("e1", "w")), before=[ONE, OTHER])
DIES = start((3, told("e1")), (4, told("e1")), before=[ONE, OTHER])
"""Two come into a bucket that has as many as it may have."""
REVIVES = start((1, told("e2")), before=[ONE, OTHER, (3, told("e1"))])
"""One leaves a bucket that has one too many."""
CROWD = start((2, told("e1", "w", name="b")), (1, told("e1", "w")), before=[ONE])
SHARED = start(
    (2, told("e1", "w", name="b")), (3, told("e1", "w", name="c")), before=[(1, told("e1", "w"))]
)  # fmt: skip
"""Two more people begin to use a mailbox at once."""
JUDGED = start((3, told("e1", "e2")), before=[ONE, (2, told("e2"))], apart=(1, 2))
"""A person tells two apart while a third record ties them together."""
RULES = start((3, told("e1x")), before=[ONE], rules=True)
"""Rules by which e1x and e1 are one identifier are put in force while a record comes."""
WORDS = start((2, told("w")), before=[(1, told("w"))], rules=True)
"""Rules by which less is enough are put in force while a record comes."""

SCENARIOS = {
    "twins": TWINS, "killed": KILLED, "chain": CHAIN, "bridges": BRIDGES, "twice": TWICE, "leaves": LEAVES,
    "dies": DIES, "revives": REVIVES, "crowd": CROWD, "judged": JUDGED, "rules": RULES, "words": WORDS,
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_interleaving_ends_where_the_pure_function_does(name):
    assert explore(system(limit=1), SCENARIOS[name]) > 100


@pytest.mark.parametrize(
    ("without", "world", "wrong"),
    [
        # Both look before either is to be seen: they never meet.
        (Without(keys_first=True, key_locks=True), TWINS, r"clusters \[\(1,\), \(2,\)\] instead of \[\(1, 2\)\]"),
        # What was read before the lock is written after somebody else wrote better.
        (Without(reread=True), LEAVES, r"clusters \[\(1, 2\)\]"),
        (Without(reread=True), JUDGED, "instead of"),
        (Without(record_locks=True), TWINS, "instead of"),
        # Records found later are locked on top: two wait for each other.
        (Without(restart=True), TWINS, "deadlock"),
        # Two count one mailbox at once, each without the other, and the lesser count stays.
        (Without(key_locks=True), SHARED, r"clusters \[\(1, 2, 3\)\] instead of"),
        # Nobody counts the bucket that a record left: it stays dead.
        (Without(left_keys=True), REVIVES, r"instead of \[\(1,\), \(2, 3\)\]"),
        # A count changes what the pairs of others prove, and nobody looks at these again.
        (Without(marked_carriers=True), DIES, r"clusters \[\(1, 2\), .* instead of \[\(1,\), \(2,\)"),
        # By the record that comes alone, nobody sees that a bucket that others filled died, or revived.
        (Without(stored_life=True), REVIVES, "instead of"),
        # T1 holds the record and waits for the mark; T2 holds the mark and waits for the record.
        (Without(rows_of_marks=True), TWICE, "deadlock"),
        # A record is published by rules that hold no more, or placed by them after it was placed by the new ones.
        (Without(rules_in_t1=True), RULES, "instead of"),
        (Without(rules_in_t2=True), WORDS, "instead of"),
    ],
)
def test_without_a_safeguard_there_is_a_way_to_go_wrong(without: Without, world: World, wrong: str):
    with pytest.raises(Wrong, match=wrong):
        explore(system(without, limit=1), world)


def test_what_is_found_to_hang_together_after_the_locks_has_to_be_locked_too():
    # given 1 and 2, one person, of whom 1 is about to leave; a look at 3 alone; then 3 is tied to 2 by somebody else
    turns = [
        (0, "record", "commit"), (0, "place", "record"),
        (1, "record", "commit"), (1, "place", "record"),
        (2, "record", "commit"), (2, "place", "commit"),
        # when the first two lock what they saw, see more, and write it
        (1, "place", "before commit"), (0, "place", "commit"), (1, "place", "commit"),
    ]  # fmt: skip
    world = start(
        (1, told("e9")), (3, told("w", "v")), (3, told("e3")),
        before=[ONE, (2, told("e1", "e3")), (3, told("w"))], workers=3,
    )  # fmt: skip
    ended = followed(system(Without(closure=True), limit=1), world, turns)
    # then the second brings back what the first took apart
    with pytest.raises(Wrong, match=r"clusters \[\(1, 2, 3\)\] instead of \[\(1,\), \(2, 3\)\]"):
        equal_to_cluster_of_all(View(ended.committed))
