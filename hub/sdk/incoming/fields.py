"""Expressions of a configuration: read at the start, asked of every event, each value as the model wants it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator

from hub.errors import PayloadError
from hub.mapping import custom
from hub.mapping.address import country, postal_address
from hub.mapping.expression import Expression, ExpressionError, compile_expression
from hub.mapping.expression.functions_hub import is_false
from hub.mapping.expression.syntax import plain_path
from hub.mapping.money import minor_units, written_amount
from hub.mapping.time import epoch, instant
from hub.model.address import Address
from hub.model.event import Note
from hub.model.money import CURRENCIES

_TRUE = frozenset({"true", "1", "yes", "y", "on", "ja"})
_FALSE = frozenset({"false", "0", "no", "n", "off", "nein"})
_NO_PLAIN_VALUE = "neither text nor number"


class Part(BaseModel):
    """A part of a declaration; an unknown name in it is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def compiled(value: Any) -> Expression | None:
    """An expression as it is configured: text, a number or true/false for themselves, or ``{constant: …}``.

    Raises ValueError with what is wrong, and where in the text.
    """
    if value is None:
        return None
    if isinstance(value, Mapping) and set(value) == {"constant"}:
        text = f"`{json.dumps(value['constant']).replace('`', chr(92) + '`')}`"
    elif isinstance(value, bool | int | float):
        text = f"`{json.dumps(value)}`"
    elif isinstance(value, str) and value.strip():
        text = value
    else:
        raise ValueError("must be an expression (docs/expressions.md), or {constant: VALUE}")
    try:
        return compile_expression(text)
    except ExpressionError as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Reader:
    """What one event is read with: ``data`` is what expressions see, ``notes`` what was left out."""

    data: Any
    zone: str
    region: str
    notes: list[Note]
    minor: bool = False
    currency: str = ""

    def within(self, item: Any) -> Reader:
        """The same for one member of a list: its own names, then those around it."""
        around = self.data if isinstance(self.data, dict) else {}
        beside = {name: value for name, value in around.items() if name.startswith("_")}
        data = {**beside, **item, "_parent": self.data} if isinstance(item, dict) else {**beside, "_item": item}
        return Reader(data, self.zone, self.region, self.notes, self.minor, self.currency)

    def of_money(self, currency: str, *, minor: bool) -> Reader:
        """The same for amounts in a currency."""
        return Reader(self.data, self.zone, self.region, self.notes, minor, currency)

    def raw(self, expression: Expression | None, path: str) -> Any:
        """What an expression gives; None, and a note, where it cannot be worked out."""
        if expression is None:
            return None
        try:
            return expression.read(self.data)
        except ExpressionError as error:
            self.note(expression, path, error.reason)
            return None

    def holds(self, expression: Expression | None, path: str) -> bool:
        """Whether a condition holds; one that is not there does."""
        return expression is None or not is_false(self.raw(expression, path))

    def value(self, expression: Expression | None, convert: Convert, path: str) -> Any:
        """The value as the model wants it; None, and a note, for one that it cannot be."""
        found = self.raw(expression, path)
        if expression is None or (not found and found is not False and not isinstance(found, int | Decimal)):
            return None
        if isinstance(found, str) and not found.strip():
            return None
        try:
            return convert(found, self)
        except PayloadError as error:
            self.note(expression, path, error.reason)
            return None

    def values(self, part: Part, path: str) -> dict[str, Any]:
        """Every value that the expressions of a part give, by name."""
        return {
            name: found
            for name, info in type(part).model_fields.items()
            if isinstance(expression := getattr(part, name), Expression)
            for marker in info.metadata
            if isinstance(marker, As)
            and (found := self.value(expression, marker.convert, f"{path}.{name}")) is not None
        }

    def items(self, expression: Expression | None, path: str) -> list[Reader]:
        """The members of a list; of a lone object, itself. Empty objects and false are no members (PHP)."""
        found = self.raw(expression, path)
        if isinstance(found, dict) and found:
            found = [found]
        if not isinstance(found, list):
            if expression is not None and found not in (None, "", False, {}):
                self.note(expression, path, "no list")
            return []
        return [self.within(item) for item in found if item not in (None, {}, [], "")]

    def note(self, expression: Expression, path: str, reason: str) -> None:
        """That a value was left out."""
        self.notes.append(Note(path=where(expression, path), reason=f"{reason}, left out ({path})"))


Convert = Callable[[Any, Reader], Any]


@dataclass(frozen=True, slots=True)
class As:
    """How the value of a field becomes what the model wants."""

    convert: Convert = field(repr=False)


def where(expression: Expression | None, path: str) -> str:
    """The path in the body where it is one, else the name of the canonical field."""
    return expression.text if expression is not None and plain_path(expression.text) else path


def _plain_text(value: Any, _: Reader) -> str | None:
    if isinstance(value, dict):
        raise PayloadError(_NO_PLAIN_VALUE)
    return custom.text([_written(one) for one in value] if isinstance(value, list) else _written(value))


