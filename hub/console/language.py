"""German and English: catalogues, and numbers, money and times in the reader's locale and zone.

English is what the code says. Every ``locale/de/*.po`` is a part of the German catalogue: a page brings its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import Translations

LANGUAGES: Mapping[str, str] = {"de": "Deutsch", "en": "English"}
"""Code and own name."""

_HOME = {"de": "de_DE", "en": "en_GB"}


@cache
def catalogue(language: str) -> Translations:
    """All texts of a language."""
    found = Translations()
    folder = files("hub.console") / "locale" / language
    if not folder.is_dir():
        return found
    for part in sorted(folder.iterdir(), key=lambda part: part.name):
        if part.name.endswith(".po"):
            compiled = BytesIO()
            write_mo(compiled, read_po(BytesIO(part.read_bytes()), locale=language))
            compiled.seek(0)
            found.add(Translations(compiled))
    return found


def preferred(accepted: str, chosen: str | None) -> tuple[str, Locale]:
    """The language (what was chosen, else the first the browser accepts) and the locale of numbers and dates."""
    wanted: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        tag, _, rest = part.partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        wanted.append((weight, tag.strip().replace("-", "_")))
    tags = [tag for weight, tag in sorted(wanted, key=lambda one: -one[0]) if weight > 0]
    known = (tag[:2].lower() for tag in tags if tag[:2].lower() in LANGUAGES)
    language = chosen if chosen is not None and chosen in LANGUAGES else next(known, "en")
    for tag in (*(tag for tag in tags if tag[:2].lower() == language and len(tag) > 2), _HOME[language]):
        try:
            return language, Locale.parse(tag)
        except (ValueError, UnknownLocaleError):
            continue
    return language, Locale.parse(_HOME["en"])


Moment = datetime | str | None
"""A time, also as JSON has it."""


def _read(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


@dataclass(frozen=True, slots=True)
class Formats:
    """Values as this reader writes them. A missing value is a dash."""

    locale: Locale
    zone: ZoneInfo

    @classmethod
    def of(cls, locale: Locale, zone: str | None) -> Formats:
        """``zone`` is an IANA name as the browser tells it; UTC where it is none."""
        try:
            return cls(locale, ZoneInfo(zone or "UTC"))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return cls(locale, ZoneInfo("UTC"))

    def number(self, value: float | Decimal | None, digits: int = 0) -> str:
        """A count, or a number with so many decimals."""
        if value is None:
            return "–"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(format_decimal(round(float(value), digits), format=pattern, locale=self.locale))

    def rate(self, value: float) -> str:
        """So many a second: finer where there are few."""
        return self.number(value, 0 if value >= 100 or value == 0 else 1 if value >= 1 else 2)

    def percent(self, value: float) -> str:
        """A share from 0 to 1."""
        return str(format_percent(value, locale=self.locale))

    def share(self, value: float | None) -> str:
        """A share from 0 to 1, to a tenth of a per cent, as reports tell it."""
        return "–" if value is None else str(format_percent(value, format="#,##0.0\xa0%", locale=self.locale))

    def month(self, text: str) -> str:
        """A month as reports have it (2026-05), short."""
        return str(format_skeleton("yMMM", datetime.fromisoformat(f"{text}-15"), locale=self.locale))

    def money(self, amount: Decimal | str | None, currency: str | None) -> str:
        """In major units."""
        if amount is None or currency is None:
            return "–"
        return str(format_currency(Decimal(amount), currency, locale=self.locale))

    def moment(self, at: Moment) -> str:
        """Date and time, to the minute."""
        return "–" if at is None else str(format_datetime(_read(at), "short", tzinfo=self.zone, locale=self.locale))

    def clock(self, at: Moment) -> str:
        """The time of the day, to the minute."""
        return "–" if at is None else str(format_time(_read(at), "short", tzinfo=self.zone, locale=self.locale))

    def exact(self, at: Moment) -> str:
        """Date and time to the second, with the zone."""
        return "–" if at is None else str(format_datetime(_read(at), "long", tzinfo=self.zone, locale=self.locale))

    def day(self, at: date | datetime | str | None) -> str:
        """A date in words, also of one as JSON has it."""
        if isinstance(at, str):
            at = date.fromisoformat(at)
        if isinstance(at, datetime):
            at = at.astimezone(self.zone).date()
        return "–" if at is None else str(format_date(at, "medium", locale=self.locale))

    def midnight(self, text: str, days: int = 0) -> datetime | None:
        """The beginning of a day (2026-11-28) on the reader's clock, so many days later; None for what is no day."""
        try:
            day = datetime.strptime(text, "%Y-%m-%d").date() + timedelta(days=days)  # noqa: DTZ007 - a day has no zone
        except (ValueError, OverflowError):
            return None
        return datetime.combine(day, time(), self.zone)

    def size(self, count: float) -> str:
        """Bytes in the unit that fits, powers of 1000."""
        for unit in ("B", "kB", "MB", "GB"):
            if count < 1000:
                return f"{self.number(count, 1 if count < 100 and unit != 'B' else 0)} {unit}"
            count /= 1000
        return f"{self.number(count, 1)} TB"

    def span(self, seconds: float | None) -> str:
        """How long: 0.4 s, 3 min, 2 h."""
        if seconds is None:
            return "–"
        if seconds < 10:
            return f"{self.number(seconds, 1)} s"
        return str(format_timedelta(timedelta(seconds=seconds), format="short", threshold=1.5, locale=self.locale))

    def ago(self, at: Moment, now: datetime) -> str:
        """How long ago, in words."""
        if at is None:
            return "–"
        return str(format_timedelta(_read(at) - now, add_direction=True, format="short", locale=self.locale))

    def iso(self, at: datetime | str) -> str:
        """For machines."""
        return _read(at).astimezone(UTC).isoformat(timespec="seconds")

    def second(self, at: Moment) -> str:
        """Date and time to the second, short."""
        return "–" if at is None else str(format_datetime(_read(at), "medium", tzinfo=self.zone, locale=self.locale))
