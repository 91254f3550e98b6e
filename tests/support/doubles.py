"""A source that speaks canonical events, and a CRM in memory: the pipeline between them is the real one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pydantic import TypeAdapter

from hub.errors import PayloadError, SkipEvent
from hub.model.customer import ContactPoint, CustomerSnapshot, PersonName
from hub.model.event import CanonicalEvent, ContactList, CustomerEvent, Note
from hub.model.identifier import Identifier, RecordKey
from hub.normalise.ahead import TOLERANCE
from hub.outbox.enqueue import Route
from hub.sdk.connection import Connection
from hub.sdk.destination import Change, Destination, HttpRequest, OrderChange, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest, OrderSettings, Secrets
from hub.sdk.registry import Connector
from hub.sdk.signatures import BodyHmac, require_fresh
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Source
from hub.store import inbox
from hub.store.database import Database
from hub.store.inbox import NewEntry

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
EVENTS: TypeAdapter[list[CanonicalEvent]] = TypeAdapter(list[CanonicalEvent])

TABLES = (
    "token, destination_state, attempt, crosswalk, mirror, outbox, fact, history, alias, profile, record, backfill, "
    "completion, inbox_outcome, inbox_queue, inbox, record_key, crowd, match, judgement_record, judgement, "
    "dismissal, answer, stake, identity_version, placement, reresolve, mark, completion_rest, inbox_note, bulk_load, "
    "reconciliation, subscription, route_change, retention_held, oauth_grant, arrival, customer_stat, trait, "
    "insight_model, insight_run, segment_size, product_pair, product_habit, product_step, quota, behaviour, tone, "
    "alert, mail, trait_override, hand_over, suppression, suppression_key, write_print, reading, drift"
)


def at(seconds: float) -> datetime:
    """A moment of the tests' own time."""
    return START + timedelta(seconds=seconds)


def empty(database: Database) -> None:
    """Take out every row; the ids of the next rows start anew.

    Not by TRUNCATE: that makes over a hundred new files, which takes longer than most examples it clears up after.
    """
    deletes = "; ".join(f"DELETE FROM {table}" for table in TABLES.split(", "))
    with database.session() as session:
        session.run(f"SET LOCAL session_replication_role = replica; {deletes}")
        session.run("SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence")


# -- a source ---------------------------------------------------------------------------------------------------------


class SourceSettings(OrderSettings):
    secret: Secrets


SIGNATURE: BodyHmac[SourceSettings] = BodyHmac(
    "x-signature",
    encoding="hex",
    secrets=lambda settings: settings.secret,
    signed=lambda delivery: delivery.headers.get("x-sent-at", "0").encode() + b"." + delivery.body,
)


def _verify(delivery: RawDelivery, settings: SourceSettings) -> None:
    SIGNATURE.verify(delivery, settings)
    require_fresh(datetime.fromtimestamp(float(delivery.headers.get("x-sent-at", "0")), UTC), delivery.received_at)


def sign(
    body: bytes, *, secret: str = "s3cret", event_id: str = "e1", sent_at: datetime | None = None
) -> dict[str, str]:
    """The headers of a delivery to the double source."""
    moment = f"{(sent_at or datetime.now(UTC)).timestamp():.0f}"
    signature = SIGNATURE.value(secret, moment.encode() + b"." + body)
    return {"x-event-id": event_id, "x-topic": "events", "x-sent-at": moment, "x-signature": signature}


def _name(delivery: RawDelivery, settings: SourceSettings) -> EventName:
    if "x-event-id" not in delivery.headers:
        raise PayloadError("missing", path="headers.x-event-id")
    return EventName(delivery.headers["x-event-id"], delivery.headers.get("x-topic", "events"))


def parse(entry: InboxEntry, settings: SourceSettings) -> Sequence[CanonicalEvent]:
    """The canonical events a body lists."""
    if entry.topic != "events":
        raise SkipEvent(f"topic not read: {entry.topic}")
    try:
        return EVENTS.validate_json(entry.body)
    except ValueError:
        raise PayloadError("not readable", path="$") from None


def source(
    name: str,
    *,
    rank: int = 100,
    revenue: str = "paid",
    read: Callable[[InboxEntry, Any], Sequence[CanonicalEvent | Note]] = parse,
    **changes: Any,
) -> Connection:
    """A connection of the double source; ``read`` is another version of its ``parse``."""
    manifest: Manifest[SourceSettings] = Manifest(
        slug="double",
        name="Double",
        channel="web",
        roles=frozenset({"source"}),
        settings=SourceSettings,
        docs_url="https://example.com",
        api_version="1",
        topics={"events": "canonical events"},
    )
    made: Source[Any] = Source(parse=read, verify=_verify, name_event=_name)
    settings = SourceSettings.model_validate({"secret": "s3cret", "rank": rank, "revenue": revenue})
    return Connection(name, Connector(manifest, source=replace(made, **changes)), settings)


