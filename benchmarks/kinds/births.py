"""Names and dates of birth and little else: usual ones, ones that no calendar has, and columns with the month first."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.kinds.drawing import COMMON_LAST, Draw, endless
from benchmarks.kinds.homes import Told
from benchmarks.people import LAST, Row

_IMPOSSIBLE = ("02-30", "02-31", "04-31", "06-31", "09-31", "11-31", "13-12", "15-20")
_FILLERS = ("0000-00-00", "9999-12-31", "1900-01-01", "1900-02-29")


def names_and_births(draw: Draw, count: int) -> Told:
    """First name, last name, date of birth. One date in ten is missing, one in fourteen a little wrong.

    Nothing else tells two of one name apart; two people in five have one of the sixty commonest last names.
    """
    for name, first, last, born in _people(draw, count):
        row = _named(draw, first, last)
        if draw.chance(0.9):
            row["birth_date"] = draw.misdated(born, 0.07)
        yield name, row


def odd_births(draw: Draw, count: int) -> Told:
    """A register of parishes and old people with its clerks' dates: year first, the place beside them in one of two.

    Three in ten are born before 1900. One in eight has a day that no calendar has (30 February), the same in every
    record; one date in thirty is what a program put there for none, or a year alone.
    """
    known: dict[str, str] = {}
    home: dict[str, tuple[str, str]] = {}
    for name, first, last, told in _people(draw, count):
        if name not in known:
            born = draw.born(1840, 1899) if draw.chance(0.3) else told
            known[name] = f"{born[:4]}-{draw.choice(_IMPOSSIBLE)}" if draw.chance(0.125) else born
            home[name] = draw.place()
        born = known[name]
        row = _named(draw, first, last)
        how = draw.random()
        if how < 0.02:
            row["birth_date"] = draw.choice(_FILLERS)
        elif how < 0.035:
            row["birth_date"] = f"{born[:4]}-00-00"
        elif how < 0.92:
            row["birth_date"] = draw.misdated(born, 0.03)
        if draw.chance(0.5):
            row["city"] = draw.typed(home[name][1], 0.03)
        yield name, row


def month_first(draw: Draw, count: int) -> Told:
    """A file from the United States: every date is month/day/year, and the postal code is told in two of three."""
    home: dict[str, tuple[str, str]] = {}
    for name, first, last, born in _people(draw, count):
        row = _named(draw, first, last)
        if draw.chance(0.93):
            year, month, day = draw.misdated(born, 0.03).split("-")
            row["birth_date"] = f"{month}/{day}/{year}"
        postal, city = home.setdefault(name, draw.place())
        if draw.chance(0.67):
            row["postal_code"], row["city"] = draw.typed(postal, 0.02), draw.typed(city, 0.03)
        yield name, row


@endless
def _people(draw: Draw) -> Iterator[tuple[str, str, str, str]]:
    number = 0
    while True:
        first, last = draw.first(), (COMMON_LAST if draw.chance(0.4) else LAST).draw(draw)
        born = draw.born()
        for _ in range(draw.count((0.5, 0.28, 0.14, 0.08))):
            yield f"p{number}", first, last, born
        number += 1


def _named(draw: Draw, first: str, last: str) -> Row:
    """A name as such registers have it: mistyped, an initial, swapped, or after a marriage."""
    first, last = draw.spelled(first, 0.15), draw.spelled(last, 0.1)
    how = draw.random()
    if how < 0.02:
        first = f"{first[0]}."
    elif how < 0.035:
        first, last = last, first
    elif how < 0.055:
        last = draw.last()
    return {"source": "register", "first_name": first, "last_name": last}
