"""By which channel somebody answers, at what hour, in which language: counted from what they did. Pure.

The preferred channel is the one with the highest rate of reactions to contacts among those the person opted in to,
drawn to what is usual by twenty contacts (Beta-binomial). The best hour is the one with most reactions, weekdays and
weekends alike, in the local time of the person's country, drawn to what is usual by twenty reactions (Dirichlet).
Nothing is said below five reactions: chance would decide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global
from babel.languages import get_official_languages

from hub.insight.acts import STEPS, Act

FEWEST = 5
"""Reactions without which nothing is said."""

PRIOR = 20
"""Contacts, or reactions, that what is usual weighs."""

USUAL_RATE = 0.1
USUAL_HOURS = (
    1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 7, 7, 6, 6, 6, 6, 7, 8, 9, 9, 8, 5, 3,
)  # fmt: skip
"""How reactions are spread over the hours of a day usually; only their proportions matter."""

_ZONES = {
    "US": "America/New_York", "CA": "America/Toronto", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "MX": "America/Mexico_City", "RU": "Europe/Moscow", "ES": "Europe/Madrid", "PT": "Europe/Lisbon",
    "DE": "Europe/Berlin", "NZ": "Pacific/Auckland", "CL": "America/Santiago", "ID": "Asia/Jakarta",
    "CN": "Asia/Shanghai", "AR": "America/Buenos_Aires", "UA": "Europe/Kiev", "CY": "Asia/Nicosia",
}  # fmt: skip
"""Of countries with several time zones the one where most people live."""

_WORDS = {
    "de": "der die das und ist nicht ich sie wir mit für auf ein eine haben habe bitte wann noch kann mein meine danke "
    "aber war wie was schon auch von zu bei nach dem den ihr ihre leider sehr gut nie wieder",
    "en": "the and is not you we with for this that have has please when still can my thanks but was how what already "
    "also of to at after it your very good never again are do did i",
}
_LANGUAGES = {
    word: {one for one in _WORDS if word in _WORDS[one].split()} for each in _WORDS.values() for word in each.split()
}
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the person besides: ``opted_in`` are channels, ``language`` and ``country`` as sources say."""

    opted_in: frozenset[str] = frozenset()
    country: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Each with the fact that decided, in words; None where nothing can be said."""

    channel: str | None = None
    channel_why: str = ""
    hour: int | None = None
    hour_why: str = ""
    language: str | None = None
    language_why: str = ""


def contact(acts: Sequence[Act], known: Known) -> Contact:
    """How to reach a person; ``acts`` as ``hub.insight.behaviour.newest`` gives them."""
    channel, channel_why = _channel(acts, known.opted_in)
    hour, hour_why = _hour(acts, known.country)
    language, language_why = _language(acts, known)
    return Contact(channel, channel_why, hour, hour_why, language, language_why)


def _channel(acts: Iterable[Act], opted_in: frozenset[str]) -> tuple[str | None, str]:
    contacts, reactions = Counter[str](), Counter[str]()
    for one in acts:
        if one.channel:
            (contacts if one.contacted else reactions)[one.channel] += 1
    if sum(reactions.values()) < FEWEST:
        return None, ""
    rates = {
        channel: (reactions[channel] + PRIOR * USUAL_RATE) / (max(contacts[channel], reactions[channel]) + PRIOR)
        for channel in reactions
        if channel in opted_in
    }
    if not rates:
        return None, ""
    best = min(rates, key=lambda channel: (-rates[channel], channel))
    return best, f"{reactions[best]} reactions to {contacts[best]} contacts by {best}"


def _hour(acts: Iterable[Act], country: str | None) -> tuple[int | None, str]:
    zone = zone_of(country)
    if zone is None:
        return None, ""
    # A till's own hours, and what a program does, say nothing of when somebody reads.
    at = [one.at for one in acts if not one.contacted and one.what in STEPS and one.what not in ("tracked", "loyalty")]
    if len(at) < FEWEST:
        return None, ""
    found = Counter(datetime.fromtimestamp(each, UTC).astimezone(zone).hour for each in at)
    usual = sum(USUAL_HOURS)
    weights = {hour: found[hour] + PRIOR * USUAL_HOURS[hour] / usual for hour in range(24)}
    best = min(weights, key=lambda hour: (-weights[hour], hour))
    return best, f"{found[best]} of {len(at)} reactions came between {best} and {best + 1} o'clock ({zone.key})"


def _language(acts: Iterable[Act], known: Known) -> tuple[str | None, str]:
    if known.language:
        return known.language.replace("_", "-").split("-")[0].lower(), "a source says so"
    written = Counter(found for one in acts if one.text and not one.contacted if (found := language_of(one.text)))
    if written:
        best = min(written, key=lambda language: (-written[language], language))
        return best, f"{written[best]} messages are written in it"
    spoken = get_official_languages(known.country) if known.country else ()
    if len(spoken) == 1:
        return spoken[0].split("_")[0], f"it is the one of {known.country}"
    return None, ""


def language_of(text: str) -> str | None:
    """German or English by its commonest words, None where neither has more of them."""
    found = Counter(language for word in _WORD.findall(text.lower()) for language in _LANGUAGES.get(word, ()))
    if any(letter in text for letter in "äöüßÄÖÜ"):
        found["de"] += 1
    if found["de"] == found["en"]:
        return None
    return "de" if found["de"] > found["en"] else "en"


@lru_cache(maxsize=300)
def zone_of(country: str | None) -> ZoneInfo | None:
    """The time zone of a country: of several the one of most people. None for no country, or an unknown one."""
    zones: Mapping[str, Sequence[str]] = get_global("territory_zones")
    if not country:
        return None
    name = _ZONES.get(country) or next(iter(zones.get(country, ())), None)
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