def entry(
    events: Sequence[CanonicalEvent], event_id: str, *, connection: str = "shop", received_at: datetime | None = None
) -> NewEntry:
    """An inbox entry of the double source that holds these events, received at START or, told much later, then."""
    newest = max((event.occurred_at for event in events), default=START)
    arrival = received_at or (START if newest <= START + TOLERANCE else newest)
    body = orjson.dumps([event.model_dump(mode="json", exclude_defaults=True) for event in events])
    return NewEntry(connection, event_id, "events", "{}", body, arrival)


def store(database: Database, entries: Sequence[NewEntry]) -> int:
    """Put entries into the inbox; gives how many were new."""
    with database.session() as session:
        return inbox.insert(session, entries)


def customer(
    external_id: str,
    *,
    when: datetime = START,
    name: tuple[str | None, str | None] | None = None,
    emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    identifiers: Sequence[Identifier] = (),
    kind: str = "customer",
    whole: Sequence[ContactList] = (),
    **fields: Any,
) -> CustomerEvent:
    """What a source tells of one customer; values are normalised already."""
    told = PersonName(first=name[0], last=name[1], full=" ".join(p for p in name if p)) if name else None
    snapshot = CustomerSnapshot(
        key=RecordKey(kind=kind, external_id=external_id),
        name=told,
        emails=tuple(ContactPoint(value=value, original=value) for value in emails),
        phones=tuple(ContactPoint(value=value, original=value) for value in phones),
        identifiers=tuple(identifiers),
        **fields,
    )
    return CustomerEvent(occurred_at=when, customer=snapshot, whole=tuple(whole))


# -- a destination ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Crm:
    """A CRM in memory that merges, finds by e-mail, and fails when told to.

    ``before`` is called ahead of each batch and may raise; ``after`` once it was carried out.
    """

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: int = 0
    batches: list[int] = field(default_factory=list)
    before: Callable[[Sequence[Write]], None] = lambda writes: None
    after: Callable[[Sequence[Write]], None] = lambda writes: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def connection(self, name: str, *, batch: int = 100) -> Connection:
        """A connection that writes here."""
        manifest: Manifest[ConnectionSettings] = Manifest(
            slug=name,
            name=name,
            channel="crm",
            roles=frozenset({"destination"}),
            settings=ConnectionSettings,
            docs_url="https://example.com",
            api_version="1",
            capabilities=frozenset({Capability.ORDERS, Capability.MERGE, Capability.FIND}),
            limits=Limits(batch=batch),
        )
        destination: Destination[Any] = Destination(render=_render, plan=_plan, send=self._send)
        settings = ConnectionSettings(base_url="https://crm.example.com")
        return Connection(name, Connector(manifest, destination=destination), settings)

    def _send(self, writes: Sequence[Write], client: HttpClient, settings: ConnectionSettings) -> list[WriteResult]:
        self.before(writes)
        with self.lock:
            self.batches.append(len(writes))
            results = [WriteResult(write.key, "delivered", self._write(write)) for write in writes]
        self.after(writes)
        return results

    def _write(self, write: Write) -> str:
        if write.kind == "order":
            self.orders[write.key] = dict(write.mirror)
            return write.key
        known = write.external_id or self._found(write)
        if known is None:
            self.created += 1
            known = str(self.created)
        for merged in write.merge:
            self.people.pop(merged, None)
        self.people[known] = {**self.people.get(known, {}), **write.mirror}
        return known

    def _found(self, write: Write) -> str | None:
        keys = {value for name, value in write.match if name == "profile_id"}
        return next((known for known, held in self.people.items() if held["profile_id"] in keys), None)


def _render(change: Change, settings: ConnectionSettings) -> Write | None:
    if isinstance(change, OrderChange):
        wanted: dict[str, Any] = {"total": str(change.order.total), "contact": change.contact_id}
        external = change.external_ids[0] if change.external_ids else None
        return None if wanted == change.mirror else Write("order", change.key, external, wanted, wanted)
    profile = change.profile
    golden = profile.model_dump(mode="json", exclude={"id", "aliases", "created_at", "updated_at", "destinations"})
    wanted = {"profile_id": str(profile.id), "golden": golden}
    if wanted == change.mirror and len(change.external_ids) < 2:
        return None
    known = change.external_ids[0] if change.external_ids else None
    match = tuple(("profile_id", str(own)) for own in (profile.id, *profile.aliases))
    return Write("profile", str(profile.id), known, wanted, wanted, match, change.external_ids[1:])


def _plan(writes: Sequence[Write], settings: Any) -> list[HttpRequest]:
    return [HttpRequest("POST", "/", [dict(write.properties) for write in writes])]


def routes_to(*connections: Connection, orders: bool = True) -> tuple[Route, ...]:
    """Every profile, and its orders, to these."""
    return tuple(Route(connection.name, orders=orders) for connection in connections)


def by_name(*connections: Connection) -> Mapping[str, Connection]:
    return {connection.name: connection for connection in connections}
