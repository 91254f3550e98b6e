"""A source time that lies ahead of its arrival counts as its arrival. Pure.

A shop's clock, or a slip in the year, would else win over everything that is told later, for years.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hub.model.event import CanonicalEvent, CartEvent, CaseEvent, Note, OrderEvent, OrderPartEvent
from hub.model.order import Fulfilment, Payment, Refund

TOLERANCE = timedelta(days=1)
"""As far ahead of its arrival may a source time be: clocks differ, and so do zones that were not told."""


_NoLater = Callable[[str, datetime], datetime]
_Part = TypeVar("_Part", Refund, Payment)


def arrived(events: Sequence[CanonicalEvent], received_at: datetime) -> tuple[Sequence[CanonicalEvent], Sequence[Note]]:
    """The events with no time later than their arrival and ``TOLERANCE``, and a note of each time that was.

    It goes by ``received_at``, which PostgreSQL stamped and the entry keeps: every replay gives the same. What the
    source told stays in the entry. Besides ``occurred_at`` it is the times at which an order was placed, a cart begun,
    a case opened, money paid or given back. A shipment or an appointment may well be planned.
    """
    latest = received_at + TOLERANCE
    notes: dict[Note, None] = {}

    def no_later(path: str, told: datetime) -> datetime:
        if told <= latest:
            return told
        reason = f"{told:%Y-%m-%d %H:%M} UTC lies ahead of its arrival: counts as its arrival"
        notes[Note(path=path, reason=reason)] = None
        return received_at

    found = [
        event if event.occurred_at <= latest and not _is_ahead(event, latest) else _held_back(event, no_later)
        for event in events
    ]
    return (found, list(notes)) if notes else (events, ())


def _is_ahead(event: CanonicalEvent, latest: datetime) -> bool:
    match event:
        case OrderEvent(order=order):
            if order.placed_at > latest:
                return True
            parts: tuple[Payment | Refund, ...] = (*order.payments, *order.refunds)
            return any(part.at is not None and part.at > latest for part in parts)
        case CartEvent(cart=cart):
            return cart.started_at > latest
        case CaseEvent(case=told):
            return told.opened_at > latest
        case OrderPartEvent(part=part):
            return not isinstance(part, Fulfilment) and part.at is not None and part.at > latest
        case _:
            return False


def _held_back(event: CanonicalEvent, no_later: _NoLater) -> CanonicalEvent:
    changed: dict[str, Any] = {"occurred_at": no_later("occurred_at", event.occurred_at)}
    match event:
        case OrderEvent(order=order):
            parts = {
                "refunds": tuple(_part("order.refunds.at", refund, no_later) for refund in order.refunds),
                "payments": tuple(_part("order.payments.at", payment, no_later) for payment in order.payments),
            }
            placed = no_later("order.placed_at", order.placed_at)
            changed["order"] = order.model_copy(update={"placed_at": placed, **parts})
        case CartEvent(cart=cart):
            started = no_later("cart.started_at", cart.started_at)
            changed["cart"] = cart.model_copy(update={"started_at": started})
        case CaseEvent(case=told):
            opened = no_later("case.opened_at", told.opened_at)
            changed["case"] = told.model_copy(update={"opened_at": opened})
        case OrderPartEvent(part=Refund() as refund):
            changed["part"] = _part("part.at", refund, no_later)
        case OrderPartEvent(part=Payment() as payment):
            changed["part"] = _part("part.at", payment, no_later)
        case _:
            pass
    return event.model_copy(update=changed)


def _part(path: str, part: _Part, no_later: _NoLater) -> _Part:
    return part if part.at is None else part.model_copy(update={"at": no_later(path, part.at)})
