"""An account of ActiveCampaign in memory: the part of its API v3 that Hub speaks, as strict as its pages say.

Sources: as in ``hub.connectors.activecampaign``. A body with a field that its page does not name is a fault of Hub's.
"""

from __future__ import annotations

import itertools
import json
import re
from decimal import Decimal
from typing import Any

import httpx

from hub.sdk.crm.activities import referred
from tests.support.crm.double import Entry, Order, Person

KEY = "sample-activecampaign-key"
ACTIVE, UNSUBSCRIBED, BOUNCED = "1", "2", "3"
CONTACT = {"email", "allowNullEmail", "firstName", "lastName", "phone", "fieldValues"}
DEAL = {"title", "description", "contact", "value", "currency", "group", "stage", "owner", "status", "fields"}
FIELD = {"title", "type", "perstag", "visible"}
TYPES = {"dropdown", "hidden", "checkbox", "date", "text", "datetime", "textarea", "NULL", "listbox", "radio"}
Record = dict[str, Any]


class Refused(Exception):  # noqa: N818 - what is said
    """A request is refused."""

    def __init__(self, status: int, title: str, code: str = "", pointer: str = "") -> None:
        super().__init__(title)
        self.status = status
        error: Record = {"title": title, "detail": "", "code": code}
        if pointer:
            error["source"] = {"pointer": f"/data/attributes/{pointer}"}
        self.body: Record = {"message": title} if status in (403, 404) else {"errors": [error]}


