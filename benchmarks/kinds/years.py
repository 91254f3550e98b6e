"""People over five years: they marry, move, and change mailbox and phone; sources keep what they were told."""

from __future__ import annotations

from benchmarks.kinds.drawing import Draw
from benchmarks.kinds.homes import Told
from benchmarks.people import Row

_TOLD = {
    "shop": {"email": 0.95, "phone": 0.3, "address": 0.95, "birth_date": 0.05},
    "crm": {"email": 0.6, "phone": 0.5, "address": 0.6, "birth_date": 0.2},
    "till": {"email": 0.1, "phone": 0.35, "address": 0.5, "loyalty_id": 0.15},
    "loyalty": {"email": 0.5, "phone": 0.3, "address": 0.85, "birth_date": 0.6, "loyalty_id": 0.7},
}


class _Life:
    """A person as they are in a given year; at first at the home of ``kin``, where there is one."""

    def __init__(self, draw: Draw, kin: _Life | None = None) -> None:
        self.draw = draw
        self.female = draw.chance(0.55)
        self.first, self.born = draw.first(self.female), draw.born(1945, 2003)
        self.last: str = kin.last if kin else draw.last()
        self.loyalty_id = draw.card()
        self.door: str = kin.door if kin else draw.door()
        self.place: tuple[str, str] = kin.place if kin else draw.place()
        self.email, self.phone = draw.email(self.first, self.last, self.born), draw.mobile()

    def year(self) -> None:
        """What happens in one."""
        draw = self.draw
        if draw.chance(0.05 if self.female else 0.01):
            other = draw.last()
            self.last = f"{self.last}-{other}" if draw.chance(0.2) else other
            if draw.chance(0.4):
                self.email = draw.email(self.first, self.last, self.born)
        if draw.chance(0.2):
            self.door = draw.door()
            self.place = self.place if draw.chance(0.45) else draw.place()
        if draw.chance(0.2):
            self.email = draw.email(self.first, self.last, self.born) if draw.chance(0.7) else draw.nickname()
        if draw.chance(0.15):
            self.phone = draw.mobile()

    def row(self, source: str) -> Row:
        """One record, as of now."""
        draw, told = self.draw, _TOLD[source]
        row: Row = {"source": source}
        row["first_name"], row["last_name"] = draw.spelled(self.first), draw.spelled(self.last, 0.05)
        if draw.chance(told.get("email", 0)):
            row["email"] = draw.mailed(self.email, 0.015)
        if draw.chance(told.get("phone", 0)):
            row["phone"] = draw.dialled(self.phone, 0.01)
        if draw.chance(told.get("address", 0)):
            row.update(draw.address(self.door, self.place))
        if draw.chance(told.get("birth_date", 0)):
            row["birth_date"] = draw.misdated(self.born, 0.03)
        if draw.chance(told.get("loyalty_id", 0)):
            row["loyalty_id"] = self.loyalty_id
        return row


def years(draw: Draw, count: int) -> Told:
    """Four records a person over five years; in each year one in five moves, one in five has another mailbox.

    One in seven has another number, a woman in twenty marries and takes another name. What is told after a change was
    told by none before, but for what did not change: a date of birth, a card, the number, the mailbox. Every third
    lives with somebody of the same last name when it begins.
    """
    visits: list[tuple[float, str, Row]] = []
    number = 0
    while len(visits) < count:
        head = _Life(draw)
        for life in (head, _Life(draw, head)) if draw.chance(0.33) else (head,):
            often = draw.choice((0.3, 0.6, 0.9, 1.4))
            for year in range(5):
                if year:
                    life.year()
                for _ in range(min(4, int(draw.expovariate(1 / often) + 0.5))):
                    row = life.row(draw.choice(("shop", "shop", "shop", "crm", "till", "loyalty")))
                    visits.append((year + draw.random(), f"p{number}", row))
            number += 1
    yield from ((name, row) for _, name, row in sorted(visits, key=lambda visit: visit[0])[:count])
