"""Times as sources write them, to aware UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hub.errors import PayloadError


def instant(text: str | None, *, path: str, zone: str = "UTC") -> datetime:
    """Parse ISO 8601 (or ``YYYY-MM-DD HH:MM:SS``); ``zone`` is used when the text names none.

    Raises PayloadError naming ``path`` when there is no readable time.
    """
    if not text:
        raise PayloadError("no time", path=path)
    try:
        value = datetime.fromisoformat(text.strip())
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
        return value.astimezone(UTC)
    except (ValueError, OverflowError):
        raise PayloadError("not a time", path=path) from None  # the cause would name the value


def maybe_instant(text: str | None, *, path: str, zone: str = "UTC") -> datetime | None:
    """Like ``instant``, but nothing gives None."""
    return instant(text, path=path, zone=zone) if text else None


def epoch(value: float | str, *, path: str) -> datetime:
    """Seconds since 1970, or milliseconds when the number is too large for seconds."""
    try:
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise PayloadError("not a time", path=path) from None  # the cause would name the value


_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2}|[a-zäé]{3,9})[-/. ,]+(\d{4}|\d{2})(?!\d)")
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
    """A date of birth in ISO, German, British or American notation, the month in digits or as a word.

    Where day and month could be either, the day is first. Anything else, and years before 1900, give None.
    """
    value = (text or "").strip().lower()
    if not value:
        return None  # the usual case
    if found := _ISO.match(value):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.match(value):
        day, year = int(found[1]), int(found[3])
        month = int(found[2]) if found[2].isdigit() else _MONTHS.get(found[2][:3], 0)
    elif found := _MONTH_FIRST.match(value):
        month, day, year = _MONTHS.get(found[1][:3], 0), int(found[2]), int(found[3])
    else:
        return None
    if year < 100 and not _ISO.match(value):  # ISO's 0000 says that no year was told (Square)
        year += 2000 if year + 2000 <= _LATEST else 1900
    if month > 12 >= day:
        month, day = day, month
    try:
        return date(year, month, day) if year >= 1900 else None
    except ValueError:
        return None
