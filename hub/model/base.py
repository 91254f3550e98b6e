"""What every canonical type shares: frozen, strict about names, aware UTC times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Never

from pydantic import AfterValidator, BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value; an unknown field is a mistake in the code that builds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _aware_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("time without a zone")
    return value.astimezone(UTC)


UtcDatetime = Annotated[datetime, AfterValidator(_aware_utc)]
"""A point in time, always aware and in UTC."""


class FrozenTexts(dict[str, str]):
    """Texts by name that cannot be changed, so that a value that holds them can be compared and hashed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def _unchangeable(self, *_: object, **__: object) -> Never:
        raise TypeError("a canonical value is never changed")

    __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = _unchangeable
    __ior__ = _unchangeable


Texts = Annotated[Mapping[str, str], AfterValidator(FrozenTexts)]
"""Texts by name; the default is ``Field(default_factory=FrozenTexts)``."""
