"""A declaration with faults, as far as it can be read: so that the faults behind its faults are told as well. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

_Model = TypeVar("_Model", bound=BaseModel)


def as_far_as_right(model: type[_Model], data: object) -> _Model:
    """``data`` as ``model``, unvalidated: what is wrong or missing is empty, and a key that is nearly right counts."""
    given = dict(data) if isinstance(data, Mapping) else {}
    keys = {info.alias or name: (name, info) for name, info in model.model_fields.items()}
    for key in [key for key in given if key not in keys]:
        if near := get_close_matches(str(key), [name for name in keys if name not in given], n=1):
            given[near[0]] = given[key]
    return model.model_construct(
        **{name: _field(info, given[key]) if key in given else _empty(info) for key, (name, info) in keys.items()}
    )


def _field(info: FieldInfo, value: Any) -> Any:
    rules: Any = Annotated[info.annotation, Field(), *info.metadata]
    try:
        return TypeAdapter(rules).validate_python(value)
    except ValidationError:
        found = _inner(info.annotation, value)
        return _empty(info) if found is None else found


def _inner(annotation: Any, value: Any) -> Any:
    """What is right within a value that is wrong as a whole; None where nothing can be told."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return as_far_as_right(annotation, value) if isinstance(value, Mapping) else None
    if origin is tuple and isinstance(value, list):
        return tuple(_one(inner[0], one) for one in value)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {str(name): _one(inner[1], one) for name, one in value.items()}
    return next((found for part in inner if (found := _inner(part, value)) is not None), None)


def _one(annotation: Any, value: Any) -> Any:
    try:
        return TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        found = _inner(annotation, value)
        return _nothing(annotation) if found is None else found


def _empty(info: FieldInfo) -> Any:
    return _nothing(info.annotation) if info.is_required() else info.get_default(call_default_factory=True)


def _nothing(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return as_far_as_right(annotation, {})
    if origin is tuple:
        return ()
    return {} if isinstance(origin, type) and issubclass(origin, Mapping) else ""
