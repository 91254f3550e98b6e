"""How far two values of one feature agree, as the name of a level. Pure, symmetric, and without weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from hub.matching.contacts import last_digits, mailbox, root
from hub.matching.features import Birth, Features, Place, compact
from hub.matching.names import Tokens

Item = TypeVar("Item", str, Place, Birth)

EMAIL = ("exact", "near", "near_name", "local_number", "local", "different")
PHONE = ("exact", "near", "different")
PLACE = (
    "door", "street", "postal_city", "postal", "postal_near", "city", "neighbours", "moved_street", "moved_postal",
    "moved_city", "city_different", "different", "",
)  # fmt: skip
BIRTH = ("exact", "swapped", "digit", "day_month", "two_parts", "near", "january", "filler", "different")
NATIONAL_ID = ("exact", "near", "short", "different")
COMPANY = ("exact", "near", "different")
"""The levels, the closest first; of many values the closest pair counts."""

BORN_ALIKE = frozenset({"exact", "swapped", "digit"})
"""Levels of two dates of birth that one person's have, and those of a lender and a borrower seldom."""

PROVIDERS = frozenset(
    {
        "aol.com", "bluewin.ch", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.de", "gmx.net",
        "hotmail.com", "hotmail.de", "icloud.com", "live.com", "live.de", "mail.com", "mail.de", "mail.ru", "me.com",
        "msn.com", "o2.pl", "orange.fr", "outlook.com", "outlook.de", "posteo.de", "proton.me", "protonmail.com",
        "t-online.de", "wanadoo.fr", "web.de", "wp.pl", "yahoo.com", "yahoo.de",
    }
)  # fmt: skip
"""Two of these are two mailboxes, however few letters apart."""

_BRANDS = frozenset(
    {"aol", "free", "freenet", "gmail", "gmx", "googlemail", "hotmail", "icloud", "laposte", "libero", "live", "mail"}
    | {"orange", "outlook", "posteo", "proton", "protonmail", "seznam", "wanadoo", "web", "wp", "yahoo", "yandex"}
)
"""Providers that have a domain in many countries."""

_INITIALS = 4
"""Letters below which a mailbox is initials, and two letters apart are two people."""


_NEIGHBOURS = 20
"""Houses that far apart by their numbers are near enough for one number to stand for the other."""

_MOST_VALUES = 32
_MOST_PAIRS = _MOST_VALUES * _MOST_VALUES

_NO_DIGITS = str.maketrans("", "", "0123456789")


def email_level(one: Features, other: Features) -> tuple[str, str, str]:
    """The closest level, and the two addresses that have it."""
    return _closest(_email, EMAIL, one.emails, other.emails)


def _closest(
    rank: Callable[[Item, Item], int], levels: tuple[str, ...], one: tuple[Item, ...], other: tuple[Item, ...]
) -> tuple[str, Item, Item]:
    """The closest level of all pairs of values, and the pair that has it.

    Of records with values without end (a file that gives all its rows one id) only the first, and those that are
    equal, are compared.
    """
    if len(one) == 1 == len(other):
        return levels[rank(one[0], other[0])], one[0], other[0]
    if len(one) * len(other) > _MOST_PAIRS:
        others = set(other)
        same = tuple([value for value in one if value in others][:_MOST_VALUES])
        one, other = same + one[:_MOST_VALUES], same + other[:_MOST_VALUES]
    a, b = one[0], other[0]
    best = rank(a, b)
    if best:
        for first in one:
            for second in other:
                found = rank(first, second)
                # of several pairs that are as close the same one is told from either side
                if found < best or (
                    found == best and levels[best] not in _APART and _in_order(first, second) < _in_order(a, b)
                ):
                    best, a, b = found, first, second
    return levels[best], a, b


_PLACES = {level: rank for rank, level in enumerate(PLACE)}
_APART = frozenset({"different", "city_different", ""})
"""Levels at which it does not matter which two values have it."""


