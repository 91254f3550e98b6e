"""An in-memory Pipedrive, as far as its connector uses it; strict where the documentation is.

Written from developers.pipedrive.com/docs/api/v1 (API v2; merges v1), pipedrive.readme.io/docs/
pipedrive-api-v2-migration-guide (forms of values), …/core-api-concepts-responses and …-http-status-codes (errors),
github.com/pipedrive/client-nodejs/issues/651 (an unknown parameter), …/docs/merging-two-persons.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

import httpx

from hub.connectors.pipedrive.schemas_fields import DEAL_FIELDS, PERSON_FIELDS
from hub.sdk.crm.activities import referred
from tests.support.crm.times import Times, stamp

Body = dict[str, Any]

COSTS = {"search": 20, "merge": 40, "list": 10, "get": 1, "write": 5, "delete": 3}
PARAMETERS = {
    "persons": {"name", "owner_id", "org_id", "add_time", "emails", "phones", "visible_to", "label_ids"},
    "deals": {
        *("title", "owner_id", "person_id", "org_id", "pipeline_id", "stage_id", "value", "currency", "is_deleted"),
        *("is_archived", "archive_time", "status", "probability", "lost_reason", "visible_to", "close_time"),
        *("won_time", "lost_time", "expected_close_date", "label_ids"),
    },
    "organizations": {"name", "owner_id", "add_time", "visible_to", "label_ids", "address", "website"},
}
CONTACT_SYNC = {"notes", "im", "birthday", "job_title", "postal_address"}
NUMBERS = {"org_id", "person_id", "stage_id", "pipeline_id", "owner_id", "value"}
SYSTEM = {"persons": ("Name", "name"), "deals": ("Title", "title"), "organizations": ("Name", "name")}
FORMS: Mapping[str, Callable[[Any], bool]] = {
    "varchar": lambda value: isinstance(value, str) and len(value) <= 255,
    "text": lambda value: isinstance(value, str),
    "double": lambda value: isinstance(value, int | float),
    "date": lambda value: isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value)),
    "enum": lambda value: isinstance(value, int),
}


class Refused(Exception):  # noqa: N818 - what is said
    def __init__(self, status: int, error: str, code: str | None = None) -> None:
        super().__init__(error)
        self.status, self.code = status, code


def invalid(name: str, why: str) -> Refused:
    return Refused(400, f"Validation failed: {name}: {why}", "ERR_SCHEMA_VALIDATION_FAILED")


@dataclass
class PipedriveDouble:
    """``campaigns``: the account has that product. ``lagging``: the search knows what was written before only."""

    campaigns: bool = True
    prepared: bool = True
    lagging: bool = False
    slug: str = "pipedrive"
    token: str = "token-of-the-double"
    tokens: int = 0
    calls: list[str] = field(default_factory=list)
    held: dict[str, dict[int, Body]] = field(default_factory=lambda: {"persons": {}, "deals": {}, "organizations": {}})
    notes: dict[int, Body] = field(default_factory=dict)
    tasks: dict[int, Body] = field(default_factory=dict)
    fields: dict[str, list[Body]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    currencies: frozenset[str] = frozenset({"EUR", "USD", "GBP", "CHF", "JPY"})
    closed: frozenset[str] = frozenset()
    """E-mails whose marketing status cannot be changed."""
    times: Times = field(default_factory=Times)
    indexed: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, (name, code) in SYSTEM.items():
            self.fields[kind] = []
            self.add_field(kind, name, "varchar", code)
        if self.campaigns:
            self.add_field("persons", "Marketing status", "enum", "marketing_status")
        if self.prepared:
            for kind, definitions in (("persons", PERSON_FIELDS), ("deals", DEAL_FIELDS)):
                for label, field_type in definitions.values():
                    self.add_field(kind, label, field_type)

    # -- what the shared laws ask

    def settings(self) -> dict[str, Any]:
        return {"api_token": self.token}

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if request.headers.get("x-api-token") != self.token:
            said = {"success": False, "error": "unauthorized access", "errorCode": 401}
            return httpx.Response(401, json={**said, "error_info": "Please check developers.pipedrive.com"})
        try:
            answer = self.answer(request)
        except Refused as error:
            said = {"success": False, "error": str(error), "error_info": "Please check developers.pipedrive.com"}
            code = {"code": error.code} if error.code else {}
            return httpx.Response(error.status, json={**said, "data": None, "additional_data": None, **code})
        headers = {"x-ratelimit-limit": "20", "x-daily-ratelimit-token-remaining": str(30_000 - self.tokens)}
        return httpx.Response(200, json={"success": True, **answer}, headers=headers)

    def people(self) -> list[Body]:
        return [
            {
                "id": str(person["id"]),
                "owner": self.named("persons", person).get("hub_profile_id"),
                "emails": [one["value"] for one in sorted(person["emails"], key=lambda one: not one.get("primary"))],
                "values": self.named("persons", person),
            }
            for person in self.live("persons")
        ]

    def orders(self) -> list[Body]:
        return [
            {
                "id": str(deal["id"]),
                "owner": self.named("deals", deal).get("hub_order_key"),
                "person": str(deal["person_id"]) if deal.get("person_id") else None,
                "values": self.named("deals", deal),
            }
            for deal in self.live("deals")
        ]

    def activities(self) -> list[Body]:
        notes = [(note, {"content": note["content"]}) for note in self.notes.values()]
        tasks = [
            (task, {name: task.get(name) for name in ("subject", "note", "due_date", "owner_id")})
            for task in self.tasks.values()
        ]
        return [
            {
                "id": str(one["id"]),
                "owner": referred(str(values.get("content") or values.get("note"))),
                "person": str(one["person_id"]),
                "values": values,
            }
            for one, values in (*notes, *tasks)
        ]

    def add_person(self, email: str, **values: str) -> str:
        body: Body = {"name": values.pop("name", email), "emails": [{"value": email, "primary": True, "label": "work"}]}
        if "phone" in values:
            body["phones"] = [{"value": values.pop("phone"), "primary": True, "label": "work"}]
        return str(self.create("persons", {**body, **values})["id"])

    def delete_person(self, id: str) -> None:  # noqa: A002 - as the shared laws call it
        self.held["persons"][int(id)]["is_deleted"] = True

    def delete_order(self, id: str) -> None:  # noqa: A002
        self.held["deals"][int(id)]["is_deleted"] = True

    def merge_people(self, kept: str, gone: str) -> None:
        self.merge(int(gone), int(kept))

    def opt_out_there(self, email: str) -> None:
        self._mark(email, "unsubscribed")

    def lift_there(self, email: str) -> None:
        self._mark(email, "subscribed")

    def _mark(self, email: str, status: str) -> None:
        for one in self.live("persons"):
            if email in [entry["value"] for entry in one["emails"]]:
                one["marketing_status"] = status

    def refuse(self, text: str) -> None:
        self.refused.append(text)

    @property
    def opted_out(self) -> set[str]:
        refusing = [one for one in self.live("persons") if one.get("marketing_status") == "unsubscribed"]
        return {email["value"] for person in refusing for email in person["emails"]}

    # -- the API

    def answer(self, request: httpx.Request) -> Body:
        method, path, query = request.method, request.url.path, dict(request.url.params)
        body = json.loads(request.content) if request.content else {}
        if path == "/v1/users/me":
            return {"data": {"id": 1, "name": "Hub", "company_domain": "sample"}}
        if found := re.fullmatch(r"/v1/persons/(\d+)/merge", path):
            self.tokens += COSTS["merge"]
            return {"data": self.merge(int(found[1]), body["merge_with_id"])}
        if found := re.fullmatch(r"/v1/notes(?:/(\d+))?", path):
            return self.note(method, int(found[1] or 0), query, body)
        if found := re.fullmatch(r"/api/v2/(person|deal|organization)Fields", path):
            return self.field_list(found[1] + "s", method, query, body)
        if found := re.fullmatch(r"/api/v2/(persons|deals|organizations)/search", path):
            self.tokens += COSTS["search"]
            return {"data": {"items": list(self.search(found[1], query))}, "additional_data": {}}
        if found := re.fullmatch(r"/api/v2/(persons|deals|organizations)", path):
            if method == "POST":
                self.tokens += COSTS["write"]
                return {"data": self.create(found[1], self.valid(found[1], body, None))}
            self.tokens += COSTS["list"]
            if "updated_since" in query:
                return self.changed(query)
            return {"data": self.listed(found[1], query), "additional_data": {}}
        if found := re.fullmatch(r"/api/v2/activities(?:/(\d+))?", path):
            return self.task(method, int(found[1] or 0), query, body)
        if found := re.fullmatch(r"/api/v2/(persons|deals|organizations)/(\d+)", path):
            return {"data": self.one(found[1], int(found[2]), method, body)}
        raise Refused(404, "Unknown method .")

    def one(self, kind: str, number: int, method: str, body: Body) -> Body:
        self.tokens += COSTS[{"GET": "get", "PATCH": "write", "DELETE": "delete"}[method]]
        record = self.held[kind].get(number)
        if record is None or record["is_deleted"]:
            raise Refused(404, f"{kind.capitalize()[:-1]} not found")
        if method == "DELETE":
            record["is_deleted"] = True
            return {"id": number}
        if method == "PATCH":
            self.change(record, self.valid(kind, body, record))
        return record

    def note(self, method: str, number: int, query: Body, body: Body) -> Body:
        """Notes are of API v1. A person that is no more is one all the same: nothing is said of it."""
        self.tokens += COSTS[{"GET": "list", "POST": "write", "DELETE": "delete"}[method]]
        if method == "GET" and "updated_since" in query:
            assert query["sort"] == "update_time ASC"
            told = {"add_time": "2026-06-01 00:00:00", "update_time": "2026-06-01 00:00:00", "active_flag": True}
            held = [{**note, **told} for note in self.notes.values()]
            return {"data": held[int(query.get("start", 0)) :][: int(query["limit"])]}
        if method == "GET":
            assert query["sort"] == "id DESC"
            held = [note for note in self.notes.values() if str(note["person_id"]) == query["person_id"]][::-1]
            start = int(query.get("start", 0))
            return {"data": held[start : start + min(int(query.get("limit", 100)), 500)]}
        if method == "DELETE":
            if self.notes.pop(number, None) is None:
                raise Refused(404, "Note not found")
            return {"data": True}
        for text in self.refused:
            if text in body["content"]:
                raise invalid("content", "is not a valid value")
        if body.keys() - {"content", "person_id"} or not isinstance(body["person_id"], int):
            raise Refused(400, "Bad request")
        made = {"id": max(self.notes, default=0) + 1, **body}
        self.notes[made["id"]] = made
        return {"data": made}

    def task(self, method: str, number: int, query: Body, body: Body) -> Body:
        """Activities of API v2; ``person_id`` is that of the primary participant, and only read."""
        self.tokens += COSTS[{"GET": "list", "POST": "write", "DELETE": "delete"}[method]]
        if method == "GET":
            assert query["sort_by"] in ("update_time", "add_time")
            told = {"add_time": "2026-06-01T00:00:00Z", "update_time": "2026-06-01T00:00:00Z", "is_deleted": False}
            held = [{**one, **told} for one in self.tasks.values()][::-1]
            found = [one for one in held if str(one["person_id"]) == query.get("person_id", str(one["person_id"]))]
            return {"data": found[: int(query["limit"])], "additional_data": {}}
        if method == "DELETE":
            if self.tasks.pop(number, None) is None:
                raise Refused(404, "Activity not found")
            return {"data": {"id": number}}
        for name, value in body.items():
            if any(text in str(value) for text in self.refused):
                raise invalid(name, "is not a valid value")
        if body.keys() - {"subject", "note", "due_date", "type", "owner_id", "participants"}:
            raise Refused(400, "Bad request")
        [at] = body["participants"]
        made = {"id": max(self.tasks, default=0) + 1, "done": False, **body, "person_id": at["person_id"]}
        self.tasks[made["id"]] = made
        return {"data": made}

    def field_list(self, kind: str, method: str, query: Body, body: Body) -> Body:
        if method == "POST":
            self.tokens += COSTS["write"]
            return {"data": self.add_field(kind, body["field_name"], body["field_type"])}
        self.tokens += COSTS["list"]
        start, size = int(query.get("cursor", 0)), min(int(query.get("limit", 100)), 500)
        following = start + size if start + size < len(self.fields[kind]) else None
        page = {"next_cursor": str(following)} if following else {}
        return {"data": self.fields[kind][start : start + size], "additional_data": page}

    def search(self, kind: str, query: Body) -> Iterator[Body]:
        term, exact = query["term"].lower(), query.get("exact_match") == "true"
        if len(term) < (1 if exact else 2):
            raise invalid("term", "Term must be at least 2 characters long.")
        known = self.indexed.get(kind, set()) if self.lagging else set(self.held[kind])
        for record in self.live(kind):
            custom = [str(value) for value in record["custom_fields"].values() if value is not None]
            places = {
                "email": [one["value"] for one in record.get("emails", ())],
                "name": [str(record.get("name"))],
                "custom_fields": custom,
            }
            texts = [text.lower() for part in query["fields"].split(",") for text in places[part]]
            if record["id"] in known and any(text == term if exact else term in text for text in texts):
                emails = [one["value"] for one in record.get("emails", ())]
                told = {"id": record["id"], "type": kind[:-1], "name": record.get("name"), "custom_fields": []}
                yield {"result_score": 1.0, "item": {**told, **({"notes": [], "phones": []} if emails else {})}}

    def listed(self, kind: str, query: Body) -> list[Body]:
        records = self.live(kind)
        if "ids" in query:
            asked = {int(one) for one in query["ids"].split(",") if one.isdigit()}
            if len(asked) > 100:
                raise invalid("ids", "must contain less than or equal to 100 items")
            records = [record for record in records if record["id"] in asked]
        if query.get("sort_direction") == "desc":
            records = records[::-1]
        keys = set(query["custom_fields"].split(",")) if "custom_fields" in query else {*self.codes(kind)}
        return [
            {**one, "custom_fields": {key: value for key, value in one["custom_fields"].items() if key in keys}}
            for one in records[: int(query.get("limit", 100))]
        ]

    def changed(self, query: Body) -> Body:
        """Persons by their last change; the cursor is that of the last one. What was deleted is left out."""
        assert query["sort_by"] == "update_time"
        live = {str(one["id"]): one for one in self.live("persons")}
        since, after, size = query["updated_since"], int(query.get("cursor", 0)), int(query["limit"])
        numbers = sorted((number, record) for record, number in self.times.look(live).items())
        found = [(number, one) for number, one in numbers if stamp(number) >= since and number > after]
        rows = self.listed("persons", {**query, "ids": ",".join(one for _, one in found[:size])} if found else query)
        stamped = {one: number for number, one in found[:size]}
        told = [{**row, "update_time": stamp(stamped[str(row["id"])])} for row in rows if str(row["id"]) in stamped]
        following = {"next_cursor": str(found[size - 1][0])} if len(found) > size else {}
        return {"data": sorted(told, key=lambda row: row["update_time"]), "additional_data": following}

    def edit(self, id: str, phone: str) -> None:  # noqa: A002
        """Somebody changes a person's main phone."""
        self.held["persons"][int(id)]["phones"] = [{"value": phone, "primary": True, "label": "work"}]

    def merge(self, gone: int, kept: int) -> Body:
        """The data of ``kept`` wins; what it has empty it gets, and lists are put together."""
        live = {record["id"]: record for record in self.live("persons")}
        if gone == kept or gone not in live or kept not in live:
            raise Refused(404 if gone != kept else 400, "Person not found" if gone != kept else "Bad request")
        winner, loser = live[kept], live[gone]
        for name in ("emails", "phones"):
            has = {one["value"] for one in winner[name]}
            winner[name] += [{**one, "primary": False} for one in loser[name] if one["value"] not in has]
        winner["custom_fields"] = {**loser["custom_fields"], **winner["custom_fields"]}
        for deal in self.live("deals"):
            if deal.get("person_id") == gone:
                deal["person_id"] = kept
        for note in (*self.notes.values(), *self.tasks.values()):
            if note["person_id"] == gone:
                note["person_id"] = kept
        loser["is_deleted"] = True
        return {"id": kept, "name": winner["name"], "merge_what_id": gone, "email": winner["emails"]}

    # -- records and their values

    def live(self, kind: str) -> list[Body]:
        return [record for record in self.held[kind].values() if not record["is_deleted"]]

    def create(self, kind: str, body: Body) -> Body:
        number = max(self.held[kind], default=0) + 1
        lists: Body = {"emails": [], "phones": [], "marketing_status": "no_consent"} if kind == "persons" else {}
        record = {"id": number, "is_deleted": False, "custom_fields": {}, **lists}
        self.held[kind][number] = record
        if kind == "deals":
            record["status"] = "open"
        return self.change(record, body)

    def change(self, record: Body, body: Body) -> Body:
        custom = {**record["custom_fields"], **body.pop("custom_fields", {})}
        if self.closed & {one["value"] for one in {**record, **body}.get("emails", [])}:
            body.pop("marketing_status", None)
        record.update(body)
        if "org_id" in body and body["org_id"] is None:
            del record["org_id"]
        record["custom_fields"] = {key: value for key, value in custom.items() if value is not None}
        return record

    def valid(self, kind: str, body: Body, record: Body | None) -> Body:
        for text in self.refused:
            if text in json.dumps(body, ensure_ascii=False):
                raise invalid(self.place(body, text), "is not a valid value")
        if kind == "persons" and CONTACT_SYNC & body.keys():
            raise Refused(403, "Contact sync is not enabled for this company", "feature_not_enabled")
        allowed = PARAMETERS[kind] | {"custom_fields"} | ({"marketing_status"} if self.campaigns else set())
        unknown = [f"{name}: Parameter '{name}' is not allowed for this request" for name in body.keys() - allowed]
        if unknown:
            raise Refused(400, f"Validation failed: {'; '.join(unknown)}", "ERR_SCHEMA_VALIDATION_FAILED")
        for name in NUMBERS & body.keys():
            if not isinstance(body[name], int | float | None):
                raise invalid(name, "Expected number")
        for name in {"emails", "phones"} & body.keys():
            if not all(isinstance(one, dict) and isinstance(one.get("value"), str) for one in body[name]):
                raise invalid(name, "Expected array of objects")
            if sum(bool(one.get("primary")) for one in body[name]) > 1:
                raise invalid(name, "only one may be primary")
        if record is None and not body.get("title" if kind == "deals" else "name"):
            raise invalid("title" if kind == "deals" else "name", "Required")
        if "currency" in body and body["currency"] not in self.currencies:
            raise invalid("currency", "is not an active currency of the company")
        if "won_time" in body and body.get("status", (record or {}).get("status")) != "won":
            raise invalid("won_time", "can only be set if deal status is won")
        if body.get("org_id") and body["org_id"] not in self.held["organizations"]:
            raise invalid("org_id", "not found")
        if body.get("person_id") and body["person_id"] not in self.held["persons"]:
            raise invalid("person_id", "not found")
        types = {one["field_code"]: one["field_type"] for one in self.fields[kind]}
        for key, value in body.get("custom_fields", {}).items():
            if key not in types:
                raise invalid("custom_fields", f"{key}: custom field not found")
            if value is not None and not FORMS[types[key]](value):
                raise invalid("custom_fields", f"{key}: Expected a value of type {types[key]}")
        return dict(body)

    def place(self, body: Body, text: str) -> str:
        """The parameter, or the key of the custom field, that has this text."""
        parts = {**body, **body.get("custom_fields", {})}
        parts.pop("custom_fields", None)
        named = next((name for name, value in parts.items() if text in json.dumps(value, ensure_ascii=False)), "name")
        return f"custom_fields: {named}" if named in body.get("custom_fields", {}) else named

    def codes(self, kind: str) -> Iterator[str]:
        return (one["field_code"] for one in self.fields[kind])

    def add_field(self, kind: str, label: str, field_type: str, code: str | None = None) -> Body:
        own = sha1(f"{kind} {label} {len(self.fields[kind])}".encode(), usedforsecurity=False).hexdigest()
        made: Body = {"field_name": label, "field_code": code or own, "field_type": field_type, "options": None}
        made |= {"is_custom_field": code is None, "is_optional_response_field": False}
        self.fields[kind].append(made)
        return made

    def named(self, kind: str, record: Body) -> dict[str, Any]:
        """A record's values by the names that Hub has for them, as text."""
        labels = {label: name for fields in (PERSON_FIELDS, DEAL_FIELDS) for name, (label, _) in fields.items()}
        codes = {one["field_code"]: labels.get(one["field_name"], one["field_name"]) for one in self.fields[kind]}
        # which e-mail is the main one is up to people, so that it is no value of Hub's
        phones = [one["value"] for one in record.get("phones", ()) if one.get("primary")]
        main = {"phone": phones[-1]} if phones else {}
        main = {"phone": phones[0]} if phones else {}
        own: Body = {name: value for name, value in record.items() if isinstance(value, str | int | float)}
        custom = {codes.get(key, key): value for key, value in record["custom_fields"].items()}
        return {
            name: str(value) for name, value in {**own, **main, **custom}.items() if name not in ("id", "is_deleted")
        }

    def index(self) -> None:
        """The search catches up."""
        self.indexed = {kind: set(records) for kind, records in self.held.items()}
