"""Labelled sets of the kinds of people that are hard to resolve, each with the truth; the same for the same seed.

``KINDS`` maps a name to a function of (people, seed). Rows have the columns that ``hub identity evaluate`` reads.
Frequencies follow Zipf's law over the lists of ``people_words`` and ``people_scripts``; noise rates are given with each
kind. Nobody in them exists: mailboxes end in example.com or the like, numbers have a code made up for this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from random import Random

from benchmarks import people_scripts as scripts
from benchmarks import people_words as words

Row = dict[str, str]
Kind = Callable[[int, int], list[Row]]

COLUMNS = (
    "record_id", "cluster_id", "source", "first_name", "middle_name", "last_name", "full_name", "email", "phone",
    "birth_date", "street", "house_number", "postal_code", "city", "country", "company", "national_id", "loyalty_id",
)  # fmt: skip


_HOSTS = [f"{name}.example.{end}" for name, end in words.HOSTS]


class Draw(Random):
    """A source of chance that knows how often names and places occur, and which mailboxes are taken."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.mailboxes: set[str] = set()

    def of(self, values: Sequence[str], shift: float = 8.0, power: float = 0.9) -> str:
        """One of these, the first ones more often."""
        weights = list(accumulate((place + shift) ** -power for place in range(1, len(values) + 1)))
        return self.choices(values, cum_weights=weights)[0]

    def happens(self, chance: float) -> bool:
        """True as often as that."""
        return self.random() < chance

    def digits(self, count: int) -> str:
        """A number with so many digits, the first not nought."""
        return str(self.randrange(10 ** (count - 1), 10**count))

    def phone(self) -> str:
        """A mobile number nobody has."""
        return f"+491500{self.digits(7)}"

    def birth(self) -> str:
        """A day in the lives of grown-ups."""
        return f"{self.randint(1938, 2006)}-{self.randint(1, 12):02}-{self.randint(1, 28):02}"

    def home(self) -> Row:
        """A street with a number, a postal code and a city."""
        city = self.of([name for name, _ in words.CITIES])
        return {"street": f"{self.of(words.STREETS)} {1 + int(self.expovariate(0.04))}",
                "postal_code": f"{self.randrange(1067, 99_999):05}", "city": city}  # fmt: skip

    def typo(self, text: str, chance: float) -> str:
        """The text, or with one typing error."""
        if len(text) < 4 or not self.happens(chance):
            return text
        place, how = self.randrange(1, len(text) - 1), self.randrange(4)
        letter = self.choice("0123456789" if text[place].isdigit() else "abcdefghiklmnoprstuw")
        middle = (letter, "", letter + text[place], text[place + 1] + text[place])[how]
        return text[:place] + middle + text[place + (2 if how == 3 else 1) :]

    def misread_birth(self, birth: str, chance: float) -> str:
        """The date, or with a wrong digit, day and month the wrong way round, or another day."""
        if not self.happens(chance):
            return birth
        year, month, day = birth.split("-")
        how = self.randrange(3)
        if how == 0 and int(day) <= 12:
            return f"{year}-{day}-{month}"
        if how == 1:
            return f"{year}-{month}-{self.randint(1, 28):02}"
        return f"{year[:3]}{self.randrange(10)}-{month}-{day}"


def _last(draw: Draw) -> str:
    made = [head + tail for head in words.LAST_HEADS[:80] for tail in words.LAST_TAILS[:24]]
    return draw.of(words.LAST, 6, 0.8) if draw.happens(0.45) else draw.choice(made)


def _email(draw: Draw, first: str, last: str) -> str:
    """A mailbox that nobody else has: who is called like many others has taken a number."""
    plain = f"{first}.{last}".lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))
    plain = "".join(letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == "."))
    host = draw.of(_HOSTS, 2, 0.8)
    while (found := f"{plain}{draw.randrange(10_000) if draw.happens(0.6) else ''}@{host}") in draw.mailboxes:
        plain = f"{plain}{draw.randrange(100)}"
    draw.mailboxes.add(found)
    return found


def _numbered(rows: Iterator[tuple[str, Row]], seed: int) -> list[Row]:
    """Shuffled, with an id each."""
    told = list(rows)
    Random(seed).shuffle(told)
    return [{"record_id": f"r{number}", "cluster_id": who, **row} for number, (who, row) in enumerate(told)]


