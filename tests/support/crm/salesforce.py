"""An org of Salesforce in memory: the part of its REST API that Hub speaks, as strict as its pages say.

Sources: as in ``hub.connectors.salesforce.schemas``; …/api-rest/guide/resources-sobject-retrieve-patch.html (204),
…/resources-sobject-describe.html, …/headers-api-usage.html, help.salesforce.com xcloud.remoteaccess_oauth_jwt_flow.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import httpx

API = "/services/data/v64.0"
TEXT, NUMBER, BOOLEAN, DATE, TIME, EMAIL = "string", "double", "boolean", "date", "datetime", "email"
_ADDRESS = ("Street", "City", "PostalCode", "State", "Country")
_HUB = {
    **dict.fromkeys(("Hub_Profile_Id__c", "Hub_Merged_Into__c", "Hub_Emails__c", "Hub_Phones__c", "Hub_Tags__c"), TEXT),
    **dict.fromkeys(("Hub_Loyalty_Ids__c", "Hub_Language__c", "Hub_Lifetime_Totals__c"), TEXT),
    **{f"Hub_{channel}_Consent__c": TEXT for channel in ("Email", "SMS", "WhatsApp", "Phone", "Post")},
    **dict.fromkeys(("Hub_Lifetime_Value__c", "Hub_Order_Count__c"), NUMBER),
    **dict.fromkeys(("Hub_Email_Consent_At__c", "Hub_First_Order_At__c", "Hub_Last_Order_At__c"), TIME),
}
_PERSON = {
    **dict.fromkeys(("FirstName", "LastName", "Phone", "MobilePhone", "Title", "Description"), TEXT),
    "Email": EMAIL,
    **dict.fromkeys(("HasOptedOutOfEmail", "DoNotCall"), BOOLEAN),
    **_HUB,
}
FIELDS: dict[str, dict[str, str]] = {
    "Contact": {
        **_PERSON,
        **{f"Mailing{part}": TEXT for part in _ADDRESS},
        **dict.fromkeys(("AccountId", "HomePhone", "OtherPhone"), TEXT),
        "Birthdate": DATE,
    },
    "Lead": {**_PERSON, **dict.fromkeys(_ADDRESS, TEXT), "Company": TEXT},
    "Account": {"Name": TEXT},
    "Opportunity": {
        **dict.fromkeys(("Name", "StageName", "Hub_Order_Key__c", "Hub_Order_State__c"), TEXT),
        "Description": TEXT,
        "Amount": NUMBER,
        "CloseDate": DATE,
    },
    "Task": {
        **dict.fromkeys(("Subject", "Description", "Status", "WhoId", "OwnerId", "Hub_Activity_Key__c"), TEXT),
        "ActivityDate": DATE,
    },
    "PermissionSet": {"Name": TEXT, "Label": TEXT},
    "FieldPermissions": {
        **dict.fromkeys(("ParentId", "SobjectType", "Field"), TEXT),
        **dict.fromkeys(("PermissionsRead", "PermissionsEdit"), BOOLEAN),
    },
    "OpportunityContactRole": {"OpportunityId": TEXT, "ContactId": TEXT, "IsPrimary": BOOLEAN},
}
REQUIRED = {
    "Contact": ("LastName",),
    "Lead": ("LastName", "Company"),
    "Account": ("Name",),
    "Opportunity": ("Name", "StageName", "CloseDate"),
    "OpportunityContactRole": ("OpportunityId", "ContactId"),
    "Task": ("Status",),
    "PermissionSet": ("Name", "Label"),
    "FieldPermissions": ("ParentId", "Field"),
}
UNIQUE = ("Hub_Profile_Id__c", "Hub_Order_Key__c")
INDEXED = {*UNIQUE, "Hub_Activity_Key__c", "WhoId", "Email", "Id"}
PREFIX = {"Contact": "003", "Lead": "00Q", "Account": "001", "Opportunity": "006", "OpportunityContactRole": "00K"}
PREFIX |= {"Task": "00T", "PermissionSet": "0PS", "FieldPermissions": "01k"}
LENGTHS = {
    "FirstName": 40,
    "LastName": 80,
    "Email": 80,
    "Phone": 40,
    "Name": 120,
    "Hub_Profile_Id__c": 36,
    "Subject": 255,
}
_CONDITION = re.compile(r"(\w+) IN \(((?:'(?:[^'\\]|\\.)*',?)*)\)")
_SOQL = re.compile(r"SELECT (?P<names>[\w., ]+) FROM (?P<sobject>\w+) WHERE (?P<where>.*?)(?P<order> ORDER BY .*)?")
_LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'")
Record = dict[str, Any]
SYSTEM = {"SystemModstamp": "2026-03-09T10:15:31.000+0000", "LastModifiedById": None, "Account.Name": None}
"""What no one writes, as every record tells it."""


class RefusedError(Exception):
    """One record, or one call, is refused; ``body`` is an error as Salesforce puts it."""

    def __init__(self, code: str, message: str, fields: tuple[str, ...] = (), status: int = 400, **more: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.fields, self.status, self.more = code, message, fields, status, more

    def of_call(self) -> list[Record]:
        return [{"message": self.message, "errorCode": self.code, "fields": [*self.fields], **self.more}]

    def of_record(self) -> Record:
        error = {"statusCode": self.code, "message": self.message, "fields": [*self.fields], **self.more}
        return {"success": False, "errors": [error]}


class SalesforceDouble:
    """``rule`` is a duplicate rule: ``exact`` (same e-mail) or ``fuzzy`` (same last name), and ``blocks`` or warns."""

    slug = "salesforce"

    def __init__(self, *, person: str = "Contact", **settings: Any) -> None:
        self.person = person
        self.given = settings
        self.records: dict[str, dict[str, Record]] = {sobject: {} for sobject in FIELDS}
        self.tokens = {"sample-access-token"}
        self.assertions: list[Record] = []
        self.calls: list[str] = []
        self.used, self.allowed = 0, 100_000
        self.refused: list[str] = []
        self.hidden: set[str] = set()
        self.made_fields: dict[str, Record] = {}
        self.may_customise = False
        self.locked: set[str] = set()
        self.cases: set[str] = set()
        self.rule, self.blocks = "", True
        self.currencies = True
        self.seen: set[str] = set()
        self.merges = True
        self.number = 0
        self.index: dict[tuple[str, str, str], dict[str, None]] = {}

    # -- what the shared laws ask

    def settings(self) -> Record:
        app = {"client_id": "sample-app", "client_secret": "sample-secret"}
        money = {} if self.currencies else {"org_currency": "EUR"}
        own = {"my_domain": "sample.my.salesforce.com", "person": self.person.lower(), "merge": "apex"}
        return {**app, **own, **money, **self.given}

    def people(self) -> list[Record]:
        return [
            {
                "id": each["Id"],
                "owner": each.get("Hub_Profile_Id__c"),
                "emails": [each["Email"]] if each.get("Email") else [],
                "values": {name: value for name, value in each.items() if value is not None and name != "Id"},
            }
            for each in self.live(self.person)
        ]

    def orders(self) -> list[Record]:
        roles = {each["OpportunityId"]: each["ContactId"] for each in self.live("OpportunityContactRole")}
        return [
            {
                "id": each["Id"],
                "owner": each.get("Hub_Order_Key__c"),
                "person": roles.get(each["Id"]),
                "values": {name: value for name, value in each.items() if value is not None and name != "Id"},
            }
            for each in self.live("Opportunity")
        ]

    def activities(self) -> list[Record]:
        return [
            {
                "id": task["Id"],
                "owner": task.get("Hub_Activity_Key__c"),
                "person": task.get("WhoId"),
                "values": {name: value for name, value in task.items() if name not in ("Id", "WhoId")},
            }
            for task in self.live("Task")
        ]

    def add_person(self, email: str, **values: str) -> str:
        return self.insert(self.person, {"LastName": "Typed", "Company": "Typed", "Email": email, **values})

    def delete_person(self, record: str) -> None:
        self.records[self.person][record]["IsDeleted"] = True

    def delete_order(self, record: str) -> None:
        self.records["Opportunity"][record]["IsDeleted"] = True

    def merge_people(self, kept: str, gone: str) -> None:
        self.records[self.person][gone].update({"IsDeleted": True, "MasterRecordId": kept, "Hub_Profile_Id__c": None})
        for role in self.live("OpportunityContactRole"):
            if role["ContactId"] == gone:
                role["ContactId"] = kept
        for task in self.live("Task"):
            if task["WhoId"] == gone:
                task["WhoId"] = kept
                self.indexed("Task", task["Id"], {"WhoId": kept})

    def opt_out_there(self, email: str) -> None:
        self._mark(email, out=True)

    def lift_there(self, email: str) -> None:
        self._mark(email, out=False)

    def _mark(self, email: str, *, out: bool) -> None:
        for one in (*self.live("Contact"), *self.live("Lead")):
            if one.get("Email") == email:
                one["HasOptedOutOfEmail"] = out

    def refuse(self, text: str) -> None:
        self.refused.append(text)

    @property
    def opted_out(self) -> set[str]:
        """What was ever an e-mail here and is not one of a live record that may be mailed."""
        people = (*self.live("Contact"), *self.live("Lead"))
        return self.seen - {
            each["Email"] for each in people if each.get("Email") and not each.get("HasOptedOutOfEmail")
        }

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if request.url.path == "/services/oauth2/token":
            return self.token(parse_qs(request.content.decode()))
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _answer(401, RefusedError("INVALID_SESSION_ID", "Session expired or invalid").of_call())
        self.used += 1
        if self.used > self.allowed:
            return _answer(403, RefusedError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").of_call())
        try:
            body = json.loads(request.content) if request.content else None
        except ValueError:
            return _answer(400, RefusedError("JSON_PARSER_ERROR", "no JSON").of_call())
        try:
            status, answered = self.route(request, request.url.path, body)
        except RefusedError as error:
            status, answered = error.status, error.of_call()
        usage = {"sforce-limit-info": f"api-usage={self.used}/{self.allowed}"}
        return _answer(status, answered, usage)

    def token(self, fields: Mapping[str, list[str]]) -> httpx.Response:
        kind = fields["grant_type"][0]
        if kind == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            claims = fields["assertion"][0].split(".")[1]
            self.assertions.append(json.loads(base64.urlsafe_b64decode(claims + "==")))
        elif fields.get("client_secret") != ["sample-secret"]:
            return _answer(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        self.number += 1
        access = f"00Dsample!{self.number}"
        self.tokens.add(access)
        # Salesforce names no lifetime: the session's is a setting of the org.
        return _answer(200, {"access_token": access, "token_type": "Bearer", "instance_url": "https://sample.invalid"})

    def route(self, request: httpx.Request, path: str, body: Any) -> tuple[int, Any]:
        if path == "/services/apexrest/hub/merge" and not self.merges:
            raise RefusedError("NOT_FOUND", "Could not find a match for URL", status=404)
        if path == "/services/apexrest/hub/merge" and request.method != "POST":
            raise RefusedError("METHOD_NOT_ALLOWED", "HTTP Method 'GET' not allowed", status=405)
        if path == "/services/apexrest/hub/merge":
            self.merge_people(body["kept"], body["gone"])
            return 200, body["kept"]
        parts = path.removeprefix(f"{API}/").split("/")
        match request.method, parts:
            case "POST", ["composite"]:
                return 200, {"compositeResponse": [*self.composite(body["compositeRequest"])]}
            case "PATCH", ["composite", "sobjects", *upsert]:
                return 200, self.collection(body, request, *upsert)
            case "POST", ["composite", "sobjects"]:
                return 200, self.collection(body, request)
            case "DELETE", ["composite", "sobjects"]:
                return 200, [{"id": one, "success": self.delete(one), "errors": []} for one in _ids(request)]
            case "POST", ["tooling", "sobjects", "CustomField"]:
                return 201, self.made_field(body)
            case "GET", ["sobjects", sobject, "describe"]:
                return 200, {"name": sobject, "fields": [*self.described(sobject)]}
            case "POST", ["sobjects", sobject]:
                self.known_fields(sobject, body)
                return 201, {"id": self.save(sobject, None, body), "success": True, "errors": []}
            case "PATCH", ["sobjects", sobject, record]:
                self.known_fields(sobject, body)
                self.save(sobject, record, body, missing=404)
                return 204, None
            case "DELETE", ["sobjects", _, record]:
                self.delete(record)
                return 204, None
        raise RefusedError("NOT_FOUND", "The requested resource does not exist", status=404)

    # -- records

    def live(self, sobject: str) -> list[Record]:
        return [each for each in self.records[sobject].values() if not each.get("IsDeleted")]

    def insert(self, sobject: str, values: Mapping[str, Any]) -> str:
        self.number += 1
        record = f"{PREFIX[sobject]}{self.number:012d}AAA"
        kept = {name: value for name, value in values.items() if name in (*FIELDS[sobject], "CurrencyIsoCode")}
        self.records[sobject][record] = {"Id": record, **kept}
        self.indexed(sobject, record, {"Id": record, **kept})
        return record

    def indexed(self, sobject: str, record: str, values: Mapping[str, Any]) -> None:
        self.seen |= {values["Email"]} if values.get("Email") else set()
        for name in INDEXED & values.keys():
            self.index.setdefault((sobject, name, str(values[name]).lower()), {})[record] = None

    def holding(self, sobject: str, name: str, values: Iterable[str]) -> list[Record]:
        """The records, live or not, with one of these values, in the order in which they were made."""
        if name not in INDEXED:
            return [each for each in self.records[sobject].values() if str(each.get(name) or "").lower() in values]
        ids = sorted({one for value in values for one in self.index.get((sobject, name, value.lower()), ())})
        held = [self.records[sobject][one] for one in ids]
        return [each for each in held if str(each.get(name) or "").lower() in {value.lower() for value in values}]

    def collection(self, body: Any, request: httpx.Request, sobject: str = "", key: str = "") -> list[Record]:
        records = body["records"]
        if len(records) > 200:
            raise RefusedError("LIMIT_EXCEEDED", "The number of records exceeds the limit of 200")
        if key and key in self.hidden:
            raise RefusedError("NOT_FOUND", f"Provided external ID field does not exist: {key}", status=404)
        for record in records:
            kind = record["attributes"]["type"]
            if sobject not in ("", kind):
                raise RefusedError("INVALID_TYPE", "records of several types")
            self.known_fields(kind, record)
        return [self.one(record, request, key) for record in records]

    def known_fields(self, sobject: str, record: Mapping[str, Any]) -> None:
        known = {*FIELDS[sobject], "attributes", "id", "Id", *(("CurrencyIsoCode",) if self.currencies else ())}
        for name in record:
            if name not in known or name in self.hidden:
                raise RefusedError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")

    def one(self, record: Record, request: httpx.Request, key: str) -> Record:
        kind, there = record["attributes"]["type"], record.get("id")
        values = {name: value for name, value in record.items() if name not in ("attributes", "id")}
        if key:
            held = [each for each in self.holding(kind, key, [record[key]]) if not each.get("IsDeleted")]
            if len(held) > 1:
                return RefusedError("DUPLICATE_EXTERNAL_ID", f"{key}: more than one record found").of_record()
            there = held[0]["Id"] if held else None
        created = there is None
        try:
            if created or "Email" in values or "LastName" in values:
                self.no_duplicate(kind, there, values, request)
            saved = self.save(kind, there, values)
        except RefusedError as error:
            return error.of_record()
        return {"id": saved, "success": True, "errors": [], **({"created": created} if key else {})}

    def no_duplicate(self, sobject: str, record: str | None, values: Record, request: httpx.Request) -> None:
        name = {"exact": "Email", "fuzzy": "LastName"}.get(self.rule)
        if name is None:
            return
        same = [each for each in self.live(sobject) if each["Id"] != record and each.get(name) == values.get(name)]
        alerts = "allowSave=true" in request.headers.get("sforce-duplicate-rule-header", "")
        if not same or sobject not in ("Contact", "Lead") or (alerts and not self.blocks):
            return
        found = [
            {"record": {"attributes": {"type": sobject}, "Id": each["Id"]}, "matchConfidence": 100} for each in same
        ]
        engine = "ExactMatchEngine" if self.rule == "exact" else "FuzzyMatchEngine"
        result = {"allowSave": not self.blocks, "matchResults": [{"matchEngine": engine, "matchRecords": found}]}
        raise RefusedError("DUPLICATES_DETECTED", "Use one of these records?", duplicateResut=result)

    def save(self, sobject: str, record: str | None, values: Record, *, missing: int = 400) -> str:
        held = self.records[sobject].get(record or "")
        if record is not None and held is None:
            code = "NOT_FOUND" if missing == 404 else "INVALID_CROSS_REFERENCE_KEY"
            raise RefusedError(code, "invalid cross reference id", status=missing)
        if held is not None and held.get("IsDeleted"):
            raise RefusedError("ENTITY_IS_DELETED", "entity is deleted", status=missing)
        if held is not None and held.get("IsConverted"):
            raise RefusedError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        if record in self.locked:
            raise RefusedError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        for name, value in values.items():
            self.typed(sobject, name, value)
        for name, kind in (
            ("ContactId", "Contact"),
            ("OpportunityId", "Opportunity"),
            ("AccountId", "Account"),
            ("WhoId", self.person),
        ):
            other = self.records[kind].get(values.get(name) or "")
            if values.get(name) and (other is None or other.get("IsDeleted")):
                raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (name,))
        new = {**(held or {}), **values}
        lacking = tuple(name for name in REQUIRED[sobject] if not new.get(name))
        if lacking:
            raise RefusedError(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(lacking)}]", lacking
            )
        for name in UNIQUE:
            held_by = self.holding(sobject, name, [new[name]]) if new.get(name) else []
            same = [each["Id"] for each in held_by if not each.get("IsDeleted")]
            if same not in ([], [record]):
                raise RefusedError(
                    "DUPLICATE_VALUE", f"duplicate value found: {name} duplicates value on record with id: {same[0]}"
                )
        if held is None:
            return self.insert(sobject, values)
        held.update(values)
        self.indexed(sobject, str(record), values)
        return str(record)

    def typed(self, sobject: str, name: str, value: Any) -> None:
        kind = FIELDS[sobject].get(name, TEXT)
        if value is None:
            return
        if any(text in str(value) for text in self.refused):
            raise RefusedError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "This value is not allowed here", (name,))
        right: Any = {NUMBER: (int, float), BOOLEAN: bool}.get(kind, str)
        if not isinstance(value, right) or (kind == NUMBER and isinstance(value, bool)):
            raise RefusedError("JSON_PARSER_ERROR", f"Cannot deserialize instance of {kind}")
        if kind == EMAIL and not re.fullmatch(r"(?!.*\.\.)[^@\s]+@[^@\s]+\.[^@\s]+", value):
            raise RefusedError("INVALID_EMAIL_ADDRESS", f"{name}: invalid email address: {value}", (name,))
        pattern = {DATE: r"\d{4}-\d\d-\d\d", TIME: r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}.get(kind)
        if pattern and not re.fullmatch(pattern, value):
            raise RefusedError("JSON_PARSER_ERROR", f"Cannot deserialize instance of {kind} from VALUE_STRING value")
        if len(str(value)) > LENGTHS.get(name, 32_000):
            raise RefusedError(
                "STRING_TOO_LONG", f"{name}: data value too large: {value} (max length={LENGTHS[name]})", (name,)
            )

    def delete(self, record: str) -> bool:
        held = next((each[record] for each in self.records.values() if record in each), None)
        if held is None or held.get("IsDeleted"):
            raise RefusedError("NOT_FOUND", "The requested resource does not exist", status=404)
        if record in self.cases:
            raise RefusedError("DELETE_FAILED", f"Your attempt to delete {held.get('LastName')} failed: cases 00001026")
        held["IsDeleted"] = True
        return True

    def made_field(self, body: Any) -> Record:
        if not self.may_customise:
            raise RefusedError("INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")
        if body["FullName"] in self.made_fields:
            raise RefusedError("DUPLICATE_DEVELOPER_NAME", "There is already a field named so")
        self.made_fields[body["FullName"]] = body["Metadata"]
        return {"id": "00N000000000001AAA", "success": True, "errors": []}

    def assign(self) -> None:
        """An administrator gives Hub's user the permission set: what it shows is hidden no more."""
        shown = {each["Field"] for each in self.live("FieldPermissions") if each["Field"] in self.made_fields}
        self.hidden -= {name.partition(".")[2] for name in shown}

    def described(self, sobject: str) -> Iterator[Record]:
        for name in (*FIELDS[sobject], *(("CurrencyIsoCode",) if self.currencies else ())):
            if name not in self.hidden:
                own = name in UNIQUE
                stages = ("Negotiation/Review", "Closed Won", "Closed Lost") if name == "StageName" else ()
                listed = [{"value": stage, "active": True} for stage in stages]
                yield {"name": name, "externalId": own, "unique": own, "picklistValues": listed}

    # -- queries

    def composite(self, asked: list[Record]) -> Iterator[Record]:
        if len(asked) > 5:
            raise RefusedError("PROCESSING_HALTED", "at most 5 queries in one composite request")
        for part in asked:
            url = urlsplit(part["url"])
            if len(part["url"]) > 16_384:
                raise RefusedError("URI_TOO_LONG", "the URL is too long", status=414)
            try:
                rows = [*self.selected(unquote_plus(url.query.removeprefix("q=")), deleted="queryAll" in url.path)]
                body: Any = {"totalSize": len(rows), "done": True, "records": rows}
                yield {"body": body, "httpHeaders": {}, "httpStatusCode": 200, "referenceId": part["referenceId"]}
            except RefusedError as error:
                yield {"body": error.of_call(), "httpStatusCode": error.status, "referenceId": part["referenceId"]}

    def selected(self, soql: str, *, deleted: bool) -> Iterator[Record]:
        read = _SOQL.fullmatch(soql)
        if read is None:
            raise RefusedError("MALFORMED_QUERY", f"unexpected token in {soql[:40]}")
        sobject = read["sobject"]
        names = [name.strip() for name in read["names"].split(",")]
        asked = {
            name: {_unescaped(value).lower() for value in _LITERAL.findall(listed)}
            for name, listed in _CONDITION.findall(read["where"])
        }
        if not re.fullmatch(r"x( OR x)*", _CONDITION.sub("x", read["where"])):
            raise RefusedError("MALFORMED_QUERY", "unexpected token")
        order = (read["order"] or "").removeprefix(" ORDER BY ")
        known = {*FIELDS[sobject], "Id", "IsDeleted", "MasterRecordId", *SYSTEM} - self.hidden
        known |= {"IsConverted"} if sobject == "Lead" else set()
        for name in (*(name.removeprefix("MasterRecord.") for name in names), *asked):
            if name not in known:
                told = f"{soql}\n^\nERROR at Row:1:Column:9\nNo such column '{name}' on entity '{sobject}'"
                raise RefusedError("INVALID_FIELD", told)
        found = {each["Id"]: each for name, values in asked.items() for each in self.holding(sobject, name, values)}
        held = [found[one] for one in sorted(found) if deleted or not found[one].get("IsDeleted")]
        if order.endswith("DESC"):
            held.reverse()
        if order.startswith("IsConverted"):
            held.sort(key=lambda record: bool(record.get("IsConverted")))
        yield from (self.row(sobject, record, names) for record in held)

    def row(self, sobject: str, record: Record, names: list[str]) -> Record:
        own = {name: record.get(name, SYSTEM.get(name)) for name in names if "." not in name}
        own |= {"IsDeleted": bool(record.get("IsDeleted"))} if "IsDeleted" in own else {}
        parts = [name.removeprefix("MasterRecord.") for name in names if name.startswith("MasterRecord.")]
        if parts:
            master = self.records[sobject].get(record.get("MasterRecordId") or "")
            own["MasterRecord"] = self.row(sobject, master, parts) if master else None
        return own


def _answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
    if body is None:
        return httpx.Response(status, headers=headers)
    return httpx.Response(status, json=body, headers=headers)


def _ids(request: httpx.Request) -> list[str]:
    return request.url.params["ids"].split(",")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
