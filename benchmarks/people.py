"""Invented customers for identity resolution, with the truth: the same rows for the same seed, on every machine.

``python -m benchmarks.people 1000000 > people.csv`` writes the columns that ``hub identity evaluate`` reads. It
streams: a person is made of the seed and a number whenever one of their records is due, and nothing is kept.

How often a value occurs is as in the German-speaking countries, and only roughly: names, places and streets fall off
like Zipf's law, some thirty surnames being those of a tenth of all; 8,000 postal codes in 3,000 places, of which a few
are big; every third person shares a household. Three records in ten are of someone who has one already, written down
differently: with typing errors, short names, transliterated umlauts, swapped names, a new address, after a marriage.
E-mails end in example.com, example.de or example.org; the telephone numbers begin with a code made up for this.
"""

from __future__ import annotations

import argparse
import csv
import sys
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random

from benchmarks import people_words as words
from hub.mapping.name import fold

COLUMNS = (
    "record_id", "cluster_id", "source", "first_name", "last_name", "email", "phone", "birth_date", "street",
    "postal_code", "city", "country", "company", "loyalty_id",
)  # fmt: skip
Row = dict[str, str]

AGAIN = 0.3
"""Share of records that are of someone who has one already."""

_POSTAL_CODES = 8_000
_TOLD = {
    "shop": {"email": 1.0, "phone": 0.5, "address": 1.0, "birth_date": 0.2},
    "crm": {"email": 0.7, "phone": 0.7, "address": 0.8, "birth_date": 0.6, "company": 0.1},
    "till": {"email": 0.1, "phone": 0.5, "postal_code": 0.6, "loyalty_id": 0.3},
    "loyalty": {"email": 0.6, "phone": 0.3, "address": 0.7, "birth_date": 0.8, "loyalty_id": 1.0},
    "newsletter": {"email": 1.0},
}
"""How often a source knows what. All know the name, but every second subscriber of the newsletter told none."""

_SOURCES = ("shop", "shop", "shop", "crm", "crm", "till", "till", "loyalty", "newsletter")
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "ç": "c", "ş": "s"})


class Zipf:
    """Values drawn the more often the further in front they stand: the one at place n like 1 / (n + shift) ** power."""

    def __init__(self, values: Sequence[str], shift: float, power: float) -> None:
        self.values = values
        self._sums = list(accumulate((place + shift) ** -power for place in range(1, len(values) + 1)))

    def draw(self, random: Random) -> str:
        return self.values[bisect(self._sums, random.random() * self._sums[-1])]


def joined(known: Sequence[str], heads: Sequence[str], tails: Sequence[str]) -> list[str]:
    made = [head + tail for head in heads for tail in tails]
    Random(1).shuffle(made)
    return list(dict.fromkeys((*known, *made)))


def _postal_codes() -> list[str]:
    """``postal code|city``, the big cities having a code for every 25,000 people."""
    codes = Random(2).sample(range(1067, 99_999), _POSTAL_CODES)
    cities = [city for city, count in words.CITIES for _ in range(count)]
    cities += joined((), words.PLACE_HEADS, words.PLACE_TAILS)[:3_000]
    cities += Random(3).choices(cities[-2_000:], k=_POSTAL_CODES - len(cities))
    return [f"{code:05}|{city}" for code, city in zip(codes, cities, strict=True)]


FIRST = Zipf(words.FIRST, 12, 0.9)
LAST = Zipf(joined(words.LAST, words.LAST_HEADS, words.LAST_TAILS), 6, 0.85)
STREET = Zipf(joined(words.STREETS, words.STREET_HEADS, words.STREET_TAILS), 4, 0.75)
HOST = Zipf([f"{name}.example.{end}" for name, end in words.HOSTS], 1, 0.9)
PLACE = Zipf(_postal_codes(), 200, 0.6)


@dataclass(frozen=True, slots=True)
class Invented:
    """A person as they are, before anybody writes them down."""

    first: str
    last: str
    email: str
    phone: str
    landline: str
    born: str
    street: str
    place: str
    company: str
    loyalty_id: str


def invented(seed: int, number: int) -> Invented:
    """The person of this number; every third lives with the one before."""
    own = _alone(seed, number)
    random = Random(seed << 40 | number << 3 | 1)
    if number == 0 or random.random() >= 0.35:
        return own
    other = _alone(seed, number - 1)
    own = replace(own, street=other.street, place=other.place, landline=other.landline)
    if random.random() < 0.85:
        own = replace(own, last=other.last, email=_email(random, own.first, other.last, own.born))
    return replace(own, email=other.email) if random.random() < 0.04 else own


def _alone(seed: int, number: int) -> Invented:
    random = Random(seed << 40 | number << 3)
    first, last = FIRST.draw(random), LAST.draw(random)
    year = 2008 - int(75 * (random.random() + random.random()) / 2 + random.random() * 10)
    filler = random.random() < 0.01
    born = f"{year}-01-01" if filler else f"{year}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    return Invented(
        first=first,
        last=f"{last}-{LAST.draw(random)}" if random.random() < 0.02 else last,
        email=_email(random, first, last, born),
        phone=f"+491500{random.randrange(10**7):07}",
        landline=f"+491501{random.randrange(10**7):07}",
        born=born,
        street=f"{STREET.draw(random)} {1 + int(random.expovariate(0.04))}",
        place=PLACE.draw(random),
        company=f"{LAST.draw(random)} GmbH",
        loyalty_id=f"{random.randrange(10**9, 10**10)}",
    )


