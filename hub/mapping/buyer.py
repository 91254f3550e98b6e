"""Whom the data of an order speak of: the buyer, or another person a present goes to. Pure.

What an order tells of its buyer beside the account (a phone, company or street that stands only at its addresses)
reaches the person. A shipping address under another name is another person's, and nothing of it becomes the buyer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from pydantic import BaseModel

from hub.mapping.address import country
from hub.mapping.customer import CustomerField, CustomerFields, guest_key, region_of
from hub.mapping.email import email
from hub.mapping.name import clean, fold, person_name
from hub.mapping.phone import phone
from hub.mapping.record_state import address_key
from hub.model.address import Address
from hub.model.customer import CustomerSnapshot, PersonName
from hub.model.event import CustomerEvent
from hub.model.identifier import Identifier, RecordKey

Place = TypeVar("Place", bound=BaseModel)

_NAMES: tuple[CustomerField, ...] = ("first_name", "last_name", "full_name")
_OF_AN_ADDRESS: tuple[CustomerField, ...] = ("first_name", "last_name", "phone", "company")


def speaks_of(address: BaseModel | None, region: str | None = None) -> CustomerFields:
    """Whom an address of a vendor names: the fields that it calls as the canonical model does.

    ``region`` is where the buyer's numbers are dialled: one at an address in another country becomes international.
    """
    return _spoken(type(address), _told_by(address), region) if address is not None else {}


@lru_cache(maxsize=1_024)
def _spoken(kind: type[BaseModel], told: tuple[str | None, ...], region: str | None) -> CustomerFields:
    # The addresses of an order are mostly one. What is kept is for reading only, as every ``CustomerFields`` is.
    names, places = _shared_names(kind)
    fields = told_fields(dict(zip(names, told, strict=False)))
    if region is None or "phone" not in fields:
        return fields
    here = country(next(filter(None, told[-places:]), None)) if places else None
    number = phone(fields["phone"][0], here) if here and here != region else None
    return {**fields, "phone": (number.value,)} if number and number.usable else fields


def _told_by(address: BaseModel) -> tuple[str | None, ...]:
    told: tuple[str | None, ...] = _reader(type(address))(address)
    return told


@cache
def _reader(kind: type[BaseModel]) -> Callable[[BaseModel], Any]:
    """Reads what an address tells, of ``_OF_AN_ADDRESS`` and then of its country, at once."""
    names = (*_shared_names(kind)[0], *_country_names(kind))
    if len(names) > 1:
        return attrgetter(*names)
    return lambda address: tuple(getattr(address, name) for name in names)


@cache
def _shared_names(kind: type[BaseModel]) -> tuple[tuple[CustomerField, ...], int]:
    """The fields that an address calls as the canonical model does, and in how many it tells a country."""
    # asking a model for a field that it does not have costs as much as building a small one
    return tuple(name for name in _OF_AN_ADDRESS if _has(kind, name)), len(_country_names(kind))


@cache
def _country_names(kind: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name in ("country_code", "country") if _has(kind, name))


def _has(kind: type[BaseModel], name: str) -> bool:
    return name in kind.model_fields or hasattr(kind, name)


def country_among(*addresses: BaseModel | None, default: str) -> str:
    """The first country that the addresses name: there the buyer's numbers are dialled. ``default`` where none does."""
    for address in addresses:
        if address is not None:
            for name in _country_names(type(address)):
                if (text := getattr(address, name)) and (code := country(text)):
                    return code
    return default


def names_of(person: BaseModel | None) -> CustomerFields:
    """The name alone, to be compared."""
    return {name: values for name, values in speaks_of(person).items() if name in _NAMES}


def told_fields(values: Mapping[CustomerField, str | None]) -> CustomerFields:
    """Those fields that are more than white space."""
    return {name: (value,) for name, value in values.items() if value and not value.isspace()}


def same_person(one: CustomerFields, other: CustomerFields) -> bool:
    """True where the names are one ("Ort" and "Uwe Ort" are), or one side tells none."""
    if one is other:
        return True
    mine, yours = _words(one), _words(other)
    return mine is yours or not mine or not yours or mine <= yours or yours <= mine


