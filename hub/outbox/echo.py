"""echo: which values of a record that Hub writes to are Hub's own, and which a person changed there (law L10). Pure.

A value that equals the mirror is Hub's own, and so is one of a write that is under way. What Hub wrote before that is
the late echo of an older write, as long as the record may have been read before the mirror was known to stand there; of
a record read since, it is what a person set back. Everything else is a person's edit. The vendor's marks of who changed
what decide nothing, because a workflow or an import over there carries any of them.

Consents are told apart by their state alone. An opt-out is only ever dropped where it stands there already by what Hub
knows: it tightens, and is never lost to a doubt (law L7).

Values are compared as the canonical model has them, so that a CRM which writes phones or dates its own way returns
the same value. Only digests are kept of what was written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal
from uuid import UUID

import orjson

from hub.model.base import FrozenTexts
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.event import ContactList

Verdict = Literal["ours", "late", "edit"]
"""``ours`` stands there as Hub wrote it last; ``late`` is an older write that came back after a newer one."""

KEPT = timedelta(hours=72)
"""How long what was written is remembered: webhooks are sent again for a day, and polls overlap."""

SLACK = timedelta(seconds=30)
"""A list may not show a write for so long: search indexes lag, and pages take time. A record asked for by its id does.
"""

SINGLE = ("name", "birth_date", "language", "company")
LISTS = ("emails", "phones", "addresses")


@dataclass(frozen=True, slots=True)
class Print:
    """What a write said, and when it went out by Hub's clock. Digests by field."""

    at: datetime
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mirror:
    """What stands there as far as Hub knows, and since when; ``unknown``: nobody knows what the last write did."""

    told: CustomerSnapshot
    at: datetime
    unknown: bool = False


def fields_of(snapshot: CustomerSnapshot) -> dict[str, str]:
    """What a snapshot tells, by field; lists as one value each, in their order, and each custom field by its name."""
    told: dict[str, Any] = {name: getattr(snapshot, name) for name in SINGLE}
    told["name"] = snapshot.name.model_dump(exclude_none=True) if snapshot.name else None
    told["emails"] = [point.value for point in snapshot.emails]
    told["phones"] = [point.value for point in snapshot.phones]
    told["addresses"] = [address.model_dump(exclude_none=True) for address in snapshot.addresses]
    told |= {f"custom.{name}": text for name, text in snapshot.custom.items()}
    told |= {consent_field(one): one.state for one in snapshot.consents}
    return {name: _text(value) for name, value in told.items() if value}


def consent_field(consent: Consent) -> str:
    """The field that a consent is."""
    return f"consents.{consent.purpose}.{consent.channel}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def digest(of: UUID, field: str, value: str) -> str:
    """A value's fingerprint, keyed by whose it is: equal values of two people have different ones."""
    return blake2b(f"{field}\x1f{value}".encode(), digest_size=10, key=of.bytes).hexdigest()


def digests(of: UUID, snapshot: CustomerSnapshot) -> dict[str, str]:
    """The fingerprints of all that a snapshot tells."""
    return {field: digest(of, field, value) for field, value in fields_of(snapshot).items()}


def verdict(
    field: str,
    value: str,
    mirror: tuple[Mapping[str, str], datetime] | None,
    prints: Sequence[Print],
    read_at: datetime | None,
) -> Verdict:
    """Whose a value is. ``value`` is its digest, ``mirror`` the digests of what stands there, and since when it does.

    ``mirror`` None: nobody knows what the last write did. ``read_at`` is the earliest moment at which the record may
    have been read, by Hub's clock; None for a value that stood there once, whatever stands there now.
    """
    if mirror is not None and mirror[0].get(field) == value:
        return "ours"
    written = [one.at for one in prints if one.digests.get(field) == value]
    if not written:
        return "edit"
    if mirror is None or max(written) > mirror[1]:
        return "ours"
    return "late" if read_at is None or read_at < mirror[1] else "edit"


def edited(
    of: UUID, read: CustomerSnapshot, mirror: Mirror | None, prints: Sequence[Print], read_at: datetime | None
) -> frozenset[str]:
    """The fields that a person changed, of a record that Hub wrote for ``of``."""
    known = None if mirror is None or mirror.unknown else (digests(of, mirror.told), mirror.at)
    held = {} if mirror is None else {consent_field(one): one.state for one in mirror.told.consents}
    refused = {consent_field(one): one.at for one in read.consents if one.state == "opted_out"}
    found = set()
    for field, value in digests(of, read).items():
        if field not in refused:
            is_edit = verdict(field, value, known, prints, read_at) == "edit"
        elif held.get(field) == "pending" and refused[field] is None:
            is_edit = False  # the person was asked because of it, and has not answered
        else:
            is_edit = held.get(field) != "opted_out" and not _under_way(field, value, mirror, prints)
        if is_edit:
            found.add(field)
    return frozenset(found)


def _under_way(field: str, value: str, mirror: Mirror | None, prints: Sequence[Print]) -> bool:
    """Whether Hub writes the value just now, or its last write of it has an unknown outcome."""
    newest = max(prints, key=lambda one: one.at, default=None)
    if newest is None or newest.digests.get(field) != value:
        return False
    return mirror is None or mirror.unknown or newest.at > mirror.at


def only(read: CustomerSnapshot, fields: Collection[str], mirror: CustomerSnapshot | None) -> CustomerSnapshot:
    """The snapshot with nothing but these fields: what is Hub's own tells nothing new.

    Of a list come the values that Hub did not write, and the first where it is another one now.
    """
    kept: dict[str, Any] = {name: None for name in SINGLE if name not in fields}
    for name in LISTS:
        values = getattr(read, name)
        held = {} if mirror is None else {_key(one): place for place, one in enumerate(getattr(mirror, name))}
        kept[name] = tuple(
            one
            for place, one in enumerate(values)
            if name in fields and (_key(one) not in held or (place == 0 and held[_key(one)] != 0))
        )
    custom = {name: text for name, text in read.custom.items() if f"custom.{name}" in fields}
    kept["consents"] = tuple(one for one in read.consents if consent_field(one) in fields)
    return read.model_copy(update={**kept, "custom": FrozenTexts(custom), "birth_digits": None})


def whole(read: CustomerSnapshot, fields: Collection[str]) -> tuple[ContactList, ...]:
    """The lists that a person told in full: one value stands there, where it replaced what that person told before."""
    lists: tuple[ContactList, ...] = ("emails", "phones")
    return tuple(name for name in lists if name in fields and len(getattr(read, name)) == 1)


def _key(one: Any) -> str:
    return str(getattr(one, "value", None) or orjson.dumps(one.model_dump(exclude_none=True)).decode())
