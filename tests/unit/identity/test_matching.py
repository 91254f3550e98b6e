"""When two names cannot be one person's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.identity.matching import contradict

NAMES = st.tuples(
    st.sampled_from(["", "anna", "anja", "a", "bert", "anna maria", "katharina", "katarina", "berg"]),
    st.sampled_from(["", "berg", "mueller", "muller", "klein", "anna"]),
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("anna", "berg"), ("bert", "berg")),
        (("anna", "berg"), ("anja", "berg")),
        (("anna", "berg"), ("b", "berg")),
        (("", "berg"), ("", "klein")),
        (("", "berg"), ("anna", "klein")),
    ],
)
def test_they_contradict(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert contradict(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("", ""), ("anna", "berg")),
        (("anna", "berg"), ("anna", "klein")),  # a marriage
        (("anna", "berg"), ("a", "berg")),
        (("alex", "berg"), ("alexander", "berg")),
        (("katharina", "berg"), ("katarina", "berg")),
        (("anna", "berg"), ("berg", "anna")),  # last name first
        (("anna maria", "berg"), ("anna", "berg")),
        (("anna", ""), ("", "berg")),
        (("", "mueller"), ("anna", "mueller")),
    ],
)
def test_they_can_be_one_person(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not contradict(one, other)


@given(NAMES, NAMES)
def test_it_is_symmetric_and_nobody_contradicts_himself(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert contradict(one, other) == contradict(other, one)
    assert not contradict(one, one)
