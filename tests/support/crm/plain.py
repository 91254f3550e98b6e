"""Invented CRMs that differ in what their API can do, so that every way through the algorithm is put to the laws.

``Bulk`` takes 200 records a call by Hub's own id, as Salesforce does. ``Finder`` knows no key but its own ids, guards
nothing, and takes one record a call. ``Strict`` lets only one record have an e-mail, and has no upsert.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import httpx
import orjson

from hub.errors import Refusal
from hub.sdk.connection import Connection
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Made, Orders, People, Problem, Script
from hub.sdk.crm import destination as destination_of
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.crm.rendering import order_write, profile_write
from hub.sdk.destination import Change, HttpRequest, OrderChange, Write
from hub.sdk.http import json_of
from hub.sdk.manifest import Capability, Limits, Manifest, ProfileSettings, Unmerge
from hub.sdk.registry import Connector
from tests.support.crm.double import Order, Person

OWN, ORDER_OWN, PERSON, CONSENT = "hub_id", "hub_key", "person_id", "consent"
Json = dict[str, Any]


class RefusedError(Exception):
    """One record is refused."""

    def __init__(self, status: int, message: str, name: str = "") -> None:
        super().__init__(message)
        self.status, self.name = status, name


class Plain:
    """The state and its rules; what the API offers is in the class variables."""

    slug: str
    size: ClassVar[int]
    upserts: ClassVar[bool] = False
    unique_email: ClassVar[bool] = False
    merges: ClassVar[bool] = True
    links: ClassVar[bool] = False
    keeps_companies: ClassVar[bool] = False

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Json]] = {"people": {}, "orders": {}, "companies": {}}
        self.formerly: dict[str, str] = {}
        self.linked: set[tuple[str, str]] = set()
        self.opted_out: set[str] = set()
        self.refused: set[str] = set()
        self.ids = itertools.count(1)

    # -- as the laws see it

    def settings(self) -> Json:
        """Nothing has to be set."""
        return {}

    def connection(self) -> Connection:
        """A connection by the dialect below; there is no such connector in Hub."""
        return Connection("crm", connector_of(type(self)), ProfileSettings())

    def people(self) -> list[Person]:
        """All records of people."""
        return [
            {"id": key, "owner": one.get(OWN), "emails": _emails(one), "values": dict(one)}
            for key, one in self.records["people"].items()
        ]

    def orders(self) -> list[Order]:
        """All records of orders."""
        return [
            {"id": key, "owner": one.get(ORDER_OWN), "person": self._whose(key, one), "values": dict(one)}
            for key, one in self.records["orders"].items()
        ]

    def _whose(self, key: str, order: Json) -> str | None:
        if self.links:
            return ";".join(sorted(person for linked, person in self.linked if linked == key)) or None
        return order.get(PERSON)

    def add_person(self, email: str, **values: str) -> str:
        """Somebody there typed a person."""
        return self._create("people", {"email": email, **values})

    def delete_person(self, id: str) -> None:  # noqa: A002
        """Somebody there deleted a person; their orders stay, under nobody."""
        del self.records["people"][id]
        for order in self.records["orders"].values():
            if order.get(PERSON) == id:
                del order[PERSON]
        self.linked = {(order, person) for order, person in self.linked if person != id}

    def delete_order(self, id: str) -> None:  # noqa: A002
        """Somebody there deleted an order."""
        del self.records["orders"][id]
        self.linked = {(order, person) for order, person in self.linked if order != id}

    def merge_people(self, kept: str, gone: str) -> None:
        """Somebody there merged two people."""
        if not self.merges:
            raise NotImplementedError
        self._merge(kept, gone)

    def opt_out_there(self, email: str) -> None:
        """They unsubscribe by a link in a mailing."""
        self.opted_out.add(email)

    def lift_there(self, email: str) -> None:
        """Somebody there takes the opt-out back."""
        self.opted_out.discard(email)

    def refuse(self, text: str) -> None:
        """Refuse records that hold this text."""
        self.refused.add(text)

    # -- over HTTP

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request: ``POST /people/update`` with what belongs to it."""
        _, kind, action = request.url.path.split("/")
        body = orjson.loads(request.content)
        if action in ("create", "update", "upsert"):
            return self._batch(kind, action, body["items"])
        try:
            return httpx.Response(200, json={"result": getattr(self, f"_{action}_{kind}")(**body)})
        except RefusedError as refused:
            return httpx.Response(refused.status, json={"message": str(refused)})

    def _batch(self, kind: str, action: str, items: Sequence[Json]) -> httpx.Response:
        assert len(items) <= self.size, "too many records in one call"
        answers: list[Json] = []
        for item in items:
            try:
                key, new = self._put(kind, action, item)
                answers.append({"key": item["key"], "id": key, "new": new})
            except RefusedError as refused:
                if self.size == 1:
                    return httpx.Response(refused.status, json={"message": str(refused), "field": refused.name})
                told = {"status": refused.status, "message": str(refused), "field": refused.name}
                answers.append({"key": item["key"], **told})
        return httpx.Response(200, json={"result": answers})

    def _put(self, kind: str, action: str, item: Json) -> tuple[str, bool]:
        key, own = item.get("id"), OWN if kind == "people" else ORDER_OWN
        if action == "upsert":
            same = (held for held, one in self.records[kind].items() if one.get(own) == item["key"])
            key = next(same, None)
        if action == "create" or (action == "upsert" and key is None):
            return self._create(kind, {**item["properties"], own: item["key"]}), True
        if key not in self.records[kind]:
            raise RefusedError(404, "No such record")
        self._change(kind, str(key), item["properties"])
        return str(key), False

    def _create(self, kind: str, properties: Json) -> str:
        key = f"{kind[0]}{next(self.ids)}"
        self._change(kind, key, properties)
        return key

    def _change(self, kind: str, key: str, properties: Json) -> None:
        record = self.records[kind].get(key, {})
        for name, value in properties.items():
            if any(text in str(value) for text in self.refused):
                raise RefusedError(422, f"{value} is not allowed", name)
            if name == PERSON and value not in self.records["people"]:
                raise RefusedError(422, "No such person")
            if name == OWN and self._other(key, name, value):
                raise RefusedError(409, "Another record has this id")
            if name == "email" and value and self.unique_email and self._other(key, name, value):
                raise RefusedError(409, f"Another record has {value}")
        merged = {**record, **properties}
        self.records[kind][key] = {name: value for name, value in merged.items() if value != ""}

    def _other(self, key: str, name: str, value: str) -> bool:
        if not self.unique_email and not self.upserts:
            return False
        return any(one.get(name) == value for held, one in self.records["people"].items() if held != key)

    def _find_people(self, keys: Sequence[Sequence[str]]) -> list[Json]:
        wanted = {(OWN if name == OWN else "email", value) for name, value in keys}
        found = self.records["people"].items()
        return [self._shown(key) for key, one in found if wanted & {(n, str(v)) for n, v in one.items()}]

    def _read_people(self, ids: Sequence[str]) -> list[Json]:
        now = dict.fromkeys(self._now(key) for key in ids)
        return [self._shown(key) for key in now if key in self.records["people"]]

    def _now(self, key: str) -> str:
        while key in self.formerly:
            key = self.formerly[key]
        return key

    def _shown(self, key: str) -> Json:
        old = [one for one in self.formerly if self._now(one) == key]
        return {"id": key, "formerly": old, "properties": self.records["people"][key]}

    def _merge_people(self, kept: str, gone: str) -> str:
        if not {kept, gone} <= self.records["people"].keys():
            raise RefusedError(422, "One of them is not there")
        self._merge(kept, gone)
        return kept

    def _merge(self, kept: str, gone: str) -> None:
        other = self.records["people"].pop(gone)
        self.records["people"][kept] = {**other, **self.records["people"][kept]}
        self.formerly[gone] = kept
        self.linked = {(order, kept if person == gone else person) for order, person in self.linked}
        for order in self.records["orders"].values():
            if order.get(PERSON) == gone:
                order[PERSON] = kept

    def _erase_people(self, id: str) -> None:  # noqa: A002
        if id not in self.records["people"]:
            raise RefusedError(404, "No such record")
        self.delete_person(id)

    def _opt_out_people(self, emails: Sequence[str]) -> None:
        self.opted_out |= set(emails)

    def _find_orders(self, keys: Sequence[Sequence[str]]) -> list[Json]:
        wanted = {value for _, value in keys}
        found = self.records["orders"].items()
        return [{"id": key, "properties": one} for key, one in found if one.get(ORDER_OWN) in wanted]

    def _link_orders(self, pairs: Sequence[Sequence[str]]) -> None:
        for order, person in pairs:
            if order not in self.records["orders"] or person not in self.records["people"]:
                raise RefusedError(404, "No such record")
            self.linked.add((order, person))

    def _unlink_orders(self, pairs: Sequence[Sequence[str]]) -> None:
        self.linked -= {(order, person) for order, person in pairs}

    def _find_companies(self, names: Sequence[str]) -> list[Json]:
        return [{"id": key, **one} for key, one in self.records["companies"].items() if one["name"] in names]


