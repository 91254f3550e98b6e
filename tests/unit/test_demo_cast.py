"""The people of the demo differ by more than numbers: at any scale each has a name, home and e-mail of their own."""

from __future__ import annotations

from itertools import combinations

import pytest
from rapidfuzz.distance import Hamming

from hub.demo import words
from hub.demo.cast import cast
from hub.demo.roles import MAX_SCALE, Copy
from hub.mapping.name import fold
from hub.matching.names import likeness


@pytest.mark.parametrize(("names", "given"), [(words.FIRST, True), (words.LAST, False)], ids=["first", "last"])
def test_no_two_names_are_alike(names: tuple[str, ...], given: bool) -> None:
    folded = [(fold(name),) for name in names]
    assert {likeness(one, other, given=given) for one, other in combinations(folded, 2)} == {"different"}


def test_every_copy_has_its_own_homes_and_no_phone_is_anothers_but_for_a_digit() -> None:
    copies = [Copy(index) for index in range(MAX_SCALE)]
    homes = [tuple(copy.home(number).values()) for copy in copies for number in range(20)]
    assert len(set(homes)) == len(homes)
    for number in range(10):
        phones = [copy.phone(number) for copy in copies]
        assert min(Hamming.distance(one, other) for one, other in combinations(phones, 2)) > 1


def test_nobody_is_called_or_seen_as_somebody_else_at_the_largest_scale() -> None:
    made = cast(MAX_SCALE)
    anchors = [anchor for person in made.people for anchor in person.anchors]
    assert len(set(anchors)) == len(anchors)
    strangers = ("a loyalty card", "a customer with junk alone", "someone on Messenger", "someone on Instagram")
    names = [person.name for person in made.people if person.name not in strangers]
    assert len(set(names)) == len(names)
    emails = [email for person in made.people for email in person.emails]
    assert len(set(emails)) == len(emails)
