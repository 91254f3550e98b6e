"""First names that go wrong: a man's and a woman's form of one at one door, and names with noise in their field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.kinds.drawing import Draw, endless
from benchmarks.kinds.homes import Told
from benchmarks.people import Row
from benchmarks.people_words import NEAR_FIRST

PAIRS = NEAR_FIRST
TITLES = ("Dr.", "Prof. Dr.", "Frau", "Herr", "Hr.", "Dipl.-Ing.", "Mag.")
KIN = ("Dad", "Mum", "Mama", "Papa", "Oma", "Opa", "Kunde", "Familie")


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    first: str
    middle: str
    last: str
    born: str
    email: str
    mobile: str


@endless
def name_pairs(draw: Draw) -> Told:
    """Couples, twins, brothers and sisters whose names differ in an ending, at one door and with one landline.

    Every third household has one mailbox; one in ten are twins. Their own mobile is told in one record of four, the
    date of birth in three of ten. A fifth of the people live alone, and one first name in twelve is mistyped.
    """
    number = 0
    while True:
        door, place, landline = draw.door(), draw.place(), draw.landline()
        names = draw.choice(PAIRS).split("/")
        draw.shuffle(names)
        last, born = draw.last(), draw.born()
        mailbox = draw.nickname() if draw.chance(0.33) else ""
        twins = draw.chance(0.1)
        for first in names[:1] if draw.chance(0.2) else names:
            own = born if twins else f"{int(born[:4]) + draw.randint(-6, 6)}-{draw.born()[5:]}"
            person = _Person(f"p{number}", first, "", last, own, mailbox or draw.email(first, last, own), draw.mobile())
            number += 1
            for _ in range(draw.count((0.4, 0.3, 0.2, 0.1))):
                row: Row = {"source": draw.choice(("shop", "crm", "till"))}
                row["first_name"] = draw.spelled(draw.typed(first, 0.04), 0.06)
                row["last_name"] = draw.spelled(last, 0.04)
                if draw.chance(0.8):
                    row.update(draw.address(door, place, 0.03))
                if draw.chance(0.5):
                    row["email"] = draw.mailed(person.email, 0.01)
                if draw.chance(0.5):
                    row["phone"] = landline if draw.chance(0.5) else person.mobile
                if draw.chance(0.3):
                    row["birth_date"] = draw.misdated(person.born, 0.03)
                yield person.name, row


@endless
def name_noise(draw: Draw) -> Told:
    """One person's name with an ending too many, folded twice, with a title, a middle initial, or "Dad" in its place.

    Half of the records have such noise. A mailbox, a number or the address is told in most, a date of birth in a third.
    Two of five live with somebody of the same last name.
    """
    number = 0
    while True:
        door, place, last, landline = draw.door(), draw.place(), draw.last(), draw.landline()
        for _ in range(2 if draw.chance(0.4) else 1):
            first, born = draw.first(), draw.born()
            person = _Person(
                f"p{number}", first, draw.first(), last, born, draw.email(first, last, born), draw.mobile()
            )
            number += 1
            for _ in range(draw.count((0.25, 0.3, 0.25, 0.2))):
                row: Row = {"source": draw.choice(("shop", "crm", "till"))}
                row["first_name"], row["last_name"] = _noisy(draw, person) if draw.chance(0.5) else (first, last)
                if draw.chance(0.8):
                    row.update(draw.address(door, place, 0.03))
                if draw.chance(0.6):
                    row["email"] = person.email
                if draw.chance(0.6):
                    row["phone"] = landline if draw.chance(0.4) else person.mobile
                if draw.chance(0.33):
                    row["birth_date"] = draw.misdated(person.born, 0.03)
                yield person.name, row


def _noisy(draw: Draw, person: _Person) -> tuple[str, str]:
    first, last = person.first, person.last
    how = draw.random()
    if how < 0.3:
        return draw.choice(list(_endings(first))), last
    if how < 0.4:
        return _refolded(draw, first), _refolded(draw, last)
    if how < 0.55:
        return f"{draw.choice(TITLES)} {first}", last
    if how < 0.61:
        return draw.choice(TITLES[2:5]), last
    if how < 0.67:
        return draw.choice(KIN), last
    if how < 0.82:
        return f"{first} {person.middle[0]}.", last
    if how < 0.9:
        return f"{first} {person.middle}", last
    if how < 0.95:
        return first.upper(), f"{last.upper()}, {draw.choice(TITLES[:2]).upper()}"
    return first.replace("-", draw.choice((" ", ""))), f"von {last}"


def _endings(first: str) -> Iterator[str]:
    """RENATAE, HELGAO, MONIKKA: as conversions of old files leave them."""
    yield f"{first[:-1]}a{first[-1]}".upper()
    yield f"{first}{'e' if first[-1] != 'e' else 'a'}".upper()
    yield f"{first}o".upper()
    place = len(first) - 2
    yield f"{first[:place]}{first[place]}{first[place:]}".upper()
    yield first[:-1]


def _refolded(draw: Draw, text: str) -> str:
    """Umlauts as they come out of two conversions; a name without any is mistyped."""
    plain = text.encode("utf-8").decode("latin-1") if draw.chance(0.4) else ""
    if plain and plain != text:
        return plain
    for letter, forms in (("ü", ("u", "ue", "uue", "?")), ("ö", ("o", "oe", "ooe")), ("ä", ("a", "ae", "aae"))):
        if letter in text:
            return text.replace(letter, draw.choice(forms))
    return draw.typed(text, 0.5)
