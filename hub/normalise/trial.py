"""trial: what entries would become, read before they are stored or instead of it; behind a backfill's counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

from hub.model.event import CanonicalEvent, Note
from hub.normalise.batch import normalise
from hub.sdk.connection import Connection
from hub.sdk.source import InboxEntry
from hub.store.inbox import ClaimedEntry, NewEntry


@dataclass(frozen=True, slots=True)
class AsRead:
    """One entry as it is read: ``waiting`` when its details have to be fetched first."""

    entry: NewEntry
    state: Literal["done", "skipped", "parked", "waiting"]
    reason: str = ""
    events: Sequence[CanonicalEvent] = ()
    notes: Sequence[Note] = ()


def as_read(
    entries: Sequence[NewEntry], connection: Connection | None, *, fetched: Mapping[str, bytes] | None = None
) -> list[AsRead]:
    """What becomes of each of these entries of a connection, in order; ``fetched`` is what was fetched for them.

    What people told Hub itself has none.
    """
    claimed = [_claimed(number, entry).with_completions(fetched or {}) for number, entry in enumerate(entries)]
    waiting = {each.id for each in claimed if _lacks(each.entry, connection)}
    done, outcomes = normalise(
        [each for each in claimed if each.id not in waiting], {connection.name: connection} if connection else {}
    )
    found = {each: AsRead(entries[each], "waiting", "its details are fetched first") for each in waiting}
    found |= {
        each.inbox_id: AsRead(entries[each.inbox_id], "done", events=each.events, notes=each.notes) for each in done
    }
    for outcome in outcomes:
        state: Literal["skipped", "parked"] = "skipped" if outcome.state == "skipped" else "parked"
        found[outcome.inbox_id] = AsRead(entries[outcome.inbox_id], state, outcome.reason)
    return [found[number] for number in range(len(entries))]


def _claimed(number: int, new: NewEntry) -> ClaimedEntry:
    entry = InboxEntry(
        new.connection, new.event_id, new.topic, orjson.loads(new.headers), new.body, received_at=new.received_at
    )
    return ClaimedEntry(number, 0, entry, new.received_at)


def _lacks(entry: InboxEntry, connection: Connection | None) -> bool:
    source = connection.connector.source if connection else None
    if connection is None or source is None or source.completions is None:
        return False
    try:
        return bool(source.completions(entry, connection.settings))
    except Exception:  # what cannot be read is told by ``normalise``
        return False
