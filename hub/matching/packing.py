"""A Person as short text and back, so that a stored record is compared without being made comparable again. Pure."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter, itemgetter
from typing import Any

from hub.matching.features import FIELDS, Birth, Period, Person, Place, Spelling, compact
from hub.matching.kinds import KINDS

_FIELD, _ITEM, _PART = "\x1e", "\x1f", "\x1d"
"""None of them is ever in a value: ``features`` drops what cannot be seen."""

_Values = tuple[Any, ...]
_Write = Callable[[_Values], str]
_Read = Callable[[str], _Values]


def _items(text: str) -> _Values:
    return tuple(text.split(_ITEM))


def _each(write: Callable[[Any], str], read: Callable[[str], Any]) -> tuple[_Write, _Read]:
    """How values are written and read, of which this is one."""
    return (
        lambda values: _ITEM.join([write(value) for value in values]),
        lambda text: tuple([read(item) for item in text.split(_ITEM)]),
    )


def _place_as_text(place: Place) -> str:
    street, words, numbers, postal, city = place
    return _PART.join((street, " ".join(sorted(words)), " ".join(numbers), postal, city))


def _place(text: str) -> Place:
    street, words, numbers, postal, city = text.split(_PART)
    return Place(street, frozenset(words.split()), tuple(numbers.split()), postal, city)


def _spelling_as_text(spelling: Spelling) -> str:
    return f"{' '.join(spelling[0])}{_PART}{' '.join(spelling[1])}"


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


_TEXTS: tuple[_Write, _Read] = (_ITEM.join, _items)
_PLACES: dict[str, int] = {
    "names": 1, "places": 4, "births": 5, "companies": 9, "suffixes": 11, "weak": 12, "roles": 13, "periods": 15,
    **{kind.field_name: kind.place for kind in KINDS},
}  # fmt: skip
"""The place of each field in the text; the format stands at place 0."""

_MADE_OF: dict[str, tuple[_Write, _Read]] = {
    "names": _each(_spelling_as_text, _spelling),
    "places": _each(_place_as_text, _place),
    "births": _each(compact, _birth),
    "periods": _each(_period_as_text, _period),
}
_IN_TEXT = sorted(_PLACES, key=_PLACES.__getitem__)
_values_in_text: Callable[[Person], tuple[_Values, ...]] = attrgetter(*_IN_TEXT)
_as_fields: Callable[[list[_Values]], tuple[_Values, ...]] = itemgetter(*map(_IN_TEXT.index, FIELDS))
_WRITERS: tuple[_Write, ...] = tuple(_MADE_OF.get(name, _TEXTS)[0] for name in _IN_TEXT)
_READERS: tuple[_Read, ...] = tuple(_MADE_OF.get(name, _TEXTS)[1] for name in _IN_TEXT)
_NOTHING = [""] * (len(_IN_TEXT) + 1)

_FIRST_FIELDS = 15
"""Fields that format 3 had at first; kinds of identifier that came later are named in ``FORMAT``."""

FORMAT = "+".join(["3", *(kind.name for kind in KINDS if kind.place > _FIRST_FIELDS)])
"""Changes with what a Person is made of, and with the keys people stand under (``blocking.keys``, ``alike``): text of
another format is of no use, and who was packed so is put under all keys anew."""


def packed(person: Person) -> str:
    """The person as text, without what is not told."""
    told = [write(values) if values else "" for write, values in zip(_WRITERS, _values_in_text(person), strict=False)]
    return _FIELD.join((FORMAT, *told)).rstrip(_FIELD)


def unpacked(text: str) -> Person:
    """The person that was packed. Raises ValueError for text of another format: make the person anew."""
    told = text.split(_FIELD)
    if told[0] != FORMAT:
        raise ValueError("packed in another format")
    told += _NOTHING[len(told) :]
    del told[0]
    return Person(*_as_fields([read(part) if part else () for read, part in zip(_READERS, told, strict=False)]))
