"""Under which keys a record is found by those who might be the same person. Pure.

A key is (kind, value) like an identifier, so that it can be stored and locked like one. A bucket with more than
``cap`` records says nothing any more and proposes nobody; a person is in many buckets, coarse and fine, so that the
fine ones take over. The finest of them never say nothing: a full name at one door is one person, however many records
there are of them. Where such a bucket has more than ``cap`` records, each is compared with its neighbours only, in the
order of ids, so that what a record costs stays the same and a new record never takes apart who is one.

Records that are equal to the letter, however many there are, are few to matching. A till that writes a new customer at
every sale tells one person ten thousand times in the same words. Counted as so many records, that person's own e-mail
would be one that everybody shares, and the person would come apart into ten thousand. So of equal records only the
first ``MOST_EQUAL``, in order of id, stand in buckets, and the others are where these are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import combinations
from struct import Struct
from typing import TypeVar
from uuid import UUID

from hub.matching.comparison import PROVIDERS
from hub.matching.contacts import crowd_key, is_phone
from hub.matching.features import Features, Place, compact
from hub.matching.kinds import KINDS, NAMES, values_of
from hub.matching.names import phonetic
from hub.matching.packing import packed

Key = tuple[str, str]
Id = TypeVar("Id", int, str, UUID)

CAP = 200
"""Most records of any bucket that are compared with one another: the more, the slower, and the less it would say."""

NEIGHBOURS = 8
"""Records on either side, in the order of ids, that one is compared with in a bucket of ``FINEST`` above its cap."""

FINEST = frozenset({"name_birth", "name_postal", "name_door", "street", "word_door"})
"""Kinds of key that one person's records have in common, and hardly anybody else's."""

_CAPS = {
    "local": 12, "domain": 8, "birth": 8, "word_birth": 60, "word_year": 8, "name": 20, "word_postal": 20,
    "word_city": 12, "door": 8, "street": 60, "name_birth": 60, "name_postal": 60, "name_door": 60, "word_door": 60,
    "name_year": 30, "name_day": 30, "birth_postal": 30,
    **{kind.name: 1_000_000_000 for kind in KINDS if not kind.counted},
}  # fmt: skip
"""The coarser, the lower. A birth date proposes among ten thousand people and is dead among a million, where a name
with it proposes as many as there ever were: what a record costs hardly depends on how many are stored."""

UNPROPOSING = frozenset(kind.name for kind in KINDS if not kind.counted)
"""Kinds of key that propose no pairs to be compared: who stands under one is one person already, by a source's word."""

_OWN = tuple(kind for kind in KINDS if kind.own)
_own_values = values_of(_OWN)

MOST_EQUAL = 3
"""Of equal records so many are compared with others, and counted where an identifier is shared.

Fewer than any bucket holds before it is dead: equal rows of a file are no crowd.
"""

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
    own_keys = set(identifiers(person))
    for email in person.emails:
        name, _, domain = crowd_key(email).rpartition("@")
        if len(name) >= 4:
            own_keys.add(("local", name))
        if domain not in PROVIDERS:
            own_keys.add(("domain", domain))
    words, full = set(), set()
    for first, last in person.names:
        spoken = [phonetic(word) for word in first if len(word) > 1]
        words.update(spoken)
        if last:
            family = [phonetic(word) for word in last if len(word) > 1]
            words.update(family)
            if spoken and family and len(first[0]) > 1:
                full.add("|".join(sorted((spoken[0], family[-1]))))
    for name in full:
        own_keys.add(("name", name))
        for date in person.births:
            day = compact(date)
            own_keys.update((("name_birth", f"{name}|{day}"), ("name_year", f"{name}|{day[:4]}")))
            if date[1:] != (1, 1):
                own_keys.add(("name_day", f"{name}|{day[4:]}"))
        for place in person.places:
            if place.postal:
                own_keys.add(("name_postal", f"{name}|{place.postal}"))
            if place.street and place.numbers:
                own_keys.add(("name_door", f"{name}|{_door(place)}"))
    for date in person.births:
        born = compact(date)
        own_keys.add(("birth", born))
        own_keys.update(("birth_postal", f"{born}|{place.postal}") for place in person.places if place.postal)
        for word in words:
            own_keys.add(("word_birth", f"{word}|{born}"))
            own_keys.add(("word_year", f"{word}|{born[:4]}"))
    for place in person.places:
        own_keys.update(_local(place, words))
    return own_keys


