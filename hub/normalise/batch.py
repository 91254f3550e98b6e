"""normalise: a batch of inbox entries to canonical events. Pure: the same entry gives the same events for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.errors import HubError, PayloadError, SkipEvent
from hub.mapping.notes import notes_of
from hub.model.event import CanonicalEvent, Note
from hub.normalise import own
from hub.normalise.ahead import arrived
from hub.normalise.consents import dated, proven
from hub.normalise.fit import unfit
from hub.sdk.connection import Connection
from hub.sdk.source import UNREADABLE, InboxEntry, RawDelivery
from hub.store.inbox import ClaimedEntry


@dataclass(frozen=True, slots=True)
class Normalised:
    """The canonical events of one entry, and the notes on what of it was left out."""

    inbox_id: int
    connection: str
    received_at: datetime
    events: Sequence[CanonicalEvent]
    notes: Sequence[Note] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """An entry that gave no events: ``skipped`` or ``parked``, with the reason (never a personal value)."""

    inbox_id: int
    state: str
    reason: str


def normalise(
    entries: Iterable[ClaimedEntry], connections: Mapping[str, Connection]
) -> tuple[list[Normalised], list[Outcome]]:
    """Parse every entry with its connector. One that fails is parked and stops nobody else."""
    done: list[Normalised] = []
    outcomes: list[Outcome] = []
    for claimed in entries:
        entry = claimed.entry
        connection = connections.get(entry.connection)
        source = connection.connector.source if connection else None
        if own.is_own(entry):
            connection = None
        elif connection is None or source is None:
            outcomes.append(Outcome(claimed.id, "parked", f"connection {entry.connection!r} is not configured"))
            continue
        try:
            told = _told(entry, connection)
        except SkipEvent as reason:
            outcomes.append(Outcome(claimed.id, "skipped", str(reason)))
        except PayloadError as error:
            outcomes.append(Outcome(claimed.id, "parked", str(error)))
        except HubError as error:
            outcomes.append(Outcome(claimed.id, "parked", f"{type(error).__name__}: {error}"))
        except Exception as error:
            # A connector's bug must not stop the batch, and its text may hold values from the body.
            outcomes.append(
                Outcome(claimed.id, "parked", f"{entry.topic}: the connector failed ({type(error).__name__})")
            )
        else:
            parsed = [event for event in told if not isinstance(event, Note)]
            events, undated = dated(proven(parsed), entry.received_at)
            if fault := unfit(events):
                outcomes.append(Outcome(claimed.id, "parked", f"{entry.topic}: {fault}"))
                continue
            events, ahead = arrived(events, entry.received_at)
            notes = [*(note for note in told if isinstance(note, Note)), *undated, *ahead, *notes_of(events)]
            done.append(
                Normalised(claimed.id, entry.connection, entry.received_at, events, tuple(dict.fromkeys(notes)))
            )
    return done, outcomes


def _told(entry: InboxEntry, connection: Connection | None) -> Sequence[CanonicalEvent | Note]:
    if connection is None or connection.connector.source is None:
        return own.parse(entry)
    return list(connection.connector.source.parse(_named(entry, connection), connection.settings))


def _named(entry: InboxEntry, connection: Connection) -> InboxEntry:
    """The entry under its topic. One that could not be named is named now, which a newer connector may be able to."""
    source = connection.connector.source
    if entry.topic != UNREADABLE or source is None or source.name_event is None:
        return entry
    delivery = RawDelivery("POST", "", {}, entry.headers, entry.body, entry.received_at)
    return replace(entry, topic=source.name_event(delivery, connection.settings).topic)
