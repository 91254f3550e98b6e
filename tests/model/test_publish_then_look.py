"""Publish, then look (decision 0028), in every interleaving at statement boundaries; and what each safeguard is for.

Every scenario holds with the whole protocol. Each safeguard is taken away once: then there is an order of statements
that ends wrong, and the test says what goes wrong there.
"""

from __future__ import annotations

import pytest

from tests.model.postgres_model import World, Wrong, explore
from tests.model.publish_then_look import Told, Without, start, system
from tests.support.examples import DEEP


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
CHANGES = start((2, told("e2")), (1, told("e1")), before=[OTHER])
"""A record changes while a new one is compared with it."""
WORDS_REVIVE = start((1, told("e2")), before=[(one, told("w")) for one in (1, 2, 3)])
WORDS_DIE = start((2, told("w")), (3, told("w", name="b")), before=[(1, told("w"))])
"""Two come into a bucket of words that one more makes die."""
WORDS = start((2, told("w")), before=[(1, told("w"))], rules=True)
"""Rules by which less is enough are put in force while a record comes."""

SCENARIOS = {
    "twins": TWINS, "killed": KILLED, "chain": CHAIN, "bridges": BRIDGES, "twice": TWICE, "leaves": LEAVES,
    "dies": DIES, "revives": REVIVES, "crowd": CROWD, "judged": JUDGED, "rules": RULES, "words": WORDS,
    "words die": WORDS_DIE, "changes": CHANGES, "words revive": WORDS_REVIVE,
}  # fmt: skip


LARGE = ("judged", "crowd", "rules", "words")
"""A minute for all of them, where the others take seconds: walked through in a deep run only."""


@pytest.mark.parametrize("name", [name for name in SCENARIOS if DEEP or name not in LARGE])
def test_every_interleaving_ends_where_the_pure_function_does(name):
    assert explore(system(limit=1), SCENARIOS[name]) > 100


@pytest.mark.parametrize(
    ("without", "world", "wrong"),
    [
        # Both look before either is to be seen: they never meet.
        (Without(keys_first=True, counting=True), TWINS, "instead of"),
        # What was read before it was held is written after somebody else wrote better.
        (Without(held_subjects=True), TWINS, r"clusters \[\(1,\), \(2,\)\] instead of \[\(1, 2\)\]"),
        (Without(looked_again=True), CHAIN, r"clusters \[\(1,\), \(2, 3\)\] instead of \[\(1, 2, 3\)\]"),
        (Without(held_fellows=True), TWINS, "instead of"),
        # Who was compared became another one, and was placed, before it was held: nobody looks at the pair again.
        (Without(changed=True), CHANGES, r"clusters \[\(1, 2\)\] instead of \[\(1,\), \(2,\)\]"),
        # Nobody counts the bucket that a record left: it stays dead.
        (Without(left_keys=True), REVIVES, "instead of"),
        # A count changes what the pairs of others prove, and nobody looks at these again.
        (Without(marked_carriers=True), DIES, "instead of"),
        (Without(being_compared=True), WORDS_DIE, "instead of"),
        (Without(before_counted=True), WORDS_REVIVE, "instead of"),
        *(
            [
                # Two count one mailbox at once, each without the other, and the lesser count stays.
                (Without(counting=True), SHARED, "instead of"),
                # A record is published by rules that hold no more, or placed by them after it was by the new ones.
                (Without(rules_in_t1=True), RULES, "instead of"),
                (Without(rules_in_t2=True), WORDS, "instead of"),
            ]
            if DEEP
            else []
        ),
    ],
)
def test_without_a_safeguard_there_is_a_way_to_go_wrong(without: Without, world: World, wrong: str):
    with pytest.raises(Wrong, match=wrong):
        explore(system(without, limit=1), world)
