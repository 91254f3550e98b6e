"""A declaration to the dialect that ``hub.sdk.crm`` writes by. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from hub.errors import Unavailable
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Made, Orders, People, Problem, Script
from hub.sdk.crm import dialect as crm
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.declared.answers import Answers, Records, reader, text_of
from hub.sdk.declared.fields import nested
from hub.sdk.declared.model import Company, Declaration, Operation, Order, Person, Search, Writing
from hub.sdk.declared.template import fill, fill_path
from hub.sdk.destination import HttpRequest
from hub.sdk.manifest import ConnectionSettings

Settings = ConnectionSettings
Values = Callable[[Settings], Mapping[str, Any]]


class Requests:
    """Makes requests from templates, with the connection's settings that are no secrets."""

    def __init__(self, declaration: Declaration) -> None:
        self._public = tuple(declaration.public_settings)
        self._headers = dict(declaration.headers)
        self.answers = Answers(declaration.errors)
        self.clear = declaration.clear

    def make(self, operation: Operation, settings: Settings, **values: Any) -> HttpRequest:
        """The request of an operation with these values."""
        known = {**{name: getattr(settings, name) for name in self._public}, **values}
        return HttpRequest(
            operation.method,
            fill_path(operation.path, known),
            fill(operation.body, known),
            query={name: str(fill(text, known)) for name, text in operation.query.items()},
            headers={name: str(fill(text, known)) for name, text in {**self._headers, **operation.headers}.items()},
            accept=self.answers.accept,
        )

    def fields(self, item: Item, own: str) -> dict[str, Any]:
        """The body of a record: its properties and Hub's own id."""
        return nested({**item.properties, own: item.write.key}, self.clear)


def dialect_of(declaration: Declaration) -> Dialect[Settings]:
    """The dialect of a declaration without faults."""
    requests = Requests(declaration)
    return Dialect(
        people=_people(declaration.person, requests),
        orders=_orders(declaration.order, requests) if declaration.order else None,
        companies=_companies(declaration.company, requests) if declaration.company else None,
    )


def _people(person: Person, requests: Requests) -> People[Settings]:
    records = Records(person.record, person.own)
    own = next(search for search in person.find if search.by == "own")
    by_email = [search for search in person.find if search.by == "email"]

    def find(keys: Sequence[Key], settings: Settings) -> Iterator[Call[Sequence[Found]]]:
        yield from _searches(own, [value for name, value in keys if name == person.own], records, requests, settings)
        for search in by_email:
            yield from _searches(search, [value for name, value in keys if name == EMAIL], records, requests, settings)

    def read(ids: Sequence[str], settings: Settings) -> Iterator[Call[Sequence[Found]]]:
        items = reader(person.read.items)
        for chunk in chunks(ids, person.read.size):
            request = requests.make(person.read, settings, id=chunk[0], ids=chunk)
            yield Call(request, lambda response: _records(response, requests, items, records, many=False))

    def merge(kept: str, other: str, settings: Settings) -> Script[str]:
        for operation in person.merge:
            requests.answers.body((yield requests.make(operation, settings, id=kept, other=other)))
        return kept

    def erase(record: str, settings: Settings) -> Script[None]:
        for operation in person.erase:
            requests.answers.body((yield requests.make(operation, settings, id=record)))

    return People(
        own=person.own,
        email=person.email,
        unique=frozenset(person.unique),
        find=find,
        read=read,
        update=_batch(person.update, person.own, requests),
        create=_batch(person.create, person.own, requests) if person.create else None,
        upsert=_batch(person.upsert, person.own, requests) if person.upsert else None,
        merge=merge if person.merge else None,
        erase=erase,
    )


def _orders(order: Order, requests: Requests) -> Orders[Settings]:
    records = Records(order.record, order.own)

    def find(keys: Sequence[Key], settings: Settings) -> Iterator[Call[Sequence[Found]]]:
        assert order.find is not None
        yield from _searches(order.find, [value for _, value in keys], records, requests, settings)

    return Orders(
        own=order.own,
        update=_batch(order.update, order.own, requests) if order.update else None,
        create=_batch(order.create, order.own, requests) if order.create else None,
        upsert=_batch(order.upsert, order.own, requests) if order.upsert else None,
        find=find if order.find else None,
        link_property=order.person,
    )


