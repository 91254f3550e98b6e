"""What an expression may name: the fields of a canonical model, of which kind each is, and its values as plain data.

``SCHEMAS`` are told by model: ``PROFILE`` is ``hub/model/profile.py`` with these names besides: ``country`` (of the
first address), ``consent.email``, ``consent.sms`` and the other channels (state of the marketing consent, ``unknown``
without one; ``consents.email`` says the same), ``connections`` (names of the connections with a record of this
person). Money of several currencies is a list, and ``orders.totals.EUR`` is the amount in one, 0 without one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel

from hub.model.consent import ConsentChannel, ConsentState
from hub.model.money import CURRENCIES, Money
from hub.model.order import Order
from hub.model.profile import ConsentSummary, Profile

Value = Any
"""Plain data: None, bool, int, Decimal, str, lists of it and dicts of it by name. Times are ISO 8601 text in UTC."""

Kind = Literal["text", "number", "truth", "moment", "day", "id", "object", "list", "null", "any"]

COUNTRIES = frozenset({*SUPPORTED_REGIONS, "AQ", "BV", "GS", "HM", "PN", "TF", "UM"})
"""ISO 3166: those with phone numbers, and the seven without."""

_LARGEST = 10**40

_CHANNELS: tuple[str, ...] = get_args(ConsentChannel)
_STATES: tuple[str, ...] = get_args(ConsentState)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a part of an expression gives, as far as that is known before there is data.

    ``path`` is the field it comes from, "" when it was worked out. ``fields`` are the names below it (of a list: by
    which one item is found), ``rest`` what any other name gives, ``item`` is one of a list, ``choices`` are the only
    values there are.
    """

    kind: Kind
    path: str = ""
    fields: Mapping[str, Shape] = field(default_factory=dict)
    rest: Shape | None = None
    item: Shape | None = None
    choices: Collection[str] = ()
    constant: Value = None
    is_constant: bool = False


ANY = Shape("any")


@dataclass(frozen=True, slots=True)
class Schema:
    """A canonical model as expressions see it. ``called`` is its name in faults: "a profile"."""

    called: str
    shape: Shape
    views: Mapping[str, Callable[[Any], Value]]

    def viewer(self, roots: Collection[str]) -> Callable[[BaseModel], dict[str, Value]]:
        """What makes plain data of a record, with no other fields than those named (``orders``, ``orders.count``)."""
        needed = [(root, view) for root, view in self.views.items() if root in roots]
        names = [(root, view) for root, view in needed if "." not in root]
        parts = [(*_two(root), view) for root, view in needed if "." in root and _two(root)[0] not in roots]
        empty = sorted({head for head, *_ in parts})

        def view(record: BaseModel) -> dict[str, Value]:
            data: dict[str, Value] = {name: read(record) for name, read in names}
            for head in empty:
                data[head] = {}
            for head, name, read in parts:
                data[head][name] = read(record)
            return data

        return view

    def paths(self) -> Iterator[str]:
        """Every name, lists without their brackets; of currencies none."""
        return _paths(self.shape)

    def with_choices(self, name: str, choices: Collection[str]) -> Schema:
        """The same, where a field's only values are known."""
        one = self.shape.fields[name]
        narrowed = replace(one, item=replace(one.item, choices=choices)) if one.item else replace(one, choices=choices)
        return replace(self, shape=replace(self.shape, fields={**self.shape.fields, name: narrowed}))


def _two(root: str) -> tuple[str, str]:
    head, _, name = root.partition(".")
    return head, name


class Named(list[Value]):
    """A list of which one item's value is found by a name, too."""

    __slots__ = ("by_name", "otherwise")

    def __init__(self, items: list[Value], by_name: Mapping[str, Value], otherwise: Value) -> None:
        super().__init__(items)
        self.by_name = by_name
        self.otherwise = otherwise

    def get(self, name: str) -> Value:
        """As of a dict: this is how JMESPath reads a field."""
        return self.by_name.get(name, self.otherwise)


