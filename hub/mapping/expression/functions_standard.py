"""The functions of JMESPath (https://jmespath.org/specification.html#built-in-functions), on exact numbers.

They differ in what Hub does alike everywhere: null in, null out, and lists are worked on without their nulls.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from hub.mapping.expression.functions import LONGEST_TEXT, UnfitError, called, function, number_of, text_of
from hub.mapping.expression.schema import Value

Each = Callable[[Value], Value]


@function("number", "number", "number", "abs(`-2`)", 2)
def abs_(number: Decimal) -> Value:
    """Without its sign."""
    return abs(number)


@function("number", "number", "number", "ceil(`1.2`)", 2)
def ceil(number: Decimal) -> Value:
    """The next whole number."""
    return math.ceil(number)


@function("number", "number", "number", "floor(`1.8`)", 1)
def floor(number: Decimal) -> Value:
    """The whole number before."""
    return math.floor(number)


@function("list", "list", "number", "avg(`[1, 2]`)", Decimal("1.5"))
def avg(items: list[Value]) -> Value:
    """The mean of a list of numbers."""
    return sum(_numbers(items, "avg"), Decimal(0)) / len(items) if items else None


@function("list", "list", "number", "sum(`[1, 2]`)", 3)
def sum_(items: list[Value]) -> Value:
    """The sum of a list of numbers."""
    return sum(_numbers(items, "sum"), Decimal(0))


@function("list", "list", "any", "max(`[1, 2]`)", 2)
def max_(items: list[Value]) -> Value:
    """The largest number, or last text, of a list."""
    return max(_sortable(items, "max"), default=None)


@function("list", "list", "any", "min(`[1, 2]`)", 1)
def min_(items: list[Value]) -> Value:
    """The smallest number, or first text, of a list."""
    return min(_sortable(items, "min"), default=None)


@function("list", "list", "list", "sort(`[2, 1]`)", [1, 2])
def sort(items: list[Value]) -> Value:
    """Numbers or texts in order."""
    return sorted(_sortable(items, "sort"))


@function("list", "list each", "any", 'max_by(`[{"n": 1}, {"n": 2}]`, &n)', {"n": 2})
def max_by(items: list[Value], each: Each) -> Value:
    """The item whose value is largest."""
    return max(_by(items, each, "max_by"), key=_first, default=(None, None))[1]


@function("list", "list each", "any", 'min_by(`[{"n": 1}, {"n": 2}]`, &n)', {"n": 1})
def min_by(items: list[Value], each: Each) -> Value:
    """The item whose value is smallest."""
    return min(_by(items, each, "min_by"), key=_first, default=(None, None))[1]


@function("list", "list each", "list", 'sort_by(`[{"n": 2}, {"n": 1}]`, &n)[0].n', 1)
def sort_by(items: list[Value], each: Each) -> Value:
    """The items in the order of a value of each; those without it are left out."""
    return [item for _, item in sorted(_by(items, each, "sort_by"), key=_first)]


@function("list", "each list", "list", 'map(&n, `[{"n": 1}]`)', [1])
def map_(each: Each, items: list[Value]) -> Value:
    """A value of each item."""
    return [each(item) for item in items]


@function("list", "many value", "truth", "contains(`[\"a\"]`, 'a')", result=True)
def contains(many: Value, item: Value) -> Value:
    """Whether a list holds an item, or a text a piece of text."""
    if isinstance(many, str):
        return isinstance(item, str) and item in many
    if isinstance(many, dict):
        raise UnfitError("contains takes a list or text, and was given an object")
    return any(same(item, each) for each in many)


@function("text", "text text", "truth", "ends_with('Berg KG', 'KG')", result=True)
def ends_with(text: str, end: str) -> Value:
    """Whether a text ends with another."""
    return text.endswith(end)


@function("text", "text text", "truth", "starts_with('DE123', 'DE')", result=True)
def starts_with(text: str, start: str) -> Value:
    """Whether a text begins with another."""
    return text.startswith(start)


@function("text", "text list", "text", "join(' ', ['Anna', 'Berg'])", "Anna Berg")
def join(between: str, items: list[Value]) -> Value:
    """The texts of a list as one, with a text between each two."""
    texts = [text_of(item) for item in items]
    if sum(map(len, texts)) + len(between) * len(texts) > 2 * LONGEST_TEXT:
        raise UnfitError(f"join gives more than {LONGEST_TEXT} characters")
    return between.join(texts)


@function("list", "object", "list", 'keys(`{"a": 1}`)', ["a"])
def keys(of: dict[str, Value]) -> Value:
    """The names in an object."""
    return list(of)


@function("list", "object", "list", 'values(`{"a": 1}`)', [1])
def values(of: dict[str, Value]) -> Value:
    """The values in an object."""
    return list(of.values())


@function("list", "many", "number", "length('abc')", 3)
def length(many: Value) -> Value:
    """Characters of a text, items of a list, names of an object."""
    return len(many)


@function("list", "object*", "object", 'merge(`{"a": 1}`, `{"b": 2}`)', {"a": 1, "b": 2})
def merge(*objects: dict[str, Value]) -> Value:
    """Several objects as one; of two values of one name the later."""
    merged: dict[str, Value] = {}
    for each in objects:
        merged |= each
    return merged


@function("choice", "value*", "any", "not_null(`null`, 'a')", "a", nulls=True)
def not_null(*options: Value) -> Value:
    """The first that is not null (an empty text counts; `default` skips it)."""
    return next((option for option in options if option is not None), None)


@function("list", "many", "any", "reverse('abc')", "cba")
def reverse(many: Value) -> Value:
    """A text or list from its end."""
    if isinstance(many, dict):
        raise UnfitError("reverse takes a list or text, and was given an object")
    return many[::-1]


@function("list", "value", "list", "to_array('a')", ["a"], nulls=True)
def to_array(value: Value) -> Value:
    """A list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]


@function("number", "value", "number", "to_number('12.5')", Decimal("12.5"), nulls=True)
def to_number(value: Value) -> Value:
    """A number, or a text that is one; null for anything else."""
    return number_of(value)


@function("text", "value", "text", "to_string(`12.50`)", "12.5")
def to_string(value: Value) -> Value:
    """A text as it is, anything else as JSON."""
    return text_of(value)


@function("choice", "value", "text", "type('a')", "string", nulls=True)
def type_(value: Value) -> Value:
    """`string`, `number`, `boolean`, `array`, `object` or `null`."""
    words = {"nothing": "null", "true or false": "boolean", "a number": "number", "a text": "string", "a list": "array"}
    return words.get(called(value), "object")


def same(left: Value, right: Value) -> bool:
    """Whether two values are equal; 1 is not true."""
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _first(pair: tuple[Value, Value]) -> Value:
    return pair[0]


def _numbers(items: list[Value], name: str) -> list[Value]:
    for item in items:
        if isinstance(item, bool) or not isinstance(item, int | Decimal):
            raise UnfitError(f"{name} takes a list of numbers, and one is {called(item)}")
    return items


def _sortable(items: list[Value], name: str) -> list[Value]:
    """Items that can be put in order: all numbers, or all texts."""
    kinds = {called(item) for item in items}
    if not kinds <= {"a number"} and not kinds <= {"a text"}:
        raise UnfitError(f"{name} takes a list of numbers or a list of texts")
    return items


def _by(items: list[Value], each: Each, name: str) -> list[tuple[Value, Value]]:
    found = [(value, item) for item in items if (value := each(item)) is not None]
    _sortable([value for value, _ in found], name)
    return found
