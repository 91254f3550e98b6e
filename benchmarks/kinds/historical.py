"""Historical persons: many records of one, with variants, aliases, birth date, place and occupation; no identifier."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.kinds.drawing import Draw, endless
from benchmarks.kinds.homes import Told
from benchmarks.people import Row, Zipf
from benchmarks.people_words import OCCUPATIONS

_MEN = [
    "Johann Johannes Hans Joh. John Jean", "Wilhelm William Guillaume Wilh.", "Friedrich Fritz Frederic Friedr.",
    "Heinrich Heinz Henry Henri Heinr.", "Karl Carl Charles Carolus", "Georg George Jörg Georges Jürgen",
    "Josef Joseph Giuseppe Jos.", "Franz Francis François Franciscus", "Ludwig Louis Lewis Ludovicus Ludw.",
    "Peter Pierre Petrus", "Jakob Jacob James Jacobus", "Philipp Philip Philippe", "Anton Anthony Antonius Antoine",
    "Michael Michel", "Christian Christianus Chr.", "Andreas Andrew André", "Matthias Mathias Matthew Matthäus",
    "Nikolaus Nicolaus Klaus Nicholas", "Paul Paulus", "Martin Martinus", "Adam", "Thomas", "Stephan Stefan Stephen",
    "Otto", "Ernst Ernest", "Theodor Theodore Theod.", "Eduard Edward Édouard Ed.", "August Augustus Auguste Aug.",
    "Albert Albrecht Albertus", "Robert", "Hermann Herman", "Gustav Gustave", "Leopold", "Moritz Maurice Moriz",
    "Ferdinand Ferd.", "Konrad Conrad Kurt", "Gottfried Godfrey", "Sebastian Bastian", "Lorenz Laurentius Lawrence",
    "Benedikt Benedict",
]  # fmt: skip
_WOMEN = [
    "Anna Anne Ann Annie", "Maria Marie Mary", "Elisabeth Elizabeth Elise Lisbeth Eliza", "Margarethe Margaret Grete",
    "Katharina Catharina Catherine Käthe", "Johanna Joanna Jeanne Hanna", "Barbara Babette", "Charlotte Lotte",
    "Sophie Sofia Sophia", "Luise Louise Louisa", "Karoline Caroline Lina", "Wilhelmine Minna Wilhelmina",
    "Friederike Frederica Rike", "Therese Theresa Theresia Resi", "Magdalena Madeleine Lena", "Henriette Henrietta",
    "Christine Christina Christiane", "Dorothea Dorothee Dora", "Amalie Amalia Amelia", "Josephine Josefa Josepha",
    "Emilie Emily Emilia", "Rosina Rosa Rose", "Ursula", "Clara Klara", "Eva Eve", "Helene Helena Helen",
]  # fmt: skip
_GIVEN = {True: Zipf(_WOMEN, 3, 0.9), False: Zipf(_MEN, 3, 0.9)}
TRADES = Zipf(OCCUPATIONS, 4, 0.7)


@dataclass(frozen=True, slots=True)
class _Figure:
    name: str
    given: tuple[str, ...]
    middle: tuple[str, ...]
    last: str
    alias: str
    born: str
    place: tuple[str, str]
    trade: str


@endless
def historical(draw: Draw) -> Told:
    """About five records a person from encyclopaedias, catalogues and registers of the years 1750 to 1900.

    Half of the first names are in another form (Johann, Hans, Joh.), a tenth of the last names in another spelling, a
    fifth of the people have an alias under which one record in three stands. One date of birth in six is not told, and
    one in five is wrong in something or a year alone; places are told in two of three, spelled as they come. Every
    second person has parents, brothers and sisters in the set: the last name, the place, and often the first name.
    ``occupation`` is a column that Hub does not read.
    """
    number = 0
    while True:
        head = _person(draw, f"p{number}")
        family = [head, *(_relative(draw, head, f"p{number + 1 + place}") for place in range(_relatives(draw)))]
        number += len(family)
        for person in family:
            for _ in range(min(20, 1 + int(draw.expovariate(1 / 4)))):
                yield person.name, _row(draw, person)


def _relatives(draw: Draw) -> int:
    return draw.randint(1, 3) if draw.chance(0.33) else 0


def _person(draw: Draw, name: str) -> _Figure:
    given, middle = _given(draw)
    last = draw.last()
    alias = f"von {draw.last()}" if draw.chance(0.5) else draw.last()
    return _Figure(
        name, given, middle, last, alias if draw.chance(0.2) else "", draw.born(1750, 1900), draw.place(),
        TRADES.draw(draw),
    )  # fmt: skip


def _relative(draw: Draw, head: _Figure, name: str) -> _Figure:
    given, middle = _given(draw)
    if draw.chance(0.25):
        given = head.given
    year = int(head.born[:4]) + draw.choice((-30, -25, -4, -2, 2, 3, 5, 24, 28))
    trade = head.trade if draw.chance(0.4) else TRADES.draw(draw)
    place = head.place if draw.chance(0.8) else draw.place()
    return _Figure(name, given, middle, head.last, "", f"{year}{draw.born()[4:]}", place, trade)


def _given(draw: Draw) -> tuple[tuple[str, ...], tuple[str, ...]]:
    female = draw.chance(0.25)
    given = tuple(_GIVEN[female].draw(draw).split())
    return given, tuple(_GIVEN[female].draw(draw).split()) if draw.chance(0.5) else ()


def _row(draw: Draw, person: _Figure) -> Row:
    given = person.given[0] if draw.chance(0.55) else draw.choice(person.given)
    if draw.chance(0.05):
        given = f"{given[0]}."
    if person.middle and draw.chance(0.5):
        middle = person.middle[0] if draw.chance(0.7) else draw.choice(person.middle)
        given = f"{given} {f'{middle[0]}.' if draw.chance(0.3) else middle}"
        if draw.chance(0.1):
            given = given.split()[1]
    last = person.alias if person.alias and draw.chance(0.33) else person.last
    if draw.chance(0.1):
        last = _respelled(draw, last)
    row: Row = {"source": "catalogue", "first_name": draw.typed(given, 0.04), "last_name": last}
    if draw.chance(0.84):
        row["birth_date"] = _dated(draw, person.born)
    postal, city = person.place
    if draw.chance(0.67):
        row["city"] = draw.typed(city, 0.08)
    if draw.chance(0.4):
        row["postal_code"] = postal if draw.chance(0.85) else draw.place()[0]
    if draw.chance(0.7):
        row["occupation"] = person.trade if draw.chance(0.85) else TRADES.draw(draw)
    return row


def _respelled(draw: Draw, last: str) -> str:
    for old, new in (("th", "t"), ("ei", "ey"), ("k", "c"), ("mann", "man"), ("f", "ff"), ("ü", "ue"), ("sch", "s")):
        if old in last and draw.chance(0.5):
            return last.replace(old, new, 1)
    return draw.typed(last, 1.0)


def _dated(draw: Draw, born: str) -> str:
    how = draw.random()
    if how < 0.07:
        return f"{born[:4]}-01-01"
    if how < 0.1:
        return born[:4]
    return draw.misdated(born, 0.11)
