"""How whoever ordered is reached."""

from __future__ import annotations

from hub.mapping.contact import usable_email, usable_phone


def test_the_first_number_that_is_somebodys_own_is_taken() -> None:
    # given a till's filler before the buyer's number, as WooCommerce, Magento and Shopware shops tell it
    assert usable_phone(("0000000000", None, "", "04131 789012"), "DE") == "+494131789012"
    assert usable_phone(("0000000000",), "DE") is None
    assert usable_phone((), "DE") is None


def test_an_address_that_is_none_is_left_out() -> None:
    assert usable_email("Anna.Ahrens@Example.de") == "anna.ahrens@example.de"
    assert usable_email("keine") is None
    assert usable_email(None) is None
