"""A person to text and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from hub.matching.features import Features, features_of, merged
from hub.matching.packing import packed, unpacked
from hub.matching.rules import IdentityRules
from tests.unit.matching.people import BORN, HOME, PHONE, RULES, state, who
from tests.unit.matching.test_scoring import PERSONS


@settings(deadline=None)
@given(PERSONS, PERSONS)
def test_what_is_unpacked_is_what_was_packed(one: Features, other: Features) -> None:
    both = merged(one, other)
    assert [unpacked(packed(each)) for each in (one, both)] == [one, both]


def test_a_person_as_text() -> None:
    record = who(first_name="Anna Lena", last_name="Müller jun.", email="a@example.de", phone=PHONE, birth_date=BORN,
                 company="Berg & Co", loyalty_id="L 7", handle="anna", national_id="12 3", **HOME)  # fmt: skip
    assert packed(record).split("\x1e") == [
        "7", "anna lena\x1dmuller", "a@example.de", PHONE, "lindenst\x1dlindenst\x1d12\x1d10969\x1dberlin", "19800417",
        "L 7", "", "anna", "berg", "123", "jr",
    ]  # fmt: skip
    assert unpacked(packed(record)) == record


def test_when_values_were_told_is_packed_with_them() -> None:
    rules = IdentityRules(identifiers={"phone": {"within_days": 2}, "email": {"within_days": 1}})
    record = features_of(state(phone=PHONE, email="a@example.de"), rules)
    assert [(each.kind, each.until - each.since) for each in record.periods] == [
        ("email", 86_400_000_000), ("phone", 2 * 86_400_000_000),
    ]  # fmt: skip
    assert unpacked(packed(record)) == record


def test_of_nobody_there_is_hardly_any_text() -> None:
    assert (packed(Features()), unpacked("7")) == ("7", Features())


def test_what_nobody_sees_never_is_in_a_value() -> None:
    told = features_of(
        {
            "loyalty_ids": {"L\x1e7\u200b": ["L\x1e7\u200b", [0, 0, 0]], "\x1f": ["\x1f", [0, 0, 0]]},
            "identifiers": {"email:a\x1f@example.de": ["weak", [0, 0, 0]]},
        },
        RULES,
    )
    assert told == Features(loyalty_ids=("L7",), weak=("a@example.de",))
    assert unpacked(packed(told)) == told


@pytest.mark.parametrize("text", ["", "0", "1\x1ex", "3", "5"])
def test_text_of_another_format_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="another format"):
        unpacked(text)
