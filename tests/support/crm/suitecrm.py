"""SuiteCRM 7.15 in memory, as far as the source of its V8 API tells how it behaves.

An e-mail is a record that several contacts share, with its opt-out; a contact that is saved sets the opt-out of its
addresses, and one that has addresses ignores those that a change names. Every refusal is a 400 in words.

Sources: as in ``hub.connectors.suitecrm``.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import httpx

from hub.sdk.crm.activities import referred
from tests.support.crm.double import Entry, Order, Person

API = "/legacy/Api/V8/"
_PERSON = ("first_name", "last_name", "title", "description", "phone_mobile", "phone_work", "phone_home")
_PARTS = ("street", "city", "state", "postalcode", "country")
FIELDS: dict[str, set[str]] = {
    "Contacts": {
        *_PERSON,
        *("department", "phone_other", "phone_fax", "birthdate", "assistant", "assistant_phone", "do_not_call"),
        *(f"{kind}_address_{part}" for kind in ("primary", "alt") for part in _PARTS),
        *(f"email{number}" for number in range(1, 11)),
        *("email_opt_out", "account_id", "account_name", "date_modified", "hub_profile_id_c"),
        *(f"hub_{name}_c" for name in ("emails", "phones", "tags", "loyalty_ids", "language", "order_count")),
        *(f"hub_{name}_c" for name in ("lifetime_value", "lifetime_totals", "first_order_at", "last_order_at")),
        *(f"hub_{name}_consent_c" for name in ("email", "sms", "whatsapp", "phone", "post")),
        "hub_email_consent_at_c",
    },
    "Opportunities": {
        *("name", "amount", "currency_id", "sales_stage", "date_closed", "description"),
        *("hub_order_key_c", "hub_order_state_c"),
    },
    "Accounts": {"name"},
    "Notes": {"name", "description", "contact_id", "parent_type", "parent_id"},
    "EmailAddresses": {"email_address", "email_address_caps", "opt_out", "invalid_email"},
}
STAGES = ("Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost")
_EMAIL = re.compile(r"(?!.*\.\.)[^@\s]+@[^@\s]+\.[^@\s]{2,}")
Record = dict[str, Any]


class Refused(Exception):  # noqa: N818 - what is said
    """A request is refused."""


class SuiteCrmDouble:
    """See the module. ``missing`` are fields that nobody made in Studio."""

    slug = "suitecrm"

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = {module: {} for module in FIELDS}
        self.deleted: dict[str, set[str]] = {module: set() for module in FIELDS}
        self.addresses: dict[str, list[str]] = {}
        """The addresses of each contact, by their ids, the main one first."""
        self.linked: set[tuple[str, str]] = set()
        """Opportunities and the contacts they are of."""
        self.missing: set[str] = set()
        self.refused: list[str] = []
        self.seen: set[str] = set()
        self.ids = itertools.count(1)

    # -- what the shared laws ask

    def settings(self) -> Record:
        return {"base_url": "https://crm.example.com/legacy", "client_id": "sample", "client_secret": "sample-secret"}

    def people(self) -> list[Person]:
        return [
            {
                "id": one["id"],
                "owner": one.get("hub_profile_id_c") or None,
                "emails": [row["email_address"] for row in self.rows(one["id"])],
                "values": self.shown("Contacts", one["id"])["attributes"],
            }
            for one in self.live("Contacts")
        ]

    def orders(self) -> list[Order]:
        return [
            {
                "id": one["id"],
                "owner": one.get("hub_order_key_c"),
                "person": ";".join(sorted(who for what, who in self.linked if what == one["id"])) or None,
                "values": {name: value for name, value in one.items() if name != "id"},
            }
            for one in self.live("Opportunities")
        ]

    def activities(self) -> list[Entry]:
        return [
            {"id": one["id"], "owner": referred(one["description"]), "person": one["contact_id"], "values": one}
            for one in self.live("Notes")
        ]

    def live(self, module: str) -> list[Record]:
        return [one for key, one in self.records[module].items() if key not in self.deleted[module]]

    def rows(self, contact: str) -> list[Record]:
        return [self.records["EmailAddresses"][key] for key in self.addresses.get(contact, ())]

    def add_person(self, email: str, **values: str) -> str:
        return self.create("Contacts", None, {"last_name": "Typed", "email1": email, **values})

    def edit(self, contact: str, *, phone: str) -> None:
        self.update("Contacts", contact, {"phone_mobile": phone})

    def delete_person(self, id: str) -> None:  # noqa: A002 - as the shared laws call it
        self.deleted["Contacts"].add(id)
        self.linked = {(what, who) for what, who in self.linked if who != id}

    def delete_order(self, id: str) -> None:  # noqa: A002
        self.deleted["Opportunities"].add(id)

    def merge_people(self, kept: str, gone: str) -> None:
        self.linked = {(what, kept if who == gone else who) for what, who in self.linked}
        self.delete_person(gone)

    def opt_out_there(self, email: str) -> None:
        self._mark(email, "1")
        for one in self.live("Contacts"):
            if any(row["email_address"].lower() == email.lower() for row in self.rows(one["id"])):
                self.write("Contacts", one["id"], {})

    def lift_there(self, email: str) -> None:
        self._mark(email, "0")

    def _mark(self, email: str, told: str) -> None:
        for row in self.live("EmailAddresses"):
            if row["email_address"].lower() == email.lower():
                row["opt_out"] = told

    def refuse(self, text: str) -> None:
        self.refused.append(text)

    @property
    def opted_out(self) -> set[str]:
        """What was ever an e-mail here and is not one of a contact that may be mailed."""
        free = {row["email_address"] for one in self.live("Contacts") for row in self.rows(one["id"])}
        free -= {row["email_address"] for row in self.live("EmailAddresses") if row["opt_out"] == "1"}
        return self.seen - free

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != "Bearer sample-access-token":
            return httpx.Response(401, json={"error": "access_denied", "message": "denied"})
        body = json.loads(request.content) if request.content else {}
        path = request.url.path.removeprefix(API).split("/")
        try:
            status, answer = self.route(request.method, path, dict(request.url.params), body)
        except Refused as error:
            status, answer = 400, {"errors": {"status": 400, "title": None, "detail": str(error)}}
        return httpx.Response(status, json=answer, headers={"content-type": "application/vnd.api+json"})

    def route(self, method: str, path: list[str], query: Record, body: Record) -> tuple[int, Any]:
        match method, path:
            case "GET", ["meta", "fields", module]:
                named = {name: {"type": "varchar"} for name in self.fields(module)}
                return 200, {"data": {"type": "fields", "id": module, "attributes": named}}
            case "GET", ["module", module]:
                found = self.listed(module, query)
                return 200, {"data": [self.shown(module, one["id"]) for one in found]}
            case "GET", ["module", module, key]:
                return 200, {"data": self.shown(module, self.there(module, key))}
            case "POST", ["module"]:
                told = body["data"]
                key = self.create(told["type"], told.get("id"), told["attributes"])
                return 201, {"data": self.shown(told["type"], key)}
            case "PATCH", ["module"]:
                told = body["data"]
                key = self.there(told["type"], told["id"])
                self.update(told["type"], key, told["attributes"])
                return 201, {"data": self.shown(told["type"], key)}
            case "DELETE", ["module", module, key]:
                self.there(module, key)
                if module == "Contacts":
                    self.delete_person(key)
                else:
                    self.deleted[module].add(key)
                return 200, {"meta": {"message": f"Record with id {key} is deleted"}}
            case "GET", ["module", "Contacts", key, "relationships", link]:
                return 200, self.related(self.there("Contacts", key), link)
            case "POST", ["module", module, key, "relationships"]:
                self.relate(module, self.there(module, key), body["data"])
                return 201, {"meta": {"message": "has been added"}}
            case "DELETE", ["module", module, key, "relationships", link, other]:
                self.unrelate(module, self.there(module, key), link, other)
                return 200, {"meta": {"message": "Relationship has been deleted"}}
        raise Refused("Not found")

    def fields(self, module: str) -> set[str]:
        return FIELDS[module] - self.missing

    def listed(self, module: str, query: Record) -> list[Record]:
        filters = [(name, value) for name, value in query.items() if name.startswith("filter")]
        size, number = int(query["page[size]"]), int(query["page[number]"])
        found = self.live(module)
        for name, value in filters:
            matched = re.fullmatch(r"filter\[(\w+)\]\[(eq|gte)\]", name)
            assert matched, name
            field = matched[1]
            if field not in self.fields(module):
                raise Refused(f"Filter field {field} in {module} module is not found")
            if field == "email1":
                # the addresses that a contact once had are found, too
                found = [one for one in found if value.lower() in one.get("ever", set())]
            elif matched[2] == "gte":
                found = [one for one in found if str(one.get(field) or "") >= value]
            else:
                found = [one for one in found if str(one.get(field) or "").lower() == value.lower()]
        if "sort" in query:
            found = sorted(found, key=lambda one: str(one.get(query["sort"]) or ""))
        return found[(number - 1) * size :][:size]

    def there(self, module: str, key: str) -> str:
        if key not in self.records[module] or key in self.deleted[module]:
            raise Refused(f"{module} module with id {key} is not found")
        return key

    def shown(self, module: str, key: str) -> Record:
        one = self.records[module][key]
        told = {name: one.get(name, "") for name in sorted(self.fields(module)) if not name.startswith("email")}
        if module == "EmailAddresses":
            told = {name: one.get(name, "") for name in FIELDS[module]}
        if module == "Contacts":
            rows = self.rows(key)
            told |= {f"email{place}": row["email_address"] for place, row in enumerate(rows[:2], start=1)}
            told["email_opt_out"] = rows[0]["opt_out"] if rows else ""
            account = self.records["Accounts"].get(str(one.get("account_id") or ""))
            told["account_name"] = account["name"] if account else ""
        return {"type": module, "id": key, "attributes": told}

    def create(self, module: str, key: str | None, told: Record) -> str:
        if key in self.records[module]:
            raise Refused(f"Bean {module} with id {key} is already exist")
        self.check(module, told)
        made = key or f"0000{next(self.ids):04d}-0000-4000-8000-000000000000"
        self.records[module][made] = {"id": made}
        self.write(module, made, told)
        return made

    def update(self, module: str, key: str, told: Record) -> None:
        self.check(module, told)
        self.write(module, key, told)

    def check(self, module: str, told: Record) -> None:
        for name, value in told.items():
            if name not in self.fields(module):
                raise Refused(f"Property {name} in {module.removesuffix('s')} module is invalid")
            if any(word in str(value) for word in self.refused):
                raise Refused("Database failure. Please refer to suitecrm.log for details.")
        if told.get("sales_stage") and told["sales_stage"] not in STAGES:
            raise Refused("Database failure. Please refer to suitecrm.log for details.")

    def write(self, module: str, key: str, told: Record) -> None:
        held = self.records[module][key]
        emails = [told[name] for name in sorted(told, key=_place) if re.fullmatch(r"email\d+", name) and told[name]]
        held |= {name: value for name, value in told.items() if not name.startswith("email") or module != "Contacts"}
        if module == "Contacts":
            held["date_modified"] = f"2026-03-09 10:{next(self.ids) // 60 % 60:02d}:00"
            held.setdefault("ever", set())
            if emails and not self.addresses.get(key):
                out = "1" if str(told.get("email_opt_out") or "") == "1" else "0"
                self.addresses[key] = [self.address(one, out) for one in emails if _EMAIL.fullmatch(one)]
                held["ever"] |= {one.lower() for one in emails}

    def address(self, email: str, out: str) -> str:
        """The address's record, whose opt-out is set to that of the contact that is saved with it."""
        self.seen.add(email)
        row = next((one for one in self.live("EmailAddresses") if one["email_address_caps"] == email.upper()), None)
        if row is None:
            key = f"addr-{next(self.ids)}"
            row = self.records["EmailAddresses"][key] = {"id": key, "invalid_email": "0"}
        row |= {"email_address": email, "email_address_caps": email.upper(), "opt_out": out}
        return str(row["id"])

    def related(self, contact: str, link: str) -> Record:
        if link == "email_addresses":
            found = [("EmailAddresses", key) for key in self.addresses.get(contact, ())]
        elif link == "opportunities":
            found = [("Opportunities", what) for what, who in sorted(self.linked) if who == contact]
        elif link == "notes":
            found = [("Notes", one["id"]) for one in self.live("Notes") if one["contact_id"] == contact]
        else:
            found = []
        if not found:
            return {"meta": {"message": f"There is no relationship set in Contact module with {link} link field"}}
        return {"data": [self.shown(module, key) for module, key in found]}

    def relate(self, module: str, key: str, told: Record) -> None:
        assert told.keys() == {"type", "id"}, told
        other = self.there(told["type"], told["id"])
        if (module, told["type"]) == ("Opportunities", "Contacts"):
            self.linked.add((key, other))
        elif (module, told["type"]) == ("Contacts", "Opportunities"):
            self.linked.add((other, key))
        elif (module, told["type"]) == ("Contacts", "Notes"):
            self.records["Notes"][other] |= {"contact_id": key, "parent_id": key}
        else:
            raise Refused("Link field has not found")

    def unrelate(self, module: str, key: str, link: str, other: str) -> None:
        if (module, link) == ("Contacts", "email_addresses") and other in self.addresses.get(key, ()):
            self.addresses[key].remove(other)
        elif (module, link) == ("Opportunities", "contacts") and (key, other) in self.linked:
            self.linked.remove((key, other))
        else:
            raise Refused(f"Module with {other} id is not related to {module}")


def _place(name: str) -> int:
    found = re.search(r"\d+$", name)
    return int(found[0]) if found else 0
