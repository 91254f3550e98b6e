"""What a person is to the business, by a source's own word."""

from __future__ import annotations

import pytest

from hub.mapping.contact_kind import contact_kind
from hub.mapping.customer import customer
from hub.model.identifier import RecordKey


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Kunde", "customer"), ("KUNDIN ", "customer"), ("Käufer", "customer"), ("Lead", "lead"),
        ("Interessent", "lead"), ("Lieferant", "supplier"), ("vendor", "supplier"), ("Händler", "partner"),
        ("Presse", "press"), ("Bewerberin", "applicant"), ("Stammgast", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_word_in_english_or_german_names_it(word: str | None, kind: str | None) -> None:
    assert contact_kind(word) == kind


def test_a_word_that_names_none_is_left_out_and_said() -> None:
    key = RecordKey(kind="customer", external_id="1")
    told = customer(key, {"contact_kind": ("Stammgast",), "email": ("ida@sommer.example",)})
    assert (told.contact_kind, told.left_out) == (None, ("contact_kind",))
    assert customer(key, {"contact_kind": ("Lieferant",)}).contact_kind == "supplier"
