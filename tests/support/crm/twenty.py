"""A workspace of Twenty in memory: the part of its APIs that Hub speaks, written from Twenty's own source.

Sources: as in ``hub.connectors.twenty``. A deleted record keeps its unique values; an upsert compares the id and every
unique field of all records, and brings back a deleted one; a batch is carried out whole or not at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

import httpx

from hub.sdk.crm.activities import referred
from tests.support.crm.double import Entry, Order, Person
from tests.support.crm.times import Times, stamp

Record = dict[str, Any]
KINDS = {"people": "person", "opportunities": "opportunity", "companies": "company"}
STANDARD: dict[str, dict[str, str]] = {
    "person": {
        "name": "FULL_NAME",
        "emails": "EMAILS",
        "phones": "PHONES",
        "jobTitle": "TEXT",
        "companyId": "RELATION",
    },
    "opportunity": {
        "name": "TEXT",
        "amount": "CURRENCY",
        "closeDate": "DATE_TIME",
        "stage": "SELECT",
        "pointOfContactId": "RELATION",
    },
    "company": {"name": "TEXT"},
}
STAGES = ["NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER", "LOST"]
PARTS = {
    "FULL_NAME": {"firstName", "lastName"},
    "EMAILS": {"primaryEmail", "additionalEmails"},
    "PHONES": {"primaryPhoneNumber", "primaryPhoneCountryCode", "primaryPhoneCallingCode", "additionalPhones"},
    "CURRENCY": {"amountMicros", "currencyCode"},
}
_QUERY = re.compile(
    r"query Hub\(\$filter: (\w+)FilterInput, \$first: Int\) \{ (\w+)\(filter: \$filter, first: \$first, "
    r"orderBy: \[\{createdAt: AscNullsLast\}\]\) \{ edges \{ node \{ (.*) \} \} \} \}"
)


class Refused(Exception):  # noqa: N818 - what is said
    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


class TwentyDouble:
    slug = "twenty"

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in STANDARD}
        self.fields = {kind: dict(named) for kind, named in STANDARD.items()}
        self.unique: dict[str, set[str]] = {"person": {"emails.primaryEmail"}, "opportunity": set(), "company": set()}
        self.stages = list(STAGES)
        self.refused: list[str] = []
        self.notes: dict[str, Record] = {}
        self.targets: dict[str, Record] = {}
        self.seen: set[str] = set()
        self.calls: list[str] = []
        self.may_customise = True
        self.number = 0
        self.times = Times()

    # -- what the shared laws ask

    def settings(self) -> Record:
        return {"api_key": "sample-key"}

    def people(self) -> list[Person]:
        return [
            {
                "id": one["id"],
                "owner": one.get("hubProfileId"),
                "emails": [email for email in (_main(one), *_more(one)) if email],
                "values": {**_flat(one), "company": self.named(one.get("companyId"))},
            }
            for one in self.live("person")
        ]

    def orders(self) -> list[Order]:
        return [
            {
                "id": one["id"],
                "owner": one.get("hubOrderKey"),
                "person": one.get("pointOfContactId"),
                "values": _flat(one),
            }
            for one in self.live("opportunity")
        ]

    def activities(self) -> list[Entry]:
        """The notes that stand at somebody."""
        return [
            {
                "id": one["noteId"],
                "owner": referred(self.notes[one["noteId"]]["bodyV2"]["markdown"]),
                "person": one["targetPersonId"],
                "values": {"title": self.notes[one["noteId"]]["title"], **self.notes[one["noteId"]]["bodyV2"]},
            }
            for one in self.targets.values()
        ]

    def add_person(self, email: str, **values: str) -> str:
        given: Record = {"name": {"lastName": "Typed"}, "emails": {"primaryEmail": email.lower()}}
        for name, value in values.items():
            outer, _, part = name.partition(".")
            given[outer] = {**given.get(outer, {}), part: value} if part else value
        return str(self.save("person", None, given)["id"])

    def delete_person(self, id: str) -> None:  # noqa: A002 - as the shared laws call it
        self.records["person"][id]["deletedAt"] = "2026-03-01T00:00:00Z"

    def delete_order(self, id: str) -> None:  # noqa: A002
        self.records["opportunity"][id]["deletedAt"] = "2026-03-01T00:00:00Z"

    def merge_people(self, kept: str, gone: str) -> None:
        self.merge([kept, gone], 0)

    def opt_out_there(self, email: str) -> None:
        self._mark(email, out=True)

    def lift_there(self, email: str) -> None:
        self._mark(email, out=False)

    def _mark(self, email: str, *, out: bool) -> None:
        for one in self.live("person"):
            if email in (_main(one), *_more(one)):
                one["hubEmailOptOut"] = out

    def refuse(self, text: str) -> None:
        self.refused.append(text)

    @property
    def opted_out(self) -> set[str]:
        """What was ever an e-mail here and is not one of a person who may be mailed."""
        mailed = {
            email
            for one in self.live("person")
            for email in (_main(one), *_more(one))
            if email and not one.get("hubEmailOptOut")
        }
        return self.seen - mailed

    def live(self, kind: str) -> list[Record]:
        return [one for one in self.records[kind].values() if not one.get("deletedAt")]

    def named(self, company: str | None) -> str | None:
        return str(self.records["company"][company]["name"]) if company in self.records["company"] else None

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if request.headers.get("authorization") != "Bearer sample-key":
            if request.url.path == "/graphql":
                error = {"message": "Token invalid.", "extensions": {"code": "UNAUTHENTICATED"}}
                return httpx.Response(200, json={"errors": [error]})
            return _told(401, "Token invalid.")
        body = json.loads(request.content) if request.content else None
        if request.url.path == "/graphql":
            return httpx.Response(200, json=self.graphql(body or {}))
        if request.method == "GET" and "order_by" in request.url.params:
            return httpx.Response(200, json=self.changed(request.url.path.removeprefix("/rest/"), request.url.params))
        before = deepcopy(self.records)
        try:
            status, data = self.route(request, request.url.path.removeprefix("/rest/").split("/"), body)
        except Refused as error:
            self.records = before  # a call is one transaction
            return _told(error.status, str(error))
        return httpx.Response(status, json={"data": data})

    def route(self, request: httpx.Request, path: list[str], body: Any) -> tuple[int, Any]:
        match request.method, path:
            case "GET", ["metadata", "objects"]:
                return 200, {"objects": [self.described(kind) for kind in self.fields]}
            case "POST", ["metadata", "fields"]:
                return 201, {"createOneField": self.made_field(body)}
            case "POST", ["batch", plural]:
                if not body or len(body) > 60:
                    raise Refused("Maximum number of records to upsert is 60.")
                kind, upsert = KINDS[plural], request.url.params.get("upsert") == "true"
                # what is there is looked up once, before any of them is written
                matched = [self.matching(kind, one) if upsert else None for one in body]
                made = [self.written(kind, one, held) for one, held in zip(body, matched, strict=True)]
                # those that were there come first, whatever stood first in the call
                ordered = [one for new, one in made if not new] + [one for new, one in made if new]
                return 201, {f"create{plural.capitalize()}": [dict(one) for one in ordered]}
            case "PATCH", ["people", "merge"]:
                return 200, {"mergePerson": self.merge(body["ids"], body["conflictPriorityIndex"])}
            case "PATCH", [plural, record]:
                if record not in {one["id"] for one in self.live(KINDS[plural])}:
                    raise Refused("Record not found", 404)
                return 200, {"updatePerson": self.save(KINDS[plural], self.records[KINDS[plural]][record], body)}
            case "POST", [plural]:
                return 201, {"createCompany": self.save(KINDS[plural], None, body)}
        raise Refused("Cannot find that", 404)

    # -- records

    def written(self, kind: str, values: Record, held: Record | None) -> tuple[bool, Record]:
        if held is not None:
            held["deletedAt"] = None
        return held is None, self.save(kind, held, values)

    def matching(self, kind: str, values: Record) -> Record | None:
        """The one record, deleted or not, that has the id or any unique value."""
        found = []
        if values.get("id") in self.records[kind]:
            found.append(values["id"])
        for path in self.unique[kind]:
            value = _at(values, path)
            found += [one["id"] for one in self.records[kind].values() if value and _at(one, path) == value]
        if len(set(found)) > 1:
            raise Refused("Multiple records found with the same unique field values. Cannot determine which to update.")
        return self.records[kind][found[0]] if found else None

    def save(self, kind: str, held: Record | None, values: Mapping[str, Any]) -> Record:
        for name, value in values.items():
            if name != "id":
                self.valid(kind, name, value)
        given = self.transformed(kind, values)
        for path in self.unique[kind]:
            value = _at(given, path)
            others = [one for one in self.records[kind].values() if one is not held and _at(one, path) == value]
            if value and others:
                raise Refused(f"A duplicate entry was detected: unique constraint {kind}.IDX_UNIQUE was violated")
        if held is None:
            self.number += 1
            held = {"id": values.get("id") or str(UUID(int=0x7000 + self.number)), "createdAt": self.number}
            self.records[kind][held["id"]] = held
        for name, value in given.items():
            composite = self.fields[kind].get(name) in PARTS
            held[name] = {**(held.get(name) or {}), **value} if composite else value
        if kind == "person" and _main(held):
            self.seen.add(_main(held))
        return held

    def transformed(self, kind: str, values: Mapping[str, Any]) -> Record:
        found = deepcopy(dict(values))
        if isinstance(emails := found.get("emails"), dict):
            emails["primaryEmail"] = (emails.get("primaryEmail") or "").lower() or None
        if isinstance(phones := found.get("phones"), dict):
            # what is not given of further phones is cleared (transform-phones-value.util.ts)
            phones.setdefault("additionalPhones", None)
            if number := phones.get("primaryPhoneNumber"):
                phones |= {"primaryPhoneCallingCode": number[:3], "primaryPhoneNumber": number[3:]}
        return found

    def valid(self, kind: str, name: str, value: Any) -> None:
        data_type = self.fields[kind].get(name)
        if data_type is None:
            raise Refused(f'Object {kind} doesn\'t have any "{name}" field.')
        if value is None:
            return
        if any(text in json.dumps(value, ensure_ascii=False) for text in self.refused):
            raise Refused("Invalid input: this value is not allowed here")
        if data_type in PARTS:
            if not isinstance(value, dict) or value.keys() - PARTS[data_type]:
                raise Refused(f"Invalid object value for field {name}")
            email, number = value.get("primaryEmail"), value.get("primaryPhoneNumber")
            if email and not re.fullmatch(r"(?!.*\.\.)[^@\s]+@[^@\s]+\.[^@\s]+", email):
                raise Refused("Invalid email")
            if number and not re.fullmatch(r"\+?\d{5,15}", number):
                raise Refused("Provided phone number is invalid")
            if data_type == "CURRENCY" and not isinstance(value.get("amountMicros"), int | None):
                raise Refused("Invalid amount")
            return
        right: Any = {"NUMBER": (int, float), "BOOLEAN": bool}.get(data_type, str)
        if not isinstance(value, right):
            raise Refused(f"Invalid value for field {name}: {data_type} expected")
        if data_type == "SELECT" and value not in self.stages:
            raise Refused(f"Invalid option for field {name}")
        target = {"companyId": "company", "pointOfContactId": "person"}.get(name)
        if target and value not in {one["id"] for one in self.live(target)}:
            raise Refused(f"Invalid relation: {name} violates foreign key constraint")

    def merge(self, ids: list[str], priority: int) -> Record:
        live = {one["id"]: one for one in self.live("person")}
        if any(one not in live for one in ids) or len(set(ids)) != len(ids):
            raise Refused("Record not found", 404)
        kept = live[ids[priority]]
        for other in (live[one] for one in ids if one != kept["id"]):
            more = [email for email in (_main(other), *_more(kept), *_more(other)) if email and email != _main(kept)]
            emails = {"primaryEmail": _main(kept) or _main(other), "additionalEmails": list(dict.fromkeys(more))}
            for name, value in other.items():
                if name not in ("id", "createdAt", "emails") and not _filled(kept.get(name)):
                    kept[name] = deepcopy(value)
            kept["emails"] = emails
            for order in self.records["opportunity"].values():
                if order.get("pointOfContactId") == other["id"]:
                    order["pointOfContactId"] = kept["id"]
            for target in self.targets.values():
                if target["targetPersonId"] == other["id"]:
                    target["targetPersonId"] = kept["id"]
            other["deletedAt"] = "2026-03-01T00:00:00Z"
        return kept

    def changed(self, plural: str, query: Mapping[str, str]) -> Record:
        """Records by (time, id) of their last change, with what they lead to; deleted ones where they are asked for."""
        assert query["order_by"] == "updatedAt[AscNullsFirst],id[AscNullsFirst]"
        assert query["depth"] == "1"
        rows: list[Record] = []
        since = re.match(r'updatedAt\[gte\]:"([^"]+)"', query["filter"])
        assert since is not None
        if plural == "people":
            assert query["filter"].endswith(",or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)")
            held, begin = self.records["person"], int(query.get("starting_after", 0))
            numbers = sorted((number, one) for one, number in self.times.look(held).items())
            for number, one in numbers:
                if number > begin and stamp(number) >= since[1][:19]:
                    company = self.named(held[one].get("companyId"))
                    told = {"company": {"name": company} if company else None, "updatedAt": stamp(number)}
                    rows.append({**held[one], **told, "cursor": number})
        page = rows[: int(query["limit"])]
        info = {"hasNextPage": len(rows) > len(page), "endCursor": str(page[-1].pop("cursor")) if page else None}
        return {"data": {plural: page}, "pageInfo": info}

    def edit(self, id: str, phone: str) -> None:  # noqa: A002
        """Somebody changes a person's phone."""
        self.records["person"][id]["phones"] = {"primaryPhoneNumber": phone, "primaryPhoneCallingCode": ""}

    # -- GraphQL

    def graphql(self, body: Record) -> Record:
        if "createNotes(" in body["query"]:
            return self.noted(**body["variables"])
        if "destroyNote(" in body["query"]:
            self.notes.pop(body["variables"]["id"])
            self.targets = {key: one for key, one in self.targets.items() if one["noteId"] in self.notes}
            return {"data": {"destroyNote": body["variables"]}}
        if "noteTargets(" in body["query"]:
            [asked] = body["variables"]["filter"]["or"]
            found = [one for one in self.targets.values() if one["targetPersonId"] in asked["targetPersonId"]["in"]]
            edges = [{"node": {"id": one["id"], "note": self.notes[one["noteId"]]}} for one in found]
            return {"data": {"noteTargets": {"edges": edges[: body["variables"]["first"]]}}}
        if body["query"].startswith("mutation"):
            assert "destroyPerson(id: $id)" in body["query"]
            gone = self.records["person"].pop(body["variables"]["id"], None)
            if gone is None:
                return {"errors": [{"message": "Record not found", "extensions": {"code": "NOT_FOUND"}}], "data": None}
            for order in self.records["opportunity"].values():
                if order.get("pointOfContactId") == gone["id"]:
                    order["pointOfContactId"] = None
            return {"data": {"destroyPerson": {"id": gone["id"]}}}
        read = _QUERY.fullmatch(body["query"])
        assert read is not None, body["query"]
        kind = KINDS[read[2]]
        assert read[1].lower() == kind
        conditions = body["variables"]["filter"]["or"]
        found = [one for one in self.live(kind) if any(_meets(one, each) for each in conditions)]
        found.sort(key=lambda one: one["createdAt"])
        nodes = [self.selected(kind, one, read[3]) for one in found[: body["variables"]["first"]]]
        return {"data": {read[2]: {"edges": [{"node": node} for node in nodes]}}}

    def noted(self, notes: list[Record], targets: list[Record]) -> Record:
        """Both by their id, one after the other: what was made stays, whatever becomes of the second."""
        error = {"message": "Invalid input", "extensions": {"code": "BAD_USER_INPUT"}}
        assert all(one.keys() == {"id", "title", "bodyV2"} for one in notes)
        if any(text in json.dumps(notes, ensure_ascii=False) for text in self.refused):
            return {"errors": [error], "data": None}
        self.notes |= {one["id"]: one for one in notes}
        people = {one["id"] for one in self.live("person")}
        if any(one["targetPersonId"] not in people or one["noteId"] not in self.notes for one in targets):
            return {"errors": [error], "data": {"createNotes": [{"id": one["id"]} for one in notes]}}
        self.targets |= {one["id"]: one for one in targets}
        told = {"createNotes": notes[::-1], "createNoteTargets": targets}
        return {"data": {name: [{"id": one["id"]} for one in several] for name, several in told.items()}}

    def selected(self, kind: str, one: Record, selection: str) -> Record:
        node: Record = {}
        for name, parts in re.findall(r"(\w+)(?: \{ ([\w ]+) \})?", selection):
            if name == "company" and parts:
                company = self.records["company"].get(one.get("companyId") or "")
                node["company"] = {"name": company["name"]} if company else None
                continue
            assert name == "id" or name in self.fields[kind], f"Cannot query field {name}"
            held = one.get(name)
            node[name] = {part: (held or {}).get(part) for part in parts.split()} if parts else held
        return node

    # -- metadata

    def described(self, kind: str) -> Record:
        fields = [
            {"name": name, "type": data_type, "options": [{"value": one} for one in self.stages if name == "stage"]}
            for name, data_type in self.fields[kind].items()
        ]
        return {"id": f"object-{kind}", "nameSingular": kind, "fields": fields}

    def made_field(self, asked: Record) -> Record:
        kind = asked["objectMetadataId"].removeprefix("object-")
        if not self.may_customise:
            raise Refused("You do not have permission to change the data model")
        if asked["name"] in self.fields[kind]:
            raise Refused(f"Name {asked['name']} already exists on this object")
        self.fields[kind][asked["name"]] = asked["type"]
        if asked["isUnique"]:
            self.unique[kind].add(asked["name"])
        return {"id": asked["name"], "name": asked["name"]}


