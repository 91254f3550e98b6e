"""Under which keys a record is found by those who might be the same person. Pure.

A key is (kind, value) like an identifier, so that it can be stored and locked like one. A bucket with more than
``cap`` records says nothing any more and proposes nobody; a person is in many buckets, coarse and fine, so that the
fine ones take over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import combinations
from struct import Struct
from typing import TypeVar
from uuid import UUID

from hub.identity.comparison import root
from hub.identity.features import Person, compact
from hub.identity.names import phonetic
from hub.identity.scoring import crowd_key

Key = tuple[str, str]
Id = TypeVar("Id", int, str, UUID)

CAP = 200
"""Most records of any bucket that are compared with one another: the more, the slower, and the less it would say."""

_CAPS = {
    **dict.fromkeys(("birth", "name", "name_year", "name_postal", "name_city", "door", "local"), 60),
    "link": 1_000_000_000,
}
_number = Struct("<q").unpack


def cap(kind: str) -> int:
    """Carriers above which a bucket of this kind is dead."""
    return _CAPS.get(kind, CAP)


def hashed(key: Key) -> int:
    """The key as a signed 64-bit number, the same in every process."""
    number: int = _number(blake2b(f"{key[0]}\0{key[1]}".encode(), digest_size=8).digest())[0]
    return number


def keys(person: Person) -> set[Key]:
    """All keys of a record."""
    found = set(identifiers(person))
    births = [compact(birth) for birth in person.births]
    found.update(("birth", birth) for birth in births)
    for spelling in person.names:
        if spelling.first and spelling.last and len(spelling.first[0]) > 1:
            found.add(("name", "|".join(sorted((phonetic(spelling.first[0]), phonetic(spelling.last[-1]))))))
        for word in {phonetic(token) for token in (*spelling.first, *spelling.last) if len(token) > 1}:
            found.update(("name_year", f"{word}|{birth[:4]}") for birth in births)
            found.update(("name_postal", f"{word}|{place.postal}") for place in person.places if place.postal)
            found.update(("name_city", f"{word}|{place.city}") for place in person.places if place.city)
    for place in person.places:
        if place.street and place.numbers:
            found.add(("door", f"{place.numbers[0]}|{place.street[:4]}"))
    return found


def identifiers(person: Person) -> Iterator[Key]:
    """The keys that an identifier gives, and the names of mailboxes."""
    for email in person.emails:
        yield "email", crowd_key(email)
        name = root(email)
        if len(name) >= 4:
            yield "local", name
    for email in (*person.weak, *person.roles):
        yield "email", crowd_key(email)
    for phone in person.phones:
        yield "phone", crowd_key(phone)
    for account in person.accounts:
        yield "account", account
    for digest in person.links:
        yield "link", digest
    # With the kind in front, so that a value is no other kind's: crowds are counted by value.
    for kind, values in (
        ("national_id", person.national_ids), ("handle", person.handles), ("loyalty", person.loyalty_ids),
    ):  # fmt: skip
        for value in values:
            yield kind, f"{kind}:{value}"


def buckets(people: Mapping[Id, Person]) -> dict[Key, list[Id]]:
    """Who stands under each key, in order of id."""
    found: defaultdict[Key, list[Id]] = defaultdict(list)
    for one in sorted(people):
        for key in keys(people[one]):
            found[key].append(one)
    return dict(found)


def candidates(found: Mapping[Key, Iterable[Id]], most: int = CAP) -> set[tuple[Id, Id]]:
    """The pairs worth comparing, the smaller id first; no bucket of more than ``most`` records proposes any."""
    pairs: set[tuple[Id, Id]] = set()
    for (kind, _), members in found.items():
        members = sorted(members)
        if 1 < len(members) <= (cap(kind) if kind == "link" else min(cap(kind), most)):
            pairs.update(combinations(members, 2))
    return pairs
