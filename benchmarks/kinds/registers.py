"""Two registers with national ids and loyalty cards, which are sometimes somebody else's."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.kinds.drawing import Draw, endless
from benchmarks.kinds.homes import Told
from benchmarks.people import Row


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    first: str
    last: str
    born: str
    door: str
    place: tuple[str, str]
    national_id: str
    loyalty_id: str


@endless
def registers(draw: Draw) -> Told:
    """Households of one to four in a register of residents and in a club's.

    Nine records in ten of the residents' tell a national id, six in ten of the club's a card. Of the ids one in fifty
    is a relative's by a clerk's mistake, of the cards one in sixteen a relative's or a friend's, borrowed at the till;
    one in a hundred is mistyped. One date of birth in four is not told.
    """
    number = 0
    friends: list[str] = []
    while True:
        house = _house(draw, number)
        number += len(house)
        for member in house:
            others = [each for each in house if each is not member]
            for _ in range(draw.count((0.45, 0.3, 0.15, 0.1))):
                yield member.name, _row(draw, member, others, friends)
        friends = [member.loyalty_id for member in house]


def _house(draw: Draw, number: int) -> list[_Member]:
    last, door, place = draw.last(), draw.door(), draw.place()
    members: list[_Member] = []
    for place_in in range(draw.count((0.45, 0.3, 0.15, 0.1))):
        born = draw.born() if place_in < 2 else draw.born(1985, 2006)
        own = last if draw.chance(0.85) else draw.last()
        name = f"p{number + place_in}"
        members.append(_Member(name, draw.first(), own, born, door, place, draw.card(9), draw.card()))
    return members


def _row(draw: Draw, member: _Member, others: list[_Member], friends: list[str]) -> Row:
    source = draw.choice(("residents", "club"))
    row: Row = {"source": source}
    first = f"{member.first[0]}." if source == "club" and draw.chance(0.05) else draw.spelled(member.first)
    row["first_name"], row["last_name"] = first, draw.spelled(member.last, 0.06)
    if draw.chance(0.75):
        row["birth_date"] = draw.misdated(member.born, 0.05)
    if draw.chance(0.7):
        row.update(draw.address(member.door, member.place))
    if draw.chance(0.9 if source == "residents" else 0.25):
        wrong = others and draw.chance(0.05)
        row["national_id"] = draw.typed(draw.choice(others).national_id if wrong else member.national_id, 0.01)
    if draw.chance(0.6 if source == "club" else 0.1):
        cards = [each.loyalty_id for each in others] + friends
        row["loyalty_id"] = draw.choice(cards) if cards and draw.chance(0.0625) else member.loyalty_id
    return row
