"""What no database and no later reader could take, found before it is stored: the entry is parked alone. Pure.

One id with a NUL, or a time in the year 9999, would else sink the batch it came with, or win over everything for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_never

from hub.model.event import (
    CanonicalEvent,
    CartEvent,
    ConsentEvent,
    CustomerEvent,
    DeletionEvent,
    InteractionEvent,
    LinkEvent,
    OrderEvent,
    OrderPartEvent,
    PrivacyEvent,
)
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


def _fields(event: CanonicalEvent) -> Iterator[_Field]:
    """The ids that rows are found by, the times that are compared, and the amounts that are added up."""
    yield "occurred_at", event.occurred_at
    match event:
        case CustomerEvent():
            yield "customer.key", event.customer.key.external_id
            yield from (("consents.at", consent.at) for consent in event.customer.consents)
        case OrderEvent():
            yield from _order(event.order)
        case OrderPartEvent():
            yield "order_id", event.order_id
            yield from _part("part", event.part)
        case CartEvent():
            yield "cart.external_id", event.cart.external_id
            yield "cart.started_at", event.cart.started_at
            yield "cart.total", event.cart.total
        case InteractionEvent():
            yield "interaction.external_id", event.interaction.external_id
        case ConsentEvent():
            yield "consent.at", event.consent.at
        case LinkEvent():
            yield from (("records", key.external_id) for key in event.records)
        case DeletionEvent():
            pass
        case PrivacyEvent():
            yield "external_id", event.external_id
        case _:
            assert_never(event)
    key = getattr(event, "record", None)
    if key is not None:
        yield "record", key.external_id


def _order(order: Order) -> Iterator[_Field]:
    yield "order.external_id", order.external_id
    yield "order.placed_at", order.placed_at
    yield "order.total", order.total
    for refund in order.refunds:
        yield from _part("order.refunds", refund)


def _part(path: str, part: Refund | Payment | Fulfilment) -> Iterator[_Field]:
    yield f"{path}.external_id", part.external_id
    yield f"{path}.at", part.at
    if not isinstance(part, Fulfilment):
        yield f"{path}.amount", part.amount.amount
