"""A system in memory that obeys a declaration: what the contract kit checks a declared destination against.

It reads a request by the same templates that make it, and puts its answer where the declaration says it will be. So it
shows that a declaration agrees with itself, not that the vendor agrees with it: for that there is the real system
(``hub connector try``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any
from urllib.parse import unquote

import httpx
import orjson

from hub.errors import ConfigError
from hub.mapping.expression.syntax import parse
from hub.sdk.declared.answers import reader
from hub.sdk.declared.model import Declaration, Encoded, Operation, Record, Search, Writing
from hub.sdk.declared.rows import Listed
from hub.sdk.declared.template import decoded, values_in

Stored = dict[str, Any]


@dataclass(slots=True)
class Double:
    """``root`` is the path of the API's root; ``settings`` the values of the settings that are no secrets."""

    declaration: Declaration
    root: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    people: dict[str, Stored] = field(default_factory=dict)
    orders: dict[str, Stored] = field(default_factory=dict)
    companies: dict[str, str] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(101))
    _lists: dict[str, Listed] = field(init=False)

    def __post_init__(self) -> None:
        self._lists = {name: Listed(name, rows) for name, rows in self.declaration.person.lists.items()}

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; 404 where the declaration has none of that form."""
        for answer in self._answers(request):
            if answer is not None:
                return answer
        return httpx.Response(404, json={"message": "no such operation"}, request=request)

    def _answers(self, request: httpx.Request) -> Iterator[httpx.Response | None]:
        person, order, company = self.declaration.person, self.declaration.order, self.declaration.company
        for search in person.find:
            yield self._search(request, search, self.people, person.record, person.own, person.email)
        for name in ("upsert", "create", "update"):
            yield self._write(request, getattr(person, name), name, self.people, person.own)
            yield self._write(request, getattr(order, name), name, self.orders, order.own) if order else None
        for operation in person.erase:
            yield self._erase(request, operation)
        for operation in person.merge:
            yield self._merge(request, operation)
        yield self._read(request)
        for linking in (order.link, order.unlink) if order else ():
            yield _answer(request, {}) if linking and self._values(request, linking) is not None else None
        if order and order.find:
            yield self._search(request, order.find, self.orders, order.record, order.own, "")
        if company:
            yield self._company(request)

    def _values(self, request: httpx.Request, operation: Operation) -> dict[str, Any] | None:
        path = request.url.path.removeprefix(self.root)
        body = orjson.loads(request.content) if request.content else None
        found = (
            values_in(operation.path.partition("?")[0], unquote(path)) if request.method == operation.method else None
        )
        query = _asked(operation, request.url.params) if found is not None else None
        told = values_in(operation.body, body) if query is not None else None
        if found is None or query is None or told is None:
            return None
        values = {**found, **query, **told}
        wrong = any(name in self.settings and values[name] != self.settings[name] for name in values)
        return None if wrong else values

    def _search(
        self, request: httpx.Request, search: Search, kept: Mapping[str, Stored], record: Record, own: str, email: str
    ) -> httpx.Response | None:
        values = self._values(request, search)
        if values is None:
            return None
        told = [str(one).lower() for one in values.get("values", [values.get("value")])]
        asked = [reduce(lambda text, pair: text.replace(pair[1], pair[0]), search.escape.items(), one) for one in told]
        name = own if search.by == "own" else email
        hits = [
            self._shown(key, one, record)
            for key, one in kept.items()
            if any(str(held).lower() in asked for held in self._held(one, name))
        ]
        return _answer(request, _put({}, search.items, hits))

    def _read(self, request: httpx.Request) -> httpx.Response | None:
        person = self.declaration.person
        values = self._values(request, person.read)
        if values is None:
            return None
        asked = values.get("ids", [values.get("id")])
        found = [self._shown(key, self.people[key], person.record) for key in asked if key in self.people]
        if person.read.items is not None:
            return _answer(request, _put({}, person.read.items, found))
        return _answer(request, found[0]) if found else _gone(request)

    def _write(
        self, request: httpx.Request, writing: Writing | None, action: str, kept: dict[str, Stored], own: str
    ) -> httpx.Response | None:
        values = self._values(request, writing) if writing else None
        if writing is None or values is None:
            return None
        if writing.size == 1:
            told = self._store(values, action, kept, own)
            return (
                _answer(request, self._told(writing, told)) if told else httpx.Response(404, json={}, request=request)
            )
        items = [values_in(writing.item, one) or {} for one in values["items"]]
        told_each = [self._told(writing, self._store(one, action, kept, own)) for one in items]
        return _answer(request, _put({}, str(writing.results), told_each))

    def _store(
        self, values: Mapping[str, Any], action: str, kept: dict[str, Stored], own: str
    ) -> tuple[str, str] | None:
        fields = values.get("fields") or {}
        fields = {name: value for name, value in fields.items() if name not in self._lists}
        rows = {name: listed for name, listed in self._lists.items() if name in (values.get("fields") or {})}
        key = str(values.get("key") or _at(fields, own) or "")
        known = next((one for one, held in kept.items() if key and _at(held, own) == key), None)
        record = {"create": None, "update": str(values.get("id")), "upsert": known}[action]
        if action == "update" and record not in kept:
            return None
        record = record or str(next(self._ids))
        changed = {**kept.get(record, {}), **fields}
        kept[record] = {name: value for name, value in changed.items() if value != self.declaration.clear}
        for name, listed in rows.items():
            before = listed.there(kept[record]) or []
            place = self.declaration.person.lists[name].rows or name
            told = listed.after(before, values["fields"][name], lambda: next(self._ids))
            kept[record] = _put(kept[record], place, told)
        return record, key

    def hold(self, key: str, own: str, value: str, kept: dict[str, Stored]) -> None:
        """A record that has Hub's own id and nothing else."""
        listed = next((listed for listed in self._lists.values() if own in listed.fields), None)
        if listed is None:
            kept[key] = {own: value}
            return
        place = self.declaration.person.lists[listed.name].rows or listed.name
        row = {**listed.made(own, value), self.declaration.person.lists[listed.name].id: next(self._ids)}
        kept[key] = _put({}, place, [row])

    def _held(self, stored: Stored, name: str) -> list[Any]:
        listed = next((listed for listed in self._lists.values() if name in listed.fields), None)
        return [_at(stored, name) or ""] if listed is None else listed.values(name, listed.there(stored) or [])

    def _told(self, writing: Writing, told: tuple[str, str] | None) -> Any:
        if told is None:
            return _put({}, writing.failed, True) if writing.failed else {}
        answer = _put({}, writing.id, told[0]) if writing.id else {}
        return _put(answer, writing.key, told[1]) if writing.key else answer

    def _erase(self, request: httpx.Request, operation: Operation) -> httpx.Response | None:
        values = self._values(request, operation)
        if values is None:
            return None
        gone = self.people.pop(str(values.get("id")), None) is None
        return _gone(request) if gone else _answer(request, {})

    def _merge(self, request: httpx.Request, operation: Operation) -> httpx.Response | None:
        values = self._values(request, operation)
        if values is None:
            return None
        self.people.pop(str(values.get("other")), None)
        return _answer(request, {})

    def _company(self, request: httpx.Request) -> httpx.Response | None:
        company = self.declaration.company
        assert company is not None
        if (values := self._values(request, company.find)) is not None:
            name = str(values.get("value"))
            found = [_put(_put({}, company.found, name), company.record_id, self.companies[name])]
            return _answer(request, _put({}, company.items, found if name in self.companies else []))
        if (values := self._values(request, company.create)) is not None:
            name = str(values.get("value"))
            self.companies[name] = str(next(self._ids))
            return _answer(request, _put({}, company.create.id or "id", self.companies[name]))
        return None

    def _shown(self, key: str, stored: Stored, record: Record) -> Any:
        email = next(iter(self._held(stored, self.declaration.person.email)), None)
        shown = _put(orjson.loads(orjson.dumps(stored)), record.id, key)
        read = reader(record.emails)
        return shown if not email or read is None or read(shown) else _put(shown, record.emails, [email])


