"""What each vendor sends, field for field, about invented people. One module per vendor; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

Outcome = Literal["done", "skipped", "parked", "refused"]
DAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When the story begins, where nobody says otherwise."""


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


@dataclass(frozen=True, slots=True)
class Good:
    """What a shop sells; the price is in cents, with tax."""

    number: int
    sku: str
    name: str
    cents: int
    category: str
