"""EspoCRM 10 in memory, as far as its documentation and public source tell how it behaves.

Strict where EspoCRM is: credentials, required fields, lengths, e-mails, phones, currencies and stages, attributes of a
search. Lax where it is: an attribute it has no field for is left out without a word. An e-mail or phone is a record of
its own there, shared by all that have it, and so is its opt-out; a list of records tells only the main one.

Sources: docs.espocrm.com/development/api, …/api/crud, …/api/relationships, …/api-search-params, …/api/metadata;
github.com/espocrm/espocrm application/Espo/Core: FieldProcessing/EmailAddress/Saver.php, Record/Service.php,
Record/SearchParamsFetcher.php, Select/Where/Checker.php, Duplicate/Finder.php, Action/Actions/Merge/Merger.php,
Api/ErrorOutput.php, Authentication/Logins/Hmac.php; …/Modules/Crm/Resources/metadata/entityDefs.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx

from hub.sdk.crm.activities import referred

KEY, SECRET = "espo-double-key-77c1", "espo-double-secret-9d40"
CURRENCIES = ("EUR", "USD", "JPY")
STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
FORBIDDEN = {"id", "createdAt", "modifiedAt", "createdById", "modifiedById", "deleted"}

_ADDRESS = {
    **{f"address{part}": ("varchar", 100) for part in ("City", "State", "Country")},
    "addressStreet": ("text", 255),
    "addressPostalCode": ("varchar", 40),
}
_PERSON = {
    "salutationName": ("varchar", 100),
    "firstName": ("varchar", 100),
    "lastName": ("varchar", 100),
    "title": ("varchar", 100),
    "description": ("text", None),
    "emailAddress": ("email", 255),
    "phoneNumber": ("phone", 36),
    "doNotCall": ("bool", None),
    "assignedUserId": ("varchar", 24),
    **_ADDRESS,
    "cHubProfileId": ("varchar", 255),
    "cHubTags": ("text", None),
    "cHubLoyaltyIds": ("varchar", 255),
    "cHubLifetimeValue": ("float", None),
    "cHubLifetimeTotals": ("varchar", 255),
    "cHubOrderCount": ("int", None),
    "cHubFirstOrderAt": ("datetime", None),
    "cHubLastOrderAt": ("datetime", None),
    "cHubBirthDate": ("date", None),
    "cHubLanguage": ("varchar", 255),
    **{f"cHub{channel}Consent": ("varchar", 255) for channel in ("Email", "Sms", "Whatsapp", "Phone", "Post")},
    "cHubEmailConsentAt": ("datetime", None),
}
ENTITIES: dict[str, dict[str, tuple[str, int | None]]] = {
    "Contact": {**_PERSON, "accountId": ("varchar", 24)},
    "Lead": {**_PERSON, "accountName": ("varchar", 255), "status": ("varchar", 100)},
    "Account": {"name": ("varchar", 249), "emailAddress": ("email", 255), "phoneNumber": ("phone", 36)},
    "Opportunity": {
        "name": ("varchar", 255),
        "amount": ("currency", None),
        "amountCurrency": ("varchar", 3),
        "stage": ("enum", None),
        "closeDate": ("date", None),
        "description": ("text", None),
        "accountId": ("varchar", 24),
        "cHubOrderKey": ("varchar", 255),
        "cHubOrderState": ("varchar", 255),
    },
}
REQUIRED = {"Contact": ("lastName",), "Account": ("name",), "Opportunity": ("name", "amount", "closeDate")}
FORMS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "phone": re.compile(r"\+[0-9]{6,15}"),
}
FIELDS = ("emailAddress", "phoneNumber")
Record = dict[str, Any]


class Refused(Exception):  # noqa: N818 - it is an answer
    """An answer that ends a request: status, reason, body."""

    def __init__(self, status: int, reason: str = "", body: Any = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.body = status, reason, body


class EspoCrmDouble:
    """See the module. ``missing`` are attributes that nobody made a field for."""

    slug = "espocrm"

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = {entity: {} for entity in ENTITIES}
        self.lists: dict[str, dict[str, list[str]]] = {field: {} for field in FIELDS}
        """By field and record's id: what it has of it, by key, the main one first."""
        self.spelled: dict[str, dict[str, str]] = {field: {} for field in FIELDS}
        self.opted_out: set[str] = set()
        """E-mails by their small letters, and phones: the records of their own that are opted out."""
        self.invalid: set[str] = set()
        self.links: dict[str, list[str]] = {}
        """By opportunity's id: the contacts it has."""
        self.banned: list[str] = []
        self.missing: set[str] = set()
        self.made = 0
        self.notes: dict[str, Record] = {}
        self.tasks: dict[str, Record] = {}
        self.old_notes: set[str] = set()
        """Posts that are too old for the user who wrote them to delete."""

    # -- what tests ask and do

    def settings(self) -> dict[str, Any]:
        return {"base_url": "https://crm.example.com", "api_key": KEY}

    def people(self) -> list[Any]:
        return [
            {
                "id": one["id"],
                "owner": one.get("cHubProfileId"),
                "emails": [self.spelled["emailAddress"][key] for key in self.lists["emailAddress"].get(one["id"], ())],
                "values": self._brief("Contact", one),
            }
            for one in self.records["Contact"].values()
        ]

    def orders(self) -> list[Any]:
        return [
            {
                "id": one["id"],
                "owner": one.get("cHubOrderKey"),
                "person": ";".join(self.links.get(one["id"], ())) or None,
                "values": dict(one),
            }
            for one in self.records["Opportunity"].values()
        ]

    def activities(self) -> list[Any]:
        return [
            {
                "id": note["id"],
                "owner": referred(note["post"]),
                "person": note["parentId"],
                "values": {"post": note["post"]},
            }
            for note in self.notes.values()
        ] + [
            {
                "id": task["id"],
                "owner": referred(task["description"]),
                "person": task["parentId"],
                "values": {name: value for name, value in task.items() if name not in ("id", "parentId")},
            }
            for task in self.tasks.values()
        ]

    def add_person(self, email: str, **values: str) -> str:
        return str(self._save("Contact", None, {"lastName": "Getippt", "emailAddress": email, **values})["id"])

    def delete_person(self, id: str) -> None:  # noqa: A002 - the interface of all doubles
        self._remove("Contact", id)

    def delete_order(self, id: str) -> None:  # noqa: A002
        self._remove("Opportunity", id)

    def merge_people(self, kept: str, gone: str) -> None:
        self._merge("Contact", kept, [gone], {})

    def opt_out_there(self, email: str) -> None:
        """They unsubscribe by a link in a mailing."""
        self.opted_out.add(email)

    def lift_there(self, email: str) -> None:
        """Somebody there takes the opt-out back."""
        self.opted_out.discard(email)

    def refuse(self, text: str) -> None:
        self.banned.append(text)

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        try:
            self._authenticate(request)
            answer = self._routed(request)
        except Refused as refused:
            headers = {"x-status-reason": refused.reason} if refused.reason else {}
            content = b"" if refused.body is None else json.dumps(refused.body).encode()
            return httpx.Response(refused.status, headers=headers, content=content, request=request)
        return httpx.Response(200, json=answer, request=request)

    def _authenticate(self, request: httpx.Request) -> None:
        if request.headers.get("x-api-key") == KEY:
            return
        key, _, digest = b64decode(request.headers.get("x-hmac-authorization", "")).decode().partition(":")
        resource = request.url.path.removeprefix("/api/v1")
        wanted = hmac.new(SECRET.encode(), f"{request.method} {resource}".encode(), "sha256").hexdigest()
        if key != KEY or not hmac.compare_digest(digest, wanted):
            raise Refused(401)

    def _routed(self, request: httpx.Request) -> Any:
        parts = request.url.path.removeprefix("/api/v1/").split("/")
        body = json.loads(request.content) if request.content else {}
        if parts == ["Action"] and request.method == "POST":
            return self._action(body)
        if parts == ["Metadata"] and request.method == "GET":
            return self._metadata(request.url.params.get("key", ""))
        if parts == ["App", "user"] and request.method == "GET":
            rights = {"create": "yes", "read": "all", "edit": "all", "delete": "all"}
            table = dict.fromkeys(ENTITIES, rights)
            return {"user": {"type": "api"}, "acl": {"table": table}, "settings": {"currencyList": list(CURRENCIES)}}
        if parts[0] == "Task":
            return self._task(request.method, parts, _query(request), body)
        if parts[0] == "Note" or parts[-1] == "stream":
            return self._stream(request.method, parts, _query(request), body)
        entity, rest = parts[0], parts[1:]
        if entity not in ENTITIES:
            raise Refused(404, f"Controller '{entity}' does not exist.")
        routes: dict[tuple[str, int], Callable[..., Any]] = {
            ("GET", 0): lambda: self._listed(entity, _query(request)),
            ("POST", 0): lambda: self._create(entity, body, request.headers.get("x-skip-duplicate-check") == "true"),
            ("GET", 1): lambda: self._whole(entity, self._held(entity, rest[0])),
            ("PUT", 1): lambda: self._whole(entity, self._save(entity, self._held(entity, rest[0]), body)),
            ("PATCH", 1): lambda: self._whole(entity, self._save(entity, self._held(entity, rest[0]), body)),
            ("DELETE", 1): lambda: self._remove(entity, rest[0]),
            ("POST", 2): lambda: self._relate(entity, rest, body),
            ("DELETE", 2): lambda: self._unrelate(entity, rest, body),
        }
        route = routes.get((request.method, len(rest)))
        if route is None:
            raise Refused(405)
        return route()

    # -- the stream

    def _stream(self, method: str, parts: list[str], query: Mapping[str, Any], body: Record) -> Any:
        if method == "GET":
            self._held(parts[0], parts[1])
            held = [one for one in self.notes.values() if one["parentId"] == parts[1]][::-1]
            start = int(query.get("offset") or 0)
            return {"total": -1, "list": held[start : start + int(query.get("maxSize") or 20)]}
        if method == "DELETE":
            if parts[1] not in self.notes:
                raise Refused(404)
            if parts[1] in self.old_notes:
                raise Refused(403)
            del self.notes[parts[1]]
            return True
        if method != "POST" or body.get("type") != "Post" or body.keys() - {"type", "parentType", "parentId", "post"}:
            raise Refused(400)
        if any(text in body["post"] for text in self.banned):
            raise _invalid("Note", "post", "pattern")
        self.made += 1
        note = {"id": f"{0x65000000 + self.made:013x}", "createdAt": _moment(self.made), **body}
        self.notes[note["id"]] = note
        return note

    def _task(self, method: str, parts: list[str], query: Mapping[str, Any], body: Record) -> Any:
        if method == "GET":
            person = next(value for name, value in dict(query).items() if name == "where")[0]["value"]
            held = [one for one in self.tasks.values() if one["parentId"] == person][::-1]
            start = int(query.get("offset") or 0)
            return {"total": -1, "list": held[start : start + int(query.get("maxSize") or 20)]}
        if method == "DELETE":
            if self.tasks.pop(parts[1], None) is None:
                raise Refused(404)
            return True
        known = {"parentType", "parentId", "name", "description", "dateEndDate", "assignedUserId"}
        if method != "POST" or body.keys() - known or not body.get("name"):
            raise Refused(400)
        if any(text in str(value) for text in self.banned for value in body.values()):
            raise _invalid("Task", "description", "pattern")
        self.made += 1
        task = {"id": f"{0x65000000 + self.made:013x}", "createdAt": _moment(self.made), **body}
        self.tasks[task["id"]] = task
        return task

    # -- records

    def _held(self, entity: str, id: str) -> Record:  # noqa: A002
        if id not in self.records[entity]:
            raise Refused(404, f"Record {id} not found.")
        return self.records[entity][id]

    def _create(self, entity: str, body: Record, unchecked: bool) -> Record:
        self._valid(entity, {**dict.fromkeys(REQUIRED.get(entity, ())), **body})
        if not unchecked and (found := self._duplicates(entity, body)):
            raise Refused(409, "duplicate", found)
        return self._whole(entity, self._save(entity, None, body))

    def _duplicates(self, entity: str, body: Record) -> list[Record]:
        """Those of the same first and last name, and those with one of the e-mails; five at most."""
        emails = {str(row["emailAddress"]).lower() for row in _rows(body, "emailAddress") or ()}
        names = ("name",) if entity == "Account" else ("firstName", "lastName")
        found = [
            self._brief(entity, one)
            for one in self.records[entity].values()
            if entity != "Opportunity"
            and (
                (any(body.get(name) for name in names) and all(one.get(name) == body.get(name) for name in names))
                or emails & {*self.lists["emailAddress"].get(one["id"], ())}
            )
        ]
        return found[:5]

    def _save(self, entity: str, held: Record | None, body: Record) -> Record:
        self._valid(entity, body)
        known = {name for name in ENTITIES[entity] if name not in self.missing} - FORBIDDEN
        if held is None:
            self.made += 1
            held = {"id": f"{0x65000000 + self.made:013x}", "createdAt": _moment(self.made)}
            held |= {"stage": "Prospecting"} if entity == "Opportunity" else {}
            self.records[entity][held["id"]] = held
        held |= {name: value for name, value in body.items() if name in known and name not in FIELDS}
        for field in FIELDS:
            if field in ENTITIES[entity]:
                self._save_list(held["id"], field, body)
        return held

    def _save_list(self, record: str, field: str, body: Record) -> None:
        keys = self.lists[field].setdefault(record, [])
        before = keys[0] if keys else None
        if isinstance(listed := body.get(f"{field}Data"), list):
            rows = {_key(field, row[field]): row for row in listed}
            main = next((key for key, row in rows.items() if row.get("primary")), None)
            keys[:] = [key for key in (main, *rows) if key is not None]
            keys[:] = list(dict.fromkeys(keys))
            for key, row in rows.items():
                self.spelled[field][key] = row[field]
                (self.opted_out.add if row.get("optOut") else self.opted_out.discard)(key)
                (self.invalid.add if row.get("invalid") else self.invalid.discard)(key)
            return
        if body.get(field):
            key = _key(field, body[field])
            self.spelled[field].setdefault(key, body[field])
            if key != before:
                keys[:] = [key, *(one for one in keys[1:] if one != key)]
        elif field in body:
            keys[:] = keys[1:]
        flag = body.get(f"{field}IsOptedOut")
        if isinstance(flag, bool) and keys:
            (self.opted_out.add if flag else self.opted_out.discard)(keys[0])

    def _remove(self, entity: str, id: str) -> bool:  # noqa: A002
        self._held(entity, id)
        del self.records[entity][id]
        for field in FIELDS:
            self.lists[field].pop(id, None)
        for contacts in self.links.values():
            if id in contacts:
                contacts.remove(id)
        return True

    def _brief(self, entity: str, one: Record) -> Record:
        """A record as lists tell it: attributes that are empty are null, and of lists the main one alone."""
        told = dict.fromkeys(name for name in ENTITIES[entity] if name not in self.missing) | one
        for field in FIELDS:
            if field in ENTITIES[entity]:
                keys = self.lists[field].get(one["id"], [])
                told[field] = self.spelled[field][keys[0]] if keys else None
                told[f"{field}IsOptedOut"] = bool(keys) and keys[0] in self.opted_out
        return told

    def _whole(self, entity: str, one: Record) -> Record:
        told = self._brief(entity, one)
        for field in FIELDS:
            if field in ENTITIES[entity]:
                told[f"{field}Data"] = [
                    {
                        field: self.spelled[field][key],
                        "primary": number == 0,
                        "optOut": key in self.opted_out,
                        "invalid": key in self.invalid,
                        **({"lower": key} if field == "emailAddress" else {"type": "Mobile"}),
                    }
                    for number, key in enumerate(self.lists[field].get(one["id"], ()))
                ]
        return told

    # -- validation

    def _valid(self, entity: str, body: Record) -> None:
        for name, value in _leaves(body):
            if any(text in str(value) for text in self.banned):
                raise _invalid(entity, name if name in ENTITIES[entity] else name.removesuffix("Data"), "pattern")
        for name, (kind, longest) in ENTITIES[entity].items():
            if name not in body or name in self.missing:
                continue
            value = body[name]
            if value in (None, ""):
                if name in REQUIRED.get(entity, ()):
                    raise _invalid(entity, name, "required")
                continue
            if kind in ("varchar", "text", "date", "datetime", "enum", "email", "phone") and not isinstance(value, str):
                raise _invalid(entity, name, "valid")
            if kind in ("float", "int", "currency") and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise _invalid(entity, name, "numeric")
            if kind == "bool" and not isinstance(value, bool):
                raise _invalid(entity, name, "valid")
            if longest is not None and len(value) > longest:
                raise _invalid(entity, name, "maxLength")
            if kind in FORMS and not FORMS[kind].fullmatch(value):
                raise _invalid(entity, name, "emailAddress" if kind == "email" else "valid")
        for field in FIELDS:
            rows = _rows(body, field) or []
            if len(rows) > 10:
                raise _invalid(entity, field, "maxCount")
            form = FORMS["email" if field == "emailAddress" else "phone"]
            if any(not form.fullmatch(str(row.get(field))) for row in rows):
                raise _invalid(entity, field, "valid")
        if body.get("stage") not in (None, *STAGES):
            raise _invalid(entity, "stage", "valid")
        if isinstance(body.get("amount"), int | float) and body["amount"] < 0:
            raise _invalid(entity, "amount", "min")
        if body.get("amountCurrency") not in (None, *CURRENCIES):
            raise _invalid(entity, "amount", "validCurrency")

    # -- searches

    def _listed(self, entity: str, query: Mapping[str, Any]) -> Any:
        asked = json.loads(query["searchParams"]) if "searchParams" in query else query
        most = int(asked.get("maxSize") or 200)
        if most > 200:
            raise Refused(403, "Max size should not exceed 200. Use offset and limit.")
        conditions = asked.get("whereGroup") or asked.get("where") or []
        matches = [self._condition(entity, one) for one in conditions]
        found = [one for one in self.records[entity].values() if all(match(one) for match in matches)]
        found.sort(key=lambda one: one["createdAt"], reverse=str(asked.get("order", "desc")).lower() == "desc")
        offset = int(asked.get("offset") or 0)
        select = asked.get("attributeSelect") or asked.get("select")
        names = select.split(",") if isinstance(select, str) else select
        told = [self._brief(entity, one) for one in found[offset : offset + most]]
        if names:
            told = [{name: one.get(name) for name in ("id", *names) if name == "id" or name in one} for one in told]
        return {"total": len(found), "list": told}

    def _condition(self, entity: str, item: Mapping[str, Any]) -> Callable[[Record], bool]:
        kind, value = item.get("type"), item.get("value")
        if kind in ("or", "and"):
            parts = [self._condition(entity, one) for one in value or []]
            return lambda one: (any if kind == "or" else all)(part(one) for part in parts)
        name = str(item.get("attribute"))
        if name != "id" and (name not in ENTITIES[entity] or name in self.missing):
            raise Refused(400, f"Not existing attribute '{name}' in where.")
        if kind not in ("equals", "in") or (kind == "in" and not isinstance(value, list)):
            raise Refused(400, f"Bad where item '{kind}'.")
        wanted = {str(one) for one in value} if isinstance(value, list) else {str(value)}
        if name in FIELDS:
            # a single e-mail is compared with its small letters; of a list those are compared as they are given
            if kind == "equals":
                wanted = {_key(name, one) for one in wanted}
            return lambda one: bool(wanted & {*self.lists[name].get(one["id"], ())})
        lower = {one.lower() for one in wanted}  # as the usual collations of MySQL compare
        return lambda one: one.get(name) is not None and str(one[name]).lower() in lower

    # -- links, actions, metadata

    def _relate(self, entity: str, path: list[str], body: Record) -> bool:
        contacts = self._contacts(entity, path)
        for one in [body["id"]] if "id" in body else body.get("ids", []):
            self._held("Contact", one)
            if one not in contacts:
                contacts.append(one)
        return True

    def _unrelate(self, entity: str, path: list[str], body: Record) -> bool:
        contacts = self._contacts(entity, path)
        for one in [body["id"]] if "id" in body else body.get("ids", []):
            self._held("Contact", one)
            if one in contacts:
                contacts.remove(one)
        return True

    def _contacts(self, entity: str, path: list[str]) -> list[str]:
        self._held(entity, path[0])
        if (entity, path[1]) != ("Opportunity", "contacts"):
            raise Refused(404, f"Link '{path[1]}' does not exist.")
        return self.links.setdefault(path[0], [])

    def _action(self, body: Record) -> Any:
        entity, action, record = body.get("entityType"), body.get("action"), body.get("id")
        data = body.get("data") or {}
        if entity not in ENTITIES or not action or not record:
            raise Refused(400)
        if action != "merge":
            raise Refused(404, f"Action '{action}' not found.")
        if not isinstance(data.get("sourceIdList"), list):
            raise Refused(400, "No 'sourceIdList'.")
        if not isinstance(data.get("attributes"), dict):
            raise Refused(400, "No 'attributes'.")
        self._merge(entity, record, data["sourceIdList"], data["attributes"])
        return self._whole(entity, self._held(entity, record))

    def _merge(self, entity: str, kept: str, gone: list[str], attributes: Record) -> None:
        first, others = self._held(entity, kept), [self._held(entity, one) for one in gone]
        self._valid(entity, attributes)
        merged = {}
        for field in FIELDS:
            keys = [key for one in (first, *others) for key in self.lists[field].get(one["id"], ())]
            main = _key(field, attributes[field]) if attributes.get(field) else next(iter(keys), None)
            merged[field] = list(dict.fromkeys(key for key in (main, *keys) if key in keys))
        for contacts in self.links.values():
            if entity == "Contact" and {*contacts} & {*gone}:
                contacts[:] = list(dict.fromkeys(kept if one in gone else one for one in contacts))
        for note in (*self.notes.values(), *self.tasks.values()):
            note["parentId"] = kept if note["parentId"] in gone else note["parentId"]
        for one in gone:
            self._remove(entity, one)
        self._save(entity, first, {name: value for name, value in attributes.items() if name not in FIELDS})
        for field in FIELDS:
            self.lists[field][kept] = merged[field]

    def _metadata(self, key: str) -> Any:
        _, entity, last = key.split(".")
        if last != "fields" or entity not in ENTITIES:
            return None
        fields: dict[str, Any] = {
            name: {"type": kind} for name, (kind, _) in ENTITIES[entity].items() if name not in self.missing
        }
        if "stage" in fields:
            fields["stage"]["options"] = list(STAGES)
        return fields


