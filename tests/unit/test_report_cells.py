"""Names in the csv of a report."""

from __future__ import annotations

import pytest

from hub.cli.report import _safe


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "﹢", "⁻", "−"])
def test_a_name_that_begins_like_a_formula_is_a_name(sign: str):
    assert _safe(f"{sign}HYPERLINK(1)") == f"'{sign}HYPERLINK(1)"


@pytest.mark.parametrize("value", ["Tasse", "", -3, -2.5, None])
def test_other_names_and_numbers_are_left_as_they_are(value: str | float | None):
    assert _safe(value) == value