def guests(each: int) -> Kind:
    """People who buy as guests at the till: ``each`` records by name and address, a company or note apart.

    Nine records in ten have no e-mail; one text in twenty has a typing error.
    """

    def made(people: int, seed: int) -> list[Row]:
        draw = Draw(seed)

        def rows() -> Iterator[tuple[str, Row]]:
            for number in range(people):
                first, last, home = draw.of(words.FIRST), _last(draw), draw.home()
                mail = _email(draw, first, last)
                for _ in range(each):
                    row = {"source": "till", "first_name": draw.typo(first, 0.05), "last_name": draw.typo(last, 0.05)}
                    row |= home | {"street": draw.typo(home["street"], 0.05)}
                    if draw.happens(0.1):
                        row["email"] = mail
                    yield f"g{number}", row

        return _numbered(rows(), seed)

    return made


def companies(people: int, seed: int) -> list[Row]:
    """Colleagues of one firm: one address, one switchboard, one info@; each with a mailbox there and three records."""
    draw = Draw(seed)

    def rows() -> Iterator[tuple[str, Row]]:
        number = 0
        while number < people:
            firm, home, desk = (
                f"{_last(draw)} {draw.choice(('GmbH', 'KG', 'AG', 'Bau GmbH'))}",
                draw.home(),
                draw.phone(),
            )
            domain = f"{firm.split()[0].lower().encode('ascii', 'ignore').decode() or 'firma'}{number}.example.com"
            for _ in range(draw.randint(2, 9)):
                first, last = draw.of(words.FIRST), _last(draw)
                name = "".join(letter for letter in f"{first}.{last}".lower() if letter.isascii())
                mobile = draw.phone()
                for _ in range(3):
                    row = {"source": "crm", "first_name": first, "last_name": draw.typo(last, 0.04), "company": firm}
                    row |= home if draw.happens(0.7) else {}
                    told = draw.random()
                    row["email"] = f"{name}@{domain}" if told < 0.55 else f"info@{domain}" if told < 0.75 else ""
                    row["phone"] = desk if draw.happens(0.5) else mobile if draw.happens(0.4) else ""
                    if draw.happens(0.1):
                        row["first_name"] = f"{first[0]}."
                    yield f"c{number}", row
                number += 1

    return _numbered(rows(), seed)