def _email(random: Random, first: str, last: str, born: str) -> str:
    a, b = (fold(name).replace(" ", "") for name in (first, last))
    local = random.choice((f"{a}.{b}", f"{a}.{b}", f"{a}{b}", f"{a[0]}.{b}", f"{b}.{a}", f"{a}_{b}", a))
    # Mailboxes are one person's: who is called like many others has taken a number.
    numbered = random.random() < 0.5 or len(local) < 12
    number = random.choice((str(random.randrange(100_000)), born[:4] + str(random.randrange(1000)))) if numbered else ""
    return f"{local}{number}@{HOST.draw(random)}"


def people(count: int, seed: int = 1) -> Iterator[Row]:
    """``count`` records with the truth."""
    random = Random(seed)
    known = 0
    for number in range(count):
        again = known > 0 and random.random() < AGAIN
        person = random.randrange(known) if again else known
        known += not again
        told = _Telling(Random(seed << 40 | number << 3 | 2), invented(seed, person)).row()
        yield {"record_id": f"r{number}", "cluster_id": f"p{person}", **told}


class _Telling:
    """One record of a person, as one source has it."""

    def __init__(self, random: Random, person: Invented) -> None:
        self._random, self._person = random, person

    def row(self) -> Row:
        random, person = self._random, self._person
        source = random.choice(_SOURCES)
        told, chance = _TOLD[source], random.random
        first, last = self._name()
        if source == "newsletter" and chance() < 0.5:
            first = last = ""
        row = {"source": source, "first_name": first, "last_name": last, "country": "DE"}
        if chance() < told.get("email", 0):
            row["email"] = self._junk() or self._written(person.email, 0.05)
        if chance() < told.get("phone", 0):
            row["phone"] = self._phone()
        if chance() < told.get("birth_date", 0):
            row["birth_date"] = self._born()
        if chance() < told.get("address", 0):
            row.update(self._address())
        if chance() < told.get("postal_code", 0):
            row["postal_code"] = person.place.partition("|")[0]
        if chance() < told.get("company", 0):
            row["company"] = person.company
        if chance() < told.get("loyalty_id", 0):
            row["loyalty_id"] = person.loyalty_id
        return row

    def _name(self) -> tuple[str, str]:
        random, (first, last) = self._random, (self._person.first, self._person.last)
        told = random.random()
        if told < 0.04:
            first = words.SHORT.get(first, first)
        elif told < 0.07:
            first = f"{first[0]}."
        elif told < 0.10:
            first, last = first.translate(_FOLDED), last.translate(_FOLDED)
        elif told < 0.11:
            last = LAST.draw(random)
        elif told < 0.13:
            return last, first
        return self._written(first, 0.05), self._written(last, 0.06)

    def _junk(self) -> str:
        told = self._random.random()
        return "info@example.com" if told < 0.003 else "kein@noemail.com" if told < 0.008 else ""

    def _phone(self) -> str:
        told = self._random.random()
        if told < 0.01:
            return "+4915000000001"
        return self._written(self._person.landline if told < 0.3 else self._person.phone, 0.02)

    def _born(self) -> str:
        year, month, day = self._person.born.split("-")
        told = self._random.random()
        if told < 0.02 and int(day) <= 12:
            month, day = day, month
        elif told < 0.05:
            day = f"{self._random.randint(1, 28):02}"
        return f"{year}-{month}-{day}"

    def _address(self) -> Row:
        random, street, place = self._random, self._person.street, self._person.place
        if random.random() < 0.06:
            street, place = f"{STREET.draw(random)} {random.randint(1, 90)}", PLACE.draw(random)
        if random.random() < 0.3:
            street = street.replace("straße", "str.")
        postal, _, city = place.partition("|")
        return {
            "street": self._written(street, 0.06),
            "postal_code": self._written(postal, 0.02),
            "city": self._written(city, 0.03),
        }

    def _written(self, text: str, errors: float) -> str:
        """The text, or with one typing error: a letter more or less, another letter, or two swapped."""
        random = self._random
        if len(text) < 4 or random.random() >= errors:
            return text
        place, how = random.randrange(1, len(text) - 1), random.randrange(4)
        letter = random.choice("0123456789" if text[place].isdigit() else "abcdefghijklmnoprstuwz")
        middle = (letter, "", letter + text[place], text[place + 1] + text[place])[how]
        return text[:place] + middle + text[place + (2 if how == 3 else 1) :]


def main() -> None:
    from benchmarks import kinds  # they draw from what is above

    parser = argparse.ArgumentParser(description="Write invented customers with the truth as csv.")
    parser.add_argument("count", type=int, help="records")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=kinds.KINDS, help="people that identity finds hard; without: usual customers")
    options = parser.parse_args()
    out = csv.DictWriter(sys.stdout, kinds.COLUMNS if options.kind else COLUMNS, restval="", lineterminator="\n")
    out.writeheader()
    if options.kind:
        out.writerows(kinds.rows(options.kind, options.seed, options.count))
    else:
        out.writerows(people(options.count, options.seed))


if __name__ == "__main__":
    main()
