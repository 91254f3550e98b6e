"""Columns of Odoo's contacts as they are read back, and countries both ways; pure."""

from __future__ import annotations

COMPANY = "company"

READS = {
    "lang": "language_code",
    COMPANY: "company",
    "street": "addresses.0.line1",
    "street2": "addresses.0.line2",
    "zip": "addresses.0.postal_code",
    "city": "addresses.0.city",
    "country_id/id": "addresses.0.country",
}
"""Columns that ``more`` writes, and what each is read back as."""


def country_of(column: str) -> str:
    """The code of a country's External ID."""
    code = column.removeprefix("base.")
    return "GB" if code == "uk" else code.upper()


def column_of(country: str | None) -> str:
    """The External ID of a country's code; "" where it has none."""
    code = (country or "").lower()
    return f"base.{'uk' if code == 'gb' else code}" if code else ""
