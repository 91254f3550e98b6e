"""Times as sources write them, to aware UTC."""

from __future__ import annotations

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


_DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y")


def birth_date(text: str | None) -> date | None:
    """A date of birth in ISO or German notation; anything else, and years before 1900, give None."""
    value = (text or "").strip()[:10]
    if not value:
        return None  # the usual case, and six failing strptime calls are dear
    for pattern in _DATE_FORMATS:
        try:
            parsed = datetime.strptime(value, pattern).date()  # noqa: DTZ007 - only its date is used
        except ValueError:
            continue
        return parsed if parsed.year >= 1900 else None
    return None