def completed(fields: CustomerFields, other: CustomerFields) -> CustomerFields:
    """``fields`` with what they lack from ``other``, where that speaks of the same person.

    A name is taken whole or not at all; of phones every one is kept.
    """
    if fields is other or not other:
        return fields
    mine, yours = _words(fields), _words(other)
    if not (mine is yours or not mine or not yours or mine <= yours or yours <= mine):
        return fields
    found = {**fields}
    for name, values in other.items():
        if name == "phone":
            found[name] = (*fields.get(name, ()), *values)
        elif name not in found and not (mine and name in _NAMES):
            found[name] = values
    return found


def with_shipping(fields: CustomerFields, shipping: Place | None, region: str) -> tuple[CustomerFields, list[Place]]:
    """What the shipping address adds to its buyer, and itself where it is theirs: it goes to nobody of another name."""
    told = speaks_of(shipping, region)
    theirs = [shipping] if shipping is not None and same_person(fields, told) else []
    return completed(fields, told), theirs


def buyer_key(account: RecordKey | None, fields: CustomerFields, *, region: str, fallback: str) -> RecordKey | None:
    """The record of whoever bought: the account, else the guest whom e-mail or phone name, else nobody.

    ``fallback`` (the order's id) is the guest's where neither can be used.
    """
    if account is None and (fields.get("email") or fields.get("phone")):
        return guest_key(fields, region=region, fallback=fallback)
    return account


def named(name: PersonName | None) -> CustomerFields:
    """The fields of a name, to be compared."""
    return {"full_name": (name.full,)} if name and name.full else {}


def weak_contacts(
    known: CustomerSnapshot, *, emails: Iterable[str | None] = (), phones: Iterable[str | None] = (), region: str
) -> tuple[Identifier, ...]:
    """Contact data that stand beside an account and are not its own, as weak identifiers."""
    points = [("email", point) for text in emails if text and (point := email(text)) and point.usable]
    points += [("phone", point) for text in phones if text and (point := phone(text, region)) and point.usable]
    if not points:
        return ()
    own = {point.value for point in (*known.emails, *known.phones)}
    own.update([held.value for held in known.identifiers])
    found = dict.fromkeys([(kind, point.value) for kind, point in points if point.value not in own])
    return tuple([Identifier(kind=kind, value=value, strength="weak") for kind, value in found])


def told_beside(
    account: CustomerSnapshot,
    fields: CustomerFields,
    *,
    at: datetime,
    region: str,
    addresses: Iterable[Address | None] = (),
) -> CustomerEvent | None:
    """What the addresses of an order tell of the person behind an account, beyond the account; None where nothing.

    ``at`` is the time of the order: a later touch of an old order tells nothing new of the person. Phones and e-mails
    are weak identifiers. The company is taken where the account has none; the name where it has none; the addresses
    where the names do not contradict.
    """
    places = [address for address in addresses if address]
    region = region_of(fields, (*places, *account.addresses), region)
    contacts = weak_contacts(account, emails=fields.get("email", ()), phones=fields.get("phone", ()), region=region)
    more = [address for address in places if address not in account.addresses]
    if more:
        held = {address_key(own) for own in account.addresses}
        same = same_person(named(account.name), fields)
        more = [*{key: place for place in more if same and (key := address_key(place)) not in held}.values()]
    name = None if account.name else _name(fields)
    company = None if account.company else clean(_first(fields, "company"))
    if not (name or company or more or contacts):
        return None
    told = CustomerSnapshot(key=account.key, name=name, company=company, addresses=tuple(more), identifiers=contacts)
    return CustomerEvent(occurred_at=at, customer=told)


def _name(fields: CustomerFields) -> PersonName | None:
    first, last, full = (_first(fields, name) for name in _NAMES)
    return person_name(first=first, last=last, full=full)


def _first(fields: CustomerFields, name: CustomerField) -> str | None:
    return next(iter(fields.get(name, ())), None)


def _words(fields: CustomerFields) -> frozenset[str]:
    # no comprehension: every order asks this several times
    first, last, full = fields.get("first_name"), fields.get("last_name"), fields.get("full_name")
    if full is None and first and last:
        return _folded(f"{first[0]} {last[0]}")
    return _folded(" ".join([values[0] for values in (first, last, full) if values]))


@lru_cache(maxsize=4_096)
def _folded(name: str) -> frozenset[str]:
    # The addresses of one order are compared with each other and with the account, mostly under one name.
    return frozenset(fold(name).split())
