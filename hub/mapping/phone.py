"""Phone numbers in E.164, through Google's libphonenumber data (PyPI ``phonenumbers``)."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from hub.model.customer import ContactPoint

_ONE_DIGIT = re.compile(r"(\d)\1{5,}$")


@lru_cache(maxsize=4_096)
def phone(text: str | None, region: str = "DE") -> ContactPoint | None:
    """Normalise a number to E.164; ``region`` (ISO 3166 alpha-2) reads numbers without a country.

    Gives None for nothing at all, and an unusable contact point for text that is no possible number or is filler
    (``+49000000``, ``123``, ``-``). Never raises.
    """
    original = text.strip() if text else ""
    if not original:
        return None
    try:
        number = phonenumbers.parse(original, region)
    except phonenumbers.NumberParseException:
        return ContactPoint(value=original, original=original, usable=False)
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = str(number.national_number or 0)
    usable = phonenumbers.is_possible_number(number) and not (
        national == "0" or _ONE_DIGIT.fullmatch(national) or "123456789".startswith(national)
    )
    return ContactPoint(value=value, original=original, usable=usable)
