"""Customers of a shop, a till, a newsletter and social networks, as the public set ``omni_public`` has them.

Half are German, a third British, the rest French, Turkish and Polish. Three in ten live with relatives: half of those
families have one telephone, a third one mailbox, one in fifteen a father and a son of one name. One in ten moves, one
woman in fifteen marries, one in seven has a second mailbox. A few records have the till's own phone, an address that
nobody reads, or the mailbox of an office.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from zlib import crc32

from benchmarks import people_words
from benchmarks.kinds.drawing import FOLDED, Draw, endless
from benchmarks.kinds.homes import Told
from benchmarks.kinds.transcribing import plain
from benchmarks.people import Row, Zipf

_SHORT = people_words.SHORT | {
    "Thomas": "Tom", "Joshua": "Josh", "Deborah": "Debbie", "Eleanor": "Ellie", "Jessica": "Jess", "Stuart": "Stu",
    "Nicolas": "Nico", "Catherine": "Cathy", "Isabelle": "Isa", "Benoît": "Ben", "Mustafa": "Musti", "Robert": "Rob",
}  # fmt: skip


def _country(language: str) -> tuple[Zipf, Zipf, Zipf]:
    """Men's, women's and last names as ``mimesis`` (MIT) lists them; how frequent each is, is made up."""
    spec = find_spec("mimesis")
    assert spec is not None
    assert spec.submodule_search_locations
    known = json.loads((Path(spec.submodule_search_locations[0]) / "datasets" / language / "person.json").read_bytes())
    lasts = known["surnames"]
    lists = known["names"]["male"], known["names"]["female"], lasts["male"] if isinstance(lasts, dict) else lasts
    drawn = tuple(sorted(names, key=lambda name: crc32(f"{language} {name}".encode())) for names in lists)
    men, women, last = (Zipf(names, 30, 0.7) for names in drawn)
    return men, women, last


_LANGUAGES = {"DE": "de", "GB": "en", "FR": "fr", "TR": "tr", "PL": "pl"}
_NAMES = {country: _country(language) for country, language in _LANGUAGES.items()}
_COUNTRIES = (("DE", 0.46), ("GB", 0.33), ("FR", 0.1), ("TR", 0.06), ("PL", 0.05))
_SOURCES = (("webshop", 0.44), ("pos", 0.25), ("social", 0.16), ("newsletter", 0.15))
_MAILED = {"webshop": 0.98, "pos": 0.5, "social": 0.69, "newsletter": 1.0}
_DIALLED = {"webshop": 0.63, "pos": 0.74, "social": 0.19, "newsletter": 0.0}
_BORN = {"webshop": 0.08, "pos": 0.55, "social": 0.0, "newsletter": 0.0}
_RECORDS = (0.43, 0.244, 0.149, 0.077, 0.042, 0.03, 0.014, 0.014)
_NOBODYS = ("noemail@example.org", "keine@example.org")
_TILLS = ("0123456789", "0000000000", "999999999")


@dataclass(slots=True)
class _Customer:
    name: str
    country: str
    first: str
    last: str
    born: str
    door: str
    place: tuple[str, str]
    emails: list[str]
    phones: list[str]
    handle: str


@endless
def omni(draw: Draw) -> Told:
    """People as above; the newsletter knows half of the first names, a social network one name and a handle."""
    number = 0
    while True:
        country = draw.one_of(_COUNTRIES)
        men, women, lasts = _NAMES[country]
        last, door, place = lasts.draw(draw), draw.door(), draw.place()
        size = 1 + draw.count((0.6, 0.4)) if draw.chance(0.18) else 1
        landline = draw.landline() if size > 1 and draw.chance(0.5) else ""
        family = draw.email(f"familie.{last}", "") if size > 1 and draw.chance(0.33) else ""
        heir = size > 1 and draw.chance(0.07)
        head = ""
        for member in range(size):
            female = draw.chance(0.5) and not heir
            first = head if heir and member == 1 else (women if female else men).draw(draw)
            head = head or first
            born = draw.born()
            emails = [family if family and draw.chance(0.6) else draw.email(first, last, born)]
            if draw.chance(0.15) or emails[0] == family:
                emails.append(draw.email(first, last, born))
            phones = [landline if landline and draw.chance(0.6) else draw.mobile()]
            if draw.chance(0.1):
                phones.append(draw.mobile())
            handle = _handle(draw, f"{plain(last)[:6]}_{plain(first)[:4]}".lower())
            person = _Customer(f"p{number}", country, first, last, born, door, place, emails, phones, handle)
            number += 1
            count = draw.count(_RECORDS)
            moves = draw.randrange(count) if draw.chance(0.1) else count
            marries = draw.randrange(count) if female and draw.chance(0.07) else count
            for record in range(count):
                if record == moves:
                    person.door, person.place = draw.door(), draw.place()
                if record == marries:
                    person.last = lasts.draw(draw)
                yield person.name, _record(draw, person)


def _handle(draw: Draw, stem: str) -> str:
    return draw.once(lambda: f"{stem}{draw.randrange(1000)}")


def _record(draw: Draw, person: _Customer) -> Row:
    source = draw.one_of(_SOURCES)
    row: Row = {"source": source}
    first, last = _written(draw, person)
    if source == "social":
        row["full_name"] = first if draw.chance(0.06) else f"{first} {last}"
        row["handle"] = person.handle if draw.chance(0.96) else f"{person.handle}x"
    elif source != "newsletter" or draw.chance(0.51):
        row["first_name"] = first
        if source != "newsletter" or draw.chance(0.5):
            row["last_name"] = last
    if draw.chance(_MAILED[source]):
        row["email"] = _mailed(draw, draw.choice(person.emails))
    if draw.chance(_DIALLED[source]):
        row["phone"] = draw.choice(_TILLS) if draw.chance(0.006) else _dialled(draw, draw.choice(person.phones))
    if draw.chance(_BORN[source]):
        row["birth_date"] = draw.misdated(person.born, 0.03)
    if source == "webshop":
        row.update(draw.address(person.door, person.place, 0.03))
    elif source == "pos" and draw.chance(0.61):
        row["postal_code"] = person.place[0]
    elif source == "social" and draw.chance(0.31):
        row["city"] = person.place[1]
    if source in ("webshop", "pos"):
        row["country"] = person.country
    return row


def _written(draw: Draw, person: _Customer) -> tuple[str, str]:
    first, last = person.first, person.last
    if draw.chance(0.05):
        first = _SHORT.get(first, first)
    elif draw.chance(0.05):
        first = draw.choice((first[0], f"{first[0]}."))
    elif draw.chance(0.06):
        first = f"{first} {draw.choice(_NAMES[person.country][draw.randrange(2)].values)}"
    if draw.chance(0.15):
        how = draw.choice((lambda text: text.translate(FOLDED), plain))
        first, last = how(first), how(last)
    first, last = draw.typed(first, 0.03), draw.typed(last, 0.03)
    if draw.chance(0.03):
        first, last = last, first
    if draw.chance(0.06):
        shout = draw.choice((str.upper, str.lower))
        first, last = shout(first), shout(last)
    return first, last


def _mailed(draw: Draw, email: str) -> str:
    if draw.chance(0.006):
        return draw.choice(_NOBODYS)
    if draw.chance(0.05):
        local, _, host = email.partition("@")
        email = f"{local}+{draw.choice(('news', 'shop'))}@{host}"
    email = draw.mailed(email, 0.02)
    return email.upper() if draw.chance(0.03) else email


def _dialled(draw: Draw, number: str) -> str:
    number = draw.dialled(number, 0.01)
    how = draw.randrange(3)
    return number if how == 0 else f"00{number[1:]}" if how == 1 else f"+49 {number[3:6]} {number[6:]}"
