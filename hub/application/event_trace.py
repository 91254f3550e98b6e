"""event_trace: one event from its source to every destination: what Hub read, whose it is, what was written, when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from hub.identity.record_changes import Drafting
from hub.model.profile import RecordReference
from hub.normalise.left_unread import left_unread
from hub.normalise.own import CONNECTION, TOPIC
from hub.normalise.trial import AsRead, as_read
from hub.sdk.connection import Connection
from hub.sdk.source import InboxEntry, RawDelivery
from hub.store import event_search, facts, inbox, profiles
from hub.store import records as records_store
from hub.store.database import Session
from hub.store.inbox import NewEntry

StepKind = Literal["source", "arrived", "waits", "read", "skipped", "parked", "person", "queued", "attempt"]


@dataclass(frozen=True, slots=True)
class Step:
    """A point of the way. ``lag`` is seconds since the arrival; ``at`` is None where no time of its own is kept."""

    kind: StepKind
    at: datetime | None
    lag: float | None = None
    destination: str = ""
    outcome: str = ""
    reason: str = ""
    key: UUID | None = None
    profile: UUID | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A record that the event tells of, and whose it is now; None where it has no profile (yet)."""

    record: RecordReference
    profile: UUID | None


@dataclass(frozen=True, slots=True)
class Trace:
    """``entry`` as ``inbox.get`` gives it. ``read`` is None when that cannot be said: its body is gone."""

    entry: Mapping[str, Any]
    read: AsRead | None
    records: list[Told] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    more_records: int = 0

    @property
    def people(self) -> list[UUID]:
        """The profiles it is about, each once."""
        return list(dict.fromkeys(one.profile for one in self.records if one.profile))


MOST_RECORDS = 50


def trace(session: Session, inbox_id: int, connections: Mapping[str, Connection]) -> Trace | None:
    """Follow an event; None when there is none of this id. It is read again as the connector would read it now."""
    entry = inbox.get(session, inbox_id)
    if entry is None:
        return None
    read = _read(entry, connections.get(entry["connection"]))
    records, keys = _of_whom(session, entry, read)
    return Trace(
        entry, read, records[:MOST_RECORDS], _steps(session, entry, read, records, keys),
        max(0, len(records) - MOST_RECORDS),
    )  # fmt: skip


def unread(session: Session, inbox_id: int, connections: Mapping[str, Connection]) -> list[str] | None:
    """Paths of an event's body that no one reads; None where that cannot be said."""
    entry = inbox.get(session, inbox_id)
    connection = connections.get(entry["connection"]) if entry else None
    if entry is None or entry["body"] is None or connection is None or connection.connector.source is None:
        return None
    body, headers = bytes(entry["body"]), dict(entry["headers"])
    fetched = {name: bytes(part) for name, part in entry["completions"].items()}
    delivery = RawDelivery("POST", "", {}, headers, body, entry["received_at"])
    found = InboxEntry(
        entry["connection"], entry["event_id"], entry["topic"], headers, body,
        received_at=entry["received_at"], completions=fetched,
    )  # fmt: skip
    return left_unread(delivery, found, connection)


def _read(entry: Mapping[str, Any], connection: Connection | None) -> AsRead | None:
    own = (entry["connection"], entry["topic"]) == (CONNECTION, TOPIC)
    if entry["body"] is None or not (own or (connection and connection.connector.source)):
        return None
    new = NewEntry(
        entry["connection"], entry["event_id"], entry["topic"], orjson.dumps(entry["headers"]).decode(),
        bytes(entry["body"]), entry["received_at"],
    )  # fmt: skip
    fetched = {name: bytes(body) for name, body in entry["completions"].items()}
    return as_read([new], None if own else connection, fetched=fetched)[0]


def _of_whom(session: Session, entry: Mapping[str, Any], read: AsRead | None) -> tuple[list[Told], list[UUID]]:
    """The records that it tells of, and all ids under which something of it may have been written."""
    drafting = Drafting()
    drafting.add(entry["connection"], entry["id"], entry["received_at"], read.events if read else ())
    drafts = drafting.drafts
    touched = [*drafts.facts, *(fact.parent_id for fact in drafts.facts.values() if fact.parent_id)]
    behind = [record for record in facts.records_of(session, touched).values() if record is not None]
    names = {one.id: RecordReference(connection=one.connection, kind=one.key.kind, external_id=one.key.external_id)
             for one in drafts.records.values()}  # fmt: skip
    behind += drafts.touched
    names |= {record: name for record, name in records_store.names(session, behind).items() if record not in names}
    owners = records_store.profiles_of(session, names)
    people = list(dict.fromkeys(owners.values()))
    former = [retired for retired, _, _ in profiles.aliases(session, people)] if people else []
    return [Told(name, owners.get(record)) for record, name in names.items()], [*people, *former, *touched]


def _steps(
    session: Session, entry: Mapping[str, Any], read: AsRead | None, records: list[Told], keys: list[UUID]
) -> list[Step]:
    came: datetime = entry["received_at"]

    def lag(at: datetime) -> float:
        return max(0.0, (at - came).total_seconds())

    steps: list[Step] = []
    happened = min((event.occurred_at for event in read.events), default=None) if read else None
    if happened is not None:
        steps.append(Step("source", happened))
    steps.append(Step("arrived", came))
    if entry["state"] == "pending":
        waits = event_search.waiting(session, entry["id"])
        steps.append(Step("waits", waits[1] if waits else None, outcome=waits[0] if waits else ""))
    elif entry["state"] in ("skipped", "parked"):
        at = event_search.decided_at(session, entry["id"])
        state: StepKind = "skipped" if entry["state"] == "skipped" else "parked"
        steps.append(Step(state, at, lag(at) if at else None, reason=entry["reason"]))
    else:
        steps.append(Step("read", None))
    written = event_search.written_of(session, entry["id"], keys)
    queued = event_search.queued_of(session, entry["id"], keys)
    if entry["state"] == "done":
        people = dict.fromkeys(one.profile for one in records if one.profile)
        steps.extend(Step("person", None, profile=person) for person in people)
    subjects = {row["key"]: row["subject"] for row in queued}
    subjects |= {one.profile: "profile" for one in records if one.profile}
    later = [
        Step(
            "queued",
            row["enqueued_at"],
            lag(row["enqueued_at"]),
            row["destination"],
            row["state"],
            key=row["key"],
            subject=row["subject"],
        )
        for row in queued
        if row["enqueued_at"] >= came
    ]
    later += [
        Step(
            "attempt",
            row["at"],
            lag(row["at"]),
            row["destination"],
            row["outcome"],
            row["reason"],
            row["key"],
            subject=subjects.get(row["key"], ""),
        )
        for row in written
    ]
    return [*steps, *sorted(later, key=lambda step: (step.at or came, step.kind == "attempt"))]
