"""What a route's condition may name: the fields of a profile, how each is read, and which values it can have. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel

from hub.errors import did_you_mean
from hub.model.consent import ConsentChannel, ConsentState
from hub.model.money import CURRENCIES, Money
from hub.model.profile import Profile

Value = Any
Kind = Literal["text", "number", "truth", "moment", "day", "id"]

_CHANNELS: tuple[str, ...] = get_args(ConsentChannel)
_STATES: tuple[str, ...] = get_args(ConsentState)
_COUNTRIES = frozenset({*SUPPORTED_REGIONS, "AQ", "BV", "GS", "HM", "PN", "TF", "UM"})
"""ISO 3166: those with phone numbers, and the seven without."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_AGO = re.compile(r"(\d{1,5}) (hour|day|week)s? ago")


@dataclass(frozen=True, slots=True)
class Field:
    """One name of the language. ``many``: a list of values of this kind; ``choices``: the only values there are."""

    read: Callable[[Profile], Value]
    kind: Kind
    many: bool = False
    choices: Collection[str] = ()


def field(path: str, connections: Collection[str] | None) -> Field:
    """The field of this name. Raises ValueError with the nearest right one. ``connections`` are those configured."""
    if path == "connections":
        return Field(
            lambda profile: [record.connection for record in profile.records], "text", many=True,
            choices=connections if connections is not None else (),
        )  # fmt: skip
    if path in _FIELDS:
        return _FIELDS[path]
    owner, _, currency = path.rpartition(".")
    if owner in _MONEY and currency in CURRENCIES:
        return _total(_MONEY[owner], currency)
    if path in _MONEY:
        raise ValueError(f"{path!r} holds one amount per currency; name it: {path}.EUR")
    if owner in _MONEY:
        raise ValueError(f"{currency!r} is no ISO 4217 currency, such as EUR")
    raise ValueError(f"a profile has no {path!r}{did_you_mean(path, (*_FIELDS, *_MONEY, 'connections'))}")


def wrong_value(found: Field, value: Value) -> str | None:
    """What is wrong with a constant that a value of this field is compared with; None when nothing is."""
    if value is None:
        return None
    match found.kind:
        case "number" if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return "is a number"
        case "truth" if not isinstance(value, bool):
            return "is true or false"
        case "text" | "id" | "moment" | "day" if not isinstance(value, str):
            return {"moment": "is a time", "day": "is a day"}.get(found.kind, "is a text") + ", in quotes"
        case "moment" | "day" if not readable_time(value):
            return 'is a time: "2026-01-31", "2026-01-31T18:00:00Z", or "90 days ago"'
        case "id" if not _is_uuid(value):
            return "is an id"
    if found.choices and value not in found.choices:
        if found.choices is _COUNTRIES:
            return f"is an ISO 3166 country of two capital letters, such as DE, and never {value!r}"
        return f"is never {value!r}{did_you_mean(value, found.choices)}"
    return None


def readable_time(text: str) -> bool:
    """True for a time, the beginning of one, or how long ago it was."""
    if _AGO.fullmatch(text):
        return True
    try:
        if _TIME.fullmatch(text):
            datetime.fromisoformat(text)
        elif _DAY.fullmatch(text):
            date.fromisoformat(f"{text}-01-01"[:10])
        else:
            return False
    except ValueError:
        return False
    return True


def ago(text: str) -> timedelta | None:
    """How long ago ``90 days ago`` was; None for any other text."""
    found = _AGO.fullmatch(text)
    return timedelta(**{f"{found[2]}s": int(found[1])}) if found else None


def instant(text: str) -> datetime | None:
    """The moment of a date with its time, in UTC unless it names its zone; None for any other text."""
    if not _TIME.fullmatch(text):
        return None
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _total(read: Callable[[Profile], Value], currency: str) -> Field:
    """The amount in one currency, 0 where there is none; amounts of others are never added to it."""

    def amount(profile: Profile) -> Decimal:
        return sum((one.amount for one in read(profile) or () if one.currency == currency), Decimal(0))

    return Field(amount, "number")


def _consent(profile: Profile, channel: str) -> str:
    states: dict[str, str] = {
        consent.channel: consent.state for consent in profile.consents if consent.purpose == "marketing"
    }
    general = states.get("any", "unknown")
    # Who wants nothing from anywhere wants nothing here either, whatever was told of this channel before (law L7).
    return general if general == "opted_out" else states.get(channel, general)


def _consent_of(channel: str) -> Field:
    return Field(lambda profile: _consent(profile, channel), "text", choices=_STATES)


def _country(profile: Profile) -> str | None:
    return profile.addresses[0].country if profile.addresses else None


def _getter(names: tuple[str, ...]) -> Callable[[Profile], Value]:
    def read(profile: Profile) -> Value:
        value: Any = profile
        for name in names:
            value = getattr(value, name, None)
        return value

    return read


def _plain(value: Value) -> Value:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, UUID) else value


def _described(annotation: Any) -> tuple[type | None, bool, tuple[str, ...]]:
    """Of a field's type: what one value is, whether there are several, and the only values there are."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _described(parts[0])
    if origin in (Union, UnionType):
        return _described(next(part for part in parts if part is not type(None)))
    if origin is Literal:
        return str, False, tuple(map(str, parts))
    if origin in (tuple, list, frozenset):
        one, _, choices = _described(parts[0])
        return one, True, choices
    return (annotation if isinstance(annotation, type) else None), False, ()


_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, "truth"), (int, "number"), (Decimal, "number"), (datetime, "moment"), (date, "day"), (UUID, "id"),
    (str, "text"),
)  # fmt: skip


def _fields(
    model: type[BaseModel], above: tuple[str, ...] = ()
) -> tuple[dict[str, Field], dict[str, Callable[[Profile], Value]]]:
    """All comparable fields, and those that hold money: plain values, lists of them, and those of single sub-models."""
    found: dict[str, Field] = {}
    money: dict[str, Callable[[Profile], Value]] = {}
    for name, declared in model.model_fields.items():
        one, many, choices = _described(declared.annotation)
        path, read = (*above, name), _getter((*above, name))
        if one is None:
            continue
        if one is Money:
            money[".".join(path)] = read if many else _wrapped(read)
        elif issubclass(one, BaseModel):
            if not many:
                inner, amounts = _fields(one, path)
                found |= inner
                money |= amounts
        elif kind := next((kind for base, kind in _KINDS if issubclass(one, base)), None):
            found[".".join(path)] = Field(_plainly(read), kind, many, choices)
    return found, money


def _plainly(read: Callable[[Profile], Value]) -> Callable[[Profile], Value]:
    return lambda profile: _plain(read(profile))


def _wrapped(read: Callable[[Profile], Value]) -> Callable[[Profile], Value]:
    return lambda profile: tuple(one for one in (read(profile),) if one is not None)


_FIELDS, _MONEY = _fields(Profile)
_FIELDS |= {
    "country": Field(_country, "text", choices=_COUNTRIES),
    **{f"{word}.{channel}": _consent_of(channel) for word in ("consent", "consents") for channel in _CHANNELS},
}
