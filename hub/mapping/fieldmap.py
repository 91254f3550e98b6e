"""Field maps: declared pairs between a vendor's names and the canonical ones, checked when the module is imported."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel

from hub.errors import did_you_mean
from hub.mapping.customer import CustomerField, CustomerFields
from hub.mapping.expression import ExpressionError, compile_expression
from hub.mapping.expression.schema import SCHEMAS
from hub.model.order import Order
from hub.model.profile import Profile

Schema = TypeVar("Schema", bound=BaseModel)
_FIELDS: tuple[str, ...] = get_args(CustomerField)
_PATH = re.compile(r"\w+(?:\.\w+)*")
_EXPRESSED = re.compile(r"[`|\[]|&&|==|!=")
"""What makes an expression of a text that begins like one of the source's own fields."""


class FieldMap(Generic[Schema]):
    """Vendor schema to canonical customer fields.

    ``fields`` maps a canonical name to one dotted path of ``schema`` or several. For ``email``, ``phone`` and
    ``loyalty_id`` every value found is kept, in order; for the others the first that is not empty is used.
    A misspelt canonical name, or a path the schema does not have, raises TypeError at import.
    ``not_offered`` names canonical fields this source cannot give, each with the reason; every other field has to be
    mapped.
    """

    def __init__(
        self,
        schema: type[Schema],
        fields: Mapping[CustomerField, str | tuple[str, ...]],
        *,
        not_offered: Mapping[CustomerField, str] | None = None,
    ) -> None:
        self.schema = schema
        self.not_offered = dict(not_offered or {})
        self.paths: dict[CustomerField, tuple[str, ...]] = {
            name: (paths,) if isinstance(paths, str) else paths for name, paths in fields.items()
        }
        for name in (*self.paths, *self.not_offered):
            if name not in _FIELDS:
                raise TypeError(f"{name!r} is no customer field{did_you_mean(name, _FIELDS)}")
        missing = [name for name in _FIELDS if name not in self.paths and name not in self.not_offered]
        if missing:
            raise TypeError(f"map these customer fields or name them in not_offered: {', '.join(missing)}")
        places = [(name, *_place(schema, path)) for name, paths in self.paths.items() for path in paths]
        self._parts = {part: _reader(schema, part) for _, part, _ in places if part}
        self._places = tuple(places)

    def read(self, source: Schema) -> CustomerFields:
        """The values found, as text, by canonical name."""
        # what dotted paths lead through is looked up once, not once per field: this runs for every event
        parts = {part: _steps(value) for part, find in self._parts.items() if (value := find(source)) is not None}
        parts[""] = _steps(source)
        found: dict[CustomerField, tuple[str, ...]] = {}
        for name, part, step in self._places:
            held = parts.get(part)
            if held is not None and (value := held.get(step)) is not None and value != "":
                text = value if type(value) is str else str(value)
                found[name] = (*found[name], text) if name in found else (text,)
        return found


class ProfileMap:
    """Golden profile to a destination's property names.

    ``properties`` maps a vendor property to a dotted path of the profile; a number is a list position
    (``emails.0``). A path the profile does not have raises TypeError at import.
    """

    def __init__(self, properties: Mapping[str, str]) -> None:
        self.properties = dict(properties)
        self._readers = tuple((name, _reader(Profile, path)) for name, path in properties.items())

    def read(self, profile: Profile) -> dict[str, Any]:
        """Property name to value; absent values are left out (absent is not null, kit law D2)."""
        values = ((name, read(profile)) for name, read in self._readers)
        return {name: value for name, value in values if value is not None and value != ""}


class TextMap(Generic[Schema]):
    """What people map themselves: ``properties`` maps a property of theirs to a dotted path of ``schema``.

    ``custom.<name>`` reads one of the source's own fields, whatever its name, and lists are joined by semicolons.
    What is more than a path is an expression (``hub.mapping.expression``). A path the schema does not have, or that
    leads to no text, raises TypeError: a misspelt one is refused at start.
    """

    def __init__(self, schema: type[Schema], properties: Mapping[str, str]) -> None:
        self._readers = tuple((name, _text_reader(schema, path)) for name, path in properties.items())

    def read(self, source: Schema) -> dict[str, str]:
        """Property name to text; absent values are left out."""
        return {name: text for name, read in self._readers if (text := as_text(read(source)))}


