"""What every kind draws from: names by how common they are, places, numbers and mailboxes that are one person's, noise.

A ``Draw`` is made of a seed and gives no mailbox, number or card twice: where two people share one, a kind says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import TypeVar

from benchmarks import people_words as words
from benchmarks.people import HOST, LAST, PLACE, STREET, Row, Zipf
from hub.mapping.name import fold

T = TypeVar("T")

FOLDED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "é": "e", "ç": "c", "ş": "s"}
)
_DROPPED = str.maketrans("äöüÄÖÜéçşğıİłńśźżąęćó", "aouAOUecsgiIlnszzaeco")
_LETTERS, _DIGITS = "abcdefghijklmnoprstuwz", "0123456789"

MEN, WOMEN = Zipf(words.MEN_FIRST, 12, 0.9), Zipf(words.WOMEN_FIRST, 12, 0.9)
COMMON_LAST = Zipf(words.LAST[:60], 6, 0.9)


class Draw(Random):
    """Chance with the things of this world. The same calls after the same seed give the same."""

    def __init__(self, seed: int, kind: str) -> None:
        super().__init__(f"{kind} {seed}")
        self._given: set[str] = set()

    def chance(self, share: float) -> bool:
        """True that often."""
        return self.random() < share

    def one_of(self, shares: Sequence[tuple[str, float]]) -> str:
        """A value by its share."""
        return self.choices([value for value, _ in shares], [share for _, share in shares])[0]

    def count(self, shares: Sequence[float]) -> int:
        """1, 2, … by the shares of each."""
        return 1 + self.choices(range(len(shares)), shares)[0]

    def once(self, make: Callable[[], str]) -> str:
        """What ``make`` gives, made again while somebody has it."""
        while (value := make()) in self._given:
            pass
        self._given.add(value)
        return value

    def first(self, female: bool | None = None) -> str:
        """A first name; a woman's or a man's where it matters."""
        return (WOMEN if (self.chance(0.5) if female is None else female) else MEN).draw(self)

    def last(self) -> str:
        """A last name."""
        return LAST.draw(self)

    def born(self, since: int = 1935, until: int = 2006) -> str:
        """A date of birth; most in the middle of these years."""
        year = round(self.triangular(since, until, (since + until) / 2))
        return f"{year}-{self.randint(1, 12):02}-{self.randint(1, 28):02}"

    def mobile(self) -> str:
        """A number that nobody else has."""
        return self.once(lambda: f"+491500{self.randrange(10**7):07}")

    def landline(self) -> str:
        """A number of a house."""
        return self.once(lambda: f"+491501{self.randrange(10**7):07}")

    def card(self, digits: int = 10) -> str:
        """A number on a card that nobody else has."""
        return self.once(lambda: str(self.randrange(10 ** (digits - 1), 10**digits)))

    def door(self) -> str:
        """Street and number."""
        return f"{STREET.draw(self)} {1 + int(self.expovariate(0.04))}"

    def place(self) -> tuple[str, str]:
        """Postal code and city."""
        postal, _, city = PLACE.draw(self).partition("|")
        return postal, city

    def email(self, first: str, last: str, born: str = "1980") -> str:
        """A mailbox that nobody else has, called as people call theirs."""
        a, b = fold(first).replace(" ", "") or "mail", fold(last).replace(" ", "") or "box"

        def make() -> str:
            local = self.choice((f"{a}.{b}", f"{a}.{b}", f"{a}{b}", f"{a[0]}.{b}", f"{b}.{a}", f"{a}_{b}", a))
            number = self.choice((str(self.randrange(100_000)), born[2:4], f"{born[:4]}{self.randrange(100)}"))
            return f"{local}{number if self.chance(0.5) or len(local) < 12 else ''}@{HOST.draw(self)}"

        return self.once(make)

    def nickname(self) -> str:
        """A mailbox that does not tell whose it is."""
        heads, tails = ("sonne", "kater", "blitz", "wolke", "fuchs", "tee", "rad", "nord"), ("kind", "99", "in", "er")
        return self.once(
            lambda: f"{self.choice(heads)}{self.choice(tails)}{self.randrange(1_000_000)}@{HOST.draw(self)}"
        )

    def typed(self, text: str, errors: float) -> str:
        """The text, or that often with one typing error: a letter more or less, another letter, or two swapped."""
        if len(text) < 4 or not self.chance(errors):
            return text
        place, how = self.randrange(1, len(text) - 1), self.randrange(4)
        letter = self.choice(_DIGITS if text[place].isdigit() else _LETTERS)
        middle = (letter, "", letter + text[place], text[place + 1] + text[place])[how]
        return text[:place] + middle + text[place + (2 if how == 3 else 1) :]

    def mailed(self, email: str, errors: float = 0.02) -> str:
        """A mailbox, mistyped that often before the end of its domain, which nobody has."""
        name, dot, end = email.partition(".example.")
        return self.typed(name, errors) + dot + end

    def dialled(self, number: str, errors: float = 0.01) -> str:
        """A number, mistyped that often behind the digits that nobody has."""
        return number[:6] + self.typed(number[6:], errors)

    def spelled(self, name: str, others: float = 0.08) -> str:
        """A first or last name as a clerk writes it: mostly right, else folded, in capitals, mistyped or short."""
        if not self.chance(others):
            return name
        how = self.randrange(5)
        if how == 0:
            return words.SHORT.get(name, name)
        if how == 1:
            return name.translate(FOLDED)
        if how == 2:
            return name.upper()
        return self.typed(name, 1.0) if how == 3 else name.translate(_DROPPED)

    def misdated(self, born: str, errors: float = 0.04) -> str:
        """A date of birth, or that often one with a wrong digit, day and month swapped, or another day."""
        if not self.chance(errors):
            return born
        year, month, day = born.split("-")
        how = self.randrange(3)
        if how == 0 and int(day) <= 12:
            return f"{year}-{day}-{month}"
        if how == 1:
            return f"{int(year) + self.choice((-10, -1, 1, 10))}-{month}-{day}"
        return f"{year}-{month}-{self.randint(1, 28):02}"

    def address(self, door: str, place: tuple[str, str], errors: float = 0.05) -> Row:
        """Street, postal code, city and country as one source has them."""
        street = door.replace("straße", "str.") if self.chance(0.25) else door
        if self.chance(0.1):
            street = street.translate(FOLDED)
        return {
            "street": self.typed(street, errors),
            "postal_code": self.typed(place[0], errors / 4),
            "city": self.typed(place[1], errors / 2),
            "country": "DE",
        }


def endless(make: Callable[[Draw], Iterator[T]]) -> Callable[[Draw, int], Iterator[T]]:
    """Let a kind that never ends be asked for so many records; the last person's may be cut."""
    return lambda draw, count: islice(make(draw), count)
