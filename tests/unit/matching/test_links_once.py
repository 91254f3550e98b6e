"""A link of what can be one person's only: a device that two people used proves nothing of either."""

from __future__ import annotations

from itertools import permutations

import pytest

from hub.mapping.record_state import State, apply_link, links_of
from hub.matching.features import features_of
from hub.matching.rules import IdentityRules


def told(*links: tuple[str, bool]) -> State:
    state: State = {}
    for number, (digest, once) in enumerate(links):
        apply_link(state, digest, [number, number, number], once=once)
    return state


def links(state: State) -> tuple[str, ...]:
    return features_of(state, IdentityRules()).links


def test_a_device_is_its_one_persons() -> None:
    assert links(told(("a", True), ("a", True))) == ("a",)


@pytest.mark.parametrize("order", list(permutations([("a", True), ("b", True), ("c", False)])))
def test_a_device_of_two_is_nobodys_and_other_links_hold(order: tuple[tuple[str, bool], ...]) -> None:
    assert links(told(*order)) == ("c",)
    assert set(links_of(told(*order))) == {"c"}
