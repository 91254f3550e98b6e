"""Times within expressions: which texts are one, and how long ago ``90 days`` is. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from hub.mapping.expression.schema import time_text

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_AGO = re.compile(r"(\d{1,5}) (hour|day|week)s?")

HOW_LONG = "'12 hours', '90 days' or '6 weeks'"


def passed(text: object) -> timedelta | None:
    """How long ``90 days`` is; None for any other text."""
    found = _AGO.fullmatch(text) if isinstance(text, str) else None
    return timedelta(**{f"{found[2]}s": int(found[1])}) if found else None


def comparable(text: str) -> str | None:
    """A constant as text that compares with times: a moment in UTC, or the beginning of one (``2026-01``).

    A moment without a zone is UTC. None for what is no time.
    """
    try:
        if _TIME.fullmatch(text):
            return time_text(datetime.fromisoformat(text))
        if _DAY.fullmatch(text):
            date.fromisoformat(f"{text}-01-01"[:10])
            return text
    except (ValueError, OverflowError):
        pass
    return None


def before(now: datetime, how_long: timedelta) -> str:
    """The moment so long before now, as text; the first there is for what is longer ago."""
    try:
        return time_text(now - how_long)
    except OverflowError:
        return time_text(datetime.min.replace(tzinfo=UTC))
