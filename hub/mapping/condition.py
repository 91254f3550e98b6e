"""The condition language of ``routes[].when``: comparisons over a profile, read with ``ast``, never evaluated as code.

    orders.count > 0 and consent.email == "opted_in"
    country in ["DE", "AT"] or "vip" in tags
    orders.totals.EUR >= 500 and orders.last_at >= "90 days ago"
    not (company) and emails

Names are paths of the profile (``hub/model/profile.py``) and these derived ones: ``country`` (of the first address),
``consent.email``, ``consent.sms`` and the other channels (state of the marketing consent, ``unknown`` without one;
``consents.email`` says the same), ``connections`` (names of the connections with a record of this person), and of money
the amount in one currency in major units, ``orders.totals.EUR`` (0 without one). Constants are texts, numbers,
``true``, ``false``, ``null`` (Python's spelling is taken too) and lists of them. A comparison with an absent value is
false, except ``==`` and ``!=``. Days and times compare with ISO 8601 text (``"2026-01-31"``; a time without a zone is
UTC) and with ``"12 hours ago"``, ``"90 days ago"``, ``"6 weeks ago"``: ago from the moment that is passed in.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hub.mapping.condition_fields import Field, ago, field, instant, wrong_value
from hub.model.profile import Profile

Value = Any
Reader = Callable[[Profile, datetime], Value]

_LONGEST = 1000
_CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "null": None}
_ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_TICK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Moving:
    """A comparison of a day or time with how long ago something was: it comes out otherwise once that has passed."""

    read: Callable[[Profile], Value]
    ago: timedelta


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read. Pure, and it never raises."""

    read: Reader
    moving: tuple[Moving, ...] = ()

    def __call__(self, profile: Profile, now: datetime) -> bool:
        """Whether a profile meets it at this moment."""
        return bool(self.read(profile, now))

    def next_change(self, profile: Profile, now: datetime) -> datetime | None:
        """When it may come out otherwise though the profile stays the same; None for never."""
        moments = [moment for each in self.moving for moment in _turns(each.read(profile), each.ago)]
        return min((moment for moment in moments if moment > now), default=None)


def _turns(value: Value, passed: timedelta) -> list[datetime]:
    if isinstance(value, datetime):
        return [value + passed, value + passed + _TICK]
    if isinstance(value, date):
        day = datetime(value.year, value.month, value.day, tzinfo=UTC) + passed
        return [day, day + timedelta(days=1)]
    return []


