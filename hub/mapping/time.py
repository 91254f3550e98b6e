"""The one reader of dates and times, as sources write them; times to aware UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from hub.errors import PayloadError
from hub.model.text import tidy

UNTOLD = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a state whose time nobody tells: it stands behind every value that has one; arrival breaks ties."""

_EXCEL = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet counts days of the local calendar from here
_SERIAL = re.compile(r"\d{5}(?:[.,]\d{1,12})?")
"""1927 to 2173 in days: a date as a spreadsheet stores it."""
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?(?:[:.](\d{2})(?:[.,]\d{1,9})?)? *(am|pm)? *(?:uhr|h)?"
    r" *(z|utc|gmt|[+-]\d{2}:?(?:\d{2})?)?",
)
_CLOCK_WITH_DOT = re.compile(r"\d{4}[ ,t]+(?:um )?\d{1,2}\.\d{2}", re.IGNORECASE)
_ISO_ZONE = re.compile(
    r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(z|utc|gmt|[+-]\d{4}|[+-]\d{2})$"
)


def instant(text: str | None, *, path: str, zone: str = "UTC", form: str | None = None) -> datetime:
    """A point in time: ISO 8601, German, British, American or RFC 5322 notation, an epoch, a spreadsheet's serial.

    ``zone`` is used when the text names none; a date alone begins at midnight UTC, so that it stays that date. Where
    day and month could be either, the day is first. ``form`` (as of strptime) is the only notation then. Digits alone
    are ``YYYYMMDD``, seconds (10), milliseconds (13) or microseconds (16) since 1970, or ``YYYYMMDDHHMMSS``. Raises
    PayloadError naming ``path`` when there is no readable time.
    """
    if not text:
        raise PayloadError("no time", path=path)
    try:
        if form is None and len(text) >= 20 and text[4] == "-" and text[10] == "T":
            value = datetime.fromisoformat(text)  # nearly every API
        else:
            value = _read(tidy(text).strip(), form)
            if value == datetime(value.year, value.month, value.day) and _names_no_hour(text, form):  # noqa: DTZ001
                zone = "UTC"
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
        return value.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise PayloadError("not a time", path=path) from None  # the cause would name the value


def maybe_instant(text: str | None, *, path: str, zone: str = "UTC", form: str | None = None) -> datetime | None:
    """Like ``instant``, but nothing gives None."""
    return instant(text, path=path, zone=zone, form=form) if text else None


def epoch(value: float | str, *, path: str) -> datetime:
    """Seconds since 1970, or milliseconds or microseconds when the number is too large for seconds."""
    try:
        number = float(value)
        return datetime.fromtimestamp(number / (1e6 if number > 1e14 else 1000 if number > 1e11 else 1), tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise PayloadError("not a time", path=path) from None  # the cause would name the value


@lru_cache(maxsize=256)
def zone_of(region: str) -> str:
    """The time zone of a country (ISO 3166 alpha-2) whose clocks all show the same, else UTC."""
    zones = get_global("territory_zones").get(region.upper(), ())
    return str(zones[0]) if len(zones) == 1 else _MAIN.get(region.upper(), "UTC")


_MAIN = {"DE": "Europe/Berlin"}
"""Büsingen, Germany's other zone, has had Berlin's clocks since 1981."""


def _names_no_hour(text: str, form: str | None) -> bool:
    if form is not None:
        return not any(hour in form for hour in ("%H", "%I", "%c", "%X"))
    return (
        ":" not in text
        and not text.lower().endswith(("am", "pm"))
        and not _CLOCK_WITH_DOT.search(text)
        and not (len(text) == 14 and text.isdigit())
    )


def _read(text: str, form: str | None) -> datetime:
    """Raises ValueError for what is no time."""
    if form is not None:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added by who asks
    if text.isascii() and text.isdigit():
        return _from_digits(text)
    if _SERIAL.fullmatch(text):
        return _EXCEL + timedelta(seconds=round(float(text.replace(",", ".")) * 86_400))
    lowered = text.lower()
    if found := _ISO_ZONE.match(lowered):
        zone = found[3] if found[3][0] in "+-" else "+00:00"
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")
    if text[:4].isdigit() and text[4:5] == "-":
        return datetime.fromisoformat(text)
    day, rest = _date(lowered)
    if day is not None:
        return _on(day, rest)
    return parsedate_to_datetime(text)


def _from_digits(text: str) -> datetime:
    match len(text):
        case 5:
            return _EXCEL + timedelta(days=int(text))
        case 8:
            return datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007
        case 9 | 10 | 13 | 16:
            return datetime.fromtimestamp(int(text) / {13: 1e3, 16: 1e6}.get(len(text), 1), tz=UTC)
        case 14:
            return datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007
    raise ValueError("no time")


def _on(day: date, rest: str) -> datetime:
    """The moment of a day that the rest of the text names; its first where nothing is left."""
    rest = rest.strip(" ,t").removeprefix("um ")
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    if not rest:
        return midnight
    found = _CLOCK.fullmatch(rest)
    if found is None:
        raise ValueError("no time of day")
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    if found[2] is None and not found[4]:
        raise ValueError("no time of day")  # "3pm" is one, a lone number is not
    if found[4]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour")
        hour = hour % 12 + (12 if found[4] == "pm" else 0)
    moment = midnight.replace(hour=hour, minute=minute, second=second)
    zone = found[5]
    if not zone:
        return moment
    return datetime.fromisoformat(f"{moment.isoformat()}{zone if zone[0] in '+-' else '+00:00'}")


_ISO = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?!\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2}|[a-zäé]{3,9})[-/. ,]+(\d{4}|\d{2})(?![\d:])")
_MONTH_FIRST = re.compile(r"([a-zäé]{3,9})\.? +(\d{1,2}),? +(\d{4})(?!\d)")
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mär", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez"), start=1
    )
    for name in names.split()
}
_LATEST = 2029
"""Of two digits, those that would name a later year are of the century before: "31" is 1931."""


