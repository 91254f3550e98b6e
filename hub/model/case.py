"""Cases: what somebody asked the business to put right, and how far it is. Returns, complaints, tickets."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from hub.model.base import Frozen, FrozenTexts, Texts, UtcDatetime
from hub.model.money import Money
from hub.model.order import ProductReference

CaseKind = Literal["return", "complaint", "ticket"]
CaseState = Literal["open", "waiting", "accepted", "refused", "solved", "closed", "cancelled"]
"""``waiting`` is for the customer's turn; ``accepted`` and ``refused`` are the answers to a return."""


class ReturnedLine(Frozen):
    """Goods of a return. ``quantity`` may be fractional; ``reason`` is the source's own word."""

    product: ProductReference
    quantity: Decimal
    reason: str | None = None


class Case(Frozen):
    """One return, complaint or ticket at one source; a later telling of it replaces an earlier one.

    ``order_id`` is the external id of the order it is about, at the same connection. ``amount`` is what is asked back;
    only a refund changes what an order is worth. ``text`` is what the customer wrote.
    """

    external_id: str
    kind: CaseKind
    state: CaseState
    opened_at: UtcDatetime
    closed_at: UtcDatetime | None = None
    number: str | None = None
    channel: str | None = None
    subject: str | None = None
    text: str | None = None
    reason: str | None = None
    priority: str | None = None
    order_id: str | None = None
    amount: Money | None = None
    lines: tuple[ReturnedLine, ...] = ()
    tags: tuple[str, ...] = ()
    custom: Texts = Field(default_factory=FrozenTexts)
