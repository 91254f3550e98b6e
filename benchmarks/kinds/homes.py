"""People known by where they live: one person's many records, couples on one mailbox, namesakes in small towns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.kinds.drawing import COMMON_LAST, Draw, endless
from benchmarks.people import LAST, Row

Told = Iterator[tuple[str, Row]]
"""Person and record, in the order in which the records come."""

MANY = (5, 12, 15, 25, 60)
"""Records of one person."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A person with a home; ``shared`` is the mailbox of the household, ``landline`` its number."""

    name: str
    first: str
    last: str
    born: str
    door: str
    place: tuple[str, str]
    email: str
    mobile: str
    landline: str


def _resident(draw: Draw, name: str, female: bool | None = None) -> Resident:
    first, last, born = draw.first(female), draw.last(), draw.born()
    return Resident(
        name, first, last, born, draw.door(), draw.place(), draw.email(first, last, born), draw.mobile(),
        draw.landline(),
    )  # fmt: skip


def many_records(draw: Draw, count: int) -> Told:
    """A loyal guest buyer at the till: 5, 12, 15, 25 and 60 records of one person in turn, by name and address.

    Of every other person nine records in ten are written as the one before, and one in twelve tells a mailbox or a
    number; of the others each is written anew: with or without a second name, a floor, a house, the city, in short.
    Every fourth lives with somebody of the same last name who has three records, every tenth has a namesake elsewhere
    in the same city. All buy through the same years, so that one person's records come between those of others.
    Nobody's records are cut: the set is a few larger than ``count``.
    """
    visits: list[tuple[float, str, Row]] = []
    number = 0
    while len(visits) < count:
        person = _resident(draw, f"p{number}")
        reached = 0.08 if number % 2 else 0.0
        household = number % 4 == 0
        anew = 0.1 if number % 2 else 0.8
        visits += _visits(draw, person, MANY[number % len(MANY)], reached, anew=anew, initials=not household)
        number += 1
        if household:
            first = draw.first()
            while first[0] == person.first[0]:
                first = draw.first()
            fellow = Resident(
                f"p{number}h", first, person.last, draw.born(), person.door, person.place,
                draw.email(first, person.last), draw.mobile(), person.landline,
            )  # fmt: skip
            visits += _visits(draw, fellow, 3, 0.0, anew=0.3, initials=False)
        if number % 10 == 0:
            namesake = Resident(
                f"p{number}n", person.first, person.last, draw.born(), draw.door(), person.place, draw.nickname(),
                draw.mobile(), draw.landline(),
            )  # fmt: skip
            visits += _visits(draw, namesake, 2, 0.0, anew=0.3, initials=False)
    yield from ((name, row) for _, name, row in sorted(visits, key=lambda visit: visit[0]))


def _visits(
    draw: Draw, person: Resident, times: int, reached: float, *, anew: float, initials: bool
) -> Iterator[tuple[float, str, Row]]:
    usual = {"first_name": person.first, "last_name": person.last, **draw.address(person.door, person.place, 0.0)}
    second = draw.first()
    for _ in range(times):
        row = _anew(draw, person, second, initials=initials) if draw.chance(anew) else dict(usual)
        if draw.chance(reached):
            row["email"] = person.email
        if draw.chance(reached):
            row["phone"] = person.mobile
        yield draw.random(), person.name, {"source": "till", **row}


def _anew(draw: Draw, person: Resident, second: str, *, initials: bool) -> Row:
    first = f"{person.first[0]}." if initials and draw.chance(0.03) else draw.spelled(person.first, 0.1)
    how = draw.random()
    if how < 0.3:
        first = f"{first} {second if how < 0.15 else f'{second[0]}.'}"
    row = {"first_name": first, "last_name": draw.spelled(person.last, 0.08)}
    row.update(draw.address(person.door, person.place, 0.04))
    if draw.chance(0.4):
        row["street"] += draw.choice(
            (f", {draw.randint(1, 5)}. OG", ", Haus B", " a", f", Wohnung {draw.randint(1, 30)}")
        )
    if draw.chance(0.2):
        del row["postal_code" if draw.chance(0.5) else "city"]
    return row