def compile_condition(text: str, connections: Collection[str] | None = None) -> Condition:
    """Read a condition; ``connections`` are the names that ``connections`` may hold, where they are known.

    Raises ValueError with a text for the operator when the condition cannot be read, names the nearest profile field
    for a wrong name, says which values a field has when it is compared with one that it never has, and refuses
    everything but comparisons, ``and``, ``or``, ``not``, names, constants and lists.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        reading = _Reading(connections)
        reader = reading.expression(tree.body)
    except SyntaxError as error:
        raise ValueError(f"cannot be read near character {error.offset or 1}") from None
    except (RecursionError, MemoryError):
        raise ValueError("is nested too deeply") from None
    return Condition(reader, tuple(reading.moving))


@dataclass(frozen=True, slots=True)
class _Operand:
    """One side of a comparison: a ``field``, or else a constant."""

    name: str = ""
    field: Field | None = None
    constant: Value = None


class _Reading:
    def __init__(self, connections: Collection[str] | None) -> None:
        self.moving: list[Moving] = []
        self._connections = connections

    def expression(self, node: ast.expr) -> Reader:
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                readers = [self.expression(part) for part in parts]
                return lambda profile, now: all(read(profile, now) for read in readers)
            case ast.BoolOp(values=parts):
                readers = [self.expression(part) for part in parts]
                return lambda profile, now: any(read(profile, now) for read in readers)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.expression(operand)
                return lambda profile, now: not inner(profile, now)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                operands = [self.operand(each) for each in (left, *rights)]
                sides = zip(pairwise(operands), ops, strict=True)
                pairs = [self.comparison(one, kind, other) for (one, other), kind in sides]
                return lambda profile, now: all(holds(profile, now) for holds in pairs)
            case _:
                return _reader(self.operand(node), None)

    def comparison(self, left: _Operand, kind: ast.cmpop, right: _Operand) -> Reader:
        compare = _compare(kind)
        if fault := _fault(left, kind, right):
            raise ValueError(fault)
        of_left = _reader(left, right.field)
        of_right = _reader(right, left.field)
        for one, other in ((left, right), (right, left)):
            passed = ago(other.constant) if _is_time(one.field) and isinstance(other.constant, str) else None
            if one.field and passed is not None:
                self.moving.append(Moving(one.field.read, passed))
        return lambda profile, now: compare(of_left(profile, now), of_right(profile, now))

    def operand(self, node: ast.expr) -> _Operand:
        match node:
            case ast.Constant(value=str() | bool() | int() | float() | None as constant):
                return _Operand(constant=Decimal(repr(constant)) if isinstance(constant, float) else constant)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if not isinstance(
                number, bool
            ):
                return _Operand(constant=-Decimal(repr(number)))
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                found = [self.operand(part) for part in parts]
                if any(each.field for each in found):
                    raise ValueError("a list may hold texts, numbers, true, false and null")
                return _Operand(constant=[each.constant for each in found])
            case ast.Name(id=name) if name in _CONSTANTS:
                return _Operand(constant=_CONSTANTS[name])
            case ast.Name() | ast.Attribute():
                path = _path(node)
                return _Operand(path, field(path, self._connections))
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                raise ValueError("a comparison cannot stand within another; join them with `and` or `or`")
            case _:
                usual = "comparisons, `in`, `and`, `or`, `not`, texts, numbers and lists"
                raise ValueError(f"{_piece(node)} is not allowed; use {usual}")


def _piece(node: ast.expr) -> str:
    called = type(node).__name__.lower()
    return f"the {_PLAIN.get(called, called)} at character {node.col_offset + 1}"


_PLAIN = {"binop": "operator", "subscript": "bracket", "joinedstr": "formatted text", "listcomp": "loop"}


def _path(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            return f"{_path(inner)}.{name}"
    raise ValueError(f"{_piece(node)} is not allowed before a dot; only names are")


def _fault(left: _Operand, kind: ast.cmpop, right: _Operand) -> str | None:
    """What makes the comparison pointless: a value the field never has, or a list where one value is needed."""
    within = isinstance(kind, ast.In | ast.NotIn)
    for one, other, first in ((left, right, True), (right, left, False)):
        if one.field is None or other.field is not None:
            continue
        given = other.constant if isinstance(other.constant, list) else [other.constant]
        listed = isinstance(other.constant, list)
        if one.field.many and not (within and not first) and not (listed and isinstance(kind, ast.Eq | ast.NotEq)):
            return f'{one.name} is a list; write `"…" in {one.name}`'
        if within and not (listed if first else one.field.many):
            if one.field.kind != "text" or not isinstance(other.constant, str):
                return f"{one.name}: `in` needs a list on its right" if first else f"nothing can be in {one.name}"
            continue  # a piece of a text
        for value in given:
            if wrong := wrong_value(one.field, value):
                return f"{one.name} {wrong}"
    return None


def _is_time(found: Field | None) -> bool:
    return found is not None and found.kind in ("moment", "day")


def _reader(operand: _Operand, beside: Field | None) -> Reader:
    """Reads one side; a text ``beside`` a day or time is the moment that it names."""
    if operand.field is not None:
        read = operand.field.read
        return lambda profile, now: read(profile)
    value = operand.constant
    if _is_time(beside) and isinstance(value, str):
        passed, moment = ago(value), instant(value)
        if passed is not None:
            as_day = beside is not None and beside.kind == "day"
            return lambda profile, now: (now - passed).date() if as_day else now - passed
        if moment is not None:
            return lambda profile, now: moment
    return lambda profile, now: value


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
