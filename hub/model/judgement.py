"""What people decided about who is who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

Verdict = Literal["same", "different", "hold"]
"""``same``: all records are one person. ``different``, and ``hold`` (set by a guard until a person looks): no record
of the one side is ever in a cluster with one of the other."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision on records; their ids follow from connection, kind and external id, so that it outlives them.

    ``id`` is 0 before it is stored. ``reason`` is a person's free text: never in a log.
    """

    id: int
    verdict: Verdict
    one: frozenset[UUID]
    other: frozenset[UUID]
    by: str = ""
    reason: str = ""
    at: datetime = _NEVER
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    @property
    def records(self) -> frozenset[UUID]:
        """All that it names."""
        return self.one | self.other