def _companies(company: Company, requests: Requests) -> Companies[Settings]:
    items, found_name, found_id = reader(company.items), reader(company.found), reader(company.record_id)
    made_id = reader(company.create.id)

    def find(names: Sequence[str], settings: Settings) -> Iterator[Call[Sequence[Found]]]:
        for name in names:

            def read(response: httpx.Response, asked: str = name) -> Sequence[Found]:
                body = requests.answers.body(response)
                listed = items(body) if items else body
                same = [one for one in listed or () if _same(text_of(found_name, one), asked)]
                ids = [one for one in (text_of(found_id, each) for each in same) if one]
                return [Found(one, keys=frozenset({(company.name, asked)})) for one in ids[:1]]

            yield Call(requests.make(company.find, settings, value=name), read)

    def create(name: str, settings: Settings) -> Call[str]:
        def read(response: httpx.Response) -> str:
            made = text_of(made_id, requests.answers.body(response))
            if made is None:
                raise Unavailable("the answer to a new company names no id", uncertain=True)
            return made

        return Call(requests.make(company.create, settings, value=name), read)

    return Companies(name=company.name, id=company.id, find=find, create=create)


def _searches(
    search: Search, values: Sequence[str], records: Records, requests: Requests, settings: Settings
) -> Iterator[Call[Sequence[Found]]]:
    items = reader(search.items)
    for chunk in chunks(values, search.size):
        request = requests.make(search, settings, value=chunk[0], values=chunk)
        yield Call(request, lambda response: _records(response, requests, items, records, many=True))


def _records(response: httpx.Response, requests: Requests, items: Any, records: Records, *, many: bool) -> list[Found]:
    """The records of an answer. A read of one that is gone finds nothing; a search must give a list."""
    problem = requests.answers.problem(response)
    if problem is not None and problem.kind == "gone":
        return []
    body = requests.answers.body(response)
    listed = items(body) if items else body
    if many and not isinstance(listed, list):
        raise Unavailable("the answer to a search holds no list of records")
    return records.found(listed)


def _batch(writing: Writing, own: str, requests: Requests) -> Batch[Settings]:
    made_id, results, key = reader(writing.id), reader(writing.results), reader(writing.key)
    failed, words = reader(writing.failed), reader(writing.words)

    def single(items: Sequence[Item], settings: Settings) -> Call[crm.Answers]:
        [item] = items

        def read(response: httpx.Response) -> crm.Answers:
            problem = requests.answers.problem(response)
            if problem is not None:
                return {item.write.key: problem}
            return {item.write.key: _made(requests.answers.body(response), item)}

        fields = requests.fields(item, own)
        return Call(requests.make(writing, settings, fields=fields, key=item.write.key, id=item.id or ""), read)

    def several(items: Sequence[Item], settings: Settings) -> Call[crm.Answers]:
        def read(response: httpx.Response) -> crm.Answers:
            listed = results(requests.answers.body(response)) if results else None
            if not isinstance(listed, list):
                raise Unavailable("the answer to a batch holds no list of results", uncertain=True)
            return _told(items, listed)

        each = [
            fill(writing.item, {"fields": requests.fields(item, own), "key": item.write.key, "id": item.id or ""})
            for item in items
        ]
        return Call(requests.make(writing, settings, items=each), read)

    def _told(items: Sequence[Item], listed: list[Any]) -> crm.Answers:
        by_key = {item.write.key: item for item in items}
        pairs = zip([text_of(key, one) for one in listed] if key else by_key, listed, strict=False)
        return {name: _judged(one, by_key[name]) for name, one in pairs if name in by_key}

    def _judged(one: Any, item: Item) -> Made | Problem:
        if failed is not None and failed(one):
            return Problem(text_of(words, one) or "the record was refused", "refused")
        return _made(one, item)

    def _made(body: Any, item: Item) -> Made | Problem:
        record = text_of(made_id, body) or item.id
        if record is None:
            raise Unavailable("the answer to a new record names no id", uncertain=True)
        return Made(record, new=item.id is None)

    return Batch(writing.size, single if writing.size == 1 else several)


def _same(found: str | None, asked: str) -> bool:
    return found is not None and found.strip().casefold() == asked.strip().casefold()