def _told(status: int, words: str) -> httpx.Response:
    return httpx.Response(status, json={"statusCode": status, "error": "BadRequestException", "messages": [words]})


def _main(one: Record) -> str:
    return str((one.get("emails") or {}).get("primaryEmail") or "")


def _more(one: Record) -> list[str]:
    return list((one.get("emails") or {}).get("additionalEmails") or ())


def _at(one: Mapping[str, Any], path: str) -> Any:
    outer, _, part = path.partition(".")
    held = one.get(outer)
    return (held or {}).get(part) if part else held


def _filled(value: Any) -> bool:
    return any(_filled(part) for part in value.values()) if isinstance(value, dict) else value not in (None, "", [])


def _meets(one: Record, condition: Record) -> bool:
    [(name, asked)] = condition.items()
    path, values = (f"{name}.primaryEmail", asked["primaryEmail"]["in"]) if name == "emails" else (name, asked["in"])
    assert len(values) <= 60
    return _at(one, path) in values


def _flat(one: Record) -> Record:
    """A record's values by the names that a write has for them; an amount as people read it."""
    found: Record = {}
    for name, value in one.items():
        if name in ("id", "createdAt", "deletedAt") or value is None:
            continue
        if not isinstance(value, dict):
            found[name] = value
            continue
        for part, held in value.items():
            if part == "additionalEmails" or held in (None, ""):
                continue
            found[f"{name}.{part}"] = held / 1_000_000 if part == "amountMicros" else held
    if number := found.get("phones.primaryPhoneNumber"):
        found["phones.primaryPhoneNumber"] = f"{found.pop('phones.primaryPhoneCallingCode', '')}{number}"
    return found