def _emails(properties: Mapping[str, Any]) -> list[str]:
    return [properties["email"]] if properties.get("email") else []


# -- the dialect ------------------------------------------------------------------------------------------------------


def _post(kind: str, action: str, **body: Any) -> HttpRequest:
    return HttpRequest("POST", f"/{kind}/{action}", body)


def _result(response: httpx.Response) -> Any:
    return json_of(response)["result"]


def _batch(kind: str, action: str, size: int) -> Batch[ProfileSettings]:
    def call(items: Sequence[Item], _: ProfileSettings) -> Call[Answers]:
        body = [{"key": item.write.key, "id": item.id, "properties": dict(item.properties)} for item in items]
        return Call(_post(kind, action, items=body), lambda response: {a["key"]: _of(a) for a in _result(response)})

    return Batch(size, call)


def _of(answer: Json) -> Made | Problem:
    if "id" in answer:
        return Made(answer["id"], answer["new"])
    refused = (Refusal(answer["field"], "NOT_ALLOWED"),) if answer["field"] else ()
    kinds: dict[int, Any] = {404: "gone", 409: "conflict", 422: "refused"}
    return Problem(answer["message"], kinds[answer["status"]], refused)


def _refusals(body: Any) -> Sequence[Refusal]:
    name = body.get("field") if isinstance(body, dict) else None
    return (Refusal(name, "NOT_ALLOWED"),) if name else ()