def _written(value: Any) -> Any:
    """A number in digits: an id that a program wrote as 1.0002318e+07 is 10002318."""
    if not isinstance(value, Decimal):
        return value
    return format(int(value) if value == value.to_integral_value() else value, "f" if value % 1 else "d")


def _text(value: Any, reader: Reader) -> str | None:
    """False for what is not told (Odoo, PHP) names nobody."""
    return None if value is False else _plain_text(value, reader)


def _texts(value: Any, reader: Reader) -> tuple[str, ...] | None:
    found = [_text(one, reader) for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]
    return tuple(one for one in found if one) or None


def _word(value: Any, reader: Reader) -> str | None:
    """A word of a state, which may be true or false."""
    return _plain_text(value, reader)


def _labels(value: Any, reader: Reader) -> tuple[str, ...] | None:
    told = _texts(value, reader)
    return custom.labels(told if isinstance(value, list) else ",".join(told or ())) if told else None


def _time(value: Any, reader: Reader) -> datetime | None:
    if value is False:
        return None
    if isinstance(value, bool | dict | list):
        raise PayloadError("not a time")
    if isinstance(value, int | Decimal) and value > _YEARS:
        return epoch(str(value), path="")
    return instant(str(value), path="", zone=reader.zone)


_YEARS = 100_000_000
"""Seconds since 1970: a smaller number is no time of any event, though it may be a day as digits (20260131)."""


def _number(value: Any, _: Reader) -> Decimal | None:
    if value is False:
        return None
    if isinstance(value, bool | dict | list):
        raise PayloadError("not a number")
    return written_amount(value, path="")


def _amount(value: Any, reader: Reader) -> Decimal | None:
    found = _number(value, reader)
    if found is None or not reader.minor:
        return found
    if found != found.to_integral_value():
        raise PayloadError("not in whole minor units")
    return minor_units(int(found), reader.currency)


def _currency(value: Any, _: Reader) -> str:
    code = str(value).strip().upper()
    if code not in CURRENCIES:
        raise PayloadError("not an ISO 4217 currency")
    return code


def _truth(value: Any, _: Reader) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise PayloadError("neither true nor false")


def _object(value: Any, _: Reader) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PayloadError("no object")
    return value


_COMPILED = PlainValidator(compiled)
Condition = Annotated[Expression | None, _COMPILED]
"""Only true or false is wanted of it, or a list."""

Text = Annotated[Expression | None, _COMPILED, As(_text)]
Word = Annotated[Expression | None, _COMPILED, As(_word)]
Texts = Annotated[Expression | None, _COMPILED, As(_texts)]
Labels = Annotated[Expression | None, _COMPILED, As(_labels)]
Time = Annotated[Expression | None, _COMPILED, As(_time)]
Number = Annotated[Expression | None, _COMPILED, As(_number)]
Amount = Annotated[Expression | None, _COMPILED, As(_amount)]
CurrencyCode = Annotated[Expression | None, _COMPILED, As(_currency)]
Truth = Annotated[Expression | None, _COMPILED, As(_truth)]


def _own(value: Any) -> Any:
    """Names of one's own to expressions, or one expression that gives an object."""
    if isinstance(value, Mapping) and set(value) != {"constant"}:
        return {str(name): compiled(one) for name, one in value.items()}
    return compiled(value)


Own = Annotated[Any, PlainValidator(_own)]
"""Fields under names of their own: ``{NAME: expression}``, or one expression that gives an object of them."""


def own_texts(own: Any, reader: Reader, path: str) -> Mapping[str, str]:
    """The values of ``Own``, as texts."""
    if own is None:
        return {}
    if isinstance(own, Expression):
        told = reader.value(own, _object, path) or {}
        for name in (name for name, value in told.items() if isinstance(value, dict) and value):
            reader.note(own, f"{path}.{name}", _NO_PLAIN_VALUE)
        return custom.texts((str(name), value) for name, value in told.items())
    pairs = ((name, reader.value(one, _plain_text, f"{path}.{name}")) for name, one in own.items() if one is not None)
    return custom.texts(pairs)


class Place(Part):
    """A postal address."""

    line1: Text = None
    street: Text = None
    house_number: Text = None
    line2: Text = None
    postal_code: Text = None
    city: Text = None
    region: Text = None
    country: Text = None
    company: Text = None


def address_of(place: Place | None, reader: Reader, path: str) -> Address | None:
    """The address, or None where there is neither street, city nor postal code."""
    if place is None:
        return None
    told = reader.values(place, path)
    if "country" in told and country(told["country"]) is None and place.country is not None:
        reader.note(place.country, f"{path}.country", "not a country")
    street = " ".join(part for part in (told.pop("street", None), told.pop("house_number", None)) if part)
    return postal_address(
        line1=told.get("line1") or street or None,
        line2=told.get("line2"),
        postal_code=told.get("postal_code"),
        city=told.get("city"),
        region=told.get("region"),
        country_name=told.get("country"),
        company=told.get("company"),
    )
