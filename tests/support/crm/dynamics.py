"""An environment of Dynamics 365 in memory: the part of Dataverse's Web API that Hub speaks, strict as its pages say.

Sources: as in ``hub.connectors.dynamics``. Each request of a ``$batch`` is carried out for itself and answered in its
order; texts compare without case; a merged contact is deactivated and stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import httpx

from tests.support.crm.double import Entry, Order, Person
from tests.support.crm.times import Times, stamp

API = "/api/data/v9.2"
Record = dict[str, Any]
TEXT, MEMO, DATE, TIME, DECIMAL, INTEGER, BOOLEAN = (
    "String",
    "Memo",
    "Date",
    "DateTime",
    "Decimal",
    "Integer",
    "Boolean",
)
CONTACT_LENGTHS = {
    "firstname": 50,
    "lastname": 50,
    "jobtitle": 100,
    "emailaddress1": 100,
    "emailaddress2": 100,
    "telephone1": 50,
    "address1_line1": 250,
    "address1_line2": 250,
    "address1_postalcode": 20,
    "address1_city": 80,
    "address1_stateorprovince": 50,
    "address1_country": 80,
}
STANDARD: dict[str, dict[str, str]] = {
    "contact": {
        **dict.fromkeys(CONTACT_LENGTHS, TEXT),
        "description": MEMO,
        "birthdate": DATE,
        "statecode": INTEGER,
        **dict.fromkeys(("donotbulkemail", "donotemail", "donotphone", "donotpostalmail"), BOOLEAN),
    },
    "account": {"name": TEXT},
    "annotation": {"subject": TEXT, "notetext": MEMO},
    "task": {"subject": TEXT, "description": MEMO, "scheduledend": TIME},
}
BINDS = {
    "contact": {"parentcustomerid_account@odata.bind": ("_parentcustomerid_value", "account")},
    "hub_order": {"hub_Contact@odata.bind": ("_hub_contact_value", "contact")},
    "account": {},
    "annotation": {"objectid_contact@odata.bind": ("_objectid_value", "contact")},
    "task": {
        "regardingobjectid_contact_task@odata.bind": ("_regardingobjectid_value", "contact"),
        "ownerid@odata.bind": ("_ownerid_value", "systemuser"),
    },
}
SETS = {"contacts": "contact", "accounts": "account", "hub_orders": "hub_order"}
SETS |= {"annotations": "annotation", "tasks": "task"}
OWN = {"task": "activityid"}
AT = {"annotation": "_objectid_value", "task": "_regardingobjectid_value"}
"""What hangs on a contact, and by which column."""
FORMS = {DATE: r"\d{4}-\d\d-\d\d", TIME: r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}
RIGHT: dict[str, Any] = {DECIMAL: (int, float), INTEGER: int, BOOLEAN: bool}
_TERM = re.compile(r"(\w+) eq (?:'((?:[^']|'')*)'|([0-9a-f-]{36}))")
_PLACE = re.compile(r"(\w+)\((?:(\w+)=)?'?([^')]*(?:''[^')]*)*)'?\)")
_REQUEST = re.compile(r"(GET|POST|PATCH) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n(.*)", re.DOTALL)


class Refused(Exception):  # noqa: N818 - what is said
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"code": code, "message": message}}


class DynamicsDouble:
    slug = "dynamics"

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = {table: {} for table in (*SETS.values(), "systemuser")}
        self.records["systemuser"] = {"7": {}}
        self.columns = {table: dict(named) for table, named in STANDARD.items()}
        self.lengths = dict(CONTACT_LENGTHS)
        self.keys: list[Record] = []
        self.building = 0
        self.may_customise = True
        self.refused: list[str] = []
        self.locked: set[str] = set()
        self.seen: set[str] = set()
        self.calls: list[str] = []
        self.number = 0
        self.times = Times()

    # -- what the shared laws ask

    def settings(self) -> Record:
        return {
            "environment": "sample.crm4.dynamics.com",
            "tenant": "sample-tenant",
            "client_id": "sample-app",
            "client_secret": "sample-secret",
        }

    def people(self) -> list[Person]:
        return [
            {
                "id": one["contactid"],
                "owner": one.get("hub_profile_id"),
                "emails": [one["emailaddress1"]] if one.get("emailaddress1") else [],
                "values": {**one, "parentcustomerid_account": self.named(one)},
            }
            for one in self.live()
        ]

    def orders(self) -> list[Order]:
        return [
            {
                "id": one["hub_orderid"],
                "owner": one.get("hub_order_key"),
                "person": one.get("_hub_contact_value"),
                "values": {**one, "hub_contact": one.get("_hub_contact_value")},
            }
            for one in self.records["hub_order"].values()
        ]

    def activities(self) -> list[Entry]:
        return [
            {
                "id": record,
                "owner": record if record.startswith("00000000-0000-0000-0000") else None,
                "person": one[at],
                "values": {
                    name: value for name, value in one.items() if name not in (at, OWN.get(table, f"{table}id"))
                },
            }
            for table, at in AT.items()
            for record, one in self.records[table].items()
        ]

    def add_person(self, email: str, **values: str) -> str:
        return str(self.save("contact", None, {"lastname": "Typed", "emailaddress1": email, **values})["contactid"])

    def delete_person(self, id: str) -> None:  # noqa: A002 - as the shared laws call it
        del self.records["contact"][id]
        for order in self.records["hub_order"].values():
            if order.get("_hub_contact_value") == id:
                order["_hub_contact_value"] = None
        for table, at in AT.items():
            self.records[table] = {one: held for one, held in self.records[table].items() if held[at] != id}

    def delete_order(self, id: str) -> None:  # noqa: A002
        del self.records["hub_order"][id]

    def merge_people(self, kept: str, gone: str) -> None:
        self.merge(kept, gone)

    def opt_out_there(self, email: str) -> None:
        self._mark(email, out=True)

    def lift_there(self, email: str) -> None:
        self._mark(email, out=False)

    def _mark(self, email: str, *, out: bool) -> None:
        for one in self.live():
            if one.get("emailaddress1") == email:
                one["donotbulkemail"] = out

    def refuse(self, text: str) -> None:
        self.refused.append(text)

    @property
    def opted_out(self) -> set[str]:
        """What was ever an e-mail here and is not one of a contact that may be mailed."""
        return self.seen - {str(one.get("emailaddress1")) for one in self.live() if not one.get("donotbulkemail")}

    def live(self) -> list[Record]:
        return [one for one in self.records["contact"].values() if not one["merged"]]

    def named(self, contact: Record) -> str | None:
        account = self.records["account"].get(contact.get("_parentcustomerid_value") or "")
        return str(account["name"]) if account else None

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix(f"{API}/")
        self.calls.append(f"{request.method} {urlsplit(path).path}")
        if request.headers.get("authorization") != "Bearer sample-access-token":
            return httpx.Response(401, json=Refused(401, "0x80072560", "The user is not a member").body)
        if path == "$batch":
            return self.batch(request)
        body = json.loads(request.content) if request.content else None
        status, answer = self.answer(request.method, path, body, request.headers)
        return httpx.Response(status) if answer is None else httpx.Response(status, json=answer)

    def batch(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"] == 'multipart/mixed; boundary="hub"'
        assert request.headers["prefer"] == "odata.continue-on-error"
        text = request.content.decode()
        assert text.endswith("--hub--\r\n")
        told = []
        parts = text.removesuffix("--hub--\r\n").split("--hub\r\n")[1:]
        assert len(parts) <= 1000
        for part in parts:
            assert part.startswith("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"), part
            found = _REQUEST.search(part)
            assert found is not None, part
            assert "@" not in unquote(found[2]).partition("?")[0]
            headers = httpx.Headers(dict(line.split(": ", 1) for line in found[3].split("\r\n")))
            body = json.loads(found[4]) if found[4].strip() else None
            status, answer = self.answer(found[1], found[2].removeprefix(f"{API}/"), body, headers)
            shown = "" if answer is None else json.dumps(answer)
            kind = "Content-Type: application/json; odata.metadata=minimal\r\nOData-Version: 4.0\r\n"
            told.append(
                "--batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                f"HTTP/1.1 {status} {httpx.codes.get_reason_phrase(status)}\r\n{kind}\r\n{shown}\r\n"
            )
        content = "".join(told) + "--batchresponse_1--\r\n"
        return httpx.Response(
            200, headers={"content-type": "multipart/mixed; boundary=batchresponse_1"}, content=content.encode()
        )

    def answer(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        try:
            return self.route(method, path, body, headers)
        except Refused as error:
            return error.status, error.body

    def route(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        bare, _, raw = path.partition("?")
        query = {name: several[0] for name, several in parse_qs(raw).items()}
        bare = unquote(bare)
        if bare.startswith(("EntityDefinitions", "RelationshipDefinitions", "WhoAmI")):
            return self.metadata(method, bare, query, body)
        if (method, bare) == ("POST", "Merge"):
            assert (
                body["Target"]["@odata.type"] == body["Subordinate"]["@odata.type"] == "Microsoft.Dynamics.CRM.contact"
            )
            self.merge(body["Target"]["contactid"], body["Subordinate"]["contactid"])
            return 204, None
        if query.get("$filter", "").startswith("modifiedon ge "):
            assert query["$orderby"] == "modifiedon asc"
            return 200, {"value": []}
        if bare == "contacts" and "odata.track-changes" in headers.get("prefer", ""):
            return 200, self.tracked(query)
        if bare in SETS:
            table = SETS[bare]
            if method == "GET":
                return 200, {"value": [*self.selected(table, query)]}
            return 201, self.shown(table, self.save(table, None, body), query["$select"])
        place = _PLACE.fullmatch(bare)
        assert place is not None, path
        table, key, value = SETS[place[1]], place[2], place[3].replace("''", "'")
        if method == "DELETE":
            held = self.held(table, value)
            if held[f"{table}id"] in self.locked:
                raise Refused(403, "0x80040220", "Principal user lacks prvDelete privilege")
            self.delete_person(value)
            return 204, None
        assert method == "PATCH"
        assert headers["prefer"] == "return=representation"
        if key:
            assert [key] in [one["KeyAttributes"] for one in self.keys]
            found = [one for one in self.records[table].values() if one.get(key, "").lower() == value.lower()]
            if key in body:
                raise Refused(400, "0x80040216", "An unexpected error occurred.")
            made = self.save(table, found[0] if found else None, body if found else {**body, key: value})
            return 200 if found else 201, self.shown(table, made, query["$select"])
        assert headers["if-match"] == "*"
        return 200, self.shown(table, self.save(table, self.held(table, value), body), query["$select"])

    # -- records

    def held(self, table: str, record: str) -> Record:
        if record not in self.records[table]:
            raise Refused(404, "0x80040217", f"Entity '{table}' With Id = {record} Does Not Exist")
        return self.records[table][record]

    def save(self, table: str, held: Record | None, values: Mapping[str, Any]) -> Record:
        given: Record = {}
        if held is not None and held[f"{table}id"] in self.locked:
            raise Refused(403, "0x80040220", "Principal user lacks prvWrite privilege")
        for name, value in values.items():
            if name in BINDS[table]:
                column, target = BINDS[table][name]
                given[column] = None if value is None else value.removeprefix(f"/{target}s(").removesuffix(")")
                if given[column] is not None and given[column] not in self.records[target]:
                    raise Refused(404, "0x80040217", f"{target} With Id = {given[column]} Does Not Exist")
            else:
                if name != OWN.get(table, f"{table}id"):
                    self.typed(table, name, value)
                given[name] = value
        own = OWN.get(table, f"{table}id")
        if held is None:
            self.number += 1
            made = str(given.get(own) or UUID(int=0xD000 + self.number))
            if made in self.records[table]:
                raise Refused(412, "0x80040237", "A record with matching key values already exists.")
            system = {"merged": False} if table not in AT else {}
            held = {own: made, "createdon": self.number, **system}
            self.records[table][made] = held
        held.update(given)
        if held.get("emailaddress1"):
            self.seen.add(held["emailaddress1"])
        return held

    def typed(self, table: str, name: str, value: Any) -> None:
        kind = self.columns[table].get(name)
        longest = {"subject": 200, "description": 2000 if table == "task" else 10_000}.get(name, 10_000)
        if kind is None:
            told = f"Error identified in Payload provided by the user for Entity :'{table}s', the property '{name}'"
            raise Refused(400, "0x80048d19", f"{told} does not exist on type 'Microsoft.Dynamics.CRM.{table}'.")
        if value is None:
            return
        if any(text in str(value) for text in self.refused):
            raise Refused(400, "0x80040203", f"Invalid value for attribute '{name}'.")
        right = RIGHT.get(kind, str)
        if not isinstance(value, right) or (isinstance(value, bool) and kind != BOOLEAN):
            raise Refused(400, "0x80048d19", f"Cannot convert a value to type 'Edm.{kind}' of property '{name}'.")
        if kind in FORMS and not re.fullmatch(FORMS[kind], value):
            raise Refused(400, "0x80048d19", f"Cannot convert the literal to type 'Edm.{kind}' of property '{name}'.")
        longest = self.lengths.get(name, longest)
        if isinstance(value, str) and len(value) > longest:
            told = (
                f"The length of the '{name}' attribute of the '{table}' entity exceeded the maximum allowed length of"
            )
            raise Refused(400, "0x80044331", f"A validation error occurred. {told} '{longest}'.")

    def merge(self, kept: str, gone: str) -> None:
        target, other = self.held("contact", kept), self.held("contact", gone)
        if kept == gone or target["merged"] or other["merged"]:
            raise Refused(400, "0x80040331", "The record is inactive and cannot be merged.")
        other |= {"merged": True, "_masterid_value": kept}
        for order in self.records["hub_order"].values():
            if order.get("_hub_contact_value") == gone:
                order["_hub_contact_value"] = kept
        for table, at in AT.items():
            for one in self.records[table].values():
                if one[at] == gone:
                    one[at] = kept

    def selected(self, table: str, query: Mapping[str, str]) -> Iterator[Record]:
        asked = query["$filter"]
        if asked.startswith("_masterid_value eq "):
            found = [one for one in self.records[table].values() if asked.endswith(str(one.get("_masterid_value")))]
        else:
            terms, _, rest = asked.removeprefix("(").rpartition(")") if asked.startswith("(") else (asked, "", "")
            assert rest in ("", " and merged ne true"), asked
            conditions = []
            for term in re.split(r" or (?=\w+ eq )", terms):
                read = _TERM.fullmatch(term)
                assert read is not None, term
                conditions.append((read[1], (read[2] or read[3] or "").replace("''", "'").lower()))
            found = [
                one
                for one in self.records[table].values()
                if any(str(one.get(name) or "").lower() == value for name, value in conditions)
                and not (rest and one["merged"])
            ]
        for one in found:
            shown = self.shown(table, one, query["$select"])
            expand = query.get("$expand", "")
            if expand.startswith("masterid"):
                shown["masterid"] = self.master(one, 2)
            elif expand:
                assert expand == "parentcustomerid_account($select=name)"
                shown["parentcustomerid_account"] = {"name": self.named(one)} if self.named(one) else None
            yield shown

    def tracked(self, query: Mapping[str, str]) -> Record:
        """What changed since a delta link was given, with what was deleted; all that is there without one."""
        assert not query.keys() & {"$filter", "$orderby", "$expand"}
        held, begin = self.records["contact"], int(query.get("$deltatoken", 0))
        numbers = sorted((number, one) for one, number in self.times.look(held).items() if number > begin)
        rows = []
        for number, one in numbers:
            system = ("_parentcustomerid_value", "_masterid_value", "_modifiedby_value", "modifiedon")
            names = ",".join(name for name in query["$select"].split(",") if name not in system)
            row = {**self.shown("contact", held[one], names), **{name: held[one].get(name) for name in system}}
            if self.named(held[one]):
                row["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"] = self.named(held[one])
                row["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] = "account"
            rows.append({**row, "modifiedon": stamp(number)})
        dead = [one for one, number in self.times.gone.items() if begin and number > begin]
        context = f"{API}/$metadata#contacts/$deletedEntity"
        rows += [{"@odata.context": context, "id": one, "reason": "deleted"} for one in dead]
        link = f"https://sample.crm4.dynamics.com{API}/contacts?$select={query['$select']}&$deltatoken={self.times.now}"
        return {"value": rows, "@odata.deltaLink": link}

    def edit(self, id: str, phone: str) -> None:  # noqa: A002
        """Somebody changes a contact's phone."""
        self.records["contact"][id]["telephone1"] = phone

    def master(self, one: Record, depth: int) -> Record | None:
        held = self.records["contact"].get(one.get("_masterid_value") or "")
        if held is None:
            return None
        shown = self.shown("contact", held, "contactid,hub_profile_id,emailaddress1,merged")
        return {**shown, "masterid": self.master(held, depth - 1)} if depth > 1 else shown

    def shown(self, table: str, one: Record, select: str) -> Record:
        for name in select.split(","):
            if name not in (OWN.get(table, f"{table}id"), "merged") and name not in self.columns[table]:
                raise Refused(400, "0x80060888", f"Could not find a property named '{name}' on type '{table}'.")
        return {name: one.get(name) for name in select.split(",")}

    # -- metadata

    def metadata(self, method: str, path: str, query: Mapping[str, str], body: Any) -> tuple[int, Any]:
        if path == "WhoAmI":
            return 200, {"UserId": str(UUID(int=1))}
        if method == "POST" and not self.may_customise:
            raise Refused(403, "0x80040220", "Principal user is missing prvCreateAttribute privilege")
        if method == "POST":
            labels = body["DisplayName"]["LocalizedLabels"] if "DisplayName" in body else ()
            assert all(one["LanguageCode"] == 1033 for one in labels)
        table = re.search(r"LogicalName='(\w+)'", path)
        match method, path.rpartition("/")[2]:
            case "GET", "EntityDefinitions":
                wanted = query["$filter"].removeprefix("LogicalName eq '").removesuffix("'")
                return 200, {"value": [{"LogicalName": one} for one in self.columns if one == wanted]}
            case "POST", "EntityDefinitions":
                self.columns[body["SchemaName"].lower()] = {
                    one["SchemaName"].lower(): TEXT for one in body["Attributes"]
                }
                return 204, None
            case "POST", "RelationshipDefinitions":
                self.columns[body["ReferencingEntity"]][body["Lookup"]["SchemaName"].lower()] = "Lookup"
                return 204, None
            case "GET", "Attributes":
                assert table is not None
                return 200, {"value": [{"LogicalName": name} for name in self.columns[table[1]]]}
            case "POST", "Attributes":
                assert table is not None
                kind = re.fullmatch(r"Microsoft\.Dynamics\.CRM\.(\w+)AttributeMetadata", body["@odata.type"])
                assert kind is not None
                name = body["SchemaName"].lower()
                self.columns[table[1]][name] = DATE if body.get("Format") == "DateOnly" else kind[1]
                self.lengths[name] = body.get("MaxLength", 10_000)
                return 204, None
            case "GET", "Keys":
                told = "Pending" if self.building else "Active"
                self.building = max(0, self.building - 1)
                return 200, {"value": [{**one, "EntityKeyIndexStatus": told} for one in self.keys]}
            case "POST", "Keys":
                self.keys.append({"LogicalName": body["SchemaName"], "KeyAttributes": body["KeyAttributes"]})
                return 204, None
        raise AssertionError(path)
