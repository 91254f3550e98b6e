"""What people keep of a person in a CRM, as a source's view of a customer: a dialect's table read backwards. Pure.

What Hub wrote and what stands there are read by the same table, so that they are told apart in the canonical form and
a CRM may spell phones, dates and countries its own way. Hub's own fields (totals, consents, its ids) are never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, cast

import orjson

from hub.mapping.customer import CustomerField, customer
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.event import CustomerEvent, DeletionEvent, LinkEvent, Note, Returned
from hub.model.identifier import RecordKey
from hub.sdk.crm.mapped import CrmMap, Own
from hub.sdk.source import BackfillItem

KIND = "contact"
"""The kind of a person's record in a CRM: what stands there a person typed (``hub.model.identifier.TYPED``)."""

_FIELDS: Mapping[str, CustomerField | str] = {
    "emails.0": "email",
    "phones.0": "phone",
    "name.first": "first_name",
    "name.middle": "middle_name",
    "name.last": "last_name",
    "last_name": "last_name",
    "name.full": "full_name",
    "full_name": "full_name",
    "addresses.0.line1": "street",
    "addresses.0.line2": "line2",
    "street": "street",
    "addresses.0.postal_code": "postal_code",
    "addresses.0.city": "city",
    "addresses.0.region": "region",
    "addresses.0.country": "country",
    "company": "company",
    "birth_date": "birth_date",
    "language": "language",
    "language_code": "language",
    "emails": "email",
    "phones": "phone",
}
"""What of a profile each field of a customer is read back from. An address in one line is not taken apart again."""

_CUSTOM = "custom."

CustomerTexts = dict[CustomerField, tuple[str, ...]]


def readable(crm: CrmMap[Own], settings: Own) -> dict[str, str]:
    """The CRM's fields that are read, each with the customer's field, or ``custom.NAME``, that it tells.

    What a mapping file writes is worked out, so that it cannot be read backwards.
    """
    computed = set(settings.mapped_fields)
    lists = {name: fact for name, fact in crm.facts.items() if crm.lists and fact in ("emails", "phones")}
    told = {**settings.profile_fields, **lists, **crm.person(settings), **crm.reads(settings)}
    return {name: field for name, field in targets(told).items() if name not in computed}


def columns(crm: CrmMap[Own], settings: Own) -> list[str]:
    """The CRM's fields that are read: Hub's id, what people fill in, and the CRM's own opt-outs."""
    return [crm.own, *(name for name in readable(crm, settings) if name != crm.own), *crm.opt_outs]


def snapshot(crm: CrmMap[Own], external_id: str, held: Mapping[str, Any], settings: Own) -> CustomerSnapshot:
    """What a record that holds these tells of its person; what is empty there is not told."""
    fields, custom = taken(readable(crm, settings), held)
    key = RecordKey(kind=KIND, external_id=external_id)
    said = refused(crm, held)
    return customer(key, fields, region=settings.default_region, custom=custom, consents=said)


def targets(told: Mapping[str, str]) -> dict[str, str]:
    """Those of a system's fields, each with a path of the profile, that are read; each with what it tells."""
    found = {name: _FIELDS.get(path, path if path.startswith(_CUSTOM) else "") for name, path in told.items()}
    return {name: field for name, field in found.items() if field}


def taken(fields_read: Mapping[str, str], held: Mapping[str, Any]) -> tuple[CustomerTexts, dict[str, str]]:
    """The customer's fields, and those of the business's own, that a record with these values tells."""
    fields: dict[CustomerField, tuple[str, ...]] = {}
    custom: dict[str, str] = {}
    for name, target in fields_read.items():
        text = str(held.get(name) or "").strip()
        if not text:
            continue
        if target.startswith(_CUSTOM):
            custom[target.removeprefix(_CUSTOM)] = text
        elif target == "street":
            line1, _, line2 = text.partition("\n")
            fields |= {"street": (line1,), **({"line2": (line2,)} if line2 else {})}
        else:
            field = cast("CustomerField", target)
            several = text.split(";") if field in ("email", "phone") else [text]
            fields[field] = tuple(dict.fromkeys((*fields.get(field, ()), *several)))
    return fields, custom


