"""Under which keys a record is found by those who might be the same person. Pure.

A key is (kind, value) like an identifier, so that it can be stored and locked like one. A bucket with more than
``cap`` records says nothing any more and proposes nobody; a person is in many buckets, coarse and fine, so that the
fine ones take over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import combinations
from struct import Struct
from typing import TypeVar
from uuid import UUID

from hub.matching import alike
from hub.matching.comparison import PROVIDERS
from hub.matching.contacts import crowd_key, is_phone
from hub.matching.features import Features, Place
from hub.matching.kinds import KINDS, NAMES, values_of
from hub.matching.names import phonetic

Key = tuple[str, str]
Id = TypeVar("Id", int, str, UUID)

CAP = 200
"""Most records of any bucket that are compared with one another: the more, the slower, and the less it would say."""

_CAPS = {
    "local": 12, "domain": 8, "birth": 8, "word_birth": 12, "word_year": 8, "name": 10, "word_postal": 8,
    "word_city": 6, "door": 6, "street": 12, **{kind.name: 1_000_000_000 for kind in KINDS if not kind.counted},
}  # fmt: skip
"""The coarser, the lower. A birth date proposes among ten thousand people and is dead among a million, where a name
with it proposes as many as there ever were: what a record costs hardly depends on how many are stored."""

UNPROPOSING = frozenset(kind.name for kind in KINDS if not kind.counted)
"""Kinds of key that propose no pairs to be compared: who stands under one is one person already, by a source's word."""

_KEYS = tuple(kind.key for kind in KINDS)
_values = values_of(KINDS)
_number = Struct("<q").unpack


def cap(kind: str) -> int:
    """Carriers above which a bucket of this kind is dead."""
    return _CAPS.get(kind, CAP)


def hashed(key: Key) -> int:
    """The key as a signed 64-bit number, the same in every process."""
    number: int = _number(blake2b(f"{key[0]}\0{key[1]}".encode(), digest_size=8).digest())[0]
    return number


def keys(person: Features) -> set[Key]:
    """All keys of a record. ``word`` is the sound of any name, so that swapped names and a lost one are found."""
    found = set(identifiers(person))
    for email in person.emails:
        name, _, domain = crowd_key(email).rpartition("@")
        if len(name) >= 4:
            found.add(("local", name))
        if domain not in PROVIDERS:
            found.add(("domain", domain))
    words = set()
    for first, last in person.names:
        spoken = [phonetic(word) for word in first if len(word) > 1]
        words.update(spoken)
        if last:
            family = [phonetic(word) for word in last if len(word) > 1]
            words.update(family)
            if spoken and family and len(first[0]) > 1:
                found.add(("name", "|".join(sorted((spoken[0], family[-1])))))
    for year, month, day in person.births:
        born = f"{year:04}{month:02}{day:02}"
        found.add(("birth", born))
        for word in words:
            found.add(("word_birth", f"{word}|{born}"))
            found.add(("word_year", f"{word}|{year}"))
    for place in person.places:
        found.update(_local(place, words))
    return found


def _local(place: Place, words: set[str]) -> Iterator[Key]:
    postal, city = place.postal, place.city
    if postal:
        for word in words:
            yield "word_postal", f"{word}|{postal}"
    if city:
        for word in words:
            yield "word_city", f"{word}|{city}"
    if place.street and place.numbers:
        door = f"{place.numbers[0]}|{place.street[:4]}"
        yield "door", door
        if postal:
            yield "street", f"{door}|{postal}"


def identifiers(person: Features) -> Iterator[Key]:
    """The keys that an identifier gives: how many carry one is counted."""
    for name, key, values in zip(NAMES, _KEYS, _values(person), strict=True):
        if values:
            for value in values:
                yield name, key(value)
    for email in person.roles:
        yield "email", crowd_key(email)
    for contact in person.weak:
        yield "phone" if is_phone(contact) else "email", crowd_key(contact)


def buckets(people: Mapping[Id, Features]) -> dict[Key, list[Id]]:
    """Who stands under each key, in order of id; of many who are told alike, the first."""
    found: defaultdict[Key, list[Id]] = defaultdict(list)
    told: Counter[Key] = Counter()
    for one in sorted(people):
        if (same := alike.alike(people[one])) is not None:
            told[same] += 1
            if told[same] > alike.MOST:
                continue
        for key in keys(people[one]):
            found[key].append(one)
    return dict(found)


def candidates(found: Mapping[Key, Iterable[Id]], most: int = CAP) -> set[tuple[Id, Id]]:
    """The pairs worth comparing, the smaller id first; no bucket of more than ``most`` records proposes any."""
    pairs: set[tuple[Id, Id]] = set()
    for (kind, _), members in found.items():
        members = sorted(members)
        if 1 < len(members) <= (min(cap(kind), most) if kind not in UNPROPOSING else cap(kind)):
            pairs.update(combinations(members, 2))
    return pairs
