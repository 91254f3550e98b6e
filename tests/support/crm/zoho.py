"""An account of Zoho CRM in memory: the part of its API v8 that Hub speaks, as strict as its pages say.

Sources: as in ``hub.connectors.zoho``. Zoho CRM ignores fields that it does not know, and answers record by record: 201
or 200 where all are well, 400 where none is, else 207.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from hub.sdk.crm.activities import referred
from tests.support.crm.double import Entry, Order, Person
from tests.support.crm.times import Times, stamp

API = "/crm/v8"
TEXT, AREA, EMAIL, PHONE, DATE, TIME = "text", "textarea", "email", "phone", "date", "datetime"
DOUBLE, INTEGER, BOOLEAN, LOOKUP, PICKLIST = "double", "integer", "boolean", "lookup", "picklist"
_CONTACT = ("First_Name", "Last_Name", "Title", "Mailing_Street", "Mailing_Zip", "Mailing_City", "Mailing_State")
_PHONES = ("Phone", "Mobile", "Home_Phone", "Other_Phone")
STANDARD: dict[str, dict[str, str]] = {
    "Contacts": {
        **dict.fromkeys((*_CONTACT, "Mailing_Country"), TEXT),
        **dict.fromkeys(_PHONES, PHONE),
        **dict.fromkeys(("Email", "Secondary_Email"), EMAIL),
        "Description": AREA,
        "Date_of_Birth": DATE,
        "Email_Opt_Out": BOOLEAN,
        "Account_Name": LOOKUP,
    },
    "Deals": {
        "Deal_Name": TEXT,
        "Stage": PICKLIST,
        "Pipeline": PICKLIST,
        "Amount": DOUBLE,
        "Closing_Date": DATE,
        "Description": AREA,
        "Contact_Name": LOOKUP,
        "Currency": PICKLIST,
    },
    "Accounts": {"Account_Name": TEXT},
    "Notes": {"Note_Title": TEXT, "Note_Content": AREA, "Parent_Id": LOOKUP},
    "Tasks": {
        "Subject": TEXT,
        "Description": AREA,
        "Due_Date": DATE,
        "Status": PICKLIST,
        **dict.fromkeys(("Who_Id", "Owner"), LOOKUP),
    },
}
REQUIRED = {
    "Contacts": ("Last_Name",),
    "Deals": ("Deal_Name", "Stage"),
    "Accounts": ("Account_Name",),
    "Notes": ("Note_Content", "Parent_Id"),
    "Tasks": ("Subject",),
}
LOOKUPS = {"Account_Name": "Accounts", "Contact_Name": "Contacts", "Parent_Id": "Contacts", "Who_Id": "Contacts"}
STAGES = ("Qualification", "Negotiation/Review", "Closed Won", "Closed Lost")
LENGTHS = {TEXT: 255, AREA: 32_000, EMAIL: 100, PHONE: 30, PICKLIST: 120}
FORMS = {
    EMAIL: r"(?!.*\.\.)[^@\s]+@[^@\s]+\.[^@\s]{2,}",
    PHONE: r"\+?[0-9 ()/.-]+",
    DATE: r"\d{4}-\d\d-\d\d",
    TIME: r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d",
}
_QUERY = re.compile(
    r"select (?P<names>[\w, .]+) from (?P<module>\w+) where (?P<where>.*) order by id asc limit (?P<limit>\d+)"
)
_CHANGED = re.compile(
    r"select id, Modified_Time, (?P<names>[\w, .]+) from (?P<module>\w+) where (?:Modified_Time >= '(?P<begin>[^']+)'|"
    r"\(Modified_Time > '(?P<time>[^']+)' or \(Modified_Time = '[^']+' and id > (?P<last>\d+)\)\)) "
    r"order by Modified_Time asc, id asc limit (?P<limit>\d+)"
)
_CONDITION = re.compile(r"(\w+) in \(((?:'(?:[^'\\]|\\.)*',?)+)\)")
_LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'")
Record = dict[str, Any]


class Refused(Exception):  # noqa: N818 - what is said
    """One record, or one call, is refused; ``body`` is an error as Zoho CRM puts it."""

    def __init__(self, code: str, message: str, status: int = 400, **details: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body: Record = {"code": code, "details": details, "message": message, "status": "error"}


class ZohoDouble:
    """``unique_email``: the account allows no second contact of an e-mail. ``slow``: answers until a merge is done."""

    slug = "zoho"

    def __init__(self, *, unique_email: bool = False, slow: int = 0) -> None:
        self.records: dict[str, dict[str, Record]] = {module: {} for module in STANDARD}
        self.bin: dict[str, Record] = {}
        self.fields = {module: dict(named) for module, named in STANDARD.items()}
        self.lengths: dict[str, int] = {}
        self.unique = {module: set[str]() for module in STANDARD}
        self.unique["Accounts"].add("Account_Name")
        if unique_email:
            self.unique["Contacts"].add("Email")
        self.slow, self.jobs = slow, dict[str, list[Any]]()
        self.may_customise = True
        self.refused: list[str] = []
        self.locked: set[str] = set()
        self.seen: set[str] = set()
        self.calls: list[str] = []
        self.triggers: list[Any] = []
        self.number = 0
        self.times = Times()

    # -- what the shared laws ask

    def settings(self) -> Record:
        return {"client_id": "sample-app", "client_secret": "sample-secret", "data_centre": "eu"}

    def people(self) -> list[Person]:
        return [
            {
                "id": one["id"],
                "owner": one.get("Hub_Profile_ID"),
                "emails": [one["Email"]] if one.get("Email") else [],
                "values": {**_plain(one), "Account_Name": self.name(one, "Account_Name")},
            }
            for one in self.records["Contacts"].values()
        ]

    def orders(self) -> list[Order]:
        return [
            {
                "id": one["id"],
                "owner": one.get("Hub_Order_Key"),
                "person": (one.get("Contact_Name") or {}).get("id"),
                "values": {**_plain(one), "Contact_Name": (one.get("Contact_Name") or {}).get("id")},
            }
            for one in self.records["Deals"].values()
        ]

    def activities(self) -> list[Entry]:
        return [
            {
                "id": one["id"],
                "owner": referred(one["Note_Content"]),
                "person": one["Parent_Id"]["id"],
                "values": {name: one.get(name) for name in ("Note_Title", "Note_Content")},
            }
            for one in self.records["Notes"].values()
        ] + [
            {
                "id": one["id"],
                "owner": referred(one.get("Description") or ""),
                "person": (one.get("Who_Id") or {}).get("id"),
                "values": {name: value for name, value in one.items() if name not in ("id", "Who_Id")},
            }
            for one in self.records["Tasks"].values()
        ]

    def add_person(self, email: str, **values: str) -> str:
        return self.save("Contacts", None, {"Last_Name": "Typed", "Email": email, **values})

    def delete_person(self, id: str) -> None:  # noqa: A002 - as the shared laws call it
        self.delete("Contacts", id)

    def delete_order(self, id: str) -> None:  # noqa: A002
        self.delete("Deals", id)

    def merge_people(self, kept: str, gone: str) -> None:
        self.merged(kept, gone, [])

    def opt_out_there(self, email: str) -> None:
        self._mark(email, out=True)

    def lift_there(self, email: str) -> None:
        self._mark(email, out=False)

    def _mark(self, email: str, *, out: bool) -> None:
        for one in self.records["Contacts"].values():
            if one.get("Email") == email:
                one["Email_Opt_Out"] = out

    def refuse(self, text: str) -> None:
        self.refused.append(text)

    @property
    def opted_out(self) -> set[str]:
        """What was ever an e-mail here and is not one of a contact that may be mailed."""
        people = self.records["Contacts"].values()
        return self.seen - {one["Email"] for one in people if one.get("Email") and not one.get("Email_Opt_Out")}

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if request.headers.get("authorization") != "Zoho-oauthtoken sample-access-token":
            return httpx.Response(401, json=Refused("INVALID_TOKEN", "invalid oauth token").body)
        body = json.loads(request.content) if request.content else {}
        self.triggers.append(body.get("trigger"))
        try:
            status, answer = self.route(request, request.url.path.removeprefix(f"{API}/").split("/"), body)
        except Refused as error:
            status, answer = error.status, error.body
        return httpx.Response(status) if answer is None else httpx.Response(status, json=answer)

    def route(self, request: httpx.Request, path: list[str], body: Record) -> tuple[int, Any]:
        query = request.url.params
        match request.method, path:
            case "POST", ["coql"]:
                if changed := _CHANGED.fullmatch(body["select_query"]):
                    return _listed([*self.changed(changed)])
                return _listed([*self.selected(body["select_query"])])
            case "GET", ["Contacts", "deleted"]:
                self.times.look(self.records["Contacts"])
                told = [{"id": one, "deleted_time": _stamp(number)} for one, number in self.times.gone.items()]
                return _listed([one for one in told if one["deleted_time"] >= request.headers["if-modified-since"]])
            case "GET", ["Notes"]:
                return _listed([self.noted(one) for one in self.records["Notes"].values()])
            case "GET", ["settings", "fields"]:
                return 200, {"fields": [*self.described(query["module"])]}
            case "POST", ["settings", "fields"]:
                return self.each("fields", body["fields"], 201, lambda one: self.made_field(query["module"], one))
            case "POST", ["Contacts", kept, "actions", "merge"]:
                return self.merge(kept, body["merge"])
            case "GET", ["Contacts", kept, "actions", "merge"]:
                return self.merging(kept)
            case "GET", ["Contacts", person, "Notes" | "Tasks" as related]:
                return self.page(person, related, int(query["page"]), int(query["per_page"]))
            case "GET", [module] if "ids" in query:
                held = [self.records[module].get(one) for one in query["ids"].split(",")]
                names = query["fields"].split(",")
                return _listed([self.row(module, one, names) for one in held if one])
            case "POST", [module, "upsert"]:
                unique = body["duplicate_check_fields"]
                return self.each("data", body["data"], 200, lambda one: self.upserted(module, one, unique))
            case "POST", [module]:
                return self.each("data", body["data"], 201, lambda one: self.saved(module, None, one))
            case "PUT", [module]:
                return self.each("data", body["data"], 200, lambda one: self.saved(module, one["id"], one))
            case "DELETE", [module]:
                return self.each("data", query["ids"].split(","), 200, lambda one: self.deleted(module, one))
            case "DELETE", [module, record]:
                return self.each("data", [record], 200, lambda one: self.deleted(module, one))
        raise Refused("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one", 404)

    def each(self, name: str, several: list[Any], good: int, do: Callable[[Any], Record]) -> tuple[int, Any]:
        if not several or len(several) > (5 if name == "fields" else 100):
            raise Refused("LIMIT_EXCEEDED", "Record count exceeded")
        told: list[Record] = []
        for number, one in enumerate(several):
            try:
                told.append({"code": "SUCCESS", "status": "success", **do(one)})
            except Refused as error:
                details = dict(error.body["details"])
                if "api_name" in details:
                    details["json_path"] = f"$.{name}[{number}].{details['api_name']}"
                told.append({**error.body, "details": details})
        well = sum(one["status"] == "success" for one in told)
        return (good if well == len(told) else 207 if well else 400), {name: told}

    # -- records

    def saved(self, module: str, record: str | None, values: Record) -> Record:
        message = "record updated" if record else "record added"
        return {"details": {"id": self.save(module, record, values)}, "message": message}

    def upserted(self, module: str, values: Record, unique: list[str]) -> Record:
        """Compares what is asked for first, then every other unique field (the page of upsert)."""
        if bad := [name for name in unique if name not in self.unique[module]]:
            raise Refused("INVALID_DATA", "invalid data", api_name=bad[0])
        for name in dict.fromkeys((*unique, *sorted(self.unique[module]))):
            if values.get(name) and (held := self.holding(module, name, values[name])):
                told = self.saved(module, held["id"], values)
                return {**told, "action": "update", "duplicate_field": name}
        return {**self.saved(module, None, values), "action": "insert", "duplicate_field": None}

    def holding(self, module: str, name: str, value: Any) -> Record | None:
        asked = str(value).lower()
        return next((one for one in self.records[module].values() if str(one.get(name) or "").lower() == asked), None)

    def save(self, module: str, record: str | None, values: Mapping[str, Any]) -> str:
        held = self.records[module].get(record or "")
        if record and held is None:
            raise Refused("INVALID_DATA", "the id given seems to be invalid", api_name="id")
        if record in self.locked:
            raise Refused("RECORD_LOCKED", "The record under merge is locked")
        known = {name: value for name, value in values.items() if name in self.fields[module]}
        for name, value in known.items():
            self.typed(module, name, value)
        new = {**(held or {}), **known}
        for name in REQUIRED[module]:
            if new.get(name) in (None, ""):
                raise Refused("MANDATORY_NOT_FOUND", "required field not found", api_name=name)
        for name in sorted(self.unique[module] & known.keys()):
            other = self.holding(module, name, known[name]) if known[name] else None
            if other is not None and other is not held:
                owner = {"Owner": {"id": "1"}, "module": {"api_name": module}, "id": other["id"]}
                raise Refused("DUPLICATE_DATA", "duplicate data", api_name=name, duplicate_record=owner)
        if held is None:
            self.number += 1
            held = {"id": f"554023{self.number:012d}"}
            self.records[module][held["id"]] = held
        held.update(known)
        self.seen |= {held["Email"]} if held.get("Email") else set()
        return str(held["id"])

    def typed(self, module: str, name: str, value: Any) -> None:
        kind = self.fields[module][name]
        if value is None:
            return
        if any(text in str(value) for text in self.refused):
            raise Refused("INVALID_DATA", "invalid data", api_name=name, expected_data_type=kind)
        right: Any = {DOUBLE: (int, float), INTEGER: int, BOOLEAN: bool, LOOKUP: dict}.get(kind, str)
        if not isinstance(value, right) or (isinstance(value, bool) and kind != BOOLEAN):
            raise Refused("INVALID_DATA", "invalid data", api_name=name, expected_data_type=kind)
        if name == "Owner":
            return
        if kind == LOOKUP and value.get("id") not in self.records[LOOKUPS[name]]:
            told = (
                "the related id given seems to be invalid" if module == "Notes" else "the id given seems to be invalid"
            )
            raise Refused("INVALID_DATA", told, api_name=name)
        if name == "Stage" and value not in STAGES:
            raise Refused("INVALID_DATA", "invalid data", api_name=name, expected_data_type=kind)
        if isinstance(value, str) and len(value) > self.lengths.get(name, LENGTHS.get(kind, 255)):
            raise Refused("INVALID_DATA", "invalid data", api_name=name, maximum_length=self.lengths.get(name, 255))
        if kind in FORMS and not re.fullmatch(FORMS[kind], value):
            raise Refused("INVALID_DATA", "invalid data", api_name=name, expected_data_type=kind)

    def delete(self, module: str, record: str) -> None:
        if record not in self.records[module]:
            raise Refused("INVALID_DATA", "record not deleted", id=record)
        if record in self.locked:
            raise Refused("RECORD_LOCKED", "You cannot perform this operation as the record is locked.")
        self.bin[record] = self.records[module].pop(record)
        for other, held in self.records.items():
            for one in list(held.values()):
                for name in [name for name, kind in LOOKUPS.items() if kind == module and name in one]:
                    if (one.get(name) or {}).get("id") == record:
                        one[name] = None
                        if other == "Notes":
                            del held[one["id"]]

    def deleted(self, module: str, record: str) -> Record:
        self.delete(module, record)
        return {"details": {"id": record}, "message": "record deleted"}

    def merge(self, kept: str, asked: list[Record]) -> tuple[int, Any]:
        [one] = asked
        [child] = one["data"]
        gone = child["id"]
        if kept not in self.records["Contacts"] or gone not in self.records["Contacts"] or gone == kept:
            error = Refused("INVALID_DATA", "Master record id is not available", api_name="id")
            return 400, {"merge": [error.body]}
        if {kept, gone} & self.locked:
            return 400, {"merge": [Refused("NOT_ALLOWED", "This record id is not allowed to be merged").body]}
        fields = [field["api_name"] for field in child["_fields"]]
        if self.slow:
            self.jobs[kept] = [self.slow, gone, fields]
            self.locked |= {kept, gone}
            told: Record = {"code": "SCHEDULED", "details": {"job_id": "1"}, "message": "scheduled for merge"}
        else:
            self.merged(kept, gone, fields)
            told = {"code": "SUCCESS", "details": {"id": kept}, "message": "The records have been merged successfully"}
        return 201, {"merge": [{**told, "status": "success"}]}

    def merging(self, kept: str) -> tuple[int, Any]:
        if kept not in self.jobs:
            return 204, None
        job = self.jobs[kept]
        job[0] -= 1
        if job[0] == 0:
            self.locked -= {kept, job[1]}
            self.merged(kept, job[1], job[2])
        status = "RUNNING" if job[0] > 0 else "COMPLETED"
        return 200, {"merge": [{"job_id": "1", "status": status}]}

    def merged(self, kept: str, gone: str, fields: list[str]) -> None:
        """The master keeps its values, but for the fields that are named; what hung on the other hangs on it."""
        master, child = self.records["Contacts"][kept], self.records["Contacts"][gone]
        for module, name in (("Deals", "Contact_Name"), ("Notes", "Parent_Id"), ("Tasks", "Who_Id")):
            for one in self.records[module].values():
                if (one.get(name) or {}).get("id") == gone:
                    one[name] = {**one[name], "id": kept}
        self.delete("Contacts", gone)
        master.update({name: child.get(name) for name in fields})

    # -- reading

    def changed(self, asked: re.Match[str]) -> Iterator[Record]:
        """Records by (time, id) of their last change."""
        if asked["module"] == "Tasks":
            return
        numbers = self.times.look(self.records["Contacts"])
        rows = sorted((_stamp(number), one) for one, number in numbers.items())
        begin = (asked["time"] or asked["begin"], asked["last"] or "")
        for time, one in [row for row in rows if row > begin][: int(asked["limit"])]:
            names = [name.strip() for name in asked["names"].split(",")]
            company = {"Account_Name.Account_Name": self.name(self.records["Contacts"][one], "Account_Name")}
            yield {**self.row("Contacts", self.records["Contacts"][one], names), **company, "Modified_Time": time}

    def noted(self, one: Record) -> Record:
        parent = {**one["Parent_Id"], "module": {"api_name": "Contacts"}}
        return {**one, "Parent_Id": parent, "Created_Time": _stamp(0), "Modified_Time": _stamp(0)}

    def edit(self, id: str, phone: str) -> None:  # noqa: A002
        """Somebody changes a contact's phone."""
        self.records["Contacts"][id]["Phone"] = phone

    def selected(self, text: str) -> Iterator[Record]:
        read = _QUERY.fullmatch(text)
        if read is None:
            raise Refused("SYNTAX_ERROR", "error occurred while parsing the query")
        module, where = read["module"], read["where"]
        names = [name.strip() for name in read["names"].split(",")]
        conditions = [
            (name, [re.sub(r"\\(.)", r"\1", value).lower() for value in _LITERAL.findall(listed)])
            for name, listed in _CONDITION.findall(where)
        ]
        if not re.fullmatch(r"x|\(x( or x)+\)", _CONDITION.sub("x", where)) or len(conditions) > 2:
            raise Refused("SYNTAX_ERROR", "error occurred while parsing the query")
        if any(len(values) > 50 for _, values in conditions) or int(read["limit"]) > 200:
            raise Refused("LIMIT_EXCEEDED", "more than 50 values")
        for name in (*names, *(name for name, _ in conditions)):
            if name != "id" and name not in self.fields[module]:
                raise Refused("INVALID_QUERY", "column given seems to be invalid", column_name=name)
        for record in sorted(self.records[module]):
            one = self.records[module][record]
            if any(str(one.get(name) or "").lower() in values for name, values in conditions):
                yield self.row(module, one, names)

    def row(self, module: str, one: Record, names: list[str]) -> Record:
        known = [name for name in names if name in self.fields[module]]
        lookups = {name for name in known if self.fields[module][name] == LOOKUP}
        return {"id": one["id"]} | {
            name: self.lookup(one, name) if name in lookups else one.get(name) for name in known
        }

    def lookup(self, one: Record, name: str) -> Record | None:
        return {"id": one[name]["id"], "name": self.name(one, name)} if one.get(name) else None

    def name(self, one: Record, name: str) -> str | None:
        held = self.records[LOOKUPS[name]].get((one.get(name) or {}).get("id") or "")
        return str(held.get("Account_Name") or held.get("Last_Name")) if held else None

    def page(self, person: str, related: str, page: int, size: int) -> tuple[int, Any]:
        if person not in self.records["Contacts"]:
            raise Refused("INVALID_DATA", "the related id given seems to be invalid", resource_path_index=1)
        notes: list[Record] = [
            {name: one.get(name) for name in ("id", "Note_Content", "Description") if name in one}
            for one in self.records[related].values()
            if (one.get("Parent_Id") or one.get("Who_Id") or {}).get("id") == person
        ]
        status, answer = _listed(notes[(page - 1) * size : page * size])
        if answer:
            answer["info"] |= {"per_page": size, "page": page, "more_records": len(notes) > page * size}
        return status, answer

    def described(self, module: str) -> Iterator[Record]:
        for name, kind in self.fields[module].items():
            unique = {"case_sensitive": False} if name in self.unique[module] else {}
            listed = [{"actual_value": one, "display_value": one} for one in STAGES] if name == "Stage" else []
            yield {"api_name": name, "data_type": kind, "unique": unique, "pick_list_values": listed}

    def made_field(self, module: str, asked: Record) -> Record:
        if not self.may_customise:
            raise Refused("NO_PERMISSION", "permission denied")
        name = asked["field_label"].replace(" ", "_")
        if name in self.fields[module]:
            raise Refused("DUPLICATE_DATA", "duplicate data", api_name="field_label")
        if "unique" in asked and len(self.unique[module]) >= 2:
            raise Refused("LIMIT_EXCEEDED", "limit exceeded", api_name="unique")
        self.fields[module][name] = asked["data_type"]
        self.lengths[name] = asked.get("length", 255)
        if "unique" in asked:
            self.unique[module].add(name)
        self.number += 1
        return {"details": {"id": f"554023{self.number:012d}"}, "message": "field created"}


def _stamp(number: int) -> str:
    return stamp(number, "%Y-%m-%dT%H:%M:%S+00:00")


def _plain(one: Record) -> Record:
    return {name: value for name, value in one.items() if name != "id" and value is not None}


def _listed(found: list[Record]) -> tuple[int, Any]:
    if not found:
        return 204, None
    return 200, {"data": found, "info": {"count": len(found), "more_records": False}}