def _moment(seconds: int) -> str:
    return f"2026-03-01 {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _key(field: str, value: str) -> str:
    return value.strip().lower() if field == "emailAddress" else value.strip()


def _rows(body: Record, field: str) -> list[Record] | None:
    listed = body.get(f"{field}Data")
    if isinstance(listed, list):
        return listed
    return [{field: body[field]}] if body.get(field) else None


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _leaves(held, name or key)
    elif isinstance(value, list):
        for held in value:
            yield from _leaves(held, name)
    else:
        yield name, value


def _invalid(entity: str, field: str, kind: str) -> Refused:
    data = {"field": field, "type": kind}
    body = {"messageTranslation": {"label": "validationFailure", "scope": None, "data": data}}
    return Refused(400, f"Field validation failure; entityType: {entity}, field: {field}, type: {kind}.", body)


def _query(request: httpx.Request) -> dict[str, Any]:
    """The query as PHP reads it: ``where[0][type]=in`` is a list of dictionaries."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(request.url.query.decode(), keep_blank_values=True):
        first, *steps = [part.rstrip("]") for part in name.split("[")]
        place = tree
        for step, following in zip((first, *steps), (*steps, None), strict=True):
            if following is None:
                place[step] = value
            else:
                place = place.setdefault(step, {})
    result: dict[str, Any] = _lists(tree)
    return result


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _lists(value) for key, value in node.items()}
