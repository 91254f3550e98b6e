"""The condition language of ``routes[].when``: comparisons over a profile, read with ``ast``, never evaluated as code.

    orders.count > 0 and consent.email == "opted_in"
    country in ["DE", "AT"] or "vip" in tags
    not (company) and emails

Names are paths of the profile (``hub/model/profile.py``) and these derived ones: ``country`` (of the first address),
``consent.email``, ``consent.sms`` and the other channels (state of the marketing consent, ``unknown`` without one;
``consents.email`` says the same),
``connections`` (names of the connections with a record of this person). Constants are texts, numbers, ``true``,
``false``, ``null`` (Python's spelling is taken too) and lists of them. A comparison with an absent value is false,
except ``==`` and ``!=``. Dates and times compare with ISO 8601 text (``"2026-01-31"``).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel

from hub.errors import did_you_mean
from hub.model.consent import ConsentChannel
from hub.model.profile import Profile

Value = Any
Reader = Callable[[Profile], Value]

_LONGEST = 1000
_CHANNELS: tuple[str, ...] = get_args(ConsentChannel)
_CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "null": None}
_ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def compile_condition(text: str) -> Callable[[Profile], bool]:
    """A function that tells whether a profile meets the condition; it never raises.

    Raises ValueError with a text for the operator when the condition cannot be read, names the nearest profile field
    for a wrong name, and refuses everything but comparisons, ``and``, ``or``, ``not``, names, constants and lists.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        reader = _expression(tree.body)
    except SyntaxError as error:
        raise ValueError(f"cannot be read near character {error.offset or 1}") from None
    except (RecursionError, MemoryError):
        raise ValueError("is nested too deeply") from None
    return lambda profile: bool(reader(profile))


def _expression(node: ast.expr) -> Reader:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            readers = [_expression(part) for part in parts]
            return lambda profile: all(read(profile) for read in readers)
        case ast.BoolOp(values=parts):
            readers = [_expression(part) for part in parts]
            return lambda profile: any(read(profile) for read in readers)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _expression(operand)
            return lambda profile: not inner(profile)
        case ast.Compare(left=left, ops=ops, comparators=rights):
            return _comparison([left, *rights], ops)
        case _:
            return _operand(node)


def _comparison(nodes: list[ast.expr], operators: list[ast.cmpop]) -> Reader:
    operands = [_operand(node) for node in nodes]
    pairs = [
        (left, _compare(kind), right) for left, kind, right in zip(operands, operators, operands[1:], strict=False)
    ]
    return lambda profile: all(compare(left(profile), right(profile)) for left, compare, right in pairs)


def _operand(node: ast.expr) -> Reader:
    match node:
        case ast.Constant(value=str() | bool() | int() | float() | None as constant):
            value = Decimal(repr(constant)) if isinstance(constant, float) else constant
            return lambda _: value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if not isinstance(
            number, bool
        ):
            negative = -Decimal(repr(number))
            return lambda _: negative
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            readers = [_operand(part) for part in parts]
            return lambda profile: [read(profile) for read in readers]
        case ast.Name(id=name) if name in _CONSTANTS:
            named = _CONSTANTS[name]
            return lambda _: named
        case ast.Name() | ast.Attribute():
            return _field(_path(node))
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            raise ValueError("a comparison cannot stand within another; join them with `and` or `or`")
        case _:
            raise ValueError(
                f"{_piece(node)} is not allowed; use comparisons, `in`, `and`, `or`, `not`, texts, numbers and lists"
            )


def _piece(node: ast.expr) -> str:
    return f"the {type(node).__name__.lower()} at character {node.col_offset + 1}"


def _path(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            return f"{_path(inner)}.{name}"
    raise ValueError(f"{_piece(node)} is not allowed before a dot; only names are")


def _compare(kind: ast.cmpop) -> Callable[[Value, Value], bool]:
    match kind:
        case ast.Eq():
            return lambda left, right: _same(left, right)
        case ast.NotEq():
            return lambda left, right: not _same(left, right)
        case ast.In():
            return _within
        case ast.NotIn():
            return lambda left, right: not _within(left, right)
        case ast.Is() | ast.IsNot():
            raise ValueError("`is` is not allowed; use == or !=")
    order = _ORDER[type(kind)]
    return lambda left, right: _ordered(order, left, right)


def _same(left: Value, right: Value) -> bool:
    left, right = _alike(left, right)
    return bool(left == right)


def _within(item: Value, container: Value) -> bool:
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    return isinstance(container, list) and any(_same(item, part) for part in container)


def _ordered(order: Callable[[Any, Any], bool], left: Value, right: Value) -> bool:
    left, right = _alike(left, right)
    try:
        return bool(order(left, right))
    except TypeError:
        return False


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Times become ISO 8601 text of the length of the text they meet: both orders are the same then."""
    if isinstance(left, date) and isinstance(right, str):
        return left.isoformat()[: len(right)], right
    if isinstance(right, date) and isinstance(left, str):
        return left, right.isoformat()[: len(left)]
    return left, right


def _field(path: str) -> Reader:
    if path == "country":
        return lambda profile: profile.addresses[0].country if profile.addresses else None
    if path == "connections":
        return lambda profile: [record.connection for record in profile.records]
    if path in _CONSENTS:
        channel = path.rpartition(".")[2]
        return lambda profile: _consent(profile, channel)
    if path not in _FIELDS:
        raise ValueError(f"a profile has no {path!r}{did_you_mean(path, (*_FIELDS, *_CONSENTS, *_DERIVED))}")
    names = path.split(".")

    def read(profile: Profile) -> Value:
        value: Any = profile
        for name in names:
            value = getattr(value, name, None)
        return _plain(value)

    return read


def _plain(value: Value) -> Value:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, UUID) else value


def _consent(profile: Profile, channel: str) -> str:
    states: dict[str, str] = {
        consent.channel: consent.state for consent in profile.consents if consent.purpose == "marketing"
    }
    general = states.get("any", "unknown")
    # Who wants nothing from anywhere wants nothing here either, whatever was told of this channel before (law L7).
    return general if general == "opted_out" else states.get(channel, general)


def _paths(model: type[BaseModel], prefix: str = "") -> dict[str, None]:
    """All comparable paths: plain values, lists of texts and the fields of single sub-models."""
    found: dict[str, None] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= _paths(kind, f"{prefix}{name}.")
        elif not _holds_models(kind):
            found[f"{prefix}{name}"] = None
    return found


def _holds_models(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(_holds_models(part) for part in get_args(annotation))


_FIELDS = _paths(Profile)
_CONSENTS = tuple(f"{word}.{channel}" for word in ("consent", "consents") for channel in _CHANNELS)
_DERIVED = ("country", "connections")
