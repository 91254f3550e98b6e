"""What a play of the demo is made of: people, where they are seen, deliveries, and what a person has to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.demo import words
from hub.demo.payloads import DAY, Delivery, Good, Who, square
from hub.model.keys import profile_id, record_id

MAX_SCALE = 50
HOUSEHOLDS = 40
"""Households of one copy of the cast."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A record, or (``order``) the record an order hangs on."""

    connection: str
    kind: str
    external_id: str

    @property
    def profile(self) -> str:
        """The id of the profile that this record would begin."""
        return str(profile_id(record_id(self.connection, self.kind, self.external_id)))

    def __str__(self) -> str:
        return f"{self.connection}:{self.kind}:{self.external_id}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and where they were seen: all anchors have to be of one profile, and of nobody else's.

    ``group`` names what this person shares with others without being them. ``city``, ``orders`` and ``total`` (in
    euros, less refunds) are what the profile has to say in the end.
    """

    name: str
    anchors: tuple[Anchor, ...]
    emails: frozenset[str] = frozenset()
    orders: int = 0
    total: str | None = None
    city: str | None = None
    group: str = ""
    opted_out: bool = False
    refused_by_crm: bool = False
    featured: str = ""
    """What is worth a look, if anything is."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two records of which nobody but a person can tell whether they are one's. ``accept`` False: nobody answers."""

    one: Anchor
    other: Anchor
    accept: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Two people who are taken for one by all evidence; somebody takes ``taken`` out of the profile of ``kept``."""

    names: tuple[str, str]
    kept: Anchor
    taken: Anchor
    reason: str


@dataclass(slots=True)
class Cast:
    """Everybody and everything. ``objects`` are what the vendors' APIs know, by path."""

    people: list[Person] = field(default_factory=list)
    opening: list[Delivery] = field(default_factory=list)
    counter: list[Delivery] = field(default_factory=list)
    later: list[Delivery] = field(default_factory=list)
    evening: list[Delivery] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    objects: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    known_to_crm: list[Who] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    """Values that must stand in no log."""
    begins: datetime = DAY
    """When the play that is told begins (UTC)."""

    def after(self, minutes: float) -> datetime:
        """This many minutes into the play."""
        return self.begins + timedelta(minutes=minutes)

    def tell(self, who: Who) -> Who:
        """Remember the values of a person as private."""
        values = (who.email, who.phone, who.phone.lstrip("+"), who.name if who.first and who.last else "")
        self.private |= {value for value in values if len(value) > 5}
        return who

    def sale(
        self, number: int, minutes: float, cents: int, customer: str | None, goods: Sequence[Good] = ()
    ) -> Delivery:
        """A sale at the till, with what Square's API tells of it."""
        at = self.after(minutes)
        sold = square.order(number, at, cents=cents, customer=customer, goods=goods)
        self.objects[f"/v2/orders/{square.order_id(number)}"] = sold
        return square.order_created(number, at)

    def directory(self, identifier: str, who: Who, minutes: float) -> None:
        """Put a customer into Square's directory."""
        self.objects[f"/v2/customers/{identifier}"] = {
            "customer": square.customer(identifier, who, self.after(minutes))
        }


@dataclass(frozen=True, slots=True)
class Copy:
    """The how-manieth time the cast plays, and its numbers."""

    index: int

    def n(self, number: int) -> int:
        """A number of this copy."""
        return 1_000 + self.index * 100 + number

    def phone(self, number: int) -> str:
        """A telephone number of this copy, of the range that is kept for films (+49 30 23125 000 to 999).

        The last digit follows from the others: the same number of another copy differs in more than one.
        """
        tens, ones = divmod(self.index, 10)
        return f"+493023125{self.index:02d}{(tens + 3 * ones + number) % 10}"

    def last(self, name: str, family: int = 0) -> str:
        """A last name: this one in the first copy, and in each other one another, by ``family``."""
        return words.LAST[(self.index + family) % len(words.LAST)] if self.index else name

    def home(self, household: int, **told: str) -> dict[str, str]:
        """An address (as told, or of this number); who plays the same part in another copy lives elsewhere."""
        street, postal_code, city = words.home(self.index * HOUSEHOLDS + household)
        return {"street": street, "postal_code": postal_code, "city": city, **({} if self.index else told)}

    def who(self, first: str, last: str, household: int, *, email: str | None = None, **told: str) -> Who:
        """Somebody with an e-mail (as told, or made of the name) and a home."""
        last = self.last(last)
        address = words.email(first, last, household) if email is None else email
        return Who(first, last, address, **self.home(household, **told))