def _found(response: httpx.Response) -> list[Found]:
    return [
        Found(
            one["id"],
            one["properties"].get(OWN),
            frozenset((EMAIL, email) for email in _emails(one["properties"])),
            formerly=tuple(one["formerly"]),
        )
        for one in _result(response)
    ]


def _find(keys: Sequence[Key], _: ProfileSettings) -> Iterator[Call[Sequence[Found]]]:
    yield Call(_post("people", "find", keys=keys), _found)


def _read(ids: Sequence[str], _: ProfileSettings) -> Iterator[Call[Sequence[Found]]]:
    yield Call(_post("people", "read", ids=ids), _found)


def _merge(kept: str, gone: str, _: ProfileSettings) -> Script[str]:
    return str(_result((yield _post("people", "merge", kept=kept, gone=gone))))


def _erase(key: str, _: ProfileSettings) -> Script[None]:
    _result((yield _post("people", "erase", id=key)))


def _opt_out(emails: Sequence[str], _: ProfileSettings) -> Script[Mapping[str, str]]:
    _result((yield _post("people", "opt_out", emails=emails)))
    return {}


def _find_orders(keys: Sequence[Key], _: ProfileSettings) -> Iterator[Call[Sequence[Found]]]:
    def read(response: httpx.Response) -> list[Found]:
        return [Found(one["id"], one["properties"][ORDER_OWN]) for one in _result(response)]

    yield Call(_post("orders", "find", keys=keys), read)


def _linking(action: str) -> Any:
    def script(pairs: Sequence[tuple[str, str]], _: ProfileSettings) -> Script[Mapping[str, str]]:
        _result((yield _post("orders", action, pairs=pairs)))
        return {}

    return script


def _find_companies(names: Sequence[str], _: ProfileSettings) -> Iterator[Call[Sequence[Found]]]:
    def read(response: httpx.Response) -> list[Found]:
        return [Found(one["id"], keys=frozenset({("company", one["name"])})) for one in _result(response)]

    yield Call(_post("companies", "find", names=names), read)


