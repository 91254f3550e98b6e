"""Features as short text and back, so that a stored record is compared without being made comparable again. Pure."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter, itemgetter
from typing import Any

from hub.matching.features import FIELDS, Birth, Features, Period, Place, Spelling, compact
from hub.matching.kinds import KINDS

_FIELD, _ITEM, _PART = "\x1e", "\x1f", "\x1d"
"""Separators. No value holds one: ``features`` drops characters that cannot be seen."""


def _place_as_text(place: Place) -> str:
    street, words, numbers, postal, city = place
    return _PART.join((street, " ".join(sorted(words)), " ".join(numbers), postal, city))


def _place(text: str) -> Place:
    street, words, numbers, postal, city = text.split(_PART)
    return Place(street, frozenset(words.split()), tuple(numbers.split()), postal, city)


def _spelling(text: str) -> Spelling:
    first, _, last = text.partition(_PART)
    return Spelling(tuple(first.split()), tuple(last.split()))


def _period_as_text(period: Period) -> str:
    return _PART.join(map(str, period))


def _period(text: str) -> Period:
    kind, value, since, until = text.split(_PART)
    return Period(kind, value, int(since), int(until))


def _birth(text: str) -> Birth:
    return int(text[:4]), int(text[4:6]), int(text[6:])


_MADE_OF_PARTS = ("names", "places", "births", "periods")
_PLACES: dict[str, int] = {
    "names": 1, "places": 4, "births": 5, "companies": 9, "suffixes": 11, "weak": 12, "roles": 13, "periods": 15,
    **{kind.field_name: kind.place for kind in KINDS},
}  # fmt: skip
"""The place of each field in the text; the format stands at place 0."""

_IN_TEXT = sorted(_PLACES, key=_PLACES.__getitem__)
_MADE = [*_MADE_OF_PARTS, *(name for name in FIELDS if name not in _MADE_OF_PARTS)]
"""Fields in the order in which they are made: fields of plain texts last, because all of these are made in one way."""

_texts_of: Callable[[Features], tuple[tuple[str, ...], ...]] = attrgetter(*_MADE[len(_MADE_OF_PARTS) :])
_to_text: Callable[[list[str]], tuple[str, ...]] = itemgetter(0, *(1 + _MADE.index(name) for name in _IN_TEXT))
_from_text: Callable[[list[str]], tuple[str, ...]] = itemgetter(*(1 + _IN_TEXT.index(name) for name in _MADE))
_to_fields: Callable[[list[Any]], tuple[Any, ...]] = itemgetter(*map(_MADE.index, FIELDS))
_NOTHING = [""] * (len(_IN_TEXT) + 1)

_FIRST_FIELDS = 15
"""Fields of formats 3 to 7; kinds of identifier that came later are named in ``FORMAT``."""

FORMAT = "+".join(["7", *(kind.name for kind in KINDS if kind.place > _FIRST_FIELDS)])
"""Changes with what features are made of, and with the keys a record stands under (``blocking.keys``): text of
another format is not read, and a record that has it is put under all its keys again."""


def packed(person: Features) -> str:
    """The features as text; fields without a value take no room."""
    parts = [
        FORMAT,
        _ITEM.join([f"{' '.join(first)}{_PART}{' '.join(last)}" for first, last in person.names]),
        _ITEM.join([_place_as_text(place) for place in person.places]),
        _ITEM.join([compact(birth) for birth in person.births]),
        _ITEM.join([_period_as_text(period) for period in person.periods]),
        *map(_ITEM.join, _texts_of(person)),
    ]
    return _FIELD.join(_to_text(parts)).rstrip(_FIELD)


def unpacked(text: str) -> Features:
    """The features that were packed. Raises ValueError for text of another format: make them from the state again."""
    parts = text.split(_FIELD)
    if parts[0] != FORMAT:
        raise ValueError("packed in another format")
    names, places, births, periods, *texts = _from_text(parts + _NOTHING[len(parts) :])
    made: list[Any] = [
        tuple([_spelling(item) for item in names.split(_ITEM)]) if names else (),
        tuple([_place(item) for item in places.split(_ITEM)]) if places else (),
        tuple([_birth(item) for item in births.split(_ITEM)]) if births else (),
        tuple([_period(item) for item in periods.split(_ITEM)]) if periods else (),
    ]
    made += [tuple(part.split(_ITEM)) if part else () for part in texts]
    return Features(*_to_fields(made))
