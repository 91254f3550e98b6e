"""What people decided about who is who, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from hub.model.profile import RecordReference

Verdict = Literal["same", "different", "hold"]
"""``same``: all records are one person. ``different``, and ``hold`` (set by a guard until a person looks): no record
of the one side is ever in a cluster with one of the other."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_NAMELESS = {"connection": None, "kind": None, "external_id": None}


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


@dataclass(frozen=True, slots=True)
class Judged:
    """What a decision did. ``profiles`` are those its records are in now; ``retired`` ids lead to one of them.

    ``restored``: ids that stand for somebody again. ``also``: further judgements written with it. ``withdrawn``: those
    it ended. ``destinations``: what will be written where. ``undo``: the commands that take it back. ``names``: the
    records of all these judgements, as far as they are stored.
    """

    judgement: Judgement
    profiles: tuple[UUID, ...]
    retired: tuple[UUID, ...] = ()
    restored: tuple[UUID, ...] = ()
    also: tuple[Judgement, ...] = ()
    withdrawn: tuple[Judgement, ...] = ()
    destinations: tuple[Mapping[str, Any], ...] = ()
    undo: tuple[str, ...] = ()
    names: Mapping[UUID, RecordReference] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The same as JSON has it, with the names of the records."""
        return {
            "judgement": told(self.judgement, self.names),
            "profiles": list(self.profiles),
            "retired": list(self.retired),
            "restored": list(self.restored),
            "destinations": list(self.destinations),
            "also": [told(each, self.names) for each in self.also],
            "withdrawn": [told(each, self.names) for each in self.withdrawn],
            "undo": list(self.undo),
        }


def told(judgement: Judgement, names: Mapping[UUID, RecordReference]) -> dict[str, Any]:
    """A judgement as JSON has it; a record that is not stored (any more) has an id alone."""

    def side(records: frozenset[UUID]) -> list[dict[str, Any]]:
        return [
            {"id": one, **_NAMELESS, **(names[one].model_dump() if one in names else {})} for one in sorted(records)
        ]

    return {
        "id": judgement.id,
        "verdict": judgement.verdict,
        "one": side(judgement.one),
        "other": side(judgement.other),
        "by": judgement.by,
        "reason": judgement.reason,
        "at": judgement.at,
        "withdrawn_at": judgement.withdrawn_at,
        "withdrawn_by": judgement.withdrawn_by,
    }
