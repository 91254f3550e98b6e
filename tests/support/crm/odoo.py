"""An Odoo in memory: the part of its ORM that Hub calls, over JSON-2 (as 19 speaks it) and JSON-RPC (up to 18).

Written from the pages and sources that ``hub.connectors.odoo`` names, and compared with a running Odoo 11
(``tests/real``): what ``load`` says of a record that is gone, of an External ID nobody knows, of a field it does not
have, of an archived record; that it keeps nothing of a call in which one record fails; and that the address of a
company's first contact becomes the company's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any

import httpx
import orjson

from hub.sdk.crm.activities import referred
from tests.support.crm.double import Entry, Order, Person

KEY, LOGIN, DATABASE, USER = "0d00-sample-key", "hub@example.com", "sample", 7
ADDRESS = ("street", "street2", "zip", "city", "country_id")
Record = dict[str, Any]

_PARTNER = {
    **dict.fromkeys(("name", "email", "phone", "street", "street2", "zip", "city", "comment", "ref"), "char"),
    "active": "boolean",
    "is_company": "boolean",
    "type": "selection",
    "lang": "selection",
    "opt_out": "boolean",  # up to 11
    "parent_id": "res.partner",
    "country_id": "res.country",
    "write_date": "datetime",
}
_LEAD = {
    **dict.fromkeys(("name", "email_from", "phone", "contact_name", "street", "city"), "char"),
    "active": "boolean",
    "type": "selection",
    "probability": "float",
    "expected_revenue": "float",
    "planned_revenue": "float",  # up to 13
    "partner_id": "res.partner",
    "stage_id": "crm.stage",
    "user_id": "res.users",
}
_SELECTIONS = {
    "type": ("contact", "invoice", "delivery", "other", "lead", "opportunity"),
    "message_type": ("comment", "notification"),
    "lang": ("en_US", "de_DE"),
}
_COUNTRIES = ("de", "at", "ch", "fr", "it", "us", "uk", "jp", "nl")
_PARAMETERS = {
    "load": ("fields", "data"),
    "search_read": ("domain", "fields", "offset", "limit", "order"),
    "fields_get": ("allfields", "attributes"),
    "unlink": (),
    "context_get": (),
}


class Failed(Exception):  # noqa: N818 - as hub.errors names them
    """A Python exception there: its full name, its message, and the status that JSON-2 gives it."""

    def __init__(self, name: str, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


class OdooDouble:
    """``api`` is the one that ``settings`` name; ``held`` are ids of contacts that Odoo will not delete."""

    slug = "odoo"

    def __init__(self) -> None:
        self.api = "json2"
        self.fields: dict[str, dict[str, str]] = {
            "res.partner": dict(_PARTNER),
            "crm.lead": dict(_LEAD),
            "mail.blacklist": {"email": "char", "active": "boolean"},
            "ir.model.fields": dict.fromkeys(("name", "field_description", "ttype", "state", "index"), "char")
            | {"model_id": "ir.model"},
            "mail.message": {
                **dict.fromkeys(("body", "message_id", "model"), "char"),
                "date": "datetime",
                "message_type": "selection",
                "subtype_id": "mail.message.subtype",
                "res_id": "integer",
            },
            "mail.activity": {
                **dict.fromkeys(("summary", "note", "res_model"), "char"),
                "date_deadline": "date",
                "activity_type_id": "mail.activity.type",
                "res_model_id": "ir.model",
                "res_id": "integer",
                "user_id": "res.users",
            },
            "res.lang": {"code": "char", "active": "boolean"},
            "res.company": {"currency_id": "res.currency"},
            "res.users": {},
        }
        self.tables: dict[str, dict[int, Record]] = {model: {} for model in self.fields}
        self.names: dict[str, tuple[str, int]] = {
            **{f"base.{code}": ("res.country", number) for number, code in enumerate(_COUNTRIES, 50)},
            **{f"crm.stage_lead{number}": ("crm.stage", number) for number in range(1, 5)},
            **{f"base.model_{one}": ("ir.model", n) for n, one in enumerate(("res_partner",), 1)},
            "crm.model_crm_lead": ("ir.model", 2),
            "mail.mt_note": ("mail.message.subtype", 2),
            "mail.mail_activity_data_todo": ("mail.activity.type", 4),
        }
        self.refused: set[str] = set()
        self.held: set[int] = set()
        self.failing: list[Failed] = []
        self.last = 500
        self.seconds = 0
        self.tables["res.users"] = {2: {}, 7: {}}
        self.tables["res.lang"] = {1: {"code": "en_US", "active": True}, 2: {"code": "de_DE", "active": True}}
        self.tables["res.company"] = {1: {"currency_id": [1, "EUR"]}}

    def settings(self) -> dict[str, Any]:
        """A connection to it."""
        own = {"base_url": "https://odoo.example.com", "database": DATABASE, "api_key": KEY, "api": self.api}
        return own | ({"login": LOGIN} if self.api == "jsonrpc" else {})

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a call of either API."""
        body = orjson.loads(request.content)
        if request.url.path == "/jsonrpc":
            return self._jsonrpc(body)
        _, json, two, model, method = request.url.path.split("/")
        assert (json, two, request.method) == ("json", "2", "POST")
        try:
            if request.headers.get("authorization") != f"bearer {KEY}":
                raise Failed("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401)
            assert request.headers.get("x-odoo-database") == DATABASE
            ids, context = body.pop("ids", []), body.pop("context", {})
            return httpx.Response(200, json=self._call(model, method, ids, body, context))
        except Failed as error:
            told = {"name": error.name, "message": error.message, "arguments": [error.message], "context": {}}
            trace = f"Traceback (most recent call last):\n{request.content.decode()}"
            return httpx.Response(error.status, json={**told, "debug": trace})

    def _jsonrpc(self, body: Any) -> httpx.Response:
        assert body["jsonrpc"] == "2.0"
        service, method, arguments = (body["params"][name] for name in ("service", "method", "args"))
        try:
            if arguments[0] != DATABASE:
                raise Failed("psycopg2.OperationalError", f'FATAL:  database "{arguments[0]}" does not exist\n')
            if (service, method) == ("common", "authenticate"):
                return self._result(body, USER if arguments[1:3] == [LOGIN, KEY] else False)
            assert (service, method) == ("object", "execute_kw")
            if arguments[1:3] != [USER, KEY]:
                raise Failed("odoo.exceptions.AccessDenied", "Access denied")
            _, _, _, model, name, positional, named = arguments
            context = named.pop("context", {})
            return self._result(body, self._call(model, name, positional[0] if positional else [], named, context))
        except Failed as error:
            data = {"name": error.name, "message": error.message, "debug": f"Traceback:\n{arguments}", "arguments": []}
            fault = {"code": 200, "message": "Odoo Server Error", "data": data}
            return httpx.Response(200, json={"jsonrpc": "2.0", "id": body["id"], "error": fault})

    def _result(self, body: Any, result: Any) -> httpx.Response:
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": body["id"], "result": result})

    def _call(self, model: str, method: str, ids: Sequence[int], named: dict[str, Any], context: Any) -> Any:
        if self.failing:
            raise self.failing.pop(0)
        if model not in self.fields:
            raise Failed("werkzeug.exceptions.NotFound", f"the model {model!r} does not exist", 404)
        if method not in _PARAMETERS:
            raise Failed("werkzeug.exceptions.NotFound", f"the method '{model}.{method}' does not exist", 404)
        unknown = named.keys() - {*_PARAMETERS[method]}
        if unknown or (ids and method != "unlink"):
            raise Failed("werkzeug.exceptions.UnprocessableEntity", f"got an unexpected keyword argument {unknown}")
        if method == "unlink":
            return self._unlink(model, ids)
        if method == "context_get":
            return {"lang": "en_US", "tz": False}
        if method == "fields_get":
            asked = named.get("allfields") or self.fields[model]
            kinds = {name: kind for name, kind in self.fields[model].items() if name in asked}
            types = {name: "many2one" if "." in kind else kind for name, kind in kinds.items()}
            return {name: {"type": kind, "readonly": False} for name, kind in types.items()}
        return (
            self._load(model, context=context, **named) if method == "load" else self._search(model, context, **named)
        )

    # -- reading

    def _search(
        self,
        model: str,
        context: Any,
        domain: Any,
        fields: Sequence[str],
        order: str = "id",
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        assert order in ("id", "write_date, id")
        tested = context.get("active_test", True) and not any(leaf[0] == "active" for leaf in domain)
        found = [
            (key, record)
            for key, record in sorted(self.tables[model].items())
            if self._fits(model, key, record, domain) and (not tested or record.get("active", True))
        ]
        if order != "id":
            found.sort(key=lambda one: (one[1].get("write_date") or "", one[0]))
        found = found[offset:][:limit]
        return [{**{name: self._shown(model, record, name) for name in fields}, "id": key} for key, record in found]

    def _shown(self, model: str, record: Record, name: str) -> Any:
        value = record.get(name) or False
        kind = self.fields[model].get(name, "char")
        if kind == "res.partner" and value:
            return [value, self.tables["res.partner"][value]["name"]]
        if kind == "res.country" and value:
            return [value, _COUNTRIES[value - 50].upper().replace("UK", "GB")]
        return value

    def _fits(self, model: str, key: int, record: Record, domain: list[Any]) -> bool:
        def leaf(field: str, operator: str, asked: Any) -> bool:
            if field == "id":
                held: Any = key
            elif (model, field) == ("res.partner", "email_normalized"):
                held = parseaddr(record.get("email") or "")[1].lower() or False
            elif (model, field) == ("res.partner", "child_ids"):
                held = any(other.get("parent_id") == key for other in self.tables[model].values())
            elif field not in self.fields[model]:
                raise Failed("builtins.ValueError", f"Invalid field {model}.{field} in condition", 500)
            else:
                held = record.get(field) or False
            if operator == "=ilike":
                return isinstance(held, str) and held.strip().lower() == asked.replace("\\", "").lower()
            if operator == "=like":
                start, _, end = asked.partition("%")
                return isinstance(held, str) and held.startswith(start) and held.endswith(end)
            if operator == "like":
                return isinstance(held, str) and asked in held
            if operator == "in":
                return held in asked
            if operator == ">=":
                return isinstance(held, str) and held >= asked
            assert operator in ("=", "!="), operator
            return bool(held == asked) is (operator == "=")

        def term(parts: Iterator[Any]) -> bool:
            part = next(parts)
            if part == "|":
                first, second = term(parts), term(parts)
                return first or second
            return leaf(*part)

        parts = iter(domain)
        results = []
        while True:
            try:
                results.append(term(parts))
            except StopIteration:
                return all(results)

    # -- writing

    def _load(self, model: str, fields: Sequence[str], data: Sequence[Sequence[str]], *, context: Any) -> Any:
        before = deepcopy((self.tables, self.names, self.last, self.fields))
        messages: list[dict[str, Any]] = []
        ids: list[int] = []
        paths = [name.split("/") if not name.startswith(".") else [name] for name in fields]
        for path in paths:
            if path[0] not in ("id", ".id", *self.fields[model]):
                raise Failed("builtins.KeyError", repr(path[0]) if self.api == "json2" else path[0], 500)
        for number, row in enumerate(data):
            assert len(row) == len(fields)
            assert all(isinstance(value, str) for value in row), "load takes texts"
            place = {"record": number, "rows": {"from": number, "to": number}, "type": "error"}

            def log(message: str, field: str | None = None, place: dict[str, Any] = place) -> None:
                messages.append({**place, "message": message, **({"field": field} if field else {})})

            key, xid, values = self._read(model, paths, row, context, log)
            if any(text in value for text in self.refused for value in row):
                log(f"The operation cannot be completed: {row} is forbidden\n\nDETAIL: {row}")
            else:
                self._write(model, key, xid, values, ids, log)
        if any(message["type"] == "error" for message in messages):
            self.tables, self.names, self.last, self.fields = before
            return {"ids": False, "messages": messages, "nextrow": 0}
        return {"ids": ids, "messages": messages, "nextrow": 0}

    def _read(self, model: str, paths: Any, row: Any, context: Any, log: Callable[..., None]) -> Any:
        key, xid, values = None, None, {}
        for path, text in zip(paths, row, strict=True):
            if path == [".id"]:
                record = self.tables[model].get(int(text)) if text.isdigit() else None
                hidden = record is not None and context.get("active_test", True) and not record.get("active", True)
                key = int(text) if record is not None and not hidden else None
                if key is None:
                    log(f"Unknown database identifier '{text}'", ".id")
            elif path == ["id"]:
                xid = text
            else:
                try:
                    values[path[0]] = self._value(model, path, text)
                except ValueError as error:
                    log(str(error), path[0])
        return key, xid, values

    def _value(self, model: str, path: list[str], text: str) -> Any:
        field, kind = path[0], self.fields[model][path[0]]
        if not text:
            return False
        if "." in kind:
            if path[1:] == ["id"] and self.names.get(text, ("",))[0] == kind:
                return self.names[text][1]
            if path[1:] == [".id"] and text.isdigit() and int(text) in self.tables.get(kind, {int(text): {}}):
                return int(text)
            what = "external" if path[1:] == ["id"] else "database"
            raise ValueError(f"No matching record found for {what} id '{text}' in field '{field}'")
        if kind == "selection" and text not in _SELECTIONS[field]:
            raise ValueError(f"Value '{text}' not found in selection field '{field}'")
        if kind in ("float", "integer"):
            return float(text) if kind == "float" else int(text)
        if kind in ("date", "datetime"):
            assert len(text) == (10 if kind == "date" else 19)
            datetime.fromisoformat(text)
        return text not in ("0", "false") if kind == "boolean" else text

    def _write(self, model: str, key: int | None, xid: str | None, values: Record, ids: list[int], log: Any) -> None:
        if xid is not None:
            assert xid.count(".") == 1
            key = self.names.get(xid, (model, None))[1]
        new = key is None
        if new:
            self.last += 1
            key = self.last
            defaults = {"active": True, "type": "contact"} if model == "res.partner" else {"active": True}
            self.tables[model][key] = defaults
            if xid:
                self.names[xid] = (model, key)
        assert key is not None
        record = self.tables[model][key]
        record.update(values)
        if model == "mail.activity" and record.get("res_model_id"):
            record["res_model"] = "res.partner"  # stored, and worked out
        self.touch(record)
        ids.append(key)
        if model in ("res.partner", "crm.lead") and not record.get("name"):
            log('new row for relation "res_partner" violates check constraint\nDETAIL:  Failing row contains (…).')
        if model == "res.partner":
            self._sync_address(key, record, values)
        if model in ("mail.message", "mail.activity") and record.get("res_id") not in self.tables["res.partner"]:
            log("Sorry, you are not allowed to access documents of type 'Message' (mail.message).")
        if model == "mail.blacklist":
            self._only_one(key, record, ids)
        if model == "ir.model.fields":
            assert record["name"].startswith("x_")
            assert record["state"] == "manual"
            self.fields[("res.partner", "crm.lead")[record["model_id"] - 1]][record["name"]] = record["ttype"]

    def _sync_address(self, key: int, record: Record, values: Record) -> None:
        parent = self.tables["res.partner"].get(record.get("parent_id") or 0)
        if parent is None or record["type"] != "contact" or not {*ADDRESS, "parent_id"} & values.keys():
            return
        if not any(parent.get(name) for name in ADDRESS):
            parent.update({name: record.get(name) for name in ADDRESS})
        record.update({name: parent.get(name) for name in ADDRESS})

    def _only_one(self, key: int, record: Record, ids: list[int]) -> None:
        for other, held in self.tables["mail.blacklist"].items():
            if other != key and held["email"] == record["email"]:
                del self.tables["mail.blacklist"][key]  # creating gives the entry there is, lifted or not
                ids[-1] = other
                return

    def _unlink(self, model: str, ids: Sequence[int]) -> bool:
        if self.held & {*ids}:
            words = "The operation cannot be completed: another model requires the record being deleted."
            raise Failed("odoo.exceptions.ValidationError", words)
        for key in ids:
            self.tables[model].pop(key, None)
        self.names = {name: held for name, held in self.names.items() if held[0] != model or held[1] not in ids}
        if model == "res.partner":
            kept = {one: held for one, held in self.tables["mail.message"].items() if held["res_id"] not in ids}
            self.tables["mail.message"] = kept
            left = {one: held for one, held in self.tables["mail.activity"].items() if held["res_id"] not in ids}
            self.tables["mail.activity"] = left
        for record in [*self.tables["crm.lead"].values(), *self.tables["res.partner"].values()]:
            for field in ("partner_id", "parent_id"):
                if model == "res.partner" and record.get(field) in ids:
                    record[field] = False
        return True

    # -- for the laws

    @property
    def opted_out(self) -> set[str]:
        """What the blacklist holds, and whose contact says so."""
        own = {held["email"] for held in self.tables["res.partner"].values() if held.get("opt_out") and held["active"]}
        return own | {held["email"] for held in self.tables["mail.blacklist"].values() if held["active"]}

    def people(self) -> list[Person]:
        """Contacts that are people, but for archived ones."""
        return [
            Person(
                id=str(key),
                owner=record.get("x_hub_profile_id") or None,
                emails=[record["email"]] if record.get("email") else [],
                values=self._values("res.partner", record),
            )
            for key, record in self.tables["res.partner"].items()
            if record["active"] and not record.get("is_company") and record["type"] == "contact"
        ]

    def orders(self) -> list[Order]:
        """Opportunities, lost ones as well."""
        return [
            Order(
                id=str(key),
                owner=record.get("x_hub_order_key") or None,
                person=str(record["partner_id"]) if record.get("partner_id") else None,
                values=self._values("crm.lead", record),
            )
            for key, record in self.tables["crm.lead"].items()
        ]

    def activities(self) -> list[Entry]:
        """The notes in the chatter of contacts."""
        return [
            Entry(
                id=str(key),
                owner=(record.get("message_id") or "<hub-activity-None@")[14:].partition("@")[0],
                person=str(record["res_id"]),
                values={name: record.get(name) for name in ("body", "date")},
            )
            for key, record in self.tables["mail.message"].items()
        ] + [
            Entry(
                id=str(key),
                owner=referred(record.get("note") or ""),
                person=str(record["res_id"]),
                values={name: record.get(name) for name in ("summary", "note", "date_deadline", "user_id")},
            )
            for key, record in self.tables["mail.activity"].items()
        ]

    def _values(self, model: str, record: Record) -> dict[str, Any]:
        ids = {held: name for name, held in self.names.items() if not name.startswith("__hub__")}
        found: dict[str, Any] = {}
        for name, value in record.items():
            if name in ("probability", "write_date"):
                continue  # a per cent is no amount, and every write has another time
            kind = self.fields[model][name]
            if "." not in kind:
                found[name] = value
            elif value:
                named = ids.get((kind, value))
                found[f"{name}/{'id' if named else '.id'}"] = named or str(value)
        return found

    def touch(self, record: Record) -> None:
        """Every write is stamped, in whole seconds; those of the double are one apart."""
        self.seconds += 1
        record["write_date"] = str(datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(seconds=self.seconds))[:19]

    def edit(self, id: str, **values: str) -> None:  # noqa: A002
        """Somebody changes a contact."""
        record = self.tables["res.partner"][int(id)]
        record.update(values)
        self.touch(record)

    def add_person(self, email: str, **values: str) -> str:
        """Somebody typed a contact, the e-mail as people do."""
        self.last += 1
        typed = {name.partition("/")[0]: value for name, value in values.items()}
        self.tables["res.partner"][self.last] = {
            "name": "Typed", "email": email.title(), "active": True, "type": "contact", **typed,
        }  # fmt: skip
        return str(self.last)

    def delete_person(self, id: str) -> None:  # noqa: A002
        """Somebody deleted a contact."""
        self._unlink("res.partner", [int(id)])

    def delete_order(self, id: str) -> None:  # noqa: A002
        """Somebody deleted an opportunity."""
        self._unlink("crm.lead", [int(id)])

    def merge_people(self, kept: str, gone: str) -> None:
        """Somebody used the wizard: what hangs on the second, and its External ID, go to the first."""
        first, second = (self.tables["res.partner"][int(one)] for one in (kept, gone))
        first.update({name: value for name, value in second.items() if value and not first.get(name)})
        for record in self.tables["crm.lead"].values():
            if record.get("partner_id") == int(gone):
                record["partner_id"] = int(kept)
        for message in (*self.tables["mail.message"].values(), *self.tables["mail.activity"].values()):
            if message["res_id"] == int(gone):
                message["res_id"] = int(kept)
        for name, held in self.names.items():
            if held == ("res.partner", int(gone)):
                self.names[name] = ("res.partner", int(kept))
        self._unlink("res.partner", [int(gone)])

    def opt_out_there(self, email: str) -> None:
        """They unsubscribe: on the blacklist, and in their contact as it was up to 11."""
        self.last += 1
        self.tables["mail.blacklist"][self.last] = {"email": email, "active": True}
        self._mark(email, out=True)

    def lift_there(self, email: str) -> None:
        """Somebody there takes the opt-out back."""
        for entry in self.tables["mail.blacklist"].values():
            entry["active"] = entry["active"] and entry["email"] != email
        self._mark(email, out=False)

    def _mark(self, email: str, *, out: bool) -> None:
        for contact in self.tables["res.partner"].values():
            if contact.get("email") == email:
                contact["opt_out"] = out

    def refuse(self, text: str) -> None:
        """A rule there refuses records with this text."""
        self.refused.add(text)
