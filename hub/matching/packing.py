"""A Person as short text and back, so that a stored record is compared without being made comparable again. Pure."""

from __future__ import annotations

from hub.matching.features import Birth, Period, Person, Place, Spelling, compact

FORMAT = "3"
"""Changes with what a Person is made of, and with the keys people stand under (``blocking.keys``, ``alike``): text of
another format is of no use, and who was packed so is put under all keys anew."""

_FIELD, _ITEM, _PART = "\x1e", "\x1f", "\x1d"
"""None of them is ever in a value: ``features`` drops what cannot be seen."""


def packed(person: Person) -> str:
    """The person as text, without what is not told."""
    fields = (
        FORMAT,
        _ITEM.join([f"{' '.join(first)}{_PART}{' '.join(last)}" for first, last in person.names]),
        _ITEM.join(person.emails),
        _ITEM.join(person.phones),
        _ITEM.join([_place(place) for place in person.places]),
        _ITEM.join([compact(birth) for birth in person.births]),
        _ITEM.join(person.loyalty_ids),
        _ITEM.join(person.accounts),
        _ITEM.join(person.handles),
        _ITEM.join(person.companies),
        _ITEM.join(person.national_ids),
        _ITEM.join(person.suffixes),
        _ITEM.join(person.weak),
        _ITEM.join(person.roles),
        _ITEM.join(person.links),
        _ITEM.join([_PART.join(map(str, period)) for period in person.periods]),
    )
    return _FIELD.join(fields).rstrip(_FIELD)


def unpacked(text: str) -> Person:
    """The person that was packed. Raises ValueError for text of another format: make the person anew."""
    told = text.split(_FIELD)
    if told[0] != FORMAT:
        raise ValueError("packed in another format")
    told += _NOTHING[len(told) :]
    return Person(
        tuple([_spelling(item) for item in told[1].split(_ITEM)]) if told[1] else (),
        _items(told[11]),
        tuple(told[2].split(_ITEM)) if told[2] else (),
        tuple(told[3].split(_ITEM)) if told[3] else (),
        tuple([_parsed(item) for item in told[4].split(_ITEM)]) if told[4] else (),
        tuple([_birth(item) for item in told[5].split(_ITEM)]) if told[5] else (),
        _items(told[9]),
        _items(told[10]),
        _items(told[8]),
        _items(told[7]),
        _items(told[6]),
        _items(told[12]),
        _items(told[13]),
        _items(told[14]),
        tuple([_period(item) for item in told[15].split(_ITEM)]) if told[15] else (),
    )


_NOTHING = [""] * 16


def _items(text: str) -> tuple[str, ...]:
    return tuple(text.split(_ITEM)) if text else ()


def _place(place: Place) -> str:
    street, words, numbers, postal, city = place
    return _PART.join((street, " ".join(sorted(words)), " ".join(numbers), postal, city))


def _parsed(text: str) -> Place:
    street, words, numbers, postal, city = text.split(_PART)
    return Place(street, frozenset(words.split()), tuple(numbers.split()), postal, city)


def _spelling(text: str) -> Spelling:
    first, _, last = text.partition(_PART)
    return Spelling(tuple(first.split()), tuple(last.split()))


def _period(text: str) -> Period:
    kind, value, since, until = text.split(_PART)
    return Period(kind, value, int(since), int(until))


def _birth(text: str) -> Birth:
    return int(text[:4]), int(text[4:6]), int(text[6:])
