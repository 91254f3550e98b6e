"""What the sandbox CRM keeps, and the rules its records obey: known, writable, well-formed and unique values."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

Json = dict[str, Any]
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[a-z]{2,}", re.IGNORECASE)
_READ_ONLY = ("hs_object_id", "createdate", "lastmodifieddate", "hs_additional_emails", "hs_merged_object_ids",
              "hs_email_optout")  # fmt: skip
_TEXT = {
    "contacts": ("email", "firstname", "lastname", "phone", "mobilephone", "address", "zip", "city", "state",
                 "country", "company", "date_of_birth", "jobtitle", "website", "hs_language"),
    "deals": ("dealname", "pipeline", "dealstage", "deal_currency_code"),
    "notes": ("hs_note_body", "hubspot_owner_id"),
    "tasks": ("hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_type", "hubspot_owner_id"),
    "line_items": ("name", "hs_sku", "hs_line_item_currency_code"),
}  # fmt: skip
_TYPED = {
    "deals": {"amount": "number", "closedate": "datetime"}, "contacts": {}, "notes": {"hs_timestamp": "datetime"},
    "tasks": {"hs_timestamp": "datetime"},
    "line_items": {"quantity": "number", "price": "number"},
}  # fmt: skip


_AT_CONTACT = {"notes": 202, "tasks": 204}
"""What hangs on contacts, by the type of association (HubSpot/hubspot-api-nodejs, AssociationTypes.ts)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``cut`` sends half the body and drops the connection; ``silent`` lets the caller time out."""

    status: int
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Literal["", "cut", "silent"] = ""
    page: str = ""
    """HTML instead of JSON."""

    @property
    def content(self) -> bytes:
        """The body as sent."""
        if self.page:
            return self.page.encode()
        raw = b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()
        return raw[: len(raw) // 2] if self.fault == "cut" else raw


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next ``times`` calls whose path contains ``path``.

    ``status`` answers it without doing anything. ``cut`` and ``silent`` fail after the call was carried out,
    ``before`` lets them fail without that.
    """

    times: int = 1
    path: str = ""
    status: int = 0
    retry_after: float | None = None
    kind: Literal["", "cut", "silent"] = ""
    before: bool = False


class Refusal(Exception):  # noqa: N818
    """HubSpot's error body for one record, or for the whole call."""

    def __init__(self, status: int, category: str, message: str, **context: Sequence[str]) -> None:
        super().__init__(message)
        self.status, self.category, self.message = status, category, message
        self.context = {name: list(values) for name, values in context.items()}

    def of(self, trace: str | None) -> Json:
        """As one of the ``errors`` of a 207."""
        context = {**self.context, **({"objectWriteTraceId": [trace]} if trace else {})}
        return {"status": "error", "category": self.category, "message": self.message, "context": context,
                "errors": [], "links": {}}  # fmt: skip

    def reply(self, headers: Mapping[str, str] = {}) -> Reply:
        """As the answer to the whole call."""
        return Reply(self.status, {"status": "error", "message": self.message, "correlationId": str(uuid4()),
                                   "category": self.category, "context": self.context}, headers)  # fmt: skip


def invalid(name: str, code: str, message: str) -> Refusal:
    """HubSpot's words for a property value that is refused."""
    details = [{"isValid": False, "message": message, "error": code, "name": name}]
    return Refusal(400, "VALIDATION_ERROR", f"Property values were not valid: {json.dumps(details)}")


@dataclass(slots=True)
class Stored:
    """A contact or deal."""

    id: str
    properties: dict[str, str]
    created: str
    updated: str

    def shown(self, names: Sequence[str] | None = None) -> Json:
        """As HubSpot shows it: the default properties, and the ones asked for (null where empty)."""
        system = {"hs_object_id": self.id, "createdate": self.created, "lastmodifieddate": self.updated}
        every = {**self.properties, **system}
        properties = every if names is None else {name: every.get(name) for name in (*names, *system)}
        return {"id": self.id, "properties": properties, "createdAt": self.created, "updatedAt": self.updated,
                "archived": False}  # fmt: skip

    def several(self, name: str) -> list[str]:
        """The values of a property that holds several."""
        return [value for value in self.properties.get(name, "").split(";") if value]

    @property
    def emails(self) -> set[str]:
        """All e-mails this contact is known by."""
        return {email.lower() for name in ("email", "hs_additional_emails") for email in self.several(name)}