def refused(crm: CrmMap[Own], held: Mapping[str, Any]) -> list[Consent]:
    """The opt-outs that stand there. A box without a tick says nothing: it is no opt-in (law L7)."""
    found = {
        channel: Consent(channel=channel, state="opted_out", explicit=True, evidence=name)
        for name, channels in reversed([*crm.opt_outs.items()])
        if stands(held.get(name), crm)
        for channel in channels
    }
    return list(found.values())[::-1]


TICKED = frozenset({"true", "1"})
"""What a tick is told as."""


def stands(value: Any, crm: CrmMap[Own]) -> bool:
    """Whether this value of one of the CRM's own opt-outs is one."""
    return str(value).lower() in {crm.refused.lower(), *(TICKED if crm.refused in TICKED else ())}


def contact_event(
    crm: CrmMap[Own],
    external_id: str,
    held: Mapping[str, Any],
    settings: Own,
    *,
    at: datetime,
    past: bool = False,
    sent: bool = False,
) -> CustomerEvent:
    """What a source of a CRM's people tells of one of them; ``held`` are its fields in the form Hub writes them.

    ``past`` and ``sent`` as in ``hub.model.event.Returned``.
    """
    return CustomerEvent(
        occurred_at=at,
        customer=snapshot(crm, external_id, held, settings),
        whole=("emails", "phones"),
        returned=Returned(owner=str(held.get(crm.own) or "") or None, past=past, sent=sent),
    )


def texts(held: Mapping[str, Any]) -> dict[str, str]:
    """What of a record is told, as text; what is empty or no text is left out."""
    return {name: str(value) for name, value in held.items() if isinstance(value, str | int) and value != ""}


def odd(held: Mapping[str, Any]) -> Iterator[Note]:
    """A note for each value that cannot be read, being neither text nor number."""
    for name, value in held.items():
        if isinstance(value, Mapping | list):
            yield Note(path=name, reason="neither text nor number, so it is left out")


def key(record: str) -> RecordKey:
    """The key of a person's record."""
    return RecordKey(kind=KIND, external_id=record)


def gone(record: str, *, at: datetime, reason: str = "deleted at the source") -> DeletionEvent:
    """Somebody deleted a person's record: it is there no more."""
    return DeletionEvent(occurred_at=at, record=key(record), reason=reason)


def merged(into: str, records: Sequence[str], *, at: datetime, system: str, by: str | None) -> LinkEvent:
    """Somebody made one of these records, ``into``; ``by`` is the user's id there, as far as it is told."""
    several = tuple(key(one) for one in dict.fromkeys(records))
    told = f"{system} {by or 'user'}"
    return LinkEvent(occurred_at=at, records=several, reason=f"merged in {system}", by=told, into=key(into))


# -- lists by (time, id): a job gives thousands of records one time ---------------------------------------------------


def begun(since: datetime | None, at: Mapping[str, Any] | None, *, spec: str = "milliseconds") -> tuple[str, str]:
    """Where a list is gone on with: the time in UTC, and the last id that was read of it; "" where none was."""
    if at:
        return str(at["from"]), str(at["after"])
    start = (since or datetime(2000, 1, 1, tzinfo=UTC)).astimezone(UTC)
    return start.isoformat(timespec=spec).replace("+00:00", "Z"), ""


def after(rows: Sequence[Mapping[str, Any]], *, time: str, id: str, size: int) -> dict[str, str] | None:  # noqa: A002
    """The place behind a page of such a list; None behind the last, which has fewer rows than ``size``."""
    return {"from": str(rows[-1][time]), "after": str(rows[-1][id])} if len(rows) >= size else None


def item(topic: str, record: Any, stamp: Any, told: Any) -> BackfillItem:
    """A record as a list told it, named by what it says: one second may hold two changes."""
    body = orjson.dumps(told)
    return BackfillItem(f"{topic}:{record}:{stamp}:{blake2b(body, digest_size=6).hexdigest()}", topic, body)
