"""What is wrong with a declaration that is well-formed: expressions, templates and names, each with its YAML path."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from hub.errors import did_you_mean
from hub.mapping.expression import PROFILE, ExpressionError, Schema, compile_expression
from hub.sdk.declared.access import Auth, Part
from hub.sdk.declared.activities import ENTRY
from hub.sdk.declared.fields import ORDERS
from hub.sdk.declared.model import Declaration, Encoded, Operation, Rows, Search, Writing
from hub.sdk.declared.template import names_in
from hub.yaml_file import join

_ALWAYS = ("fields", "key", "id")
_EXPRESSIONS = frozenset(
    {"when", "words", "holders", "refused", "id", "items", "results", "failed", "owner", "emails", "formerly", "live",
     "found", "record_id", "next", "rows", "value", "values"}
)  # fmt: skip
"""Keys of a declaration whose value is an expression over an answer."""


def faults_of(declaration: Declaration) -> list[str]:
    """Every fault as ``path: what``, with the nearest right name."""
    return [
        *_wrong(declaration, ""),
        *_fields("person.fields", declaration.person.fields, PROFILE),
        *(_fields("order.fields", declaration.order.fields, ORDERS) if declaration.order else ()),
        *_answers(declaration, ""),
        *_templates(declaration),
        *_secrets(declaration.auth, declaration.settings),
        *_names(declaration),
        *(
            fault
            for index, one in enumerate(declaration.person.find)
            for fault in _escapes(f"person.find[{index}]", one.escape)
        ),
        *(
            _escapes("order.find", declaration.order.find.escape)
            if declaration.order and declaration.order.find
            else ()
        ),
        *(_escapes("company", declaration.company.escape) if declaration.company else ()),
        *_personal_paths(declaration),
    ]


def _wrong(part: Any, path: str) -> Iterator[str]:
    """What does not fit together, wherever it stands."""
    if isinstance(part, Part):
        for name, what in part.wrong():
            yield f"{join(path, name) if name else path}: {what}"
        for name, info in type(part).model_fields.items():
            yield from _wrong(getattr(part, name), join(path, info.alias or name))
    elif isinstance(part, Mapping):
        for name, one in part.items():
            yield from _wrong(one, join(path, str(name)))
    elif isinstance(part, tuple):
        for index, one in enumerate(part):
            yield from _wrong(one, join(path, index))


def _personal_paths(declaration: Declaration) -> Iterator[str]:
    for path in declaration.personal_paths:
        if not re.search("[A-Za-z0-9]", re.sub(r"\{\w+\}", "", path)):
            yield f"personal_paths.{path}: exempts every path; name the one that holds an e-mail"
        yield from _named(f"personal_paths.{path}", path, declaration.public_settings)


def _fields(path: str, fields: Mapping[str, str], schema: Schema) -> Iterator[str]:
    for name, text in fields.items():
        yield from _expression(f"{path}.{name}", text, schema)


def _expression(path: str, text: str, schema: Schema | None = None) -> Iterator[str]:
    try:
        compile_expression(text, schema)
    except ExpressionError as error:
        yield f"{path}: {error}"


def _answers(part: Any, path: str) -> Iterator[str]:
    """The expressions over answers, wherever they stand."""
    if isinstance(part, BaseModel):
        for name, info in type(part).model_fields.items():
            value, own = getattr(part, name), f"{path}.{info.alias or name}".lstrip(".")
            company_id = path == "company" and name == "id"
            if name in _EXPRESSIONS and isinstance(value, str) and not company_id:
                yield from _expression(own, value)
            elif name in ("fields", "lists") and isinstance(value, Mapping):
                for key, one in value.items():
                    yield from _answers(one, f"{own}.{key}")
            elif name not in (
                "body",
                "item",
                "row",
                "add",
                "change",
                "remove",
                "query",
                "defaults",
                "opt_out",
                "settings",
                "auth",
            ):
                yield from _answers(value, own)
    elif isinstance(part, tuple):
        for index, one in enumerate(part):
            yield from _answers(one, f"{path}[{index}]")


def _templates(declaration: Declaration) -> Iterator[str]:
    public = declaration.public_settings
    person, order, company = declaration.person, declaration.order, declaration.company
    for index, search in enumerate(person.find):
        yield from _operation(f"person.find[{index}]", search, (*public, "value", "values"))
    yield from _operation("person.read", person.read, (*public, "id", "ids"))
    if order and order.read:
        yield from _operation("order.read", order.read, (*public, "id", "ids"))
    for path, part in (("person.names", person.names), ("order.names", order.names if order else None)):
        if part:
            yield from _operation(path, part, public)
    for name in ("update", "create", "upsert"):
        if written := getattr(person, name):
            yield from _writing(f"person.{name}", written, public)
        if order and (written := getattr(order, name)):
            yield from _writing(f"order.{name}", written, public)
    for index, one in enumerate(person.merge):
        yield from _operation(f"person.merge[{index}]", one, (*public, "id", "other"))
    for name, rows in person.lists.items():
        yield from _rows(f"person.lists.{name}", rows, public)
    for index, then in enumerate(person.then):
        yield from _operation(f"person.then[{index}]", then, (*public, *_ALWAYS))
    yield from _named("person.opt_out", person.opt_out, public)
    for index, one in enumerate(person.erase):
        yield from _operation(f"person.erase[{index}]", one, (*public, "id"))
    for name in ("link", "unlink"):
        if order and (linking := getattr(order, name)):
            yield from _operation(f"order.{name}", linking, (*public, "id", "person"))
    if order and order.find:
        yield from _operation("order.find", order.find, (*public, "value", "values"))
    if activity := declaration.activity:
        yield from _operation("activity.create", activity.create, (*public, *ENTRY, "key", "person"))
        yield from _operation("activity.find", activity.find, (*public, "person"))
        if not {"text", "html", "key"} & activity.create.asks_for:
            yield "activity.create: names none of $text, $html, $key, so that an entry would not be known again"
        yield from _operation("activity.erase", activity.erase, (*public, "id")) if activity.erase else ()
    if company:
        yield from _operation("company.find", company.find, (*public, "value"))
        yield from _operation("company.create", company.create, (*public, "value"))


def _writing(path: str, written: Writing, public: Collection[str]) -> Iterator[str]:
    if written.size > 1:
        yield from _operation(path, written, (*public, "items"))
        yield from _named(f"{path}.item", written.item, (*public, *_ALWAYS))
    else:
        yield from _operation(path, written, (*public, *_ALWAYS))


def _rows(path: str, rows: Rows, public: Collection[str]) -> Iterator[str]:
    for field, one in rows.fields.items():
        yield from _named(f"{path}.fields.{field}.row", one.row, (*public, "value"))
    for name, known in (("add", ("row",)), ("change", ("id", "row")), ("remove", ("id",))):
        yield from _named(f"{path}.{name}", getattr(rows, name), known)


def _operation(path: str, operation: Operation, known: Collection[str]) -> Iterator[str]:
    yield from _named(f"{path}.request", operation.path, known)
    for part in ("query", "headers"):
        for name, template in getattr(operation, part).items():
            inner = template.template if isinstance(template, Encoded) else template
            yield from _named(f"{path}.{part}.{name}", inner, known)
    yield from _named(f"{path}.body", operation.body, known)
    if isinstance(operation, Search) and not {"value", "values"} & operation.asks_for:
        yield f"{path}: names neither $value nor $values, so that it would find anybody"


def _escapes(path: str, escape: Mapping[str, str]) -> Iterator[str]:
    for character in escape:
        if len(character) != 1:
            yield f"{path}.escape: {character!r} is not one character"


def _named(path: str, template: Any, known: Collection[str]) -> Iterator[str]:
    for name in dict.fromkeys(names_in(template)):
        if name not in known:
            yield f"{path}: there is no value {name!r} here{did_you_mean(name, known)}"


def _secrets(auth: Auth, settings: Collection[str]) -> Iterator[str]:
    for path, template in (
        *((f"auth.header.{name}", text) for name, text in (auth.header or {}).items()),
        ("auth.bearer", auth.bearer),
        *(() if auth.basic is None else (("auth.basic.user", auth.basic.user),)),
        *(() if auth.basic is None else (("auth.basic.password", auth.basic.password),)),
    ):
        for name in names_in(template):
            if name not in settings:
                yield f"{path}: there is no setting {name!r}{did_you_mean(name, settings)}"


def _names(declaration: Declaration) -> Iterator[str]:
    person, company = declaration.person, declaration.company
    if person.fields and person.email not in person.fields:
        yield f"person.email: {person.email!r} is none of person.fields{did_you_mean(person.email, person.fields)}"
    for name in person.unique:
        if person.fields and name not in (*person.fields, person.own):
            yield f"person.unique: {name!r} is none of person.fields{did_you_mean(name, person.fields)}"
    for path, names in (
        *((f"person.lists.{name}.fields", rows.fields) for name, rows in person.lists.items()),
        *((f"person.then[{index}].fields", then.fields) for index, then in enumerate(person.then)),
    ):
        for name in names:
            if name not in (*person.fields, *person.opt_out, person.own):
                yield f"{path}: {name!r} is none of person.fields{did_you_mean(name, person.fields)}"
    for name in person.opt_out:
        if name in person.fields:
            yield f"person.opt_out.{name}: stands in person.fields too"
    if company and company.name not in person.fields:
        yield f"company.name: {company.name!r} is none of person.fields{did_you_mean(company.name, person.fields)}"
