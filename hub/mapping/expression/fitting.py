"""What fits what: constants a field may have, arguments a function takes, what several shapes have in common."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from hub.errors import did_you_mean
from hub.mapping.expression.schema import ANY, COUNTRIES, Kind, Shape, Value
from hub.mapping.expression.times import comparable

_MOST_LISTED = 8
"""Choices that are all told in a fault."""


def wrong_value(found: Shape, value: Value) -> str | None:
    """What is wrong with a constant that a value of this kind is compared with; None when nothing is."""
    if value is None:
        return None
    text = isinstance(value, str)
    match found.kind:
        case "number" if isinstance(value, bool | str | list | dict):
            return "is a number; one stands in backticks, as in `5`"
        case "truth" if not isinstance(value, bool):
            return "is `true` or `false`, in backticks"
        case "text" | "id" | "moment" | "day" if not text:
            called = {"moment": "is a time", "day": "is a day"}.get(found.kind, "is a text")
            return f"{called}, in single quotes"
        case "moment" | "day" if comparable(value) is None:
            return "is a time: '2026-01-31', '2026-01-31T18:00:00Z', or ago('90 days')"
        case "id" if not _is_uuid(value):
            return "is an id"
    if found.choices and text and value not in found.choices:
        if found.choices is COUNTRIES:
            return "is an ISO 3166 country of two capital letters, such as DE"
        told = sorted(found.choices)
        listed = f"is one of {', '.join(told)}" if 0 < len(told) <= _MOST_LISTED else "is never that"
        return f"{listed}{did_you_mean(value, told)}"
    return None


SAID: Mapping[str, str] = {
    "text": "a text", "number": "a number", "truth": "true or false", "moment": "a time", "day": "a day", "id": "an id",
    "object": "an object", "list": "a list", "null": "nothing", "any": "anything",
}  # fmt: skip
WANTED = {
    "text": "a text", "number": "a number", "list": "a list", "object": "an object",
    "many": "a text, list or object", "truth": "true or false", "value": "a value", "each": "an expression",
}  # fmt: skip
UNFIT: Mapping[str, tuple[Kind, ...]] = {
    "text": ("list", "object"),
    "number": ("list", "object", "truth", "moment", "day", "id"),
    "list": ("text", "number", "truth", "moment", "day", "id", "object"),
    "object": ("text", "number", "truth", "moment", "day", "id", "list"),
    "many": ("number", "truth"),
    "truth": (),
    "value": (),
    "each": (),
}


def constant(value: Value) -> Shape:
    match value:
        case None:
            kind: Kind = "null"
        case bool():
            kind = "truth"
        case str():
            kind = "text"
        case list():
            return Shape("list", item=either([_loose(constant(item)) for item in value]), constant=value,
                         is_constant=True)  # fmt: skip
        case dict():
            inner = {name: _loose(constant(item)) for name, item in value.items()}
            return Shape("object", fields=inner, constant=value, is_constant=True)
        case _:
            kind = "number"
    return Shape(kind, constant=value, is_constant=True)


def _loose(shape: Shape) -> Shape:
    """Of a part of a constant only its kind: it is no constant where it is taken out."""
    return Shape(shape.kind, fields=shape.fields, item=shape.item)


def list_of(item: Shape) -> Shape:
    return Shape("list", item=item)


def either(shapes: list[Shape]) -> Shape:
    """What one of several gives: their kind where they have one in common."""
    known = [shape for shape in shapes if shape.kind != "null"]
    if known and all(shape is known[0] for shape in known):
        return known[0]
    kinds = {shape.kind for shape in known}
    if len(kinds) != 1 or kinds & {"list", "object"}:
        return ANY
    return Shape(kinds.pop())


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
