"""A declaration to the dialect that ``hub.sdk.crm`` writes by. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from hub.errors import Unavailable
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Made, Orders, People, Problem, Script
from hub.sdk.crm import dialect as crm
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.declared.activities import activities_of
from hub.sdk.declared.answers import Answers, Records, as_error, content, reader, text_of
from hub.sdk.declared.fields import nested
from hub.sdk.declared.mapped import There, values_of
from hub.sdk.declared.model import Company, Declaration, Encoded, Operation, Order, Person, Search, Writing
from hub.sdk.declared.rows import Listed, alike
from hub.sdk.declared.template import encoded, escaped, fill, fill_path
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of
from hub.sdk.manifest import ConnectionSettings

GONE = frozenset({404, 410})
"""What a read of a record answers that exists no more: that is no error, it is what was asked."""

REFUSED = frozenset({400, 404, 409, 410, 422})
"""What refuses one link, and none of the others."""

MOST_PAGES = 20
"""How many pages of one search are read."""

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
            query={name: _asked(value, known) for name, value in operation.query.items()},
            headers={name: str(fill(text, known)) for name, text in {**self._headers, **operation.headers}.items()},
            accept=self.answers.accept,
        )

    def fields(
        self,
        item: Item,
        own: str,
        lists: Sequence[Listed] = (),
        apart: Collection[str] = (),
        defaults: Mapping[str, Any] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """The body of a record: its properties and Hub's own id, with what is to change in its lists.

        A new one has the ``defaults`` for what is not told.
        """
        in_rows = {field for listed in lists for field in listed.fields}
        told = item.properties if item.id else {**defaults, **item.properties}
        plain = told if own in in_rows else {**told, own: item.write.key}
        body = nested({name: value for name, value in plain.items() if name not in (*in_rows, *apart)}, self.clear)
        for listed in lists:
            if (changes := listed.body(item)) is not None:
                body[listed.name] = changes
        return body


def dialect_of(declaration: Declaration) -> Dialect[Settings]:
    """The dialect of a declaration without faults."""
    requests = Requests(declaration)
    return Dialect(
        people=_people(declaration.person, requests),
        orders=_orders(declaration.order, requests) if declaration.order else None,
        companies=_companies(declaration.company, requests) if declaration.company else None,
        activities=activities_of(declaration.activity, requests) if declaration.activity else None,
    )


def _people(person: Person, requests: Requests) -> People[Settings]:
    lists = [Listed(name, rows) for name, rows in person.lists.items()]
    records = Records(person.record, person.own, {listed.name: listed.there for listed in lists})
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
            request = replace(request, accept=request.accept | GONE)
            yield Call(request, lambda response: _records(response, requests, items, records, many=False))

    def values(ids: Sequence[str], names: Sequence[str], settings: Settings) -> Script[There]:
        parts = chunks(ids, person.read.size)
        asked = [(part, requests.make(person.read, settings, id=part[0], ids=part)) for part in parts]
        return (yield from values_of(person.read, asked, requests.answers, records, person.record.values, names))

    def merge(kept: str, other: str, settings: Settings) -> Script[str]:
        for operation in person.merge:
            requests.answers.body((yield requests.make(operation, settings, id=kept, other=other)))
        return kept

    def settle(record: str, item: Item, settings: Settings) -> Script[None]:
        for then in person.then:
            named = {name: value for name, value in item.properties.items() if name in then.fields}
            if named:
                made = requests.make(
                    then, settings, id=record, key=item.write.key, fields=nested(named, requests.clear)
                )
                requests.answers.body((yield made))

    def erase(record: str, settings: Settings) -> Script[None]:
        for operation in person.erase:
            requests.answers.body((yield requests.make(operation, settings, id=record)))

    return People(
        own=person.own,
        email=person.email,
        unique=frozenset(person.unique),
        find=find,
        read=read,
        update=_batch(person.update, person.own, requests, lists, person.apart),
        create=_batch(person.create, person.own, requests, lists, person.apart) if person.create else None,
        upsert=_batch(person.upsert, person.own, requests, lists, person.apart) if person.upsert else None,
        lists=person.in_rows,
        opt_outs=dict.fromkeys(person.opt_out, frozenset({person.email})),
        values=values,
        settle=settle if person.then else None,
        merge=merge if person.merge else None,
        erase=erase,
    )


def _orders(order: Order, requests: Requests) -> Orders[Settings]:
    records = Records(order.record, order.own)

    def find(keys: Sequence[Key], settings: Settings) -> Iterator[Call[Sequence[Found]]]:
        assert order.find is not None
        yield from _searches(order.find, [value for _, value in keys], records, requests, settings)

    def values(ids: Sequence[str], names: Sequence[str], settings: Settings) -> Script[There]:
        assert order.read is not None
        parts = chunks(ids, order.read.size)
        asked = [(part, requests.make(order.read, settings, id=part[0], ids=part)) for part in parts]
        return (yield from values_of(order.read, asked, requests.answers, records, order.record.values, names))

    def link(pairs: Sequence[tuple[str, str]], settings: Settings) -> Script[Mapping[str, str]]:
        assert order.link is not None
        refused: dict[str, str] = {}
        for made, person in pairs:
            request = requests.make(order.link, settings, id=made, person=person)
            problem = requests.answers.problem((yield replace(request, accept=request.accept | REFUSED)))
            if problem is not None:
                refused[made] = problem.words or problem.kind
        return refused

    def unlink(pairs: Sequence[tuple[str, str]], settings: Settings) -> Script[None]:
        assert order.unlink is not None
        for made, person in pairs:
            request = requests.make(order.unlink, settings, id=made, person=person)
            requests.answers.problem((yield replace(request, accept=request.accept | GONE)))

    return Orders(
        own=order.own,
        update=_batch(order.update, order.own, requests) if order.update else None,
        create=_batch(order.create, order.own, requests) if order.create else None,
        upsert=_batch(order.upsert, order.own, requests) if order.upsert else None,
        find=find if order.find else None,
        link=link if order.link else None,
        unlink=unlink if order.unlink else None,
        link_property=order.person,
        values=values if order.read else None,
    )


def _companies(company: Company, requests: Requests) -> Companies[Settings]:
    items, found_name, found_id = reader(company.items), reader(company.found), reader(company.record_id)
    made_id = reader(company.create.id)

    def find(names: Sequence[str], settings: Settings) -> Iterator[Call[Sequence[Found]]]:
        for name in names:

            def read(response: httpx.Response, asked: str = name) -> Sequence[Found]:
                body = requests.answers.body(response)
                listed = items(body) if items else body
                same = [one for one in listed or () if alike(text_of(found_name, one), asked)]
                ids = [one for one in (text_of(found_id, each) for each in same) if one]
                return [Found(one, keys=frozenset({(company.name, asked)})) for one in ids[:1]]

            yield Call(requests.make(company.find, settings, value=escaped(name, company.escape)), read)

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
    items, following = reader(search.items), reader(search.next)
    for chunk in chunks(values, search.size):
        page: list[str] = []
        asked: set[str] = set()

        def read(response: httpx.Response, page: list[str] = page) -> list[Found]:
            found = _records(response, requests, items, records, many=True, bare=search.bare)
            more = text_of(following, json_of(response)) if following else None
            page[:] = [more] if more else []
            return found

        written = [escaped(value, search.escape) for value in chunk]
        request = requests.make(search, settings, value=written[0], values=written)
        yield Call(request, read)
        for _ in range(MOST_PAGES - 1):
            if not page or page[0] in asked:  # the last page again: https://github.com/airbytehq/airbyte/issues/28226
                break
            asked.add(page[0])
            yield Call(replace(request, query={**request.query, **_next_query(search, page[0])}), read)
        else:
            if page:  # who is asked for may stand behind them, and would be made a second time
                raise Unavailable(f"a search for one person has more than {MOST_PAGES} pages: it may not filter")


def _next_query(search: Search, following: str) -> Mapping[str, str | list[str]]:
    """What is asked otherwise for the next page. Raises Unavailable where nothing tells."""
    if search.next_query:
        return {name: str(fill(text, {"next": following})) for name, text in search.next_query.items()}
    more = parse_qs(urlsplit(following).query, keep_blank_values=True)
    if not more:
        raise Unavailable("what leads to the next page is no link with a query: next_query tells where it goes")
    return {name: values[0] if len(values) == 1 else values for name, values in more.items()}


def _records(
    response: httpx.Response, requests: Requests, items: Any, records: Records, *, many: bool, bare: bool = False
) -> list[Found]:
    """The records of an answer. A read of one that is gone finds nothing; a search must give a list."""
    if problem := requests.answers.problem(response):
        if problem.kind == "gone":
            return []
        raise as_error(problem, response)
    body = content(response)
    listed = items(body) if items else body
    if many and not isinstance(listed, list):
        raise Unavailable("the answer to a search holds no list of records")
    return records.found(listed, bare=bare)


def _batch(
    writing: Writing, own: str, requests: Requests, lists: Sequence[Listed] = (), apart: Collection[str] = ()
) -> Batch[Settings]:
    made_id, results, key = reader(writing.id), reader(writing.results), reader(writing.key)
    failed, words = reader(writing.failed), reader(writing.words)

    def single(items: Sequence[Item], settings: Settings) -> Call[crm.Answers]:
        [item] = items

        def read(response: httpx.Response) -> crm.Answers:
            problem = requests.answers.problem(response)
            if problem is not None:
                return {item.write.key: problem}
            return {item.write.key: _made(content(response), item, _last_part(response))}

        fields = requests.fields(item, own, lists, apart, writing.defaults)
        return Call(requests.make(writing, settings, fields=fields, key=item.write.key, id=item.id or ""), read)

    def several(items: Sequence[Item], settings: Settings) -> Call[crm.Answers]:
        def read(response: httpx.Response) -> crm.Answers:
            listed = results(requests.answers.body(response)) if results else None
            if not isinstance(listed, list):
                raise Unavailable("the answer to a batch holds no list of results", uncertain=True)
            return _told(items, listed)

        return Call(requests.make(writing, settings, items=[_item(item) for item in items]), read)

    def _item(item: Item) -> Any:
        fields = requests.fields(item, own, lists, apart, writing.defaults)
        return fill(writing.item, {"fields": fields, "key": item.write.key, "id": item.id or ""})

    def _told(items: Sequence[Item], listed: list[Any]) -> crm.Answers:
        by_key = {item.write.key: item for item in items}
        pairs = zip([text_of(key, one) for one in listed] if key else by_key, listed, strict=False)
        return {name: _judged(one, by_key[name]) for name, one in pairs if name in by_key}

    def _judged(one: Any, item: Item) -> Made | Problem:
        if failed is not None and failed(one):
            return Problem(text_of(words, one) or "the record was refused", "refused")
        return _made(one, item)

    def _last_part(response: httpx.Response) -> str | None:
        named = response.headers.get(writing.id_header, "") if writing.id_header else ""
        return unquote(urlsplit(named).path.rstrip("/").rpartition("/")[2]) or None

    def _made(body: Any, item: Item, named: str | None = None) -> Made | Problem:
        record = text_of(made_id, body) or named or item.id
        if record is None:
            raise Unavailable("the answer to a new record names no id", uncertain=True)
        return Made(record, new=item.id is None)

    return Batch(writing.size, single if writing.size == 1 else several)


def _asked(value: str | Sequence[str] | Encoded, known: Mapping[str, Any]) -> str | list[str]:
    if isinstance(value, Encoded):
        return encoded(value.template, known, base64=value.base64 is not None)
    return str(fill(value, known)) if isinstance(value, str) else [str(fill(one, known)) for one in value]