def plain(value: Any) -> Value:
    """Any value as plain data. Numbers stay exact, one that is none is None; what is unknown becomes text."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) < _LARGEST else None
        case Enum():
            return plain(value.value)
        case str():
            return str(value)
        case Decimal():
            return value if value.is_finite() else None
        case float():
            return plain(Decimal(repr(value)))
        case datetime():
            return time_text(value)
        case date():
            return value.isoformat()
        case BaseModel():
            return _model_view(type(value))(value)
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    return str(value)


def time_text(moment: datetime) -> str:
    """``2026-01-31T18:00:00Z``: whole seconds, so that texts compare as the moments do."""
    if moment.tzinfo is not None and moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:19] + "Z"


# -- from types --------------------------------------------------------------------------------------------------------

_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, "truth"), (int, "number"), (Decimal, "number"), (datetime, "moment"), (date, "day"), (UUID, "id"),
    (str, "text"),
)  # fmt: skip

_KEPT = (str, bool, int, Decimal)
"""Types whose values are plain data already."""


def _shape(annotation: Any, path: str) -> Shape:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(parts[0], path)
    if origin in (Union, UnionType):
        return _shape(next(part for part in parts if part is not type(None)), path)
    if origin is Literal:
        return Shape("text", path, choices=tuple(map(str, parts)))
    if origin in (tuple, list, frozenset):
        return Shape("list", path, item=_shape(parts[0], path), fields=_names_in_list(parts[0], path))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Shape("object", path, rest=_shape(parts[1], path))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape("object", path, fields=_fields(annotation, path))
    kinds = (kind for base, kind in _KINDS if isinstance(annotation, type) and issubclass(annotation, base))
    return Shape(next(kinds, "any"), path)


def _fields(model: type[BaseModel], path: str = "") -> dict[str, Shape]:
    return {
        name: _shape(declared.annotation, f"{path}.{name}" if path else name)
        for name, declared in model.model_fields.items()
    }


def _names_in_list(item: Any, path: str) -> dict[str, Shape]:
    if item is Money:
        return {currency: Shape("number", f"{path}.{currency}") for currency in CURRENCIES}
    if item is ConsentSummary:
        return {channel: Shape("text", f"{path}.{channel}", choices=_STATES) for channel in _CHANNELS}
    return {}


def _viewer(annotation: Any) -> Callable[[Any], Value]:
    """How a value of this type becomes plain data; of most it is so already."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _viewer(parts[0])
    if origin in (Union, UnionType):
        inner = _viewer(next(part for part in parts if part is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, list, frozenset):
        one = _viewer(parts[0])
        if parts[0] is Money:
            return lambda value: _amounts(value, one)
        if parts[0] is ConsentSummary:
            return lambda value: Named([one(item) for item in value], marketing_states(value), "unknown")
        return list if one is _same else lambda value: [one(item) for item in value]
    if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, _KEPT)):
        return _same
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _model_view(annotation)
    return plain


def _same(value: Any) -> Value:
    return value


_MODEL_VIEWS: dict[type[BaseModel], Callable[[Any], Value]] = {}


def _model_view(model: type[BaseModel]) -> Callable[[Any], Value]:
    if model not in _MODEL_VIEWS:
        views = [(name, _viewer(declared.annotation)) for name, declared in model.model_fields.items()]
        _MODEL_VIEWS[model] = lambda value: _viewed(value.__dict__, views)
    return _MODEL_VIEWS[model]


def _viewed(held: Mapping[str, Any], views: list[tuple[str, Callable[[Any], Value]]]) -> Value:
    return {name: view(held[name]) for name, view in views}


def _field_views(model: type[BaseModel]) -> dict[str, Callable[[Any], Value]]:
    """By name, and of a part that is a model itself by its own names, too: ``orders`` and ``orders.count``."""
    found: dict[str, Callable[[Any], Value]] = {}
    for name, declared in model.model_fields.items():
        found[name] = _below(attrgetter(name), _viewer(declared.annotation))
        part = declared.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            for inner, of_part in part.model_fields.items():
                found[f"{name}.{inner}"] = _below(attrgetter(f"{name}.{inner}"), _viewer(of_part.annotation))
    return found


def _below(get: Callable[[Any], Any], view: Callable[[Any], Value]) -> Callable[[Any], Value]:
    return get if view is _same else lambda record: view(get(record))


def _amounts(money: Collection[Money], one: Callable[[Any], Value]) -> Named:
    """Amounts of other currencies are never added to one."""
    by_currency: dict[str, Decimal] = {}
    for each in money:
        by_currency[each.currency] = by_currency.get(each.currency, Decimal(0)) + each.amount
    return Named([one(each) for each in money], by_currency, Decimal(0))


def marketing_states(consents: Collection[ConsentSummary]) -> dict[str, str]:
    """Channel to the state of its marketing consent.

    Who wants nothing from anywhere wants nothing here either, whatever was told of this channel before (law L7).
    """
    told: dict[str, str] = {each.channel: each.state for each in consents if each.purpose == "marketing"}
    general = told.get("any", "unknown")
    return {channel: general if general == "opted_out" else told.get(channel, general) for channel in _CHANNELS}


def _state_of(channel: str) -> Callable[[Profile], Value]:
    return lambda profile: marketing_states(profile.consents)[channel]


def _country(profile: Profile) -> str | None:
    return profile.addresses[0].country if profile.addresses else None


def _paths(shape: Shape) -> Iterator[str]:
    for inner in shape.fields.values():
        if inner.path.rpartition(".")[2] not in CURRENCIES:
            yield inner.path
            yield from _paths(inner)
    if shape.item is not None:
        yield from _paths(shape.item)


PROFILE = Schema(
    "a profile",
    Shape(
        "object",
        fields={
            **_fields(Profile),
            "country": Shape("text", "country", choices=COUNTRIES),
            "consent": Shape(
                "object",
                "consent",
                fields={channel: Shape("text", f"consent.{channel}", choices=_STATES) for channel in _CHANNELS},
            ),
            "connections": Shape("list", "connections", item=Shape("text", "connections")),
        },
    ),
    {
        **_field_views(Profile),
        "country": _country,
        "consent": lambda profile: marketing_states(profile.consents),
        **{f"consent.{channel}": _state_of(channel) for channel in _CHANNELS},
        "connections": lambda profile: [record.connection for record in profile.records],
    },
)

ORDER = Schema("an order", Shape("object", fields=_fields(Order)), _field_views(Order))

SCHEMAS: Mapping[type[BaseModel], Schema] = {Profile: PROFILE, Order: ORDER}

ORIGINS: Mapping[str, str] = {
    "country": "addresses.country",
    "consent": "consents",
    "connections": "records.connection",
}
"""Names that the language adds, and the field of a profile that each is read from."""