class Records:
    """Contacts, deals, line items and notes by id, their property definitions, and who holds which unique value."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Stored]] = {kind: {} for kind in _TEXT}
        self.definitions: dict[str, dict[str, Json]] = {kind: _default_properties(kind) for kind in self.records}
        self.links: set[tuple[str, str]] = set()
        self.merged: dict[str, str] = {}
        self.blocked: set[str] = set()
        self.created: Counter[str] = Counter()
        self._holders: dict[tuple[str, str, str], Stored] = {}
        self._ids = itertools.count(501)

    def define(self, kind: str, name: str) -> None:
        """A text property that somebody made there by hand."""
        self.definitions[kind][name] = _property(name, "string")

    def known(self, kind: str, key: str) -> Stored:
        """The record of this id, also under an id it had before a merge. Raises Refusal."""
        while key in self.merged:
            key = self.merged[key]
        record = self.records[kind].get(key)
        if record is None:
            raise Refusal(404, "OBJECT_NOT_FOUND", "Object not found.  objectId are usually numeric.", ids=[key])
        return record

    def find(self, kind: str, name: str, value: str) -> Stored | None:
        """The record that holds this e-mail or unique value."""
        return self._holders.get((kind, name, value.lower()))

    def create(self, kind: str, properties: Mapping[str, str]) -> Stored:
        """Make a record. Raises Refusal, and then makes none."""
        record = Stored(str(next(self._ids)), {}, now(), now())
        self.change(kind, record, properties)
        self.records[kind][record.id] = record
        self.created[kind] += 1
        return record

    def create_at(self, kind: str, properties: Mapping[str, str], associations: Sequence[Json]) -> Stored:
        """Make a record together with its associations to contacts. Raises Refusal, and then makes none."""
        if kind in _AT_CONTACT and "hs_timestamp" not in properties:
            raise Refusal(400, "VALIDATION_ERROR", "Some required properties were not set: [hs_timestamp]")
        if any(type_["associationTypeId"] != _AT_CONTACT.get(kind) for each in associations for type_ in each["types"]):
            raise Refusal(400, "VALIDATION_ERROR", f"One or more associations are not valid for {kind}")
        linked = [self.known("contacts", each["to"]["id"]) for each in associations]
        made = self.create(kind, properties)
        self.links |= {(made.id, contact.id) for contact in linked}
        return made

    def notes(self, kind: str = "notes") -> list[Json]:
        """All notes (or tasks) with their properties and the ids of their contacts, oldest first."""
        at = {note: contact for note, contact in self.links if note in self.records[kind]}
        return [{"id": one.id, **one.properties, "contact": at.get(one.id)} for one in self.records[kind].values()]

    def line_items(self) -> list[Json]:
        """All line items with their properties and the ids of their deals, oldest first."""
        items = self.records["line_items"].values()
        return [{"id": i.id, **i.properties, "deals": [to for of, to in self.links if of == i.id]} for i in items]

    def archive(self, kind: str, keys: Sequence[str]) -> None:
        """Take records out, and their associations. Raises Refusal."""
        for key in keys:
            self.remove(self.known(kind, key), kind)
        self.links = {pair for pair in self.links if not {*pair} & {*keys}}

    def change(self, kind: str, record: Stored, properties: Mapping[str, str]) -> None:
        """Set properties, an empty one is cleared. Raises Refusal, and then changes nothing."""
        for name, value in properties.items():
            self._check(kind, record, name, value)
        self._hold(kind, record, held=False)
        changed = {**record.properties, **properties, **_swapped_emails(record, properties.get("email", ""))}
        record.properties = {name: value for name, value in changed.items() if value != ""}
        record.updated = now()
        self._hold(kind, record, held=True)

    def remove(self, record: Stored, kind: str = "contacts") -> None:
        """Take a record out."""
        self._hold(kind, record, held=False)
        del self.records[kind][record.id]

    def take_email(self, record: Stored, email: str) -> bool:
        """Take an additional e-mail from a contact, so that another may have it; False when it has none such."""
        kept = [held for held in record.several("hs_additional_emails") if held.lower() != email.lower()]
        if len(kept) == len(record.several("hs_additional_emails")):
            return False
        self._hold("contacts", record, held=False)
        more = {"hs_additional_emails": ";".join(kept)} if kept else {}
        others = {name: value for name, value in record.properties.items() if name != "hs_additional_emails"}
        record.properties, record.updated = {**others, **more}, now()
        self._hold("contacts", record, held=True)
        return True

    def merge(self, primary: Stored, other: Stored) -> Stored:
        """One contact of a new id from two: the primary's values hold, the other's fill the gaps."""
        old = [one for record in (primary, other) for one in (*record.several("hs_merged_object_ids"), record.id)]
        more = sorted((primary.emails | other.emails) - {primary.properties.get("email", "").lower()})
        main = primary.properties.get("email") or (more.pop(0) if more else "")
        lists = {"hs_additional_emails": ";".join(more), "hs_merged_object_ids": ";".join(old)}
        merged = {**other.properties, **primary.properties, "email": main, **lists}
        kept = Stored(str(next(self._ids)), {k: v for k, v in merged.items() if v}, primary.created, now())
        for record in (primary, other):
            self.remove(record)
        self.records["contacts"][kept.id] = kept
        self._hold("contacts", kept, held=True)
        self.merged.update(dict.fromkeys(old, kept.id))
        self.links = {(deal, kept.id if to in (primary.id, other.id) else to) for deal, to in self.links}
        return kept

    def _hold(self, kind: str, record: Stored, *, held: bool) -> None:
        unique = [name for name, definition in self.definitions[kind].items() if definition["hasUniqueValue"]]
        values = [(name, record.properties[name].lower()) for name in unique if name in record.properties]
        for name, value in (*values, *(("email", email) for email in record.emails)):
            if held:
                self._holders[kind, name, value] = record
            else:
                self._holders.pop((kind, name, value), None)

    def _check(self, kind: str, record: Stored, name: str, value: object) -> None:
        definition = self.definitions[kind].get(name)
        if definition is None:
            raise invalid(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if name in _READ_ONLY:
            raise invalid(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
        if not isinstance(value, str):
            raise Refusal(400, "VALIDATION_ERROR", f"Invalid input JSON: {name} must be a string")
        if value and not _well_formed(name, definition["type"], value):
            code = "INVALID_EMAIL" if name == "email" else f"INVALID_{definition['type'].upper()}"
            raise invalid(name, code, f"{value} was not a valid {'email' if name == 'email' else definition['type']}.")
        if not value or not (name == "email" or definition["hasUniqueValue"]):
            return
        if name == "email" and value.lower() in self.blocked:
            raise invalid(name, "GDPR_BLOCKLISTED", "email has been GDPR blocklisted")
        holder = self.find(kind, name, value)
        if holder and holder is not record:
            if name == "email":
                text = f"Contact already exists. Existing ID: {holder.id}"
                raise Refusal(409, "CONFLICT", text, existingId=[holder.id])
            raise invalid(name, "CONFLICTING_UNIQUE_VALUE", f"{holder.id} already has that value.")


def matches(record: Stored, groups: Sequence[Json]) -> bool:
    """Whether a record passes these groups of filters."""

    def holds(item: Json) -> bool:
        if item.get("operator") in _COMPARED:
            return _compared(record, item)
        wanted = {str(value).lower() for value in item.get("values", [item.get("value")])}
        name = item["propertyName"]
        if name == "lastmodifieddate":
            return number_of(record, name) == int(item["value"])
        held = record.emails if name == "email" else {record.properties.get(name, "").lower()}
        return bool(wanted & held)

    return not groups or any(all(holds(item) for item in group["filters"]) for group in groups)


_COMPARED = ("GT", "GTE")


def _compared(record: Stored, item: Json) -> bool:
    """By number: a time is milliseconds since 1970, as HubSpot's search has it."""
    held, wanted = number_of(record, item["propertyName"]), int(item["value"])
    return held > wanted or (held == wanted and item["operator"] == "GTE")


