"""What a declaration may say, and what is wrong with one. docs/declared-destinations.md is its page for operators."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hub.sdk.catalogue.proof import Proof
from hub.sdk.declared.access import Auth, Limits, Part, Setting, Text
from hub.sdk.declared.template import names_in

_REQUEST = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*|\S+)")
_SETTING = re.compile(r"[a-z][a-z0-9_]*")


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class Rule(Part):
    """What an answer means, where its status alone does not say. The first rule that fits counts.

    ``when`` is an expression over the body. ``holders`` gives the ids of the records that have the value already,
    ``refused`` the names of the fields at fault.
    """

    status: Annotated[tuple[Annotated[int, Field(ge=200, le=599)], ...], BeforeValidator(_several)]
    when: str | None = None
    means: Literal["conflict", "gone", "refused", "later", "rate_limited", "auth", "done"] = Field(alias="is")
    words: str | None = None
    holders: str | None = None
    refused: str | None = None


class Encoded(Part):
    """A template that is sent as JSON within a query: as it is, or by base64 for URLs. One of the two."""

    as_json: Any = Field(None, alias="json")
    base64: Any = None

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Both, or none."""
        if (self.as_json is None) == (self.base64 is None):
            yield "", "needs one of json, base64"

    @property
    def template(self) -> Any:
        """What is encoded."""
        return self.base64 if self.as_json is None else self.as_json


class Operation(Part):
    """One request. ``request`` is METHOD and path; path, query, headers and body are templates.

    A value of the query may be a list, which is sent one by one, or ``{json: …}`` or ``{base64: …}``: a template whose
    JSON is sent as text.
    """

    request: str
    query: Mapping[str, str | tuple[str, ...] | Encoded] = Field(default_factory=dict)
    headers: Mapping[str, str] = Field(default_factory=dict)
    body: Any = None

    def wrong(self) -> Iterator[tuple[str, str]]:
        """A request that is none."""
        if _REQUEST.fullmatch(self.request) is None:
            yield "request", "must be a method and a path, such as `POST /contacts`"

    @property
    def method(self) -> str:
        """GET, POST and so on."""
        return self.request.partition(" ")[0]

    @property
    def path(self) -> str:
        """The template of the path."""
        return self.request.partition(" ")[2]

    @property
    def asks_for(self) -> frozenset[str]:
        """The values its templates name."""
        query = [one.template if isinstance(one, Encoded) else one for one in self.query.values()]
        return frozenset(names_in([self.path, query, dict(self.headers), self.body]))


