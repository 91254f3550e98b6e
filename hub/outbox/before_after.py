"""before_after: what a write changes in one record, field by field. Pure; for ``hub outbox preview``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

from hub.sdk.destination import Change, OrderChange, Write
from hub.sdk.manifest import ConnectionSettings, ProfileSettings

Action = Literal["create", "update", "erase", "nothing"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: ``before`` is what Hub last wrote, ``after`` what it would write ("" clears it).

    ``is_known`` is False where nobody knows what stands there, because a write of it may have been carried out unseen.
    ``there`` is what stands there now, where that was asked (``is_asked``); ``rule`` the mapping file's, which may let
    it stay.
    """

    name: str
    before: Any
    after: Any
    rule: str = "always"
    is_known: bool = True
    is_asked: bool = False
    there: Any = None


@dataclass(frozen=True, slots=True)
class Record:
    """One record at a destination; ``faults`` are of a mapping file's fields that cannot be worked out for it."""

    kind: Literal["profile", "order"]
    key: UUID
    external_id: str | None
    action: Action
    fields: Sequence[Field] = ()
    faults: Sequence[str] = field(default_factory=tuple)

    def with_there(self, values: Mapping[str, Any]) -> Record:
        """The same with what stands there now, by field."""
        asked = [replace(one, is_asked=True, there=values.get(one.name)) for one in self.fields]
        return replace(self, fields=asked)


def record_of(key: UUID, change: Change, write: Write | None, settings: ConnectionSettings) -> Record:
    """What becomes of a record by a change; ``write`` is None where nothing differs."""
    kind: Literal["profile", "order"] = "order" if isinstance(change, OrderChange) else "profile"
    known = next(iter(change.external_ids), None)
    faults = faults_of(change, settings)
    if write is None:
        return Record(kind, key, known, "nothing", faults=faults)
    if write.erase:
        return Record(kind, key, write.external_id, "erase")
    action: Action = "update" if write.external_id else "create"
    before, after = change.mirror, write.mirror
    names = dict.fromkeys((*write.properties, *after, *before))
    changed = [name for name in names if name in write.properties or before.get(name) != after.get(name)]
    fields = [
        Field(
            name,
            before.get(name),
            write.properties.get(name, after.get(name)),
            write.rules.get(name, "always"),
            is_known=name not in before or before[name] is not None,
        )
        for name in changed
    ]
    return Record(kind, key, write.external_id, action, fields, faults)


def faults_of(change: Change, settings: ConnectionSettings) -> tuple[str, ...]:
    """Fields of the mapping file that are not written this time, because they cannot be worked out; never values."""
    if not isinstance(settings, ProfileSettings):
        return ()
    return tuple(settings.applied(change.order if isinstance(change, OrderChange) else change.profile, {}).faults)