class ActiveCampaignDouble:
    """See the module. ``phones``: the account allows contacts with a phone alone."""

    slug = "activecampaign"
    needs_address = True

    def __init__(self, *, phones: bool = True) -> None:
        self.phones = phones
        self.contacts: dict[str, Record] = {}
        self.values: dict[str, dict[str, str]] = {}
        self.rows: dict[str, dict[str, str]] = {}
        self.given: dict[str, dict[str, str]] = {}
        self.entered: list[tuple[str, str]] = []
        self.notes: dict[str, Record] = {}
        self.deals: dict[str, Record] = {}
        self.fields: dict[str, Record] = {}
        self.relations: dict[str, str] = {}
        self.labels: dict[str, Record] = {}
        self.tags: dict[str, Record] = {}
        self.lists = {"3": "Newsletter", "7": "Deutsch"}
        self.automations = {"12": "Welcome"}
        self.groups = {"1": ["1", "2", "3"]}
        self.refused: list[str] = []
        self.seen: set[str] = set()
        self.subscribed: list[tuple[str, str]] = []
        """Every call that made a contact active on a list: the contact, and how it stood before."""
        self.ids = itertools.count(1)
        self.edits = 0

    # -- what the shared laws ask

    def settings(self) -> Record:
        return {
            "base_url": "https://hafenkante.api-us1.com",
            "api_token": KEY,
            "lists": {"3": ""},
            "tags": {"VIP": "contains(tags, 'vip')"},
            "automations": {"12": "orders.count > `0`"},
            "phone_only": True,
        }

    def people(self) -> list[Person]:
        return [
            {
                "id": one["id"],
                "owner": self.named(one["id"]).get("HUB_PROFILE_ID"),
                "emails": [one["email"]] if one["email"] else [],
                "values": {
                    **{name: one[name] for name in ("email", "phone", "firstName", "lastName")},
                    **self.named(one["id"]),
                    **{f"list {name}": "true" for name, status in self.rows[one["id"]].items() if status == ACTIVE},
                    **{f"tag {self.tags[tag]['tag']}": "true" for tag in self.given[one["id"]].values()},
                },
            }
            for one in self.contacts.values()
        ]

    def named(self, contact: str) -> dict[str, str]:
        return {self.fields[field]["perstag"]: value for field, value in self.values[contact].items() if value}

    def orders(self) -> list[Order]:
        return [
            {
                "id": one["id"],
                "owner": self.custom(one).get("Hub order key"),
                "person": one["contact"],
                "values": {
                    **{name: value for name, value in one.items() if name not in ("id", "fields", "contact")},
                    **self.custom(one),
                    "value": str(Decimal(one["value"]) / 100),
                    "contact_id": one["contact"],
                },
            }
            for one in self.deals.values()
        ]

    def custom(self, deal: Record) -> dict[str, str]:
        return {self.labels[field]["fieldLabel"]: value for field, value in deal["fields"].items() if value}

    def activities(self) -> list[Entry]:
        return [
            {"id": one["id"], "owner": referred(one["note"]), "person": one["relid"], "values": {"note": one["note"]}}
            for one in self.notes.values()
        ]

    def add_person(self, email: str, **values: str) -> str:
        ids = {field["perstag"]: key for key, field in self.fields.items()}
        rows = [{"field": ids[name], "value": value} for name, value in values.items() if name in ids]
        own = {name: value for name, value in values.items() if name not in ids}
        return self.make({"email": email, "firstName": "Typed", **own, "fieldValues": rows})

    def edit(self, contact: str, **values: str) -> None:
        self.save(contact, values)

    def delete_person(self, id: str) -> None:  # noqa: A002 - as the shared laws call it
        del self.contacts[id]
        for deal in [one["id"] for one in self.deals.values() if one["contact"] == id]:
            self.deals[deal]["contact"] = None
        self.notes = {key: one for key, one in self.notes.items() if one["relid"] != id}

    def delete_order(self, id: str) -> None:  # noqa: A002
        del self.deals[id]

    def merge_people(self, kept: str, gone: str) -> None:
        raise NotImplementedError

    def opt_out_there(self, email: str) -> None:
        for one in self.of(email):
            self.rows[one] = {**dict.fromkeys(self.rows[one] or ["3"], UNSUBSCRIBED)}

    def lift_there(self, email: str) -> None:
        for one in self.of(email):
            self.rows[one] = dict.fromkeys(self.rows[one], ACTIVE)

    def of(self, email: str) -> list[str]:
        return [one["id"] for one in self.contacts.values() if (one["email"] or "").lower() == email.lower()]

    def refuse(self, text: str) -> None:
        self.refused.append(text)

    @property
    def opted_out(self) -> set[str]:
        """What was ever an e-mail here and is not one of a contact that may be mailed, or never said no."""
        free = {
            one["email"]
            for one in self.contacts.values()
            if one["email"] and (ACTIVE in (held := self.rows[one["id"]].values()) or not {*held})
        }
        return self.seen - free

    # -- HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("api-token") != KEY:
            return httpx.Response(403, json={"message": "You must be authenticated"})
        body = json.loads(request.content) if request.content else {}
        path = request.url.path.removeprefix("/api/3/").split("/")
        try:
            status, answer = self.route(request.method, path, dict(request.url.params), body)
        except Refused as error:
            status, answer = error.status, error.body
        return httpx.Response(status, json=answer)

    def route(self, method: str, path: list[str], query: Record, body: Record) -> tuple[int, Any]:
        match method, path:
            case "GET", ["users", "me"]:
                return 200, {"user": {"id": "1", "username": "hub", "email": "hub@hafenkante.example"}}
            case "GET", ["contacts"] if "email" in query:
                assert query.keys() == {"email"}, query
                return 200, {"contacts": [self.contacts[one] for one in self.of(query["email"])], "meta": {}}
            case "GET", ["contacts"]:
                assert query["orders[id]"] == "ASC", query
                rows = [row for key, row in self.contacts.items() if int(key) > int(query["id_greater"])]
                return 200, {"contacts": rows[: int(query["limit"])], "meta": {}}
            case "POST", ["contacts"]:
                return 201, self.shown(self.make(_only(body, "contact", CONTACT)))
            case "GET", ["contacts", one]:
                return 200, self.whole(self.there(one))
            case "PUT", ["contacts", one]:
                self.save(self.there(one), _only(body, "contact", CONTACT - {"allowNullEmail"}))
                return 200, self.shown(one)
            case "DELETE", ["contacts", one]:
                self.delete_person(self.there(one))
                return 200, {}
            case "GET", ["contacts", one, "contactTags"]:
                rows = [{"id": key, "contact": one, "tag": tag} for key, tag in self.given[self.there(one)].items()]
                return 200, {"contactTags": rows}
            case "GET", ["contacts", one, "notes"]:
                rows = [note for note in self.notes.values() if note["relid"] == self.there(one)]
                return 200, {"notes": rows[int(query["offset"]) :][: int(query["limit"])]}
            case "GET", ["fieldValues"]:
                return 200, self.searched(query["filters[fieldid]"], query["filters[val]"])
            case "POST", ["contactLists"]:
                return 200, self.subscribe(_only(body, "contactList", {"list", "contact", "status"}))
            case "POST", ["contactTags"]:
                return 201, self.tag(_only(body, "contactTag", {"contact", "tag"}))
            case "DELETE", ["contactTags", key]:
                for held in self.given.values():
                    held.pop(key, None)
                return 200, {}
            case "POST", ["contactAutomations"]:
                return 201, self.enter(_only(body, "contactAutomation", {"contact", "automation"}))
            case "POST", ["notes"]:
                return 201, self.write(_only(body, "note", {"note", "reltype", "relid"}))
            case "DELETE", ["notes", key]:
                if self.notes.pop(key, None) is None:
                    raise Refused(403, f"No Result found for Note with id {key}")
                return 200, {}
            case _, ["deals" | "dealCustomFieldData" | "dealCustomFieldMeta" | "dealGroups", *_]:
                return self.of_deals(method, path, query, body)
            case _:
                return self.of_account(method, path, query, body)

    def of_deals(self, method: str, path: list[str], query: Record, body: Record) -> tuple[int, Any]:
        match method, path:
            case "GET", ["deals"]:
                assert query["filters[search_field]"] == "title"
                found = [one for one in self.deals.values() if query["filters[search]"] in one["title"]]
                return 200, {"deals": [self.deal(one["id"]) for one in found], "meta": {"total": len(found)}}
            case "POST", ["deals"]:
                return 201, {"deal": self.deal(self.put(None, _only(body, "deal", DEAL)))}
            case "GET", ["deals", one]:
                return 200, {"deal": self.deal(self.deal_there(one))}
            case "PUT", ["deals", one]:
                return 200, {"deal": self.deal(self.put(self.deal_there(one), _only(body, "deal", DEAL)))}
            case "GET", ["dealCustomFieldData"]:
                held = self.deals[query["filters[dealId]"]]["fields"]
                rows = [
                    {"id": str(number), "dealId": 1, "customFieldId": int(field), "fieldValue": value}
                    for number, (field, value) in enumerate(held.items())
                ]
                return 200, {"dealCustomFieldData": rows}
            case "GET", ["dealCustomFieldMeta"]:
                return 200, {"dealCustomFieldMeta": _page(self.labels, query)}
            case "POST", ["dealCustomFieldMeta"]:
                told = _only(body, "dealCustomFieldMetum", {"fieldLabel", "fieldType"})
                key = str(next(self.ids))
                self.labels[key] = {"id": key, **told}
                return 200, {"dealCustomFieldMetum": self.labels[key]}
            case "GET", ["dealGroups"]:
                groups: dict[str, Record] = {
                    key: {"id": key, "title": "Shop", "stages": stages} for key, stages in self.groups.items()
                }
                return 200, {"dealGroups": _page(groups, query)}
        raise Refused(404, "No route")

    def of_account(self, method: str, path: list[str], query: Record, body: Record) -> tuple[int, Any]:
        match method, path:
            case "GET", ["fields"]:
                rows = {
                    key: {**one, "relations": [rel for rel, of in self.relations.items() if of == key]}
                    for key, one in self.fields.items()
                }
                return 200, {"fields": _page(rows, query), "fieldRels": []}
            case "POST", ["fields"]:
                told = _only(body, "field", FIELD)
                assert told["type"] in TYPES, told
                if any(one["perstag"] == told["perstag"] for one in self.fields.values()):
                    raise Refused(422, "There is already a field with this title", "duplicate")
                key = str(next(self.ids))
                self.fields[key] = {"id": key, **told}
                return 201, {"fields": [{**self.fields[key], "relations": []}]}
            case "POST", ["fieldRels"]:
                told = _only(body, "fieldRel", {"field", "relid"})
                key = str(next(self.ids))
                self.relations[key] = str(told["field"])
                return 201, {"fieldRel": {**told, "id": key}}
            case "GET", ["tags"]:
                return 200, {"tags": _page(self.tags, query)}
            case "POST", ["tags"]:
                told = _only(body, "tag", {"tag", "tagType", "description"})
                if any(one["tag"].lower() == told["tag"].lower() for one in self.tags.values()):
                    raise Refused(422, "The tag is already there", "duplicate")
                key = str(next(self.ids))
                self.tags[key] = {"id": key, **told}
                return 201, {"tag": self.tags[key]}
            case "GET", ["lists" | "automations" as kind]:
                rows = {key: {"id": key, "name": name} for key, name in getattr(self, kind).items()}
                return 200, {kind: _page(rows, query)}
        raise Refused(404, "No route")

    # -- contacts

    def there(self, one: str) -> str:
        if one not in self.contacts:
            raise Refused(404, f"No Result found for Subscriber with id {one}")
        return one

    def make(self, told: Record) -> str:
        if not told.get("email") and not (self.phones and told.get("phone") and told.get("allowNullEmail")):
            raise Refused(422, "Contact Email Address is not valid.", "email_invalid", "email")
        one = str(next(self.ids))
        empty = {"id": one, "email": None, "phone": "", "firstName": "", "lastName": "", "bounced_hard": "0"}
        self.save(one, {name: value for name, value in told.items() if name != "allowNullEmail"}, empty)
        return one

    def save(self, one: str, told: Record, empty: Record | None = None) -> None:
        text = json.dumps(told, ensure_ascii=False)
        if bad := [word for word in self.refused if word in text]:
            name = next(
                (name for name in ("email", "phone", "firstName", "lastName") if bad[0] in str(told.get(name))), ""
            )
            raise Refused(422, "The value is not valid.", "field_invalid", name)
        email = told.get("email")
        if email and not re.fullmatch(r"(?!.*\.\.)[^@\s]+@[^@\s]+\.[^@\s]{2,}", email):
            raise Refused(422, "Contact Email Address is not valid.", "email_invalid", "email")
        if email and any(other != one for other in self.of(email)):
            raise Refused(422, "Email address already exists in the system", "duplicate", "email")
        for row in told.get("fieldValues", ()):
            assert row.keys() == {"field", "value"}, row
            if row["field"] not in self.fields:
                raise Refused(422, "The field does not exist.", "field_missing")
        if empty is not None:
            self.contacts[one], self.values[one], self.rows[one], self.given[one] = empty, {}, {}, {}
        self.contacts[one] |= {name: value for name, value in told.items() if name != "fieldValues"}
        self.edits += 1
        self.contacts[one]["udate"] = f"2026-03-09T10:{self.edits // 60:02d}:{self.edits % 60:02d}-05:00"
        self.values[one] |= {row["field"]: row["value"] for row in told.get("fieldValues", ())}
        self.seen |= {email} if email else set()

    def shown(self, one: str) -> Record:
        rows = [
            {"id": f"{one}{field}", "contact": one, "field": field, "value": value}
            for field, value in self.values[one].items()
        ]
        return {"contact": self.contacts[one], "fieldValues": rows}

    def whole(self, one: str) -> Record:
        rows = [
            {"id": f"{one}0{name}", "contact": one, "list": name, "status": status}
            for name, status in self.rows[one].items()
        ]
        entered = [{"contact": contact, "automation": name} for contact, name in self.entered if contact == one]
        return {**self.shown(one), "contactLists": rows, "contactAutomations": entered, "deals": []}

    def searched(self, field: str, value: str) -> Record:
        found = [one for one, held in self.values.items() if held.get(field) == value and one in self.contacts]
        return {"fieldValues": [{"contact": one, "field": field, "value": value} for one in found]}

    def subscribe(self, told: Record) -> Record:
        one, name, status = self.there(str(told["contact"])), str(told["list"]), str(told["status"])
        assert status in (ACTIVE, UNSUBSCRIBED), told
        if name not in self.lists:
            raise Refused(404, f"No Result found for List with id {name}")
        if status == ACTIVE:
            self.subscribed.append((one, self.rows[one].get(name, "")))
        self.rows[one][name] = status
        return {"contacts": [self.contacts[one]], "contactList": {"contact": one, "list": name, "status": status}}

    def tag(self, told: Record) -> Record:
        one, tag = self.there(str(told["contact"])), str(told["tag"])
        if tag not in self.tags:
            raise Refused(404, "Tag not found")
        assert tag not in self.given[one].values(), "a tag is given twice"
        key = str(next(self.ids))
        self.given[one][key] = tag
        return {"contactTag": {"id": key, "contact": one, "tag": tag}}

    def enter(self, told: Record) -> Record:
        one, name = self.there(str(told["contact"])), str(told["automation"])
        if name not in self.automations:
            raise Refused(403, "Could not create SubscriberSeries")
        self.entered.append((one, name))
        return {"contacts": [self.contacts[one]], "contactAutomation": {"contact": one, "automation": name}}

    def write(self, told: Record) -> Record:
        assert told["reltype"] == "Subscriber"
        if any(word in told["note"] for word in self.refused):
            raise Refused(422, "The note is not valid.", "field_invalid", "note")
        key = str(next(self.ids))
        self.notes[key] = {
            "id": key,
            "note": told["note"],
            "relid": self.there(str(told["relid"])),
            "reltype": "Subscriber",
        }
        return {"note": self.notes[key]}

    # -- deals

    def deal_there(self, one: str) -> str:
        if one not in self.deals:
            raise Refused(404, f"No Result found for Deal with id {one}")
        return one

    def put(self, one: str | None, told: Record) -> str:
        text = json.dumps(told, ensure_ascii=False)
        if bad := [word for word in self.refused if word in text]:
            name = next((name for name in told if bad[0] in str(told[name]) and name != "fields"), "")
            raise Refused(422, "The value is not valid.", "field_invalid", name)
        needed = ("title", "value", "currency", "group", "owner", "contact") if one is None else ()
        for name in needed:
            if told.get(name) in (None, "", "None"):
                raise Refused(422, f"The {name} was not provided.", "field_missing", name)
        if told.get("contact") is not None and told["contact"] not in self.contacts:
            raise Refused(422, "The contact is not valid.", "related_missing", "contact")
        assert isinstance(told.get("value", 0), int), told
        assert told.get("value", 0) >= 0, told
        assert told.get("status", 0) in (0, 1, 2), told
        assert re.fullmatch(r"[a-z]{3}", told.get("currency", "eur")), told
        if told.get("stage") and all(told["stage"] not in stages for stages in self.groups.values()):
            raise Refused(422, "The stage is not valid.", "field_invalid", "stage")
        for row in told.get("fields", ()):
            assert row.keys() == {"customFieldId", "fieldValue"}, row
            if str(row["customFieldId"]) not in self.labels:
                raise Refused(422, "The custom field does not exist.", "field_missing")
        key = one or str(next(self.ids))
        held = self.deals.setdefault(key, {"id": key, "description": "", "fields": {}})
        held |= {name: str(value) for name, value in told.items() if name != "fields" and value is not None}
        held["fields"] |= {str(row["customFieldId"]): row["fieldValue"] for row in told.get("fields", ())}
        return key

    def deal(self, one: str) -> Record:
        return {name: value for name, value in self.deals[one].items() if name != "fields"}


def _page(rows: dict[str, Record], query: Record) -> list[Record]:
    limit, offset = int(query["limit"]), int(query["offset"])
    assert limit <= 100, query
    return [*rows.values()][offset : offset + limit]


def _only(body: Record, name: str, known: set[str]) -> Record:
    """What a request holds; a field that the page does not name is a fault."""
    assert body.keys() == {name}, body
    told: Record = body[name]
    assert told.keys() <= known, f"{name} has no {told.keys() - known}"
    return told
