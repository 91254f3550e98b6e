"""The language that conditions had before decision 0019, and the way they are written now.

``orders.count > 0 and country in ["DE"]`` was read with Python's ``ast``. Nothing here is evaluated: an operator whose
condition is refused is shown what to write.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hub.mapping.expression.schema import PROFILE, Shape

_LONGEST = 1000
_AGO = re.compile(r"(\d{1,5} (?:hour|day|week)s?) ago")
_NAMES = {"true": True, "false": False, "null": None}
_COMPARED = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_TIMES = ("moment", "day")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """``shown`` is ``text`` without the texts that may name a person."""

    text: str
    shown: str


class _NotThatError(Exception):
    """It is no condition in that language."""


def in_this_language(text: str) -> Rewritten | None:
    """A condition of the former language in this one; None for what was none there either."""
    if len(text) > _LONGEST:
        return None
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return Rewritten(_expression(tree, hidden=False), _expression(tree, hidden=True))
    except (_NotThatError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _expression(node: ast.expr, *, hidden: bool) -> str:
    match node:
        case ast.BoolOp(op=op, values=parts):
            joined = " && " if isinstance(op, ast.And) else " || "
            return joined.join(_within(part, op, hidden=hidden) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            if (field := _field(operand)) and field.kind == "number":
                return f"{field.path} == `0`"
            inner = _expression(operand, hidden=hidden)
            return f"!{inner}" if isinstance(operand, ast.Name) else f"!({inner})"
        case ast.Compare(left=left, ops=ops, comparators=rights):
            pairs = zip(pairwise([left, *rights]), ops, strict=True)
            return " && ".join(_comparison(one, op, other, hidden=hidden) for (one, other), op in pairs)
        case ast.Name() | ast.Attribute():
            field = _field(node)
            return f"{_path(node)} != `0`" if field and field.kind == "number" else _path(node)
    raise _NotThatError


def _within(node: ast.expr, around: ast.boolop, *, hidden: bool) -> str:
    written = _expression(node, hidden=hidden)
    loose = isinstance(around, ast.And) and isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
    return f"({written})" if loose else written


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr, *, hidden: bool) -> str:
    of_left, of_right = _field(left), _field(right)
    if isinstance(op, ast.In | ast.NotIn):
        written = _membership(left, right, hidden=hidden)
        return f"!{written}" if isinstance(op, ast.NotIn) else written
    if type(op) not in _COMPARED:
        raise _NotThatError
    sides = _side(left, of_right, hidden=hidden), _side(right, of_left, hidden=hidden)
    return f"{sides[0]} {_COMPARED[type(op)]} {sides[1]}"


def _membership(item: ast.expr, many: ast.expr, *, hidden: bool) -> str:
    if isinstance(many, ast.List | ast.Tuple):
        options = ", ".join(_side(part, _field(item), hidden=hidden) for part in many.elts)
        return f"one_of({_side(item, None, hidden=hidden)}, {options})"
    beside = _field(many)
    of_item = beside.item if beside and beside.item else beside
    return f"contains({_side(many, None, hidden=hidden)}, {_side(item, of_item, hidden=hidden)})"


def _side(node: ast.expr, beside: Shape | None, *, hidden: bool) -> str:
    if isinstance(node, ast.Name | ast.Attribute) and not (isinstance(node, ast.Name) and node.id in _NAMES):
        return _path(node)
    value = _constant(node)
    if not isinstance(value, str):
        if hidden and isinstance(value, list):
            return "`[…]`"
        return f"`{json.dumps(value, ensure_ascii=False)}`".replace("\\`", "`")
    if (found := _AGO.fullmatch(value)) and beside is not None and beside.kind in _TIMES:
        return f"ago('{found[1]}')"
    harmless = beside is not None and (beside.choices or beside.kind in _TIMES or beside.path == "connections")
    return "'…'" if hidden and not harmless else "'" + value.replace("'", "\\'") + "'"


def _constant(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | bool() | int() | float() | None as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_constant(part) for part in parts]
    raise _NotThatError


def _path(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            return f"{_path(inner)}.{name}"
    raise _NotThatError


def _field(node: ast.expr) -> Shape | None:
    """The field a name leads to, if there is one."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    try:
        steps = _path(node).split(".")
    except _NotThatError:
        return None
    found: Shape | None = PROFILE.shape
    for step in steps:
        found = found.fields.get(step) if found else None
    return found