class Writing(Operation):
    """A request that writes records: one, or with ``size`` several, each as ``item`` in ``$items``.

    ``defaults`` are fields that a new record must have, with the value for a person who has none: they are sent at a
    creation alone, so that they overwrite nothing. ``id`` is where the answer has the record's id, ``id_header`` the
    header whose last part is it (``Location``); without them the id that is known stays. Of several, ``results`` is
    the list of answers, one for each item in order, or where ``key`` is given told by Hub's own id; ``failed`` is true
    of one that was refused, and ``words`` says why.
    """

    defaults: Mapping[str, Any] = Field(default_factory=dict)
    id: str | None = None
    id_header: str | None = None
    size: Annotated[int, Field(ge=1, le=10_000)] = 1
    item: Any = None
    results: str | None = None
    key: str | None = None
    failed: str | None = None
    words: str | None = None

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Besides, a batch without what it is made of."""
        yield from super().wrong()
        for name, value in (("item", self.item), ("results", self.results)):
            if self.size > 1 and value is None:
                yield name, "is needed with size"


class Search(Operation):
    """A request that finds records by a key: ``$value``, or with ``size`` several at once, ``$values``.

    ``by`` is what is searched: ``own`` (Hub's id) or ``email``. ``items`` is the list of records in the answer, with
    ``bare`` of their ids alone: each is read then. Where an answer holds a page of them, ``next`` is an expression for
    what the next page is asked by; ``$next`` in ``next_query`` is it. Without ``next_query`` it is a link, of which the
    query alone is taken: a link leads to no other system. More than 20 pages are an error: who is asked
    for may stand behind them. ``escape`` are characters of a value and what stands for each where the search is written
    in a language of its own, such as ``{"'": "''"}`` of OData.
    """

    by: Literal["own", "email"]
    items: Text
    escape: Mapping[Text, str] = Field(default_factory=dict)
    size: Annotated[int, Field(ge=1, le=10_000)] = 1
    bare: bool = False
    next: str | None = None
    next_query: Mapping[str, str] = Field(default_factory=dict)

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Besides, pages that nothing leads to."""
        yield from super().wrong()
        if self.next is None and self.next_query:
            yield "next", "is needed with next_query: the expression for what the next page is asked by"


class Reading(Operation):
    """A request that reads the record ``$id``, or with ``size`` several, ``$ids``; ``items`` as in a search.

    Without ``items`` the body is the record. What does not exist is left out, or answered with 404.
    """

    items: str | None = None
    size: Annotated[int, Field(ge=1, le=10_000)] = 1


class Record(Part):
    """How one record of an answer is read: expressions over it.

    ``live`` is false of one that counts as deleted; ``formerly`` are ids that lead to it because of a merge.
    ``values`` is where it has the fields that are written, by default the record itself.
    """

    id: str = "id"
    owner: Text
    emails: str | None = None
    formerly: str | None = None
    live: str | None = None
    values: str | None = None


class Row(Part):
    """One kind of row: ``row`` is the template of a new one with ``$value``, ``is`` true of a row of this kind.

    ``value`` is what such a row holds, as the field's value is put.
    """

    row: Any
    when: str | None = Field(None, alias="is")
    value: Text


class Rows(Part):
    """A list within a record whose rows are fields of the person's: e-mails, phones, addresses, identifiers.

    ``rows`` is the list in a record that was read, by default the field's name, ``id`` a row's id. ``add``, ``change``
    and ``remove`` are the templates of one change (``$row``, ``$id``); without ``add`` the list is sent as a whole.
    """

    rows: str | None = None
    id: str = "id"
    fields: Annotated[Mapping[str, Row], Field(min_length=1)]
    add: Any = None
    change: Any = None
    remove: Any = None


class Then(Operation):
    """A request after a record was made or updated, where one of ``fields`` was among what was to be written.

    They are left out of the record itself; ``$fields`` are those of them.
    """

    fields: Annotated[tuple[str, ...], Field(min_length=1)]


class Person(Part):
    """How people are written.

    ``own``      the field that takes Hub's id of the person; it must be one that can be searched for
    ``email``    the field of the main e-mail
    ``unique``   fields of which the system itself refuses a second record with the same value
    ``fields``   field to expression over the profile
    ``lists``    fields of the record that are lists, with those of ``fields`` (or ``own``) that are rows of them
    ``opt_out``  fields that say "no more mail", with the value for it: written when a person opted out, never taken
                 back by Hub (law L7); templates of settings
    ``names``    asks which fields there are: ``items`` is the list of their names
    ``then``     requests after the record was written, for what does not stand in it
    ``merge``    requests that make ``$other`` part of ``$id``, one after the other
    """

    own: Text
    email: Text = "email"
    unique: tuple[str, ...] = ()
    fields: Mapping[str, Text]
    lists: Mapping[str, Rows] = Field(default_factory=dict)
    opt_out: Mapping[str, Any] = Field(default_factory=dict)
    then: tuple[Then, ...] = ()
    record: Record
    find: tuple[Search, ...]
    read: Reading
    names: Reading | None = None
    update: Writing
    create: Writing | None = None
    upsert: Writing | None = None
    merge: tuple[Operation, ...] = ()
    erase: tuple[Operation, ...]

    def wrong(self) -> Iterator[tuple[str, str]]:
        """People who can be neither made nor found."""
        if self.create is None and self.upsert is None:
            yield "create", "is needed, or upsert"
        if {search.by for search in self.find} != {"own", "email"}:
            yield "find", "needs a search by own and one by email"

    @property
    def in_rows(self) -> frozenset[str]:
        """The fields that are rows of lists."""
        return frozenset(field for rows in self.lists.values() for field in rows.fields)

    @property
    def apart(self) -> frozenset[str]:
        """The fields that are written by requests of their own."""
        return frozenset(field for then in self.then for field in then.fields)


class Order(Part):
    """How orders are written. ``fields`` are expressions over ``hub.sdk.declared.fields.ORDERS``.

    ``names`` as of a person; ``read`` reads one, for the rules of a mapping file.
    The person's record goes into the field ``person``; or ``link`` is the request that links the order ``$id`` to the
    person ``$person``, and ``unlink`` the one that takes such a link away.
    """

    own: Text
    person: Text | None = None
    link: Operation | None = None
    unlink: Operation | None = None
    fields: Mapping[str, Text]
    record: Record
    names: Reading | None = None
    find: Search | None = None
    read: Reading | None = None
    update: Writing | None = None
    create: Writing | None = None
    upsert: Writing | None = None

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Orders that can be neither made nor found, or belong to nobody."""
        if self.upsert is None and None in (self.create, self.update, self.find):
            yield "upsert", "is needed, or create, update and find"
        if (self.person is None) == (self.link is None):
            yield "person", "needs either person or link"
        if self.find is not None and self.find.by != "own":
            yield "find.by", "should be 'own': orders are found by it"


class History(Operation):
    """The entries of ``$person``, newest first: ``owner`` is what of one has Hub's key, a field or the text."""

    items: Text
    id: str = "id"
    owner: Text


class Activity(Part):
    """How an entry is appended to the history of a person, for connections that ask for ``activities``.

    ``create`` has ``$person``, ``$text`` or ``$html`` (its last line is Hub's key), ``$title``, ``$at``, ``$kind``,
    ``$key``. ``find`` is asked before. ``erase`` deletes the entry ``$id``, where the system does not with the person.
    """

    create: Writing
    find: History
    erase: Operation | None = None


class Company(Part):
    """Where companies are records: ``name`` is the person's field that names one, ``id`` the one that takes its id.

    ``find`` is a search by ``$value``, the name, with ``escape`` as of a search; ``found`` is the expression for the
    name of a record.
    """

    name: Text
    id: Text
    find: Operation
    items: Text
    found: Text
    record_id: str = "id"
    escape: Mapping[Text, str] = Field(default_factory=dict)
    create: Writing


class Declaration(Part):
    """A whole declared destination."""

    title: Text
    docs_url: Text
    api_version: str = ""
    api_root: str | None = Field(None, description="Where the API is; without it, base_url of the connection says so.")
    settings: Mapping[str, Setting] = Field(default_factory=dict)
    auth: Auth
    headers: Mapping[str, str] = Field(default_factory=dict, description="Sent with every request.")
    limits: Limits = Limits()
    clear: Any = Field(None, description="What a field is set to when nobody tells it any more.")
    errors: tuple[Rule, ...] = ()
    personal_paths: Mapping[str, str] = Field(
        default_factory=dict,
        description="Beginnings of paths that hold an e-mail, with the reason (L11); ? at the end: only their query.",
    )
    person: Person
    order: Order | None = None
    company: Company | None = None
    activity: Activity | None = None
    proof: Proof = Field(Proof(), description="Tests that hold it against something outside of it, for its tier.")

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Names of settings that no template could hold."""
        for name in self.settings:
            if _SETTING.fullmatch(name) is None:
                yield f"settings.{name}", "a name has small letters, digits and underscores"

    @property
    def public_settings(self) -> Collection[str]:
        """The settings that templates of requests may name: secrets stand in ``auth`` alone."""
        return [name for name, setting in self.settings.items() if not setting.secret]

    @property
    def literal_secrets(self) -> list[str]:
        """Where the declaration itself holds a secret, in words: it is passed on, and kept with other files."""
        auth = self.auth
        told = {
            "auth.bearer": [auth.bearer] if auth.bearer else [],
            "auth.basic.password": [auth.basic.password] if auth.basic and auth.basic.password else [],
            "auth.header": list(auth.header.values()) if auth.header else [],
        }
        found = [path for path, texts in told.items() if texts and not any(names_in(texts))]
        found += [f"settings.{name}.default" for name, one in self.settings.items() if one.secret and one.default]
        advice = "the declaration itself holds the secret; make it a setting with `secret: true`, and no default"
        return [f"{path}: {advice}" for path in found]