def _answer(request: httpx.Request, body: Any) -> httpx.Response:
    return httpx.Response(200, json=body, request=request)


def _gone(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404, json={"message": "there is no such record"}, request=request)


def _asked(operation: Operation, params: httpx.QueryParams) -> dict[str, Any] | None:
    """The values in a query; None where it is another operation's."""
    if params.keys() != operation.query.keys():
        return None
    together: dict[str, Any] = {}
    for name, template in operation.query.items():
        given: Any = params.get_list(name)
        if isinstance(template, Encoded):
            told = values_in(template.template, decoded(given[0], base64=template.base64 is not None))
        else:
            told = values_in(template, given[0] if isinstance(template, str) else given)
        if told is None:
            return None
        together |= told
    return together


def _at(body: Any, name: str) -> Any:
    for part in name.split("."):
        body = body.get(part) if isinstance(body, Mapping) else None
    return body


def _put(body: Any, expression: str | None, value: Any) -> Any:
    """A body in which ``expression`` gives ``value``. Raises ConfigError where it is no plain path."""
    return value if expression is None else _placed(body, _steps(parse(expression), expression), value)


def _placed(body: Any, steps: Sequence[str | int | None], value: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        held = body if isinstance(body, dict) else {}
        return {**held, step: _placed(held.get(step), rest, value)}
    listed = body if isinstance(body, list) else []
    values = value if step is None and isinstance(value, list) else [value]
    return [_placed(listed[at] if at < len(listed) else None, rest, one) for at, one in enumerate(values)]


def _steps(node: Any, text: str) -> list[str | int | None]:
    """A plain path as its steps: a name, the first of a list (0), or each of it (None)."""
    kind, children = node["type"], node["children"]
    if kind in ("current", "identity"):
        return []
    if kind == "field":
        return [str(node["value"])]
    if kind == "index" and node["value"] == 0:
        return [0]
    if kind in ("subexpression", "index_expression", "flatten"):
        return [step for child in children for step in _steps(child, text)]
    if kind == "projection":
        source, rest = children
        return [*_steps(source, text), None, *_steps(rest, text)]
    raise ConfigError([f"the contract kit cannot answer by the expression `{text}`: use a plain path, such as data.id"])
