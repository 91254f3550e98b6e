"""People over five years: they marry, move, and change mailbox and phone; sources keep what they were told."""

from __future__ import annotations

from benchmarks.kinds.drawing import Draw
from benchmarks.kinds.homes import Told
from benchmarks.people import Row

_TOLD = {
    "shop": {"email": 1.0, "phone": 0.45, "address": 1.0, "birth_date": 0.15},
    "crm": {"email": 0.75, "phone": 0.7, "address": 0.8, "birth_date": 0.55},
    "till": {"email": 0.15, "phone": 0.55, "address": 0.35, "loyalty_id": 0.45},
    "loyalty": {"email": 0.7, "phone": 0.45, "address": 0.9, "birth_date": 0.85, "loyalty_id": 0.9},
}


class _Life:
    """A person as they are in a given year."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.female = draw.chance(0.55)
        self.first, self.last, self.born = draw.first(self.female), draw.last(), draw.born(1945, 2003)
        self.loyalty_id = draw.card()
        self.door, self.place = draw.door(), draw.place()
        self.email, self.phone = draw.email(self.first, self.last, self.born), draw.mobile()

    def year(self) -> None:
        """What happens in one."""
        draw = self.draw
        if draw.chance(0.05 if self.female else 0.01):
            other = draw.last()
            self.last = f"{self.last}-{other}" if draw.chance(0.2) else other
            if draw.chance(0.4):
                self.email = draw.email(self.first, self.last, self.born)
        if draw.chance(0.14):
            self.door = draw.door()
            self.place = self.place if draw.chance(0.45) else draw.place()
        if draw.chance(0.1):
            self.email = draw.email(self.first, self.last, self.born) if draw.chance(0.7) else draw.nickname()
        if draw.chance(0.1):
            self.phone = draw.mobile()

    def row(self, source: str) -> Row:
        """One record, as of now."""
        draw, told = self.draw, _TOLD[source]
        row: Row = {"source": source}
        row["first_name"], row["last_name"] = draw.spelled(self.first), draw.spelled(self.last, 0.05)
        if draw.chance(told.get("email", 0)):
            row["email"] = draw.typed(self.email, 0.015)
        if draw.chance(told.get("phone", 0)):
            row["phone"] = draw.typed(self.phone, 0.01)
        if draw.chance(told.get("address", 0)):
            row.update(draw.address(self.door, self.place))
        if draw.chance(told.get("birth_date", 0)):
            row["birth_date"] = draw.misdated(self.born, 0.03)
        if draw.chance(told.get("loyalty_id", 0)):
            row["loyalty_id"] = self.loyalty_id
        return row


def years(draw: Draw, count: int) -> Told:
    """Six records a person over five years; in each year one in seven moves, one in ten changes mailbox or number.

    A woman in twenty marries and takes another name. What is told after a change was told by none before, but for what
    did not change: a date of birth, a card, the number, the mailbox.
    """
    visits: list[tuple[float, str, Row]] = []
    number = 0
    while len(visits) < count:
        life = _Life(draw)
        often = draw.choice((0.5, 1.0, 1.5, 2.0))
        for year in range(5):
            if year:
                life.year()
            for _ in range(min(4, int(draw.expovariate(1 / often) + 0.5))):
                row = life.row(draw.choice(("shop", "shop", "crm", "till", "loyalty")))
                visits.append((year + draw.random(), f"p{number}", row))
        number += 1
    yield from ((name, row) for _, name, row in sorted(visits, key=lambda visit: visit[0])[:count])