class OrderMap(TextMap[Order]):
    """Orders to a destination's own properties."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        super().__init__(Order, properties)


class PersonMap(TextMap[Profile]):
    """Golden profiles to a destination's own properties."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        super().__init__(Profile, properties)


def texts_of_person(fields: Mapping[str, str], profile: Profile) -> dict[str, str]:
    """What people mapped of a profile themselves, as text; the map is compiled when it is first asked for."""
    return _person_map(tuple(fields.items())).read(profile) if fields else {}


def texts_of_order(fields: Mapping[str, str], order: Order) -> dict[str, str]:
    """The same of an order."""
    return _order_map(tuple(fields.items())).read(order) if fields else {}


@lru_cache(maxsize=64)
def _person_map(fields: tuple[tuple[str, str], ...]) -> PersonMap:
    return PersonMap(dict(fields))


@lru_cache(maxsize=64)
def _order_map(fields: tuple[tuple[str, str], ...]) -> OrderMap:
    return OrderMap(dict(fields))


def _text_reader(schema: type[BaseModel], path: str) -> Callable[[Any], Any]:
    custom, _, name = path.partition(".")
    if custom == "custom" and name and not _EXPRESSED.search(name):
        return lambda source: source.custom.get(name)
    if not _PATH.fullmatch(path):
        return _expressed(schema, path)
    found = _annotation(schema, path)
    if _model_of(found) is not None or any(_model_of(item) is not None for item in get_args(found)):
        raise TypeError(f"{path!r} leads to no text; name one of its parts, such as {path}{_part_of(found)}")
    return _reader(schema, path)


def _expressed(schema: type[BaseModel], text: str) -> Callable[[Any], Any]:
    """An expression over a record; one it cannot work on has no value."""
    try:
        expression = compile_expression(text, SCHEMAS.get(schema))
    except ExpressionError as error:
        raise TypeError(str(error)) from None

    def read(source: Any) -> Any:
        try:
            return expression.of(source)
        except ExpressionError:
            return None

    return read


def _part_of(annotation: Any) -> str:
    if _is_list(annotation):
        return f".0{_part_of(_item_type(annotation))}"
    model = _model_of(annotation)
    assert model is not None
    return f".{next(iter(model.model_fields))}"


def as_text(value: Any) -> str:
    """A value as people read it: lists by semicolons, numbers without an exponent, times in ISO 8601."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list | tuple):
        return ";".join(filter(None, map(as_text, value)))
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {text}" for name, text in value.items())
    return "" if isinstance(value, BaseModel) else str(value)


def _place(schema: type[BaseModel], path: str) -> tuple[str, str | int]:
    """A path's part before its last step, and that step. Raises TypeError for a path the schema does not have."""
    _reader(schema, path)
    part, _, step = path.rpartition(".")
    return part, int(step) if step.isdigit() else step


def _steps(part: Any) -> Mapping[Any, Any]:
    """What one more step leads to: the fields of a model, or the items of a list."""
    return vars(part) if isinstance(part, BaseModel) else dict(enumerate(part))


def _annotation(schema: type[BaseModel], path: str) -> Any:
    """The type that a path leads to. Raises TypeError for one that the schema does not have."""
    current: Any = schema
    for step in path.split("."):
        if step.isdigit():
            current = _item_type(current)
            continue
        if _is_list(current):
            raise TypeError(f"{schema.__name__} has no {path!r}; of a list name the first with 0, as in emails.0")
        model = _model_of(current)
        if model is None or step not in model.model_fields:
            known = sorted(model.model_fields) if model else []
            raise TypeError(f"{schema.__name__} has no {path!r}{did_you_mean(step, known)}")
        current = model.model_fields[step].annotation
    return current


def _reader(schema: type[BaseModel], path: str) -> Callable[[Any], Any]:
    _annotation(schema, path)
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    if len(steps) == 1:
        return attrgetter(path)

    def read(source: Any) -> Any:
        value = source
        for step in steps:
            if value is None:
                return None
            if isinstance(step, int):
                value = value[step] if len(value) > step else None
            else:
                value = getattr(value, step)
        return value

    return read


def _is_list(annotation: Any) -> bool:
    return any(get_origin(candidate) in (list, tuple) for candidate in (annotation, *get_args(annotation)))


def _item_type(annotation: Any) -> Any:
    for candidate in (annotation, *get_args(annotation)):
        if get_origin(candidate) in (list, tuple):
            return get_args(candidate)[0]
    raise TypeError(f"{annotation!r} is no list")


def _model_of(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
