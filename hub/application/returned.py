"""returned: what came back from a system that Hub writes to, without the echo of Hub's own writes (law L10).

It stands between normalise and resolve. Of each person's record that was read there, what is Hub's own is dropped and
what a person changed becomes a fact of that record (``hub.outbox.echo``). The record is tied to the person Hub wrote it
for. What is found to stand there is the mirror from then on: where the edit wins, nothing has to be written back, and
where it loses, what differs is written again. A merge made there is a judgement, a deletion is no erasure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.application import found_there
from hub.application.back import Back, back_of, contact_record
from hub.model.base import FrozenTexts
from hub.model.customer import CustomerSnapshot
from hub.model.event import (
    CanonicalEvent,
    ConsentEvent,
    CustomerEvent,
    DeletionEvent,
    InteractionEvent,
    LinkEvent,
)
from hub.model.identifier import RecordKey
from hub.model.judgement import Judgement
from hub.model.keys import record_id
from hub.model.profile import RecordReference
from hub.normalise.batch import Normalised
from hub.outbox import echo
from hub.outbox.echo import Mirror, Print
from hub.sdk.connection import Connection
from hub.store import judgements, outbox, records, returned
from hub.store.database import Session
from hub.store.outbox import NewRow
from hub.store.returned import Known


def comes_back(connection: Connection | None) -> bool:
    """Whether Hub writes to this connection's records of people as well."""
    if connection is None or connection.connector.source is None or connection.connector.destination is None:
        return False
    return connection.connector.source.reads is not None


def take(
    session: Session, done: Sequence[Normalised], connections: Mapping[str, Connection]
) -> tuple[list[Normalised], Back]:
    """The entries without what is Hub's own; those of other connections stay as they are."""
    back = Back()
    ours = {one.connection for one in done if comes_back(connections.get(one.connection))}
    kept: dict[int, Normalised] = {}
    for name in sorted(ours):
        entries = [one for one in done if one.connection == name]
        reader = _Reader(session, connections[name], entries, back)
        kept |= {one.inbox_id: replace(one, events=reader.events(one)) for one in entries}
        reader.keep()
    return [kept.get(one.inbox_id, one) for one in done], back


def settle(session: Session, document: Any, connections: Mapping[str, Connection]) -> set[str]:
    """Tie new records to their profiles and queue what was changed; gives the destinations with something to do.

    ``document`` is of ``Back.document``; the records are placed.
    """
    back = back_of(document)
    destinations: set[str] = set()
    for name, found in back.fresh.items():
        if name not in connections:
            continue
        homes = records.profiles_of(session, [contact_record(name, one) for one in found])
        ids = {one: homes[record] for one in found if (record := contact_record(name, one)) in homes}
        taken = returned.adopt_ids(session, name, ids)
        mirrors = {}
        for one in taken:
            snapshot, read_at = found[one]
            mirror = found_there.changed(connections[name], ids[one], CustomerSnapshot(key=snapshot.key), snapshot)
            mirror |= found_there.refused(connections[name], snapshot.consents)
            mirrors[ids[one]] = (orjson.dumps(mirror).decode(), read_at)
        returned.adopt_mirrors(session, name, mirrors)
    for name, edited in back.edited.items():
        now = returned.current(session, edited)
        rows = [
            NewRow(name, now[key][0], "profile", *now[key], sorted(events))
            for key, events in edited.items()
            if key in now
        ]
        outbox.enqueue(session, list({row.key: row for row in rows}.values()))
        destinations |= {name} if rows else set()
    return destinations


