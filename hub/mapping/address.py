"""Postal addresses: kept as typed, compared by folded keys ("Hauptstr. 5" and "Hauptstraße 5" are equal)."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale
from babel.core import get_global

from hub.mapping.name import clean, fold
from hub.model.address import Address
from hub.model.built import built

_ADDRESS = built(Address)
_STREET = re.compile(r"(str|strasse|street)\b")
_ALIASES = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "usa": "US",
    "united states of america": "US",
    "brd": "DE",
    "holland": "NL",
    "czech republic": "CZ",
    "tschechische republik": "CZ",
    "turkey": "TR",
}


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in ("en", "de", "fr", "it", "es", "nl", "pl"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU", "UN", "EZ", "QO", "XA", "XB"):
                names.setdefault(fold(name), code)
    return names | _ALIASES


@lru_cache(maxsize=4_096)
def country(text: str | None) -> str | None:
    """ISO 3166-1 alpha-2 from a code (2 or 3 letters) or a name in a common European language, else None."""
    value = (text or "").strip()
    upper = value.upper()
    if len(upper) == 2 and upper.isalpha():
        code = "GB" if upper == "UK" else upper
        return code if code in Locale("en").territories else None
    if len(upper) == 3 and upper.isalpha():
        alpha2 = get_global("territory_aliases").get(upper)
        if alpha2:
            return str(alpha2[0])
    return _country_names().get(fold(value)) if value else None


def postal_address(
    *,
    line1: str | None = None,
    line2: str | None = None,
    postal_code: str | None = None,
    city: str | None = None,
    region: str | None = None,
    country_name: str | None = None,
    company: str | None = None,
) -> Address | None:
    """Build an address from what the source has; None when there is neither street, city nor postal code."""
    return _postal_address(line1, line2, postal_code, city, region, country_name, company)


# one order tells the same address up to three times: billing, shipping and the customer's own
@lru_cache(maxsize=1_024)
def _postal_address(
    line1: str | None,
    line2: str | None,
    postal_code: str | None,
    city: str | None,
    region: str | None,
    country_name: str | None,
    company: str | None,
) -> Address | None:
    line1, postal_code, city = clean(line1), clean(postal_code), clean(city)
    if not (line1 or postal_code or city):
        return None
    return _ADDRESS(
        line1=line1,
        line2=clean(line2),
        postal_code=postal_code,
        city=city,
        region=clean(region),
        country=country(country_name),
        company=clean(company),
    )


@lru_cache(maxsize=4_096)
def street_key(line1: str) -> str:
    """A comparison key of street and number: "Haupt-Str. 5 a" and "Hauptstraße 5a" give the same."""
    folded = _STREET.sub("strasse", fold(line1).replace("strasse", "str"))
    return folded.replace(" ", "")
