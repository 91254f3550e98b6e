"""Which orders a batch changed, and whose they are now."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from hub.identity.place import Resolution
from hub.outbox.enqueue import ChangedOrder
from hub.store import facts
from hub.store.database import Session

_CORRECTIONS = ("refund", "payment", "deletion")
"""Told apart from its order, each of these makes another order of it."""


def changed_orders(session: Session, resolution: Resolution) -> list[ChangedOrder]:
    """The orders that changed, also by a part told apart from them, and those that have another profile now."""
    profile_of = {row.id: profile for profile, members in resolution.members.items() for row in members}
    moved = facts.orders_of(session, resolution.moved) if resolution.moved else []
    orders = {order: ChangedOrder(order, profile_of[record], event) for order, record, event in moved}
    for fact in resolution.changed:
        # One that hangs on another record since is told of by who moved it.
        if fact.kind == "order" and fact.record_id in profile_of:
            orders[fact.id] = ChangedOrder(fact.id, profile_of[fact.record_id], fact.inbox_id)
    parts = [fact for fact in resolution.changed if fact.kind in _CORRECTIONS]
    apart = {**resolution.withdrawn, **{fact.parent_id: fact.inbox_id for fact in parts if fact.parent_id is not None}}
    for order, event in apart.items():
        hangs_on = resolution.orders.get(order)
        if order not in orders and hangs_on in profile_of:
            orders[order] = ChangedOrder(order, profile_of[hangs_on], event)
    return list(orders.values())


def with_other_orders(resolution: Resolution, orders: Iterable[ChangedOrder]) -> set[UUID]:
    """The profiles whose orders may be others than before: they have one of these, or a record came or went."""
    found = {order.profile_id for order in orders}
    if moved := resolution.moved:
        found |= resolution.members.keys() & resolution.known.keys()
        found |= {one for one, rows in resolution.members.items() if any(row.id in moved for row in rows)}
    return found
