"""Freshsales in memory: the part of its API that Hub speaks, written from its documentation and its public clients.

Sources: as in ``hub.connectors.freshsales.schemas``. Strict where nothing is documented: a field that nobody made is
refused, and an e-mail that another contact has; e-mails are rows of their own, and one without its id is a new one.
"""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from hub.connectors.freshsales.schemas_fields import FIELDS
from hub.sdk.crm.activities import referred
from tests.support.crm.double import Entry, Order, Person

Record = dict[str, Any]
PLAIN = {
    "contact": {
        *("first_name", "last_name", "mobile_number", "work_number", "address", "city", "state", "zipcode", "country"),
        *("job_title", "emails", "sales_accounts", "custom_field"),
    },
    "deal": {
        *("name", "amount", "expected_close", "deal_stage_id", "custom_field"),
        *("contacts_added_list", "contacts_removed_list"),
    },
    "sales_account": {"name"},
    "note": {"description", "targetable_type", "targetable_id"},
}
STAGES = {71: "New", 72: "Won", 73: "Lost"}


class Refused(Exception):  # noqa: N818 - what is said
    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


class FreshsalesDouble:
    """See ``tests.support.crm.double.Double``."""

    slug = "freshsales"

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in PLAIN}
        self.fields = {kind: set(named) for kind, named in FIELDS.items()}
        self.banned: list[str] = []
        self.seen: set[str] = set()
        self.number = 7000

    # -- what the shared laws ask

    def settings(self) -> Record:
        return {"alias": "acme", "api_key": "k", "stage_open": 71, "stage_won": 72, "stage_lost": 73}

    def people(self) -> list[Person]:
        return [
            {
                "id": str(one["id"]),
                "owner": one["custom_field"].get("cf_hub_profile_id"),
                "emails": [row["value"] for row in sorted(one["emails"], key=lambda row: not row["is_primary"])],
                "values": {**one, **one["custom_field"], "company": self.company(one), "emails": None},
            }
            for one in self.records["contact"].values()
        ]

    def orders(self) -> list[Order]:
        return [
            {
                "id": str(one["id"]),
                "owner": one["custom_field"].get("cf_hub_order_key"),
                "person": ";".join(one["contacts"]) or None,
                "values": {**one, **one["custom_field"]},
            }
            for one in self.records["deal"].values()
        ]

    def activities(self) -> list[Entry]:
        return [
            {
                "id": str(one["id"]),
                "owner": referred(one["description"]),
                "person": str(one["targetable_id"]),
                "values": {"text": one["description"]},
            }
            for one in self.records["note"].values()
        ]

    def company(self, one: Record) -> str | None:
        main = [row["id"] for row in one["sales_accounts"] if row["is_primary"]]
        return str(self.records["sales_account"][str(main[0])]["name"]) if main else None

    def add_person(self, email: str, **values: str) -> str:
        return self.save("contact", None, {"last_name": "Typed", "emails": [{"value": email}], **values})

    def delete_person(self, id: str) -> None:  # noqa: A002 - as the shared laws call it
        del self.records["contact"][id]
        for deal in self.records["deal"].values():
            deal["contacts"] = [one for one in deal["contacts"] if one != id]

    def delete_order(self, id: str) -> None:  # noqa: A002
        del self.records["deal"][id]

    def merge_people(self, kept: str, gone: str) -> None:
        raise NotImplementedError

    def opt_out_there(self, email: str) -> None:
        self._mark(email, out=True)

    def lift_there(self, email: str) -> None:
        self._mark(email, out=False)

    def _mark(self, email: str, *, out: bool) -> None:
        for one in self.records["contact"].values():
            if email in [row["value"] for row in one["emails"]]:
                one["custom_field"]["cf_hub_email_opt_out"] = out

    @property
    def opted_out(self) -> set[str]:
        """What was ever an e-mail here and is not one of a contact who may be mailed."""
        mailed = {
            row["value"]
            for one in self.records["contact"].values()
            if not one["custom_field"].get("cf_hub_email_opt_out")
            for row in one["emails"]
        }
        return self.seen - mailed

    def refuse(self, text: str) -> None:
        self.banned.append(text)

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "acme.myfreshworks.com"
        path = request.url.path.removeprefix("/crm/sales/api/").split("/")
        body = json.loads(request.content) if request.content else {}
        try:
            if request.headers.get("authorization") != "Token token=k":
                raise Refused("Login failed", 401)
            return httpx.Response(200, json=self.route(request, path, body))
        except Refused as refused:
            told = {"errors": {"code": refused.status, "message": [str(refused)]}}
            return httpx.Response(refused.status, json=told)

    def route(self, request: httpx.Request, path: list[str], body: Record) -> Any:
        match request.method, path:
            case "GET", ["settings", kinds, "fields"]:
                kind = kinds.removesuffix("s")
                return {"fields": [{"name": name} for name in sorted({*PLAIN[kind], *self.fields[kind]})]}
            case "GET", ["selector", "deal_stages"]:
                return {"deal_stages": [{"id": number, "name": name} for number, name in STAGES.items()]}
            case "POST", ["filtered_search", kind]:
                return self.found(kind, body)
            case "GET", ["contacts", one, "notes"]:
                self.held("contact", one)
                notes = [note for note in self.records["note"].values() if str(note["targetable_id"]) == one]
                start = (int(request.url.params["page"]) - 1) * int(request.url.params["per_page"])
                return {"notes": notes[start : start + int(request.url.params["per_page"])]}
            case "GET", [kinds, one]:
                kind = kinds.removesuffix("s")
                return {kind: self.shown(kind, self.held(kind, one))}
            case "POST", [kinds]:
                kind = kinds.removesuffix("s")
                one = self.save(kind, None, body[kind])
                return {kind: self.shown(kind, self.records[kind][one])}
            case "PUT", [kinds, one]:
                kind = kinds.removesuffix("s")
                self.save(kind, self.held(kind, one), body[kind])
                return {kind: self.shown(kind, self.records[kind][one])}
            case "DELETE", [kinds, one]:
                kind = kinds.removesuffix("s")
                self.held(kind, one)
                self.delete_person(one) if kind == "contact" else self.records[kind].pop(one)
                return True
        raise Refused("Not found", 404)

    def held(self, kind: str, one: str) -> Record:
        if one not in self.records[kind]:
            raise Refused("Not found", 404)
        return self.records[kind][one]

    def found(self, kind: str, body: Record) -> Record:
        [rule] = body["filter_rule"]
        assert rule["operator"] == "is_in"
        assert len(rule["value"]) <= body["per_page"] == 100
        wanted = {str(one).lower() for one in rule["value"]}

        def meets(one: Record) -> bool:
            name = rule["attribute"]
            if name == "contact_email.email":
                return any(row["value"].lower() in wanted for row in one["emails"])
            held = one["custom_field"].get(name) if name.startswith("cf_") else one.get(name)
            return str(held).lower() in wanted

        listed = [self.brief(kind, one) for one in self.records[kind].values() if meets(one)]
        return {f"{kind}s": listed, "meta": {"total": len(listed)}}

    def brief(self, kind: str, one: Record) -> Record:
        return {"id": int(one["id"]), **({"name": one["name"]} if kind == "sales_account" else {})}

    def shown(self, kind: str, one: Record) -> Record:
        if kind != "contact":
            return one
        named = self.records["sales_account"]
        accounts = [{**row, "name": named[str(row["id"])]["name"]} for row in one["sales_accounts"]]
        main = next((row["value"] for row in one["emails"] if row["is_primary"]), None)
        return {**one, "email": main, "sales_accounts": accounts, "is_deleted": False}

    def save(self, kind: str, held: Record | None, values: Record) -> str:
        if unknown := values.keys() - PLAIN[kind]:
            raise Refused(f"Unknown fields: {', '.join(sorted(unknown))}")
        if unknown := values.get("custom_field", {}).keys() - self.fields.get(kind, set()):
            raise Refused(f"Unknown fields: {', '.join(sorted(unknown))}")
        said = json.dumps(values, ensure_ascii=False)
        if any(text in said for text in self.banned):
            raise Refused("First name is invalid")
        empty: Record = {"contact": {"emails": [], "sales_accounts": []}, "deal": {"contacts": []}}.get(kind, {})
        new = {**(held or empty), "custom_field": {**(held or {}).get("custom_field", {})}}
        new |= {name: value for name, value in values.items() if name not in ("custom_field", "emails")}
        new["custom_field"] |= values.get("custom_field", {})
        self.typed(kind, new)
        if kind == "contact":
            new["emails"] = self.emails(new["emails"], values.get("emails", ()), held)
            if not new.get("last_name"):
                raise Refused("Last name can't be blank")
        if kind == "deal":
            added, removed = (new.pop(f"contacts_{what}_list", ()) for what in ("added", "removed"))
            listed = [*new["contacts"], *(str(one) for one in added if str(one) not in new["contacts"])]
            if any(str(one) not in self.records["contact"] for one in added):
                raise Refused("The contacts are invalid")
            new["contacts"] = [one for one in listed if one not in map(str, removed)]
        if kind == "sales_account" and any(
            one["name"].lower() == new["name"].lower() for one in self.records[kind].values()
        ):
            raise Refused("Name has already been taken")
        if kind == "note" and str(new["targetable_id"]) not in self.records["contact"]:
            raise Refused("Targetable can't be blank")
        if held is None:
            self.number += 1
            new["id"] = self.number
        self.records[kind][str(new["id"])] = new
        return str(new["id"])

    def typed(self, kind: str, values: Record) -> None:
        for name, told in FIELDS.get(kind, {}).items():
            value = values["custom_field"].get(name)
            right: Any = {"number": (int, float), "checkbox": bool}.get(told, str)
            if value is not None and not isinstance(value, right):
                raise Refused(f"{name} is invalid")
            if value is not None and told == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
                raise Refused(f"{name} is invalid")
        if values.get("deal_stage_id") not in (None, *STAGES):
            raise Refused("Deal stage is invalid")
        if not isinstance(values.get("amount"), int | float | None):
            raise Refused("Amount is not a number")

    def emails(self, there: list[Record], told: Any, held: Record | None) -> list[Record]:
        """Rows by their id; a new value of another contact's, or twice, is refused."""
        listed = {row["id"]: dict(row) for row in there}
        for row in told:
            if row.get("_destroy"):
                listed.pop(row["id"])
                continue
            value = row["value"]
            if not re.fullmatch(r"(?!.*\.\.)[^@\s]+@[^@\s]+\.[^@\s]+", value):
                raise Refused("Email is invalid")
            self.number += 1
            one = listed.setdefault(row.get("id") or self.number, {"id": row.get("id") or self.number})
            one |= {"value": value, "is_primary": row.get("is_primary", not listed)}
        taken = {
            row["value"].lower()
            for one in self.records["contact"].values()
            if one is not held
            for row in one["emails"]
        }  # fmt: skip
        values = [row["value"].lower() for row in listed.values()]
        if taken & {*values} or len(values) != len({*values}):
            raise Refused("The email already exists in another contact")
        self.seen |= {row["value"] for row in listed.values()}
        rows = list(listed.values())
        if rows and not any(row["is_primary"] for row in rows):
            rows[0]["is_primary"] = True
        return rows
