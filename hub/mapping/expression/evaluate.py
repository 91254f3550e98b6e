"""Walks a tree that was analysed over plain data. PyPI ``jmespath`` does it, but for what it gets wrong or lacks.

It compares a text with a number by raising TypeError (jmespath.py issue 169) where the specification says null, knows
no exact numbers, and looks functions up by name at each call.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from jmespath.visitor import TreeInterpreter

from hub.mapping.expression.errors import ExpressionError
from hub.mapping.expression.functions import MOST_ITEMS, UnfitError, call
from hub.mapping.expression.functions_standard import same
from hub.mapping.expression.schema import Value
from hub.mapping.expression.syntax import Node
from hub.mapping.expression.times import before

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_DEEPEST = 40


class RunError(Exception):
    """A value that a function could not work on, and the column of the function."""

    def __init__(self, reason: str, column: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column


class Interpreter(TreeInterpreter):  # type: ignore[misc,unused-ignore]
    """One may serve all threads: it keeps nothing but ``now``, for those that ask how long ago something was."""

    def __init__(self, now: datetime | None = None) -> None:
        super().__init__()
        self.now = now

    def visit_comparator(self, node: Node, value: Value) -> Value:
        left, right = (self.visit(child, value) for child in node["children"])
        match node["value"]:
            case "eq":
                return same(left, right)
            case "ne":
                return not same(left, right)
        if isinstance(left, str):
            return _ORDER[node["value"]](left, right) if isinstance(right, str) else None
        if isinstance(left, bool) or isinstance(right, bool):
            return None
        if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
            return _ORDER[node["value"]](left, right)
        return None

    def visit_function_expression(self, node: Node, value: Value) -> Value:
        try:
            return call(node["function"], [self.visit(child, value) for child in node["children"]])
        except UnfitError as unfit:
            raise RunError(str(unfit), node["column"]) from None

    def visit_expref(self, node: Node, _: Value) -> Callable[[Value], Value]:
        inner = node["children"][0]
        return lambda item: self.visit(inner, item)

    def visit_cut(self, node: Node, value: Value) -> Value:
        found = self.visit(node["children"][0], value)
        return found[: node["length"]] if isinstance(found, str) else found

    def visit_ago(self, node: Node, _: Value) -> Value:
        return before(self.now, node["ago"]) if self.now else None


_TIMELESS = Interpreter()


def evaluate(tree: Node, data: Value, text: str, now: datetime | None = None) -> Value:
    """What a tree gives of plain data. Raises ExpressionError, never with a value."""
    interpreter = _TIMELESS if now is None else Interpreter(now)
    try:
        found = interpreter.visit(tree, data)
        return found if found is None or type(found) in _SINGLE else _bounded(found, [0], 0)
    except RunError as fault:
        raise ExpressionError(fault.reason, text, fault.column) from None
    except (RecursionError, MemoryError):
        raise ExpressionError("the data is nested too deeply, or too much", text) from None


_SINGLE = frozenset({str, int, bool, Decimal})


def _bounded(value: Value, counted: list[int], depth: int) -> Value:
    """Lists and objects as plain ones. Raises RunError for more than anybody can use."""
    counted[0] += 1
    if counted[0] > MOST_ITEMS or depth > _DEEPEST:
        raise RunError(f"gives more than {MOST_ITEMS} items, or nested deeper than {_DEEPEST}", 1)
    if isinstance(value, list):
        return [_bounded(item, counted, depth + 1) for item in value]
    if isinstance(value, dict):
        return {name: _bounded(item, counted, depth + 1) for name, item in value.items()}
    return value