def _in_order(one: str | Place | Birth, other: str | Place | Birth) -> list[str]:
    """Two values as text, the same from either side."""
    told = (value._replace(words=frozenset()) if isinstance(value, Place) else value for value in (one, other))
    return sorted(map(str, told))


@lru_cache(maxsize=65_536)
def _email(one: str, other: str) -> int:
    if one == other:
        return 0
    domain, other_domain = one.rpartition("@")[2], other.rpartition("@")[2]
    name, other_name = root(one), root(other)
    if name == other_name and name and domain == other_domain and ("gmail" in domain or mailbox(one) == mailbox(other)):
        return 0
    apart = domain != other_domain and _provider(domain) and _provider(other_domain)
    numbered = not (name + other_name).isalpha()
    if name == other_name and len(name) >= 3:
        cutoff = 2 if min(len(domain), len(other_domain)) < 10 else 4
        if not apart and OSA.distance(domain, other_domain, score_cutoff=cutoff) <= cutoff:
            return 1 if numbered or domain != other_domain else 2
        return 3 if numbered else 4
    if apart or not _mistyped(one, other) or _renumbered(name, other_name):
        return 5
    return 1 if numbered else 2


@lru_cache(maxsize=16_384)
def _provider(domain: str) -> bool:
    """``hotmail.it`` is as much a provider's as ``hotmail.de``; ``hotmial.de`` is not."""
    return domain in PROVIDERS or domain.partition(".")[0] in _BRANDS


def _mistyped(one: str, other: str) -> bool:
    distance, shorter = OSA.distance(one, other, score_cutoff=4), min(len(one), len(other))
    if distance > 4:
        return False
    if distance > 1 and min(len(root(one)), len(root(other))) < _INITIALS and root(one) != root(other):
        return False
    if distance <= 1 or (distance == 2 and shorter >= 12):
        return True
    if shorter < 18:
        return False
    return OSA.distance(root(one), root(other)) <= 1 or (shorter >= 20 and "@" not in (one if "@" in other else other))


def _renumbered(one: str, other: str) -> bool:
    """``anna81`` and ``anna82`` are two people, and so are ``anna8`` and ``anna81``."""
    letters, other_letters = one.translate(_NO_DIGITS), other.translate(_NO_DIGITS)
    return letters == other_letters and letters != one and other_letters != other


def phone_level(one: Features, other: Features) -> tuple[str, str, str]:
    """The closest level, and the two numbers that have it."""
    return _closest(_phone, PHONE, one.phones, other.phones)


@lru_cache(maxsize=65_536)
def _phone(one: str, other: str) -> int:
    if last_digits(one) == last_digits(other):
        return 0
    return 1 if one[-7:] == other[-7:] or OSA.distance(one[-10:], other[-10:], score_cutoff=1) <= 1 else 2


def place_level(one: Features, other: Features) -> tuple[str, Place, Place]:
    """The closest level of all that is told of where they live, and the two places that have it."""
    return _closest(_place, PLACE, one.places, other.places)


@lru_cache(maxsize=65_536)
def _place(one: Place, other: Place) -> int:
    return _PLACES[_place_level(one, other)]


def _place_level(one: Place, other: Place) -> str:
    postal = _alike(one.postal, other.postal)
    city = _alike(one.city, other.city)
    # A street is in a place: there is a Lindenweg 63 in Berlin and in Stuttgart, and in Berlin more than one.
    elsewhere = max(postal, city) < 2 and 0 in (postal, city)
    doors = bool(one.street and other.street)
    if doors and not elsewhere and _same_street(one, other):
        numbered = one.numbers and other.numbers
        if not set(one.numbers).isdisjoint(other.numbers):
            return "moved_street" if postal == 0 else "door"
        if not numbered:
            return "moved_street" if postal == 0 else "street"
        if max(postal, city) >= 2 and _near_doors(one.numbers, other.numbers):
            return "moved_street" if postal == 0 else "neighbours"
    if one.postal and other.postal:
        if postal == 3:
            return "moved_postal" if doors else "postal_city" if city >= 2 else "postal"
        if city >= 2:
            return "moved_city" if doors or postal < 2 else "postal_near"
        return "different"
    if one.city and other.city:
        return "city_different" if city < 2 else "moved_city" if doors else "city"
    return "different" if doors else ""


