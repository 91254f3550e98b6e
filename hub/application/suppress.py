"""suppress: puts addresses on the list of those nobody writes to: of who was erased, complained, or hard bounced."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.identity.place import Resolution
from hub.identity.record_changes import Drafts
from hub.mapping.email import email
from hub.mapping.record_state import moment
from hub.model.facts import FactRow
from hub.store import suppressions as store
from hub.store.database import Session
from hub.store.records import RecordRow
from hub.store.suppressions import Entry, points_of

_SOFT = ("soft", "transient", "temporary", "deferred")
"""Words by which a source says that an address will take mail again."""


def suppress_refusing(session: Session, drafts: Drafts, rows: Mapping[UUID, RecordRow]) -> None:
    """Take in what a batch tells of addresses that bounced or complained; ``rows`` are its records."""
    entries: list[Entry] = []
    for fact in drafts.facts.values():
        if fact.kind == "interaction" and _may_refuse(fact.payload):
            entries += _of_interaction(fact, rows.get(fact.record_id) if fact.record_id else None)
    store.note(session, entries)


def suppress_erased(session: Session, records: Collection[UUID], resolution: Resolution) -> None:
    """Take in the addresses of who asks to be erased, by one of these records."""
    store.note(session, list(_erased(records, resolution)))


def _erased(records: Collection[UUID], resolution: Resolution) -> Iterator[Entry]:
    """All addresses of a person of whom a record of this batch asks to be erased: others of theirs come again, too."""
    for members in resolution.members.values():
        asking = [row for row in members if row.id in records and "erasure" in row.state]
        if not asking:
            continue
        since = max(_erased_at(row) for row in asking)
        connection = min(row.connection for row in asking)
        for point in sorted(points_of(members, former=True)):
            yield Entry(point, "erased", since, connection)


def _erased_at(row: RecordRow) -> datetime:
    return moment(row.state["erasure"][1][0])


def _may_refuse(payload: str) -> bool:
    return "email_bounced" in payload or "email_complained" in payload


def _of_interaction(fact: FactRow, row: RecordRow | None) -> Iterator[Entry]:
    payload: Mapping[str, Any] = orjson.loads(fact.payload)
    kind, state = payload.get("kind"), str(payload.get("state") or "").lower()
    if kind not in ("email_bounced", "email_complained") or any(word in state for word in _SOFT):
        return
    for value in sorted(_addresses(payload, row)):
        reason = "complaint" if kind == "email_complained" else "bounce"
        yield Entry(("emails", value), reason, fact.happened_at, fact.connection)  # type: ignore[arg-type]


def _addresses(payload: Mapping[str, Any], row: RecordRow | None) -> set[str]:
    """The address that was written to: the one the source names, else the record's if it has one only."""
    named = email(str((payload.get("details") or {}).get("email") or ""))
    if named is not None:
        return {named.value}
    own = {value for name, value in points_of([row]) if name == "emails"} if row else set()
    return own if len(own) == 1 else set()