class _Reader:
    """One connection's entries of a batch: everything about their records is asked for at once."""

    def __init__(self, session: Session, connection: Connection, entries: Sequence[Normalised], back: Back) -> None:
        self.session, self.connection, self.name, self.back = session, connection, connection.name, back
        told = [event for entry in entries for event in entry.events]
        states = [event for event in told if isinstance(event, CustomerEvent) and event.returned is not None]
        ids = {event.customer.key.external_id for event in states}
        ids |= {key.external_id for event in told for key in _named(event)}
        self.known = returned.known(session, self.name, ids)
        owners = {owner for event in states if (owner := _uuid(event.returned.owner if event.returned else None))}
        self.owned = returned.owned(session, self.name, owners) if owners else {}
        keys = {one.key for one in (*self.known.values(), *self.owned.values())}
        self.prints = returned.prints(session, self.name, keys) if keys else {}
        self.anchors = returned.anchors(session, keys) if keys else {}
        self.read_at = returned.fetched_at(session, [entry.inbox_id for entry in entries])
        self.told_before = returned.readings(session, [entry.inbox_id for entry in entries])
        self.told: dict[int, dict[str, frozenset[str]]] = {}
        self.unheard: set[str] = set()
        """Former ids of records that have told nothing of their own."""

    def events(self, entry: Normalised) -> list[CanonicalEvent]:
        kept: list[CanonicalEvent] = []
        own: set[RecordKey] = set()
        for event in entry.events:
            if isinstance(event, CustomerEvent) and event.returned is not None:
                told = self._state(entry, event)
                own |= {event.customer.key} if _said_nothing(event, told) else set()
                kept += told
            elif isinstance(event, InteractionEvent) and event.record in own and event.interaction.kind in _CONSENTING:
                continue
            elif isinstance(event, ConsentEvent) and (known := self._contact(event.record)):
                kept += [*self._tie(event.occurred_at, event.record, known.key), event]
            elif isinstance(event, LinkEvent) and event.by:
                self._merge(event)
            elif isinstance(event, LinkEvent) and event.into:
                kept += self._renamed(event, event.into)
            elif isinstance(event, CustomerEvent) and event.customer.key.external_id in self.unheard:
                continue
            elif isinstance(event, DeletionEvent) and event.kind == "record":
                kept += self._deletion(event)
            elif isinstance(event, InteractionEvent):
                kept.append(self._said(event))
            else:
                kept.append(event)
        return kept

    def keep(self) -> None:
        returned.keep_readings(self.session, self.told)
        # What is read is there, whatever was said of it before.
        there = {one for told in self.told.values() for one in told if not one.endswith(" past")} & self.known.keys()
        if there:
            returned.gone_there(self.session, self.name, there, gone=False)

    def _state(self, entry: Normalised, event: CustomerEvent) -> list[CanonicalEvent]:
        assert event.returned is not None
        one, past = event.customer.key.external_id, event.returned.past
        owner = _uuid(event.returned.owner)
        known = self.known.get(one) or (self.owned.get(owner) if owner else None)
        before = self.told_before.get(entry.inbox_id, {}).get(_told_as(one, past=past))
        if known is None:
            if past:
                return []
            self._tells(entry, one, before or echo.fields_of(event.customer))
            self.back.fresh[self.name][one] = (event.customer, self._read_at(entry, event))
            return [event]
        mirror, read_at = self._mirror(one, known), None if past else self._read_at(entry, event)
        stood = [Print(each.at, each.digests) for each in self.prints.get(known.key, ())]
        fields = frozenset(before) if before is not None else (
            echo.edited(known.key, event.customer, mirror, stood, read_at)
        )  # fmt: skip
        self._tells(entry, _told_as(one, past=past), fields)
        if not fields:
            return []
        if before is None and read_at is not None:
            self._adopt(known, mirror, event.customer, fields, read_at)
        self.back.edited[self.name].setdefault(known.key, set()).add(entry.inbox_id)
        customer = echo.only(event.customer, fields, mirror.told if mirror else None)
        told = {"customer": customer, "whole": echo.whole(event.customer, fields)}
        return [event.model_copy(update=told), *self._tie(event.occurred_at, event.customer.key, known.key)]

    def _said(self, event: InteractionEvent) -> InteractionEvent:
        """What was noted at a record that Hub wrote is of the person Hub wrote it for."""
        known = self.known.get(event.record.external_id)
        anchor = self.anchors.get(known.key) if known else None
        if anchor is None:
            return event
        told = RecordKey(kind=anchor.kind, external_id=anchor.external_id)
        return event.model_copy(update={"record": told, "of": anchor.connection, "waits": False})

    def _read_at(self, entry: Normalised, event: CustomerEvent) -> datetime:
        """The earliest moment at which the record may have been read: a list may lag behind, a webhook come late."""
        heard = self.read_at.get(entry.inbox_id) or entry.received_at - echo.SLACK
        sent = event.returned is not None and event.returned.sent
        return min(heard, event.occurred_at - echo.SLACK) if sent else heard

    def _tells(self, entry: Normalised, one: str, fields: Iterable[str]) -> None:
        self.told.setdefault(entry.inbox_id, {})[one] = frozenset(fields)

    def _mirror(self, one: str, known: Known) -> Mirror | None:
        source: Any = self.connection.connector.source
        if known.mirror is None or known.at is None:
            return None
        told = source.reads(one, known.mirror, self.connection.settings)
        return Mirror(told, known.at, unknown=None in known.mirror.values())

    def _adopt(
        self, known: Known, mirror: Mirror | None, read: CustomerSnapshot, fields: frozenset[str], at: datetime
    ) -> None:
        wrote_at = mirror.at if mirror is not None and at < mirror.at else None
        if wrote_at and mirror and mirror.told.consents:
            return  # an opt-out of Hub's own would be told once more
        before = mirror.told if mirror else CustomerSnapshot(key=read.key)
        update: dict[str, Any] = {name: getattr(read, name) for name in (*echo.SINGLE, *echo.LISTS) if name in fields}
        custom = {name: text for name, text in read.custom.items() if f"custom.{name}" in fields}
        said = [one for one in read.consents if echo.consent_field(one) in fields]
        update["consents"] = (*said, *(one for one in before.consents if echo.consent_field(one) not in fields))
        after = before.model_copy(update={**update, "custom": FrozenTexts({**before.custom, **custom})})
        over = found_there.ended(self.connection) if said else ()
        held = {name: value for name, value in (known.mirror or {}).items() if name not in over}
        found, at = found_there.changed(self.connection, known.key, before, after), wrote_at or at
        # The edit stands there, or what Hub wrote since: nobody knows until Hub writes again.
        properties = {**held, **(dict.fromkeys(found) if wrote_at else found)}
        properties |= found_there.refused(self.connection, said)
        self.known = {
            one: replace(each, mirror=properties, at=at) if each.key == known.key else each
            for one, each in self.known.items()
        }
        returned.adopt_mirrors(self.session, self.name, {known.key: (orjson.dumps(properties).decode(), at)})

    def _contact(self, record: RecordKey) -> Known | None:
        """The contact that a record is; None where it is another kind of record, or Hub does not know it."""
        return self.known.get(record.external_id) if record.kind == "contact" else None

    def _tie(self, at: datetime, record: RecordKey, key: UUID) -> list[CanonicalEvent]:
        """The record belongs to whom Hub wrote it for, also where nothing that a person typed there tells so."""
        anchor = self.anchors.get(key)
        if anchor is None or (anchor.connection, anchor.external_id) == (self.name, record.external_id):
            return []
        reason = "Hub wrote this record for that person"
        return [LinkEvent(occurred_at=at, records=(record,), of=anchor, reason=reason)]

    def _merge(self, event: LinkEvent) -> None:
        """People merged these there: that is a judgement, unless Hub holds them for one person already."""
        ids = [key.external_id for key in event.records]
        if event.into is not None:
            if all(one in self.known and self.known[one].merged for one in ids if one != event.into.external_id):
                return  # it was told before, or Hub did it: what people decided since holds
            key = next((self.known[one].key for one in ids if one in self.known), None)
            returned.merged_there(self.session, self.name, event.into.external_id, ids, key)
        stored = list(dict.fromkeys(self._record_of(one) for one in ids))
        if len(stored) < 2:
            return
        homes = records.profiles_of(self.session, stored)
        if len({homes[one] for one in stored if one in homes}) < 2:
            return
        for other in stored[1:]:
            sides = frozenset({stored[0]}), frozenset({other})
            told = Judgement(0, "same", *sides, by=event.by or "", reason=event.reason, at=event.occurred_at)
            judgements.insert(self.session, told)
        self.back.touched |= set(stored)

    def _renamed(self, event: LinkEvent, into: RecordKey) -> list[CanonicalEvent]:
        """The record has another id there now: Hub goes on with that. Of one that Hub does not know, both are one."""
        ids = [key.external_id for key in event.records]
        known = next((self.known[one] for one in ids if one in self.known), None)
        if known is None:
            return [event]
        returned.merged_there(self.session, self.name, into.external_id, ids, known.key)
        self.known.setdefault(into.external_id, known)
        stored = records.profiles_of(self.session, [contact_record(self.name, one) for one in ids])
        self.unheard |= {one for one in ids if contact_record(self.name, one) not in stored}
        return [event] if stored else []

    def _record_of(self, one: str) -> UUID:
        own = contact_record(self.name, one)
        known = self.known.get(one)
        anchor: RecordReference | None = self.anchors.get(known.key) if known else None
        if anchor is None:
            return own
        return record_id(anchor.connection, anchor.kind, anchor.external_id)

    def _deletion(self, event: DeletionEvent) -> list[CanonicalEvent]:
        """The record is not there any more. Nothing is erased, and Hub does not make it anew by itself."""
        one = event.record.external_id
        known = self.known.get(one)
        if known is not None and known.merged:
            return []
        returned.gone_there(self.session, self.name, [one], gone=True)
        is_stored = bool(records.profiles_of(self.session, [contact_record(self.name, one)]))
        return [event] if is_stored or known is None else []


_CONSENTING = ("email_subscribed", "email_unsubscribed")
"""What is told of a contact when its consent changes, whoever changed it."""


def _said_nothing(event: CustomerEvent, kept: Sequence[CanonicalEvent]) -> bool:
    """Whether the consent that a contact told was Hub's own."""
    left = [one for one in kept if isinstance(one, CustomerEvent) and one.customer.consents]
    return bool(event.customer.consents) and not left


def _told_as(one: str, *, past: bool) -> str:
    return f"{one} past" if past else one


def _named(event: CanonicalEvent) -> tuple[Any, ...]:
    if isinstance(event, LinkEvent) and (event.by or event.into):
        return (*event.records, *((event.into,) if event.into else ()))
    if isinstance(event, InteractionEvent) or (isinstance(event, DeletionEvent) and event.kind == "record"):
        return (event.record,)
    if isinstance(event, ConsentEvent) and event.record.kind == "contact":
        return (event.record,)
    return ()


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
