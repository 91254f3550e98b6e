"""What every canonical type shares: frozen, strict about names, aware UTC times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

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