def _create_company(name: str, _: ProfileSettings) -> Call[str]:
    body = [{"key": "", "id": None, "properties": {"name": name}}]
    return Call(_post("companies", "create", items=body), lambda response: str(_result(response)[0]["id"]))


def _opts_out(write: Write, _: ProfileSettings) -> bool:
    touched = {CONSENT, "email", "emails"} & write.properties.keys()
    return write.mirror.get(CONSENT) == "opted_out" and bool(touched)


def connector_of(crm: type[Plain]) -> Connector:
    """The connector of an invented CRM, as far as its API reaches."""

    def render(change: Change, _: ProfileSettings) -> Write | None:
        if isinstance(change, OrderChange):
            lost = change.deleted or change.net <= 0 or change.order.state == "cancelled"
            wanted = {
                ORDER_OWN: change.key,
                "name": change.order.number,
                "amount": str(change.net),
                "currency": change.order.currency,
                "stage": "lost" if lost else "open" if change.is_open else "won",
            }
            return order_write(change, wanted, own=ORDER_OWN, link_property=None if crm.links else PERSON)
        profile = change.profile
        found = {
            OWN: str(profile.id),
            "email": next(iter(profile.emails), ""),
            "emails": ";".join(profile.emails[1:] and profile.emails),
            "first": profile.name.first,
            "last": profile.name.last,
            "phone": next(iter(profile.phones), ""),
            "city": next((address.city for address in profile.addresses), ""),
            "company": profile.company,
            "totals": "; ".join(f"{total.currency} {total.amount}" for total in profile.orders.totals),
            CONSENT: next((one.state for one in profile.consents), ""),
        }
        wanted = {name: value for name, value in found.items() if value}
        return profile_write(change, wanted, own=OWN, emails="emails", phone="phone")

    people = People(
        own=OWN,
        find=_find,
        read=_read,
        update=_batch("people", "update", crm.size),
        create=None if crm.upserts else _batch("people", "create", crm.size),
        upsert=_batch("people", "upsert", crm.size) if crm.upserts else None,
        erase=_erase,
        unique=frozenset({"email"} if crm.unique_email else ()),
        merge=_merge if crm.merges else None,
        opt_out=_opt_out,
    )
    orders = Orders(
        own=ORDER_OWN,
        update=None if crm.upserts else _batch("orders", "update", crm.size),
        create=None if crm.upserts else _batch("orders", "create", crm.size),
        upsert=_batch("orders", "upsert", crm.size) if crm.upserts else None,
        find=None if crm.upserts else _find_orders,
        link=_linking("link") if crm.links else None,
        unlink=_linking("unlink") if crm.links else None,
        link_property=None if crm.links else PERSON,
    )
    companies = Companies("company", "company_id", _find_companies, _create_company) if crm.keeps_companies else None
    made = destination_of(
        Dialect(people, orders, companies, _opts_out),
        render,
        api_root=lambda settings: "https://crm.example.com",
        refusals=_refusals,
        essential=frozenset({OWN, ORDER_OWN, CONSENT, "currency"}),
    )
    capabilities = {Capability.FIND, Capability.ORDERS, Capability.CONSENT, Capability.ERASE}
    manifest = Manifest(
        slug=crm.slug,
        name=crm.__name__,
        channel="crm",
        roles=frozenset({"destination"}),
        settings=ProfileSettings,
        docs_url="https://crm.example.com",
        api_version="1",
        capabilities=frozenset(capabilities | {Capability.MERGE} if crm.merges else capabilities),
        limits=Limits(batch=50),
        unmerge=Unmerge("recreates") if crm.merges else None,
    )
    return Connector(manifest=manifest, destination=made)


class Bulk(Plain):
    """By Hub's own id, 200 a call; the person is a property of the order. Two records cannot be merged."""

    slug = "plain-bulk"
    size = 200
    upserts = True
    merges = False


class Finder(Plain):
    """Search, then create or update, one record a call; nothing is unique; companies are records."""

    slug = "plain-finder"
    size = 1
    keeps_companies = True


class Strict(Plain):
    """No upsert, ten records a call, one record an e-mail; orders are linked."""

    slug = "plain-strict"
    size = 10
    unique_email = True
    links = True
