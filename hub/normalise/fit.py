"""What no database and no later reader could take, found before it is stored: the entry is parked alone. Pure.

One id with a NUL, or a time in the year 9999, would else sink the batch it came with, or win over everything for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_never

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
from hub.model.identifier import RecordKey
from hub.model.order import Fulfilment, Order, Payment, Refund

FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Between these lies every time that a business tells. 0001-01-01 and 9999-12-31 stand for "never" in many systems."""

MOST_DIGITS = 100
"""Digits before the decimal point of an amount."""

_Field = tuple[str, object]


def unfit(events: Iterable[CanonicalEvent]) -> str | None:
    """Why these events cannot be taken in: the field and what is wrong, without its value; None when they can."""
    for event in events:
        for path, value in _fields(event):
            fault = _fault(value)
            if fault is not None:
                return f"{path}: {fault}"
    return None


def _fault(value: object) -> str | None:
    if type(value) is str:
        if "\x00" in value:
            return "an id with a NUL character"
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            return "an id with half a character"
    elif isinstance(value, datetime):
        if not FIRST <= value < LAST:
            return "a time before 1900 or after 2199"
    elif isinstance(value, Decimal) and value.adjusted() > MOST_DIGITS:
        return "an amount of more than a hundred digits"
    return None


def _fields(event: CanonicalEvent) -> Sequence[_Field]:
    """The ids that rows are found by, the times that are compared, and the amounts that are added up."""
    when: _Field = ("occurred_at", event.occurred_at)
    match event:
        case CustomerEvent(customer=customer):
            key: _Field = ("customer.key", customer.key.external_id)
            return (when, key, *[("consents.at", consent.at) for consent in customer.consents])
        case OrderEvent(order=order):
            return (when, *_record(event.record), *_order(order))
        case OrderPartEvent():
            return (when, ("order_id", event.order_id), *_part("part", event.part))
        case CartEvent(cart=cart):
            started: _Field = ("cart.started_at", cart.started_at)
            total: _Field = ("cart.total", cart.total)
            return (when, *_record(event.record), ("cart.external_id", cart.external_id), started, total)
        case InteractionEvent(interaction=interaction):
            start: _Field = ("interaction.starts_at", interaction.starts_at)
            return (when, *_record(event.record), ("interaction.external_id", interaction.external_id), start)
        case CaseEvent(case=case):
            opened: _Field = ("case.opened_at", case.opened_at)
            back: _Field = ("case.amount", case.amount.amount if case.amount else None)
            return (when, *_record(event.record), ("case.external_id", case.external_id), opened, back)
        case FeedbackEvent(feedback=feedback):
            return (when, *_record(event.record), ("feedback.external_id", feedback.external_id))
        case ProductEvent(product=product):
            price: _Field = ("product.price", product.price.amount if product.price else None)
            return (when, ("product.external_id", product.external_id), price)
        case ConsentEvent():
            return (when, *_record(event.record), ("consent.at", event.consent.at))
        case LinkEvent():
            return (when, *[("records", key.external_id) for key in event.records])
        case DeletionEvent():
            return (when, *_record(event.record))
        case PrivacyEvent():
            return (when, *_record(event.record), ("external_id", event.external_id))
        case _:
            assert_never(event)


def _record(key: RecordKey | None) -> Sequence[_Field]:
    return (("record", key.external_id),) if key else ()


def _order(order: Order) -> Sequence[_Field]:
    of_refunds = [field for refund in order.refunds for field in _part("order.refunds", refund)]
    return (
        ("order.external_id", order.external_id),
        ("order.placed_at", order.placed_at),
        ("order.total", order.total),
        *of_refunds,
    )


def _part(path: str, part: Refund | Payment | Fulfilment) -> Sequence[_Field]:
    fields: list[_Field] = [(f"{path}.external_id", part.external_id), (f"{path}.at", part.at)]
    if not isinstance(part, Fulfilment):
        fields.append((f"{path}.amount", part.amount.amount))
    return fields
