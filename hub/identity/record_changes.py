"""What a batch of canonical events changes of records and facts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import assert_never
from uuid import UUID

from pydantic import BaseModel

from hub.mapping.order import is_given_back, is_open, is_paid
from hub.mapping.record_state import (
    Stamp,
    State,
    apply_again,
    apply_consent,
    apply_customer,
    apply_deletion,
    apply_link,
    apply_privacy,
    micros,
)
from hub.model.event import (
    CanonicalEvent,
    CartEvent,
    CaseEvent,
    ConsentEvent,
    CustomerEvent,
    DeletionEvent,
    FeedbackEvent,
    InteractionEvent,
    LinkEvent,
    OrderEvent,
    OrderPartEvent,
    PrivacyEvent,
    ProductEvent,
)
from hub.model.facts import FactRow, plain_number
from hub.model.identifier import RecordKey
from hub.model.keys import fact_id, record_id
from hub.model.order import Fulfilment, Order, Payment, Refund

_NO_SALE = frozenset({"cancelled", "failed"})


@dataclass(slots=True)
class RecordDraft:
    """The changes that a batch brings for one record, and the inbox ids of their events."""

    id: UUID
    connection: str
    key: RecordKey
    changes: list[tuple[CustomerEvent | ConsentEvent | DeletionEvent | PrivacyEvent, Stamp]] = field(
        default_factory=list
    )
    told_one: list[tuple[str, Stamp, bool]] = field(default_factory=list)
    """Digests of the pairs of records that the source calls one person; True where this one is ``LinkEvent.once``."""
    reread: list[tuple[CustomerEvent, Stamp]] = field(default_factory=list)
    """Snapshots that an earlier release took in already."""
    events: set[int] = field(default_factory=set)

    def apply_to(self, state: State) -> None:
        """Fold the changes into a stored state."""
        for snapshot, stamp in self.reread:
            apply_again(state, snapshot, stamp)
        for event, stamp in self.changes:
            match event:
                case CustomerEvent():
                    apply_customer(state, event, stamp)
                case ConsentEvent():
                    apply_consent(state, event, stamp)
                case DeletionEvent():
                    apply_deletion(state, event, stamp)
                case PrivacyEvent():
                    apply_privacy(state, event, stamp)
                case _:
                    assert_never(event)
        for digest, stamp, once in self.told_one:
            apply_link(state, digest, stamp, once=once)


@dataclass(slots=True)
class Drafts:
    """A batch, ready to be resolved. ``facts`` holds the newest version of each fact.

    ``touched`` are stored records that are resolved again although no event speaks of them. ``again`` is True when
    rules or weights are the reason, False when a judgement is.
    """

    records: dict[UUID, RecordDraft] = field(default_factory=dict)
    touched: frozenset[UUID] = frozenset()
    again: bool = False
    facts: dict[UUID, FactRow] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    """The entries it was read from."""


class Drafting:
    """Gathers the events of one batch; ``drafts`` is the result."""

    def __init__(self, touched: Collection[UUID] = ()) -> None:
        self.drafts = Drafts(touched=frozenset(touched))

    def add(self, connection: str, inbox_id: int, received_at: datetime, events: Iterable[CanonicalEvent]) -> None:
        """Take in the canonical events of one inbox entry."""
        received = micros(received_at)
        self.drafts.read.add(inbox_id)
        for event in events:
            stamp = [micros(event.occurred_at), received, inbox_id]
            entry = _Entry(connection, inbox_id, received_at, stamp)
            match event:
                case CustomerEvent():
                    draft = self._record(entry, event.customer.key)
                    draft.changes.append((event, stamp))
                case ConsentEvent():
                    self._record(entry, event.record).changes.append((event, stamp))
                case LinkEvent():
                    self._add_link(entry, event)
                case DeletionEvent():
                    self._add_deletion(entry, event)
                case PrivacyEvent():
                    self._add_privacy(entry, event)
                case OrderEvent():
                    self._add_order(entry, event)
                case OrderPartEvent():
                    self._add_part(entry, event)
                case CartEvent():
                    cart = event.cart
                    self._fact(
                        entry, "cart", cart.external_id, cart, event.record, happened_at=cart.started_at, event=event
                    )
                case InteractionEvent():
                    interaction = event.interaction
                    self._fact(
                        entry,
                        "interaction",
                        interaction.external_id,
                        interaction,
                        event.record,
                        event=event,
                        happened_at=interaction.starts_at,
                        waits=event.waits,
                        of=event.of,
                    )
                case CaseEvent(case=told):
                    self._fact(
                        entry, "case", told.external_id, told, event.record, event=event, happened_at=told.opened_at
                    )
                case FeedbackEvent(feedback=feedback):
                    self._fact(entry, "feedback", feedback.external_id, feedback, event.record, event=event)
                case ProductEvent(product=product):
                    self._fact(entry, "product", product.external_id, product, None, event=event)
                case _:
                    assert_never(event)

    def reread(self, connection: str, inbox_id: int, received_at: datetime, events: Iterable[CanonicalEvent]) -> None:
        """Take in an entry that was worked on before an upgrade: its records as ``apply_again`` has it."""
        events = list(events)
        for event in events:
            if isinstance(event, CustomerEvent):
                stamp = [micros(event.occurred_at), micros(received_at), inbox_id]
                entry = _Entry(connection, inbox_id, received_at, stamp)
                self._record(entry, event.customer.key).reread.append((event, stamp))
        self.add(connection, inbox_id, received_at, events)

    def _record(self, entry: _Entry, key: RecordKey) -> RecordDraft:
        identity = record_id(entry.connection, key.kind, key.external_id)
        draft = self.drafts.records.get(identity)
        if draft is None:
            draft = self.drafts.records[identity] = RecordDraft(identity, entry.connection, key)
        draft.events.add(entry.inbox_id)
        return draft

    def _add_link(self, entry: _Entry, event: LinkEvent) -> None:
        drafts = [self._record(entry, key) for key in event.records]
        if event.of is not None:
            elsewhere = RecordKey(kind=event.of.kind, external_id=event.of.external_id)
            drafts.append(self._record(replace(entry, connection=event.of.connection), elsewhere))
        value = blake2b(
            b"".join(sorted(draft.id.bytes for draft in drafts)), digest_size=16, person=b"hub-link"
        ).hexdigest()
        for draft in drafts:
            draft.told_one.append((value, entry.stamp, draft.key == event.once))

    def _add_deletion(self, entry: _Entry, event: DeletionEvent) -> None:
        if event.kind == "record":
            self._record(entry, event.record).changes.append((event, entry.stamp))
            return
        order = fact_id(entry.connection, "order", event.record.external_id)
        self._fact(entry, "deletion", event.record.external_id, event, None, parent_id=order, event=event)

    def _add_privacy(self, entry: _Entry, event: PrivacyEvent) -> None:
        if event.record is not None:
            self._record(entry, event.record).changes.append((event, entry.stamp))
        self._fact(entry, "privacy_request", event.external_id, event, event.record, event=event)

    def _add_order(self, entry: _Entry, event: OrderEvent) -> None:
        order = event.order
        self._fact(
            entry,
            "order",
            order.external_id,
            order,
            event.record,
            event=event,
            happened_at=order.placed_at,
            amount=order,
            counted=not order.test and order.state not in _NO_SALE,
            aspect="open" if is_open(order) else None,
        )
        parent = fact_id(entry.connection, "order", order.external_id)
        for refund in order.refunds:
            part = OrderPartEvent(occurred_at=event.occurred_at, order_id=order.external_id, part=refund)
            self._add_part(entry, part, parent=parent)

    def _add_part(self, entry: _Entry, event: OrderPartEvent, *, parent: UUID | None = None) -> None:
        part = event.part
        kind = type(part).__name__.lower()
        self._fact(
            entry,
            kind,
            part.external_id,
            part,
            event.record,
            event=event,
            happened_at=part.at or event.occurred_at,
            parent_id=parent or fact_id(entry.connection, "order", event.order_id),
            amount=part if isinstance(part, Refund | Payment) else None,
            counted=_counts(part),
            aspect=part.basis if isinstance(part, Refund) else None,
        )

    def _fact(
        self,
        entry: _Entry,
        kind: str,
        external_id: str,
        payload: BaseModel,
        key: RecordKey | None,
        *,
        event: CanonicalEvent,
        happened_at: datetime | None = None,
        parent_id: UUID | None = None,
        amount: Order | Refund | Payment | None = None,
        counted: bool = True,
        aspect: str | None = None,
        waits: bool = False,
        of: str | None = None,
    ) -> None:
        record = record_id(of or entry.connection, key.kind, key.external_id) if key else None
        if record and of:
            self.drafts.touched |= {record}
        elif key and not waits:
            self._record(entry, key)
        money = amount.amount if isinstance(amount, Refund | Payment) else None
        fact = FactRow(
            id=fact_id(entry.connection, kind, external_id),
            connection=entry.connection,
            kind=kind,
            external_id=external_id,
            record_id=record,
            parent_id=parent_id,
            happened_at=happened_at or event.occurred_at,
            version_at=event.occurred_at,
            received_at=entry.received_at,
            amount=amount.total if isinstance(amount, Order) else money.amount if money else None,
            currency=amount.currency if isinstance(amount, Order) else money.currency if money else None,
            counted=counted,
            payload=payload.model_dump_json(exclude_defaults=True),
            inbox_id=entry.inbox_id,
            record_version_at=event.occurred_at if record else None,
            record_received_at=entry.received_at if record else None,
            aspect=aspect,
            number=plain_number(amount.number) if isinstance(amount, Order) and amount.number else None,
        )
        earlier = self.drafts.facts.get(fact.id)
        self.drafts.facts[fact.id] = earlier.joined(fact) if earlier else fact


@dataclass(frozen=True, slots=True)
class _Entry:
    connection: str
    inbox_id: int
    received_at: datetime
    stamp: Stamp


def _counts(part: Refund | Payment | Fulfilment) -> bool:
    if isinstance(part, Refund):
        return is_given_back(part)
    return is_paid(part) if isinstance(part, Payment) else True


def order_ids(drafts: Drafts) -> set[UUID]:
    """The orders of a batch, and the orders of its refunds, payments and shipments.

    The records that these hang on now tell which further profiles the batch touches.
    """
    own = {fact.id for fact in drafts.facts.values() if fact.kind == "order"}
    return own | {fact.parent_id for fact in drafts.facts.values() if fact.parent_id is not None}


def orphans(drafts: Drafts, known: set[UUID]) -> set[int]:
    """Inbox ids of parts whose order is neither stored nor in this batch."""
    there = known | drafts.facts.keys()
    return {
        fact.inbox_id for fact in drafts.facts.values() if fact.parent_id is not None and fact.parent_id not in there
    }