def number_of(record: Stored, name: str) -> int:
    """A property as the search sorts and compares it."""
    if name == "lastmodifieddate":
        return round(datetime.fromisoformat(record.updated).timestamp() * 1000)
    return int(record.id)


def _swapped_emails(record: Stored, email: str) -> dict[str, str]:
    """An additional e-mail that becomes the first one changes places with it."""
    more = record.several("hs_additional_emails")
    if email.lower() not in [held.lower() for held in more]:
        return {}
    others = [held for held in more if held.lower() != email.lower()]
    return {"hs_additional_emails": ";".join([*filter(None, [record.properties.get("email")]), *others])}


def _default_properties(kind: str) -> dict[str, Json]:
    typed = {**dict.fromkeys((*_TEXT[kind], *_READ_ONLY), "string"), **_TYPED[kind]}
    return {name: _property(name, type_) for name, type_ in typed.items()}


def _property(name: str, type_: str) -> Json:
    return {"name": name, "label": name, "description": "", "groupName": "standard", "type": type_,
            "fieldType": "text", "options": [], "hasUniqueValue": False}  # fmt: skip


def _well_formed(name: str, type_: str, value: str) -> bool:
    try:
        if type_ == "number":
            float(value)
        if type_ == "datetime":
            datetime.fromisoformat(value)
    except ValueError:
        return False
    return name != "email" or _EMAIL.fullmatch(value) is not None


def broken(fault: Fault) -> Reply:
    """The answer of a server that cannot, or will not for now."""
    headers = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
    if fault.status == 429:
        body = {"status": "error", "message": "You have reached your ten_secondly_rolling limit.",
                "errorType": "RATE_LIMIT", "correlationId": str(uuid4()), "policyName": "TEN_SECONDLY_ROLLING",
                "category": "RATE_LIMITS"}  # fmt: skip
        return Reply(429, body, headers)
    return Refusal(fault.status, "SERVER_ERROR", f"sandbox fault {fault.status}").reply(headers)


def now() -> str:
    """The time, as HubSpot writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
