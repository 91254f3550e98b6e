"""What each vendor sends, field for field, about invented people. One module per vendor; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

Outcome = Literal["done", "skipped", "parked", "refused"]
DAY = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""When the story begins: yesterday morning, since what is long past says nothing of customers of today."""


@dataclass(frozen=True, slots=True)
class Who:
    """What a person tells a channel about themselves."""

    first: str
    last: str
    email: str = ""
    phone: str = ""
    street: str = "Lindenstraße 7"
    postal_code: str = "10969"
    city: str = "Berlin"
    country: str = "DE"
    birthday: str = ""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}".strip()

    def told(self, **changed: str) -> Who:
        """The same person, telling something else."""
        return replace(self, **changed)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook of one connection, not yet signed. ``expect`` is what has to become of it."""

    connection: str
    topic: str
    headers: Mapping[str, str]
    body: bytes
    expect: Outcome = "done"
    forged: bool = False


def after(minutes: float) -> datetime:
    """This many minutes into the story."""
    return DAY + timedelta(minutes=minutes)