def birth_date(text: str | None) -> date | None:
    """A date of birth in ISO, German, British or American notation (the month in digits or as a word), or a serial.

    Where day and month could be either, the day is first. Anything else, and years before 1900, give None.
    """
    value = tidy(text).strip().lower() if text else ""
    if not value:
        return None  # the usual case
    if len(value) == 5 and value.isascii() and value.isdigit():
        return (_EXCEL + timedelta(days=int(value))).date()
    day, _ = _date(value)
    return day if day and day.year >= 1900 else None


def birth_digits(text: str | None) -> str | None:
    """``YYYY-MM-DD`` of a date of birth that ``birth_date`` does not give: off the calendar, or before 1900.

    Two such texts are compared digit by digit, and nothing else is made of them. None for what is a date, and for what
    tells no year, month or day.
    """
    value = tidy(text).strip().lower() if text else ""
    if not value or birth_date(value):
        return None
    told = _numbers(value)
    if told is None:
        return None
    year, month, day, _ = told
    told_of = _FIRST_YEAR <= year <= _LATEST and 0 < month <= _MOST_DAYS and 0 < day <= _MOST_DAYS
    return f"{year:04}-{month:02}-{day:02}" if told_of else None


_FIRST_YEAR = 1500
"""Registers of births begin about then."""

_MOST_DAYS = 39
"""A typing error makes 35 of 25; 99 says that the day is not known."""

_EITHER = re.compile(r"(\d{1,2})([-/. ]+)(\d{1,2})([-/. ]+)(\d{4}|\d{2})")
_LEAST_TOLD = 3
_MOST_ASTRAY = 0.02


def month_first(texts: Iterable[str]) -> bool:
    """Whether a column of dates has the month first: only the second number is ever above twelve.

    A column in which hardly any date tells is read day first, as a date alone is.
    """
    month, day = 0, 0
    for text in texts:
        if found := _EITHER.fullmatch(text.strip()):
            first, second = int(found[1]), int(found[3])
            month += first <= 12 < second
            day += second <= 12 < first
    return month >= _LEAST_TOLD and day <= _MOST_ASTRAY * month


def day_first(text: str) -> str:
    """A date of a column that has the month first, the day first; any other text as it is."""
    found = _EITHER.fullmatch(text.strip())
    return f"{found[3]}{found[2]}{found[1]}{found[4]}{found[5]}" if found and int(found[1]) <= 12 else text


def _date(value: str) -> tuple[date | None, str]:
    """The date a text begins with, and what follows it; None where it is no date."""
    told = _numbers(value)
    try:
        return (date(*told[:3]), told[3]) if told else (None, value)
    except ValueError:
        return None, value


def _numbers(value: str) -> tuple[int, int, int, str] | None:
    """Year, month and day that a text begins with, be they a date or not, and what follows them."""
    if found := _ISO.match(value):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.match(value):
        day, year = int(found[1]), int(found[3])
        month = int(found[2]) if found[2].isdigit() else _MONTHS.get(found[2][:3], 0)
    elif found := _MONTH_FIRST.match(value):
        month, day, year = _MONTHS.get(found[1][:3], 0), int(found[2]), int(found[3])
    else:
        return None
    if year < 100 and found.re is not _ISO:  # ISO's 0000 says that no year was told (Square)
        year += 2000 if year + 2000 <= _LATEST else 1900
    if month > 12 >= day:
        month, day = day, month
    return year, month, day, value[found.end() :]