_PEOPLE = (0.4, 0.3, 0.17, 0.09, 0.04)
"""Shares of people with one, two, … records."""


@endless
def couples(draw: Draw) -> Told:
    """A man and a woman with one mailbox, one landline and one address; every eighth has a grown-up child there.

    A fifth of the men live alone. One mailbox in four is the family's by its name; one record in eight tells a mailbox
    of one's own instead. Of the numbers three in five are the landline.
    """
    number = 0
    while True:
        for person, shared in _household(draw, number):
            for _ in range(draw.count(_PEOPLE)):
                yield person.name, _household_row(draw, person, shared)
        number += 1


def _household(draw: Draw, number: int) -> Iterator[tuple[Resident, str]]:
    head = _resident(draw, f"p{number}a", female=False)
    if draw.chance(0.2):
        yield head, head.email
        return
    last = head.last if draw.chance(0.85) else draw.last()
    family = draw.once(lambda: f"familie.{head.email.partition('@')[0][::2]}@{head.email.partition('@')[2]}")
    shared = family if draw.chance(0.25) else head.email
    yield head, shared
    members = [("b", True, last)]
    if draw.chance(0.125):
        members.append(("c", draw.chance(0.5), head.last))
    for suffix, female, name in members:
        first = draw.first(female)
        born = draw.born() if suffix == "b" else f"{int(head.born[:4]) + draw.randint(22, 38)}{head.born[4:]}"
        yield Resident(
            f"p{number}{suffix}", first, name, born, head.door, head.place, draw.email(first, name, born),
            draw.mobile(), head.landline,
        ), shared  # fmt: skip


def _household_row(draw: Draw, person: Resident, shared: str) -> Row:
    row: Row = {"source": draw.choice(("shop", "shop", "crm", "till"))}
    first = draw.spelled(person.first, 0.12)
    row["first_name"] = f"{first[0]}." if draw.chance(0.06) else first
    row["last_name"] = draw.spelled(person.last, 0.06)
    if draw.chance(0.85):
        row["email"] = draw.mailed(person.email if draw.chance(0.12) else shared, 0.02)
    if draw.chance(0.5):
        row["phone"] = draw.dialled(person.landline if draw.chance(0.6) else person.mobile, 0.01)
    if draw.chance(0.7):
        row.update(draw.address(person.door, person.place))
    if draw.chance(0.25):
        row["birth_date"] = draw.misdated(person.born)
    return row


@endless
def small_towns(draw: Draw) -> Told:
    """People of 25 small towns of one postal code each, nine in ten with one of the sixty commonest last names.

    Two of one name in a town are two people at two doors; every third is told with a date of birth, a quarter with a
    mailbox or a number of their own. Most have one record.
    """
    towns = [draw.place() for _ in range(25)]
    number = 0
    while True:
        first, last = draw.first(), (COMMON_LAST if draw.chance(0.9) else LAST).draw(draw)
        born, door, place = draw.born(), draw.door(), draw.choice(towns)
        email, phone = draw.email(first, last, born), draw.mobile()
        for _ in range(draw.count((0.6, 0.25, 0.1, 0.05))):
            row: Row = {"source": draw.choice(("shop", "till", "crm"))}
            row["first_name"], row["last_name"] = draw.spelled(first), draw.spelled(last, 0.05)
            row.update(draw.address(door, place, 0.04))
            if draw.chance(0.2):
                del row["street"]
            if draw.chance(0.33):
                row["birth_date"] = draw.misdated(born)
            if draw.chance(0.25):
                row["email"] = draw.mailed(email, 0.02)
            if draw.chance(0.25):
                row["phone"] = draw.dialled(phone, 0.01)
            yield f"p{number}", row
        number += 1
