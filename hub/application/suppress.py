"""suppress: puts addresses on the list of those nobody writes to: of who was erased, complained, or hard bounced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

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


def suppress(session: Session, drafts: Drafts, resolution: Resolution) -> None:
    """Take in what a batch tells of addresses that nobody may write to."""
    entries = list(_erased(drafts, resolution))
    refused = [fact for fact in drafts.facts.values() if fact.kind == "interaction" and _may_refuse(fact.payload)]
    if refused:
        rows = {row.id: row for members in resolution.members.values() for row in members}
        for fact in refused:
            record = resolution.facts.get(fact.id) or fact.record_id
            entries += _of_interaction(fact, rows.get(record) if record else None)
    store.note(session, entries)


def _erased(drafts: Drafts, resolution: Resolution) -> Iterator[Entry]:
    """All addresses of a person of whom a record of this batch asks to be erased: others of theirs come again, too."""
    for members in resolution.members.values():
        asking = [row for row in members if row.id in drafts.records and "erasure" in row.state]
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