def _local(place: Place, words: set[str]) -> Iterator[Key]:
    postal, city = place.postal, place.city
    if postal:
        for word in words:
            yield "word_postal", f"{word}|{postal}"
    if city:
        for word in words:
            yield "word_city", f"{word}|{city}"
    if place.street and place.numbers:
        door, number = _door(place), place.numbers[0]
        yield "door", door
        for word in words:
            yield "word_door", f"{word}|{number}|{postal}" if postal else f"{word}|{door}|{city}"
        if postal:
            yield "street", f"{door}|{postal}"


def _door(place: Place) -> str:
    return f"{place.numbers[0]}|{place.street[:4]}"


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
    """Who stands under each key, in order of id; of many equal ones, the first."""
    by_key: defaultdict[Key, list[Id]] = defaultdict(list)
    equal_before: Counter[Key] = Counter()
    for one in sorted(people):
        if (same := equality_key(people[one])) is not None:
            equal_before[same] += 1
            if equal_before[same] > MOST_EQUAL:
                continue
        for key in keys(people[one]):
            by_key[key].append(one)
    return dict(by_key)


def candidates(by_key: Mapping[Key, Iterable[Id]], most: int = CAP) -> set[tuple[Id, Id]]:
    """The pairs worth comparing, the smaller id first; no bucket of more than ``most`` records proposes all of its."""
    pairs: set[tuple[Id, Id]] = set()
    for (kind, _), members in by_key.items():
        members = sorted(members)
        if 1 < len(members) <= (min(cap(kind), most) if kind not in UNPROPOSING else cap(kind)):
            pairs.update(combinations(members, 2))
        elif kind in FINEST:
            for place, one in enumerate(members):
                pairs.update((one, other) for other in members[place + 1 : place + 1 + NEIGHBOURS])
    return pairs


def equality_key(person: Features, text: str = "") -> Key | None:
    """The key of all records equal to this one; None without both names and an identifier or door of one's own.

    ``text`` is the person packed, where that is known.
    """
    for first, last in person.names:
        if first and last:
            break
    else:
        return None
    return ("alike", text or packed(person)) if any(_own_values(person)) or _lives_somewhere(person) else None


def _lives_somewhere(person: Features) -> bool:
    """A name written out, and a door: two such rows of a file, equal to the letter, are one row told twice."""
    written_out = any(len(first[0]) > 1 for first, _ in person.names if first)
    return written_out and any(place.street and place.numbers and place.postal for place in person.places)


def _own(person: Features) -> Iterator[str]:
    """Identifiers as crowds are counted."""
    for kind, values in zip(_OWN, _own_values(person), strict=True):
        yield from map(kind.key, values)


def equality_proves(person: Features, crowd: Mapping[str, int], shared: int) -> bool:
    """Whether an identifier of theirs is not one of so many that it proves nothing."""
    own = list(_own(person))
    return any(crowd.get(value, 1) < shared for value in own) if own else _lives_somewhere(person)


def equal_groups(people: Mapping[Id, Features], crowd: Mapping[str, int], shared: int) -> list[list[Id]]:
    """Of more than ``MOST_EQUAL`` equal records each: those that are one person because they are equal."""
    if len(people) <= MOST_EQUAL:
        return []
    by_features: defaultdict[Features, list[Id]] = defaultdict(list)
    for one, known in people.items():
        by_features[known].append(one)
    return sorted(
        sorted(members)
        for known, members in by_features.items()
        if len(members) > MOST_EQUAL and equality_key(known) and equality_proves(known, crowd, shared)
    )
