"""Invented people and orders, and what a CRM is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from hub.model.address import Address
from hub.model.consent import ConsentState
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.order import Order, OrderState
from hub.model.profile import ConsentSummary, OrderSummary, Profile
from tests.support.crm.double import Double
from tests.support.crm.house import House
from tests.support.doubles import at

ANNA, BERT, CARLA, DORA = (UUID(int=0xA000 + number) for number in range(4))
ORDER, SECOND, THIRD = (UUID(int=0xE000 + number) for number in range(3))
NAMES = {ANNA: ("Anna", "Amsel"), BERT: ("Bert", "Bussard"), CARLA: ("Carla", "Drossel"), DORA: ("Dora", "Elster")}


def person(
    key: UUID,
    *emails: str,
    first: str | None = None,
    last: str | None = None,
    phone: str | None = None,
    city: str | None = None,
    company: str | None = None,
    consent: ConsentState | None = None,
    totals: Iterable[tuple[str, str]] = (),
    aliases: tuple[UUID, ...] = (),
    suppressed: bool = False,
) -> Profile:
    """A golden profile; without e-mails it has one of its first name."""
    given, family = NAMES.get(key, ("Ida", "Igel"))
    consents = [ConsentSummary(purpose="marketing", channel="email", state=consent, at=at(0))] if consent else []
    money = tuple(Money(amount=Decimal(amount), currency=currency) for amount, currency in totals)
    return Profile(
        id=key,
        aliases=aliases,
        created_at=at(0),
        updated_at=at(0),
        name=PersonName(first=first or given, last=last or family),
        emails=emails or (f"{given.lower()}@example.com",),
        phones=(phone,) if phone else (),
        addresses=(Address(line1="Am Markt 1", postal_code="80331", city=city, country="DE"),) if city else (),
        company=company,
        consents=tuple(consents),
        orders=OrderSummary(count=len(money), totals=money, first_at=at(1), last_at=at(2)) if money else OrderSummary(),
        suppressed=suppressed,
    )


def order(
    number: str, total: str = "100.00", *, currency: str = "EUR", state: OrderState = "paid", note: str | None = None
) -> Order:
    """An order of the shop."""
    return Order(
        external_id=number, number=number, state=state, placed_at=at(5), currency=currency, total=Decimal(total),
        note=note,
    )  # fmt: skip


Way = Literal["people", "orders"]


@dataclass(frozen=True)
class Told:
    """What stands in a CRM, without what it gives itself: whoever reads two of these sees the same people, or not."""

    people: dict[str | None, list[dict[str, Any]]]
    orders: dict[str | None, list[dict[str, Any]]]
    opted_out: frozenset[str]


def told(house: House) -> Told:
    """What stands in the house's CRM of all that Hub wrote, by Hub's own ids; ids of the CRM's are left out."""
    double = house.double
    owners = {one["id"]: one["owner"] for one in double.people()}
    people: dict[str | None, list[dict[str, Any]]] = {}
    for one in double.people():
        written = {"emails": sorted(one["emails"]), **_written(house, one["owner"], one["values"], owners)}
        people.setdefault(one["owner"], []).append(written)
    orders: dict[str | None, list[dict[str, Any]]] = {}
    for placed in double.orders():
        whose = [owners.get(part, part) for part in (placed["person"] or "").split(";") if part]
        written = {"whose": whose, **_written(house, placed["owner"], placed["values"], owners)}
        orders.setdefault(placed["owner"], []).append(written)
    return Told(people, orders, frozenset(double.opted_out))


def _written(house: House, owner: str | None, values: dict[str, Any], ids: Iterable[str]) -> dict[str, Any]:
    # a record that another profile took over keeps its mirror under the one it was made for
    mirror = (house.mirror_of(UUID(owner)) if owner else {}) or values
    known = {name: values.get(name) for name, value in mirror.items() if value not in ("", None)}
    return {name: value for name, value in known.items() if name in values and str(value) not in ids}


def live(double: Double, owner: UUID) -> list[Any]:
    """The live records that carry this id of Hub's."""
    return [one for one in double.people() if one["owner"] == str(owner)]


def one(double: Double, owner: UUID) -> Any:
    """The one live record that carries this id of Hub's."""
    found = live(double, owner)
    assert len(found) == 1, f"{len(found)} records carry the id of one profile"
    return found[0]


def placed(double: Double, key: UUID) -> Any:
    """The one record of an order."""
    found = [deal for deal in double.orders() if deal["owner"] == str(key)]
    assert len(found) == 1, f"{len(found)} records are of one order"
    return found[0]


def amounts(values: Iterable[Any]) -> set[Decimal]:
    """The numbers among these values."""
    found = set()
    for value in values:
        try:
            found.add(Decimal(str(value)))
        except ArithmeticError:
            continue
    return found
