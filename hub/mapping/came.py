"""How somebody came to a page: what advertising links and newsletters put into its address. Pure.

Only the names of campaigns are kept, and which network's click id was there, never the id itself or the rest of the
address, where tokens and addresses of people stand. UTM parameters: https://support.google.com/analytics/answer/10917952
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

CLICK_IDS = ("gclid", "gbraid", "wbraid", "msclkid", "ttclid", "li_fat_id", "twclid", "epik", "fbclid")
"""Parameters that advertising networks put on links."""

UTM = ("utm_source", "utm_medium", "utm_campaign")
_LONGEST = 100


def came_by(url: str | None) -> dict[str, str]:
    """``utm_source``, ``utm_medium``, ``utm_campaign`` and ``click_id`` (a network's parameter) of an address."""
    return dict(_told(url)) if url and "?" in url else {}


@lru_cache(maxsize=1_024)
def _told(url: str) -> Mapping[str, str]:
    # a campaign leads many people to one address
    try:
        told = {name.lower(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    except ValueError:
        return {}
    found = named(told)
    clicked = next((name for name in CLICK_IDS if told.get(name)), None)
    return {**found, "click_id": clicked} if clicked else found


def named(told: Mapping[str, str | None]) -> dict[str, str]:
    """The UTM names among these, without what looks like somebody's address."""
    kept = ((name, " ".join(str(told.get(name) or "").split())[:_LONGEST]) for name in UTM)
    return {name: value for name, value in kept if value and "@" not in value}
