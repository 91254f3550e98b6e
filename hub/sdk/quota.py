"""What a vendor's answers tell of its limits: how many calls it allows, and how many are left. Pure.

Sources: developers.hubspot.com/changelog/2018-11-06-rate-limit-information-headers-will-be-included-in-http-responses
and community.hubspot.com/t5/APIs-Integrations/…/td-p/224404 (X-HubSpot-RateLimit-Daily and -Daily-Remaining: calls
allowed, and still allowed, from midnight to midnight);
developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm (Sforce-Limit-Info:
api-usage=used/allowed a day, of all apps); pipedrive.readme.io/docs/core-api-concepts-rate-limiting (x-ratelimit-limit
and -remaining of a short window; x-daily-ratelimit-token-remaining); docs.x.com/x-api/fundamentals/rate-limits
(x-rate-limit-limit, -remaining and -reset).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

from hub.errors import PayloadError
from hub.mapping.time import epoch, instant

Window = Literal["day", "moment"]

_USAGE = re.compile(r"(?:^|[\s,;])api-usage=(\d{1,12})/(\d{1,12})")
_PAIRS: tuple[tuple[Window, str | None, str], ...] = (
    ("day", "x-hubspot-ratelimit-daily", "x-hubspot-ratelimit-daily-remaining"),
    ("day", None, "x-daily-ratelimit-token-remaining"),
    ("moment", "x-ratelimit-limit", "x-ratelimit-remaining"),
    ("moment", "x-rate-limit-limit", "x-rate-limit-remaining"),
)


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls that are left of those allowed; ``allowed`` is None where only what is left is told.

    ``window`` is ``day``, or ``moment`` where it is one of seconds that fills up again at once.
    """

    window: Window
    allowed: int | None
    left: int

    @property
    def used(self) -> float | None:
        """The share that is used, from 0 to 1."""
        return min(1.0, max(0.0, 1 - self.left / self.allowed)) if self.allowed else None


def quotas_of(headers: Mapping[str, str]) -> tuple[Quota, ...]:
    """What an answer's headers tell; () where they tell nothing, or nothing that can be read."""
    found = [Quota(window, _count(headers.get(allowed)) if allowed else None, left)
             for window, allowed, remaining in _PAIRS
             if (left := _count(headers.get(remaining))) is not None]  # fmt: skip
    if usage := _USAGE.search(headers.get("sforce-limit-info", "")):
        used, allowed = int(usage[1]), int(usage[2])
        found.append(Quota("day", allowed, max(0, allowed - used)))
    return tuple(found)


def resets_in(headers: Mapping[str, str], name: str) -> float | None:
    """Seconds from when an answer was made, by its ``Date``, to the moment that its header of this name tells.

    A moment is a number of seconds since 1970 or an ISO time; None where either cannot be read.
    """
    told = headers.get(name, "").strip()
    try:
        made = parsedate_to_datetime(headers.get("date", ""))
        reset = epoch(told, path=name) if told.isdigit() else instant(told, path=name)
        return max(0.0, (reset - made).total_seconds())
    except (PayloadError, ValueError, TypeError, IndexError):
        return None


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.strip().isdigit() and len(text) <= 12 else None
