"""Hub's own functions of expressions: choice, text, numbers and money, times, contact data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import re2
from babel import Locale
from phonenumbers import SUPPORTED_REGIONS

from hub.errors import PayloadError, did_you_mean
from hub.mapping import email as mails
from hub.mapping import money as amounts
from hub.mapping import phone as numbers
from hub.mapping import time as times
from hub.mapping.expression.functions import LONGEST_TEXT, MOST_ITEMS, UnfitError, called, function, text_of
from hub.mapping.expression.functions_standard import same
from hub.mapping.expression.schema import Value
from hub.model.money import CURRENCIES

_LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl")
_LONGEST_PATTERN = 200
_MOST_DIGITS = 12

# -- faults of constants -----------------------------------------------------------------------------------------------


def _currency_fault(text: str) -> str | None:
    return None if text in CURRENCIES else f"is no ISO 4217 currency, such as EUR{did_you_mean(text, CURRENCIES)}"


def _region_fault(text: str) -> str | None:
    return None if text in SUPPORTED_REGIONS else "is no ISO 3166 country of two capital letters, such as DE"


def _language_fault(text: str) -> str | None:
    return None if text in _LANGUAGES else f"is none of {', '.join(_LANGUAGES)}"


def _zone_fault(text: str) -> str | None:
    zones = _zones()
    return None if text in zones else f"is no time zone, such as Europe/Berlin{did_you_mean(text, zones)}"


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _pattern_fault(text: str) -> str | None:
    if not 1 <= len(text) <= _LONGEST_PATTERN:
        return f"must have 1 to {_LONGEST_PATTERN} characters"
    try:
        _search(text)
    except (re2.error, UnicodeError):
        return "is no regular expression (RE2: no look-around, no back-references)"
    return None


@lru_cache(maxsize=256)
def _search(pattern: str) -> Callable[[str], Any]:
    """RE2 takes time linear in the text whatever the pattern (https://github.com/google/re2/wiki/Syntax)."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    found: Callable[[str], Any] = re2.compile(pattern, options).search
    return found


# -- choice ------------------------------------------------------------------------------------------------------------


@function("choice", "truth value value?", "any", "if(`true`, 'VIP', 'Customer')", "VIP", nulls=True)
def if_(holds: Value, then: Value, otherwise: Value = None) -> Value:
    """The second value where the first holds, else the third."""
    return otherwise if is_false(holds) else then


@function("choice", "value*", "any", "default('', 'unknown')", "unknown", nulls=True)
def default(*options: Value) -> Value:
    """The first value that is neither null nor empty."""
    return next((option for option in options if option not in (None, "") and not _is_empty(option)), None)


@function("choice", "value value*", "truth", "one_of('DE', 'DE', 'AT')", result=True)
def one_of(value: Value, *options: Value) -> Value:
    """Whether the first value is one of the others."""
    return any(same(value, option) for option in options)


@function("choice", "object value value?", "any", "lookup('stages', 'loyal', 'Customer')", "VIP", nulls=True,
          fixed=frozenset({0}))  # fmt: skip
def lookup(table: dict[str, Value], key: Value, otherwise: Value = None) -> Value:
    """What a table of the mapping file holds under a key, else the third value."""
    if key is None or isinstance(key, list | dict):
        return otherwise
    found = table.get(text_of(key))
    return otherwise if found is None else found


# -- text --------------------------------------------------------------------------------------------------------------


@function("text", "text*", "text", "concat('Anna', ' ', 'Berg')", "Anna Berg", nulls=True)
def concat(*texts: str | None) -> Value:
    """Texts one after the other; null counts as nothing, and nothing but nulls gives null."""
    told = [text for text in texts if text is not None]
    if sum(map(len, told)) > LONGEST_TEXT:
        raise UnfitError(f"concat gives more than {LONGEST_TEXT} characters")
    return "".join(told) if told else None


@function("text", "text", "text", "lower('ANNA')", "anna")
def lower(text: str) -> Value:
    """Small letters."""
    return text.lower()


@function("text", "text", "text", "upper('anna')", "ANNA")
def upper(text: str) -> Value:
    """Capital letters."""
    return text.upper()


@function("text", "text", "text", "title('anna-maria VON BERG')", "Anna-Maria Von Berg")
def title(text: str) -> Value:
    """A capital at the beginning of each word, small letters behind it."""
    return re.sub(r"[^\W_][^\s\-]*", lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


@function("text", "text", "text", "trim('  Anna   Berg ')", "Anna Berg")
def trim(text: str) -> Value:
    """Without space at its ends, and with one blank for each space within."""
    return " ".join(text.split())


@function("text", "text text text", "text", "replace('0171/123', '/', '')", "0171123")
def replace(text: str, old: str, new: str) -> Value:
    """With each piece of text replaced by another."""
    if not old:
        return text
    if len(text) + text.count(old) * len(new) > LONGEST_TEXT:
        raise UnfitError(f"replace gives more than {LONGEST_TEXT} characters")
    return text.replace(old, new)


@function("text", "text text", "list", "split('a, b', ',')", ["a", "b"])
def split(text: str, between: str) -> Value:
    """The parts of a text between separators, trimmed, without empty ones."""
    if not between:
        return [text]
    if text.count(between) >= MOST_ITEMS:
        raise UnfitError(f"split gives more than {MOST_ITEMS} items")
    return [part.strip() for part in text.split(between) if part.strip()]


@function("text", "text number number?", "text", "substring('Berlin', `0`, `3`)", "Ber")
def substring(text: str, start: Decimal, end: Decimal | None = None) -> Value:
    """Characters from the first position (from 0) up to, not including, the second; below 0 counts from the end."""
    return text[int(start) : None if end is None else int(end)]


@function("text", "text text", "truth", "matches('AB-12', '^[A-Z]+-[0-9]+$')", result=True,
          fixed=frozenset({1}), faults={1: _pattern_fault})  # fmt: skip
def matches(text: str, pattern: str) -> Value:
    """Whether a regular expression (RE2) is found in a text."""
    return _search(pattern)(text) is not None


@function("list", "list", "list", "unique(['a', 'b', 'a'])", ["a", "b"])
def unique(items: list[Value]) -> Value:
    """Each item once."""
    once: dict[tuple[str, str], Value] = {}
    for item in items:
        once.setdefault((called(item), text_of(item)), item)
    return list(once.values())


@function("text", "text number?", "text", "mask('DE12345678', `4`)", "******5678")
def mask(text: str, shown: Decimal | None = None) -> Value:
    """Stars for all but the last characters."""
    kept = max(0, int(shown or 0))
    return "*" * max(0, len(text) - kept) + (text[-kept:] if kept else "")


@function("text", "text", "text", "sha256('anna@example.com')", hashlib.sha256(b"anna@example.com").hexdigest())
def sha256(text: str) -> Value:
    """SHA-256 in hexadecimal, as audiences of advertising networks are told; not secret for what can be guessed."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


# -- numbers and money -------------------------------------------------------------------------------------------------


@function("number", "number number*", "number", "add(`1`, `2`)", 3)
def add(*terms: Decimal) -> Value:
    """The sum."""
    return sum(terms[1:], terms[0])


@function("number", "number number", "number", "sub(`3`, `1`)", 2)
def sub(left: Decimal, right: Decimal) -> Value:
    """The first less the second."""
    return left - right


@function("number", "number number*", "number", "mul(`2`, `1.5`)", 3)
def mul(*factors: Decimal) -> Value:
    """The product."""
    product = Decimal(1)
    for factor in factors:
        product *= factor
    return product


@function("number", "number number", "number", "div(`1`, `4`)", Decimal("0.25"))
def div(left: Decimal, right: Decimal) -> Value:
    """The first by the second; by nought gives null."""
    return Decimal(left) / Decimal(right)


@function("number", "number number?", "number", "round(`2.345`, `2`)", Decimal("2.35"))
def round_(number: Decimal, digits: Decimal | None = None) -> Value:
    """To so many digits behind the point (0), halves away from nought."""
    places = min(max(int(digits or 0), -_MOST_DIGITS), _MOST_DIGITS)
    rounded = Decimal(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return int(rounded) if places <= 0 else rounded


@function("money", "number text", "text", "money(`12.5`, 'EUR')", "12.50", faults={1: _currency_fault})
def money(amount: Decimal, currency: str) -> Value:
    """An amount in major units as text, with as many digits as the currency has (JPY none)."""
    return text_of(amounts.rounded(Decimal(amount), currency)) if currency in CURRENCIES else None


@function("money", "number text", "number", "minor(`12.5`, 'EUR')", 1250, faults={1: _currency_fault})
def minor(amount: Decimal, currency: str) -> Value:
    """Major units as minor ones (cents)."""
    if currency not in CURRENCIES:
        return None
    return int(amounts.rounded(Decimal(amount), currency) / amounts.minor_units(1, currency))


@function("money", "number text", "number", "major(`1250`, 'EUR')", Decimal("12.50"), faults={1: _currency_fault})
def major(amount: Decimal, currency: str) -> Value:
    """Minor units (cents) as major ones."""
    return amounts.minor_units(int(amount), currency) if currency in CURRENCIES else None


# -- times -------------------------------------------------------------------------------------------------------------


@function("time", "text text?", "day", "date('2026-01-31T23:30:00Z', 'Europe/Berlin')", "2026-02-01",
          faults={1: _zone_fault})  # fmt: skip
def date(text: str, zone: str | None = None) -> Value:
    """The day of a time (in UTC, or in a zone), as `2026-01-31`; null for what is no time."""
    found = _moment(text, zone)
    return found.date().isoformat() if found else None


@function("time", "text text text?", "text", "format_date('2026-01-31', 'DD.MM.YYYY')", "31.01.2026",
          faults={2: _zone_fault})  # fmt: skip
def format_date(text: str, form: str, zone: str | None = None) -> Value:
    """A time in a form of `YYYY`, `YY`, `MM`, `DD`, `hh`, `mm` and `ss`."""
    found = _moment(text, zone)
    if found is None:
        return None
    parts = {"YYYY": f"{found.year:04}", "YY": f"{found.year % 100:02}", "MM": f"{found.month:02}"}
    parts |= {"DD": f"{found.day:02}", "hh": f"{found.hour:02}", "mm": f"{found.minute:02}", "ss": f"{found.second:02}"}
    return re.sub("YYYY|YY|MM|DD|hh|mm|ss", lambda part: parts[part[0]], form)


@function("time", "text", "number", "year('1980-02-01')", 1980)
def year(text: str) -> Value:
    """The year of a time."""
    found = _moment(text)
    return found.year if found else None


@function("time", "text text", "number", "days_between('2026-01-31', '2026-02-02')", 2)
def days_between(start: str, end: str) -> Value:
    """Whole days from one time to another; below nought where the second is earlier."""
    first, last = _moment(start), _moment(end)
    return int((last - first).total_seconds() / 86_400) if first and last else None


@function("time", "text", "number", "epoch_ms('1970-01-02')", 86_400_000)
def epoch_ms(text: str) -> Value:
    """Milliseconds since 1970, in UTC."""
    found = _moment(text)
    return int(found.timestamp()) * 1000 if found else None


@function("time", "text", "moment", "orders.last_at >= ago('90 days')", None, fixed=frozenset({0}))
def ago(_: str) -> Value:
    """The moment so many hours, days or weeks before now; beside a time in a condition, and nowhere else."""
    raise UnfitError("ago stands beside a time in a condition only")


# -- contact data ------------------------------------------------------------------------------------------------------


@function("contact", "text text", "text", "phone('0171 1234567', 'DE')", "+491711234567", faults={1: _region_fault})
def phone(text: str, region: str) -> Value:
    """A number in E.164, read as of a country where it names none; null for what is no valid number."""
    found = numbers.phone(text, region) if region in SUPPORTED_REGIONS else None
    return found.value if found and found.usable else None


@function("contact", "text", "text", "email('Anna <ANNA@Example.com>')", "anna@example.com")
def email(text: str) -> Value:
    """An e-mail address in one spelling; null for what is none."""
    found = mails.email(text)
    return found.value if found and found.usable else None


@function("contact", "text", "text", "domain('anna@example.com')", "example.com")
def domain(text: str) -> Value:
    """What stands behind the @ of an e-mail address."""
    found = mails.email(text)
    return found.value.rpartition("@")[2] if found and found.usable else None


@function("contact", "text text", "text", "country_name('DE', 'en')", "Germany", faults={1: _language_fault})
def country_name(code: str, language: str) -> Value:
    """A country's name in a language (de, en, es, fr, it, nl, pl); null for what is no country."""
    if language not in _LANGUAGES or len(code) != 2:
        return None
    return Locale(language).territories.get(code.upper())


def is_false(value: Value) -> bool:
    """What counts as false in JMESPath: null, false, and an empty text, list or object. 0 counts as true."""
    return value is None or value is False or (not isinstance(value, bool | int | Decimal) and len(value) == 0)


def _is_empty(value: Value) -> bool:
    return isinstance(value, list | dict) and not value


def _moment(text: str, zone: str | None = None) -> datetime | None:
    """A time in any notation Hub reads; with a zone, as its clocks show it. A day is a day in every zone."""
    try:
        found = times.instant(text[:64], path="")
        if zone is None or _is_day(text):
            return found
        return found.astimezone(ZoneInfo(zone)) if _zone_fault(zone) is None else None
    except (PayloadError, OverflowError, ValueError):
        return None


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and datetime.fromisoformat(text) is not None
    except ValueError:
        return False
