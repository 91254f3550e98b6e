"""Phone numbers in E.164, through Google's libphonenumber data (PyPI ``phonenumbers``).

A number is usable when it is valid: its digits lie in a range that is given out, as far as the data know
(https://github.com/google/libphonenumber/blob/master/FAQ.md, "possible" and "valid"). A merely possible one is mostly
a wrong reading. The price: a range that is newer than the installed release is unusable until the package is renewed.
Its numbers stay on the record, are read again with a replay, and count as evidence meanwhile (``plausible``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from hub.model.customer import ContactPoint
from hub.model.text import tidy

_ONE_DIGIT = re.compile(r"(\d)\1{5,}$")
_INTERNATIONAL = re.compile(r"[(\s]*(?:\+|\uff0b|tel:)", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_BETWEEN = re.compile(r"\s*(?:[/;|,\n]|:::|\bo(?:de)?r\b|\bund\b|\band\b)\s*")
_FEWEST = 6
"""Digits that make a number of its own where several stand in one field."""

_LONG = 11
"""Digits of a number with its country; few numbers are as long without."""

# https://developers.facebook.com/documentation/business-messaging/whatsapp/phone-numbers: Mexican mobiles were dialled
# with a 1 after the country code until 2019, Brazilian ones had eight digits until 2016. Old address books, and the ids
# of WhatsApp accounts from those days, still have them so.
_OLD = (
    (re.compile(r"\+521(\d{10})"), r"+52\1"),
    (re.compile(r"\+55(\d{2})([6-9]\d{7})"), r"+55\g<1>9\2"),
    (re.compile(r"\+54(?!9)(?:0?)(\d{2,4})15(\d{6,8})"), r"+549\1\2"),
)


def phone(text: str | None, region: str = "DE") -> ContactPoint | None:
    """The first number of ``phones``; None for nothing at all."""
    return next(iter(phones(text, region)), None)


@lru_cache(maxsize=4_096)
def phones(text: str | None, region: str = "DE") -> tuple[ContactPoint, ...]:
    """Normalise what stands in one field to E.164; ``region`` (ISO 3166 alpha-2) reads numbers without a country.

    A number without plus that begins with a country's code is read as an international one where that makes it valid
    (``49171…``, ``0049…``, ``00 49 (0) 171``); extensions are left out, letters are read as on a keypad. Gives nothing
    for nothing at all, and one unusable contact point for text that is no valid number or is filler (``+49000000``,
    ``123``, ``-``). Never raises.
    """
    original = tidy(text).strip() if text else ""
    if not original:
        return ()
    whole = _point(original, region)
    if whole.usable:
        return (whole,)
    parts = [part for part in _BETWEEN.split(original) if sum(map(str.isdigit, part)) >= _FEWEST]
    several = {point.value: point for part in parts if (point := _point(part, region)).usable}
    return tuple(several.values()) if len(parts) > 1 and several else (whole,)


@lru_cache(maxsize=4_096)
def plausible(value: str) -> bool:
    """Whether an unusable number in E.164 may be somebody's all the same: possible, and no filler."""
    if not value.startswith("+"):
        return False
    number = _parsed(value, None)
    return number is not None and phonenumbers.is_possible_number(number) and not _is_filler(number)


def region_of(value: str) -> str | None:
    """ISO 3166 alpha-2 of a number in E.164; None where it belongs to no country."""
    number = _parsed(value, None)
    return phonenumbers.region_code_for_number(number) if number else None


def _point(original: str, region: str) -> ContactPoint:
    told = valid = None
    for number in filter(None, _readings(original, region)):  # the likeliest first: the others are seldom worked out
        told = told or number
        if phonenumbers.is_valid_number(number):
            told = valid = number
            break
    value = phonenumbers.format_number(told, PhoneNumberFormat.E164) if told else original
    return ContactPoint(value=value, original=original, usable=valid is not None and not _is_filler(valid))


def _readings(text: str, region: str) -> Iterator[PhoneNumber | None]:
    """What a number may mean, the likeliest first; nothing valid where two meanings are equally likely."""
    national = _parsed(text, region)
    digits = "" if _LETTER.search(text) else "".join(filter(str.isdigit, text))
    if _INTERNATIONAL.match(text) or not digits:
        yield national
        yield _in_new_form(national)
        return
    if digits.startswith("00"):
        yield national
        yield _parsed(f"+{digits[2:]}", None)
        return
    whole = None if digits.startswith("0") else _parsed(f"+{digits}", None)
    abroad = next((n for n in (whole, _in_new_form(whole)) if n and phonenumbers.is_valid_number(n)), None)
    if abroad is None or national is None or not phonenumbers.is_valid_number(national):
        yield from (national, abroad)
    elif _begins_with_own_code(digits, region):
        # where one dials a 0 before the area, nobody writes a number of the country itself without it
        yield abroad
    elif len(digits) < _LONG or _is_mobile(national) or abroad == national:
        yield national  # a spreadsheet took its first 0 for a number's
    elif _is_mobile(abroad):
        yield abroad
    else:
        yield None


def _is_mobile(number: PhoneNumber) -> bool:
    return phonenumbers.number_type(number) == PhoneNumberType.MOBILE


def _begins_with_own_code(digits: str, region: str) -> bool:
    trunk = phonenumbers.ndd_prefix_for_region(region, True)
    code = phonenumbers.country_code_for_region(region)
    return bool(trunk and code and digits.startswith(str(code)) and not digits.startswith(trunk))


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _in_new_form(number: PhoneNumber | None) -> PhoneNumber | None:
    """The number as it is dialled today, if it is written as it was dialled once."""
    if number is None:
        return None
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    for old, new in _OLD:
        if old.fullmatch(value):
            return _parsed(old.sub(new, value), None)
    return None


def _is_filler(number: PhoneNumber) -> bool:
    national = str(number.national_number or 0)
    return national == "0" or bool(_ONE_DIGIT.fullmatch(national)) or "1234567890".startswith(national)
