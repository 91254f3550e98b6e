"""From flat canonical fields to a normalised customer snapshot, shared by every connector."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

from hub.mapping.address import country, postal_address
from hub.mapping.contact_kind import contact_kind as kind_named
from hub.mapping.custom import texts
from hub.mapping.email import emails
from hub.mapping.name import clean, fold, is_filler, person_name
from hub.mapping.phone import phones
from hub.mapping.time import birth_date, birth_digits
from hub.model.address import Address
from hub.model.base import FrozenTexts
from hub.model.built import built
from hub.model.consent import Consent
from hub.model.customer import ChannelAccount, ContactKind, ContactPoint, CustomerSnapshot
from hub.model.identifier import Identifier, RecordKey

CustomerField = Literal[
    "external_id",
    "first_name",
    "middle_name",
    "last_name",
    "full_name",
    "email",
    "phone",
    "birth_date",
    "street",
    "house_number",
    "line2",
    "postal_code",
    "city",
    "region",
    "country",
    "company",
    "language",
    "national_id",
    "handle",
    "loyalty_id",
    "contact_kind",
]
"""The flat names of a customer's fields, as a csv column map and every FieldMap use them."""

_NAMES: tuple[CustomerField, ...] = ("first_name", "last_name", "full_name")

_SNAPSHOT = built(CustomerSnapshot)

CustomerFields = Mapping[CustomerField, tuple[str, ...]]
"""Field name to the values found, in order of preference; text as the source wrote it."""


def customer(
    key: RecordKey,
    fields: CustomerFields,
    *,
    region: str = "DE",
    addresses: Iterable[Address | None] = (),
    accounts: Iterable[ChannelAccount] = (),
    consents: Iterable[Consent] = (),
    tags: Iterable[str] = (),
    identifiers: Iterable[Identifier] = (),
    contact_kind: ContactKind | None = None,
    custom: Mapping[str, object] | None = None,
) -> CustomerSnapshot:
    """Normalise what a source told of a customer. Junk is kept, marked unusable; nothing is guessed.

    A phone number without a country is one of the country that the payload names (``region_of``), else of ``region``
    (ISO 3166 alpha-2). ``handle`` becomes a channel account of the network ``handle``: a name, not a proof. ``custom``
    is what else the source tells, by its own names (``texts``). What was told and cannot be taken over (a name that is
    a filler, a date that is none) is named in ``left_out``.
    """
    told = _first_told(fields)
    first = told.get
    born, spoken = birth_date(first("birth_date")), language(first("language"))
    street, house_number = first("street"), first("house_number")
    own_address = postal_address(
        line1=f"{street or ''} {house_number}" if house_number else street,
        line2=first("line2"),
        postal_code=first("postal_code"),
        city=first("city"),
        region=first("region"),
        country_name=first("country"),
    )
    known = tuple(address for address in (own_address, *addresses) if address is not None)
    region = region_of(fields, known, region)
    handle = first("handle")
    handles = (ChannelAccount(network="handle", account_id=handle.strip().lower(), handle=handle),) if handle else ()
    return _SNAPSHOT(
        key=key,
        name=person_name(
            first=first("first_name"),
            middle=first("middle_name"),
            last=first("last_name"),
            full=first("full_name"),
        ),
        emails=_distinct([point for text in fields.get("email", ()) for point in emails(text)]),
        phones=_distinct([point for text in fields.get("phone", ()) for point in phones(text, region)]),
        addresses=tuple(dict.fromkeys(known)),
        birth_date=born,
        birth_digits=None if born else birth_digits(first("birth_date")),
        language=spoken,
        company=clean(first("company")),
        national_id=clean(first("national_id")),
        loyalty_ids=tuple(dict.fromkeys(v.strip() for v in fields.get("loyalty_id", ()) if v and v.strip())),
        accounts=(*accounts, *handles),
        consents=tuple(consents),
        tags=tuple(tags),
        identifiers=tuple(identifiers),
        contact_kind=contact_kind or kind_named(first("contact_kind")),
        custom=texts(custom.items()) if custom else FrozenTexts(),
        left_out=_left_out(told, born=born is not None, spoken=spoken is not None),
    )


def region_of(fields: CustomerFields, addresses: Iterable[Address], default: str) -> str:
    """The country in which a person's numbers are dialled: the one told of them, of an address, or the default."""
    for text in fields.get("country", ()):
        if code := country(text):
            return code
    return next((address.country for address in addresses if address.country), default)


_FILLED: tuple[CustomerField, ...] = ("first_name", "middle_name", "last_name", "full_name", "company", "national_id")


def _left_out(told: Mapping[CustomerField, str], *, born: bool, spoken: bool) -> tuple[str, ...]:
    found: list[str] = [name for name in _FILLED if name in told and is_filler(told[name])]
    if "birth_date" in told and not born:
        found.append("birth_date")
    if "country" in told and country(told["country"]) is None:
        found.append("country")
    if "contact_kind" in told and kind_named(told["contact_kind"]) is None:
        found.append("contact_kind")
    if "language" in told and not spoken:
        found.append("language")
    return tuple(found)


def _first_told(fields: CustomerFields) -> dict[CustomerField, str]:
    """Per field the first value that is more than white space."""
    told: dict[CustomerField, str] = {}
    for field, values in fields.items():
        for value in values:
            if value and not value.isspace():
                told[field] = value
                break
    return told


def language(text: str | None) -> str | None:
    """ISO 639-1 from ``de``, ``de-DE`` or ``de_DE``; anything else gives None."""
    code = (text or "").strip().replace("_", "-").partition("-")[0].lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def _distinct(points: Iterable[ContactPoint]) -> tuple[ContactPoint, ...]:
    by_value: dict[str, ContactPoint] = {}
    for point in points:
        by_value.setdefault(point.value, point)
    return tuple(by_value.values())


def guest_key(
    fields: CustomerFields, *, region: str = "DE", fallback: str, addresses: Iterable[Address] = ()
) -> RecordKey:
    """The record of someone who bought without an account.

    The same e-mail (else phone) under the same name is the same guest; two names on one e-mail stay two records, so
    that identity can still tell them apart. The external id is a digest: no personal value. ``fallback`` (the order's
    id) is used when there is neither e-mail nor phone.
    """
    contact = next((p.value for text in fields.get("email", ()) for p in emails(text) if p.usable), None)
    if contact is None:
        region = region_of(fields, addresses, region)
        contact = next((p.value for text in fields.get("phone", ()) for p in phones(text, region) if p.usable), None)
    if contact is None:
        return RecordKey(kind="guest", external_id=fallback)
    parts = [value for name in _NAMES for value in fields.get(name, ())[:1] if value]
    name = fold(" ".join(parts))
    digest = hashlib.blake2b(f"{contact}|{name}".encode(), digest_size=12).hexdigest()
    return RecordKey(kind="guest", external_id=digest)
