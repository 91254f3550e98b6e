"""A compiled expression: read once at the start, asked for every record."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from hub.mapping.expression import functions_hub, functions_standard  # noqa: F401 - they declare the functions
from hub.mapping.expression.analysis import Analysis, Tables
from hub.mapping.expression.evaluate import evaluate
from hub.mapping.expression.schema import Kind, Schema, Value, plain
from hub.mapping.expression.syntax import Node, parse, plain_path


@dataclass(frozen=True, slots=True)
class Expression:
    """What was written, and how it is worked out. Pure; one may serve all threads.

    ``fields`` are the fields it uses, as dotted names of the record it was compiled for, lists without brackets
    (``addresses.city``); ``roots`` what it needs of a view of that record (``Schema.viewer``); ``gives`` is the kind
    of its value where it is known before there is data, else ``any``.
    """

    text: str
    fields: frozenset[str]
    roots: frozenset[str]
    gives: Kind
    view: Callable[[BaseModel], dict[str, Value]]
    """A record of its model as plain data, as far as it needs that."""
    read: Callable[[Value], Value]
    """The value from plain data (``Schema.viewer`` or ``schema.plain``). Raises ExpressionError."""

    def of(self, record: BaseModel) -> Value:
        """The value for a record of the model it was compiled for. Raises ExpressionError."""
        return self.read(self.view(record))


def compile_expression(
    text: str, schema: Schema | None = None, tables: Tables | None = None, *, judged: bool = False
) -> Expression:
    """Read an expression, for records of a schema where there is one, else for any plain data.

    ``tables`` are what ``lookup`` may name; of a ``judged`` one only true or false is wanted.
    Raises ExpressionError with what is wrong, where, and the nearest field or function.
    """
    text = text.strip()
    tree = parse(text)
    analysis = Analysis(text, schema, tables or {}, judges=judged)
    found = analysis.of(tree)
    steps = plain_path(text)
    read = _path_reader(steps) if steps else _tree_reader(tree, text)
    roots = frozenset(analysis.roots)
    view = schema.viewer(roots) if schema else plain
    return Expression(text, frozenset(analysis.fields), roots, found.kind, view, read)


def roots_of(expressions: Collection[Expression]) -> frozenset[str]:
    """What a view has to hold for all of these."""
    return frozenset().union(*(expression.roots for expression in expressions))


def _tree_reader(tree: Node, text: str) -> Callable[[Value], Value]:
    return lambda data: evaluate(tree, data, text)


def _path_reader(steps: tuple[str | int, ...]) -> Callable[[Value], Value]:
    """Plain dotted paths need no interpreter: they are most of what people write."""
    if len(steps) == 1 and isinstance(steps[0], str):
        name = steps[0]
        return lambda data: _settled(data.get(name)) if isinstance(data, dict) else None

    def read(data: Any) -> Value:
        for step in steps:
            if isinstance(step, str):
                try:
                    data = data.get(step)
                except AttributeError:
                    return None
            elif isinstance(data, list) and step < len(data):
                data = data[step]
            else:
                return None
        return _settled(data)

    return read


def _settled(found: Value) -> Value:
    return list(found) if isinstance(found, list) else found
