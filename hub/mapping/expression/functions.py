"""The functions of expressions: those of JMESPath and Hub's own, each with what it takes, gives, and an example.

All are pure: no clock, no I/O, no chance. **Nothing in, nothing out**: a function that is given null where it needs a
value gives null, and lists are worked on without their nulls. A number where a text is needed counts as its text, and
a text that is a number as that number, since custom fields are texts. Sizes are bounded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from hub.mapping.expression.schema import Kind, Value

Takes = Literal["text", "number", "truth", "list", "object", "many", "value", "each"]
"""``many`` is a text, list or object, ``each`` an expression with ``&`` before it, ``value`` anything."""

LONGEST_TEXT = 65_536
"""Characters a function may give."""

MOST_ITEMS = 10_000

_LARGEST = Decimal("1e40")
_LONGEST_NUMBER = 60


class UnfitError(Exception):
    """A value that a function cannot work on; the text says which and why, without the value."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function, as it is declared.

    ``takes``: what each argument is, the last one any number of times where it ``repeats``; of ``optional`` ones at
    the end any may be left out. ``fixed`` are positions where only a constant may stand; ``faults`` say of a constant
    at a position what is wrong with it. ``nulls``: it is given nulls, too. ``example`` gives ``result``.
    """

    name: str
    group: str
    run: Callable[..., Value]
    takes: tuple[Takes, ...]
    gives: Kind
    about: str
    example: str
    result: Value
    optional: int = 0
    repeats: bool = False
    nulls: bool = False
    fixed: frozenset[int] = frozenset()
    faults: Mapping[int, Callable[[str], str | None]] = field(default_factory=dict)

    def kind(self, position: int) -> Takes:
        """What the argument at a position is."""
        return self.takes[min(position, len(self.takes) - 1)]

    def arity_fault(self, given: int) -> str | None:
        """What is wrong with the number of arguments."""
        least = len(self.takes) - self.optional
        if given < least or (given > len(self.takes) and not self.repeats):
            many = "at least " if self.repeats else f"{least} to " if self.optional else ""
            number = least if self.repeats else len(self.takes)
            return f"{self.name} takes {many}{number} value{'' if number == 1 else 's'}, not {given}: {self.example}"
        return None


FUNCTIONS: dict[str, Function] = {}
"""All functions by name; filled by the modules that hold them."""


def function(
    group: str, takes: str, gives: Kind, example: str, result: Value, **more: Any
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Declare a function. ``takes`` names the arguments' kinds: ``text text`` · ``value*`` (any number) · ``text?``."""

    def declare(run: Callable[..., Value]) -> Callable[..., Value]:
        words = takes.split()
        kinds: Any = tuple(word.rstrip("?*") for word in words)
        name = run.__name__.rstrip("_")
        FUNCTIONS[name] = Function(
            name,
            group,
            run,
            kinds,
            gives,
            (run.__doc__ or "").strip(),
            example,
            result,
            optional=sum(word.endswith("?") for word in words),
            repeats=words[-1].endswith("*"),
            **more,
        )
        return run

    return declare


def call(what: Function, arguments: list[Value]) -> Value:
    """The function's value. Raises UnfitError."""
    if not what.nulls:
        for argument in arguments:
            if argument is None:
                return None
    takes, last = what.takes, len(what.takes) - 1
    try:
        fitted = [
            _FITTING[takes[position if position < last else last]](argument, what.name)
            for position, argument in enumerate(arguments)
        ]
        given = what.run(*fitted)
    except (ArithmeticError, OverflowError):
        return None  # a number that is none: divided by nought, or beyond all bounds
    if isinstance(given, str) and len(given) > LONGEST_TEXT:
        raise UnfitError(f"{what.name} gives more than {LONGEST_TEXT} characters")
    if isinstance(given, list) and len(given) > MOST_ITEMS:
        raise UnfitError(f"{what.name} gives more than {MOST_ITEMS} items")
    return given


def number_of(value: Value) -> Decimal | int | None:
    """A number, or a text that is one; None for any other text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return value if -_LARGEST < value < _LARGEST else None
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
        return None
    try:
        told = Decimal(value.strip())
    except InvalidOperation:
        return None
    return told if told.is_finite() and told.copy_abs() < _LARGEST else None


def text_of(value: Value) -> str:
    """A value as text: numbers without an exponent, lists and objects as JSON. Raises UnfitError for too long a one."""
    match value:
        case str():
            return str(value)
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f") if abs(int(value.adjusted())) < _LONGEST_NUMBER else str(value)
        case list() | dict():
            return _json(value)
    return str(value)


def _json(value: Value) -> str:
    """Piece by piece: a list that holds one large list many times is small in memory, and large as text."""
    pieces, length = [], 0
    for piece in _ENCODER.iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST_TEXT:
            raise UnfitError(f"a list or object makes a text of more than {LONGEST_TEXT} characters")
    return "".join(pieces)


def _in_json(value: Any) -> Any:
    """Decimals within JSON: as texts they would not be numbers any more."""
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else float(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_in_json)


def called(value: Value) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | Decimal():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
    return "an object"


def _text(value: Value, name: str) -> Value:
    if type(value) is str or value is None:
        return value
    if isinstance(value, list | dict):
        raise UnfitError(f"{name} takes a text, and was given {called(value)}")
    return text_of(value)


def _number(value: Value, name: str) -> Value:
    if isinstance(value, list | dict | bool):
        raise UnfitError(f"{name} takes a number, and was given {called(value)}")
    told = number_of(value)
    if told is None:
        raise ArithmeticError
    return told


def _list(value: Value, name: str) -> Value:
    if not isinstance(value, list):
        raise UnfitError(f"{name} takes a list, and was given {called(value)}")
    return [item for item in value if item is not None]


def _object(value: Value, name: str) -> Value:
    if not isinstance(value, dict):
        raise UnfitError(f"{name} takes an object, and was given {called(value)}")
    return value


def _many(value: Value, name: str) -> Value:
    if not isinstance(value, str | list | dict):
        raise UnfitError(f"{name} takes a text, list or object, and was given {called(value)}")
    return value


def _any(value: Value, _: str) -> Value:
    return value


_FITTING: Mapping[str, Callable[[Value, str], Value]] = {
    "text": _text,
    "number": _number,
    "list": _list,
    "object": _object,
    "many": _many,
    "truth": _any,
    "value": _any,
    "each": _any,
}