def couples(people: int, seed: int) -> list[Row]:
    """Two people who share mailbox, address, last name and often the phone; two or three records each."""
    draw = Draw(seed)

    def rows() -> Iterator[tuple[str, Row]]:
        for pair in range(people // 2):
            last, home, phone = _last(draw), draw.home(), draw.phone()
            firsts = draw.sample(words.FIRST[:200], 2)
            mail = _email(draw, firsts[0], last)
            for who, first in enumerate(firsts):
                own = draw.phone()
                for _ in range(draw.randint(2, 3)):
                    row = {"source": "shop", "first_name": draw.typo(first, 0.04), "last_name": draw.typo(last, 0.03)}
                    row |= home if draw.happens(0.8) else {}
                    row["email"] = mail if draw.happens(0.8) else ""
                    row["phone"] = phone if draw.happens(0.4) else own if draw.happens(0.3) else ""
                    yield f"p{pair}.{who}", row

    return _numbered(rows(), seed)


def small_towns(people: int, seed: int) -> list[Row]:
    """Different people with common names in twelve small towns: one to three records, with some of the contacts."""
    draw = Draw(seed)
    towns = [(f"{draw.randrange(10_000, 99_999)}", f"{head}{tail}") for head, tail in
             zip(words.PLACE_HEADS[:12], words.PLACE_TAILS[:12], strict=False)]  # fmt: skip

    def rows() -> Iterator[tuple[str, Row]]:
        for number in range(people):
            first, last = draw.of(words.FIRST[:60], 2, 1.0), draw.of(words.LAST[:40], 2, 1.0)
            postal, city = draw.choice(towns)
            street, mail, phone, birth = draw.home()["street"], _email(draw, first, last), draw.phone(), draw.birth()
            for _ in range(draw.choice((1, 1, 1, 2, 3))):
                row = {"source": "shop", "first_name": first, "last_name": last, "postal_code": postal, "city": city}
                row["street"] = street if draw.happens(0.5) else ""
                row["email"] = mail if draw.happens(0.6) else ""
                row["phone"] = phone if draw.happens(0.4) else ""
                row["birth_date"] = birth if draw.happens(0.3) else ""
                yield f"t{number}", row

    return _numbered(rows(), seed)


def years(people: int, seed: int) -> list[Row]:
    """People over five years: a record or two a year; they marry, move, change mailbox and phone, never all at once."""
    draw = Draw(seed)

    def rows() -> Iterator[tuple[str, Row]]:
        for number in range(people):
            first, last, home = draw.of(words.FIRST), _last(draw), draw.home()
            mail, phone, birth = _email(draw, first, last), draw.phone(), draw.birth()
            for _ in range(5):
                if draw.happens(0.06):
                    last = _last(draw)
                if draw.happens(0.2):
                    home = draw.home()
                if draw.happens(0.15):
                    mail = _email(draw, first, last)
                if draw.happens(0.12):
                    phone = draw.phone()
                for _ in range(draw.choice((1, 1, 2))):
                    row = {"source": "shop", "first_name": draw.typo(first, 0.03), "last_name": draw.typo(last, 0.03)}
                    row |= home if draw.happens(0.8) else {}
                    row["email"] = mail if draw.happens(0.7) else ""
                    row["phone"] = phone if draw.happens(0.45) else ""
                    row["birth_date"] = birth if draw.happens(0.25) else ""
                    yield f"y{number}", row

    return _numbered(rows(), seed)


def transliterated(language: str) -> Kind:
    """People of one language, whose names every system spells in its own way; one contact or birth date in common.

    The order of the names is the other one in a tenth of the records, and the diacritics are gone in half of them.
    """

    def made(people: int, seed: int) -> list[Row]:
        draw = Draw(seed)
        names = scripts.NAMES[language]

        def rows() -> Iterator[tuple[str, Row]]:
            for number in range(people):
                first, last = draw.of(names.first, 3, 0.7).split("|"), draw.of(names.last, 3, 0.7).split("|")
                home, birth, phone = draw.home(), draw.birth(), draw.phone()
                mail = _email(draw, first[0], last[0])
                for _ in range(draw.randint(1, 4)):
                    given = draw.choice(first) if draw.happens(0.5) else first[0]
                    family = draw.choice(last) if draw.happens(0.5) else last[0]
                    if draw.happens(0.1):
                        given, family = family, given
                    row = {"source": "shop", "first_name": given, "last_name": family}
                    row |= home if draw.happens(0.7) else {"postal_code": home["postal_code"]}
                    row["birth_date"] = draw.misread_birth(birth, 0.05) if draw.happens(0.5) else ""
                    row["phone"] = phone if draw.happens(0.25) else ""
                    row["email"] = mail if draw.happens(0.2) else ""
                    yield f"{language}{number}", row

        return _numbered(rows(), seed)

    return made


def registers(people: int, seed: int) -> list[Row]:
    """Two registers with a national id: one in forty is borrowed by somebody else, one in thirty mistyped.

    Every second who borrows one is of the lender's household, and has the name and the address in common.
    """
    draw = Draw(seed)

    def rows() -> Iterator[tuple[str, Row]]:
        ids: list[tuple[str, str, Row]] = []
        for number in range(people):
            own = draw.digits(11)
            first, last, home, birth = draw.of(words.FIRST), _last(draw), draw.home(), draw.birth()
            lender = draw.choice(ids) if ids and draw.happens(0.04) else None
            if lender and draw.happens(0.5):
                _, last, home = lender
            ids.append((own, last, home))
            for source in ("one", "two") if draw.happens(0.7) else ("one",):
                told = lender[0] if lender and draw.happens(0.6) else draw.typo(own, 0.03)
                row = {"source": source, "first_name": draw.typo(first, 0.06), "last_name": draw.typo(last, 0.06)}
                row["national_id"] = told if draw.happens(0.85) else ""
                row["birth_date"] = draw.misread_birth(birth, 0.06) if draw.happens(0.8) else ""
                row |= home if draw.happens(0.5) else {}
                yield f"n{number}", row

    return _numbered(rows(), seed)


def historical(people: int, seed: int) -> list[Row]:
    """Persons of a parish: name variants, birth date or year, place, trade; no identifier at all."""
    draw = Draw(seed)
    places = [f"{head}{tail}" for head, tail in zip(words.PLACE_HEADS[:40], words.PLACE_TAILS * 4, strict=False)]
    trades = ("Bauer", "Schmied", "Müller", "Weber", "Schneider", "Tagelöhner", "Lehrer", "Pfarrer", "Wirt", "Förster")

    def rows() -> Iterator[tuple[str, Row]]:
        for number in range(people):
            first, middle, last = draw.of(words.FIRST[:120]), draw.of(words.FIRST[:80]), _last(draw)
            birth = f"{draw.randint(1780, 1890)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
            place, trade = draw.choice(places), draw.choice(trades)
            for _ in range(draw.randint(1, 4)):
                row = {"source": "parish", "first_name": draw.typo(words.SHORT.get(first, first), 0.1), "city": place}
                if not draw.happens(0.2):
                    row["first_name"] = draw.typo(first, 0.1)
                row["middle_name"] = middle if draw.happens(0.3) else ""
                row["last_name"] = draw.typo(last, 0.15)
                row["birth_date"] = draw.misread_birth(birth, 0.12) if draw.happens(0.8) else ""
                row["company"] = trade if draw.happens(0.5) else ""
                yield f"h{number}", row

    return _numbered(rows(), seed)


def aliases(people: int, seed: int) -> list[Row]:
    """Persons of lexicons, eight records each: the names they were known by, date or year, place; no identifier.

    Half of the records have another first or last name, a third another date, a fifth another or no place.
    """
    draw = Draw(seed)

    def rows() -> Iterator[tuple[str, Row]]:
        for number in range(people):
            firsts, lasts = draw.sample(words.FIRST[:150], 3), [_last(draw), _last(draw)]
            birth = f"{draw.randint(1600, 1930)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
            home = draw.home()
            for _ in range(8):
                first = firsts[0] if draw.happens(0.75) else draw.choice((firsts[1], f"{firsts[0]} {firsts[2]}"))
                last = lasts[0] if draw.happens(0.75) else draw.choice((lasts[1], f"von {lasts[0]}"))
                row = {"source": "lexicon", "first_name": draw.typo(first, 0.1), "last_name": draw.typo(last, 0.1)}
                told = draw.misread_birth(birth, 0.15) if draw.happens(0.85) else f"{birth[:4]}-01-01"
                row["birth_date"] = told if draw.happens(0.85) else ""
                row["city"] = home["city"] if draw.happens(0.8) else ""
                row["postal_code"] = draw.typo(home["postal_code"], 0.1) if draw.happens(0.7) else ""
                yield f"a{number}", row

    return _numbered(rows(), seed)


def names_and_births(people: int, seed: int) -> list[Row]:
    """Nothing but names and dates of birth; one source writes the month first, and one day in thirty is none."""
    draw = Draw(seed)

    def rows() -> Iterator[tuple[str, Row]]:
        for number in range(people):
            first, last, birth = draw.of(words.FIRST), _last(draw), draw.birth()
            for source in draw.sample(("one", "two", "three"), draw.randint(1, 3)):
                row = {"source": source, "first_name": draw.typo(first, 0.1), "last_name": draw.typo(last, 0.1)}
                year, month, day = draw.misread_birth(birth, 0.1).split("-")
                if draw.happens(0.03):
                    day = f"{draw.randint(32, 39)}"
                row["birth_date"] = f"{month}/{day}/{year}" if source == "three" else f"{year}-{month}-{day}"
                yield f"b{number}", row

    return _numbered(rows(), seed)


def titles_and_siblings(people: int, seed: int) -> list[Row]:
    """Titles, initials and endings in names; and siblings whose names are a letter apart, at one address."""
    draw = Draw(seed)
    siblings = ("Julia Julian", "Jana Jan", "Petra Peter", "Karin Katrin", "Martina Martin", "Paula Paul", "Lisa Luisa",
                "Michaela Michael", "Daniela Daniel", "Nicole Nico")  # fmt: skip
    endings = ("", "", "", "e", "o", "a")

    def rows() -> Iterator[tuple[str, Row]]:
        for number in range(people):
            last, home = _last(draw), draw.home()
            firsts = draw.choice(siblings).split() if draw.happens(0.3) else [draw.of(words.FIRST)]
            for who, first in enumerate(firsts):
                birth, mail = draw.birth(), _email(draw, first, last)
                for _ in range(draw.randint(1, 3)):
                    title = draw.choice(("Dr. ", "Prof. Dr. ", "Frau ", "Herr ", "")) if draw.happens(0.15) else ""
                    noisy = first.upper() + draw.choice(endings).upper() if draw.happens(0.08) else first
                    row = {"source": "shop", "first_name": title + noisy, "last_name": last}
                    if draw.happens(0.1):
                        row["first_name"] = f"{first} {draw.choice('ABEHMS')}."
                    if draw.happens(0.05):
                        row["first_name"] = noisy[:2] + noisy[1:]
                    row |= home
                    row["birth_date"] = birth if draw.happens(0.4) else ""
                    row["email"] = mail if draw.happens(0.4) else ""
                    yield f"s{number}.{who}", row

    return _numbered(rows(), seed)


KINDS: dict[str, Kind] = {
    **{f"guest, {each} records": guests(each) for each in (5, 12, 15, 25, 60)},
    "colleagues of a firm": companies,
    "couples": couples,
    "common names, small towns": small_towns,
    "over five years": years,
    **{f"transliterated, {language}": transliterated(language) for language in scripts.NAMES},
    "registers, borrowed ids": registers,
    "historical, no identifier": historical,
    "lexicons, aliases": aliases,
    "names and births only": names_and_births,
    "titles and siblings": titles_and_siblings,
}
"""Every kind by its name in the table of ``identity_quality``."""

RECORDS_OF = {f"guest, {each} records": each for each in (5, 12, 15, 25, 60)} | {"lexicons, aliases": 8}
"""Records per person where that is a matter of the kind; of the others there are about two."""