def _near_doors(some: Tokens, others: Tokens) -> bool:
    """Whether two of the numbers are those of neighbours, or a typing error apart."""
    return any(
        abs(int(one) - int(other)) <= _NEIGHBOURS or OSA.distance(one, other, score_cutoff=1) <= 1
        for one in some
        for other in others
    )


def _same_street(one: Place, other: Place) -> bool:
    if fuzz.ratio(one.street, other.street) >= 85:
        return True
    within = one.words <= other.words or other.words <= one.words
    if within and min(len(one.words), len(other.words)) >= 2:
        return True
    return min(len(one.street), len(other.street)) >= 8 and fuzz.partial_ratio(one.street, other.street) >= 90


@lru_cache(maxsize=131_072)
def _alike(one: str, other: str) -> int:
    """3 equal, 2 a typing error apart, 1 one is not told, 0 different."""
    if not one or not other:
        return 1
    if one == other:
        return 3
    distance, shorter = OSA.distance(one, other, score_cutoff=2), min(len(one), len(other))
    return 2 if (distance == 1 and shorter >= 3) or (distance == 2 and shorter >= 6) else 0


def birth_level(one: Features, other: Features) -> str:
    """The closest level of two dates of birth."""
    return _closest(birth_rank, BIRTH, one.births, other.births)[0]


def born_alike(one: Features, other: Features) -> bool:
    """Whether both tell a date of birth, and one person's."""
    return bool(one.births and other.births) and birth_level(one, other) in BORN_ALIKE


@lru_cache(maxsize=65_536)
def birth_rank(one: Birth, other: Birth) -> int:
    """The place in ``BIRTH`` of the level of two dates."""
    if one == other:
        return 6 if one[1:] == (1, 1) else 0  # the first of January is what forms fill in
    if one[0] == other[0] and one[1:] == (other[2], other[1]):
        return 1
    if OSA.distance(compact(one), compact(other), score_cutoff=1) <= 1:
        return 7 if one[1:] == (1, 1) == other[1:] else 2
    if (1, 1) in (one[1:], other[1:]):
        return 7
    equal = sum(a == b for a, b in zip(one, other, strict=True))
    if equal == 2:
        return 3 if one[0] != other[0] else 4
    years, months = abs(one[0] - other[0]), abs(one[1] - other[1])
    days = abs((one[0] - other[0]) * 372 + (one[1] - other[1]) * 31 + one[2] - other[2])
    return 5 if days <= 70 or (equal == 1 and years in (0, 1, 10) and months <= 1) else 8


def national_id_level(one: Features, other: Features) -> str:
    """The closest level; an equal id of up to five characters is ``short``: it may be any number."""
    return _closest(_national_id, NATIONAL_ID, one.national_ids, other.national_ids)[0]


def company_level(one: Features, other: Features) -> str:
    """The closest level of the names of two firms; ``near`` is a typing error or a name cut short."""
    return _closest(_company, COMPANY, one.companies, other.companies)[0]


@lru_cache(maxsize=16_384)
def _company(one: str, other: str) -> int:
    if one == other:
        return 0
    words, others = set(one.split()), set(other.split())
    return 1 if words <= others or others <= words or fuzz.ratio(one, other) >= 88 else 2


@lru_cache(maxsize=65_536)
def _national_id(one: str, other: str) -> int:
    if one == other:
        return 0 if len(one) > 5 else 2
    allowed = 2 if len(one) > 6 else 1
    return 1 if len(one) > 5 and OSA.distance(one, other, score_cutoff=allowed) <= allowed else 3
