"""Canonical values from what was checked before: the same value for a fraction of the work. Pure.

Checking every field once more took a quarter of the reading of an order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from hub.model.base import Frozen, FrozenTexts, aware_utc
from hub.model.text import tidy

_Told = ParamSpec("_Told")
_Kind = TypeVar("_Kind", bound=Frozen)
_set: Callable[[object, str, object], None] = object.__setattr__


def built(kind: Callable[_Told, _Kind]) -> Callable[_Told, _Kind]:
    """The constructor of a canonical type for values that are right already: by keywords, and without a look at them.

    They come from a vendor's schema, which has checked their types and tidied their texts, and from Hub's own
    functions; mypy checks the calls, and law S8 of the kit what comes out. Times become UTC as ever, and what is made
    of several texts is tidied. It pays for types of many fields. An unknown field raises TypeError, and so does a type
    that has validators of its own.
    """
    assert isinstance(kind, type)
    assert issubclass(kind, Frozen)
    own = kind.__pydantic_decorators__
    if own.model_validators or own.field_validators:
        raise TypeError(f"{kind.__name__} checks more than types")
    empty: dict[str, Any] = {
        name: None if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in kind.model_fields.items()
    }
    hints = get_type_hints(kind)
    times = _fields(hints, lambda hint: hint is datetime)
    lists = _fields(hints, lambda hint: get_origin(hint) is tuple and get_args(hint)[0] is str)
    maps = _fields(hints, lambda hint: get_origin(hint) is Mapping)
    number = len(empty)
    new: Callable[..., Any] = kind.__new__

    def build(*_: _Told.args, **values: _Told.kwargs) -> _Kind:
        held: dict[str, Any] = {**empty, **values}
        if len(held) != number:
            raise TypeError(f"{kind.__name__} has no {', '.join(sorted(values.keys() - empty.keys()))}")
        for name in times:
            at = held[name]
            if at is not None and at.tzinfo is not UTC:
                held[name] = aware_utc(at)
        for name in lists:
            if texts := held[name]:
                held[name] = tuple(map(tidy, texts))
        for name in maps:
            if texts := held[name]:
                held[name] = FrozenTexts({tidy(key): tidy(text) for key, text in texts.items()})
        one: _Kind = new(kind)
        _set(one, "__dict__", held)
        _set(one, "__pydantic_fields_set__", set(values))
        _set(one, "__pydantic_extra__", None)
        _set(one, "__pydantic_private__", None)
        return one

    return build


def _fields(hints: Mapping[str, Any], fits: Callable[[Any], bool]) -> tuple[str, ...]:
    return tuple(name for name, hint in hints.items() if any(map(fits, _parts(hint))))


def _parts(hint: Any) -> Iterable[Any]:
    """What a field may hold besides None."""
    if get_origin(hint) in (Union, UnionType):
        return [part for part in get_args(hint) if part is not NoneType]
    return (hint,)
